//! Warns of closed profiles with few users that do hardly more than wait until what they send goes out with what others send.

use bggo_schedule::{Bound, Schedule};
use bggo_values::Value;

use super::waits::{Waits, delays};
use crate::check::typed::{TStep, Typed};
use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;
use crate::resolve::model::Callee;

/// A ceiling above this, in iterations a second, is none: a target or a processor is one before.
const HIGH: f64 = 10_000.0;

pub(super) fn warn(typed: &Typed, modules: &Modules, problems: &mut Problems) {
    let lingers = |step: &TStep| linger(step, typed, modules);
    let both = |step: &TStep| lingers(step) + delays(step);
    let (mut lingering, mut waits) = (Waits::new(typed, &lingers), Waits::new(typed, &both));
    for id in typed.body_ids() {
        let body = typed.body(id);
        let Some(scenario) = &body.scenario else {
            continue;
        };
        let Some(load) = scenario.load.known() else {
            continue;
        };
        let Schedule::Closed(closed) = &load.schedule else {
            continue;
        };
        // A number of iterations is asked for, and no rate.
        if closed.bound != Bound::None {
            continue;
        }
        let (linger, wait) = (lingering.of_body(id), waits.of_body(id));
        let ceiling = f64::from(closed.users) / wait;
        // Where delays take most of the time the load is meant to be slow.
        if linger <= 0.0 || linger * 2.0 < wait || ceiling >= HIGH {
            continue;
        }
        let text = format!(
            "`{}` begins no more than {} iterations a second however fast its target is: each lingers {} ms for others, and {} users wait for that",
            body.name,
            ceiling.ceil(),
            (linger * 1e6).round() / 1e3,
            closed.users
        );
        problems
            .warning(codes::LINGER_SETS_RATE, scenario.load.place, text)
            .hint("write more users, or a shorter linger, or do not wait for the result");
    }
}

/// How many seconds a step lingers, as far as that is known.
fn linger(step: &TStep, typed: &Typed, modules: &Modules) -> f64 {
    let Callee::Runner(at) = step.callee else {
        return 0.0;
    };
    let runner = modules.runner(at);
    let Some((used, input)) = runner.lingers.as_ref().filter(|_| !step.late_result) else {
        return 0.0;
    };
    let place = runner.uses.iter().position(|known| known.name == *used);
    let used = step.uses.iter().find(|(at, ..)| Some(*at) == place);
    let found = used.and_then(|(_, id, _)| {
        let resource = typed.resource(*id);
        let inputs = &modules.asset(resource.asset).inputs;
        let place = inputs.iter().position(|known| known.name == *input)?;
        let mut arguments = resource.arguments.iter();
        match arguments.find(|(at, _)| *at == place) {
            Some((_, given)) => given.constant().cloned(),
            None => inputs.get(place)?.default.clone(),
        }
    });
    match found {
        Some(Value::Duration(linger)) => linger.as_secs_f64(),
        _ => 0.0,
    }
}
