//! The state of the emitter: the plan, names of all items, constants, places, and functions that
//! expressions are cut into.

use super::constant::Constants;
use super::data_reads;
use super::item_names::{
    BodyNames, ItemNames, LocalNames, ResourceFunctions, ResourceNames, StepNames,
};
use super::methods::Methods;
use super::names::{self, Names};
use super::tokens::{EvaluatedIn, names_in};
use super::tree::WIDTH;
use crate::check::typed::{TExpr, TKind, TPart, TSchema};
use crate::check::walk::walk;
use crate::plan::model::{BodyPlan, Instances, Plan};
use crate::resolve::model::{BodyId, BoundId, DataId, LocalId, ResourceId, StepId};
use crate::source::Span;
use bggo_manifest::Lifetime;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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
    /// Messages of methods.
    pub methods: Methods,
    /// Names given so far.
    pub names: Names,
    /// Crates of functions that are called.
    pub function_crates: BTreeSet<&'static str>,
    /// Schemas that outputs are validated against, each with its static.
    pub schemas: Vec<(Rc<TSchema>, Ident)>,
    /// Calls so far that take the context of the iteration.
    pub context_calls: u32,
    /// By local: the first call of it. Bodies that share a local share its calls, so that it has one value whoever reads it first.
    pub local_calls: BTreeMap<LocalId, u32>,
    /// A local of the body is being written.
    pub in_local: bool,
    /// Functions of the body that read an output or an export, by its position in the manifest.
    pub readers: BTreeMap<(ReaderOf, usize), Ident>,
    /// Functions of the body that wait for these resources.
    pub waits: BTreeMap<Vec<usize>, Ident>,
    /// Steps of the body with a `for_each` whose keys are read.
    pub read_keys: BTreeSet<usize>,
    /// Paths of outputs that other bodies read within the struct of outputs of their body.
    pub kept_paths: BTreeMap<StepId, TokenStream>,
    /// Steps of other bodies whose keys are read, each with the static that holds them.
    pub read_keys_elsewhere: BTreeMap<StepId, Ident>,
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
    /// Statics of data that something reads.
    pub data_names: BTreeMap<DataId, Ident>,
    items: ItemNames,
    /// Constants with the places of the item that is being written, by file, line and column.
    places: BTreeMap<(String, u32, u32), Ident>,
    /// The same constants as Rust, as far as they are not written yet.
    place_constants: TokenStream,
    /// What stands at the places of the item: an output, an export, a local, a function.
    subjects: BTreeMap<Span, String>,
    /// The argument and the keys in it that are being written.
    within: Vec<String>,
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
        let items = ItemNames::new(plan, &mut names);
        let data_names = data_reads::read(plan).into_iter();
        let data_names = data_names.map(|id| {
            let name = plan.data[id.0].name.replace('.', "_");
            (id, names.upper(&format!("data_{name}")))
        });
        let data_names = data_names.collect();
        Self {
            plan,
            body_id: BodyId::MAIN,
            constants: Constants::default(),
            methods: Methods::default(),
            names,
            function_crates: BTreeSet::new(),
            schemas: Vec::new(),
            context_calls: 0,
            local_calls: BTreeMap::new(),
            in_local: false,
            readers: BTreeMap::new(),
            waits: BTreeMap::new(),
            read_keys: BTreeSet::new(),
            kept_paths: BTreeMap::new(),
            read_keys_elsewhere: BTreeMap::new(),
            read_names: BTreeSet::new(),
            step_paths: Vec::new(),
            output_paths: BTreeMap::new(),
            resource_paths: vec![TokenStream::new(); plan.resources.len()],
            ready_paths: BTreeMap::new(),
            run_parts: vec![None; plan.resources.len()],
            exports,
            all_outputs,
            data_names,
            items,
            places: BTreeMap::new(),
            place_constants: TokenStream::new(),
            subjects: BTreeMap::new(),
            within: Vec::new(),
            read_bound: BTreeSet::new(),
            parts: TokenStream::new(),
            owner: String::new(),
        }
    }

    /// Makes this the body that is written from now on.
    pub fn enter(&mut self, body: BodyId) {
        self.body_id = body;
        self.readers.clear();
        self.waits.clear();
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
        self.items.body(body)
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
        self.items.resource(resource)
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
                let outputs = &self.all_outputs[step.body.0][step.index];
                field.and_then(|field| outputs.get(field)).cloned()
            }
            TKind::Export { resource, field } => {
                let exports = &self.exports[self.planned(*resource)];
                field.and_then(|field| exports.get(field)).cloned()
            }
            TKind::Local(id) => Some(self.local(*id).name.to_string()),
            TKind::Variable(id) => Some(self.variable(id.0).0.to_string()),
            TKind::Field(_, name) | TKind::FieldOrNull(_, name) => Some(name.clone()),
            TKind::Call { function, .. } => Some(function.rust.to_owned()),
            _ => None,
        }
    }

    /// The function of a variable, and the constant with its position.
    pub fn variable(&self, id: usize) -> &(Ident, Ident) {
        self.items.variable(id)
    }

    /// A local that is not constant.
    pub fn local(&self, id: LocalId) -> LocalNames {
        self.items.local(self.body_id, id)
    }

    /// The name of a `for` variable where it is read.
    pub fn read_bound(&mut self, id: BoundId) -> Ident {
        self.read_bound.insert(id);
        self.bound(id).clone()
    }

    /// The name of a `for` variable.
    pub fn bound(&self, id: BoundId) -> &Ident {
        self.items.bound(id)
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

    /// How many instances a step has, where that is known when the grid is built.
    pub fn instance_count(&self, step: usize) -> TokenStream {
        match &self.body().steps[step].instances {
            Instances::Count(_) => {
                let name = &self.step(step).count;
                quote!(#name)
            }
            other => {
                let count = Literal::usize_unsuffixed(other.known_count().unwrap_or_default());
                quote!(#count)
            }
        }
    }

    /// A prepared step as a body reaches it.
    pub fn step_path(&self, step: usize) -> TokenStream {
        let path = &self.step_paths[step];
        quote!(this.steps.#path)
    }

    /// Instances of a step that are known late as a body reaches them.
    pub fn late_path(&self, step: usize) -> Option<TokenStream> {
        let position = &self.step(step).late.as_ref()?.position;
        Some(quote!(this.late[#position]))
    }

    /// The outputs of a step as a body reaches them.
    pub fn output_path(&self, step: usize) -> TokenStream {
        if let Some(late) = self.late_path(step) {
            return late;
        }
        let path = self.output_paths.get(&step);
        quote!(this.outputs.#path)
    }

    /// A resource's slot as a body reaches it.
    pub fn resource_path(&self, resource: usize) -> TokenStream {
        let scope = self.plan.resources[resource].scope;
        let is_of_users = matches!(scope, Lifetime::Vu | Lifetime::Iteration);
        if is_of_users && !self.body().makes(resource) {
            let name = &self.resource(resource).name;
            return quote!(this.handed.#name);
        }
        let path = &self.resource_paths[resource];
        match scope {
            Lifetime::Run => quote!(this.worker.run.#path),
            Lifetime::Worker => quote!(this.worker.assets.#path),
            Lifetime::Vu => quote!(this.user.#path),
            Lifetime::Iteration => quote!(this.assets.#path),
        }
    }

    /// What all assets of a resource share on a thread.
    pub fn ready_path(&self, resource: usize) -> TokenStream {
        let path = self.ready_paths.get(&resource);
        quote!(this.worker.ready.#path)
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

    /// Resources of a scope that the body needs, without those that whoever calls it hands over.
    pub fn of_body(&self, scope: Lifetime) -> Vec<usize> {
        let body = self.body();
        let mut all = body.resources.clone();
        all.retain(|at| self.plan.resources[*at].scope == scope && body.makes(*at));
        all
    }

    /// `step "http_request" "first", four.hcl:3`
    pub fn step_doc(&self, at: usize) -> String {
        let step = &self.body().steps[at];
        let instances = match &step.instances {
            Instances::Single => String::new(),
            Instances::Count(_) => ", `count`".to_owned(),
            Instances::Keys(_) => ", `for_each`".to_owned(),
            Instances::Late(late) => match late.of.is_keyed() {
                true => ", late `for_each`".to_owned(),
                false => ", late `count`".to_owned(),
            },
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
                    (name("this"), quote!(&#body<'_>), quote!(this)),
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
