//! Names of a manifest as Rust names.

use bggo_manifest::RustName;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// `http_request` to `HttpRequest`.
pub fn camel(name: &str) -> Ident {
    ident(RustName::camel(name))
}

/// `http_request` to `HTTP_REQUEST`.
pub fn upper(name: &str) -> Ident {
    ident(RustName::of(&name.to_uppercase()))
}

/// The path of what stands beside the module that is made.
pub fn beside(name: &Ident) -> TokenStream {
    // Made as a name: `super` in quoted code would read as the parent of this file.
    let outside = Ident::new("super", Span::call_site());
    quote!(#outside::#name)
}

/// A field or function: a keyword becomes a raw name, or gets a `_` where it cannot be one.
pub fn snake(name: &str) -> Ident {
    ident(RustName::of(name))
}

/// A local of made code, whatever else has a name there.
pub fn local(name: &str) -> Ident {
    Ident::new(&format!("the_{name}"), Span::call_site())
}

fn ident(name: RustName) -> Ident {
    match name {
        RustName::Plain(name) => Ident::new(&name, Span::call_site()),
        RustName::Raw(name) => Ident::new_raw(&name, Span::call_site()),
    }
}
