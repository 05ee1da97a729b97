//! Operators and conditionals to typed expressions.

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, Expr, UnaryOp};

use super::context::{Checker, constant, error};
use crate::check::sensitivity;
use crate::check::typed::{Sensitivity, TExpr, TKind, latest};

use super::equality::{alike, is_stated, may_equal, unlike_hint};

impl Checker<'_> {
    pub(super) fn unary(&mut self, operator: UnaryOp, of: &Expr, span: Span) -> TExpr {
        let of = self.infer(of);
        let (ty, what) = match operator {
            UnaryOp::Not => (Type::Bool, "the operand of `!`"),
            UnaryOp::Neg => (Type::Number, "the operand of `-`"),
        };
        let of = self.convert(of, &ty, what);
        if of.is_error() {
            return error(span);
        }
        let node = TExpr {
            ty,
            binding: of.binding,
            sensitivity: Sensitivity::whole_if(of.sensitivity.any()),
            span,
            kind: TKind::Unary(operator, Box::new(of)),
        };
        self.fold_if_constant(node)
    }

    pub(super) fn binary(
        &mut self,
        operator: BinaryOp,
        [left, right]: [&Expr; 2],
        span: Span,
    ) -> TExpr {
        let left = self.infer(left);
        match operator {
            BinaryOp::And | BinaryOp::Or => self.logical(operator, left, right, span),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                let right = self.infer(right);
                self.equality(operator, left, right, span)
            }
            _ => {
                let right = self.infer(right);
                self.arithmetic(operator, left, right, span)
            }
        }
    }

    /// `&&` and `||`: the right side runs only where the left does not decide.
    fn logical(&mut self, operator: BinaryOp, left: TExpr, right: &Expr, span: Span) -> TExpr {
        let sign = sign(operator);
        let left = self.convert(left, &Type::Bool, &format!("the left operand of `{sign}`"));
        let left = self.not_null(left, || format!("the left operand of `{sign}` is null"));
        let known = left
            .constant()
            .and_then(|value| bggo_values::ops::truth(value).ok());
        let decides = known.map(|left| left == (operator == BinaryOp::Or));
        let right = self.if_chosen(decides, false, |checker| {
            let right = checker.infer(right);
            let right = checker.convert(
                right,
                &Type::Bool,
                &format!("the right operand of `{sign}`"),
            );
            checker.not_null(right, || format!("the right operand of `{sign}` is null"))
        });
        if left.is_error() || right.is_error() {
            return error(span);
        }
        match decides {
            Some(true) => constant((operator == BinaryOp::Or).into(), Type::Bool, span),
            Some(false) if right.constant().is_some() => TExpr { span, ..right },
            _ => self.two(operator, left, right, (Type::Bool, span)),
        }
    }

    fn not_null(&mut self, expr: TExpr, text: impl FnOnce() -> String) -> TExpr {
        if expr.is_null() && self.certain {
            self.error(codes::INVALID_VALUE, expr.span, text());
            return error(expr.span);
        }
        expr
    }

    fn arithmetic(&mut self, operator: BinaryOp, left: TExpr, right: TExpr, span: Span) -> TExpr {
        let sign = sign(operator);
        let compares = matches!(
            operator,
            BinaryOp::Less | BinaryOp::LessEq | BinaryOp::Greater | BinaryOp::GreaterEq
        );
        if compares && (left.is_error() || right.is_error()) {
            // The type of the wrong side decides what the other one is.
            return error(span);
        }
        let of = |ty: Type| compares && (left.ty == ty || right.ty == ty);
        let want = if of(Type::Duration) {
            Type::Duration
        } else if of(Type::Size) {
            // The text of the bool may stand on the other side.
            Type::Size
        } else {
            Type::Number
        };
        let texts = operator == BinaryOp::Add
            && [&left, &right].iter().any(|side| {
                side.ty == Type::String
                    && side
                        .constant()
                        .is_none_or(|value| super::place_of(value).is_none())
            });
        if texts && [&left, &right].iter().any(|side| side.constant().is_some()) {
            self.error(codes::WRONG_TYPE, span, "`+` adds numbers, found a text")
                .hint("texts are joined by a template: `\"${a}${b}\"`");
            return error(span);
        }
        let left = self.convert(left, &want, &format!("the left operand of `{sign}`"));
        let right = self.convert(right, &want, &format!("the right operand of `{sign}`"));
        if left.is_error() || right.is_error() {
            return error(span);
        }
        let ty = if compares { Type::Bool } else { Type::Number };
        self.two(operator, left, right, (ty, span))
    }

    fn equality(&mut self, operator: BinaryOp, left: TExpr, right: TExpr, span: Span) -> TExpr {
        if left.is_error() || right.is_error() {
            return error(span);
        }
        let may = may_equal(&left.ty, &right.ty);
        let stated = |side: &TExpr| is_stated(side, &self.locals);
        let unlike = may && stated(&left) && stated(&right) && !alike(&left.ty, &right.ty);
        if !may || unlike {
            let result = if operator == BinaryOp::Equal {
                "false"
            } else {
                "true"
            };
            let (a, b) = (left.ty.named(), right.ty.named());
            let hint = unlike_hint(&left, &right);
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
            let null = constant(Value::Null, Type::Null, span);
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

    /// An operator over two operands that are converted.
    pub(in crate::check) fn two(
        &mut self,
        operator: BinaryOp,
        left: TExpr,
        right: TExpr,
        (ty, span): (Type, Span),
    ) -> TExpr {
        let node = TExpr {
            ty,
            binding: left.binding.max(right.binding),
            sensitivity: Sensitivity::whole_if(sensitivity::any([&left, &right])),
            span,
            kind: TKind::Binary(operator, Box::new(left), Box::new(right)),
        };
        self.fold_if_constant(node)
    }

    /// Folds a node whose operands are constants.
    pub(super) fn fold_if_constant(&mut self, node: TExpr) -> TExpr {
        let constant = match &node.kind {
            TKind::Unary(_, of) | TKind::Field(of, _) | TKind::Convert(of) => {
                of.constant().is_some()
            }
            TKind::Binary(_, a, b) | TKind::Index(a, b) => {
                a.constant().is_some() && b.constant().is_some()
            }
            _ => false,
        };
        if constant { self.fold(node) } else { node }
    }

    pub(super) fn conditional(&mut self, [condition, yes, no]: [&Expr; 3], span: Span) -> TExpr {
        let condition = self.condition(condition);
        let known = condition
            .constant()
            .and_then(|value| bggo_values::ops::truth(value).ok());
        let yes = self.if_chosen(known, true, |checker| checker.infer(yes));
        let no = self.if_chosen(known, false, |checker| checker.infer(no));
        if yes.is_error() || no.is_error() || condition.is_error() {
            return error(span);
        }
        let Some(ty) = yes.ty.unify(&no.ty) else {
            let (a, b) = (yes.ty.named(), no.ty.named());
            let text = format!("the arms of a conditional have no type in common: {a} and {b}");
            self.error(codes::NO_COMMON_TYPE, span, text);
            return error(span);
        };
        let yes = self.if_chosen(known, true, |checker| checker.arm(yes, &ty));
        let no = self.if_chosen(known, false, |checker| checker.arm(no, &ty));
        match known {
            Some(true) => TExpr { span, ..yes },
            Some(false) => TExpr { span, ..no },
            None => TExpr {
                binding: latest([&condition, &yes, &no]),
                sensitivity: if condition.sensitivity.any() {
                    Sensitivity::whole()
                } else {
                    yes.sensitivity.clone().and(&no.sensitivity)
                },
                ty,
                span,
                kind: TKind::Conditional(Box::new(condition), Box::new(yes), Box::new(no)),
            },
        }
    }

    /// An arm as the common type; of `any` it stays as it is.
    fn arm(&mut self, arm: TExpr, ty: &Type) -> TExpr {
        match ty {
            Type::Any => TExpr {
                ty: Type::Any,
                ..arm
            },
            _ => self.convert(arm, ty, "an arm of a conditional"),
        }
    }

    /// A condition: a bool that is not null.
    pub(in crate::check) fn condition(&mut self, condition: &Expr) -> TExpr {
        let condition = self.infer(condition);
        let condition = self.convert(condition, &Type::Bool, "a condition");
        self.not_null(condition, || "a condition is null".to_owned())
    }
}

/// How an operator is written.
fn sign(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEq => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEq => ">=",
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
    }
}
