//! Outputs that are read of a step whose result comes after it: nothing that runs with it could ever have them.

use super::typed::{TExpr, TKind, Typed};
use super::walk::walk;
use crate::diagnostics::{Problems, codes};
use crate::modules::Modules;

/// Errors of a grid that has no errors otherwise.
pub(super) fn check(typed: &Typed, modules: &Modules, problems: &mut Problems) {
    let mut ids = typed.body_ids().flat_map(|body| typed.step_ids(body));
    if !ids.any(|id| typed.step(id).late_result) {
        return;
    }
    let mut look = |expr: &TExpr| {
        walk(expr, &mut |node| {
            let TKind::Output {
                step,
                field: Some(field),
                ..
            } = &node.kind
            else {
                return;
            };
            let step = typed.step(*step);
            let runner = typed.runner_of(step, modules);
            let output = runner.outputs.get(*field);
            let Some(output) = output.filter(|output| step.late_result && output.comes_late) else {
                return;
            };
            let text = format!(
                "`{}` of `step.{}.{}` is known only after the step, when nobody reads it any more",
                output.name, step.runner_name, step.name
            );
            problems
                .error(codes::LATE_RESULT, node.span, text)
                .label(step.span, "this step does not wait for its result")
                .hint("let the step wait for it, or read nothing of it: metrics count the results that come later");
        });
    };
    for local in &typed.locals {
        look(&local.value);
    }
    for body in typed.body_ids() {
        let parts = typed.body(body);
        parts
            .steps
            .iter()
            .flat_map(|step| step.expressions())
            .for_each(&mut look);
        let resources = parts.resources.iter();
        let arguments = resources.flat_map(|resource| &resource.arguments);
        arguments.for_each(|(_, value)| look(value));
        let outputs = parts.flow.iter().flat_map(|flow| &flow.outputs);
        outputs.for_each(&mut look);
    }
}
