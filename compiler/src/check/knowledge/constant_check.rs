//! Warns of checks and validations that come out the same whatever they look at.

use crate::check::typed::{TExpr, TJudged, Typed};
use crate::diagnostics::{Problem, Problems, codes};
use crate::source::Span;

use super::outcome::Outcomes;

pub(super) fn warn(typed: &Typed, problems: &mut Problems) {
    let mut outcomes = Outcomes::new(typed);
    let mut found: Vec<(&TExpr, &str, &str)> = Vec::new();
    for check in typed.steps().flat_map(|step| &step.checks) {
        let TJudged::Condition { condition, .. } = &check.judged else {
            continue;
        };
        let Some(outcome) = outcomes.of(condition) else {
            continue;
        };
        let text = match outcome {
            true => "this check is always true, so it never fails",
            false => "this check is never true, so it fails each time",
        };
        let hint = "a check looks at what the step gave, such as `output.status_code == 200`";
        found.push((condition, text, hint));
    }
    let variables = typed.variables.iter();
    for (condition, _, _) in variables.flat_map(|variable| &variable.validations) {
        let Some(outcome) = outcomes.of(condition) else {
            continue;
        };
        let text = match outcome {
            true => "this validation is always true, so it refuses no value",
            false => "this validation is never true, so it refuses each value",
        };
        found.push((condition, text, "a validation looks at its variable"));
    }
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
