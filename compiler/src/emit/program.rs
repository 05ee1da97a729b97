//! The parts of the whole grid: `main`, tables of resources and variables, and locals that are known at start.

use super::constant;
use super::cut::expressions;
use super::names::{crate_name, field};
use super::parts::has_types_of_parts;
use super::tokens::{EvaluatedIn, metrics, or_unused};
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::check::walk::walk;
use crate::resolve::model::BodyId;
use crate::source::Span;
use bggo_manifest::{Lifetime, MetricKind};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

impl Writer<'_> {
    /// `use` lines of the modules and of the runtime.
    pub fn imports(&self) -> TokenStream {
        let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for step in self.plan.steps() {
            if let Some(name) = step.crate_name() {
                modules.entry(name).or_default().insert(&step.runner);
            }
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
        let parts = self.plan.steps().any(has_types_of_parts);
        let parts = parts.then(|| {
            quote!(
                use ::bggo_parts::*;
            )
        });
        quote! {
            #(#uses)*
            #parts
            use ::bggo_runtime::emitted::*;
        }
    }

    /// `main` and the tables of the whole grid.
    pub fn tables(&mut self, data: Option<&TokenStream>) -> TokenStream {
        let plan = self.plan;
        let name = &plan.name;
        let bodies = plan.run_bodies().map(|id| {
            let connections = plan.body(id).connections;
            let count = Literal::u32_unsuffixed(connections);
            let connections = (connections > 0).then(|| quote!(.connections(#count)));
            let addresses = plan.body(id).local_addresses;
            let count = Literal::u32_unsuffixed(addresses);
            let addresses = (addresses > 1).then(|| quote!(.local_addresses(#count)));
            let body = self.body_info(id);
            quote!(#body #connections #addresses)
        });
        let bodies: Vec<TokenStream> = bodies.collect();
        let scenarios = plan.scenarios.iter().map(|row| self.scenario_row(row));
        let scenarios: Vec<TokenStream> = scenarios.collect();
        let resources = self.resource_table();
        let metrics = self.grid_metrics();
        let flows = self.flow_infos();
        let (variables, functions) = self.variables();
        let count = Literal::usize_unsuffixed(variables.len());
        let variable_table = (!variables.is_empty()).then(|| {
            quote! {
                /// The grid's variables.
                static VARIABLES: [Variable; #count] = [#(#variables),*];
            }
        });
        let has_resources = resources
            .is_some()
            .then(|| quote!(.resources(&[&RESOURCES])));
        let has_variables = variable_table
            .is_some()
            .then(|| quote!(.variables(&[&VARIABLES])));
        let has_locals = (!plan.locals.is_empty()).then(|| {
            let count = Literal::usize_unsuffixed(plan.locals.len());
            quote!(.locals(#count))
        });
        let phases = self.phase_table();
        let (has_thresholds, thresholds) = self.thresholds();
        let version = env!("CARGO_PKG_VERSION");
        let description = plan.description.as_ref();
        let description = description.map(|text| quote!(.description(#text)));
        quote! {
            /// The grid: its names, steps, resources and variables.
            static GRID: Grid = Grid::new(#name).version(#version) #description .scenarios(&[#(#scenarios),*]).bodies(&[#(#bodies),*]) #has_resources #has_variables #has_locals #has_thresholds #phases #data;

            fn main() -> ExitCode {
                ::bggo_runtime::emitted::main(&GRID, &Compiled)
            }

            #flows
            #resources
            #metrics
            #variable_table
            #functions
            #thresholds
        }
    }

    /// The metrics that the grid declares.
    fn grid_metrics(&self) -> Option<TokenStream> {
        let metrics = &self.plan.metrics;
        if metrics.is_empty() {
            return None;
        }
        let count = Literal::usize_unsuffixed(metrics.len());
        let infos = metrics.iter().map(|metric| {
            let (name, unit) = (&metric.name, &metric.unit);
            let kind = match metric.kind {
                MetricKind::Trend => None,
                MetricKind::Counter => Some(quote!(.kind(MetricKind::Counter))),
                MetricKind::Gauge => Some(quote!(.kind(MetricKind::Gauge))),
                MetricKind::Rate => Some(quote!(.kind(MetricKind::Rate))),
            };
            let scale = Literal::u32_unsuffixed(metric.scale);
            let scale = (metric.scale != 1).then(|| quote!(.scale(#scale)));
            let description = metric.description.as_ref();
            let description = description.map(|text| quote!(.description(#text)));
            quote!(MetricInfo::new(#name, #unit) #kind #scale #description)
        });
        Some(quote! {
            /// The grid's metrics.
            static METRICS: [MetricInfo; #count] = [#(#infos),*];
        })
    }

    fn resource_table(&self) -> Option<TokenStream> {
        let resources = &self.plan.resources;
        if resources.is_empty() {
            return None;
        }
        let count = Literal::usize_unsuffixed(resources.len());
        let infos = resources.iter().map(|resource| {
            let (asset, name) = (&resource.asset, &resource.name);
            let place = self.plan.places.line(resource.span);
            let scope = lifetime(resource.scope);
            let metrics = (resource.metrics > 0).then(|| {
                let metrics = metrics(&field(asset), &resource.unwarned);
                let first = Literal::u32_unsuffixed(resource.first_slot);
                quote!(#metrics.first_slot(#first))
            });
            let sensitive = resource.sensitive.then(|| quote!(.sensitive()));
            quote!(ResourceInfo::new(#asset, #name, #place).scope(Lifetime::#scope) #metrics #sensitive)
        });
        let names = (0..resources.len()).map(|at| {
            let (name, at) = (&self.resource(at).info, Literal::usize_unsuffixed(at));
            quote!(const #name: &ResourceInfo = &RESOURCES[#at];)
        });
        let uses = (0..resources.len()).map(|at| self.use_constants(at));
        Some(quote! {
            /// The grid's resources.
            static RESOURCES: [ResourceInfo; #count] = [#(#infos),*];

            #(#names)*
            #(#uses)*
        })
    }

    /// How many steps and resources use a resource: in the run, or, if it is made for a user or an iteration, in each body.
    fn use_constants(&self, at: usize) -> TokenStream {
        let resource = &self.plan.resources[at];
        let constant = |name: &Ident, users: u32| {
            let users = Literal::u32_unsuffixed(users);
            quote!(const #name: u32 = #users;)
        };
        if matches!(resource.scope, Lifetime::Run | Lifetime::Worker) {
            return constant(&self.resource(at).uses, resource.users());
        }
        let mut bodies: Vec<BodyId> = self.plan.run_bodies().collect();
        bodies.extend(self.plan.called_flows());
        bodies.extend(self.plan.phase_bodies());
        bodies.retain(|body| {
            let body = self.plan.body(*body);
            body.resources.contains(&at) && body.makes(at)
        });
        let of_bodies = bodies.into_iter().map(|body| {
            let name = &self.names_of_body(body).resources[at].uses;
            constant(name, resource.users_in(body))
        });
        of_bodies.collect()
    }

    fn variables(&mut self) -> (Vec<TokenStream>, TokenStream) {
        let plan = self.plan;
        let (mut table, mut functions) = (Vec::new(), TokenStream::new());
        let read = self.read_variables();
        for (at, variable) in plan.variables.iter().enumerate() {
            let (name, (accessor, position)) = (&variable.name, self.variable(at).clone());
            let place = self.place_value(variable.span);
            let mut parts = quote!(Variable::new(#name, #place));
            if let Some(text) = &variable.description {
                parts.extend(quote!(.description(#text)));
            }
            if variable.sensitive {
                parts.extend(quote!(.sensitive()));
            }
            if !variable.nullable {
                parts.extend(quote!(.nullable(false)));
            }
            if variable.has_type {
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
                    fn #accessor(start: &Start) -> Value {
                        start.variable(#position).clone()
                    }

                    const #position: usize = #number;
                });
            }
        }
        (table, functions)
    }

    fn validation(&mut self, (condition, message, span): &(TExpr, TExpr, Span)) -> TokenStream {
        let condition = self.truth(condition, EvaluatedIn::Start);
        let message = self.result(message, EvaluatedIn::Start);
        let place = self.place_value(*span);
        let (first, second) = (or_unused("start", &condition), or_unused("start", &message));
        quote! {
            Validation::new(
                #place,
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

    /// Locals that are known when the program starts, each computed at most once.
    pub fn started_locals(&mut self) -> TokenStream {
        let plan = self.plan;
        let mut out = TokenStream::new();
        for local in &plan.locals {
            let names = self.local(local.id);
            let (file, line, _) = plan.places.of(local.value.span);
            let (name, position, doc) = (
                names.name,
                names.position,
                format!(" local.{}, {file}:{line}", local.name),
            );
            let number = Literal::usize_unsuffixed(local.position);
            self.write_for(&name);
            let value = self.result(&local.value, EvaluatedIn::Start);
            let start = or_unused("start", &value);
            out.extend(quote! {
                #[doc = #doc]
                fn #name(start: &Start) -> Result<Value, Fault> {
                    start.local(#position, &|#start| #value)
                }

                const #position: usize = #number;
            });
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
