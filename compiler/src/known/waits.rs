//! How long the delays of an iteration take at least, in seconds: along the slowest of its branches.

use crate::check::typed::TDelay;
use crate::plan::model::{BodyPlan, Plan, Schedule, Step};
use bggo_values::Value;

/// Of one run of a body. What is drawn counts by its mean, and what is known late as nothing.
pub(super) fn of_body(plan: &Plan, body: &BodyPlan) -> f64 {
    let always = body.always.as_ref();
    let always = always.map_or(0.0, |always| of_schedule(plan, body, always));
    of_schedule(plan, body, &body.schedule) + always
}

/// Whether some delay on the way of an iteration is not known, so that it may wait longer.
pub(super) fn may_be_longer(plan: &Plan, body: &BodyPlan) -> bool {
    body.steps.iter().any(|step| {
        let mut delays = step.delay_before.iter().chain(&step.delay_after);
        let has_delays = step.delay_before.is_some() || step.delay_after.is_some();
        let is_counted = !may_not_run(step) && step.instances.known_count().is_some();
        let is_known = |delay: &TDelay| {
            delay
                .expressions()
                .iter()
                .all(|one| one.constant().is_some())
        };
        let own = has_delays && !(is_counted && delays.all(is_known));
        let called = step.call().map(|call| plan.body(call.body));
        let of_call = |called: &BodyPlan| match is_counted {
            true => may_be_longer(plan, called),
            false => of_body(plan, called) > 0.0 || may_be_longer(plan, called),
        };
        own || called.is_some_and(of_call)
    })
}

fn may_not_run(step: &Step) -> bool {
    let enabled = step.enabled.as_ref();
    enabled.is_some_and(|enabled| !matches!(enabled.constant(), Some(Value::Bool(true))))
}

fn of_schedule(plan: &Plan, body: &BodyPlan, schedule: &Schedule) -> f64 {
    let each = |parts: &[Schedule]| -> Vec<f64> {
        let waits = parts.iter().map(|part| of_schedule(plan, body, part));
        waits.collect()
    };
    match schedule {
        Schedule::Node(node) => body
            .nodes
            .get(*node)
            .and_then(|node| body.steps.get(node.step))
            .map_or(0.0, |step| of_step(plan, step)),
        Schedule::Sequence(parts) => each(parts).into_iter().sum(),
        Schedule::Fork(parts) => each(parts).into_iter().fold(0.0, f64::max),
        Schedule::Choice(parts) => {
            let whole: f64 = parts.iter().map(|(weight, _)| f64::from(*weight)).sum();
            let waits = parts
                .iter()
                .map(|(weight, part)| f64::from(*weight) * of_schedule(plan, body, part));
            waits.sum::<f64>() / whole.max(1.0)
        }
        Schedule::Wait(_) | Schedule::Open(_) => 0.0,
    }
}

fn of_step(plan: &Plan, step: &Step) -> f64 {
    if may_not_run(step) || step.instances.known_count().is_none_or(|count| count == 0) {
        return 0.0;
    }
    let own = step.delay_before.iter().chain(&step.delay_after);
    let own: f64 = own.map(TDelay::mean).sum();
    let called = step.call().map(|call| of_body(plan, plan.body(call.body)));
    own + called.unwrap_or(0.0)
}
