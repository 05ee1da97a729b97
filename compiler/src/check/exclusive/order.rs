//! Which steps of a body have ended before which others begin.
//!
//! A step that waits for one instance of another has not waited for the whole of it. Whatever waits for any instance of a step has
//! waited for all that the step itself waits for.

use std::collections::{BTreeMap, BTreeSet};

use super::touches::Lines;
use crate::check::typed::{TInstances, Typed};
use crate::resolve::model::{BodyId, Edge, Instances, Node, StepId};

/// The order of those steps of a body that use a line.
pub(super) struct Order {
    /// For each of them the steps of the body that have ended, all instances of them, before it begins.
    ended: BTreeMap<StepId, BTreeSet<StepId>>,
    /// Those that run once all others have ended.
    last: BTreeSet<StepId>,
    /// An iteration runs one of the steps alone.
    is_mix: bool,
}

impl Order {
    pub(super) fn of(typed: &Typed, body: BodyId, lines: &Lines<'_>) -> Self {
        let mut edges: BTreeMap<Node, Vec<&Edge>> = BTreeMap::new();
        let own = &typed.body(body).edges;
        // Locals and resources at the top hand on what they wait for.
        let top = typed.body(BodyId::MAIN).edges.iter();
        let top = top.filter(|edge| body != BodyId::MAIN && !matches!(edge.from, Node::Step(_)));
        for edge in own.iter().chain(top) {
            edges.entry(edge.from).or_default().push(edge);
        }
        let steps = lines.values().flatten().map(|touch| touch.step);
        let steps: BTreeSet<StepId> = steps.collect();
        let ended = steps
            .iter()
            .map(|step| (*step, ended(*step, &edges, typed)));
        let all = typed.step_ids(body);
        Self {
            ended: ended.collect(),
            last: all.filter(|step| typed.step(*step).always).collect(),
            is_mix: typed.body(body).mix.is_some(),
        }
    }

    /// Whether a step has ended before another one begins.
    pub(super) fn is_before(&self, first: StepId, then: StepId) -> bool {
        let waits = self
            .ended
            .get(&then)
            .is_some_and(|ended| ended.contains(&first));
        let comes_last = self.last.contains(&then) && !self.last.contains(&first);
        waits || comes_last && !self.is_mix
    }

    /// Whether two steps may run at the same time, or in either order.
    pub(super) fn is_open(&self, one: StepId, other: StepId) -> bool {
        !(self.is_mix || self.is_before(one, other) || self.is_before(other, one))
    }
}

/// The steps of its body that have ended when a step begins.
fn ended(step: StepId, edges: &BTreeMap<Node, Vec<&Edge>>, typed: &Typed) -> BTreeSet<StepId> {
    let mut seen: BTreeSet<Node> = BTreeSet::new();
    let mut waited: BTreeMap<StepId, BTreeSet<&Instances>> = BTreeMap::new();
    let mut open = vec![Node::Step(step)];
    while let Some(node) = open.pop() {
        for edge in edges.get(&node).into_iter().flatten() {
            if let Node::Step(to) = edge.to
                && to.body == step.body
            {
                waited.entry(to).or_default().insert(&edge.instances);
            }
            if seen.insert(edge.to) {
                open.push(edge.to);
            }
        }
    }
    let whole = waited.into_iter().filter(|(step, instances)| {
        let named = instances.len();
        instances.contains(&Instances::All)
            || match &typed.step(*step).instances {
                TInstances::Single => true,
                TInstances::Count(count) => named >= *count as usize,
                TInstances::ForEach(keys) => named >= keys.len(),
                TInstances::Late(_) => false,
            }
    });
    whole.map(|(step, _)| step).collect()
}
