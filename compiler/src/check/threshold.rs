//! Thresholds to typed ones: each address to a figure with a quantity, each bound to that quantity, and the condition to
//! postfix terms.
//!
//! ```text
//! MetricRead --figures, quantity--> Figure          (the rules are those of `bggo_metrics`)
//! condition --and, or, not, comparisons--> terms    (any other form above a metric is an error)
//! ```

use bggo_metrics::{
    Address, Figures, HIGHEST_RATE, Keyed, OF_ITERATIONS, OF_SCENARIO, OF_STEP, OnFail, Quantity,
    Statistic, Subject, Term, percent,
};
use bggo_schedule::declared::Profile;
use bggo_values::{Text, Type, Value, duration};

use crate::diagnostics::{codes, nearest};
use crate::modules::RunnerOrAsset;
use crate::resolve::model::{BodyId, MetricId, MetricRead, MetricSubject, Reference, StepId};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, Expr, ExprKind, Name, ThresholdDecl, UnaryOp};

use super::expression::context::Checker;
use super::typed::{Binding, TExpr, TScenario, TStep, TTerm, TThreshold, constant_duration};

/// Kinds of failure that need no manifest.
const KINDS: &[&str] = &[
    "asset",
    "bug",
    "check",
    "cut",
    "no_failed_step",
    "other",
    "timeout",
    "value",
];

/// The most different figures that one condition reads.
const MOST_FIGURES: usize = 1_000;

/// What an address stands for.
struct Figure {
    address: Address,
    quantity: Quantity,
}

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
    ) -> Vec<Option<TThreshold>> {
        let declarations = self.declarations;
        let thresholds = declarations.thresholds.iter();
        thresholds
            .map(|threshold| {
                let grid = Grid {
                    reads,
                    steps,
                    scenarios,
                };
                self.threshold(threshold, &grid)
            })
            .collect()
    }

    fn threshold(&mut self, threshold: &ThresholdDecl, grid: &Grid<'_>) -> Option<TThreshold> {
        let mut taken = Taken::default();
        let condition = threshold.condition.as_ref();
        let sound = condition
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
                let near = nearest::nearest(other, ["abort", "fail", "warn"]);
                let hint = near.map(|near| format!("did you mean \"{near}\"?"));
                self.error(codes::NOT_ONE_OF, expr.span, text).hint = hint;
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
                        self.can_be_missed(&Known {
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
    fn can_be_missed(&mut self, known: &Known) {
        let is_share = known.quantity == Quantity::Ratio;
        let most = if is_share { 1.0 } else { f64::INFINITY };
        let bound = known.bound;
        let outcome = match known.operator {
            BinaryOp::Less if bound > most => Some(true),
            BinaryOp::Less if bound <= 0.0 => Some(false),
            BinaryOp::LessEq if bound >= most => Some(true),
            BinaryOp::LessEq if bound < 0.0 => Some(false),
            BinaryOp::Greater if bound >= most => Some(false),
            BinaryOp::Greater if bound < 0.0 => Some(true),
            BinaryOp::GreaterEq if bound > most => Some(false),
            BinaryOp::GreaterEq if bound <= 0.0 => Some(true),
            BinaryOp::Equal | BinaryOp::NotEqual if bound < 0.0 || bound > most => {
                Some(known.operator == BinaryOp::NotEqual)
            }
            _ => None,
        };
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

    /// What an address stands for; unknown names of it are reported.
    fn figure(&mut self, read: &MetricRead, grid: &Grid<'_>) -> Option<Figure> {
        let (figures, keyed) = self.figures(read)?;
        self.has_key(read, keyed)?;
        let word = &read.statistic;
        let statistic = Statistic::of_word(&word.text);
        let Some(statistic) = statistic else {
            let hint = nearest::nearest(&word.text, figures.statistics().iter().copied());
            let hint = match hint {
                Some(near) => format!("did you mean `{near}`?"),
                None => listed(figures),
            };
            let text = format!("there is no statistic `{}`", word.text);
            self.error(codes::UNKNOWN_STATISTIC, word.span, text)
                .hint(hint);
            return None;
        };
        let Some(quantity) = figures.quantity(statistic) else {
            let text = format!("{} has no `{}`", figures.name(), word.text);
            self.error(codes::UNKNOWN_STATISTIC, word.span, text)
                .hint(listed(figures));
            return None;
        };
        if !read.tags.is_empty() {
            self.tags_of(read, grid)?;
        }
        self.measures_response(read);
        let text = |name: &str| Text::from(name.to_owned());
        let scenario = |body: BodyId| text(&self.declarations.body(body).name.text);
        let subject = match &read.subject {
            MetricSubject::Run => Subject::Run,
            MetricSubject::Scenario(body) => Subject::Scenario(scenario(*body)),
            MetricSubject::Step {
                scenario: only,
                runner,
                name,
                ..
            } => Subject::Step {
                scenario: only.map(scenario),
                runner: text(runner),
                name: text(name),
            },
            MetricSubject::Custom(name) => Subject::Custom(text(&name.text)),
        };
        let pair = |(key, value): &(Name, Name)| (text(&key.text), text(&value.text));
        Some(Figure {
            address: Address {
                subject,
                metric: read
                    .metric
                    .as_ref()
                    .map_or(Text::Static(""), |name| text(&name.text)),
                key: read.key.as_ref().map(|key| text(&key.text)),
                tags: read.tags.iter().map(pair).collect(),
                statistic,
            },
            quantity,
        })
    }

    /// What a metric can be asked for, and its keys.
    fn figures(&mut self, read: &MetricRead) -> Option<(Figures, Keys)> {
        let built_in = match &read.subject {
            MetricSubject::Run => OF_ITERATIONS,
            MetricSubject::Scenario(body) => {
                self.searches_its_rate(read, *body)?;
                OF_SCENARIO
            }
            MetricSubject::Step { .. } => OF_STEP,
            MetricSubject::Custom(name) => return self.custom(name),
        };
        let name = read.metric.as_ref()?;
        let runner = self.runner_of_address(read);
        if let Some(known) = built_in.iter().find(|known| known.name == name.text) {
            let keys = match (known.keyed, known.name) {
                (Keyed::Never, _) => Keys::None,
                (_, "checks") => Keys::Checks(self.checks_of(read)),
                _ => Keys::Kinds(self.kinds_of(runner)),
            };
            return Some((known.figures, keys));
        }
        let metrics = runner.map_or(&[][..], |runner| &self.modules.runner(runner).metrics);
        if let Some(metric) = metrics.iter().find(|metric| metric.name == name.text) {
            let kind = layout_kind(metric.kind);
            let keys = match &metric.label {
                Some(_) => Keys::Labels,
                None => Keys::None,
            };
            return Some((Figures::of(kind, &metric.unit), keys));
        }
        let own = metrics.iter().map(|metric| metric.name.as_str());
        let known = built_in.iter().map(|known| known.name).chain(own);
        let text = format!("there is no metric `{}` here", name.text);
        let hint = nearest::hint(&name.text, known);
        self.error(codes::UNKNOWN_METRIC, name.span, text).hint = hint;
        None
    }

    /// `highest_rate` is a figure of a search only.
    fn searches_its_rate(&mut self, read: &MetricRead, body: BodyId) -> Option<()> {
        let name = read.metric.as_ref()?;
        if name.text != HIGHEST_RATE {
            return Some(());
        }
        let body = self.declarations.body(body);
        let load = body.scenario.as_ref().and_then(|one| one.load.as_ref());
        if load.is_some_and(|load| load.profile.text == Profile::Search.name()) {
            return Some(());
        }
        let text = format!("`{}` does not search its rate", body.name.text);
        self.error(codes::UNKNOWN_METRIC, name.span, text)
            .hint("`highest_rate` is what a `load \"search\"` finds");
        None
    }

    /// A metric of the grid, which some step records.
    fn custom(&mut self, name: &Name) -> Option<(Figures, Keys)> {
        let mut metrics = self.metrics.iter();
        let found = metrics.position(|metric| metric.name == name.text);
        let declarations = self.declarations;
        let Some(place) = found else {
            if !declarations.may_declare("metric", &[&name.text]) {
                let known = self.metrics.iter().map(|metric| metric.name.as_str());
                let hint = nearest::hint(&name.text, known);
                let declare = format!(
                    "declare it: `metric \"{}\" {{ kind = \"counter\" }}`",
                    name.text
                );
                let text = format!("the grid has no metric `{}`", name.text);
                self.error(codes::UNKNOWN_CUSTOM_METRIC, name.span, text)
                    .hint(hint.unwrap_or(declare));
            }
            return None;
        };
        if !self.recorded.contains(&MetricId(place)) && !declarations.incomplete {
            let text = format!(
                "no step records the metric `{}`, so it has no figures",
                name.text
            );
            self.error(codes::UNKNOWN_METRIC, name.span, text)
                .hint(format!(
                    "a step records it: `record {{ {} = .. }}`",
                    name.text
                ));
            return None;
        }
        let metric = self.metrics.get(place)?;
        Some((
            Figures::of(layout_kind(metric.kind), &metric.unit),
            Keys::None,
        ))
    }

    /// The runner of the steps of an address: all of them have the same.
    fn runner_of_address(&self, read: &MetricRead) -> Option<RunnerOrAsset> {
        let MetricSubject::Step { steps, .. } = &read.subject else {
            return None;
        };
        steps.first().and_then(|step| self.runner_of(*step))
    }

    /// Names of the checks of the steps of an address.
    fn checks_of(&self, read: &MetricRead) -> Vec<String> {
        let MetricSubject::Step { steps, .. } = &read.subject else {
            return Vec::new();
        };
        let steps = steps.iter().map(|step| self.declarations.step(*step));
        let checks = steps.flat_map(|step| &step.checks);
        checks.map(|check| check.name.text.clone()).collect()
    }

    /// Kinds of failure of a runner; those of all of a grid's runners for iterations.
    fn kinds_of(&self, runner: Option<RunnerOrAsset>) -> Vec<String> {
        let all = self.declarations.body_ids();
        let all = all.flat_map(|body| self.declarations.step_ids(body));
        let runners: Vec<RunnerOrAsset> = match runner {
            Some(runner) => vec![runner],
            None => all.filter_map(|step| self.runner_of(step)).collect(),
        };
        let errors = runners
            .iter()
            .flat_map(|runner| &self.modules.runner(*runner).errors);
        let mut kinds: Vec<String> = errors.map(|error| error.name.clone()).collect();
        kinds.extend(KINDS.iter().map(|kind| (*kind).to_owned()));
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// Whether the key fits; faults are reported.
    fn has_key(&mut self, read: &MetricRead, keys: Keys) -> Option<()> {
        let metric = read.metric.as_ref().map_or("", |name| name.text.as_str());
        let metric_span = read.metric.as_ref().map_or(read.span, |name| name.span);
        let (known, what) = match (keys, &read.key) {
            (Keys::None, Some(key)) => {
                let text = format!("`{metric}` has no keys");
                self.error(codes::UNEXPECTED_INDEX, key.span, text);
                return None;
            }
            (Keys::Checks(known), None) => {
                let text = "`checks` needs the name of a check";
                let hint = match known.first() {
                    Some(first) => format!("write `checks[\"{first}\"]`"),
                    None => "the step has no checks".to_owned(),
                };
                self.error(codes::UNKNOWN_METRIC, metric_span, text)
                    .hint(hint);
                return None;
            }
            (Keys::Checks(known), Some(_)) => (known, "check"),
            (Keys::Kinds(known), Some(_)) => (known, "kind of failure"),
            (Keys::None | Keys::Labels | Keys::Kinds(_), _) => return Some(()),
        };
        let key = read.key.as_ref()?;
        if known.contains(&key.text) {
            return Some(());
        }
        let quoted: Vec<String> = known.iter().map(|known| format!("\"{known}\"")).collect();
        let written = format!("\"{}\"", key.text);
        let hint = nearest::hint(&written, quoted.iter().map(String::as_str));
        let text = format!("there is no {what} {written} here");
        self.error(codes::UNKNOWN_METRIC, key.span, text).hint = hint;
        None
    }

    /// Whether something has the tags of an address; if not, that is reported.
    fn tags_of(&mut self, read: &MetricRead, grid: &Grid<'_>) -> Option<()> {
        let ((first, _), (_, last)) = read.tags.first().zip(read.tags.last())?;
        let declarations = self.declarations;
        let places: Vec<Vec<(String, String)>> = match &read.subject {
            MetricSubject::Step { steps, .. } => {
                let known = steps.iter().filter_map(|id| grid.tags_of_step(*id));
                known.collect()
            }
            MetricSubject::Scenario(body) => vec![grid.tags_of_scenario(*body)],
            MetricSubject::Run => {
                let bodies = declarations.body_ids();
                bodies.map(|body| grid.tags_of_scenario(body)).collect()
            }
            MetricSubject::Custom(name) => {
                let mut metrics = self.metrics.iter();
                let metric = metrics.position(|metric| metric.name == name.text)?;
                grid.tags_of_records(metric)
            }
        };
        let has_all = |tags: &Vec<(String, String)>| {
            let mut wanted = read.tags.iter();
            wanted.all(|(key, value)| {
                tags.iter()
                    .any(|(known, has)| *known == key.text && *has == value.text)
            })
        };
        if places.iter().any(has_all) {
            return Some(());
        }
        let mut known: Vec<String> = places
            .into_iter()
            .flatten()
            .map(|(key, value)| format!("{key} = \"{value}\""))
            .collect();
        known.sort();
        known.dedup();
        let text = "nothing that this names has these tags";
        let hint = match known.as_slice() {
            [] => "it has no tags".to_owned(),
            known => format!("it has the tags `{}`", known.join("`, `")),
        };
        self.error(codes::UNKNOWN_METRIC, first.span.to(last.span), text)
            .hint(hint);
        None
    }

    /// Warns of a response time where nothing is due at a moment of its own.
    fn measures_response(&mut self, read: &MetricRead) {
        let Some(metric) = read.metric.as_ref() else {
            return;
        };
        let declarations = self.declarations;
        let bodies: Vec<BodyId> = match &read.subject {
            MetricSubject::Run => declarations.body_ids().collect(),
            MetricSubject::Scenario(body) => vec![*body],
            MetricSubject::Step { steps, .. } => steps.iter().map(|step| step.body).collect(),
            MetricSubject::Custom(_) => return,
        };
        let loads = bodies.iter().filter_map(|body| {
            let body = declarations.body(*body);
            (!body.steps.is_empty()).then(|| body.scenario.as_ref()?.load.as_ref())
        });
        let loads: Vec<_> = loads.collect();
        let is_closed = |profile: &str| {
            let profile = Profile::of_name(profile);
            profile.is_some_and(|profile| !profile.is_open())
        };
        let all_closed = !loads.is_empty()
            && loads
                .iter()
                .all(|load| load.is_some_and(|load| is_closed(&load.profile.text)));
        if metric.text == "response_time" && all_closed {
            let text = "nothing is due at a moment of its own in a closed profile, so its service time is judged";
            self.problems
                .warning(codes::RESPONSE_OF_CLOSED, metric.span, text)
                .hint("write `service_time`, or give the scenario a rate: `load \"constant_arrival_rate\"`");
        }
    }
}

/// What conditions read.
struct Grid<'g> {
    reads: &'g [MetricRead],
    /// Of each body.
    steps: &'g [Vec<Option<TStep>>],
    /// Of each body; none of the steps at the top of the grid.
    scenarios: &'g [Option<TScenario>],
}

impl Grid<'_> {
    /// Tags of the iterations of a body.
    fn tags_of_scenario(&self, body: BodyId) -> Vec<(String, String)> {
        let scenario = self.scenarios.get(body.0).and_then(Option::as_ref);
        scenario.map_or_else(Vec::new, |scenario| scenario.tags.clone())
    }

    /// Tags of a step: its own, and those of its scenario that it does not give itself. Of a step with a reported problem
    /// nothing is known.
    fn tags_of_step(&self, id: StepId) -> Option<Vec<(String, String)>> {
        let step = self.steps.get(id.body.0)?.get(id.index)?.as_ref()?;
        let mut tags = step.tags.clone();
        for (key, value) in self.tags_of_scenario(id.body) {
            if !tags.iter().any(|(known, _)| *known == key) {
                tags.push((key, value));
            }
        }
        Some(tags)
    }

    /// Tags of the steps that record a metric of the grid.
    fn tags_of_records(&self, metric: usize) -> Vec<Vec<(String, String)>> {
        let bodies = self.steps.iter().enumerate();
        let steps = bodies.flat_map(|(body, steps)| {
            let steps = steps.iter().enumerate();
            steps.filter_map(move |(index, step)| {
                let mut records = step.as_ref()?.records.iter();
                let id = StepId {
                    body: BodyId(body),
                    index,
                };
                records
                    .any(|record| record.metric.0 == metric)
                    .then_some(id)
            })
        });
        steps.filter_map(|id| self.tags_of_step(id)).collect()
    }
}

/// Which keys a metric has.
enum Keys {
    None,
    /// Any text.
    Labels,
    /// Names of checks: it is nothing without one.
    Checks(Vec<String>),
    /// Kinds of failure.
    Kinds(Vec<String>),
}

/// A kind of metric of a manifest as layouts know it.
fn layout_kind(kind: bggo_manifest::MetricKind) -> bggo_metrics::MetricKind {
    match kind {
        bggo_manifest::MetricKind::Trend => bggo_metrics::MetricKind::Trend,
        bggo_manifest::MetricKind::Counter => bggo_metrics::MetricKind::Counter,
        bggo_manifest::MetricKind::Gauge => bggo_metrics::MetricKind::Gauge,
        bggo_manifest::MetricKind::Rate => bggo_metrics::MetricKind::Rate,
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

/// The operator when both sides change places.
fn turned(operator: BinaryOp) -> BinaryOp {
    match operator {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEq => BinaryOp::GreaterEq,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEq => BinaryOp::LessEq,
        other => other,
    }
}

fn named(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Time => "a time",
        Quantity::Bytes => "a size",
        Quantity::Number => "a number",
        Quantity::Ratio => "a share",
    }
}

fn listed(figures: Figures) -> String {
    let words = figures.statistics().iter();
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    format!("it has {}", words.join(", "))
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
        Quantity::Number if is_time || is_share => "write a number without a unit".to_owned(),
        Quantity::Ratio if is_time => "write a share: `\"1%\"` or `0.01`".to_owned(),
        _ => return None,
    };
    Some(hint)
}
