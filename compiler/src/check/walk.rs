//! Visits every node of a typed expression.

use crate::check::typed::{InstanceOf, TExpr, TKind, TPart};

/// Calls `visit` with `expr` and everything in it.
pub fn walk(expr: &TExpr, visit: &mut dyn FnMut(&TExpr)) {
    visit(expr);
    match &expr.kind {
        TKind::Output {
            instance: InstanceOf::Computed(by),
            ..
        } => walk(by, visit),
        TKind::Field(of, _) | TKind::Can(of) | TKind::Unary(_, of) | TKind::Convert(of) => {
            walk(of, visit)
        }
        TKind::Index(a, b) | TKind::Binary(_, a, b) => {
            walk(a, visit);
            walk(b, visit);
        }
        TKind::Splat { over, each, .. } => {
            walk(over, visit);
            walk(each, visit);
        }
        TKind::List(items)
        | TKind::Try(items)
        | TKind::Call {
            arguments: items, ..
        } => {
            for item in items {
                walk(item, visit);
            }
        }
        TKind::Object(pairs) => {
            for (key, value) in pairs {
                walk(key, visit);
                walk(value, visit);
            }
        }
        TKind::Template(parts) => walk_parts(parts, visit),
        TKind::Conditional(a, b, c) => {
            walk(a, visit);
            walk(b, visit);
            walk(c, visit);
        }
        TKind::For(form) => {
            walk(&form.over, visit);
            for part in [&form.key_result, &form.condition].into_iter().flatten() {
                walk(part, visit);
            }
            walk(&form.result, visit);
        }
        TKind::Output { .. }
        | TKind::Constant(_)
        | TKind::Variable(_)
        | TKind::Local(_)
        | TKind::Instances(_)
        | TKind::Export { .. }
        | TKind::CountIndex
        | TKind::EachKey
        | TKind::EachValue
        | TKind::VuId
        | TKind::VuIteration
        | TKind::RunId
        | TKind::Bound(_)
        | TKind::Error => {}
    }
}

fn walk_parts(parts: &[TPart], visit: &mut dyn FnMut(&TExpr)) {
    for part in parts {
        match part {
            TPart::Text(_) => {}
            TPart::Hole(expr) => walk(expr, visit),
            TPart::If { condition, yes, no } => {
                walk(condition, visit);
                walk_parts(yes, visit);
                walk_parts(no, visit);
            }
            TPart::For { over, body, .. } => {
                walk(over, visit);
                walk_parts(body, visit);
            }
        }
    }
}
