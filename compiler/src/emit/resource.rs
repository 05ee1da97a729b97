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
    /// The functions that get a resource, let it go, and compute its late inputs.
    pub fn resource_functions(&mut self, at: usize) -> TokenStream {
        let get = if self.plan.resources[at].scope == Lifetime::Run {
            self.get_of_run(at)
        } else {
            self.get(at)
        };
        let mut steps = self.plan.bodies[0].steps.iter();
        let done = steps.any(|step| step.users_of.contains(&at)).then(|| {
            let (name, path) = (&self.resources[at].done, self.resource_path(at));
            let doc = format!("{}: one user is over", self.resource_doc(at));
            quote! {
                #[doc = #doc]
                fn #name(m: &Main<'_>) {
                    #path.done();
                }
            }
        });
        quote!(#get #done)
    }

    fn get_of_run(&self, at: usize) -> TokenStream {
        if !self.is_got(at) {
            return quote!();
        }
        let (name, path) = (&self.resources[at].name, self.resource_path(at));
        let doc = self.resource_doc(at);
        quote! {
            #[doc = #doc]
            fn #name<'a>(m: &'a Main<'_>) -> GetShared<'a> {
                #path.get(&m.it)
            }
        }
    }

    fn get(&mut self, at: usize) -> TokenStream {
        let plan = self.plan;
        let resource = &plan.resources[at];
        if !self.is_got(at) {
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
        let (parts, needs) = (self.take_parts(), self.asset_needs(at));
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
                #path.get(&m.it, &mut |cx| #ready.create(cx, #needs #inputs))
            }

            #function

            #parts
        }
    }

    /// `session::Needs::NONE.line(&..),` where its kind takes assets: those are there before it is asked for.
    pub fn asset_needs(&self, at: usize) -> TokenStream {
        let resource = &self.plan.resources[at];
        let Some(uses) = &resource.uses else {
            return quote!();
        };
        let asset = field(&resource.asset);
        let slots = uses.iter().map(|(key, used)| {
            let (key, path) = (field(key), self.resource_path(*used));
            quote!(.#key(Some(&#path)))
        });
        quote!(#asset::Needs::NONE #(#slots)*,)
    }

    /// Some step asks for it.
    fn is_got(&self, at: usize) -> bool {
        self.plan.bodies[0]
            .steps
            .iter()
            .any(|step| step.needs.contains(&at) || step.uses.iter().any(|(_, used)| *used == at))
    }
}
