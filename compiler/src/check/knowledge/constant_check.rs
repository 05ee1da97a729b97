//! Warns of checks and validations that come out the same whatever they look at.

use crate::check::typed::{TExpr, Typed};
use crate::diagnostics::{Problem, Problems, codes};
use crate::source::Span;

use super::outcome;

pub(super) fn warn(typed: &Typed, problems: &mut Problems) {
    let checks = typed.steps().flat_map(|step| &step.checks);
    let checks = checks.filter_map(|check| {
        let text = match outcome::of(&check.condition, typed)? {
            true => "this check is always true, so it never fails",
            false => "this check is never true, so it fails each time",
        };
        let hint = "a check looks at what the step gave, such as `output.status_code == 200`";
        Some((&check.condition, text, hint))
    });
    let validations = typed
        .variables
        .iter()
        .flat_map(|variable| &variable.validations);
    let validations = validations.filter_map(|(condition, _, _)| {
        let text = match outcome::of(condition, typed)? {
            true => "this validation is always true, so it refuses no value",
            false => "this validation is never true, so it refuses each value",
        };
        Some((condition, text, "a validation looks at its variable"))
    });
    let found: Vec<(&TExpr, &str, &str)> = checks.chain(validations).collect();
    for (condition, text, hint) in found {
        if !is_said(problems, condition.span) {
            problems
                .warning(codes::CONSTANT_CHECK, condition.span, text)
                .hint(hint);
        }
    }
}

/// Whether a comparison in it was warned of, which is the cause.
fn is_said(problems: &Problems, condition: Span) -> bool {
    let is_within = |span: Span| {
        span.file == condition.file && condition.start <= span.start && span.end <= condition.end
    };
    let is_cause = |problem: &Problem| {
        problem.code == codes::UNLIKE_TYPES && problem.span.is_some_and(is_within)
    };
    problems.list.iter().any(is_cause)
}
