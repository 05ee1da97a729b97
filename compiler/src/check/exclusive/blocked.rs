//! A step that waits for what others bring about, with a line in its hands that another step may need meanwhile: none of them
//! gets on.

use super::On;
use super::touches::Touch;
use crate::check::typed::{TInstances, TStep, constant_number};
use crate::diagnostics::{Problems, codes};

pub(super) fn check(on: &On<'_>, touches: &[Touch<'_>], problems: &mut Problems) {
    for (place, touch) in touches.iter().enumerate() {
        let Some(blocks) = touch.blocks else { continue };
        let others = touches.iter().enumerate();
        // Of two that both wait it is said once.
        let others = others.filter(|(at, other)| {
            let said = other.blocks.is_some() && *at < place;
            *at != place && !said && on.order.is_open(touch.step, other.step)
        });
        let others: Vec<&Touch<'_>> = others.map(|(_, other)| other).collect();
        let beside_itself = runs_beside_itself(on.typed.step(touch.step));
        if others.is_empty() && !beside_itself {
            continue;
        }
        let resource = on.resource();
        let who = match others.first() {
            Some(other) => format!("`{}` may need it meanwhile", on.address(other.step)),
            None => "other instances of it need it meanwhile".to_owned(),
        };
        let text = format!(
            "`{}` keeps {resource} while it waits, and {who}",
            on.address(blocks)
        );
        let problem = problems.error(codes::BLOCKED_CONNECTION, on.typed.step(blocks).span, text);
        if blocks != touch.step {
            let label = match beside_itself && others.is_empty() {
                true => "several of these calls run at the same time",
                false => "it is called here",
            };
            problem.label(on.typed.step(touch.step).span, label);
        }
        for other in &others {
            let span = on.typed.step(other.step).span;
            problem.label(span, "this may run at the same time");
        }
        problem.hint(match others.is_empty() {
            true => "give each instance a resource of its own, or write `concurrency { limit = 1 }`",
            false => "give one of them a resource of its own, or let one wait for the other: `depends_on = [..]`",
        });
    }
}

/// Whether instances of a step may run at the same time.
pub(super) fn runs_beside_itself(step: &TStep) -> bool {
    let several = match &step.instances {
        TInstances::Single => false,
        TInstances::Count(count) => *count > 1,
        TInstances::ForEach(keys) => keys.len() > 1,
        TInstances::Late(_) => true,
    };
    let limit = step.parts.concurrency.as_ref();
    let one_by_one =
        limit.is_some_and(|part| part.key.is_none() && constant_number(&part.limit) == Some(1));
    several && !one_by_one
}
