//! Warns of steps whose outputs nobody reads and that do nothing else, as far as their manifests say so.
//!
//! ```text
//! steps that do something, resources, outputs of flows --name--> steps that are needed --name--> ..
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::check::typed::Typed;
use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::{BodyId, Callee, MetricSubject, Node, Resolved, ResourceId, StepId};

pub(super) fn warn(typed: &Typed, resolved: &Resolved, modules: &Modules, problems: &mut Problems) {
    let ids = typed.body_ids().flat_map(|body| typed.step_ids(body));
    let ids: Vec<StepId> = ids.collect();
    let mut effects = Effects {
        typed,
        modules,
        measured: measured(resolved),
        of_flows: BTreeMap::new(),
    };
    let idle: BTreeSet<StepId> = ids
        .iter()
        .copied()
        .filter(|id| !effects.of_step(*id))
        .collect();
    if idle.is_empty() {
        return;
    }
    let doing = ids.into_iter().filter(|id| !idle.contains(id));
    let needed = needed(resolved, doing);
    for id in idle.into_iter().filter(|id| !needed.contains(id)) {
        let address = resolved.declarations.step(id).address();
        let text = format!("nobody needs an output of `{address}`, and it does nothing else");
        problems
            .warning(codes::NEEDLESS_STEP, typed.step(id).span, text)
            .hint(format!("delete it, or read `{address}.output`"));
    }
}

/// Steps whose figures a threshold reads.
fn measured(resolved: &Resolved) -> BTreeSet<StepId> {
    let reads = resolved.metrics.iter();
    let steps = reads.filter_map(|read| match &read.subject {
        MetricSubject::Step { steps, .. } | MetricSubject::Flow { steps, .. } => Some(steps),
        MetricSubject::Run | MetricSubject::Scenario(_) | MetricSubject::Custom(_) => None,
    });
    steps.flatten().copied().collect()
}

/// Which steps do something beside giving outputs.
struct Effects<'a> {
    typed: &'a Typed,
    modules: &'a Modules,
    measured: BTreeSet<StepId>,
    of_flows: BTreeMap<BodyId, bool>,
}

impl Effects<'_> {
    fn of_step(&mut self, id: StepId) -> bool {
        let typed = self.typed;
        let step = typed.step(id);
        // A step of a mix may be there for the iterations that do nothing.
        let is_of_mix = typed.body(id.body).mix.is_some();
        let says_more = !step.checks.is_empty() || !step.records.is_empty();
        let takes_time = step.delay_before.is_some() || step.delay_after.is_some();
        if is_of_mix
            || says_more
            || takes_time
            || !step.parts.is_empty()
            || self.measured.contains(&id)
        {
            return true;
        }
        match step.callee {
            Callee::Flow(flow) => self.of_flow(flow),
            Callee::Runner(at) => {
                let runner = self.modules.runner(at);
                let Some(names) = &runner.no_effect_without else {
                    return true;
                };
                step.arguments.iter().any(|(at, _)| {
                    let input = runner.inputs.get(*at);
                    input.is_none_or(|input| names.contains(&input.name))
                })
            }
        }
    }

    /// (No flow calls itself.)
    fn of_flow(&mut self, flow: BodyId) -> bool {
        if let Some(known) = self.of_flows.get(&flow) {
            return *known;
        }
        let typed = self.typed;
        let found = typed.step_ids(flow).any(|id| self.of_step(id));
        self.of_flows.insert(flow, found);
        found
    }
}

/// Steps that something names which is needed itself, also through locals. What is folded away counts as well: without the
/// step its name would mean nothing.
fn needed(resolved: &Resolved, doing: impl Iterator<Item = StepId>) -> BTreeSet<StepId> {
    let mut names: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    for edge in resolved.graphs.iter().flat_map(|graph| &graph.edges) {
        names.entry(edge.from).or_default().push(edge.to);
    }
    let resources = resolved.declarations.body_ids().flat_map(|body| {
        let count = resolved.declarations.body(body).resources.len();
        (0..count).map(move |index| Node::Resource(ResourceId { body, index }))
    });
    let outputs = resolved.graphs.iter();
    let outputs = outputs.flat_map(|graph| graph.read_by_outputs.iter().map(|(node, _)| *node));
    let mut open: Vec<Node> = doing.map(Node::Step).collect();
    open.extend(resources.chain(outputs));
    let mut seen: BTreeSet<Node> = open.iter().copied().collect();
    while let Some(node) = open.pop() {
        let named = names.get(&node).into_iter().flatten();
        open.extend(named.copied().filter(|named| seen.insert(*named)));
    }
    let steps = seen.into_iter();
    let steps = steps.filter_map(|node| match node {
        Node::Step(id) => Some(id),
        Node::Variable(_) | Node::Local(_) | Node::Resource(_) => None,
    });
    steps.collect()
}
