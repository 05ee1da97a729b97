//! `==` and `!=`: values are equal if their types and their contents are.
//!
//! At run time a list, a set and a tuple are one kind of value, and so are a map and an object. Where the types that the
//! grid states differ, the answer is therefore given here: no, unless both sides are null.

use bggo_values::Type;

use crate::diagnostics::codes;
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, UnaryOp};

use super::context::{Checker, constant, error};
use super::typed::{TExpr, TKind};

impl Checker<'_> {
    pub(super) fn equality(
        &mut self,
        operator: BinaryOp,
        left: TExpr,
        right: TExpr,
        span: Span,
    ) -> TExpr {
        if left.is_error() || right.is_error() {
            return error(span);
        }
        let may = may_equal(&left.ty, &right.ty);
        let unlike = may && self.is_stated(&left) && self.is_stated(&right) && {
            !alike(&left.ty, &right.ty)
        };
        if !may || unlike {
            let result = if operator == BinaryOp::Equal {
                "false"
            } else {
                "true"
            };
            let (a, b) = (left.ty.named(), right.ty.named());
            let hint = unlike_hint(&left.ty, &right.ty);
            let text = format!("{a} never equals {b}: this is always {result}");
            self.problems.warning(codes::UNLIKE_TYPES, span, text).hint = hint;
        }
        if !unlike {
            return self.two(operator, left, right, (Type::Bool, span));
        }
        let both = self.both_null(left, right, span);
        if operator == BinaryOp::Equal {
            return both;
        }
        let node = TExpr {
            kind: TKind::Unary(UnaryOp::Not, Box::new(both.clone())),
            ..both
        };
        self.fold_if_constant(node)
    }

    /// Whether both sides are null. Only then are values of different types equal.
    fn both_null(&mut self, left: TExpr, right: TExpr, span: Span) -> TExpr {
        let [left, right] = [left, right].map(|side| {
            let null = constant(bggo_values::Value::Null, Type::Null, span);
            self.two(BinaryOp::Equal, side, null, (Type::Bool, span))
        });
        match (left.constant(), right.constant()) {
            (Some(known), Some(other)) => {
                let both = known.is_true() && other.is_true();
                constant(both.into(), Type::Bool, span)
            }
            // The computed side comes first: if it has a fault, the comparison has that fault whatever the other side is.
            (Some(_), None) => self.two(BinaryOp::And, right, left, (Type::Bool, span)),
            _ => self.two(BinaryOp::And, left, right, (Type::Bool, span)),
        }
    }

    /// Whether the type of an expression is the one that the grid states: of a variable, an output, a literal, a
    /// conversion. What a `for`, a splat or some functions make is a tuple or an object by the letter, of a length or
    /// with names that are not known here, and stands as a list or a map.
    fn is_stated(&self, expr: &TExpr) -> bool {
        const LISTS: [&str; 7] = [
            "distinct", "keys", "range", "split", "tolist", "tomap", "toset",
        ];
        if expr.ty.is_scalar() {
            return true;
        }
        match &expr.kind {
            TKind::Constant(_)
            | TKind::Variable(_)
            | TKind::Output { .. }
            | TKind::Export { .. }
            | TKind::Convert(_) => true,
            TKind::Local(id) => self
                .locals
                .get(id.0)
                .and_then(Option::as_ref)
                .is_some_and(|local| self.is_stated(&local.value)),
            TKind::Field(of, _) | TKind::Index(of, _) => self.is_stated(of),
            TKind::List(items) => items.iter().all(|item| self.is_stated(item)),
            TKind::Object(pairs) => pairs.iter().all(|(_, value)| self.is_stated(value)),
            // Over a list it makes a list; instances of a step are a tuple by the letter.
            TKind::Splat { over, .. } => {
                matches!(over.ty, Type::List(_) | Type::Set(_)) && self.is_stated(over)
            }
            TKind::Call { function, .. } => LISTS.contains(&function.name),
            TKind::Conditional(_, yes, no) => self.is_stated(yes) && self.is_stated(no),
            _ => false,
        }
    }
}

/// Whether values of these types can be equal, as far as they can be told apart when the grid runs.
fn may_equal(a: &Type, b: &Type) -> bool {
    let kind = |ty: &Type| match ty {
        Type::Any | Type::Null | Type::Error => 0,
        Type::String => 1,
        // A size is a number.
        Type::Number | Type::Size => 2,
        Type::Bool => 3,
        Type::Duration => 4,
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => 5,
        Type::Map(_) | Type::Object(_) => 6,
        Type::Bytes => 7,
    };
    let (a, b) = (kind(a), kind(b));
    a == 0 || b == 0 || a == b
}

/// Whether two types are one, as far as they are known.
fn alike(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => alike(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Type::Object(fields), Type::Object(_)) => {
            fields.len() == b.parts().len()
                && fields.iter().all(|field| {
                    b.attribute(&field.name)
                        .is_some_and(|other| alike(&field.ty, other))
                })
        }
        (Type::Any | Type::Null | Type::Error, _) | (_, Type::Any | Type::Null | Type::Error) => {
            true
        }
        (a, b) if a.is_scalar() && b.is_scalar() => may_equal(a, b),
        _ => false,
    }
}

fn unlike_hint(a: &Type, b: &Type) -> Option<String> {
    let function = match (a, b) {
        (Type::String, Type::Number) | (Type::Number, Type::String) => "tonumber",
        (Type::String, Type::Bool) | (Type::Bool, Type::String) => "tobool",
        (Type::String, Type::Bytes) | (Type::Bytes, Type::String) => "tostring",
        (Type::List(_), Type::Tuple(_) | Type::Set(_))
        | (Type::Tuple(_) | Type::Set(_), Type::List(_)) => "tolist",
        (Type::Set(_), Type::Tuple(_)) | (Type::Tuple(_), Type::Set(_)) => "toset",
        (Type::Map(_), Type::Object(_)) | (Type::Object(_), Type::Map(_)) => "tomap",
        _ => return None,
    };
    Some(format!("convert one of them: `{function}(..)`"))
}
