//! Who names a piece of a grid: the declarations in which its places stand.

use super::analysis::Analysis;
use super::names::{Place, step_of_output};
use crate::resolve::model::StepId;
use crate::source::Span;
use crate::syntax::all_expressions::expressions;
use crate::syntax::decl::{BodyKind, ExprKind};

/// The most names that are listed.
const MOST: usize = 8;

/// A sentence about who names what stands at some places.
pub fn named_by<'p>(analysis: &Analysis, places: impl Iterator<Item = &'p Place>) -> String {
    sentence(analysis, places.map(|place| place.span).collect())
}

/// The same of an output of a step.
pub fn output_named_by(analysis: &Analysis, step: StepId, name: &str) -> String {
    let all = expressions(&analysis.resolved.declarations).into_iter();
    let read = all.filter_map(|expr| match &expr.kind {
        ExprKind::Field(base, field) if field.text == name => {
            (step_of_output(analysis, base)? == step).then_some(field.span)
        }
        _ => None,
    });
    sentence(analysis, read.collect())
}

fn sentence(analysis: &Analysis, mut places: Vec<Span>) -> String {
    places.sort();
    let beginnings = beginnings(analysis);
    let mut names: Vec<&str> = Vec::new();
    for place in &places {
        let before = beginnings.partition_point(|(span, _)| *span <= *place);
        let owner = before.checked_sub(1).and_then(|at| beginnings.get(at));
        if let Some((span, name)) = owner
            && span.file == place.file
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    let listed: Vec<_> = names
        .iter()
        .take(MOST)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = match names.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match listed.is_empty() {
        true => "Nothing names it.".to_owned(),
        false => format!("Named by {}{more}.", listed.join(", ")),
    }
}

/// Where each declaration begins, or a piece of one that stands behind what is declared in it, and what it is called.
fn beginnings(analysis: &Analysis) -> Vec<(Span, String)> {
    let all = &analysis.resolved.declarations;
    let mut found = Vec::new();
    for variable in &all.variables {
        found.push((variable.span, format!("var.{}", variable.name.text)));
    }
    for local in &all.locals {
        found.push((local.name.span, format!("local.{}", local.name.text)));
    }
    for data in &all.data {
        found.push((data.span, format!("data.{}", data.address())));
    }
    for metric in &all.metrics {
        found.push((metric.span, format!("metric {}", metric.name.text)));
    }
    for threshold in &all.thresholds {
        found.push((threshold.span, format!("threshold {}", threshold.name.text)));
    }
    if let Some(grid) = &all.grid {
        found.push((grid.span, "grid".to_owned()));
    }
    for body in &all.bodies {
        let word = match body.kind {
            BodyKind::Main => "",
            BodyKind::Scenario => "scenario ",
            BodyKind::Flow => "flow ",
            BodyKind::Phase(_) => "",
        };
        let own = format!("{word}{}", body.name.text);
        for step in &body.steps {
            found.push((step.span, step.address()));
        }
        for resource in &body.resources {
            found.push((resource.span, resource.address()));
        }
        // A step that runs a mix is said by its own name.
        if body.mix.is_some() && body.kind == BodyKind::Flow {
            continue;
        }
        if body.kind != BodyKind::Main {
            found.push((body.span, own.clone()));
        }
        let outputs = body.flow.iter().flat_map(|flow| &flow.outputs);
        let inputs = body.flow.iter().flat_map(|flow| &flow.inputs);
        found.extend(outputs.map(|output| (output.span, own.clone())));
        found.extend(inputs.map(|input| (input.span, own.clone())));
        if let Some(scenario) = &body.scenario {
            let load = scenario.load.iter().map(|load| load.span);
            let parts = [
                &scenario.start_after,
                &scenario.after,
                &scenario.graceful_stop,
            ];
            let parts = parts.into_iter().chain([&scenario.pace, &scenario.tags]);
            let parts = parts.flatten().map(|expr| expr.span);
            found.extend(load.chain(parts).map(|span| (span, own.clone())));
        }
    }
    found.sort();
    found
}
