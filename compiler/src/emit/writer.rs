//! What the emitter knows while it writes: names, paths, constants and places.

use super::constant::Constants;
use super::cut::Cuts;
use super::names::Names;
use super::reads::Read;
use crate::check::typed::Binding;
use crate::plan::model::{Instances, Plan, Resource};
use crate::resolve::model::BoundId;
use crate::source::Span;
use bggo_manifest::Lifetime;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};

/// Names of a step's items.
pub struct StepNames {
    /// Function, and field of `Steps`.
    pub name: Ident,
    /// Function of an attempt.
    pub attempt: Ident,
    /// Static with its known inputs.
    pub inputs: Ident,
    /// Function that computes inputs known at start.
    pub prepare: Ident,
    /// Function that computes a time limit known at start.
    pub limit: Ident,
    /// Static with the names of the outputs that are read.
    pub outputs: Ident,
    /// Constant with the number of instances of a `count`.
    pub count: Ident,
    /// Static with the keys of a `for_each`.
    pub keys: Ident,
    /// Static with its values.
    pub values: Ident,
}

/// Names of a resource's items.
pub struct ResourceNames {
    /// Function that gets it, and field of its scope's struct.
    pub name: Ident,
    /// Static with its known inputs.
    pub inputs: Ident,
    /// Function that computes inputs known at start.
    pub prepare: Ident,
    /// Function that computes late inputs.
    pub late: Ident,
    /// Function that says that one of its users is over.
    pub done: Ident,
}

/// A local as emitted code calls it.
pub struct LocalNames {
    /// Its function.
    pub name: Ident,
    /// Called with `&Start`; else with `&Main`.
    pub started: bool,
    /// Its place in the memo.
    pub position: usize,
}

/// An implicit resource is named after its asset: `default_http_client`.
fn resource_name(resource: &Resource) -> String {
    if resource.implicit {
        format!("{}_{}", resource.name, resource.asset)
    } else {
        resource.name.clone()
    }
}

/// The emitter's state.
pub struct Writer<'p> {
    /// What is written.
    pub plan: &'p Plan,
    /// Insides of constants.
    pub constants: Constants,
    /// By step.
    pub steps: Vec<StepNames>,
    /// By resource.
    pub resources: Vec<ResourceNames>,
    /// Names given so far.
    pub names: Names,
    /// Expressions that are functions of their own.
    pub cuts: Cuts,
    /// Functions that expressions were cut into, until they are written.
    pub parts: TokenStream,
    /// What is being written: parts of it are named after it.
    owner: String,
    /// Functions that read an output or an export, by step or resource and position.
    pub(super) readers: BTreeMap<(Read, usize, usize), Ident>,
    variables: Vec<Ident>,
    locals: BTreeMap<usize, LocalNames>,
    places: BTreeMap<(String, u32, u32), usize>,
    place_list: Vec<(String, u32, u32)>,
    bound: Vec<Ident>,
    used: BTreeSet<BoundId>,
    pub(super) step_paths: Vec<TokenStream>,
    pub(super) output_paths: BTreeMap<usize, TokenStream>,
    pub(super) resource_paths: Vec<TokenStream>,
    pub(super) ready_paths: BTreeMap<usize, TokenStream>,
    /// By resource: the part of `Run` that holds it, where there are parts.
    pub(super) run_parts: Vec<Option<Ident>>,
    /// Crates of functions that are called.
    pub function_crates: BTreeSet<&'static str>,
    /// Calls so far that take the context of the iteration.
    pub(super) context_calls: u32,
    /// Keys statics that are read.
    pub read_keys: BTreeSet<usize>,
    /// Statics with names of outputs that are read.
    pub read_names: BTreeSet<usize>,
    /// Names of a resource's exports, by resource.
    pub exports: Vec<Vec<String>>,
    /// Outputs of a step's runner in the manifest's order, by step.
    pub all_outputs: Vec<Vec<String>>,
}

impl<'p> Writer<'p> {
    /// Gives names to everything in the plan.
    pub fn new(plan: &'p Plan, exports: Vec<Vec<String>>, all_outputs: Vec<Vec<String>>) -> Self {
        let mut names = Names::new();
        let modules = plan.steps.iter().map(|step| step.runner.as_str()).chain(
            plan.resources
                .iter()
                .map(|resource| resource.asset.as_str()),
        );
        for module in modules.collect::<BTreeSet<_>>() {
            names.snake(module);
        }
        let steps = plan
            .steps
            .iter()
            .map(|step| StepNames {
                name: names.snake(&step.name),
                attempt: names.snake(&format!("{}_attempt", step.name)),
                inputs: names.upper(&step.name),
                prepare: names.snake(&format!("{}_inputs", step.name)),
                limit: names.snake(&format!("{}_limit", step.name)),
                outputs: names.upper(&format!("{}_outputs", step.name)),
                count: names.upper(&format!("{}_count", step.name)),
                keys: names.upper(&format!("{}_keys", step.name)),
                values: names.upper(&format!("{}_values", step.name)),
            })
            .collect();
        let resources = plan
            .resources
            .iter()
            .map(|resource| ResourceNames {
                name: names.snake(&resource_name(resource)),
                inputs: names.upper(&resource_name(resource)),
                prepare: names.snake(&format!("{}_inputs", resource_name(resource))),
                late: names.snake(&format!("{}_late", resource_name(resource))),
                done: names.snake(&format!("{}_done", resource_name(resource))),
            })
            .collect();
        let variables = plan
            .variables
            .iter()
            .map(|variable| names.snake(&format!("var_{}", variable.name)))
            .collect();
        let mut locals = BTreeMap::new();
        let mut counts = [0usize; 2];
        for local in &plan.locals {
            let started = local.value.binding <= Binding::Start;
            let count = &mut counts[usize::from(started)];
            let entry = LocalNames {
                name: names.snake(&format!("local_{}", local.name)),
                started,
                position: *count,
            };
            *count += 1;
            locals.insert(local.id.0, entry);
        }
        let bound = plan
            .bound_names
            .iter()
            .map(|name| names.snake(name))
            .collect();
        Self {
            plan,
            constants: Constants::default(),
            steps,
            resources,
            names,
            cuts: Cuts::of(plan),
            parts: TokenStream::new(),
            owner: String::new(),
            readers: BTreeMap::new(),
            variables,
            locals,
            places: BTreeMap::new(),
            place_list: Vec::new(),
            bound,
            used: BTreeSet::new(),
            step_paths: Vec::new(),
            output_paths: BTreeMap::new(),
            resource_paths: Vec::new(),
            ready_paths: BTreeMap::new(),
            run_parts: vec![None; plan.resources.len()],
            function_crates: BTreeSet::new(),
            context_calls: 0,
            read_keys: BTreeSet::new(),
            read_names: BTreeSet::new(),
            exports,
            all_outputs,
        }
    }

    /// From here on, parts are named after this.
    pub fn write_for(&mut self, owner: impl std::fmt::Display) {
        self.owner = owner.to_string();
    }

    /// The name of the next part.
    pub fn part_name(&mut self) -> Ident {
        self.names.snake(&format!("{}_part", self.owner))
    }

    /// The functions that were cut off since the last time.
    pub fn take_parts(&mut self) -> TokenStream {
        std::mem::take(&mut self.parts)
    }

    /// The function of a variable.
    pub fn variable(&self, id: usize) -> &Ident {
        &self.variables[id]
    }

    /// A local that is not constant.
    pub fn local(&self, id: usize) -> LocalNames {
        match self.locals.get(&id) {
            Some(local) => LocalNames {
                name: local.name.clone(),
                started: local.started,
                position: local.position,
            },
            // `plan` keeps every local that something reads.
            None => LocalNames {
                name: format_ident!("local_{id}"),
                started: true,
                position: id,
            },
        }
    }

    /// How many locals there are of each kind: of an iteration, of the start.
    pub fn local_counts(&self) -> (usize, usize) {
        let started = self.locals.values().filter(|local| local.started).count();
        (self.locals.len() - started, started)
    }

    /// The name of a `for` variable where it is read.
    pub fn read_bound(&mut self, id: BoundId) -> Ident {
        self.used.insert(id);
        self.bound[id.0 as usize].clone()
    }

    /// The name of a `for` variable.
    pub fn bound(&self, id: u32) -> &Ident {
        &self.bound[id as usize]
    }

    /// Whether a `for` variable was read.
    pub fn is_used(&self, id: BoundId) -> bool {
        self.used.contains(&id)
    }

    /// The pattern of a `for` variable, once all that may read it is written.
    pub fn pattern(&self, id: Option<BoundId>) -> TokenStream {
        match id {
            Some(id) if self.is_used(id) => {
                let name = self.bound(id.0);
                quote!(#name)
            }
            _ => quote!(_),
        }
    }

    /// `&PLACES[n]` of a span.
    pub fn place(&mut self, span: Span) -> TokenStream {
        let (file, line, column) = self.plan.places.of(span);
        let key = (file.to_owned(), line, column);
        let count = self.place_list.len();
        let number = *self.places.entry(key.clone()).or_insert(count);
        if number == count {
            self.place_list.push(key);
        }
        let number = Literal::usize_unsuffixed(number);
        quote!(&PLACES[#number])
    }

    /// The table of places, once everything is written.
    pub fn place_table(&self) -> TokenStream {
        if self.place_list.is_empty() {
            return quote!();
        }
        let count = Literal::usize_unsuffixed(self.place_list.len());
        let places = self.place_list.iter().map(|(file, line, column)| {
            let (line, column) = (
                Literal::u32_unsuffixed(*line),
                Literal::u32_unsuffixed(*column),
            );
            quote!(Place::new(#file, #line, #column))
        });
        quote! {
            /// Places of the grid that faults name.
            static PLACES: [Place; #count] = [#(#places),*];
        }
    }

    /// `&STEPS[n]`
    pub fn info(&self, step: usize) -> TokenStream {
        let step = Literal::usize_unsuffixed(step);
        quote!(&STEPS[#step])
    }

    /// The static with the keys of a `for_each`.
    pub fn key_static(&mut self, step: usize) -> Ident {
        self.read_keys.insert(step);
        self.steps[step].keys.clone()
    }

    /// How many instances a step has.
    pub fn instance_count(&self, step: usize) -> TokenStream {
        match &self.plan.steps[step].instances {
            Instances::Count(_) => {
                let name = &self.steps[step].count;
                quote!(#name)
            }
            other => {
                let count = Literal::usize_unsuffixed(other.len());
                quote!(#count)
            }
        }
    }

    /// The static with the names of the outputs of a step that are read.
    pub fn names_static(&mut self, step: usize) -> Ident {
        self.read_names.insert(step);
        self.steps[step].outputs.clone()
    }

    /// `steps.login`
    pub fn step_path(&self, step: usize) -> TokenStream {
        let path = &self.step_paths[step];
        quote!(m.thread.steps.#path)
    }

    /// The path of a step's outputs within `Outputs`.
    pub fn output_path(&self, step: usize) -> TokenStream {
        self.output_paths.get(&step).cloned().unwrap_or_default()
    }

    /// A resource's slot as `m` reaches it.
    pub fn resource_path(&self, resource: usize) -> TokenStream {
        let path = &self.resource_paths[resource];
        match self.plan.resources[resource].scope {
            Lifetime::Run => quote!(m.thread.run.#path),
            Lifetime::Worker => quote!(m.thread.assets.#path),
            Lifetime::Vu => quote!(m.user.#path),
            Lifetime::Iteration => quote!(m.assets.#path),
        }
    }

    /// A resource's path within the struct of its scope.
    pub fn slot_path(&self, resource: usize) -> TokenStream {
        self.resource_paths[resource].clone()
    }

    /// What all assets of a resource share on a thread.
    pub fn ready_path(&self, resource: usize) -> TokenStream {
        let path = self.ready_paths.get(&resource).cloned().unwrap_or_default();
        quote!(m.thread.ready.#path)
    }

    /// A resource of the grid as a position in the plan.
    pub fn planned(&self, id: usize) -> usize {
        self.plan
            .resources
            .iter()
            .position(|known| known.id == Some(id))
            .unwrap_or_default()
    }

    /// Resources of a scope.
    pub fn of_scope(&self, scope: Lifetime) -> Vec<usize> {
        (0..self.plan.resources.len())
            .filter(|at| self.plan.resources[*at].scope == scope)
            .collect()
    }
}
