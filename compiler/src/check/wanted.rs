//! `base64decode` where bytes are required: there it gives the bytes themselves, elsewhere text.
//!
//! Which of the two it is must be known before the call is folded, so the place is looked at first: an input or a variable
//! of type `bytes`, also as an item, an attribute or an arm of a conditional.

use bggo_values::Type;

use crate::syntax::decl::{Expr, ExprKind, Part};

use super::context::Checker;
use super::typed::TExpr;

impl Checker<'_> {
    /// Types an expression that stands where this type is wanted. It is not converted yet.
    pub(super) fn infer_wanted(&mut self, expr: &Expr, want: &Type) -> TExpr {
        self.mark_bytes(expr, want);
        self.infer(expr)
    }

    /// Remembers the calls of `base64decode` whose value is wanted as bytes.
    fn mark_bytes(&mut self, expr: &Expr, want: &Type) {
        match (&expr.kind, want) {
            (ExprKind::Call { name, .. }, Type::Bytes) if name.text == "base64decode" => {
                self.wanted_as_bytes.insert(name.span);
            }
            (
                ExprKind::Call {
                    name, arguments, ..
                },
                _,
            ) if name.text == "try" => {
                for argument in arguments {
                    self.mark_bytes(argument, want);
                }
            }
            (ExprKind::Conditional(_, yes, no), _) => {
                self.mark_bytes(yes, want);
                self.mark_bytes(no, want);
            }
            (ExprKind::Template(parts), _) => {
                if let [Part::Hole(only)] = parts.as_slice() {
                    self.mark_bytes(only, want);
                }
            }
            (ExprKind::List(items), Type::List(item) | Type::Set(item)) => {
                for value in items {
                    self.mark_bytes(value, item);
                }
            }
            (ExprKind::List(items), Type::Tuple(types)) => {
                for (value, ty) in items.iter().zip(types) {
                    self.mark_bytes(value, ty);
                }
            }
            (ExprKind::Object(pairs), Type::Map(item)) => {
                for (_, value) in pairs {
                    self.mark_bytes(value, item);
                }
            }
            (ExprKind::Object(pairs), Type::Object(_)) => {
                for (key, value) in pairs {
                    if let ExprKind::Text(name) = &key.kind
                        && let Some(ty) = want.attribute(name)
                    {
                        self.mark_bytes(value, ty);
                    }
                }
            }
            (ExprKind::For(form), Type::List(item) | Type::Set(item) | Type::Map(item)) => {
                self.mark_bytes(&form.result, item);
            }
            _ => {}
        }
    }
}
