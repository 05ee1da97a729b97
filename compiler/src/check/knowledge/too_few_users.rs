//! Warns of open profiles that cannot have as many users as the delays of their iterations keep busy.

use std::collections::BTreeMap;

use bggo_schedule::{Nanos, Schedule, nanos};
use bggo_values::Value;
use std::time::Duration;

use crate::check::typed::{TBody, TStep, Typed};
use crate::diagnostics::{Problems, codes};
use crate::resolve::model::{BodyId, Callee, Node};

pub(super) fn warn(typed: &Typed, problems: &mut Problems) {
    let mut waits = Waits {
        typed,
        of_bodies: BTreeMap::new(),
    };
    for id in typed.body_ids() {
        let body = typed.body(id);
        let Some(scenario) = &body.scenario else {
            continue;
        };
        let Some(load) = scenario.load.known() else {
            continue;
        };
        let Schedule::Open(arrivals) = &load.schedule else {
            continue;
        };
        // Of a rate that changes, how many are busy at once depends on when.
        let (lowest, rate) = arrivals.rate.extremes();
        let wait = waits.of_body(id);
        if lowest < rate || in_nanos(wait) > arrivals.rate.length() {
            continue;
        }
        let needed = (rate * wait).ceil();
        if needed > f64::from(arrivals.max_users) {
            let text = format!(
                "`{}` keeps {needed} users busy with delays alone, and it has at most {}",
                body.name, arrivals.max_users
            );
            problems
                .warning(codes::TOO_FEW_USERS, scenario.load.place, text)
                .hint("write a larger `max_vus`, a smaller `rate`, or shorter delays");
        }
    }
}

fn in_nanos(seconds: f64) -> Nanos {
    Duration::try_from_secs_f64(seconds).map_or(Nanos::MAX, nanos)
}

/// How many seconds the delays of an iteration take at least, in the mean.
struct Waits<'t> {
    typed: &'t Typed,
    of_bodies: BTreeMap<BodyId, f64>,
}

impl Waits<'_> {
    /// (No flow calls itself.)
    fn of_body(&mut self, id: BodyId) -> f64 {
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
        let delays = step.delay_before.iter().chain(&step.delay_after);
        let own: f64 = delays.map(|delay| delay.mean()).sum();
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
