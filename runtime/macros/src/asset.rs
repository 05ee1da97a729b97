//! An asset of a manifest to its Rust module.

use crate::errors::errors;
use crate::input;
use crate::metric::metrics;
use crate::names::{beside, camel, local, snake};
use crate::uses;
use bggo_manifest::{Asset, Lifetime, Use};
use proc_macro2::TokenStream;
use quote::quote;

/// The whole module of an asset.
pub fn module(asset: &Asset) -> TokenStream {
    let (name, ty) = (snake(&asset.name), beside(&camel(&asset.name)));
    let doc = format!(
        "Structs and boundary of `{}`, made from the manifest. {}",
        asset.name, asset.description
    );
    // Documents that are read when the grid is built are no part of the program.
    let asset = &Asset {
        inputs: input::of_programs(&asset.inputs),
        ..asset.clone()
    };
    let known = input::known(&asset.inputs, &asset.rules);
    let exports = exports(asset);
    let metrics = metrics(&asset.metrics, "asset");
    let errors = errors(&asset.errors);
    let uses = assets(&asset.uses);
    let prepared = prepared(&ty, &asset.uses);
    let slot = slot(&ty);
    let shared = if asset.scopes.contains(&Lifetime::Run) {
        shared(&ty)
    } else {
        quote!()
    };
    quote! {
        #[doc = #doc]
        pub mod #name {
            #known
            #exports
            #metrics
            #errors
            #uses
            #prepared
            #slot
            #shared
        }
    }
}

fn exports(asset: &Asset) -> TokenStream {
    let names: Vec<_> = asset
        .outputs
        .iter()
        .map(|output| snake(&output.name))
        .collect();
    let texts = asset.outputs.iter().map(|output| &output.name);
    let docs: Vec<_> = asset
        .outputs
        .iter()
        .map(|output| format!("Export `{}`. {}", output.name, output.description))
        .collect();
    quote! {
        /// Names of the exports, in the manifest's order.
        pub const EXPORTS: &[&str] = &[#(#texts),*];

        /// What a grid can read of the asset.
        #[derive(Debug, Clone)]
        pub struct Exports { #(#[doc = #docs] pub #names: ::bggo_runtime::glue::Value),* }

        impl ::core::convert::From<Exports> for ::std::boxed::Box<[::bggo_runtime::glue::Value]> {
            fn from(exports: Exports) -> Self {
                let Exports { #(#names),* } = exports;
                ::std::boxed::Box::new([#(#names),*])
            }
        }
    }
}

fn assets(uses: &[Use]) -> TokenStream {
    if uses.is_empty() {
        return quote! {
            /// No assets.
            #[derive(Debug, Clone, Copy)]
            pub struct Uses;
        };
    }
    let (names, docs) = uses::fields(uses);
    let enums = uses::enums_of_asset(uses);
    let assets = uses.iter().map(|part| {
        let asset = uses::kept(part);
        if part.optional {
            quote!(::core::option::Option<#asset>)
        } else {
            asset
        }
    });
    let slots: Vec<_> = uses.iter().map(uses::slot).collect();
    let kept = slots.iter().map(|slot| &slot.kept);
    let taken = slots.iter().map(|slot| &slot.taken);
    let keep = slots.iter().map(|slot| &slot.keep);
    quote! {
        #enums

        /// The assets that it is built on, for `create`. It may keep them as long as it lives.
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub struct Uses { #(#[doc = #docs] pub #names: #assets),* }

        /// What a grid hands over: slots of assets that are there by then.
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub struct Needs { #(#names: ::core::option::Option<#kept>),* }

        impl Needs {
            /// No assets.
            pub const NONE: Self = Self { #(#names: ::core::option::Option::None),* };
            #(
                #[doc = #docs]
                #[must_use]
                pub fn #names(mut self, slot: ::core::option::Option<#taken>) -> Self {
                    self.#names = #keep;
                    self
                }
            )*
        }
    }
}

/// The parameter of `create` for the assets that it is built on, where there are some, and how they are taken.
fn needs(uses: &[Use]) -> (TokenStream, TokenStream) {
    if uses.is_empty() {
        return (quote!(), quote!(let uses = Uses;));
    }
    let lets = uses::taken(uses, &quote!(given.held()?));
    let fields = uses.iter().map(|part| {
        let (name, local) = (snake(&part.name), local(&part.name));
        quote!(#name: #local)
    });
    let take = quote!(#lets let uses = Uses { #(#fields),* };);
    (quote!(needs: Needs,), take)
}

fn prepared(ty: &TokenStream, uses: &[Use]) -> TokenStream {
    let (needs, take) = needs(uses);
    quote! {
        /// A creation of one asset.
        pub type Making = ::bggo_runtime::glue::Making<#ty>;

        /// What all assets of one resource share on a thread.
        #[allow(missing_debug_implementations)]
        pub struct Prepared(
            ::core::result::Result<
                (Inputs, ::std::rc::Rc<<#ty as ::bggo_runtime::glue::Asset>::Ready>),
                ::bggo_runtime::glue::Fault,
            >,
        );

        impl Prepared {
            /// Prepares a resource whose inputs are known when the grid is built, or late.
            #[inline(never)]
            pub fn fixed(cx: &::bggo_runtime::glue::Prepare<'_>, inputs: &'static [In]) -> ::std::rc::Rc<Self> {
                ::std::rc::Rc::new(Self(Self::ready(cx, inputs)))
            }

            /// Prepares a resource of whose inputs some are known when the program starts. A fault fails each creation.
            #[inline(never)]
            pub fn new(
                cx: &::bggo_runtime::glue::Prepare<'_>,
                inputs: ::core::result::Result<::std::vec::Vec<In>, ::bggo_runtime::glue::Fault>,
            ) -> ::std::rc::Rc<Self> {
                ::std::rc::Rc::new(Self(inputs.and_then(|inputs| Self::ready(cx, &inputs))))
            }

            fn ready(
                cx: &::bggo_runtime::glue::Prepare<'_>,
                inputs: &[In],
            ) -> ::core::result::Result<
                (Inputs, ::std::rc::Rc<<#ty as ::bggo_runtime::glue::Asset>::Ready>),
                ::bggo_runtime::glue::Fault,
            > {
                let inputs = Inputs::of(inputs)?;
                let ready = <#ty as ::bggo_runtime::glue::Asset>::prepare(cx, &inputs)?;
                ::core::result::Result::Ok((inputs, ::std::rc::Rc::new(ready)))
            }

            /// Creates one, with what it is built on and its late inputs.
            #[inline(never)]
            pub fn create(
                self: &::std::rc::Rc<Self>,
                cx: ::bggo_runtime::glue::AssetCx,
                #needs
                late: ::core::result::Result<::std::vec::Vec<In>, ::bggo_runtime::glue::Fault>,
            ) -> Making {
                let prepared = ::std::rc::Rc::clone(self);
                ::std::boxed::Box::pin(async move {
                    let (inputs, ready) = prepared.0.as_ref().map_err(::core::clone::Clone::clone)?;
                    let mut inputs = ::core::clone::Clone::clone(inputs);
                    for input in late? {
                        inputs.put(&input)?;
                    }
                    inputs.judge()?;
                    #take
                    <#ty as ::bggo_runtime::glue::Asset>::create(cx, ::std::rc::Rc::clone(ready), uses, inputs).await
                })
            }
        }
    }
}

fn slot(ty: &TokenStream) -> TokenStream {
    quote! {
        /// Owns one asset of a user, a thread or an iteration.
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub struct Slot(::bggo_runtime::glue::AssetSlot<#ty>);

        impl Slot {
            /// An empty slot of `scope`, built on the slots `on`; `users` use it in one iteration.
            #[inline(never)]
            pub fn new(
                scope: &::bggo_runtime::glue::Scope,
                info: &'static ::bggo_runtime::glue::ResourceInfo,
                users: u32,
                on: &[&dyn ::bggo_runtime::glue::Dependency],
            ) -> Self {
                Self(::bggo_runtime::glue::AssetSlot::new(scope, info, users, on))
            }

            /// The asset; when there is none, `make` starts its creation at once.
            #[inline(never)]
            pub fn get<'a>(
                &'a self,
                iteration: &::bggo_runtime::glue::Iteration<'_>,
                make: &mut dyn ::core::ops::FnMut(::bggo_runtime::glue::AssetCx) -> Making,
            ) -> Get<'a> {
                Get(self.0.get(iteration.asker(), make))
            }

            /// The asset, for one that is built on it.
            ///
            /// # Errors
            /// The asset is not there.
            pub fn held(
                &self,
            ) -> ::core::result::Result<::std::sync::Arc<#ty>, ::bggo_runtime::glue::Fault> {
                self.0.held()
            }

            /// It is built on one more slot.
            #[inline(never)]
            pub fn depend_on(&self, dependency: &dyn ::bggo_runtime::glue::Dependency) {
                self.0.depend_on(dependency);
            }

            /// Export number `i`, after `get`.
            ///
            /// # Errors
            /// The asset is not there.
            #[inline(never)]
            pub fn export(
                &self,
                i: usize,
            ) -> ::core::result::Result<::bggo_runtime::glue::Value, ::bggo_runtime::glue::Fault> {
                self.0.export(i)
            }

            /// A step that uses it has ended.
            #[inline(never)]
            pub fn done(&self) {
                self.0.done();
            }
        }

        impl ::bggo_runtime::glue::Dependency for Slot {
            fn guard(&self) -> ::std::rc::Rc<dyn ::bggo_runtime::glue::DependencyGuard> {
                self.0.guard()
            }
        }

        /// See `Slot::get`. A clone waits for the same asset.
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub struct Get<'a>(::bggo_runtime::glue::Get<'a, #ty>);

        impl Get<'_> {
            /// Whether it completes at once, with the asset.
            #[inline(never)]
            pub fn is_there(&self) -> bool {
                self.0.is_there()
            }
        }

        impl ::core::future::Future for Get<'_> {
            type Output = ::core::result::Result<::std::sync::Arc<#ty>, ::bggo_runtime::glue::Fault>;

            fn poll(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Self::Output> {
                ::core::pin::Pin::new(&mut self.0).poll(cx)
            }
        }
    }
}

fn shared(ty: &TokenStream) -> TokenStream {
    quote! {
        impl Slot {
            /// The slot behind a resource of the run, for those of the run that are built on it.
            #[inline(never)]
            pub fn of_run(
                scope: &::bggo_runtime::glue::RunScope,
                shared: &::bggo_runtime::glue::RunAsset,
            ) -> ::core::option::Option<Self> {
                shared.slot(scope).map(Self)
            }
        }

        /// An empty slot of the run, built on the slots `on`; `users` use it in one iteration.
        #[inline(never)]
        pub fn shared(
            scope: &::bggo_runtime::glue::RunScope,
            info: &'static ::bggo_runtime::glue::ResourceInfo,
            users: u32,
            on: &[&dyn ::bggo_runtime::glue::Dependency],
            make: ::bggo_runtime::glue::Make<#ty>,
        ) -> ::bggo_runtime::glue::RunAsset {
            ::bggo_runtime::glue::RunAsset::new(scope, info, users, on, make)
        }
    }
}
