//! Conditions whose outcome is known although not all that they read is.

use std::collections::BTreeMap;

use bggo_values::Value;

use crate::check::typed::{TExpr, TKind, Typed};
use crate::resolve::model::LocalId;
use crate::syntax::decl::{BinaryOp, UnaryOp};

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

/// How conditions come out, if that is the same whatever they read.
pub(super) struct Outcomes<'t> {
    typed: &'t Typed,
    /// Each local is looked at once, however often it is read.
    locals: BTreeMap<LocalId, Option<bool>>,
}

impl<'t> Outcomes<'t> {
    pub(super) fn new(typed: &'t Typed) -> Self {
        Self {
            typed,
            locals: BTreeMap::new(),
        }
    }

    pub(super) fn of(&mut self, expr: &TExpr) -> Option<bool> {
        match &expr.kind {
            TKind::Constant(Value::Bool(value)) => Some(*value),
            TKind::Convert(of) => self.of(of),
            TKind::Unary(UnaryOp::Not, of) => self.of(of).map(|value| !value),
            TKind::Local(id) => self.of_local(*id),
            TKind::Binary(BinaryOp::And, left, right) => match (self.of(left), self.of(right)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            TKind::Binary(BinaryOp::Or, left, right) => match (self.of(left), self.of(right)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            TKind::Binary(operator, left, right) => match (is_a_length(left), is_a_length(right)) {
                (true, _) => of_comparison(*operator, number(right)?, f64::INFINITY),
                (_, true) => of_comparison(turned(*operator), number(left)?, f64::INFINITY),
                _ => None,
            },
            TKind::Conditional(condition, yes, no) => match self.of(condition) {
                Some(true) => self.of(yes),
                Some(false) => self.of(no),
                None => {
                    let (yes, no) = (self.of(yes), self.of(no));
                    yes.filter(|_| yes == no)
                }
            },
            _ => None,
        }
    }

    /// (No local reads itself.)
    fn of_local(&mut self, id: LocalId) -> Option<bool> {
        if let Some(known) = self.locals.get(&id) {
            return *known;
        }
        let typed = self.typed;
        let found = typed
            .locals
            .get(id.0)
            .and_then(|local| self.of(&local.value));
        self.locals.insert(id, found);
        found
    }
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
