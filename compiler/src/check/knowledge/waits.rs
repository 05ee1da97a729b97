//! How long the iterations of a body wait, along the longest of its branches.

use std::collections::BTreeMap;

use bggo_values::Value;

use crate::check::typed::{TBody, TStep, Typed};
use crate::resolve::model::{BodyId, Callee, Node};

/// How many seconds an iteration waits at least, in the mean.
pub(super) struct Waits<'t> {
    typed: &'t Typed,
    /// How long a step waits itself, in seconds.
    of_one: &'t dyn Fn(&TStep) -> f64,
    of_bodies: BTreeMap<BodyId, f64>,
}

/// How many seconds the delays of a step take.
pub(super) fn delays(step: &TStep) -> f64 {
    let delays = step.delay_before.iter().chain(&step.delay_after);
    delays.map(|delay| delay.mean()).sum()
}

impl<'t> Waits<'t> {
    pub(super) fn new(typed: &'t Typed, of_one: &'t dyn Fn(&TStep) -> f64) -> Self {
        Self {
            typed,
            of_one,
            of_bodies: BTreeMap::new(),
        }
    }

    /// (No flow calls itself.)
    pub(super) fn of_body(&mut self, id: BodyId) -> f64 {
        if let Some(known) = self.of_bodies.get(&id) {
            return *known;
        }
        let body = self.typed.body(id);
        let of_steps: Vec<f64> = body.steps.iter().map(|step| self.of_step(step)).collect();
        let wait = match &body.mix {
            Some(weights) => mean(weights, &of_steps),
            None => longest(body, &of_steps),
        };
        self.of_bodies.insert(id, wait);
        wait
    }

    fn of_step(&mut self, step: &TStep) -> f64 {
        let enabled = step.enabled.as_ref();
        let may_not_run =
            enabled.is_some_and(|one| !matches!(one.constant(), Some(Value::Bool(true))));
        if may_not_run || step.instances.may_be_none() {
            return 0.0;
        }
        let own = (self.of_one)(step);
        match step.callee {
            Callee::Flow(flow) => own + self.of_body(flow),
            Callee::Runner(_) => own,
        }
    }
}

fn mean(weights: &[u32], of_steps: &[f64]) -> f64 {
    let whole: f64 = weights.iter().copied().map(f64::from).sum();
    let weighted = weights.iter().zip(of_steps);
    let weighted = weighted.map(|(weight, wait)| f64::from(*weight) * wait);
    weighted.sum::<f64>() / whole.max(1.0)
}

/// Along the steps that wait for each other; those that do not run at the same time.
fn longest(body: &TBody, of_steps: &[f64]) -> f64 {
    let mut ends = vec![0.0_f64; of_steps.len()];
    let mut after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for edge in &body.edges {
        if let (Node::Step(from), Node::Step(to)) = (edge.from, edge.to)
            && from.body == to.body
        {
            after.entry(from.index).or_default().push(to.index);
        }
    }
    // Each stands after those that it waits for.
    for node in &body.order {
        let Node::Step(id) = node else { continue };
        let before = after.get(&id.index).into_iter().flatten();
        let begins = before.filter_map(|at| ends.get(*at)).copied();
        let begins = begins.fold(0.0, f64::max);
        if let (Some(end), Some(wait)) = (ends.get_mut(id.index), of_steps.get(id.index)) {
            *end = begins + wait;
        }
    }
    ends.into_iter().fold(0.0, f64::max)
}
