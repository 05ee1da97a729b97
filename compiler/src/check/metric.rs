//! `metric` blocks to typed metrics: kind, unit and scale, which are constants.

use bggo_manifest::MetricKind;
use bggo_values::{Type, Value};

use crate::diagnostics::{codes, nearest};
use crate::resolve::model::MetricId;
use crate::syntax::decl::MetricDecl;

use super::expression::context::Checker;
use super::typed::TMetric;

/// The largest scale: what is counted stays within 53 bits.
const LARGEST_SCALE: u32 = 1_000_000_000;
/// The longest unit, in characters.
const LONGEST_UNIT: usize = 40;
/// Parts of one that are counted where a metric says nothing of it.
const THOUSANDTHS: u32 = 1_000;

const KINDS: [MetricKind; 4] = [
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Rate,
    MetricKind::Trend,
];

impl TMetric {
    /// The largest number that it takes.
    pub(super) fn largest(&self) -> f64 {
        let largest = match self.kind {
            // Percentiles tell apart no larger ones.
            MetricKind::Trend => 3_600_000_000_u64,
            MetricKind::Counter | MetricKind::Gauge | MetricKind::Rate => 1 << 53,
        };
        (largest as f64 / f64::from(self.scale)).floor()
    }
}

impl Checker<'_> {
    /// All metrics of the grid. One with a reported problem stays, so that it can be named.
    pub(super) fn all_metrics(&mut self) -> Vec<TMetric> {
        for metric in &self.declarations.metrics {
            let metric = self.metric(metric);
            self.metrics.push(metric);
        }
        self.metrics.clone()
    }

    fn metric(&mut self, metric: &MetricDecl) -> TMetric {
        let kind = self.kind(metric);
        let unit = self.unit(metric, kind);
        let scale = self.scale(metric, (kind, &unit));
        TMetric {
            name: metric.name.text.clone(),
            span: metric.span,
            // What is reported takes numbers.
            kind: kind.unwrap_or(MetricKind::Trend),
            unit,
            scale,
            description: self.description(metric.description.as_ref()),
        }
    }

    fn kind(&mut self, metric: &MetricDecl) -> Option<MetricKind> {
        let all = "\"counter\", \"gauge\", \"rate\" or \"trend\"";
        let Some(expr) = &metric.kind else {
            if !metric.broken {
                let text = "`metric` needs the attribute `kind`";
                self.error(codes::MISSING_ATTRIBUTE, metric.span, text)
                    .hint(format!("it is {all}"));
            }
            return None;
        };
        let value = self.known(expr, &Type::String, "`kind`")?;
        let word = value.as_text().unwrap_or_default();
        let kind = KINDS.into_iter().find(|kind| kind.name() == word);
        if kind.is_none() {
            let near = nearest::advice(word, KINDS.iter().map(|kind| kind.name()));
            let text = format!("`kind`: \"{word}\" is none of the values allowed");
            self.error(codes::NOT_ONE_OF, expr.span, text)
                .advise(near.unwrap_or_else(|| format!("it is {all}").into()));
        }
        kind
    }

    fn unit(&mut self, metric: &MetricDecl, kind: Option<MetricKind>) -> String {
        let value = metric.unit.as_ref();
        let value = value.and_then(|expr| Some((expr, self.known(expr, &Type::String, "`unit`")?)));
        let Some((expr, unit)) = value else {
            return String::new();
        };
        let unit = unit.as_text().unwrap_or_default().to_owned();
        if let Some(kind @ (MetricKind::Counter | MetricKind::Rate)) = kind {
            let text = format!("a {} has no unit", kind.name());
            self.error(codes::INVALID_METRIC, expr.span, text)
                .hint("values with a unit are of kind \"trend\" or \"gauge\"");
        }
        if unit.chars().count() > LONGEST_UNIT || unit.chars().any(char::is_control) {
            let text = format!("a unit is at most {LONGEST_UNIT} characters of one line");
            self.error(codes::INVALID_METRIC, expr.span, text);
        }
        unit
    }

    fn scale(&mut self, metric: &MetricDecl, (kind, unit): (Option<MetricKind>, &str)) -> u32 {
        let absent = match (kind, unit) {
            (Some(MetricKind::Rate), _) | (_, "time" | "bytes") => 1,
            _ => THOUSANDTHS,
        };
        let value = metric.scale.as_ref();
        let value =
            value.and_then(|expr| Some((expr, self.known(expr, &Type::Number, "`scale`")?)));
        let Some((expr, Value::Number(number))) = value else {
            return absent;
        };
        if kind == Some(MetricKind::Rate) || unit == "time" {
            let what = if unit == "time" { "a time" } else { "a rate" };
            let text = format!("{what} has no scale");
            self.error(codes::INVALID_METRIC, expr.span, text)
                .hint("times are counted in microseconds, and rates in hits; leave it out");
            return absent;
        }
        let scale = number.as_u64().and_then(|scale| u32::try_from(scale).ok());
        match scale.filter(|scale| (1..=LARGEST_SCALE).contains(scale)) {
            Some(scale) => scale,
            None => {
                let text =
                    format!("`scale` is a whole number from 1 to {LARGEST_SCALE}, found {number}");
                self.error(codes::INVALID_METRIC, expr.span, text)
                    .hint("100 counts hundredths, 1 counts whole numbers only");
                absent
            }
        }
    }

    /// Warns of metrics that no step records, where no part of the grid is unknown. `sound`: no name is.
    pub(super) fn unused_metrics(&mut self, sound: bool) {
        let all = self.declarations;
        let unread = all.incomplete || all.steps().any(|step| step.broken);
        // A misspelt name in a `record` may mean one of them.
        let mut problems = self.problems.list.iter();
        let misspelt = problems.any(|problem| problem.code == codes::UNKNOWN_CUSTOM_METRIC);
        if unread || misspelt || !sound {
            return;
        }
        for (place, metric) in all.metrics.iter().enumerate() {
            if !self.recorded.contains(&MetricId(place)) {
                let name = &metric.name.text;
                let text = format!("nothing records the metric `{name}`");
                self.problems
                    .warning(codes::UNUSED_METRIC, metric.span, text)
                    .hint(format!("a step feeds it: `record {{ {name} = .. }}`"));
            }
        }
    }
}
