//! Names to ids: every traversal becomes a typed reference or a diagnostic; edges carry the place that caused them.
//!
//! ```text
//! declarations --scope--> names of each body --reference, depends--> references, and a graph for each body
//!              --graph--> its order, or cycles
//! ```

mod address;
mod data;
pub mod data_reads;
mod depends;
mod flow;
mod foreign;
mod graph;
mod hint;
mod metrics;
pub mod model;
mod phase;
mod quoted;
mod reference;
mod root;
mod scenario;
mod scope;
mod traversal;

use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::syntax::decl::{Declarations, Expr};

pub use root::ROOTS;

use model::{Condition, Resolved};
use reference::{Reads, Resolver};
use scope::Names;

/// Finds what the names of a grid stand for, and the order of its graph.
pub fn resolve(declarations: Declarations, modules: &Modules) -> (Resolved, Problems) {
    let mut problems = Problems::default();
    let assets = scope::assets(&declarations, modules, &mut problems);
    let names = Names::of(&declarations, &mut problems);
    names.report_taken(&declarations, modules, &mut problems);
    let mut callees = scope::callees(&declarations, &names, modules, &mut problems);
    let mut resolver = Resolver::new(&declarations, names, modules, problems);
    resolver.all();
    let mut found = resolver.found;
    let mut problems = resolver.problems;
    flow::report_cycles(&declarations, &mut callees, &mut problems);
    flow::read_through(&declarations, &callees, &mut found.graphs);
    phase::report_and_order(&declarations, &callees, &mut found.graphs, &mut problems);
    for (body, graph) in declarations.body_ids().zip(&mut found.graphs) {
        graph.order = graph::order(&declarations, body, &graph.edges, &mut problems);
    }
    scenario::report_cycles(&declarations, &mut found.after, &mut problems);
    foreign::report(&declarations, &found.graphs, &mut problems);
    problems.sort();
    let resolved = Resolved {
        callees,
        assets,
        references: found.references,
        bound: found.bound,
        bound_names: found.bound_names,
        metrics: found.metrics,
        graphs: found.graphs,
        after: found
            .after
            .into_iter()
            .map(|after| Some(after?.0))
            .collect(),
        sound: !problems.has_errors(),
        declarations,
    };
    (resolved, problems)
}

/// What the names of a condition of a manifest stand for. Its expressions have the ids from 0 up to `ids`.
pub fn resolve_condition(expr: Expr, ids: u32) -> (Condition, Problems) {
    resolve_alone(expr, ids, Reads::OfRule)
}

/// What the names of a template stand for: all but those that it binds itself are variables that the call gives it.
pub fn resolve_template(expr: Expr, ids: u32) -> (Condition, Problems) {
    resolve_alone(expr, ids, Reads::OfTemplate)
}

fn resolve_alone(expr: Expr, ids: u32, reads: Reads) -> (Condition, Problems) {
    let (declarations, modules) = (Declarations::default(), Modules::default());
    let mut problems = Problems::default();
    let names = Names::of(&declarations, &mut problems);
    let mut resolver = Resolver::new(&declarations, names, &modules, problems);
    resolver.owner.reads = reads;
    resolver.expr(&expr);
    let (found, problems) = (resolver.found, resolver.problems);
    let mut references = vec![None; ids as usize];
    for (id, reference) in found.references {
        if let Some(place) = references.get_mut(id.0 as usize) {
            *place = Some(reference);
        }
    }
    let condition = Condition {
        expr,
        references,
        bound: found.bound,
        bound_names: found.bound_names,
        reads: found.reads,
    };
    (condition, problems)
}

#[cfg(test)]
mod tests;
