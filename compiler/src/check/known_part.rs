//! What of an expression is known when the grid is built, as a value: null stands in the place of what comes later.

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
                let pairs = pairs.iter().map(|(key, value)| {
                    let key = key.constant().and_then(Value::as_text)?;
                    Some((Text::from(key.to_owned()), self.known_or_null(value)))
                });
                Some(Value::from(pairs.collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        }
    }

    fn known_or_null(&self, expr: &TExpr) -> Value {
        self.known_part(expr).unwrap_or(Value::Null)
    }
}
