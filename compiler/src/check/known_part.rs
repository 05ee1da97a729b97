//! What of an expression is known when the grid is built, as a value: null stands in the place of an item that comes later, and an
//! attribute that comes later is left out, since one that is null is known not to be there.

use bggo_values::{Text, Value};

use super::expression::context::Checker;
use super::typed::{TExpr, TKind};

impl Checker<'_> {
    /// The part of an expression that is known; `None` where nothing of it is, not even that it is a list or an object.
    pub(super) fn known_part(&self, expr: &TExpr) -> Option<Value> {
        match &expr.kind {
            TKind::Constant(value) => Some(value.clone()),
            TKind::Convert(of) => self.known_part(of),
            TKind::Local(id) => {
                let local = self.locals.get(id.0)?.as_ref()?;
                self.known_part(&local.value)
            }
            TKind::List(items) => {
                let items = items.iter().map(|item| self.known_or_null(item));
                Some(Value::from(items.collect::<Vec<_>>()))
            }
            TKind::Object(pairs) => {
                let mut known = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
                    let key = key.constant().and_then(Value::as_text)?;
                    if let Some(value) = self.known_part(value) {
                        known.push((Text::from(key.to_owned()), value));
                    }
                }
                Some(Value::from(known))
            }
            _ => None,
        }
    }

    fn known_or_null(&self, expr: &TExpr) -> Value {
        self.known_part(expr).unwrap_or(Value::Null)
    }
}
