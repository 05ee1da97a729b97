//! Resources below the run: the function that gets one, and the one that computes its late inputs.

use super::cut::or_unused;
use super::expr::At;
use super::inputs::is_late;
use super::names::{camel, field};
use super::writer::Writer;
use crate::plan::model::Argument;
use bggo_manifest::Lifetime;
use proc_macro2::TokenStream;
use quote::quote;

impl Writer<'_> {
    /// The function that gets a resource, and the one that computes its late inputs.
    pub fn resource_functions(&mut self, at: usize) -> TokenStream {
        let plan = self.plan;
        let resource = &plan.resources[at];
        if resource.scope == Lifetime::Run || !self.is_got(at) {
            return quote!();
        }
        let asset = field(&resource.asset);
        let late: Vec<&Argument> = resource
            .arguments
            .iter()
            .filter(|argument| is_late(argument))
            .collect();
        self.write_for(self.resources[at].name.clone());
        let items: Vec<_> = late
            .iter()
            .map(|argument| {
                let variant = camel(&argument.input.name);
                let value = self.taken(argument, At::Iteration(None));
                quote!(#asset::In::#variant(Early::Known(#value)))
            })
            .collect();
        let (path, ready, doc) = (
            self.resource_path(at),
            self.ready_path(at),
            self.resource_doc(at),
        );
        let parts = self.take_parts();
        let names = &self.resources[at];
        let (name, late_name) = (&names.name, &names.late);
        let (inputs, function) = if items.is_empty() {
            (quote!(Ok(Vec::new())), quote!())
        } else {
            let body = quote!(Ok(Vec::from([#(#items),*])));
            let (m, late_doc) = (or_unused("m", &body), format!("{doc}: inputs that vary"));
            let function = quote! {
                #[doc = #late_doc]
                fn #late_name(#m: &Main<'_>) -> Result<Vec<#asset::In>, Fault> {
                    #body
                }
            };
            (quote!(#late_name(m)), function)
        };
        quote! {
            #[doc = #doc]
            fn #name<'a>(m: &'a Main<'_>) -> #asset::Get<'a> {
                #path.get(&m.it, &mut |cx| #ready.create(cx, #inputs))
            }

            #function

            #parts
        }
    }

    /// Some step asks for it.
    fn is_got(&self, at: usize) -> bool {
        self.plan
            .steps
            .iter()
            .any(|step| step.needs.contains(&at) || step.uses.iter().any(|(_, used)| *used == at))
    }
}
