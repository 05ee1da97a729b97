//! `module!("manifest.hcl")`: turns a manifest into the Rust structs and the glue of a module.
//!
//! For each runner and asset of the manifest it makes a Rust module of that name, with the inputs, outputs and assets as
//! structs, and the boundary behind which the author's code is compiled once: functions that are not generic.

mod asset;
mod errors;
mod input;
mod metric;
mod names;
mod rule;
mod runner;
mod uses;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use std::path::Path;

/// Makes the structs and the glue of a module from its manifest; the path is relative to the crate's folder.
///
/// For `runner "http_request"` it makes `pub mod http_request` and expects `HttpRequest` beside it, which implements
/// `bggo_runtime::contract::Runner`; for `asset "http_client"`, `pub mod http_client` and `HttpClient`.
#[proc_macro]
pub fn module(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = TokenStream::from(input);
    match path(&input).and_then(|path| expand(&path)) {
        Ok(tokens) => tokens.into(),
        Err(text) => {
            let span = input
                .into_iter()
                .next()
                .map_or_else(Span::call_site, |token| token.span());
            quote_spanned!(span=> ::core::compile_error!(#text);).into()
        }
    }
}

/// The path that the macro was given: a string without escapes.
fn path(input: &TokenStream) -> Result<String, String> {
    let mut tokens = input.clone().into_iter();
    let text = match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Literal(literal)), None) => literal.to_string(),
        _ => String::new(),
    };
    let inside = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let path = inside.filter(|path| !path.contains('\\'));
    let path = path.ok_or("expected the path of a manifest, as in module!(\"manifest.hcl\")")?;
    Ok(path.to_owned())
}

fn expand(name: &str) -> Result<TokenStream, String> {
    let folder =
        std::env::var("CARGO_MANIFEST_DIR").map_err(|_| "module! needs cargo".to_owned())?;
    let text = std::fs::read_to_string(Path::new(&folder).join(name))
        .map_err(|error| format!("{name}: {error}"))?;
    let manifest = bggo_manifest::read(&text).map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("{name}:{}: {fault}", fault.line(&text)))
            .collect();
        lines.join("\n")
    })?;
    let runners = manifest.runners.iter().map(runner::module);
    let assets = manifest.assets.iter().map(asset::module);
    // Named so that cargo builds the module again when its manifest changes.
    Ok(quote! {
        const _: &str = ::core::include_str!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/", #name));
        #(#runners)*
        #(#assets)*
    })
}
