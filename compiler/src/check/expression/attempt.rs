//! `try` and `can` to typed expressions: forms of the language that catch faults.
//!
//! A fault of a type or value that is known when the grid is built decides them at once; names that do not exist are errors
//! of the grid all the same.

use bggo_values::{Field, Type, Value};

use crate::diagnostics::{Code, Problem, Severity, codes};
use crate::source::Span;
use crate::syntax::decl::{Expr, Name};

use super::context::{Checker, constant, error};
use crate::check::typed::{Sensitivity, TExpr, TKind, latest};

/// Problems that `try` and `can` do not hide: a name that is not declared is wrong whatever the values are.
const OF_NAMES: &[Code] = &[
    codes::UNKNOWN_FUNCTION,
    codes::WRONG_ARGUMENTS,
    codes::UNKNOWN_OUTPUT,
    codes::UNKNOWN_FIELD,
    codes::MISSING_INDEX,
    codes::INVALID_REFERENCE,
];

impl Checker<'_> {
    /// `try(a, b, ..)`: alternatives that always fail are left out, and those behind one that never fails.
    pub(super) fn try_form(&mut self, name: &Name, arguments: &[Expr], span: Span) -> TExpr {
        if arguments.is_empty() {
            self.error(
                codes::WRONG_ARGUMENTS,
                name.span,
                "`try` takes at least 1 argument, found 0",
            );
            return error(span);
        }
        let mut kept: Vec<TExpr> = Vec::new();
        let mut faults = Vec::new();
        let (mut broken, mut decided) = (false, false);
        for argument in arguments {
            let (typed, found) = self.attempt(argument);
            if decided {
                continue;
            }
            if !found.is_empty() {
                faults = found;
            } else if typed.is_error() {
                broken = true;
            } else {
                decided = typed.constant().is_some();
                kept.push(typed);
            }
        }
        if broken {
            return error(span);
        }
        if kept.is_empty() {
            self.problems.list.extend(faults);
            return error(span);
        }
        if let ([only], true) = (kept.as_mut_slice(), decided) {
            let only = std::mem::replace(only, error(span));
            return TExpr { span, ..only };
        }
        // It gives the value of the one that is chosen, as it does where all of that is known when the grid is built.
        let ty = Type::unify_all(kept.iter().map(|typed| &typed.ty));
        let ty = ty.filter(|ty| kept.iter().all(|typed| keeps_values(&typed.ty, ty)));
        let ty = ty.unwrap_or(Type::Any);
        let kept: Vec<TExpr> = self.perhaps(true, |checker| {
            let each = kept.into_iter();
            each.map(|typed| match ty {
                Type::Any => typed,
                _ => checker.convert(typed, &ty, "an alternative of `try`"),
            })
            .collect()
        });
        let mut whole = Sensitivity::NONE;
        for typed in &kept {
            whole = whole.and(&typed.sensitivity);
        }
        TExpr {
            ty,
            binding: latest(&kept),
            sensitivity: whole,
            span,
            kind: TKind::Try(kept),
        }
    }

    pub(super) fn can_form(&mut self, name: &Name, arguments: &[Expr], span: Span) -> TExpr {
        let [argument] = arguments else {
            if !arguments.iter().all(Expr::is_whole) {
                return error(span);
            }
            let text = format!("`can` takes 1 argument, found {}", arguments.len());
            self.error(codes::WRONG_ARGUMENTS, name.span, text);
            return error(span);
        };
        let (typed, faults) = self.attempt(argument);
        if !faults.is_empty() {
            return constant(Value::Bool(false), Type::Bool, span);
        }
        if typed.is_error() {
            return error(span);
        }
        if typed.constant().is_some() {
            return constant(Value::Bool(true), Type::Bool, span);
        }
        TExpr {
            ty: Type::Bool,
            binding: typed.binding,
            sensitivity: Sensitivity::whole_if(typed.sensitivity.any()),
            span,
            kind: TKind::Can(Box::new(typed)),
        }
    }

    /// An expression whose faults are no errors of the grid; those of its names are.
    fn attempt(&mut self, argument: &Expr) -> (TExpr, Vec<Problem>) {
        let before = self.problems.list.len();
        let certain = std::mem::replace(&mut self.certain, true);
        let attempted = std::mem::replace(&mut self.attempted, true);
        let typed = self.infer(argument);
        self.certain = certain;
        self.attempted = attempted;
        let found = self.problems.list.split_off(before);
        let swallowed = |problem: &Problem| {
            problem.severity == Severity::Error && !OF_NAMES.contains(&problem.code)
        };
        let (faults, kept): (Vec<_>, Vec<_>) = found.into_iter().partition(swallowed);
        let named = kept
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        self.problems.list.extend(kept);
        if named {
            return (error(argument.span), Vec::new());
        }
        (typed, faults)
    }
}

/// Whether a conversion changes no value, but only what is known of it.
fn keeps_values(from: &Type, to: &Type) -> bool {
    if from == to {
        return true;
    }
    let all = |to: &Type| from.parts().iter().all(|part| keeps_values(part, to));
    match (from, to) {
        (Type::Null, _) | (_, Type::Any) => true,
        (Type::List(_) | Type::Tuple(_), Type::List(item)) => all(item),
        (Type::Set(own), Type::Set(item)) => keeps_values(own, item),
        (Type::Map(_) | Type::Object(_), Type::Map(item)) => all(item),
        (Type::Tuple(own), Type::Tuple(items)) => {
            let mut pairs = own.iter().zip(items);
            own.len() == items.len() && pairs.all(|(own, item)| keeps_values(own, item))
        }
        (Type::Object(own), Type::Object(fields)) => {
            let keeps = |field: &Field| {
                let found = own.iter().find(|other| other.name == field.name);
                found.is_some_and(|found| keeps_values(&found.ty, &field.ty))
            };
            own.len() == fields.len() && fields.iter().all(keeps)
        }
        _ => false,
    }
}
