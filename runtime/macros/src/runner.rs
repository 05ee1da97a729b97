//! A runner of a manifest to its Rust module.

use crate::errors::errors;
use crate::input;
use crate::metric::metrics;
use crate::names::{beside, camel, local, snake};
use crate::uses;
use bggo_manifest::{Form, Output, Runner, Use};
use proc_macro2::TokenStream;
use quote::quote;

/// The whole module of a runner.
pub fn module(runner: &Runner) -> TokenStream {
    let (name, ty) = (snake(&runner.name), beside(&camel(&runner.name)));
    let doc = format!(
        "Structs and boundary of `{}`, made from the manifest. {}",
        runner.name, runner.description
    );
    // Documents that are read when the grid is built are no part of the program.
    let runner = &Runner {
        inputs: input::of_programs(&runner.inputs),
        ..runner.clone()
    };
    let known = input::known(&runner.inputs, &runner.rules);
    let late = input::late_inputs(&runner.inputs, &runner.rules);
    let judges = runner
        .inputs
        .iter()
        .any(|input| input.form == Form::Predicate);
    let outputs = outputs(&runner.outputs, judges, runner.stamps.is_some());
    let uses = assets(&runner.uses);
    let metrics = metrics(&runner.metrics, "runner");
    let errors = errors(&runner.errors);
    let prepared = prepared(runner, &ty);
    quote! {
        #[doc = #doc]
        pub mod #name {
            #known
            #late
            #outputs
            #uses
            #metrics
            #errors
            #prepared
        }
    }
}

fn outputs(outputs: &[Output], judges: bool, stamps: bool) -> TokenStream {
    let names: Vec<_> = outputs.iter().map(|output| snake(&output.name)).collect();
    let docs: Vec<_> = outputs
        .iter()
        .map(|output| format!("Output `{}`. {}", output.name, output.description))
        .collect();
    let (mut wanted, mut wanted_docs) = (names.clone(), docs.clone());
    if stamps {
        wanted.push(snake("stamp"));
        wanted_docs.push("A stamp in each message that is sent.".to_owned());
    }
    let wanted_outputs = if names.is_empty() {
        quote! {
            fn wanted(self, _: Wanted) -> ::std::boxed::Box<[::bggo_runtime::glue::Value]> {
                ::std::boxed::Box::new([])
            }
        }
    } else {
        quote! {
            /// Those that are wanted, in the manifest's order.
            fn wanted(self, wanted: Wanted) -> ::std::boxed::Box<[::bggo_runtime::glue::Value]> {
                let count = #(::core::primitive::usize::from(wanted.#names))+*;
                let mut kept = ::std::vec::Vec::with_capacity(count);
                #(if wanted.#names { kept.push(self.#names); })*
                kept.into_boxed_slice()
            }
        }
    };
    let fits = judges.then(|| {
        quote! {
            /// Whether a predicate of the grid holds of outputs that the step might give. The outputs that it reads are wanted.
            ///
            /// # Errors
            /// It could not be computed.
            pub fn fits(
                self,
                wanted: Wanted,
                step: &::bggo_runtime::glue::Step<'_>,
                predicate: ::bggo_runtime::glue::Predicate<'_>,
            ) -> ::core::result::Result<bool, ::bggo_runtime::glue::Fault> {
                if step.keeps() {
                    step.keep(self.wanted(wanted));
                }
                predicate.holds()
            }
        }
    });
    quote! {
        /// Which outputs some expression of the grid reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Wanted { #(#[doc = #wanted_docs] pub #wanted: bool),* }

        impl Wanted {
            /// None.
            pub const NONE: Self = Self { #(#wanted: false),* };
            /// All.
            pub const ALL: Self = Self { #(#wanted: true),* };
            #(
                #[doc = #wanted_docs]
                #[must_use]
                pub const fn #wanted(mut self) -> Self {
                    self.#wanted = true;
                    self
                }
            )*
        }

        /// The outputs; those that are not wanted may stay null.
        #[derive(Debug, Clone)]
        pub struct Output { #(#[doc = #docs] pub #names: ::bggo_runtime::glue::Value),* }

        impl Output {
            #wanted_outputs
            #fits
        }

        impl ::core::default::Default for Output {
            fn default() -> Self {
                Self { #(#names: ::bggo_runtime::glue::Value::Null),* }
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
            /// No assets.
            #[derive(Debug, Clone, Copy)]
            pub struct Needs;
            impl Needs {
                /// No assets.
                pub const NONE: Self = Self;
            }
        };
    }
    let (names, docs) = uses::fields(uses);
    let enums = uses::enums_of_runner(uses);
    let assets = uses.iter().map(|part| {
        let asset = uses::borrowed(part);
        if part.optional {
            quote!(::core::option::Option<#asset>)
        } else {
            asset
        }
    });
    let gets: Vec<_> = uses.iter().map(uses::get).collect();
    quote! {
        #enums

        /// The assets, for `run`.
        #[allow(missing_debug_implementations)]
        #[derive(Clone, Copy)]
        pub struct Uses<'a> { #(#[doc = #docs] pub #names: #assets),* }

        /// What a grid hands over: assets that may still have to be created. Each attempt waits for a clone of it.
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub struct Needs<'a> { #(#names: ::core::option::Option<#gets>),* }

        impl<'a> Needs<'a> {
            /// No assets.
            pub const NONE: Self = Self { #(#names: ::core::option::Option::None),* };
            #(
                #[doc = #docs]
                #[must_use]
                pub fn #names(mut self, get: #gets) -> Self {
                    self.#names = ::core::option::Option::Some(get);
                    self
                }
            )*
        }
    }
}

fn prepared(runner: &Runner, ty: &TokenStream) -> TokenStream {
    let late = if input::borrows(&runner.inputs) {
        quote!(Late<'a>)
    } else {
        quote!(Late)
    };
    let needs = if runner.uses.is_empty() {
        quote!(Needs)
    } else {
        quote!(Needs<'a>)
    };
    let gets = uses::taken(&runner.uses, &quote!(given.await?));
    let held = runner.uses.iter().map(|part| {
        let (name, local) = (snake(&part.name), local(&part.name));
        let lent = uses::lent(part, &local);
        quote!(#name: #lent)
    });
    let uses = if runner.uses.is_empty() {
        quote!(let Needs = needs; let uses = Uses;)
    } else {
        quote!(#gets let uses = Uses { #(#held),* };)
    };
    let uses_again = match runner.uses.is_empty() {
        true => uses.clone(),
        // Each attempt waits for a clone of it.
        false => quote!(let needs = needs.clone(); #uses),
    };
    // Not within the future, which would carry it.
    let no_needs = runner.uses.is_empty().then(|| quote!(let Needs = needs;));
    // A step without assets and late inputs has nothing to wait for, and its future keeps nothing but the work.
    // (The work is pinned where it is made, and outputs are used where they come: both are large, and `await` moves them.)
    let at_once = |method: TokenStream| {
        if runner.uses.is_empty() {
            quote!(let mut work = ::core::pin::pin!(::bggo_runtime::glue::Runner::#method(
                self.at_once(step)?,
                step,
                Uses,
                &[]
            ));)
        } else {
            quote! {
                let runner = self.runner.as_ref().map_err(::core::clone::Clone::clone)?;
                #uses_again
                step.begin();
                let mut work = ::core::pin::pin!(::bggo_runtime::glue::Runner::#method(runner, step, uses, &[]));
            }
        }
    };
    let (at_once, at_once_unread) = (at_once(quote!(run)), at_once(quote!(run_unread)));
    let begin_at_once = runner.uses.is_empty().then(|| {
        quote! {
            /// Begins a step without assets and late inputs.
            fn at_once(
                &self,
                step: &::bggo_runtime::glue::Step<'_>,
            ) -> ::core::result::Result<&#ty, ::bggo_runtime::glue::Fault> {
                let runner = self.runner.as_ref().map_err(::core::clone::Clone::clone)?;
                step.begin();
                ::core::result::Result::Ok(runner)
            }
        }
    });
    let until_kept = quote! {
        ::core::future::poll_fn(|cx| {
            let ended = ::core::future::Future::poll(work.as_mut(), cx);
            ended.map(|ended| ended.map(|output| {
                if step.keeps() {
                    step.keep(output.wanted(self.wanted));
                }
                ::bggo_runtime::glue::Ran::Done
            }))
        }).await
    };
    quote! {
        /// A step of this runner, prepared once a thread: the boundary behind which the module is compiled once.
        #[allow(missing_debug_implementations)]
        pub struct Prepared {
            runner: ::core::result::Result<#ty, ::bggo_runtime::glue::Fault>,
            wanted: Wanted,
            policy: ::bggo_runtime::glue::Policy,
        }

        impl Prepared {
            /// Prepares a step whose inputs and policy are known when the grid is built.
            #[inline(never)]
            pub fn fixed(
                cx: &::bggo_runtime::glue::Prepare<'_>,
                inputs: &'static [In],
                wanted: Wanted,
                policy: ::bggo_runtime::glue::Policy,
            ) -> Self {
                Self { runner: Self::runner(cx, inputs, wanted), wanted, policy }
            }

            /// Prepares a step of whose inputs some are known when the program starts. A fault is kept, and booked when
            /// the step would run.
            #[inline(never)]
            pub fn new(
                cx: &::bggo_runtime::glue::Prepare<'_>,
                inputs: ::core::result::Result<::std::vec::Vec<In>, ::bggo_runtime::glue::Fault>,
                wanted: Wanted,
                policy: ::bggo_runtime::glue::Policy,
            ) -> Self {
                let runner = match inputs {
                    ::core::result::Result::Ok(inputs) => Self::runner(cx, &inputs, wanted),
                    ::core::result::Result::Err(fault) => ::core::result::Result::Err(fault),
                };
                Self { runner, wanted, policy }
            }

            /// With a time limit that is known when the program starts. A fault is kept as one of the inputs is.
            #[inline(never)]
            pub fn execution(
                mut self,
                limit: ::core::result::Result<::core::time::Duration, ::bggo_runtime::glue::Fault>,
            ) -> Self {
                match limit {
                    ::core::result::Result::Ok(limit) => self.policy = self.policy.execution(limit),
                    ::core::result::Result::Err(fault) => self.runner = ::core::result::Result::Err(fault),
                }
                self
            }

            fn runner(
                cx: &::bggo_runtime::glue::Prepare<'_>,
                inputs: &[In],
                wanted: Wanted,
            ) -> ::core::result::Result<#ty, ::bggo_runtime::glue::Fault> {
                <#ty as ::bggo_runtime::glue::Runner>::prepare(cx, Inputs::of(inputs)?, wanted)
            }

            /// What happens when the step is slow or fails.
            pub fn policy(&self) -> &::bggo_runtime::glue::Policy {
                &self.policy
            }

            /// Runs a step without late inputs, whose outputs nobody reads, to its booked end.
            #[inline(never)]
            pub fn done<'a>(
                &'a self,
                iteration: &'a ::bggo_runtime::glue::Iteration<'a>,
                at: ::bggo_runtime::glue::At,
                needs: #needs,
            ) -> ::bggo_runtime::glue::Running<'a, ::bggo_runtime::glue::Flow> {
                if !<#ty as ::bggo_runtime::glue::Runner>::HAS_RUN_UNREAD {
                    return self.read(iteration, at, needs, ::core::option::Option::None);
                }
                #no_needs
                ::std::boxed::Box::pin(iteration.run_step(at, &self.policy, ::core::option::Option::None, async move |step| {
                    #at_once_unread
                    ::core::future::poll_fn(|cx| {
                        let ended = ::core::future::Future::poll(work.as_mut(), cx);
                        // `map_ok` would be a second error where the module has no runner.
                        ended.map(|ended| ended.map(|()| ::bggo_runtime::glue::Ran::Done))
                    }).await
                }))
            }

            /// The same for a step whose outputs are read: those that are wanted are kept.
            #[inline(never)]
            pub fn read<'a>(
                &'a self,
                iteration: &'a ::bggo_runtime::glue::Iteration<'a>,
                at: ::bggo_runtime::glue::At,
                needs: #needs,
                kept: ::core::option::Option<&'a ::bggo_runtime::glue::OutputSlot>,
            ) -> ::bggo_runtime::glue::Running<'a, ::bggo_runtime::glue::Flow> {
                self.judged(iteration, at, needs, (kept, ::core::option::Option::None))
            }

            /// The same for a step that records something or has checks.
            #[inline(never)]
            pub fn judged<'a>(
                &'a self,
                iteration: &'a ::bggo_runtime::glue::Iteration<'a>,
                at: ::bggo_runtime::glue::At,
                needs: #needs,
                (kept, judged): (
                    ::core::option::Option<&'a ::bggo_runtime::glue::OutputSlot>,
                    ::core::option::Option<::bggo_runtime::glue::Judged<'a>>,
                ),
            ) -> ::bggo_runtime::glue::Running<'a, ::bggo_runtime::glue::Flow> {
                #no_needs
                ::std::boxed::Box::pin(iteration.run_step(at, &self.policy, kept, async move |step| {
                    #at_once
                    let ran = #until_kept?;
                    match &judged {
                        ::core::option::Option::Some(judged) => judged(step),
                        ::core::option::Option::None => ::core::result::Result::Ok(ran),
                    }
                }))
            }

            /// Runs the step inside an attempt, and keeps the outputs that are wanted if somebody reads them.
            #[inline(never)]
            pub fn attempt<'a>(
                &'a self,
                step: &'a ::bggo_runtime::glue::Step<'_>,
                needs: #needs,
                late: &'a [#late],
            ) -> ::bggo_runtime::glue::Running<'a, ::core::result::Result<::bggo_runtime::glue::Ran, ::bggo_runtime::glue::Fault>> {
                ::std::boxed::Box::pin(async move {
                    let runner = self.runner.as_ref().map_err(::core::clone::Clone::clone)?;
                    check(late)?;
                    #uses
                    step.begin();
                    let mut work = ::core::pin::pin!(::bggo_runtime::glue::Runner::run(runner, step, uses, late));
                    #until_kept
                })
            }

            /// Runs the step inside an attempt: assets, then the clock, then the work. The tests of a module call it. (It is an
            /// `async fn`, and these are compiled where they are called: programs have none of it.)
            pub async fn run<'a>(
                &'a self,
                step: &'a ::bggo_runtime::glue::Step<'_>,
                needs: #needs,
                late: &'a [#late],
            ) -> ::core::result::Result<Output, ::bggo_runtime::glue::Fault> {
                let runner = self.runner.as_ref().map_err(::core::clone::Clone::clone)?;
                check(late)?;
                #uses
                step.begin();
                ::bggo_runtime::glue::Runner::run(runner, step, uses, late).await
            }

            #begin_at_once
        }
    }
}
