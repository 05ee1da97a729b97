//! Where expressions are cut into functions: a literal of more than 16 nodes and an expression of more than 8 levels
//! would be one Rust expression that grows with the grid.

use super::argument;
use super::tree::WIDTH;
use crate::check::typed::{TDelay, TExpr, TKind, TLoad, TThreshold};
use crate::check::walk::children_mut;
use crate::plan::model::{Local, Plan, Step};

/// Most levels of one Rust expression.
const LEVELS: usize = 8;

/// Nodes and levels of one Rust expression.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    levels: usize,
}

/// The same plan; expressions that become functions of their own are marked in it.
pub fn cut(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let steps = plan.bodies.iter_mut().flat_map(|body| &mut body.steps);
    for step in steps {
        for argument in &mut step.arguments {
            if let Some(skeleton) = &mut argument.skeleton {
                skeleton.expressions_mut().into_iter().for_each(|part| {
                    cut_expression(part);
                });
            } else if argument::has_holes(argument) {
                cut_holes(&mut argument.value);
            } else {
                cut_expression(&mut argument.value);
            }
        }
        let rules = step.rules.expressions_mut();
        let settings = step.enabled.iter_mut().chain(&mut step.execution);
        let settings = settings.chain(step.instances.late_value_mut());
        for expr in settings.chain(rules) {
            cut_expression(expr);
        }
        let delays = step.delay_before.iter_mut().chain(&mut step.delay_after);
        for expr in delays.flat_map(TDelay::expressions_mut) {
            cut_expression(expr);
        }
        for expr in step.parts.expressions_mut() {
            cut_expression(expr);
        }
        for expr in step.judging_mut() {
            cut_expression(expr);
        }
    }
    let flows = plan.bodies.iter_mut().filter_map(|body| body.flow.as_mut());
    let outputs = flows.flat_map(|flow| &mut flow.outputs);
    for value in outputs.filter_map(|output| output.value.as_mut()) {
        cut_expression(value);
    }
    for resource in &mut plan.resources {
        let arguments = resource.arguments.iter_mut();
        let arguments = arguments.map(|argument| &mut argument.value);
        for expr in arguments.chain(resource.rules.expressions_mut()) {
            cut_expression(expr);
        }
    }
    let loads = plan
        .scenarios
        .iter_mut()
        .filter_map(|row| row.load.as_mut());
    for expr in loads.flat_map(TLoad::expressions_mut) {
        cut_expression(expr);
    }
    let thresholds = plan.thresholds.iter_mut();
    for expr in thresholds.flat_map(TThreshold::expressions_mut) {
        cut_expression(expr);
    }
    let variables = plan.variables.iter_mut();
    for (condition, message, _) in variables.flat_map(|variable| &mut variable.validations) {
        cut_expression(condition);
        cut_expression(message);
    }
    let bodies = plan.bodies.iter_mut();
    let locals = bodies.flat_map(|body| &mut body.locals);
    for local in locals.chain(&mut plan.locals) {
        cut_expression(&mut local.value);
    }
    plan
}

/// Cuts what is too large within an expression; the size is that of what is left of it.
fn cut_expression(expr: &mut TExpr) -> Size {
    let literal = matches!(
        expr.kind,
        TKind::List(_) | TKind::Object(_) | TKind::Template(_)
    );
    let mut parts: Vec<(Size, &mut TExpr)> = children_mut(expr)
        .into_iter()
        .map(|child| (cut_expression(child), child))
        .collect();
    for (size, child) in &mut parts {
        if size.levels >= LEVELS {
            *size = separate(child);
        }
    }
    let nodes =
        |parts: &[(Size, &mut TExpr)]| -> usize { parts.iter().map(|(size, _)| size.nodes).sum() };
    while literal && nodes(&parts) > WIDTH {
        let heaviest = parts
            .iter_mut()
            .rev()
            .max_by_key(|(size, _)| size.nodes)
            .filter(|(size, _)| size.nodes > 3);
        match heaviest {
            Some((size, child)) => *size = separate(child),
            None => break,
        }
    }
    let levels = parts.iter().map(|(size, _)| size.levels).max();
    Size {
        // A long literal becomes parts of its own: see `Writer::long`.
        nodes: (1 + nodes(&parts)).min(1 + WIDTH),
        levels: 1 + levels.unwrap_or(0),
    }
}

/// A text with holes: each hole is an expression by itself.
fn cut_holes(expr: &mut TExpr) {
    for child in children_mut(expr) {
        match child.kind {
            TKind::Object(_) | TKind::List(_) => cut_holes(child),
            _ => {
                cut_expression(child);
            }
        }
    }
}

/// Makes an expression a function of its own: what is left in its place is a call.
fn separate(expr: &mut TExpr) -> Size {
    let kind = std::mem::replace(&mut expr.kind, TKind::Error);
    let inner = TExpr {
        kind,
        ..expr.clone()
    };
    expr.kind = TKind::Separate(Box::new(inner));
    Size {
        nodes: 1,
        levels: 1,
    }
}

/// All expressions that the program computes.
pub fn expressions(plan: &Plan) -> impl Iterator<Item = &TExpr> {
    let steps = plan.steps().flat_map(of_step);
    let flows = plan.bodies.iter().filter_map(|body| body.flow.as_ref());
    let outputs = flows.flat_map(|flow| &flow.outputs);
    let outputs = outputs.filter_map(|output| output.value.as_ref());
    let steps = steps.chain(outputs);
    let resources = plan.resources.iter().flat_map(|resource| {
        let arguments = resource.arguments.iter().map(|argument| &argument.value);
        arguments.chain(resource.rules.expressions())
    });
    let variables = plan.variables.iter();
    let validations = variables
        .flat_map(|variable| &variable.validations)
        .flat_map(|(condition, message, _)| [condition, message]);
    let locals = locals(plan).map(|local| &local.value);
    let loads = plan.scenarios.iter().filter_map(|row| row.load.as_ref());
    let loads = loads.flat_map(TLoad::expressions);
    let others = resources.chain(validations).chain(locals);
    let thresholds = plan.thresholds.iter().flat_map(TThreshold::expressions);
    steps.chain(others).chain(loads).chain(thresholds)
}

/// All expressions of a step.
pub fn of_step(step: &Step) -> impl Iterator<Item = &TExpr> {
    let arguments = step.arguments.iter().map(|argument| &argument.value);
    let settings = step.enabled.iter().chain(&step.execution);
    let late = step.instances.late().map(|late| &late.over);
    let settings = settings.chain(late);
    let rules = step.rules.expressions();
    let all = arguments.chain(settings).chain(rules);
    let all = all.chain(step.parts.expressions());
    all.chain(step.delays()).chain(step.judging())
}

/// All locals that the program computes.
pub fn locals(plan: &Plan) -> impl Iterator<Item = &Local> {
    let bodies = plan.bodies.iter();
    plan.locals
        .iter()
        .chain(bodies.flat_map(|body| &body.locals))
}
