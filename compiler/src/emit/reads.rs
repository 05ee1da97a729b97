//! Outputs and exports where expressions read them, and the functions that do: one for each that something reads.

use super::expr::{At, Made};
use super::writer::Writer;
use crate::check::typed::InstanceOf;
use crate::plan::model::Instances;
use crate::source::Span;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// What a function reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// An output of a step.
    Output,
    /// An export of a resource.
    Export,
}

impl Writer<'_> {
    /// The function that reads an output of a step.
    pub fn output_reader(&mut self, step: usize, field: usize) -> Ident {
        self.reader(Read::Output, step, field)
    }

    /// The function that reads an export of a resource.
    pub fn export_reader(&mut self, resource: usize, field: usize) -> Ident {
        self.reader(Read::Export, resource, field)
    }

    fn reader(&mut self, read: Read, of: usize, field: usize) -> Ident {
        if let Some(known) = self.readers.get(&(read, of, field)) {
            return known.clone();
        }
        let (owner, fields) = match read {
            Read::Output => (&self.steps[of].name, &self.all_outputs[of]),
            Read::Export => (&self.resources[of].name, &self.exports[of]),
        };
        let field_name = fields.get(field).map_or("output", String::as_str);
        let name = format!("{owner}_{field_name}");
        let name = self.names.snake(&name);
        self.readers.insert((read, of, field), name.clone());
        name
    }

    /// The functions that read outputs and exports, once all that calls them is written.
    pub fn reader_functions(&self) -> TokenStream {
        let mut out = TokenStream::new();
        for ((read, of, field), name) in &self.readers {
            out.extend(match read {
                Read::Output => self.output_function(*of, *field, name),
                Read::Export => self.export_function(*of, *field, name),
            });
        }
        out
    }

    fn output_function(&self, step: usize, field: usize, name: &Ident) -> TokenStream {
        let planned = &self.plan.bodies[0].steps[step];
        let output = &self.all_outputs[step][field];
        let position = planned.outputs.iter().position(|kept| kept == output);
        let position = Literal::usize_unsuffixed(position.unwrap_or_default());
        let (info, path) = (self.info(step), self.output_path(step));
        let address = format!("step.{}.{}", planned.runner, planned.name);
        if matches!(planned.instances, Instances::Single) {
            let doc = format!(" {address}.output.{output}");
            return quote! {
                #[doc = #doc]
                fn #name(m: &Main<'_>) -> Result<Value, Fault> {
                    m.outputs.#path.field(#position, #info)
                }
            };
        }
        let doc = format!(" {address}[..].output.{output}");
        quote! {
            #[doc = #doc]
            fn #name(slot: &OutputSlot) -> Result<Value, Fault> {
                slot.field(#position, #info)
            }
        }
    }

    fn export_function(&self, resource: usize, field: usize, name: &Ident) -> TokenStream {
        let planned = &self.plan.resources[resource];
        let path = self.resource_path(resource);
        let number = Literal::usize_unsuffixed(field);
        let doc = format!(
            " resource.{}.{}.{}",
            planned.asset, planned.name, self.exports[resource][field]
        );
        quote! {
            #[doc = #doc]
            fn #name(m: &Main<'_>) -> Result<Value, Fault> {
                #path.export(#number)
            }
        }
    }

    /// An output of a step, or of one of its instances; all of them as an object.
    pub fn output(
        &mut self,
        step: usize,
        instance: &InstanceOf,
        field: Option<usize>,
        span: Span,
        at: At<'_>,
    ) -> Made {
        let (path, info) = (self.output_path(step), self.info(step));
        let slot = match instance {
            InstanceOf::Only => None,
            InstanceOf::Position(position) => {
                let position = Literal::u32_unsuffixed(*position);
                Some(quote!(m.outputs.#path.at(#position, #info)))
            }
            InstanceOf::Computed(by) => {
                let by = self.reference(by, at);
                Some(match &self.plan.bodies[0].steps[step].instances {
                    Instances::Keys(_) => {
                        let keys = self.key_static(step);
                        quote!(m.outputs.#path.key(#by, &#keys, #info))
                    }
                    _ => quote!(m.outputs.#path.index(#by, #info)),
                })
            }
        };
        let slot = slot.map(|slot| self.placed(slot, span));
        match (field, slot) {
            (Some(field), Some(slot)) => {
                let read = self.output_reader(step, field);
                Made::Placed(quote!(#read(#slot?)), span)
            }
            (Some(field), None) => {
                let read = self.output_reader(step, field);
                Made::Placed(quote!(#read(m)), span)
            }
            (None, slot) => {
                let names = &self.plan.bodies[0].steps[step].outputs;
                let slot = slot.map_or_else(|| quote!(m.outputs.#path), |slot| quote!(#slot?));
                Made::Value(quote!(#slot.whole(&[#(#names),*])))
            }
        }
    }

    /// All instances of a step, with their outputs.
    pub fn instances(&mut self, step: usize) -> TokenStream {
        let path = self.output_path(step);
        let names = self.names_static(step);
        match &self.plan.bodies[0].steps[step].instances {
            Instances::Keys(_) => {
                let keys = self.key_static(step);
                quote!(m.outputs.#path.by_key(&#keys, &#names))
            }
            _ => quote!(m.outputs.#path.list(&#names)),
        }
    }

    /// An export of a resource; all of them as an object.
    pub fn export(
        &mut self,
        resource: crate::resolve::model::ResourceId,
        field: Option<usize>,
        span: Span,
        at: At<'_>,
    ) -> Made {
        let planned = self.planned(resource);
        if let Some(field) = field {
            return Made::Placed(self.one_export(planned, field, at), span);
        }
        let values: Vec<_> = (0..self.exports[planned].len())
            .map(|field| {
                let call = self.one_export(planned, field, at);
                self.placed(call, span)
            })
            .collect();
        let names = &self.exports[planned];
        Made::Value(quote!(Value::from(Vec::from([#((Text::Static(#names), #values?)),*]))))
    }

    fn one_export(&mut self, planned: usize, field: usize, at: At<'_>) -> TokenStream {
        match at {
            At::Run => {
                let (name, field) = (
                    &self.resources[planned].name,
                    Literal::usize_unsuffixed(field),
                );
                quote!(#name.export(#field))
            }
            At::Start | At::Iteration(_) => {
                let name = self.export_reader(planned, field);
                quote!(#name(m))
            }
        }
    }
}
