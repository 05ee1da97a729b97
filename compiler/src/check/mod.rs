//! Resolved declarations to typed ones: types, binding times and sensitivity of every expression, arguments against
//! manifests, constants folded.
//!
//! ```text
//! variables --> locals and instances, in the graph's order --> resources and steps --> edges     (a file each)
//!                              expression: an expression to its typed one
//!             fold, sensitivity, lifetime, walk: functions over typed expressions
//! ```
//!
//! What is known when the grid is built is computed at once (`fold`), by the functions that a compiled grid calls. A value
//! that cannot be computed is an error of the grid if its expression surely runs, and otherwise a fault at run time. An
//! expression with a reported problem has `Type::Error`, and expressions that read it report nothing more.

mod article;
mod called;
mod checks;
mod contract;
mod data;
mod data_rows;
mod delay;
mod edges;
mod exclusive;
mod expression;
mod figure;
mod flow;
mod fold;
mod grid;
mod instances;
mod kinds_of_failure;
mod knowledge;
mod known_data;
mod known_load;
mod known_part;
mod known_to_hold;
mod late_result;
mod lifetime;
mod metric;
mod mix;
mod null_safety;
mod parts;
mod phase;
mod resource;
mod rule;
mod same_value;
mod scenario;
mod schema;
mod sensitivity;
mod step;
mod threshold;
pub mod typed;
mod typed_expression;
pub mod typed_parts;
mod unused_names;
mod validation;
mod variable;
mod version;
pub mod walk;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use bggo_values::{NamedType, Type};

use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{BodyId, DataId, Node, Resolved, StepId};
use crate::source::{Question, Sources};
use crate::syntax::decl::BodyDecl;

use called::SensitiveInputs;
use expression::context::Checker;
use known_data::KnownData;
use schema::Documents;
use typed::{TBody, TLocal, TStep, Typed};

pub use expression::condition::faults_of_conditions;
pub use expression::context::{Seen, Shown, ShownMethod};
pub use instances::MOST_INSTANCES;
pub use kinds_of_failure::{of_manifests as kinds_of_manifests, retried};
pub use knowledge::looks_like_a_secret;
pub use lifetime::name_of as name_of_lifetime;
pub use schema::statements::{GridStatements, KnownStatement};

/// A grid with its types (`None` if some part has none), and all its problems. `sources` are its texts, with the answers to
/// what it asks about files.
pub fn check(
    resolved: &Resolved,
    modules: &Modules,
    sources: &Sources,
) -> (Option<Typed>, Problems) {
    let checked = to_the_end(resolved, modules, sources, Wanted::Grid);
    let mut problems = checked.problems;
    // Who checks a grid finds these first, as far as that ends.
    for question in &checked.lacking {
        let text = format!(
            "`{}` was not read: paths of files that are computed from files end after {MOST_ROUNDS} rounds",
            question.path()
        );
        problems.whole(codes::INVALID_FILE, text);
    }
    (
        checked.typed.filter(|_| checked.lacking.is_empty()),
        problems,
    )
}

/// How often a grid is checked to find what it asks about files: paths may be computed from what files hold.
pub const MOST_ROUNDS: usize = 8;

/// What a grid asks about files and `sources` have no answer to.
pub fn lacking(resolved: &Resolved, modules: &Modules, sources: &Sources) -> BTreeSet<Question> {
    to_the_end(resolved, modules, sources, Wanted::Questions).lacking
}

/// The types of all expressions of a grid, to show them.
pub fn types(resolved: &Resolved, modules: &Modules, sources: &Sources) -> Vec<Seen> {
    described(resolved, modules, sources).seen
}

/// The same with what documents describe.
pub fn described(resolved: &Resolved, modules: &Modules, sources: &Sources) -> Described {
    let checked = to_the_end(resolved, modules, sources, Wanted::Types);
    Described {
        seen: checked.seen,
        documents: RefCell::new(checked.documents),
        of_outputs: checked.of_outputs,
        shown: checked.shown,
    }
}

/// The types of a grid, to show them.
#[derive(Debug)]
pub struct Described {
    /// Of all expressions.
    pub seen: Vec<Seen>,
    documents: RefCell<Documents>,
    of_outputs: BTreeMap<(StepId, String), Type>,
    shown: Shown,
}

impl Described {
    /// The type that a document gives to an output of a step.
    pub fn by_document(&self, step: StepId, output: &str) -> Option<&Type> {
        self.of_outputs.get(&(step, output.to_owned()))
    }

    /// The type of the message that an argument of a step is.
    pub fn by_method(&self, step: StepId, input: &str) -> Option<&Type> {
        self.shown.inputs.get(&(step, input.to_owned()))
    }

    /// The methods of which an input of a step or a resource selects one.
    pub fn methods(&self, owner: Node, input: &str) -> &[ShownMethod] {
        let found = self.shown.methods.get(&(owner, input.to_owned()));
        found.map_or(&[], Vec::as_slice)
    }

    /// A type with its first level opened, if it is one of a document.
    pub fn opened(&self, ty: &Type) -> Type {
        self.documents.borrow_mut().opened(ty).into_owned()
    }

    /// The same of what is given for a message, whose fields have also their names in JSON there.
    pub fn opened_to_give(&self, ty: &Type) -> Type {
        self.documents.borrow_mut().opened_to_give(ty)
    }

    /// What a document says of a field of a type.
    pub fn words_of_field(&self, of: &NamedType, name: &str) -> Option<String> {
        let mut documents = self.documents.borrow_mut();
        let words = documents.messages(of.document)?.words_of_field(of, name);
        words.filter(|words| !words.is_empty())
    }

    /// The names of an enum that a type is.
    pub fn names_of_enum(&self, ty: &Type) -> Vec<String> {
        let Type::Named(named) = ty else {
            return Vec::new();
        };
        let mut documents = self.documents.borrow_mut();
        let messages = documents.messages(named.document);
        messages.map_or(Vec::new(), |messages| messages.names_of_enum(named))
    }
}

/// The statements of a grid of which a server can be asked what they take and give.
pub fn statements(resolved: &Resolved, modules: &Modules, sources: &Sources) -> GridStatements {
    to_the_end(resolved, modules, sources, Wanted::Grid).statements
}

/// The columns of data with their types, in order; none where they cannot be known.
pub fn columns(
    resolved: &Resolved,
    modules: &Modules,
    sources: &Sources,
    data: DataId,
) -> Vec<(String, Type)> {
    let assumed = SensitiveInputs::none(&resolved.declarations);
    let mut checker = Checker::new(resolved, modules, sources, assumed);
    let found = checker.data(data);
    let columns = found.iter().flat_map(|data| &data.columns);
    columns
        .map(|column| (column.name.clone(), column.ty.clone()))
        .collect()
}

/// What was found of a grid.
struct Checked {
    /// It with its types.
    typed: Option<Typed>,
    problems: Problems,
    /// The types of all expressions if they are wanted.
    seen: Vec<Seen>,
    /// The documents that it names, and the types that they give to outputs.
    documents: Documents,
    of_outputs: BTreeMap<(StepId, String), Type>,
    shown: Shown,
    statements: GridStatements,
    /// Questions about files without an answer. What reads them has no type and no problem.
    lacking: BTreeSet<Question>,
}

/// What a check is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The grid with its types, and its problems.
    Grid,
    /// The same with the types of all expressions.
    Types,
    /// What it asks about files.
    Questions,
}

/// Checks a grid until nothing more is known of what calls hand to flows: once where no call hands over a secret.
fn to_the_end(
    resolved: &Resolved,
    modules: &Modules,
    sources: &Sources,
    wanted: Wanted,
) -> Checked {
    let mut assumed = SensitiveInputs::none(&resolved.declarations);
    loop {
        let mut checker = Checker::new(resolved, modules, sources, assumed.clone());
        checker.seen = (wanted == Wanted::Types).then(Vec::new);
        checker.only_asks = wanted == Wanted::Questions;
        let (checked, found) = all(resolved, checker);
        if found == assumed {
            return checked;
        }
        assumed = found;
    }
}

fn all(resolved: &Resolved, mut checker: Checker<'_>) -> (Checked, SensitiveInputs) {
    let declarations = &resolved.declarations;
    let runs =
        |body: &BodyDecl| body.phase.is_none() && body.flow.is_none() && !body.steps.is_empty();
    let nothing =
        !declarations.bodies.iter().any(runs) && declarations.scenarios().next().is_none();
    if nothing && !declarations.incomplete {
        let problem = checker
            .problems
            .whole(codes::NO_STEPS, "the grid has no step");
        problem.hint("a step is `step \"RUNNER\" \"NAME\" { .. }`");
    }
    let grid = checker.grid();
    let variables = checker.all_variables();
    let metrics = checker.all_metrics();
    checker.all_inputs();
    checker.run = checker.run_bodies();
    let of_phases = phase::read_by_main(resolved);
    for body in declarations.body_ids() {
        // Those of a flow whose output was read have their instances already.
        if body != BodyId::MAIN {
            checker.instances_in(body);
            continue;
        }
        for node in checker.order_of(body) {
            for phase in of_phases.get(node).into_iter().flatten() {
                checker.instances_in(*phase);
            }
            match node {
                Node::Local(id) => {
                    let local = &declarations.locals[id.0];
                    let value = checker.infer(&local.value);
                    let reads_secret = sensitivity::reads_secret([&value], &checker.locals);
                    checker.locals[id.0] = Some(TLocal {
                        name: local.name.text.clone(),
                        span: local.name.span,
                        value,
                        reads_secret,
                    });
                }
                Node::Step(id) => {
                    let instances = checker.instances_of(*id);
                    checker.instances[*id] = instances;
                }
                Node::Variable(_) | Node::Resource(_) => {}
            }
        }
    }
    checker.all_flows();
    let graphs = resolved.graphs.iter();
    let edges: Vec<_> = graphs
        .map(|graph| {
            let problems = &mut checker.problems;
            edges::existing(&graph.edges, declarations, &checker.instances, problems)
        })
        .collect();
    let resources = checker.all_resources(resolved, &edges);
    let bodies = declarations.body_ids();
    let mut steps: Vec<Vec<_>> = bodies.map(|_| Vec::new()).collect();
    for body in checker.callers_first() {
        let ids = declarations.step_ids(body);
        steps[body.0] = ids.map(|id| checker.step(id)).collect();
    }
    for (body, (edges, steps)) in declarations.body_ids().zip(edges.iter().zip(&steps)) {
        checker.always_comes_last(body, edges, steps);
    }
    checker.read_around_iterations(&steps, &resources);
    let mixes: Vec<_> = declarations
        .body_ids()
        .map(|body| checker.mix(body))
        .collect();
    let scenarios = checker.all_scenarios(&resolved.after);
    let phases = checker.all_phases();
    let thresholds = checker.all_thresholds(&resolved.metrics, &steps, &scenarios, &grid);
    checker.searches(&scenarios, &thresholds);
    let edges: Vec<_> = edges
        .into_iter()
        .map(|edges| edges::of_instances(edges, &checker.instances, &checker.indexed))
        .collect();
    let (problems, modules) = (&mut checker.problems, checker.modules);
    resource::check_uses_of_run_assets(&steps, &resources, declarations, modules, problems);
    resource::forget_unused_if_uses_are_wrong(problems);
    checker.unused_metrics(resolved.sound);
    checker.unused_data(resolved.sound);
    checker.unused_flows(resolved.sound);
    checker.many_calls();
    checker.open_seen();
    let seen = checker.seen.take().unwrap_or_default();
    let data = std::mem::take(&mut checker.data);
    let lacking = std::mem::take(&mut checker.lacking);
    let mut documents = std::mem::take(&mut checker.documents);
    let of_outputs = std::mem::take(&mut checker.document_types);
    let statements = std::mem::take(&mut checker.asked_of_servers);
    let shown = std::mem::take(&mut checker.shown);
    let literals = std::mem::take(&mut checker.literals);
    let locals: Option<Vec<_>> = checker.locals.into_iter().collect();
    let (bound_names, flows, found, run) = (
        checker.bound_names,
        checker.flows,
        checker.found,
        checker.run,
    );
    let mut problems = checker.problems;
    problems.extend(checker.of_documents);
    problems.sort();
    let parts = declarations
        .body_ids()
        .zip(&declarations.bodies)
        .zip(steps)
        .zip(resources);
    let parts = parts.zip(edges).zip(&resolved.graphs);
    let parts = parts.zip(scenarios).zip(flows).zip(mixes).zip(phases);
    let bodies: Option<Vec<TBody>> = parts
        .map(
            |(
                ((((((((id, body), steps), resources), edges), graph), scenario), flow), mix),
                phase,
            )| {
                let steps: Vec<TStep> = steps.into_iter().collect::<Option<_>>()?;
                // A flow that nothing calls is checked, and no part of the program.
                let is_run = run.contains(&id);
                let order = graph.order.iter().copied();
                let order = order.filter(|node| is_run || !matches!(node, Node::Step(_)));
                Some(TBody {
                    kind: body.kind,
                    name: body.shown_name().to_owned(),
                    steps: if is_run { steps } else { Vec::new() },
                    resources: resources.into_iter().collect::<Option<_>>()?,
                    edges: if is_run { edges } else { Vec::new() },
                    order: order.collect(),
                    scenario,
                    flow,
                    phase,
                    mix,
                })
            },
        )
        .collect();
    let thresholds: Option<Vec<_>> = thresholds.into_iter().collect();
    let data: Option<Vec<_>> = data.into_iter().map(KnownData::of).collect();
    let typed = bodies
        .zip(locals)
        .zip(thresholds)
        .zip(data)
        .filter(|_| !problems.has_errors())
        .map(|(((bodies, locals), thresholds), data)| Typed {
            grid,
            bodies,
            variables,
            metrics,
            locals,
            thresholds,
            data,
            bound_names,
        });
    if let Some(typed) = &typed {
        exclusive::check(typed, resolved, modules, &mut problems);
        late_result::check(typed, modules, &mut problems);
    }
    let typed = typed.filter(|_| !problems.has_errors());
    // What asks for a missing value may be what a name was meant for.
    if let Some(typed) = typed.as_ref().filter(|_| resolved.sound) {
        let about = null_safety::About {
            declarations,
            modules,
            literals: &literals,
        };
        null_safety::warn(typed, about, &mut documents, &mut problems);
        knowledge::warn(typed, resolved, modules, &mut problems);
        unused_names::warn(resolved, &mut problems);
        problems.sort();
    }
    let checked = Checked {
        typed,
        problems,
        seen,
        documents,
        of_outputs,
        shown,
        statements,
        lacking,
    };
    (checked, found)
}

#[cfg(test)]
mod tests;
