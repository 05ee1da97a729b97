//! The state of the emitter: the plan, names of all items, constants, places, and functions that
//! expressions are cut into.

use super::constant::Constants;
use super::names::{self, Names};
use super::tokens::{EvaluatedIn, names_in};
use super::tree::WIDTH;
use crate::check::typed::{TExpr, TKind, TPart};
use crate::check::walk::walk;
use crate::plan::model::{BodyPlan, Instances, Plan, Resource, Schedule};
use crate::resolve::model::{BodyId, BoundId, LocalId, ResourceId};
use crate::source::Span;
use bggo_manifest::Lifetime;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};

/// Names of a body's items.
pub struct BodyNames {
    /// Struct of one run of it.
    pub ty: Ident,
    /// Struct of its prepared steps.
    pub steps_type: Ident,
    /// Struct of its outputs.
    pub outputs_type: Ident,
    /// Struct of its assets of scope iteration.
    pub assets_type: Ident,
    /// Struct of the assets of a user that runs it.
    pub user_type: Ident,
    /// Method that is the life of a user that runs it.
    pub life: Ident,
    /// Function that computes the load of its scenario.
    pub load: Ident,
    /// Static with what is known of its steps.
    pub table: Ident,
    /// Static with the metrics of the grid that it records.
    pub metric_table: Ident,
    /// Constants with these metrics, in the order of the plan.
    pub metrics: Vec<Ident>,
    /// Field of its prepared steps.
    pub field: Ident,
    /// By step.
    pub steps: Vec<StepNames>,
    /// By position in `Plan::resources`.
    pub resources: Vec<ResourceFunctions>,
    /// Constants with the positions of its latches.
    pub latches: Vec<Ident>,
    /// By local: those that it computes.
    locals: BTreeMap<LocalId, LocalNames>,
}

/// Names of a step's items.
pub struct StepNames {
    /// Function, and field of the prepared steps.
    pub name: Ident,
    /// Constant with what is known of it.
    pub info: Ident,
    /// Function of an attempt.
    pub attempt: Ident,
    /// Function of what it records and of its checks.
    pub judged: Ident,
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

/// Names of a resource's items that all bodies share.
pub struct ResourceNames {
    /// Field of its scope's struct.
    pub name: Ident,
    /// Variable that holds it where assets of the run are made.
    pub variable: Ident,
    /// Constant with what is known of it.
    pub info: Ident,
    /// Constant with how many steps and resources use it in one iteration.
    pub uses: Ident,
    /// Static with its known inputs.
    pub inputs: Ident,
    /// Function that computes inputs known at start.
    pub prepare: Ident,
}

/// Functions by which a body reaches a resource.
pub struct ResourceFunctions {
    /// Gets it.
    pub get: Ident,
    /// Computes late inputs.
    pub late: Ident,
    /// Says that one of the steps that use it has ended.
    pub done: Ident,
    /// Constant with how many steps and resources use it in one run of the body.
    pub uses: Ident,
}

/// A local as emitted code calls it.
#[derive(Clone)]
pub struct LocalNames {
    /// Its function.
    pub name: Ident,
    /// Called with `&Start`; else with the body's struct.
    pub started: bool,
    /// Constant with its position among those that are kept together.
    pub position: Ident,
}

/// What a function reads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReaderOf {
    /// An output of a step, by its position in the body.
    Output(usize),
    /// An output of a step that has just run, by its position in the body: a constant with its number.
    Own(usize),
    /// An export of a resource, by its position in the plan.
    Export(usize),
}

/// The emitter's state.
pub struct Writer<'p> {
    /// What is written.
    pub plan: &'p Plan,
    /// The body that is being written.
    pub body_id: BodyId,
    /// Insides of constants.
    pub constants: Constants,
    /// Names given so far.
    pub names: Names,
    /// Crates of functions that are called.
    pub function_crates: BTreeSet<&'static str>,
    /// Calls so far that take the context of the iteration.
    pub context_calls: u32,
    /// Functions of the body that read an output or an export, by its position in the manifest.
    pub readers: BTreeMap<(ReaderOf, usize), Ident>,
    /// Steps of the body with a `for_each` whose keys are read.
    pub read_keys: BTreeSet<usize>,
    /// Steps of the body whose names of outputs are read.
    pub read_names: BTreeSet<usize>,
    /// Paths of the body's steps within the struct of prepared steps.
    pub step_paths: Vec<TokenStream>,
    /// Paths of the body's outputs within their struct, by step.
    pub output_paths: BTreeMap<usize, TokenStream>,
    /// Paths of resources within the structs of their scopes.
    pub resource_paths: Vec<TokenStream>,
    /// Paths of what all assets of a resource share on a thread.
    pub ready_paths: BTreeMap<usize, TokenStream>,
    /// By resource: the part of the assets of the run that holds it, where there are parts.
    pub run_parts: Vec<Option<Ident>>,
    /// Names of a resource's exports, by resource.
    pub exports: Vec<Vec<String>>,
    /// Outputs of a step's runner in the manifest's order, by body and step.
    pub all_outputs: Vec<Vec<Vec<String>>>,
    bodies: Vec<BodyNames>,
    resources: Vec<ResourceNames>,
    variables: Vec<(Ident, Ident)>,
    started_locals: BTreeMap<LocalId, LocalNames>,
    /// Constants with the places of the item that is being written, by file, line and column.
    places: BTreeMap<(String, u32, u32), Ident>,
    /// The same constants as Rust, as far as they are not written yet.
    place_constants: TokenStream,
    /// What stands at the places of the item: an output, an export, a local, a function.
    subjects: BTreeMap<Span, String>,
    /// The argument and the keys in it that are being written.
    within: Vec<String>,
    bound: Vec<Ident>,
    read_bound: BTreeSet<BoundId>,
    /// Functions that expressions were cut into and that are not written yet.
    parts: TokenStream,
    /// The item that is being written. Its parts are named after it.
    owner: String,
}

impl<'p> Writer<'p> {
    /// Gives names to everything in the plan. `exports` are those of each resource, `all_outputs` those of the runner of
    /// each step of each body, in the order of their manifests.
    pub fn new(
        plan: &'p Plan,
        exports: Vec<Vec<String>>,
        all_outputs: Vec<Vec<Vec<String>>>,
    ) -> Self {
        let mut names = Names::new();
        // Names of the grid come first, so that steps and resources of `main` keep their own names.
        let bodies: Vec<_> = plan
            .body_ids()
            .map(|id| step_names(plan, id, &mut names))
            .collect();
        let (resources, functions): (Vec<_>, Vec<_>) = plan
            .resources
            .iter()
            .map(|resource| resource_names(resource, &mut names))
            .unzip();
        let mut of_main = Some(functions);
        let variables = plan
            .variables
            .iter()
            .map(|variable| {
                let name = format!("var_{}", variable.name);
                (names.snake(&name), names.upper(&name))
            })
            .collect();
        let bodies = bodies.into_iter().zip(plan.body_ids());
        let mut taken = TakenInWorker::new();
        let bodies = bodies
            .map(|(steps, id)| {
                let functions = of_main.take().unwrap_or_else(|| {
                    let resources = plan.resources.iter();
                    resources
                        .map(|resource| functions_of_resource(plan, id, resource, &mut names))
                        .collect()
                });
                body_names(plan, id, (steps, functions), (&mut names, &mut taken))
            })
            .collect();
        let mut started_locals = BTreeMap::new();
        for local in &plan.locals {
            started_locals.insert(local.id, local_names(&local.name, true, &mut names));
        }
        let bound = plan
            .bound_names
            .iter()
            .map(|name| names.bound(name))
            .collect();
        Self {
            plan,
            body_id: BodyId::MAIN,
            constants: Constants::default(),
            names,
            function_crates: BTreeSet::new(),
            context_calls: 0,
            readers: BTreeMap::new(),
            read_keys: BTreeSet::new(),
            read_names: BTreeSet::new(),
            step_paths: Vec::new(),
            output_paths: BTreeMap::new(),
            resource_paths: vec![TokenStream::new(); plan.resources.len()],
            ready_paths: BTreeMap::new(),
            run_parts: vec![None; plan.resources.len()],
            exports,
            all_outputs,
            bodies,
            resources,
            variables,
            started_locals,
            places: BTreeMap::new(),
            place_constants: TokenStream::new(),
            subjects: BTreeMap::new(),
            within: Vec::new(),
            bound,
            read_bound: BTreeSet::new(),
            parts: TokenStream::new(),
            owner: String::new(),
        }
    }

    /// Makes this the body that is written from now on.
    pub fn enter(&mut self, body: BodyId) {
        self.body_id = body;
        self.readers.clear();
        self.read_keys.clear();
        self.read_names.clear();
        self.step_paths.clear();
        self.output_paths.clear();
    }

    /// The body that is being written.
    pub fn body(&self) -> &'p BodyPlan {
        self.plan.body(self.body_id)
    }

    /// Names of the body that is being written.
    pub fn body_names(&self) -> &BodyNames {
        self.names_of_body(self.body_id)
    }

    /// Names of a body.
    pub fn names_of_body(&self, body: BodyId) -> &BodyNames {
        &self.bodies[body.0]
    }

    /// The struct of one run of the body that is being written.
    pub fn body_type(&self) -> &Ident {
        &self.body_names().ty
    }

    /// Names of a step of the body.
    pub fn step(&self, step: usize) -> &StepNames {
        &self.body_names().steps[step]
    }

    /// Names of a resource.
    pub fn resource(&self, resource: usize) -> &ResourceNames {
        &self.resources[resource]
    }

    /// Functions by which the body reaches a resource.
    pub fn resource_functions(&self, resource: usize) -> &ResourceFunctions {
        &self.body_names().resources[resource]
    }

    /// From here on, parts and places are named after this. It has places of its own: they stand in its module.
    pub fn write_for(&mut self, owner: impl std::fmt::Display) {
        self.owner = owner.to_string();
        self.places.clear();
        self.subjects.clear();
        self.within.clear();
    }

    /// The places of an item, and the functions that were cut off it, since the last time.
    pub fn take_parts(&mut self) -> TokenStream {
        let (places, parts) = (
            std::mem::take(&mut self.place_constants),
            std::mem::take(&mut self.parts),
        );
        quote!(#places #parts)
    }

    /// From here to `leave_part`, places are named after this argument or key. A key that is no word gives no name.
    pub fn enter_part(&mut self, name: &str) {
        let around = || self.within.last().map_or("", String::as_str);
        let name = names::word(name).unwrap_or_else(around);
        self.within.push(name.to_owned());
    }

    /// The end of what `enter_part` has begun.
    pub fn leave_part(&mut self) {
        self.within.pop();
    }

    /// Notes what stands at a place, for its name.
    pub fn note_subject(&mut self, expr: &TExpr) {
        if let Some(subject) = self.subject(expr) {
            self.subjects.entry(expr.span).or_insert(subject);
        }
    }

    /// A word for an expression, if it has one.
    fn subject(&self, expr: &TExpr) -> Option<String> {
        match &expr.kind {
            TKind::Output { step, field, .. } => {
                let outputs = &self.all_outputs[self.body_id.0][step.index];
                field.and_then(|field| outputs.get(field)).cloned()
            }
            TKind::Export { resource, field } => {
                let exports = &self.exports[self.planned(*resource)];
                field.and_then(|field| exports.get(field)).cloned()
            }
            TKind::Local(id) => Some(self.local(*id).name.to_string()),
            TKind::Variable(id) => Some(self.variable(id.0).0.to_string()),
            TKind::Field(_, name) => Some(name.clone()),
            TKind::Call { function, .. } => Some(function.rust.to_owned()),
            _ => None,
        }
    }

    /// The function of a variable, and the constant with its position.
    pub fn variable(&self, id: usize) -> &(Ident, Ident) {
        &self.variables[id]
    }

    /// A local that is not constant.
    pub fn local(&self, id: LocalId) -> LocalNames {
        let of_body = self.body_names().locals.get(&id);
        match of_body.or_else(|| self.started_locals.get(&id)) {
            Some(local) => local.clone(),
            // `plan` keeps every local that something reads.
            None => LocalNames {
                name: format_ident!("local_{}", id.0),
                started: true,
                position: format_ident!("LOCAL_{}", id.0),
            },
        }
    }

    /// The name of a `for` variable where it is read.
    pub fn read_bound(&mut self, id: BoundId) -> Ident {
        self.read_bound.insert(id);
        self.bound[id.0 as usize].clone()
    }

    /// The name of a `for` variable.
    pub fn bound(&self, id: BoundId) -> &Ident {
        &self.bound[id.0 as usize]
    }

    /// Whether a `for` variable was read.
    pub fn is_used(&self, id: BoundId) -> bool {
        self.read_bound.contains(&id)
    }

    /// The pattern of a `for` variable, once all that may read it is written.
    pub fn pattern(&self, id: Option<BoundId>) -> TokenStream {
        match id {
            Some(id) if self.is_used(id) => {
                let name = self.bound(id);
                quote!(#name)
            }
            _ => quote!(_),
        }
    }

    /// `PLACE_IN_LOGIN_URL`: the constant with the place of a span. It is named after the item, the argument and the key that
    /// are written, then after what stands there, and not after its line: a new line at the top of a grid renames nothing.
    pub fn place(&mut self, span: Span) -> Ident {
        let (file, line, column) = self.plan.places.of(span);
        let key = (file.to_owned(), line, column);
        if let Some(name) = self.places.get(&key) {
            return name.clone();
        }
        let (argument, part) = (self.within.first(), self.within.last());
        let words = [
            Some("place_in"),
            Some(&self.owner),
            argument.map(String::as_str),
            part.filter(|_| part != argument).map(String::as_str),
        ];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        let mut name = words.join("_");
        if !self.names.is_upper_free(&name)
            && let Some(subject) = self.subjects.get(&span)
        {
            name = format!("{name}_{subject}");
        }
        let name = self.names.upper(&name);
        let place = place_literal(file, line, column);
        self.place_constants
            .extend(quote!(const #name: &Place = &#place;));
        self.places.insert(key, name.clone());
        name
    }

    /// A call that may fault, with the place of its expression.
    pub fn placed(&mut self, call: TokenStream, span: Span) -> TokenStream {
        let place = self.place(span);
        quote!(#call.at(#place))
    }

    /// `Place::new(..)` of a span.
    pub fn place_value(&self, span: Span) -> TokenStream {
        let (file, line, column) = self.plan.places.of(span);
        place_literal(file, line, column)
    }

    /// The static with the keys of a `for_each`.
    pub fn key_static(&mut self, step: usize) -> Ident {
        self.read_keys.insert(step);
        self.step(step).keys.clone()
    }

    /// The static with the names of the outputs of a step that are read.
    pub fn names_static(&mut self, step: usize) -> Ident {
        self.read_names.insert(step);
        self.step(step).outputs.clone()
    }

    /// The function that reads an output or an export, by its position in the manifest.
    pub fn reader(&mut self, of: ReaderOf, field: usize) -> Ident {
        if let Some(known) = self.readers.get(&(of, field)) {
            return known.clone();
        }
        let (owner, fields) = match of {
            ReaderOf::Output(step) | ReaderOf::Own(step) => (
                &self.step(step).name,
                &self.all_outputs[self.body_id.0][step],
            ),
            ReaderOf::Export(resource) => {
                let functions = self.resource_functions(resource);
                (&functions.get, &self.exports[resource])
            }
        };
        let field_name = fields.get(field).map_or("output", String::as_str);
        let name = match of {
            ReaderOf::Own(_) => {
                let name = format!("own_{field_name}_of_{owner}");
                self.names.upper(&name)
            }
            _ => {
                let name = format!("{owner}_{field_name}");
                self.names.snake(&name)
            }
        };
        self.readers.insert((of, field), name.clone());
        name
    }

    /// How many instances a step has.
    pub fn instance_count(&self, step: usize) -> TokenStream {
        match &self.body().steps[step].instances {
            Instances::Count(_) => {
                let name = &self.step(step).count;
                quote!(#name)
            }
            other => {
                let count = Literal::usize_unsuffixed(other.len());
                quote!(#count)
            }
        }
    }

    /// A prepared step as `main` reaches it.
    pub fn step_path(&self, step: usize) -> TokenStream {
        let path = &self.step_paths[step];
        quote!(main.steps.#path)
    }

    /// The outputs of a step as `main` reaches them.
    pub fn output_path(&self, step: usize) -> TokenStream {
        let path = self.output_paths.get(&step);
        quote!(main.outputs.#path)
    }

    /// A resource's slot as `main` reaches it.
    pub fn resource_path(&self, resource: usize) -> TokenStream {
        let path = &self.resource_paths[resource];
        match self.plan.resources[resource].scope {
            Lifetime::Run => quote!(main.worker.run.#path),
            Lifetime::Worker => quote!(main.worker.assets.#path),
            Lifetime::Vu => quote!(main.user.#path),
            Lifetime::Iteration => quote!(main.assets.#path),
        }
    }

    /// What all assets of a resource share on a thread.
    pub fn ready_path(&self, resource: usize) -> TokenStream {
        let path = self.ready_paths.get(&resource);
        quote!(main.worker.ready.#path)
    }

    /// A resource of the grid as a position in the plan.
    pub fn planned(&self, id: ResourceId) -> usize {
        let mut resources = self.plan.resources.iter();
        resources
            .position(|known| known.id == Some(id))
            .unwrap_or_default()
    }

    /// Resources of a scope that all bodies share.
    pub fn of_scope(&self, scope: Lifetime) -> Vec<usize> {
        (0..self.plan.resources.len())
            .filter(|at| self.plan.resources[*at].scope == scope)
            .collect()
    }

    /// Resources of a scope that the body needs.
    pub fn of_body(&self, scope: Lifetime) -> Vec<usize> {
        let mut all = self.body().resources.clone();
        all.retain(|at| self.plan.resources[*at].scope == scope);
        all
    }

    /// `step "http_request" "first", four.hcl:3`
    pub fn step_doc(&self, at: usize) -> String {
        let step = &self.body().steps[at];
        let instances = match &step.instances {
            Instances::Single => String::new(),
            Instances::Count(_) => ", `count`".to_owned(),
            Instances::Keys(_) => ", `for_each`".to_owned(),
        };
        format!(
            " step {:?} {:?}{instances}, {}",
            step.runner,
            step.name,
            self.plan.places.line(step.span)
        )
    }

    /// `resource "http_client" "shared", four.hcl:3`
    pub fn resource_doc(&self, at: usize) -> String {
        let resource = &self.plan.resources[at];
        if resource.implicit {
            return format!(" The `{}` of steps that name none.", resource.asset);
        }
        format!(
            " resource {:?} {:?}, {}",
            resource.asset,
            resource.name,
            self.plan.places.line(resource.span)
        )
    }

    /// A function with this body, and the call of it. Its parameters are the variables that the body uses.
    pub fn function(
        &mut self,
        of: &[&TExpr],
        result: TokenStream,
        body: TokenStream,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        for (name, ty, given) in self.surroundings(at) {
            if names_in(&body, &name) {
                parameters.push(quote!(#name: #ty));
                arguments.push(given);
            }
        }
        for id in free(of) {
            let name = self.read_bound(id);
            parameters.push(quote!(#name: &Value));
            arguments.push(quote!(#name));
        }
        let place = of.first().map(|expr| self.plan.places.of(expr.span));
        let doc = place.map_or_else(String::new, |(file, line, column)| {
            format!(" A part of what is computed at {file}:{line}:{column}.")
        });
        let name = self.names.snake(&format!("{}_part", self.owner));
        self.parts.extend(quote! {
            #[doc = #doc]
            fn #name(#(#parameters),*) -> Result<#result, Fault> {
                #body
            }
        });
        quote!(#name(#(#arguments),*))
    }

    /// Names that an expression may use: with their types, and as an argument.
    fn surroundings(&self, at: EvaluatedIn<'_>) -> Vec<(Ident, TokenStream, TokenStream)> {
        let name = |text: &str| Ident::new(text, proc_macro2::Span::call_site());
        match at {
            EvaluatedIn::Start => vec![(name("start"), quote!(&Start), quote!(start))],
            EvaluatedIn::RunAssets => {
                let mut all = vec![(name("start"), quote!(&Start), quote!(&start))];
                for resource in self.of_scope(Lifetime::Run) {
                    let name = self.resource(resource).variable.clone();
                    all.push((name.clone(), quote!(&RunAsset), quote!(&#name)));
                }
                all
            }
            EvaluatedIn::Body(_) => {
                let body = self.body_type();
                vec![
                    (name("main"), quote!(&#body<'_>), quote!(main)),
                    (name("index"), quote!(u32), quote!(index)),
                    (name("step"), quote!(&Step<'_>), quote!(step)),
                ]
            }
        }
    }

    /// A long list of items as a short one: 16 items become a function that returns a `Vec`; `join` joins them.
    pub fn long(
        &mut self,
        items: Vec<(TokenStream, Vec<&TExpr>)>,
        item: &TokenStream,
        join: &Ident,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        if items.len() <= WIDTH {
            let items = items.iter().map(|(item, _)| item);
            return quote!(Vec::from([#(#items),*]));
        }
        let mut size = WIDTH;
        while items.len() > size * WIDTH {
            size *= WIDTH;
        }
        let mut parts = Vec::new();
        let mut rest = items.into_iter().peekable();
        while rest.peek().is_some() {
            let part: Vec<_> = rest.by_ref().take(size).collect();
            let of: Vec<&TExpr> = part.iter().flat_map(|(_, of)| of.iter().copied()).collect();
            let body = self.long(part, item, join, at);
            let call = self.function(&of, quote!(Vec<#item>), quote!(Ok(#body)), at);
            parts.push(quote!(#call?));
        }
        quote!(input_conversion::#join(Vec::from([#(#parts),*])))
    }
}

fn place_literal(file: &str, line: u32, column: u32) -> TokenStream {
    let (line, column) = (
        Literal::u32_unsuffixed(line),
        Literal::u32_unsuffixed(column),
    );
    quote!(Place::new(#file, #line, #column))
}

/// The name of something of a body. Bodies other than `main` put their own name before it.
fn in_body(plan: &Plan, body: BodyId, name: &str) -> String {
    if body == BodyId::MAIN {
        name.to_owned()
    } else {
        format!("{}_{name}", plan.body(body).name)
    }
}

fn step_names(plan: &Plan, body: BodyId, names: &mut Names) -> Vec<StepNames> {
    let steps = plan.body(body).steps.iter();
    let all = steps.map(|step| in_body(plan, body, &step.name));
    // Names of functions come first, so that names that are made of them get the numbers.
    let functions: Vec<(String, Ident)> = all
        .map(|name| {
            let function = names.snake(&name);
            (name, function)
        })
        .collect();
    let all = functions.into_iter().map(|(name, function)| StepNames {
        name: function,
        info: names.upper(&format!("step_{name}")),
        attempt: names.snake(&format!("{name}_attempt")),
        judged: names.snake(&format!("{name}_judged")),
        inputs: names.upper(&format!("{name}_inputs")),
        prepare: names.snake(&format!("{name}_inputs")),
        limit: names.snake(&format!("{name}_limit")),
        outputs: names.upper(&format!("{name}_outputs")),
        count: names.upper(&format!("{name}_count")),
        keys: names.upper(&format!("{name}_keys")),
        values: names.upper(&format!("{name}_values")),
    });
    all.collect()
}

/// An implicit resource is named after its asset: `default_http_client`.
fn resource_name(resource: &Resource) -> String {
    if resource.implicit {
        format!("{}_{}", resource.name, resource.asset)
    } else {
        resource.name.clone()
    }
}

/// Names of a resource, and the functions by which `main` reaches it.
fn resource_names(resource: &Resource, names: &mut Names) -> (ResourceNames, ResourceFunctions) {
    let name = resource_name(resource);
    let field = names.snake(&name);
    let shared = ResourceNames {
        variable: names.variable(&field, "asset"),
        info: names.upper(&format!("resource_{name}")),
        uses: names.upper(&format!("uses_of_{name}")),
        inputs: names.upper(&format!("{name}_inputs")),
        prepare: names.snake(&format!("{name}_inputs")),
        name: field.clone(),
    };
    let functions = ResourceFunctions {
        get: field,
        late: names.snake(&format!("{name}_late")),
        done: names.snake(&format!("{name}_done")),
        uses: shared.uses.clone(),
    };
    (shared, functions)
}

fn functions_of_resource(
    plan: &Plan,
    body: BodyId,
    resource: &Resource,
    names: &mut Names,
) -> ResourceFunctions {
    let name = in_body(plan, body, &resource_name(resource));
    ResourceFunctions {
        get: names.snake(&name),
        late: names.snake(&format!("{name}_late")),
        done: names.snake(&format!("{name}_done")),
        uses: names.upper(&format!("uses_of_{name}")),
    }
}

fn local_names(name: &str, started: bool, names: &mut Names) -> LocalNames {
    let name = format!("local_{name}");
    LocalNames {
        name: names.snake(&name),
        started,
        position: names.upper(&name),
    }
}

fn body_names(
    plan: &Plan,
    id: BodyId,
    (steps, resources): (Vec<StepNames>, Vec<ResourceFunctions>),
    (names, taken): (&mut Names, &mut TakenInWorker),
) -> BodyNames {
    let body = plan.body(id);
    let (ty, field) = taken.body(id, &body.name);
    let (user_type, life) = match id {
        BodyId::MAIN => (format_ident!("UserAssets"), format_ident!("live")),
        _ => (
            format_ident!("{ty}UserAssets"),
            names.snake(&format!("live_{}", body.name)),
        ),
    };
    let locals = body.locals.iter().map(|local| {
        let name = in_body(plan, id, &local.name);
        (local.id, local_names(&name, false, names))
    });
    let locals = locals.collect();
    let mut latches = vec![None; body.latches];
    latch_owners(&body.schedule, &mut None, &mut latches);
    let latches = latches.into_iter().map(|node| {
        let step = node.map_or("start", |node: usize| {
            &body.steps[body.nodes[node].step].name
        });
        names.upper(&format!("latch_after_{}", in_body(plan, id, step)))
    });
    let latches: Vec<Ident> = latches.collect();
    let metrics = body.metrics.iter().map(|metric| {
        let name = &plan.metrics[metric.metric].name;
        names.upper(&in_body(plan, id, &format!("metric_{name}")))
    });
    let metrics: Vec<Ident> = metrics.collect();
    BodyNames {
        latches,
        steps_type: format_ident!("{ty}Steps"),
        outputs_type: format_ident!("{ty}Outputs"),
        assets_type: format_ident!("{ty}Assets"),
        table: names.upper(&format!("{}_steps", body.name)),
        metric_table: names.upper(&format!("{}_metrics", body.name)),
        metrics,
        field,
        user_type,
        life,
        load: names.snake(&format!("{}_load", body.name)),
        ty,
        steps,
        resources,
        locals,
    }
}

/// Names of the struct of a worker and types of bodies that are taken.
struct TakenInWorker {
    fields: BTreeSet<String>,
    types: BTreeSet<String>,
}

impl TakenInWorker {
    fn new() -> Self {
        let fields = ["ready", "run", "assets", "scope"].map(str::to_owned);
        Self {
            fields: BTreeSet::from(fields),
            types: BTreeSet::new(),
        }
    }

    /// The type of one run of a body, and the field of its prepared steps.
    fn body(&mut self, id: BodyId, name: &str) -> (Ident, Ident) {
        let plain = names::plain(name);
        // No type of the runtime ends like this.
        let ty = match id {
            BodyId::MAIN => "Main".to_owned(),
            _ => format!("{}Body", names::camel(&plain)),
        };
        let ty = first_free(&mut self.types, &ty);
        let field = first_free(&mut self.fields, &plain);
        (format_ident!("{ty}"), names::field(&field))
    }
}

/// The name, with a number behind it if it is taken.
fn first_free(taken: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    // One of endlessly many names is free.
    let free = all.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(free.clone());
    free
}

/// By latch: the node after which it is opened.
fn latch_owners(flow: &Schedule, before: &mut Option<usize>, owners: &mut [Option<usize>]) {
    match flow {
        Schedule::Node(node) => *before = Some(*node),
        Schedule::Open(latch) => owners[*latch] = *before,
        Schedule::Wait(_) => {}
        Schedule::Sequence(parts) | Schedule::Fork(parts) => {
            for part in parts {
                latch_owners(part, before, owners);
            }
        }
    }
}

/// Variables of `for` that expressions read from around them.
fn free(of: &[&TExpr]) -> BTreeSet<BoundId> {
    let (mut read, mut made) = (BTreeSet::new(), BTreeSet::new());
    for expr in of {
        walk(expr, &mut |node| match &node.kind {
            TKind::Bound(id) => {
                read.insert(*id);
            }
            TKind::Splat { item, .. } => {
                made.insert(*item);
            }
            TKind::For(form) => {
                made.insert(form.value);
                made.extend(form.key);
            }
            TKind::Template(parts) => made_by(parts, &mut made),
            _ => {}
        });
    }
    read.difference(&made).copied().collect()
}

fn made_by(parts: &[TPart], made: &mut BTreeSet<BoundId>) {
    for part in parts {
        match part {
            TPart::Text(_) | TPart::Hole(_) => {}
            TPart::If { yes, no, .. } => {
                made_by(yes, made);
                made_by(no, made);
            }
            TPart::For {
                key, value, body, ..
            } => {
                made.insert(*value);
                made.extend(*key);
                made_by(body, made);
            }
        }
    }
}
