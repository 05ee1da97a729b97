//! What a condition says of values that may be null: names of what is not null, and of conditions that hold.

use crate::check::same_value::{Locals, condition, name_of, output};
use crate::check::typed::{TExpr, TKind};
use crate::syntax::decl::{BinaryOp, UnaryOp};
use bggo_values::{Type, Value};
use std::collections::BTreeSet;

/// What holds for certain where a condition comes out as `truth`.
pub(super) fn facts(expr: &TExpr, truth: bool, locals: Locals<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(expr, truth)];
    let mut seen = BTreeSet::new();
    while let Some((expr, truth)) = open.pop() {
        match (&expr.kind, truth) {
            (TKind::Convert(of), _) => open.push((of, truth)),
            (TKind::Local(id), _) => {
                let local = locals.values.get(id.0);
                let local = local.filter(|_| seen.insert((*id, truth)));
                open.extend(local.map(|local| (&local.value, truth)));
            }
            (TKind::Unary(UnaryOp::Not, of), _) => {
                open.push((of, !truth));
            }
            (TKind::Binary(BinaryOp::And, a, b), true)
            | (TKind::Binary(BinaryOp::Or, a, b), false) => {
                open.extend([(&**a, truth), (&**b, truth)]);
                continue;
            }
            (TKind::Binary(BinaryOp::NotEqual, a, b), true)
            | (TKind::Binary(BinaryOp::Equal, a, b), false) => {
                let other = match (a.is_null(), b.is_null()) {
                    (true, false) => Some(b),
                    (false, true) => Some(a),
                    _ => None,
                };
                if let Some(other) = other {
                    found.extend(name_of(other, locals));
                    if let TKind::Try(items) = &without_conversion(other).kind {
                        found.extend(tried(items, &Value::Null, locals));
                    }
                }
            }
            // What equals something that is not null is not null.
            (TKind::Binary(BinaryOp::Equal, a, b), true)
            | (TKind::Binary(BinaryOp::NotEqual, a, b), false) => {
                for (known, other) in [(a, b), (b, a)] {
                    let Some(known) = known.constant().filter(|known| !known.is_null()) else {
                        continue;
                    };
                    found.extend(on_the_way(other, locals));
                    if let TKind::Try(items) = &without_conversion(other).kind
                        && let Some(last) = items.last().and_then(|last| last.constant())
                        && last != known
                    {
                        found.extend(tried(items, last, locals));
                    }
                }
            }
            (
                TKind::Binary(
                    BinaryOp::Less | BinaryOp::LessEq | BinaryOp::Greater | BinaryOp::GreaterEq,
                    a,
                    b,
                ),
                _,
            ) => {
                found.extend(on_the_way(a, locals));
                found.extend(on_the_way(b, locals));
            }
            // What can be read is there, with all on the way to it.
            (TKind::Can(of), true) => found.extend(on_the_way(of, locals)),
            (TKind::Try(items), truth) => {
                let other = Value::Bool(!truth);
                found.extend(tried(items, &other, locals));
            }
            _ => {}
        }
        if let Some(same) = condition(expr, locals) {
            found.push(match truth {
                true => holds(&same),
                false => holds(&format!("Not {same}")),
            });
        }
    }
    found
}

/// What is there where `try` has not come out as `other`, if that is its last resort: its first choice.
fn tried(items: &[TExpr], other: &Value, locals: Locals<'_>) -> Vec<String> {
    match items {
        [first, last] if last.constant() == Some(other) => on_the_way(first, locals),
        _ => Vec::new(),
    }
}

fn without_conversion(expr: &TExpr) -> &TExpr {
    match &expr.kind {
        TKind::Convert(of) => without_conversion(of),
        _ => expr,
    }
}

/// What holds for each instance that a `count` or `for_each` makes: it has not come out as null, zero or empty.
pub(super) fn of_instances(over: &TExpr, locals: Locals<'_>) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![over]);
    while let Some(expr) = open.pop() {
        found.extend(on_the_way(expr, locals));
        match &expr.kind {
            TKind::Convert(of) => open.push(of),
            TKind::Local(id) => open.extend(locals.values.get(id.0).map(|local| &local.value)),
            TKind::Conditional(condition, yes, no) => {
                if makes_nothing(no) {
                    found.extend(facts(condition, true, locals));
                    open.push(yes);
                } else if makes_nothing(yes) {
                    found.extend(facts(condition, false, locals));
                    open.push(no);
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a value of `count` or `for_each` makes no instance.
fn makes_nothing(over: &TExpr) -> bool {
    if let Some(value) = over.constant() {
        return match value {
            Value::Number(number) => number.as_u64() == Some(0),
            Value::List(items) => items.is_empty(),
            Value::Object(pairs) => pairs.is_empty(),
            _ => false,
        };
    }
    match &over.kind {
        TKind::List(items) => items.is_empty(),
        TKind::Object(pairs) => pairs.is_empty(),
        TKind::Convert(of) => makes_nothing(of),
        TKind::Call {
            arguments,
            expand: false,
            ..
        } => {
            matches!(arguments.as_slice(), [only] if makes_nothing(only) && only.ty != Type::Number)
        }
        _ => false,
    }
}

/// The names of all that must be there and not null so that an expression has a value.
pub(super) fn on_the_way(expr: &TExpr, locals: Locals<'_>) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![expr]);
    while let Some(expr) = open.pop() {
        found.extend(name_of(expr, locals));
        match &expr.kind {
            TKind::Convert(of)
            | TKind::Field(of, _)
            | TKind::FieldOrNull(of, _)
            | TKind::Index(of, _)
            | TKind::Unary(_, of) => open.push(of),
            TKind::Output { step, instance, .. } => found.extend(output(*step, instance, locals)),
            TKind::Binary(
                BinaryOp::And | BinaryOp::Or | BinaryOp::Equal | BinaryOp::NotEqual,
                ..,
            ) => {}
            TKind::Binary(_, a, b) => open.extend([&**a, &**b]),
            TKind::Call {
                function,
                arguments,
                expand: false,
            } => {
                let params = function.params.iter().zip(arguments);
                let must = params.filter(|(param, _)| !param.nullable);
                open.extend(must.map(|(_, argument)| argument));
            }
            _ => {}
        }
    }
    found
}

/// The conditions that must hold so that a step is enabled; `None` where one of them has no text.
pub(super) fn conditions_of(enabled: &TExpr, locals: Locals<'_>) -> Option<Vec<String>> {
    let (mut found, mut open) = (Vec::new(), vec![enabled]);
    while let Some(expr) = open.pop() {
        match &expr.kind {
            TKind::Binary(BinaryOp::And, a, b) => open.extend([&**a, &**b]),
            TKind::Convert(of) => open.push(of),
            _ => found.push(holds(&condition(expr, locals)?)),
        }
    }
    Some(found)
}

/// The name of the fact that a condition holds. Not twice is not at all.
fn holds(condition: &str) -> String {
    let plain = condition.strip_prefix("Not Not ").unwrap_or(condition);
    format!("if {plain}")
}
