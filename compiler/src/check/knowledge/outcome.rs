//! Conditions whose outcome is known although not all that they read is.

use std::collections::BTreeMap;

use bggo_values::{Number, Value};

use crate::check::same_value::{Locals, condition};
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
            TKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), ..) => self.of_chain(expr, *op),
            TKind::Binary(operator, left, right) => match (is_a_length(left), is_a_length(right)) {
                (true, false) => of_comparison(*operator, number(right)?, f64::INFINITY),
                (false, true) => of_comparison(turned(*operator), number(left)?, f64::INFINITY),
                _ => self.of_same(*operator, left, right),
            },
            TKind::Conditional(asked, yes, no) => match self.of(asked) {
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

    /// Operands of `&&` or `||`. One of them may decide, and two may leave no other outcome together: a value is 200, or it is not.
    fn of_chain(&mut self, expr: &TExpr, op: BinaryOp) -> Option<bool> {
        let decisive = op == BinaryOp::Or;
        let (mut operands, mut left) = (Vec::new(), expr);
        while let TKind::Binary(same, a, b) = &left.kind
            && *same == op
        {
            operands.push(&**b);
            left = a;
        }
        operands.push(left);
        let outcomes: Vec<Option<bool>> = operands.iter().map(|one| self.of(one)).collect();
        if outcomes.contains(&Some(decisive)) {
            return Some(decisive);
        }
        if outcomes.iter().all(Option::is_some) {
            return Some(!decisive);
        }
        // `a || b` is true if `!a && !b` cannot be.
        let mut all = Conjunction::default();
        let mut operands = operands.into_iter();
        operands
            .any(|one| all.excludes(one, !decisive))
            .then_some(decisive)
    }

    /// Something compared with itself.
    fn of_same(&self, operator: BinaryOp, left: &TExpr, right: &TExpr) -> Option<bool> {
        let same = condition(left, NAMELESS)? == condition(right, NAMELESS)?;
        match operator {
            BinaryOp::Equal | BinaryOp::LessEq | BinaryOp::GreaterEq => same.then_some(true),
            BinaryOp::NotEqual | BinaryOp::Less | BinaryOp::Greater => same.then_some(false),
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

/// Texts of locals are their own names here.
const NAMELESS: Locals<'_> = Locals {
    names: &[],
    values: &[],
};

/// What is known of values if all of some conditions hold.
#[derive(Default)]
struct Conjunction {
    /// By the text of a value.
    known: BTreeMap<String, Known>,
    /// By the text of a condition.
    held: BTreeMap<String, bool>,
}

/// What is known of one value.
#[derive(Default)]
struct Known {
    is: Option<Value>,
    is_not: Vec<Value>,
    /// The bounds, and whether they belong to it.
    least: Option<(Number, bool)>,
    most: Option<(Number, bool)>,
}

impl Conjunction {
    /// Adds a condition that comes out as `truth`, and says whether all of them cannot hold together.
    fn excludes(&mut self, expr: &TExpr, truth: bool) -> bool {
        match &expr.kind {
            TKind::Convert(of) => return self.excludes(of, truth),
            TKind::Unary(UnaryOp::Not, of) => return self.excludes(of, !truth),
            TKind::Binary(operator, left, right) => {
                let (value, operator, bound) = match (left.constant(), right.constant()) {
                    (None, Some(bound)) => (left, *operator, bound),
                    (Some(bound), None) => (right, turned(*operator), bound),
                    _ => return self.contradicts(expr, truth),
                };
                let operator = if truth {
                    Some(operator)
                } else {
                    opposite(operator)
                };
                if let (Some(operator), Some(value)) = (operator, condition(value, NAMELESS)) {
                    return self
                        .known
                        .entry(value)
                        .or_default()
                        .excludes(operator, bound);
                }
            }
            _ => return self.contradicts(expr, truth),
        }
        false
    }

    /// The same of a condition that is no comparison with a constant.
    fn contradicts(&mut self, expr: &TExpr, truth: bool) -> bool {
        let Some(text) = condition(expr, NAMELESS) else {
            return false;
        };
        *self.held.entry(text).or_insert(truth) != truth
    }
}

impl Known {
    fn excludes(&mut self, operator: BinaryOp, bound: &Value) -> bool {
        match (operator, bound) {
            (BinaryOp::Equal, _) => {
                if self.is.as_ref().is_some_and(|known| known != bound) {
                    return true;
                }
                self.is = Some(bound.clone());
            }
            (BinaryOp::NotEqual, _) => self.is_not.push(bound.clone()),
            (BinaryOp::Less | BinaryOp::LessEq, Value::Number(bound)) => {
                let new = (*bound, operator == BinaryOp::LessEq);
                let is_closer =
                    |known: &(Number, bool)| new.0 < known.0 || new.0 == known.0 && !new.1;
                if self.most.as_ref().is_none_or(is_closer) {
                    self.most = Some(new);
                }
            }
            (BinaryOp::Greater | BinaryOp::GreaterEq, Value::Number(bound)) => {
                let new = (*bound, operator == BinaryOp::GreaterEq);
                let is_closer =
                    |known: &(Number, bool)| new.0 > known.0 || new.0 == known.0 && !new.1;
                if self.least.as_ref().is_none_or(is_closer) {
                    self.least = Some(new);
                }
            }
            _ => {}
        }
        self.is_nothing()
    }

    /// Whether no value is left.
    fn is_nothing(&self) -> bool {
        if let Some(is) = &self.is {
            let is_beyond = match is {
                Value::Number(is) => {
                    let above = |(least, too): &(Number, bool)| is > least || *too && is == least;
                    let below = |(most, too): &(Number, bool)| is < most || *too && is == most;
                    !self.least.as_ref().is_none_or(above) || !self.most.as_ref().is_none_or(below)
                }
                _ => false,
            };
            if is_beyond || self.is_not.contains(is) {
                return true;
            }
        }
        match (&self.least, &self.most) {
            (Some((least, with_least)), Some((most, with_most))) => {
                least > most || least == most && !(*with_least && *with_most)
            }
            _ => false,
        }
    }
}

/// The operator that holds where this one does not.
fn opposite(operator: BinaryOp) -> Option<BinaryOp> {
    Some(match operator {
        BinaryOp::Equal => BinaryOp::NotEqual,
        BinaryOp::NotEqual => BinaryOp::Equal,
        BinaryOp::Less => BinaryOp::GreaterEq,
        BinaryOp::LessEq => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::LessEq,
        BinaryOp::GreaterEq => BinaryOp::Less,
        _ => return None,
    })
}
