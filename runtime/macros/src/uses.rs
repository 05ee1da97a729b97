//! What runners and assets have alike in their `uses`: the fields of the structs, the enums of a use that takes one of
//! several kinds of asset, and how what was handed over is taken.

use crate::names::{beside, camel, local, snake};
use bggo_manifest::Use;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Name and doc of each field.
pub fn fields(uses: &[Use]) -> (Vec<Ident>, Vec<String>) {
    let field = |part: &Use| {
        let kinds: Vec<_> = part.assets.iter().map(|name| format!("`{name}`")).collect();
        let doc = format!("Asset {}. {}", kinds.join(" or "), part.description);
        (snake(&part.name), doc)
    };
    uses.iter().map(field).unzip()
}

/// The path of a name that belongs to an asset which is used: beside the user, or in another module's crate.
fn path(part: &Use, name: &Ident) -> TokenStream {
    match &part.module {
        None => beside(name),
        Some(module) => {
            let home = snake(&format!("bggo_module_{module}"));
            quote!(::#home::#name)
        }
    }
}

/// A kind of asset that a use takes.
struct Kind {
    /// Its variant: `PostgresPool`.
    variant: Ident,
    /// The author's type.
    ty: TokenStream,
    /// The Rust module that is made for it.
    module: TokenStream,
}

fn kinds(part: &Use) -> Vec<Kind> {
    let kind = |name: &String| Kind {
        variant: camel(name),
        ty: path(part, &camel(name)),
        module: path(part, &snake(name)),
    };
    part.assets.iter().map(kind).collect()
}

/// The one kind of a use without alternatives.
fn only_kind(part: &Use) -> Option<Kind> {
    kinds(part).pop().filter(|_| !part.has_alternatives())
}

/// `DbAsset`, `DbGet`, ..: the enums of a use `db` that takes one of several kinds.
fn enum_name(part: &Use, what: &str) -> Ident {
    Ident::new(&format!("{}{what}", camel(&part.name)), Span::call_site())
}

/// The body of an enum with a variant for each kind; `held` is what one holds.
fn variants(part: &Use, held: impl Fn(&Kind) -> TokenStream) -> TokenStream {
    let variants = part.assets.iter().zip(kinds(part)).map(|(name, kind)| {
        let (doc, variant, held) = (format!("A `{name}`."), &kind.variant, held(&kind));
        quote!(#[doc = #doc] #variant(#held))
    });
    quote!({ #(#variants),* })
}

/// What a runner gets of an asset in `run`.
pub fn borrowed(part: &Use) -> TokenStream {
    match only_kind(part) {
        Some(Kind { ty, .. }) => quote!(&'a #ty),
        None => {
            let asset = enum_name(part, "Asset");
            quote!(#asset<'a>)
        }
    }
}

/// What a grid hands to a step: an asset that may still have to be created.
pub fn get(part: &Use) -> TokenStream {
    match only_kind(part) {
        Some(Kind { module, .. }) => quote!(#module::Get<'a>),
        None => {
            let get = enum_name(part, "Get");
            quote!(#get<'a>)
        }
    }
}

/// What a runner gets, as an expression over what was waited for: the local `held`.
pub fn lent(part: &Use, held: &Ident) -> TokenStream {
    match (part.has_alternatives(), part.optional) {
        (false, false) => quote!(&#held),
        (false, true) => quote!(#held.as_deref()),
        (true, false) => quote!(#held.lent()),
        (true, true) => {
            let name = enum_name(part, "Held");
            quote!(#held.as_ref().map(#name::lent))
        }
    }
}

/// The enums of each use of a runner that takes one of several kinds of asset.
pub fn enums_of_runner(uses: &[Use]) -> TokenStream {
    let parts = uses.iter().filter(|part| part.has_alternatives());
    parts.map(enums_of_step).collect()
}

fn enums_of_step(part: &Use) -> TokenStream {
    let (asset, get, held) = (
        enum_name(part, "Asset"),
        enum_name(part, "Get"),
        enum_name(part, "Held"),
    );
    let assets = variants(part, |Kind { ty, .. }| quote!(&'a #ty));
    let gets = variants(part, |Kind { module, .. }| quote!(#module::Get<'a>));
    let arcs = variants(part, |Kind { ty, .. }| quote!(::std::sync::Arc<#ty>));
    let names: Vec<_> = kinds(part).into_iter().map(|kind| kind.variant).collect();
    let doc = format!("The asset `{}`: one of those that it may be.", part.name);
    let get_doc = format!(
        "The asset `{}` as a grid hands it over: it may still have to be created.",
        part.name
    );
    quote! {
        #[doc = #doc]
        #[allow(missing_debug_implementations)]
        #[derive(Clone, Copy)]
        pub enum #asset<'a> #assets

        #[doc = #get_doc]
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub enum #get<'a> #gets

        /// What was waited for.
        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        pub enum #held #arcs

        impl #held {
            fn lent(&self) -> #asset<'_> {
                match self {
                    #(Self::#names(asset) => #asset::#names(asset)),*
                }
            }
        }

        impl ::core::future::Future for #get<'_> {
            type Output = ::core::result::Result<#held, ::bggo_runtime::glue::Fault>;

            fn poll(
                self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Self::Output> {
                match self.get_mut() {
                    #(Self::#names(get) => {
                        ::core::pin::Pin::new(get).poll(cx).map(|got| got.map(#held::#names))
                    })*
                }
            }
        }
    }
}

/// What an asset gets of one that it is built on, in `create`.
pub fn kept(part: &Use) -> TokenStream {
    match only_kind(part) {
        Some(Kind { ty, .. }) => quote!(::std::sync::Arc<#ty>),
        None => {
            let asset = enum_name(part, "Asset");
            quote!(#asset)
        }
    }
}

/// The slot that a grid hands to an asset: three pieces of the method that takes it.
pub struct SlotTokens {
    /// The type that is kept.
    pub kept: TokenStream,
    /// The type of the parameter, in an `Option`.
    pub taken: TokenStream,
    /// What makes the one of the other, which is a local `slot`.
    pub keep: TokenStream,
}

/// See [`SlotTokens`].
pub fn slot(part: &Use) -> SlotTokens {
    match only_kind(part) {
        Some(Kind { module, .. }) => SlotTokens {
            kept: quote!(#module::Slot),
            taken: quote!(&#module::Slot),
            keep: quote!(slot.cloned()),
        },
        None => {
            let slot = enum_name(part, "Slot");
            SlotTokens {
                kept: quote!(#slot),
                taken: quote!(#slot),
                keep: quote!(slot),
            }
        }
    }
}

/// The enums of each use of an asset that takes one of several kinds of asset.
pub fn enums_of_asset(uses: &[Use]) -> TokenStream {
    let parts = uses.iter().filter(|part| part.has_alternatives());
    parts.map(enums_of_resource).collect()
}

fn enums_of_resource(part: &Use) -> TokenStream {
    let (asset, slot) = (enum_name(part, "Asset"), enum_name(part, "Slot"));
    let assets = variants(part, |Kind { ty, .. }| quote!(::std::sync::Arc<#ty>));
    let slots = variants(part, |Kind { module, .. }| quote!(#module::Slot));
    let names: Vec<_> = kinds(part).into_iter().map(|kind| kind.variant).collect();
    let doc = format!("The asset `{}`: one of those that it may be.", part.name);
    let slot_doc = format!(
        "The slot of the asset `{}`, as a grid hands it over.",
        part.name
    );
    quote! {
        #[doc = #doc]
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub enum #asset #assets

        #[doc = #slot_doc]
        #[allow(missing_debug_implementations)]
        #[derive(Clone)]
        pub enum #slot #slots

        impl #slot {
            fn held(&self) -> ::core::result::Result<#asset, ::bggo_runtime::glue::Fault> {
                match self {
                    #(Self::#names(slot) => slot.held().map(#asset::#names)),*
                }
            }
        }
    }
}

/// A `let` for each asset in `needs`; `take` makes it of what was `given`. A required one that was not is a fault.
pub fn taken(uses: &[Use], take: &TokenStream) -> TokenStream {
    let lets = uses.iter().map(|part| {
        let (name, local, text) = (snake(&part.name), local(&part.name), &part.name);
        let (present, missing) = if part.optional {
            (
                quote!(::core::option::Option::Some(#take)),
                quote!(::core::option::Option::None),
            )
        } else {
            let fault = quote!(::bggo_runtime::glue::Fault::missing(#text));
            (
                quote!(#take),
                quote!(return ::core::result::Result::Err(#fault)),
            )
        };
        quote! {
            let #local = match needs.#name {
                ::core::option::Option::Some(given) => #present,
                ::core::option::Option::None => #missing,
            };
        }
    });
    quote!(#(#lets)*)
}
