//! Tokens of an expression, the context in which they are computed, and the names that they use.

use crate::plan::model::{Instances, Step};
use crate::source::Span;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote};

/// Where an expression is computed: what its names mean in Rust.
#[derive(Clone, Copy)]
pub enum EvaluatedIn<'a> {
    /// When the program starts, with `start: &Start`.
    Start,
    /// On the control thread, where assets of the run are made: the others of them are local variables.
    RunAssets,
    /// In an iteration, with `this: &Main<'_>`; in a step with these instances there is `index: u32` as well.
    Body(Option<&'a Keys>),
}

/// The names for the instances of a step.
pub struct Keys {
    /// The step has instances: there is an `index`.
    pub instanced: bool,
    /// Keys, if it has some.
    pub keys: Option<Ident>,
    /// Their values.
    pub values: Option<Ident>,
    /// Where its instances are, if they are known late: they have keys and values.
    pub late: Option<TokenStream>,
}

/// Tokens of an expression.
pub enum ExprTokens {
    /// Of type `Value`.
    Value(TokenStream),
    /// Of type `Result<Value, Fault>`, its place named.
    Fallible(TokenStream),
    /// A call of that type, and the place that its fault gets.
    Placed(TokenStream, Span),
}

/// Whether tokens use a variable: `index`, but neither `.index` nor `ops::index`.
pub fn names_in(tokens: &TokenStream, name: &Ident) -> bool {
    let mut before = ['\0'; 2];
    for token in tokens.clone() {
        let part = before[1] == '.' || before == [':', ':'];
        let found = match &token {
            TokenTree::Ident(ident) => !part && ident == name,
            TokenTree::Group(group) => names_in(&group.stream(), name),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
        let letter = match token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => '\0',
        };
        before = [before[1], letter];
    }
    false
}

/// `name`, or `_` if the body does not use it.
pub fn or_unused(name: &str, body: &TokenStream) -> TokenStream {
    let name = Ident::new(name, proc_macro2::Span::call_site());
    if names_in(body, &name) {
        quote!(#name)
    } else {
        quote!(_)
    }
}

/// The metrics of a manifest, and of which of them the run does not warn.
pub fn metrics(module: &Ident, unwarned: &[String]) -> TokenStream {
    let settled = (!unwarned.is_empty()).then(|| quote!(.without_warning(&[#(#unwarned),*])));
    quote!(.metrics(#module::METRICS) #settled)
}

/// The statement that names the index of the instance, if the code behind it reads that.
pub fn takes_index(step: &Step, body: &TokenStream) -> Option<TokenStream> {
    let instanced = !matches!(step.instances, Instances::Single);
    let reads_index = instanced && names_in(body, &format_ident!("index"));
    reads_index.then(|| quote!(let index = step.index();))
}
