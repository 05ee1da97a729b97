//! Names of the items of a plan, given before anything is written. Those of the grid come first and stay as they are where
//! they can; those that are made of them get the numbers.

use super::names::{self, Names};
use crate::plan::model::{Plan, Resource, Schedule};
use crate::resolve::model::{BodyId, BoundId, LocalId};
use proc_macro2::Ident;
use quote::format_ident;
use std::collections::{BTreeMap, BTreeSet};

/// Names of all items.
pub struct ItemNames {
    bodies: Vec<BodyNames>,
    /// By position in `Plan::resources`.
    resources: Vec<ResourceNames>,
    /// The function of a variable, and the constant with its position.
    variables: Vec<(Ident, Ident)>,
    started_locals: BTreeMap<LocalId, LocalNames>,
    /// Names of variables of `for`.
    bound: Vec<Ident>,
}

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
    /// Struct of the assets of a user that runs it; of a flow, of those that it is handed.
    pub user_type: Ident,
    /// Static with the weights of its flows, of a mix.
    pub mix: Ident,
    /// Static with what is known of it, of a flow.
    pub info: Ident,
    /// Functions of its outputs, of a flow.
    pub flow_outputs: Vec<Ident>,
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
    /// Of instances that are known late.
    pub late: Option<LateNames>,
}

/// Names of the instances of a step that are known late.
pub struct LateNames {
    /// Function that finds them.
    pub find: Ident,
    /// Constant with their position among those of the body.
    pub position: Ident,
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

impl ItemNames {
    /// Gives names to everything in the plan.
    pub fn new(plan: &Plan, names: &mut Names) -> Self {
        // Names of the grid come first, so that steps and resources of `main` keep their own names.
        let bodies: Vec<_> = plan
            .body_ids()
            .map(|id| step_names(plan, id, names))
            .collect();
        let (resources, functions): (Vec<_>, Vec<_>) = plan
            .resources
            .iter()
            .map(|resource| resource_names(resource, names))
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
                        .map(|resource| functions_of_resource(plan, id, resource, names))
                        .collect()
                });
                body_names(plan, id, (steps, functions), (names, &mut taken))
            })
            .collect();
        let mut started_locals = BTreeMap::new();
        for local in &plan.locals {
            started_locals.insert(local.id, local_names(&local.name, true, names));
        }
        let bound = plan
            .bound_names
            .iter()
            .map(|name| names.bound(name))
            .collect();
        Self {
            bodies,
            resources,
            variables,
            started_locals,
            bound,
        }
    }

    /// Names of a body's items.
    pub fn body(&self, id: BodyId) -> &BodyNames {
        &self.bodies[id.0]
    }

    /// Names of a resource's items.
    pub fn resource(&self, resource: usize) -> &ResourceNames {
        &self.resources[resource]
    }

    /// The function of a variable, and the constant with its position.
    pub fn variable(&self, id: usize) -> &(Ident, Ident) {
        &self.variables[id]
    }

    /// A local that is not constant, as this body calls it.
    pub fn local(&self, body: BodyId, id: LocalId) -> LocalNames {
        let of_body = self.body(body).locals.get(&id);
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

    /// The name of a `for` variable.
    pub fn bound(&self, id: BoundId) -> &Ident {
        &self.bound[id.0 as usize]
    }
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
    let is_late = plan
        .body(body)
        .steps
        .iter()
        .map(|step| step.instances.late().is_some());
    let all = functions.into_iter().zip(is_late);
    let all = all.map(|((name, function), is_late)| StepNames {
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
        late: is_late.then(|| LateNames {
            find: names.snake(&format!("{name}_instances")),
            position: names.upper(&format!("{name}_instances")),
        }),
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

/// Names of a resource, and the functions by which a body reaches it.
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
    let outputs = body.flow.iter().flat_map(|flow| &flow.outputs);
    let outputs = outputs.map(|output| names.snake(&in_body(plan, id, &output.name)));
    let flow_outputs: Vec<Ident> = outputs.collect();
    let info = match body.phase {
        Some(_) => names.upper(&format!("{}_phase", body.name)),
        None => names.upper(&format!("{}_flow", body.name)),
    };
    let mix = names.upper(&format!("mix_of_{}", body.name));
    let (user_type, life) = match id {
        _ if body.flow.is_some() => (
            format_ident!("{ty}Handed"),
            names.snake(&format!("{}_depend_on", body.name)),
        ),
        BodyId::MAIN => (format_ident!("UserAssets"), format_ident!("live")),
        _ if body.phase.is_some() => (
            format_ident!("{ty}UserAssets"),
            names.snake(&format!("run_{}", body.name)),
        ),
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
    for schedule in std::iter::once(&body.schedule).chain(&body.always) {
        latch_owners(schedule, &mut None, &mut latches);
    }
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
        mix,
        info,
        flow_outputs,
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
        Schedule::Wait(_) | Schedule::Choice(_) => {}
        Schedule::Sequence(parts) | Schedule::Fork(parts) => {
            for part in parts {
                latch_owners(part, before, owners);
            }
        }
    }
}
