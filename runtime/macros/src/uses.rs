//! What runners and assets have alike in their `uses`: the fields of the structs, and how what was handed over is taken.

use crate::names::{beside, local, snake};
use bggo_manifest::Use;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Name and doc of each field.
pub fn fields(uses: &[Use]) -> (Vec<Ident>, Vec<String>) {
    let field = |part: &Use| {
        let doc = format!("Asset `{}`. {}", part.asset, part.description);
        (snake(&part.name), doc)
    };
    uses.iter().map(field).unzip()
}

/// The path of a name that belongs to an asset which is used: beside the user, or in another module's crate.
pub fn path(part: &Use, name: &Ident) -> TokenStream {
    match &part.module {
        None => beside(name),
        Some(module) => {
            let home = snake(&format!("bggo_module_{module}"));
            quote!(::#home::#name)
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
