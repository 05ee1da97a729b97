//! Metrics of manifests as lines for people: answers by status, tables of trends, and one line of each other metric.
//!
//! ```text
//! http_request.order answers: 200 9990, 503 10
//! http_request.order: received 5120 bytes, requests 12, answered 12
//! resource.db_pool.main open: last 4, min 0, mean 3.2, max 5
//! cache.read hits: 97.5 % of 1000
//! ```

use super::columns::Percentiles;
use super::figures::{Figures, Values, largest_first};
use super::measure::{percent, plural, short};
use super::table::{self, bounded, folded};
use crate::interval::Histogram;
use crate::layout::{MetricLayout, Unit};
use bggo_values::{OrderedPairs, Text};
use std::fmt::Write as _;
use std::time::Duration;

/// Trends in their table, other metrics in their list, and steps of a counter with labels; more are only counted.
const MOST_ROWS: usize = 6;
/// Labels of a counter that stand in a line.
const MOST_LABELS: usize = 8;

/// A step, and its sums by label.
type OfStep<'a> = (String, &'a [(Text, u64)]);

/// Counters with labels, such as answers by status: over all steps, and of each step where there are few.
pub fn labelled(figures: &Figures) -> String {
    let mut text = String::new();
    let mut all: Vec<(&MetricLayout, Vec<OfStep<'_>>)> = Vec::new();
    for (name, metric, values) in figures.metrics() {
        let Values::Labels(sums) = values else {
            continue;
        };
        let same = |other: &MetricLayout| other.name == metric.name && other.label == metric.label;
        let of_step = (name, sums.as_slice());
        match all.iter_mut().find(|(other, _)| same(other)) {
            Some((_, steps)) => steps.push(of_step),
            None => all.push((metric, vec![of_step])),
        }
    }
    for (metric, steps) in all {
        let mut total = OrderedPairs::default();
        for (_, sums) in &steps {
            for (label, sum) in *sums {
                let so_far = total.get(label).copied().unwrap_or_default();
                total.insert(label.clone(), sum.saturating_add(so_far));
            }
        }
        let total = largest_first(total.as_slice().iter().cloned());
        let label = metric.label.as_deref().unwrap_or_default();
        let begin = format!("{} by {label}: ", metric.name);
        let whole = labels(&metric.unit, &total);
        text.push_str(&folded((&begin, "  "), ", ", &whole));
        // A step that has but the one label that is most frequent over all tells nothing new.
        let usual = total.first().map(|(label, _)| label);
        let tells = |sums: &[(Text, u64)]| sums.iter().any(|(label, _)| Some(label) != usual);
        let telling: Vec<_> = steps.iter().filter(|(_, sums)| tells(sums)).collect();
        if steps.len() > 1 {
            for (step, sums) in telling.iter().take(MOST_ROWS) {
                let begin = format!("  {step}: ");
                let sums = labels(&metric.unit, sums);
                text.push_str(&folded((&begin, "    "), ", ", &sums));
            }
            let more = telling.len().saturating_sub(MOST_ROWS);
            if more > 0 {
                let _ = writeln!(text, "  … {more} more in --summary-json");
            }
        }
    }
    text
}

/// All other metrics: a table of trends, and a line of each other one.
pub fn others(figures: &Figures, percentiles: &Percentiles) -> String {
    let trends = figures.metrics();
    let trends = trends.filter_map(|(name, metric, values)| match values {
        Values::Trend(values) => Some(trend((&name, metric), values, percentiles)),
        _ => None,
    });
    let mut trends: Vec<Vec<String>> = trends.collect();
    // The counters of a step stand in one line.
    let mut counters: Vec<(String, Vec<String>)> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for (name, metric, values) in figures.metrics() {
        let Some(shown) = line(&metric.unit, values) else {
            continue;
        };
        match (values, counters.last_mut()) {
            (Values::Counter(_), Some((last, cells))) if *last == name => {
                cells.push(format!("{} {shown}", metric.name));
            }
            (Values::Counter(_), _) => {
                counters.push((name, vec![format!("{} {shown}", metric.name)]));
            }
            _ => others.push(format!("{name} {}: {shown}\n", metric.name)),
        }
    }
    let counters = counters
        .iter()
        .map(|(name, cells)| folded((&format!("{name}: "), "  "), ", ", cells));
    others.splice(..0, counters);
    let all = trends.len() + others.len();
    trends.truncate(MOST_ROWS);
    others.truncate(MOST_ROWS);
    let more = all - trends.len() - others.len();
    let mut text = String::new();
    if !trends.is_empty() {
        let mut head = vec!["metric", "values"];
        head.extend(percentiles.heads());
        text.push_str(&table::lines(&head, &trends));
    }
    for line in others {
        text.push_str(&line);
    }
    if more > 0 {
        let more = plural(more as u64, "more metric", "more metrics");
        let _ = writeln!(text, "… {more} in --summary-json");
    }
    text
}

/// The row of a trend of a step or a resource.
fn trend(
    (name, metric): (&str, &MetricLayout),
    values: &Histogram,
    percentiles: &Percentiles,
) -> Vec<String> {
    let (unit, shown) = match &metric.unit {
        Unit::Time => (String::new(), percentiles.times(values)),
        Unit::Other(unit) => {
            let unit = match unit.as_str() {
                "" => String::new(),
                unit => format!(" ({unit})"),
            };
            (unit, percentiles.values(values))
        }
    };
    let mut cells = vec![
        format!("{name} {}{unit}", metric.name),
        values.count().to_string(),
    ];
    cells.extend(shown);
    cells
}

/// What a metric measured; `None` of a trend and of a counter with a label, which stand elsewhere.
fn line(unit: &Unit, values: &Values) -> Option<String> {
    let shown = match values {
        Values::Trend(_) | Values::Labels(_) => return None,
        Values::Counter(sum) => with_unit(unit, *sum),
        Values::Gauge(values) => {
            let (last, (smallest, largest)) = (values.last()?, values.extremes()?);
            format!(
                "last {}, min {}, mean {}, max {}",
                with_unit(unit, last),
                with_unit(unit, smallest),
                mean(unit, values.mean()?),
                with_unit(unit, largest)
            )
        }
        Values::Rate { hits, of } => format!("{:.1} % of {of}", percent(*hits, *of)),
    };
    Some(shown)
}

/// `200 9990`, `503 10`
fn labels(unit: &Unit, sums: &[(Text, u64)]) -> Vec<String> {
    let sums = sums.iter();
    let sums = sums.map(|(label, sum)| format!("{label} {}", with_unit(unit, *sum)));
    bounded(sums.collect(), MOST_LABELS)
}

/// `512 bytes`, `1.20ms`, `3`
fn with_unit(unit: &Unit, value: u64) -> String {
    match unit {
        Unit::Time => short(Duration::from_micros(value)),
        Unit::Other(unit) if unit.as_str().is_empty() => value.to_string(),
        Unit::Other(unit) => format!("{value} {unit}"),
    }
}

fn mean(unit: &Unit, mean: f64) -> String {
    match unit {
        // The figures of another process may be longer than any length of time.
        Unit::Time => short(Duration::try_from_secs_f64(mean / 1e6).unwrap_or(Duration::MAX)),
        Unit::Other(_) => format!("{mean:.1}"),
    }
}
