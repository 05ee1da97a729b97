//! Rules of a manifest to statements that leave with a fault where a step or a resource breaks one for certain.

use bggo_manifest::{Demand, Rule, Severity};
use proc_macro2::TokenStream;
use quote::quote;

/// The checks of all rules. `given` makes an expression of type `Option<bool>` for an input: `None` while it is not known
/// whether it is given. Of a rule that only warns, nothing is said when the program runs.
pub fn checks(rules: &[Rule], given: impl Fn(&str) -> TokenStream) -> TokenStream {
    let is = |names: &[String], answer: bool| -> Vec<TokenStream> {
        let one = |name: &String| {
            let given = given(name);
            quote!(#given == ::core::option::Option::Some(#answer))
        };
        names.iter().map(one).collect()
    };
    let errors = rules.iter().filter(|rule| rule.severity == Severity::Error);
    let checks = errors.filter_map(|rule| {
        let broken = match &rule.demand {
            Demand::Conflicts(names) => {
                let each = is(names, true);
                quote!((#(::core::primitive::usize::from(#each))+*) > 1)
            }
            Demand::AtLeastOne(names) => {
                let each = is(names, false);
                quote!(#(#each)&&*)
            }
            // The compiler writes these into the program.
            Demand::Condition(_) => return None,
        };
        let applies = match rule.when.as_slice() {
            [] => quote!(),
            when => {
                let each = is(when, true);
                quote!((#(#each)||*) &&)
            }
        };
        let fault = value_fault(&rule.text());
        Some(quote!(if #applies #broken { return ::core::result::Result::Err(#fault); }))
    });
    quote!(#(#checks)*)
}

/// A fault of an argument's value with a text that holds none.
pub fn value_fault(text: &str) -> TokenStream {
    quote!(::bggo_runtime::glue::Fault::new("value", #text))
}
