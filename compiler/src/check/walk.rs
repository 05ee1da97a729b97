//! A typed expression to the expressions that it is made of, and a visit of all of them.

use crate::check::typed::{InstanceOf, TExpr, TKind, TPart};

/// Calls `visit` with `expr` and everything in it.
pub fn walk(expr: &TExpr, visit: &mut dyn FnMut(&TExpr)) {
    visit(expr);
    for child in children(expr) {
        walk(child, visit);
    }
}

/// The expressions that an expression is made of, in the order in which they were written.
pub fn children(expr: &TExpr) -> Vec<&TExpr> {
    match &expr.kind {
        TKind::Output {
            instance: InstanceOf::Computed(by),
            ..
        } => vec![by],
        TKind::Field(of, _)
        | TKind::FieldOrNull(of, _)
        | TKind::Can(of)
        | TKind::Unary(_, of)
        | TKind::Convert(of)
        | TKind::Separate(of) => vec![of],
        TKind::Index(a, b) | TKind::Binary(_, a, b) => vec![a, b],
        TKind::Splat { over, each, .. } => vec![over, each],
        TKind::List(items)
        | TKind::Try(items)
        | TKind::Call {
            arguments: items, ..
        } => items.iter().collect(),
        TKind::Object(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        TKind::Template(parts) => of_parts(parts),
        TKind::Conditional(a, b, c) => vec![a, b, c],
        TKind::For(form) => {
            let tail = form.key_result.iter().chain(&form.condition);
            std::iter::once(&form.over)
                .chain(tail)
                .chain([&form.result])
                .collect()
        }
        TKind::Output { .. }
        | TKind::Constant(_)
        | TKind::Variable(_)
        | TKind::Local(_)
        | TKind::Input(_)
        | TKind::Instances(_)
        | TKind::Export { .. }
        | TKind::CountIndex
        | TKind::EachKey
        | TKind::EachValue
        | TKind::VuId
        | TKind::VuIteration
        | TKind::Column { .. }
        | TKind::ScenarioName
        | TKind::ScenarioIteration
        | TKind::RunId
        | TKind::Loaded
        | TKind::Bound(_)
        | TKind::Error => Vec::new(),
    }
}

/// The expressions of a template.
pub fn of_parts(parts: &[TPart]) -> Vec<&TExpr> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            TPart::Text(_) => {}
            TPart::Hole(expr) => found.push(expr),
            TPart::If { condition, yes, no } => {
                found.push(condition);
                found.extend(of_parts(yes));
                found.extend(of_parts(no));
            }
            TPart::For { over, body, .. } => {
                found.push(over);
                found.extend(of_parts(body));
            }
        }
    }
    found
}

/// The same, to be changed.
pub fn children_mut(expr: &mut TExpr) -> Vec<&mut TExpr> {
    match &mut expr.kind {
        TKind::Output {
            instance: InstanceOf::Computed(by),
            ..
        } => vec![by],
        TKind::Field(of, _)
        | TKind::FieldOrNull(of, _)
        | TKind::Can(of)
        | TKind::Unary(_, of)
        | TKind::Convert(of)
        | TKind::Separate(of) => vec![of],
        TKind::Index(a, b) | TKind::Binary(_, a, b) => vec![a, b],
        TKind::Splat { over, each, .. } => vec![over, each],
        TKind::List(items)
        | TKind::Try(items)
        | TKind::Call {
            arguments: items, ..
        } => items.iter_mut().collect(),
        TKind::Object(pairs) => {
            let pairs = pairs.iter_mut();
            pairs.flat_map(|(key, value)| [key, value]).collect()
        }
        TKind::Template(parts) => of_parts_mut(parts),
        TKind::Conditional(a, b, c) => vec![a, b, c],
        TKind::For(form) => {
            let tail = form.key_result.iter_mut().chain(&mut form.condition);
            std::iter::once(&mut form.over)
                .chain(tail)
                .chain([&mut form.result])
                .collect()
        }
        TKind::Output { .. }
        | TKind::Constant(_)
        | TKind::Variable(_)
        | TKind::Local(_)
        | TKind::Input(_)
        | TKind::Instances(_)
        | TKind::Export { .. }
        | TKind::CountIndex
        | TKind::EachKey
        | TKind::EachValue
        | TKind::VuId
        | TKind::VuIteration
        | TKind::Column { .. }
        | TKind::ScenarioName
        | TKind::ScenarioIteration
        | TKind::RunId
        | TKind::Loaded
        | TKind::Bound(_)
        | TKind::Error => Vec::new(),
    }
}

fn of_parts_mut(parts: &mut [TPart]) -> Vec<&mut TExpr> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            TPart::Text(_) => {}
            TPart::Hole(expr) => found.push(expr),
            TPart::If { condition, yes, no } => {
                found.push(condition);
                found.extend(of_parts_mut(yes));
                found.extend(of_parts_mut(no));
            }
            TPart::For { over, body, .. } => {
                found.push(over);
                found.extend(of_parts_mut(body));
            }
        }
    }
    found
}
