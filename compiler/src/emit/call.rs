//! Calls of functions: where each is found, and its arguments as a slice.

use super::expr::At;
use super::names::field;
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::source::Span;
use bggo_values::functions::{Call, Function, Home};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

impl Writer<'_> {
    /// The call, without what becomes of its fault. The last argument may be one that is spread.
    pub fn function_call(
        &mut self,
        function: &Function,
        (arguments, expand): (&[TExpr], bool),
        span: Span,
        at: At<'_>,
    ) -> TokenStream {
        let (home, name) = (self.home(function.home), field(function.rust));
        let arguments = self.arguments(arguments, expand, span, at);
        match function.call {
            Call::Plain(_) => quote!(#home::#name(#arguments)),
            Call::InContext(_) => {
                let context = self.context(at);
                quote!(#home::#name(&#context, #arguments))
            }
        }
    }

    /// The context of a call: each place of the program that makes one has a number of its own.
    fn context(&mut self, at: At<'_>) -> TokenStream {
        let call = Literal::u32_unsuffixed(self.context_calls);
        self.context_calls += 1;
        let instance = match at {
            At::Iteration(Some(keys)) if keys.instanced => quote!(index),
            _ => quote!(0),
        };
        quote!(m.it.function_context(#call, #instance))
    }

    /// The path of what holds a function that is called.
    fn home(&mut self, home: Home) -> TokenStream {
        match home {
            Home::Module(name) => {
                let name = format_ident!("{name}");
                quote!(functions::#name)
            }
            Home::Crate(name) => {
                self.function_crates.insert(name);
                let name = format_ident!("{}", name.replace('-', "_"));
                quote!(::#name)
            }
        }
    }

    /// The arguments of a call, as a slice.
    fn arguments(
        &mut self,
        arguments: &[TExpr],
        expand: bool,
        span: Span,
        at: At<'_>,
    ) -> TokenStream {
        if let ([only], false) = (arguments, expand)
            && let TKind::Bound(id) = only.kind
        {
            let name = self.read_bound(id);
            return quote!(::std::slice::from_ref(#name));
        }
        let Some((last, first)) = arguments.split_last().filter(|_| expand) else {
            let items: Vec<_> = arguments.iter().map(|item| self.value(item, at)).collect();
            return quote!(&[#(#items),*]);
        };
        let items: Vec<_> = first.iter().map(|item| self.value(item, at)).collect();
        let last = self.reference(last, at);
        let spread = self.placed(quote!(take::spread(&[#(#items),*], #last)), span);
        quote!(&#spread?)
    }
}
