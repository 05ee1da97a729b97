//! Expressions to the calls of `base64decode` in them where bytes are required: there it gives the bytes themselves, elsewhere
//! text.
//!
//! Which of the two it is must be known before the call is folded, so the place is looked at first: an input or a variable
//! of type `bytes`, also as an item, an attribute or an arm of a conditional.

use std::collections::BTreeSet;

use bggo_values::Type;

use crate::source::Span;
use crate::syntax::decl::{Expr, ExprKind, Part};

/// Finds the calls of `base64decode` whose value is wanted as bytes, by the place of their name. `open` gives the first level of a
/// type that a document describes.
pub(super) fn find(
    expr: &Expr,
    want: &Type,
    open: &mut dyn FnMut(&Type) -> Type,
    found: &mut BTreeSet<Span>,
) {
    let opened;
    let want = match want {
        Type::Named(_) => {
            opened = open(want);
            &opened
        }
        other => other,
    };
    match (&expr.kind, want) {
        (ExprKind::Call { name, .. }, Type::Bytes) if name.text == "base64decode" => {
            found.insert(name.span);
        }
        (
            ExprKind::Call {
                name, arguments, ..
            },
            _,
        ) if name.text == "try" => {
            for argument in arguments {
                find(argument, want, open, found);
            }
        }
        (ExprKind::Conditional(_, yes, no), _) => {
            find(yes, want, open, found);
            find(no, want, open, found);
        }
        (ExprKind::Template(parts), _) => {
            if let [Part::Hole(only)] = parts.as_slice() {
                find(only, want, open, found);
            }
        }
        (ExprKind::List(items), Type::List(item) | Type::Set(item)) => {
            for value in items {
                find(value, item, open, found);
            }
        }
        (ExprKind::List(items), Type::Tuple(types)) => {
            for (value, ty) in items.iter().zip(types) {
                find(value, ty, open, found);
            }
        }
        (ExprKind::Object(pairs), Type::Map(item)) => {
            for (_, value) in pairs {
                find(value, item, open, found);
            }
        }
        (ExprKind::Object(pairs), Type::Object(_)) => {
            for (key, value) in pairs {
                if let ExprKind::Text(name) = &key.kind
                    && let Some(ty) = want.attribute(name)
                {
                    find(value, ty, open, found);
                }
            }
        }
        (ExprKind::For(form), Type::List(item) | Type::Set(item) | Type::Map(item)) => {
            find(&form.result, item, open, found);
        }
        _ => {}
    }
}
