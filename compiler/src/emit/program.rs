//! What stands at the head of the program: `main`, tables of steps, resources and variables, and locals.

use super::constant;
use super::cut::{expressions, or_unused};
use super::expr::At;
use super::names::{crate_name, field};
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::check::walk::walk;
use crate::source::Span;
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

impl Writer<'_> {
    /// `use` lines of the modules.
    pub fn imports(&self) -> TokenStream {
        let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for step in &self.plan.steps {
            modules
                .entry(&step.crate_name)
                .or_default()
                .insert(&step.runner);
        }
        for resource in &self.plan.resources {
            modules
                .entry(&resource.crate_name)
                .or_default()
                .insert(&resource.asset);
        }
        let uses = modules.iter().map(|(krate, names)| {
            let (krate, names) = (crate_name(krate), names.iter().map(|name| field(name)));
            quote!(use ::#krate::{#(#names),*};)
        });
        quote! {
            #(#uses)*
            use ::bggo_runtime::emitted::*;
        }
    }

    /// `main` and the tables of what the grid has.
    pub fn tables(&mut self) -> TokenStream {
        let plan = self.plan;
        let (_, started) = self.local_counts();
        let (name, count) = (&plan.name, Literal::usize_unsuffixed(plan.steps.len()));
        let infos = plan.steps.iter().map(|step| {
            let (runner, name, place) = (&step.runner, &step.name, plan.places.line(step.span));
            let (first, slots) = (
                Literal::u32_unsuffixed(step.slots.0),
                Literal::u32_unsuffixed(step.slots.1),
            );
            let tags = (!step.tags.is_empty()).then(|| {
                let tags = step.tags.iter().map(|(key, value)| quote!((#key, #value)));
                quote!(.tags(&[#(#tags),*]))
            });
            let sensitive = step.sensitive.then(|| quote!(.sensitive()));
            // What the manifest itself calls sensitive is known to the module.
            let secret = step.arguments.iter().filter(|argument| {
                let input = &argument.input;
                argument.value.sensitivity.any() && !input.sensitive && !input.shown
            });
            let secret: Vec<&str> = secret.map(|argument| &*argument.input.name).collect();
            let inputs = (!secret.is_empty()).then(|| quote!(.sensitive_inputs(&[#(#secret),*])));
            quote!(Info::new(#runner, #name, #place).slots(#first, #slots) #tags #sensitive #inputs)
        });
        let has_resources = !plan.resources.is_empty();
        let resource_count = Literal::usize_unsuffixed(plan.resources.len());
        let resources = plan.resources.iter().map(|resource| {
            let (asset, name, place, scope) = (
                &resource.asset,
                &resource.name,
                plan.places.line(resource.span),
                lifetime(resource.scope),
            );
            let sensitive = resource.sensitive.then(|| quote!(.sensitive()));
            quote!(ResourceInfo::new(#asset, #name, #place).scope(Lifetime::#scope) #sensitive)
        });
        let (variables, functions) = self.variables();
        let has_variables = !variables.is_empty();
        let variable_count = Literal::usize_unsuffixed(variables.len());
        let parts_resources = has_resources.then(|| quote!(.resources(&[&RESOURCES])));
        let parts_variables = has_variables.then(|| quote!(.variables(&[&VARIABLES])));
        let parts_locals = (started > 0).then(|| {
            let started = Literal::usize_unsuffixed(started);
            quote!(.locals(#started))
        });
        let resource_table = has_resources.then(|| {
            quote! {
                /// The grid's resources.
                static RESOURCES: [ResourceInfo; #resource_count] = [#(#resources),*];
            }
        });
        let variable_table = has_variables.then(|| {
            quote! {
                /// The grid's variables.
                static VARIABLES: [Variable; #variable_count] = [#(#variables),*];
            }
        });
        let version = env!("CARGO_PKG_VERSION");
        quote! {
            /// What is known of the grid.
            static GRID: Grid = Grid::new(#name).version(#version).steps(&[&STEPS]) #parts_resources #parts_variables #parts_locals;

            fn main() -> ::std::process::ExitCode {
                ::bggo_runtime::emitted::main(&GRID, &Compiled)
            }

            /// The grid's steps.
            static STEPS: [Info; #count] = [#(#infos),*];

            #resource_table
            #variable_table
            #functions
        }
    }

    fn variables(&mut self) -> (Vec<TokenStream>, TokenStream) {
        let plan = self.plan;
        let (mut table, mut functions) = (Vec::new(), TokenStream::new());
        let read = self.read_variables();
        for (at, variable) in plan.variables.iter().enumerate() {
            let (name, accessor) = (&variable.name, self.variable(at).clone());
            let (file, line, column) = plan.places.of(variable.span);
            let (line, column) = (
                Literal::u32_unsuffixed(line),
                Literal::u32_unsuffixed(column),
            );
            let mut parts = quote!(Variable::new(#name, Place::new(#file, #line, #column)));
            if let Some(text) = &variable.description {
                parts.extend(quote!(.description(#text)));
            }
            if variable.sensitive {
                parts.extend(quote!(.sensitive()));
            }
            if !variable.nullable {
                parts.extend(quote!(.nullable(false)));
            }
            if variable.ty != bggo_values::Type::Any {
                let ty = constant::ty(&variable.ty);
                parts.extend(quote!(.ty(|| #ty)));
            }
            if let Some(value) = &variable.default {
                let value = self.constants.value(value);
                parts.extend(quote!(.default(|| #value)));
            }
            if !variable.validations.is_empty() {
                self.write_for(&accessor);
                let list: Vec<_> = variable
                    .validations
                    .iter()
                    .map(|validation| self.validation(validation))
                    .collect();
                functions.extend(self.take_parts());
                parts.extend(quote!(.validations(&[#(#list),*])));
            }
            table.push(parts);
            if read.contains(&at) {
                let (doc, number) = (format!(" var.{name}"), Literal::usize_unsuffixed(at));
                functions.extend(quote! {
                    #[doc = #doc]
                    fn #accessor(s: &Start) -> Value {
                        s.variable(#number).clone()
                    }
                });
            }
        }
        (table, functions)
    }

    fn validation(&mut self, (condition, message, span): &(TExpr, TExpr, Span)) -> TokenStream {
        let condition = self.truth(condition, At::Start);
        let message = self.result(message, At::Start);
        let (file, line, column) = self.plan.places.of(*span);
        let (line, column) = (
            Literal::u32_unsuffixed(line),
            Literal::u32_unsuffixed(column),
        );
        let (first, second) = (or_unused("s", &condition), or_unused("s", &message));
        quote! {
            Validation::new(
                Place::new(#file, #line, #column),
                |#first| Ok(#condition),
                |#second| #message,
            )
        }
    }

    /// Variables that some expression reads.
    fn read_variables(&self) -> BTreeSet<usize> {
        let mut read = BTreeSet::new();
        for expr in expressions(self.plan) {
            walk(expr, &mut |node| {
                if let TKind::Variable(id) = node.kind {
                    read.insert(id.0);
                }
            });
        }
        read
    }

    /// Locals that are computed when the program runs, each at most once in its binding time.
    pub fn locals(&mut self) -> TokenStream {
        let plan = self.plan;
        let mut out = TokenStream::new();
        for local in &plan.locals {
            let names = self.local(local.id.0);
            let (file, line, _) = plan.places.of(local.value.span);
            let (name, doc, position) = (
                names.name,
                format!(" local.{}, {file}:{line}", local.name),
                Literal::usize_unsuffixed(names.position),
            );
            self.write_for(&name);
            if names.started {
                let value = self.result(&local.value, At::Start);
                let s = or_unused("s", &value);
                out.extend(quote! {
                    #[doc = #doc]
                    fn #name(s: &Start) -> Result<Value, Fault> {
                        s.local(#position, &|#s| #value)
                    }
                });
            } else {
                let value = self.result(&local.value, At::Iteration(None));
                out.extend(quote! {
                    #[doc = #doc]
                    fn #name(m: &Main<'_>) -> Result<Value, Fault> {
                        m.locals.get(#position, &mut || #value)
                    }
                });
            }
            out.extend(self.take_parts());
        }
        out
    }
}

fn lifetime(scope: Lifetime) -> proc_macro2::Ident {
    let name = match scope {
        Lifetime::Run => "Run",
        Lifetime::Worker => "Worker",
        Lifetime::Vu => "Vu",
        Lifetime::Iteration => "Iteration",
    };
    proc_macro2::Ident::new(name, proc_macro2::Span::call_site())
}
