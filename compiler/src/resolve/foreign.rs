//! Steps that a scenario reads through a local or a resource at the top of the grid, but does not run.

use std::collections::BTreeMap;

use crate::diagnostics::{Problems, codes};
use crate::syntax::decl::{BodyKind, Declarations};

use super::model::{BodyGraph, BodyId, Node, StepId};

/// Reports them where the scenario names the local or resource.
pub(super) fn report(declarations: &Declarations, graphs: &[BodyGraph], problems: &mut Problems) {
    let Some((main, others)) = graphs.split_first() else {
        return;
    };
    if others.is_empty() {
        return;
    }
    let mut needs: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    for edge in &main.edges {
        needs.entry(edge.from).or_default().push(edge.to);
    }
    // Everything stands behind what it needs.
    let mut reads: BTreeMap<Node, StepId> = BTreeMap::new();
    for node in &main.order {
        if matches!(node, Node::Step(_) | Node::Variable(_)) {
            continue;
        }
        let step = needs
            .get(node)
            .into_iter()
            .flatten()
            .find_map(|needed| match needed {
                Node::Step(id) if id.body == BodyId::MAIN => Some(*id),
                other => reads.get(other).copied(),
            });
        reads.extend(step.map(|step| (*node, step)));
    }
    let bodies = (1..).map(BodyId).zip(others);
    let named = bodies.flat_map(|(body, graph)| {
        let edges = graph.edges.iter().map(|edge| (edge.to, edge.cause));
        let outputs = graph.read_by_outputs.iter().copied();
        edges
            .chain(outputs)
            .map(move |(to, cause)| (body, to, cause))
    });
    for (body, to, cause) in named.filter(|(_, to, _)| to.body() == BodyId::MAIN) {
        let Some(step) = reads.get(&to) else {
            continue;
        };
        let what = match to {
            Node::Local(id) => format!("local.{}", declarations.locals[id.0].name.text),
            Node::Resource(id) => declarations.resource(id).address(),
            Node::Step(_) | Node::Variable(_) => continue,
        };
        let step = declarations.step(*step).address();
        let reader = declarations.body(body);
        let (kind, hint) = match reader.kind {
            // What these reach is judged by itself.
            BodyKind::Phase(_) => continue,
            BodyKind::Flow => (
                "flow",
                "a flow reads its own steps and its inputs: hand the value over as an `input`",
            ),
            BodyKind::Main | BodyKind::Scenario => (
                "scenario",
                "a scenario reads its own steps: put the step into it, or read it in another way",
            ),
        };
        let text = format!(
            "`{what}` reads `{step}`, which the {kind} `{}` does not run",
            reader.name.text
        );
        problems
            .error(codes::REFERENCE_NOT_ALLOWED, cause, text)
            .hint(hint);
    }
}
