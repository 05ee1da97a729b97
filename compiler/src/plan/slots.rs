//! Which slots measure what, as numbers. All arithmetic of slots that the compiler has stands here.
//!
//! A step has slots of its times, then of the metrics of its manifest and of its attempts, then of its checks. Behind all steps of a body stand
//! the metrics of the grid that they record. Steps and bodies begin at even slots: a slot shares its pages of memory with its
//! neighbour, and the first two of a step are the ones that are alike.
//!
//! Behind these stand the slots of each flow that the body calls, once for each call. A step's slots count from the first one
//! of its body, so a body is the same wherever it is used. The body of a scenario
//! begins behind that of the scenario before, and what runs once before and after them behind all of them. What users run before
//! and after their iterations is counted as if their body called it. Resources belong to the whole run: theirs come behind all of these.

use super::model::{BodyPlan, Resource, RunPhase, Runs, Scenario};
use crate::resolve::model::BodyId;
use bggo_metrics::step_slot;

/// Counters of attempts and of retries, of a step that may have several attempts.
const ATTEMPTS: u32 = 2;

/// Gives steps, scenarios and resources their slots.
///
/// Bodies are numbered in `order`, in which a flow stands before those that call it.
pub fn number(
    (order, bodies): (&[BodyId], &mut [BodyPlan]),
    (scenarios, phases): (&mut [Scenario], &mut [RunPhase]),
    resources: &mut [Resource],
) {
    for id in order {
        let of_flows: Vec<u32> = bodies.iter().map(|body| body.slots).collect();
        let body = &mut bodies[id.0];
        body.slots = 0;
        for step in &mut body.steps {
            let checks = u32::try_from(step.checks.len()).unwrap_or(u32::MAX);
            let attempts = if step.parts.has_attempts() {
                ATTEMPTS
            } else {
                0
            };
            let before_checks = step_slot::first_metric(0) + step.metrics + attempts;
            step.slots = (body.slots, before_checks + checks);
            body.slots += step.slots.1.next_multiple_of(2);
        }
        for metric in &mut body.metrics {
            metric.slot = body.slots;
            body.slots += 1;
        }
        body.slots = body.slots.next_multiple_of(2);
        for step in &mut body.steps {
            if let Runs::Flow(call) = &mut step.runs {
                call.first_slot = body.slots;
                body.slots = body.slots.saturating_add(of_flows[call.body.0]);
            }
        }
        for hosted in &mut body.hosted {
            hosted.first_slot = body.slots;
            body.slots = body.slots.saturating_add(of_flows[hosted.body.0]);
        }
    }
    let mut next = 0;
    for scenario in scenarios {
        scenario.first_slot = next;
        next += bodies[scenario.body.0].slots;
    }
    for phase in phases {
        phase.first_slot = next;
        next += bodies[phase.body.0].slots;
    }
    for resource in resources {
        resource.first_slot = next;
        next += resource.metrics;
    }
}
