//! `delay_before` and `delay_after` to typed delays: a duration, or an object that says how it is drawn.

use bggo_values::{Type, Value};

use crate::diagnostics::{Hint, codes, nearest};
use crate::syntax::decl::{Expr, ExprKind};

use super::expression::context::Checker;
use super::typed::{TDelay, TExpr, constant_duration};

/// Attributes of a delay that is drawn.
const DRAWN: [&str; 4] = ["min", "max", "mean", "distribution"];

/// The forms of a delay.
const FORMS: &str = "a delay is a duration, `{ min = \"1s\", max = \"3s\" }` or `{ mean = \"2s\", distribution = \"exponential\" }`";

impl Checker<'_> {
    /// A delay; absent where it is null or has a reported problem.
    pub(super) fn delay(&mut self, name: &str, expr: &Expr) -> Option<TDelay> {
        let ExprKind::Object(pairs) = &expr.kind else {
            let time = self.delay_time(&format!("`{name}`"), expr)?;
            return Some(TDelay::Fixed(time));
        };
        let mut parts: [Option<&Expr>; 4] = [None; 4];
        for (key, value) in pairs {
            let ExprKind::Text(key_name) = &key.kind else {
                if !matches!(key.kind, ExprKind::Error) {
                    self.error(
                        codes::INVALID_DELAY,
                        key.span,
                        "a delay has no computed names",
                    )
                    .hint(FORMS);
                }
                return None;
            };
            match DRAWN.iter().position(|known| known == key_name) {
                Some(place) => parts[place] = Some(value),
                None => {
                    let hint = nearest::nearest(key_name, DRAWN).map(Hint::meant);
                    let text = format!("`{name}` has no attribute `{key_name}`");
                    self.error(codes::INVALID_DELAY, key.span, text)
                        .advise(Some(hint.unwrap_or_else(|| FORMS.into())));
                    return None;
                }
            }
        }
        match parts {
            [Some(min), Some(max), None, None] => {
                let min = self.delay_time("`min`", min);
                let max = self.delay_time("`max`", max);
                let (min, max) = min.zip(max)?;
                if let (Some(least), Some(most)) =
                    (constant_duration(&min), constant_duration(&max))
                    && least > most
                {
                    let text = format!("`min` of `{name}` is more than its `max`");
                    self.error(codes::INVALID_DELAY, min.span, text)
                        .label(max.span, "`max`");
                    return None;
                }
                Some(TDelay::Between([min, max]))
            }
            [None, None, Some(mean), Some(distribution)] => {
                let drawn = self.known(distribution, &Type::String, "`distribution`")?;
                if drawn != Value::text("exponential") {
                    let text = "the only `distribution` of a delay is \"exponential\"";
                    self.error(codes::INVALID_DELAY, distribution.span, text)
                        .hint(
                            "a delay between two bounds has `min` and `max`, and no `distribution`",
                        );
                    return None;
                }
                let mean = self.delay_time("`mean`", mean)?;
                Some(TDelay::Exponential(mean))
            }
            _ => {
                let text = format!("`{name}` does not say how long it is");
                self.error(codes::INVALID_DELAY, expr.span, text)
                    .hint(FORMS);
                None
            }
        }
    }

    fn delay_time(&mut self, what: &str, expr: &Expr) -> Option<TExpr> {
        let time = self.infer(expr);
        let time = self.convert(time, &Type::Duration, what);
        if time.is_error() {
            return None;
        }
        if time.is_null() {
            self.error(codes::INVALID_DELAY, time.span, format!("{what} is null"))
                .hint("a step without a delay has no such attribute");
            return None;
        }
        Some(time)
    }
}
