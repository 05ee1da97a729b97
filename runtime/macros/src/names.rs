//! Names of a manifest as Rust names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// `http_request` to `HttpRequest`.
pub fn camel(name: &str) -> Ident {
    let text: String = name
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect();
    word(&text)
}

/// `http_request` to `HTTP_REQUEST`.
pub fn upper(name: &str) -> Ident {
    word(&name.to_uppercase())
}

/// The path of what stands beside the module that is made.
pub fn beside(name: &Ident) -> TokenStream {
    // Made as a name: `super` in quoted code would read as the parent of this file.
    let outside = Ident::new("super", Span::call_site());
    quote!(#outside::#name)
}

/// A field or function: a keyword becomes a raw name, or gets a `_` where it cannot be one.
pub fn snake(name: &str) -> Ident {
    word(name)
}

/// A local of made code, whatever else has a name there.
pub fn local(name: &str) -> Ident {
    Ident::new(&format!("the_{name}"), Span::call_site())
}

fn word(name: &str) -> Ident {
    if matches!(name, "self" | "Self" | "super" | "crate") {
        Ident::new(&format!("{name}_"), Span::call_site())
    } else if KEYWORDS.contains(&name) {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

/// The keywords of Rust's edition of 2024, strict and reserved, that can be raw names.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];
