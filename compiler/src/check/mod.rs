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
mod checks;
mod contract;
mod edges;
mod expression;
mod figure;
mod fold;
mod instances;
mod lifetime;
mod metric;
mod resource;
mod rule;
mod scenario;
mod sensitivity;
mod step;
mod threshold;
pub mod typed;
mod variable;
pub mod walk;

use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{Node, Resolved};

use expression::context::Checker;
use typed::{TBody, TLocal, Typed};

pub use expression::condition::faults_of_conditions;
pub use expression::context::Seen;
pub use instances::MOST_INSTANCES;

/// A grid with its types (`None` if some part has none), and all its problems.
pub fn check(resolved: &Resolved, modules: &Modules) -> (Option<Typed>, Problems) {
    let (typed, problems, _) = all(resolved, Checker::new(resolved, modules));
    (typed, problems)
}

/// The types of all expressions of a grid, to show them.
pub fn types(resolved: &Resolved, modules: &Modules) -> Vec<Seen> {
    let mut checker = Checker::new(resolved, modules);
    checker.seen = Some(Vec::new());
    all(resolved, checker).2
}

fn all(resolved: &Resolved, mut checker: Checker<'_>) -> (Option<Typed>, Problems, Vec<Seen>) {
    let declarations = &resolved.declarations;
    let nothing =
        declarations.steps().next().is_none() && declarations.scenarios().next().is_none();
    if nothing && !declarations.incomplete && !declarations.later {
        let problem = checker
            .problems
            .whole(codes::NO_STEPS, "the grid has no step");
        problem.hint("a step is `step \"RUNNER\" \"NAME\" { .. }`");
    }
    let variables = checker.all_variables();
    let metrics = checker.all_metrics();
    for node in resolved.graphs.iter().flat_map(|graph| &graph.order) {
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
    let graphs = resolved.graphs.iter();
    let edges: Vec<_> = graphs
        .map(|graph| {
            let problems = &mut checker.problems;
            edges::existing(&graph.edges, declarations, &checker.instances, problems)
        })
        .collect();
    let resources = checker.all_resources(resolved, &edges);
    let bodies = declarations.body_ids();
    let steps: Vec<Vec<_>> = bodies
        .map(|body| {
            let steps = declarations.step_ids(body);
            steps.map(|id| checker.step(id)).collect()
        })
        .collect();
    let scenarios = checker.all_scenarios(&resolved.after);
    let thresholds = checker.all_thresholds(&resolved.metrics, &steps, &scenarios);
    checker.searches(&scenarios, &thresholds);
    let edges: Vec<_> = edges
        .into_iter()
        .map(|edges| edges::of_instances(edges, &checker.instances, &checker.indexed))
        .collect();
    let (problems, modules) = (&mut checker.problems, checker.modules);
    resource::check_uses_of_run_assets(&steps, &resources, declarations, modules, problems);
    checker.unused_metrics(resolved.sound);
    let seen = checker.seen.take().unwrap_or_default();
    let locals: Option<Vec<_>> = checker.locals.into_iter().collect();
    let bound_names = checker.bound_names;
    let mut problems = checker.problems;
    problems.sort();
    let parts = declarations.bodies.iter().zip(steps).zip(resources);
    let parts = parts.zip(edges).zip(&resolved.graphs).zip(scenarios);
    let bodies: Option<Vec<TBody>> = parts
        .map(|(((((body, steps), resources), edges), graph), scenario)| {
            Some(TBody {
                kind: body.kind,
                name: body.name.text.clone(),
                steps: steps.into_iter().collect::<Option<_>>()?,
                resources: resources.into_iter().collect::<Option<_>>()?,
                edges,
                order: graph.order.clone(),
                scenario,
            })
        })
        .collect();
    let thresholds: Option<Vec<_>> = thresholds.into_iter().collect();
    let typed = bodies
        .zip(locals)
        .zip(thresholds)
        .filter(|_| !problems.has_errors())
        .map(|((bodies, locals), thresholds)| Typed {
            bodies,
            variables,
            metrics,
            locals,
            thresholds,
            bound_names,
        });
    (typed, problems, seen)
}

#[cfg(test)]
mod tests;
