//! The schemas that outputs are validated against: a static each, which is made ready before the load begins.

use super::writer::Writer;
use crate::check::typed::TSchema;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::rc::Rc;

/// The crate that validates.
const CRATE: &str = "bggo-schema";

impl Writer<'_> {
    /// The static of the schema of a step. Steps with the same schema share it.
    pub fn schema_static(&mut self, schema: &Rc<TSchema>, step: usize) -> Ident {
        let known = self.schemas.iter().find(|(known, _)| known == schema);
        if let Some((_, name)) = known {
            return name.clone();
        }
        self.function_crates.insert(CRATE);
        let name = format!("schema_of_{}", self.step(step).name);
        let name = self.names.upper(&name);
        self.schemas.push((Rc::clone(schema), name.clone()));
        name
    }

    /// These statics, once all that reads them is written.
    pub fn schema_statics(&self) -> TokenStream {
        let statics = self.schemas.iter().map(|(schema, name)| {
            let text = &schema.text;
            let make = match schema.lets_no_json {
                true => quote!(or_no_json),
                false => quote!(new),
            };
            quote! {
                static #name: ::bggo_schema::Schema = ::bggo_schema::Schema::#make(#text);
            }
        });
        statics.collect()
    }

    /// What makes them ready.
    pub fn schemas_prepared(&self) -> TokenStream {
        let calls = self
            .schemas
            .iter()
            .map(|(_, name)| quote!(#name.prepare();));
        calls.collect()
    }
}
