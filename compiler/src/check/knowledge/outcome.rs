//! Conditions whose outcome is known although not all that they read is.

use bggo_values::Value;

use crate::check::typed::{TExpr, TKind, Typed};
use crate::resolve::model::LocalId;
use crate::syntax::decl::{BinaryOp, UnaryOp};

/// How many locals are followed from one to the next.
const MOST_LOCALS: u32 = 64;

/// How a comparison of something that lies between 0 and `most` with a bound comes out, if that is the same for all of it.
/// The bound stands on the right side.
pub(in crate::check) fn of_comparison(operator: BinaryOp, bound: f64, most: f64) -> Option<bool> {
    match operator {
        BinaryOp::Less if bound > most => Some(true),
        BinaryOp::Less if bound <= 0.0 => Some(false),
        BinaryOp::LessEq if bound >= most => Some(true),
        BinaryOp::LessEq if bound < 0.0 => Some(false),
        BinaryOp::Greater if bound >= most => Some(false),
        BinaryOp::Greater if bound < 0.0 => Some(true),
        BinaryOp::GreaterEq if bound > most => Some(false),
        BinaryOp::GreaterEq if bound <= 0.0 => Some(true),
        BinaryOp::Equal | BinaryOp::NotEqual if bound < 0.0 || bound > most => {
            Some(operator == BinaryOp::NotEqual)
        }
        _ => None,
    }
}

/// The operator when both sides change places.
pub(in crate::check) fn turned(operator: BinaryOp) -> BinaryOp {
    match operator {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEq => BinaryOp::GreaterEq,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEq => BinaryOp::LessEq,
        other => other,
    }
}

/// How a condition comes out, if that is the same whatever it reads.
pub(super) fn of(condition: &TExpr, typed: &Typed) -> Option<bool> {
    of_part(condition, typed, MOST_LOCALS)
}

fn of_part(expr: &TExpr, typed: &Typed, locals: u32) -> Option<bool> {
    let part = |expr: &TExpr| of_part(expr, typed, locals);
    match &expr.kind {
        TKind::Constant(Value::Bool(value)) => Some(*value),
        TKind::Convert(of) => part(of),
        TKind::Unary(UnaryOp::Not, of) => part(of).map(|value| !value),
        TKind::Local(id) => of_local(*id, typed, locals),
        TKind::Binary(BinaryOp::And, left, right) => match (part(left), part(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        TKind::Binary(BinaryOp::Or, left, right) => match (part(left), part(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        TKind::Binary(operator, left, right) => match (is_a_length(left), is_a_length(right)) {
            (true, _) => of_comparison(*operator, number(right)?, f64::INFINITY),
            (_, true) => of_comparison(turned(*operator), number(left)?, f64::INFINITY),
            _ => None,
        },
        TKind::Conditional(condition, yes, no) => match part(condition) {
            Some(true) => part(yes),
            Some(false) => part(no),
            None => part(yes).filter(|value| part(no) == Some(*value)),
        },
        _ => None,
    }
}

fn of_local(id: LocalId, typed: &Typed, locals: u32) -> Option<bool> {
    let local = typed.locals.get(id.0)?;
    of_part(&local.value, typed, locals.checked_sub(1)?)
}

/// Whether it is how much there is of something, which is never below 0.
fn is_a_length(expr: &TExpr) -> bool {
    match &expr.kind {
        TKind::Call { function, .. } => function.name == "length",
        TKind::Convert(of) => is_a_length(of),
        _ => false,
    }
}

fn number(expr: &TExpr) -> Option<f64> {
    match expr.constant()? {
        Value::Number(number) => Some(number.as_f64()),
        _ => None,
    }
}
