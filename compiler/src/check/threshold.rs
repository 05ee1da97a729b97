//! Thresholds to typed ones: the condition to postfix terms, each bound to the quantity of the figure that it is compared with.
//!
//! ```text
//! condition --and, or, not, comparisons--> terms    (any other form above a metric is an error)
//! ```

use bggo_metrics::{Address, OnFail, Quantity, Statistic, Term, percent};
use bggo_values::{Type, Value, duration};

use crate::diagnostics::{Hint, codes, nearest};
use crate::resolve::model::{MetricRead, Reference};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, Expr, ExprKind, ThresholdDecl, UnaryOp};
use crate::syntax::words;

use super::expression::context::Checker;
use super::figure::{Figure, Grid};
use super::knowledge::outcome::{self, turned};
use super::typed::{Binding, TExpr, TGrid, TScenario, TStep, TTerm, TThreshold, constant_duration};

/// The most different figures that one condition reads.
const MOST_FIGURES: usize = 1_000;

/// A side of a comparison.
enum Side {
    Figure(Figure),
    Bound(TExpr),
}

/// A comparison of a figure with a bound that is known when built.
struct Known {
    /// As it is with the figure on the left side.
    operator: BinaryOp,
    span: Span,
    quantity: Quantity,
    bound: f64,
    /// The bound is written as a text, such as `"1%"`.
    is_text: bool,
}

/// A condition that is being taken apart.
#[derive(Default)]
struct Taken {
    addresses: Vec<Address>,
    terms: Vec<TTerm>,
    /// That it reads too many figures is reported.
    is_full: bool,
}

impl Checker<'_> {
    /// All thresholds; `steps` and `scenarios` are those of each body.
    pub(super) fn all_thresholds(
        &mut self,
        reads: &[MetricRead],
        steps: &[Vec<Option<TStep>>],
        scenarios: &[Option<TScenario>],
        whole: &TGrid,
    ) -> Vec<Option<TThreshold>> {
        let declarations = self.declarations;
        let thresholds = declarations.thresholds.iter();
        thresholds
            .map(|threshold| {
                let grid = Grid {
                    reads,
                    steps,
                    scenarios,
                    whole,
                };
                self.threshold(threshold, &grid)
            })
            .collect()
    }

    fn threshold(&mut self, threshold: &ThresholdDecl, grid: &Grid<'_>) -> Option<TThreshold> {
        let mut taken = Taken::default();
        let condition = threshold.condition.as_ref();
        let sound = condition
            .filter(|(condition, _)| condition.is_whole())
            .is_some_and(|(condition, _)| self.take(condition, grid, &mut taken).is_some());
        let seconds = [
            ("over", &threshold.over, 1),
            ("for", &threshold.hold, 1),
            ("after", &threshold.after, 0),
        ];
        let [over, hold, after] = seconds.map(|(name, expr, at_least)| {
            let expr = expr.as_ref()?;
            self.seconds(expr, name, at_least)
        });
        let on_fail = self.on_fail(threshold.on_fail.as_ref());
        let description = self.description(threshold.description.as_ref());
        let (_, text) = condition.filter(|_| sound)?;
        Some(TThreshold {
            name: threshold.name.text.clone(),
            span: threshold.span,
            addresses: taken.addresses,
            terms: taken.terms,
            text: text.clone(),
            over,
            hold,
            after,
            on_fail,
            description,
        })
    }

    /// `over`, `for` and `after`.
    fn seconds(&mut self, expr: &Expr, name: &str, at_least: u32) -> Option<TExpr> {
        let typed = self.infer(expr);
        let typed = self.convert(typed, &Type::Duration, &format!("`{name}`"));
        if typed.is_error()
            || typed.is_null()
            || !self.is_known_at_start(&typed, &format!("`{name}`"))
        {
            return None;
        }
        if let Some(length) = constant_duration(&typed) {
            let whole = u32::try_from(length.as_secs()).ok();
            let whole = whole.filter(|whole| length.subsec_nanos() == 0 && *whole >= at_least);
            if whole.is_none() {
                let text = format!(
                    "`{name}` takes whole seconds, {at_least}s or more, found {}",
                    duration::format(length)
                );
                self.error(codes::INVALID_THRESHOLD, typed.span, text);
                return None;
            }
        }
        Some(typed)
    }

    fn is_known_at_start(&mut self, typed: &TExpr, what: &str) -> bool {
        let (code, text) = if typed.sensitivity.any() {
            let text = format!("{what} of a threshold must not be sensitive: it is shown");
            (codes::INVALID_THRESHOLD, text)
        } else if typed.binding > Binding::Start {
            let text = format!("{what} of a threshold must be known when the program starts");
            (codes::NOT_KNOWN_AT_START, text)
        } else {
            return true;
        };
        self.error(code, typed.span, text);
        false
    }

    fn on_fail(&mut self, expr: Option<&Expr>) -> OnFail {
        let value =
            expr.and_then(|expr| Some((self.known(expr, &Type::String, "`on_fail`")?, expr)));
        let Some((value, expr)) = value else {
            return OnFail::Fail;
        };
        match value.as_text().unwrap_or_default() {
            "abort" => OnFail::Abort,
            "fail" => OnFail::Fail,
            "warn" => OnFail::Warn,
            other => {
                let text =
                    format!("`on_fail` is \"abort\", \"fail\" or \"warn\", found \"{other}\"");
                let near = nearest::nearest(other, words::ON_FAIL);
                let hint = near.map(|near| {
                    let words = format!("did you mean \"{near}\"?");
                    Hint::meant(near).saying(words)
                });
                self.error(codes::NOT_ONE_OF, expr.span, text).advise(hint);
                OnFail::Fail
            }
        }
    }

    /// Adds the terms of a part of a condition; `None` with a reported problem.
    fn take(&mut self, expr: &Expr, grid: &Grid<'_>, to: &mut Taken) -> Option<()> {
        match &expr.kind {
            ExprKind::Binary(operator @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                let left = self.take(left, grid, to);
                let right = self.take(right, grid, to);
                let term = match operator {
                    BinaryOp::And => Term::And,
                    _ => Term::Or,
                };
                to.terms.push(TTerm::Plain(term));
                left.and(right)
            }
            ExprKind::Unary(UnaryOp::Not, of) => {
                let of = self.take(of, grid, to);
                to.terms.push(TTerm::Plain(Term::Not));
                of
            }
            ExprKind::Binary(operator, left, right) if sign(*operator).is_some() => {
                self.comparison((*operator, expr.span), [left, right], grid, to)
            }
            ExprKind::Error => None,
            _ => {
                if !self.reads_unknown(expr) {
                    let text = "a condition of a threshold compares figures with bounds";
                    self.error(codes::THRESHOLD_FORM, expr.span, text)
                        .hint("write `metrics.run.response_time.p95 < \"300ms\"`; such comparisons are joined by `&&`, `||` and `!`");
                }
                None
            }
        }
    }

    /// Whether an expression is a name with a reported problem.
    fn reads_unknown(&self, expr: &Expr) -> bool {
        let mut at = expr;
        loop {
            if self.reference(at.id) == Some(Reference::Error) {
                return true;
            }
            match &at.kind {
                ExprKind::Field(base, _) | ExprKind::Index(base, _) => at = base,
                _ => return false,
            }
        }
    }

    fn comparison(
        &mut self,
        (operator, span): (BinaryOp, Span),
        sides: [&Expr; 2],
        grid: &Grid<'_>,
        to: &mut Taken,
    ) -> Option<()> {
        let [left, right] = sides.map(|side| self.side(side, grid));
        let (left, right) = (left?, right?);
        let quantity = match (&left, &right) {
            (Side::Figure(one), Side::Figure(other)) if one.quantity != other.quantity => {
                let (one, other) = (named(one.quantity), named(other.quantity));
                let text = format!("{one} is compared with {other}");
                self.error(codes::UNIT_MISMATCH, span, text);
                return None;
            }
            (Side::Figure(figure), _) | (_, Side::Figure(figure)) => figure.quantity,
            (Side::Bound(_), Side::Bound(_)) => {
                let text = "one side of a comparison is a figure of the run, found two values";
                self.error(codes::THRESHOLD_FORM, span, text)
                    .hint("write `metrics.run.response_time.p95 < \"300ms\"`");
                return None;
            }
        };
        if matches!(operator, BinaryOp::Equal | BinaryOp::NotEqual) {
            let is_exact = |side: &Side| match side {
                Side::Bound(_) => true,
                Side::Figure(figure) => {
                    matches!(figure.address.statistic, Statistic::Count | Statistic::Sum)
                }
            };
            if !is_exact(&left) || !is_exact(&right) {
                let text = "only a `count` or a `sum` can be asked for an exact value";
                self.error(codes::THRESHOLD_FORM, span, text)
                    .hint("write `<`, `<=`, `>` or `>=`");
                return None;
            }
        }
        let is_turned = matches!(left, Side::Bound(_));
        for side in [left, right] {
            let term = match side {
                Side::Figure(figure) => {
                    TTerm::Plain(figure_term(&mut to.addresses, figure.address))
                }
                Side::Bound(value) => {
                    let is_text = value.constant().and_then(Value::as_text).is_some();
                    let term = self.bound(value, quantity)?;
                    if let TTerm::Plain(Term::Bound(bound)) = term {
                        let operator = if is_turned {
                            turned(operator)
                        } else {
                            operator
                        };
                        self.warn_of_constant(&Known {
                            operator,
                            span,
                            quantity,
                            bound,
                            is_text,
                        });
                    }
                    term
                }
            };
            to.terms.push(term);
        }
        if to.addresses.len() > MOST_FIGURES {
            if std::mem::replace(&mut to.is_full, true) {
                return None;
            }
            let text = format!("a condition reads at most {MOST_FIGURES} different figures");
            self.error(codes::INVALID_THRESHOLD, span, text)
                .hint("write several thresholds: each of them must hold");
            return None;
        }
        to.terms.push(TTerm::Plain(sign(operator)?));
        Some(())
    }

    fn side(&mut self, expr: &Expr, grid: &Grid<'_>) -> Option<Side> {
        if let Some(Reference::Metric(at)) = self.reference(expr.id) {
            let read = grid.reads.get(at)?;
            return self.figure(read, grid).map(Side::Figure);
        }
        let value = self.infer(expr);
        (!value.is_error()).then_some(Side::Bound(value))
    }

    /// A bound in the quantity that it is compared with.
    fn bound(&mut self, value: TExpr, quantity: Quantity) -> Option<TTerm> {
        let what = "a bound of a threshold";
        if value.is_null() {
            self.error(codes::INVALID_VALUE, value.span, format!("{what} is null"));
            return None;
        }
        if !self.is_known_at_start(&value, "a bound") {
            return None;
        }
        if let Some(hint) = cure(&value, quantity) {
            let found = match value.constant().and_then(Value::as_text) {
                Some(text) => format!("\"{text}\""),
                None => value.ty.named(),
            };
            let text = format!("{} is compared with {found}", named(quantity));
            self.error(codes::UNIT_MISMATCH, value.span, text)
                .hint(hint);
            return None;
        }
        let ty = match quantity {
            Quantity::Time => Type::Duration,
            Quantity::Bytes => Type::Size,
            Quantity::Number => Type::Number,
            Quantity::Ratio => match value.constant() {
                Some(Value::Text(text)) if let Some(share) = percent(text) => {
                    return Some(TTerm::Plain(Term::Bound(share)));
                }
                Some(_) => Type::Number,
                // A text such as `1%` may come from a variable: the program reads it.
                None => return Some(TTerm::Bound(quantity, Box::new(value))),
            },
        };
        let value = self.convert(value, &ty, what);
        if value.is_error() {
            return None;
        }
        Some(match value.constant() {
            Some(Value::Duration(time)) => TTerm::Plain(Term::Bound(time.as_secs_f64())),
            Some(Value::Number(number)) => TTerm::Plain(Term::Bound(number.as_f64())),
            _ => TTerm::Bound(quantity, Box::new(value)),
        })
    }

    /// Warns of a comparison that comes out the same whatever was measured, and of a share below the number 1: only a run in
    /// which all of them failed would break that, and `"1%"` is what was meant.
    fn warn_of_constant(&mut self, known: &Known) {
        let is_share = known.quantity == Quantity::Ratio;
        let most = if is_share { 1.0 } else { f64::INFINITY };
        let bound = known.bound;
        let outcome = outcome::of_comparison(known.operator, bound, most);
        let is_percentage = is_share && !known.is_text && bound >= 1.0;
        let text = match outcome {
            Some(true) => "this is always true, whatever is measured",
            Some(false) => "this is never true, whatever is measured",
            None if is_percentage && known.operator == BinaryOp::Less => {
                "this is true unless the share is 100 %"
            }
            None => return,
        };
        let problem = self.problems.warning(codes::ALWAYS_TRUE, known.span, text);
        if is_percentage {
            let all = match outcome {
                Some(_) => "",
                None => ", or \"100%\" where that is meant",
            };
            problem.hint(format!("a share is from 0 to 1: write \"{bound}%\"{all}"));
        }
    }
}

/// The term of an address, which is listed once. There are at most [`MOST_FIGURES`] of them.
fn figure_term(addresses: &mut Vec<Address>, address: Address) -> Term {
    let known = addresses.iter().position(|known| *known == address);
    let place = known.unwrap_or_else(|| {
        addresses.push(address);
        addresses.len() - 1
    });
    Term::Figure(u16::try_from(place).unwrap_or(u16::MAX))
}

fn sign(operator: BinaryOp) -> Option<Term> {
    Some(match operator {
        BinaryOp::Less => Term::Less,
        BinaryOp::LessEq => Term::LessOrEqual,
        BinaryOp::Greater => Term::Greater,
        BinaryOp::GreaterEq => Term::GreaterOrEqual,
        BinaryOp::Equal => Term::Equal,
        BinaryOp::NotEqual => Term::NotEqual,
        _ => return None,
    })
}

fn named(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Time => "a time",
        Quantity::Bytes => "a size",
        Quantity::Number => "a number",
        Quantity::Ratio => "a share",
    }
}

/// What to write in place of a bound that is of another quantity; `None` where it may fit.
fn cure(value: &TExpr, quantity: Quantity) -> Option<String> {
    let text = value.constant().and_then(Value::as_text);
    let is_time =
        value.ty == Type::Duration || text.is_some_and(|text| duration::parse(text).is_some());
    // `0` is every quantity.
    let is_time = is_time && text != Some("0");
    let is_share = text.is_some_and(|text| percent(text).is_some());
    let is_number = value.ty == Type::Number || value.ty == Type::Size;
    let hint = match quantity {
        Quantity::Time if is_number => match value.constant() {
            Some(Value::Number(number)) => format!("a time has a unit: `\"{number}ms\"`"),
            _ => "a time has a unit: `\"${..}ms\"`".to_owned(),
        },
        Quantity::Time if is_share => "write a time: `\"300ms\"`".to_owned(),
        Quantity::Bytes if is_time || is_share => "write a size: `\"10KiB\"`".to_owned(),
        Quantity::Number if is_share => {
            "write a number; the share is another statistic: `ratio`".to_owned()
        }
        Quantity::Number if is_time => "write a number without a unit".to_owned(),
        Quantity::Ratio if is_time => "write a share: `\"1%\"` or `0.01`".to_owned(),
        _ => return None,
    };
    Some(hint)
}
