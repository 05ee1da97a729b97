//! Types, binding times and sensitivity of every expression; arguments against manifests; constants folded.
//!
//! ```text
//! variables --> locals and numbers of instances, in the graph's order --> resources and steps --> edges
//! ```
//!
//! What is known when the grid is built is computed at once (`fold`), by the functions that a compiled grid calls. A value
//! that does not exist is an error of the grid where its expression surely runs, else the program's own fault. An
//! expression with a reported problem has `Type::Error`, and whoever reads it keeps silent.

mod access;
mod attempt;
mod call;
mod context;
mod contract;
mod equality;
mod fold;
mod forms;
mod infer;
mod instances;
mod later;
mod lifetime;
mod misfit;
mod operator;
mod outputs;
mod pattern;
mod sensitivity;
mod settings;
mod template;
pub mod typed;
mod variable;
pub mod walk;

use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{Node, Resolved, StepId};

use context::Checker;
use typed::{TLocal, Typed};

pub use context::Seen;
pub use instances::MOST_INSTANCES;

/// A grid with its types (`None` where some part of it has none), and all that is wrong with it.
pub fn check(resolved: &Resolved, modules: &Modules) -> (Option<Typed>, Problems) {
    let (typed, problems, _) = all(resolved, Checker::new(resolved, modules));
    (typed, problems)
}

/// The types of all expressions of a grid, for whoever shows them.
pub fn types(resolved: &Resolved, modules: &Modules) -> Vec<Seen> {
    let mut checker = Checker::new(resolved, modules);
    checker.seen = Some(Vec::new());
    all(resolved, checker).2
}

fn all(resolved: &Resolved, mut checker: Checker<'_>) -> (Option<Typed>, Problems, Vec<Seen>) {
    let declarations = &resolved.declarations;
    if declarations.steps.is_empty() && !declarations.incomplete && !declarations.later {
        let problem = checker
            .problems
            .whole(codes::NO_STEPS, "the grid has no step");
        problem.hint("a step is `step \"RUNNER\" \"NAME\" { .. }`");
    }
    let variables = checker.all_variables();
    for node in &resolved.order {
        match node {
            Node::Local(id) => {
                let local = &declarations.locals[id.0];
                let value = checker.infer(&local.value);
                checker.locals[id.0] = Some(TLocal {
                    name: local.name.text.clone(),
                    span: local.name.span,
                    value,
                });
            }
            Node::Step(id) => {
                let instances = checker.instances_of(*id);
                checker.instances[id.0] = Some(instances);
            }
            Node::Variable(_) | Node::Resource(_) => {}
        }
    }
    let edges = checker.edges(&resolved.edges);
    let resources = checker.all_resources(&resolved.order, &edges);
    let steps: Vec<_> = (0..declarations.steps.len())
        .map(|place| checker.step(StepId(place)))
        .collect();
    let edges = checker.named_edges(edges);
    checker.handed_over(&steps, &resources);
    let seen = checker.seen.take().unwrap_or_default();
    let locals: Option<Vec<_>> = checker.locals.into_iter().collect();
    let mut problems = checker.problems;
    problems.sort();
    let whole = !problems.has_errors() && resources.len() == declarations.resources.len();
    let steps: Option<Vec<_>> = steps.into_iter().collect();
    let typed = steps
        .zip(locals)
        .filter(|_| whole)
        .map(|(steps, locals)| Typed {
            steps,
            resources,
            variables,
            locals,
            bound_names: resolved.bound_names.clone(),
            edges,
            order: resolved.order.clone(),
        });
    (typed, problems, seen)
}

#[cfg(test)]
mod tests;
