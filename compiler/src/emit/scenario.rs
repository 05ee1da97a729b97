//! Scenarios: their rows in the table of the grid, and the functions that compute their loads when the program starts.

use super::names::camel;
use super::tokens::{EvaluatedIn, or_unused};
use super::writer::Writer;
use crate::check::typed::{TField, TLoad};
use crate::plan::model::Scenario;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

impl Writer<'_> {
    /// `Scenario::new("browse", "browse").first_slot(4).load(browse_load)`
    pub fn scenario_row(&self, row: &Scenario) -> TokenStream {
        let (name, body) = (&row.name, &self.plan.body(row.body).name);
        let first = Literal::u32_unsuffixed(row.first_slot);
        let first = (row.first_slot > 0).then(|| quote!(.first_slot(#first)));
        let load = row.load.is_some().then(|| {
            let load = self.load_name(row);
            quote!(.load(#load))
        });
        let after = row.after.map(|after| {
            let after = &self.plan.scenarios[after].name;
            quote!(.after(#after))
        });
        let tags = (!row.tags.is_empty()).then(|| {
            let tags = row.tags.iter().map(|(key, value)| quote!((#key, #value)));
            quote!(.tags(&[#(#tags),*]))
        });
        quote!(Scenario::new(#name, #body) #first #load #after #tags)
    }

    fn load_name(&self, row: &Scenario) -> &Ident {
        &self.names_of_body(row.body).load
    }

    /// The functions of all loads.
    pub fn loads(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        for row in &self.plan.scenarios {
            if let Some(load) = &row.load {
                out.extend(self.load(row, load));
            }
        }
        out
    }

    fn load(&mut self, row: &Scenario, load: &TLoad) -> TokenStream {
        let name = self.load_name(row).clone();
        self.write_for(&name);
        let place = self.place(load.place);
        let profile = camel(load.profile.name());
        let mut list = TokenStream::new();
        for field in &load.fields {
            list.extend(self.load_field(field));
        }
        for (number, stage) in (1..).zip(&load.stages) {
            self.enter_part(&format!("stage_{number}"));
            let place = self.place(stage.place);
            list.extend(quote!(.stage(#place)));
            for field in &stage.fields {
                list.extend(self.load_field(field));
            }
            self.leave_part();
        }
        let declared = quote!(DeclaredLoad::new(Profile::#profile, #place) #list.load());
        let start = or_unused("start", &declared);
        let doc = format!(
            " The load of `{}`, {}",
            row.name,
            self.plan.places.line(load.place)
        );
        let parts = self.take_parts();
        quote! {
            #[doc = #doc]
            fn #name(#start: &Start) -> Result<Load, Fault> {
                #declared
            }

            #parts
        }
    }

    /// `.field(LoadField::Rate, value, PLACE)`
    fn load_field(&mut self, field: &TField) -> TokenStream {
        let name = field.field.name();
        self.enter_part(name);
        let value = match field.value.constant() {
            Some(value) => self.constants.value(value),
            None => self.value(&field.value, EvaluatedIn::Start),
        };
        let place = self.place(field.value.span);
        self.leave_part();
        let name = camel(name);
        quote!(.field(LoadField::#name, #value, #place))
    }
}
