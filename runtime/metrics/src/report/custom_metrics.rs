//! The metrics of a grid, over all scenarios: as lines for people, and as values.
//!
//! ```text
//! basket (EUR): 120 values, mean 31.25, p50 29.00, p95 80.00, p99 95.00, p99.9 95.00, max 120.00
//!   What an order costs.
//! orders: 42
//!   [team=a]: 40
//!   [team=b]: 2
//! queue: last 4, min 0, mean 3.2, max 5
//! logged_in: 97.5 % of 1000
//! ```
//!
//! A value is counted in parts of its unit, and shown in its unit.

use super::columns::Percentiles;
use super::measure::{percent, short};
use super::table::folded;
use crate::interval::{Histogram, Interval, Scalar, SlotFigures, WHOLE};
use crate::layout::{Layout, Measured, MetricLayout, Tags, Unit, bracketed};
use bggo_values::{Number, Text, Value};
use std::fmt::Write as _;
use std::time::Duration;

/// Sets of tags of a metric that stand in the summary; more are only counted.
const MOST_TAGS: usize = 6;

/// A metric of the grid of which something was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomRow {
    metric: MetricLayout,
    figures: SlotFigures,
    /// What was recorded under each set of tags, where there are several.
    by_tags: Vec<(Tags, SlotFigures)>,
}

/// The metrics of a grid that recorded something, over all scenarios.
pub fn rows(layout: &Layout, total: &Interval) -> Vec<CustomRow> {
    let rows = layout.custom_figures(total).into_iter();
    let rows = rows.map(|one| {
        let by_tags = one.by_tags.into_iter();
        let mut by_tags: Vec<_> = by_tags.map(|(tags, of)| (tags.clone(), of)).collect();
        if by_tags.len() == 1 {
            by_tags.clear();
        }
        CustomRow {
            metric: one.metric.clone(),
            figures: one.all,
            by_tags,
        }
    });
    rows.filter(|row| row.metric.measured(&row.figures).is_some())
        .collect()
}

/// The part of the summary, each line with its line break; nothing where nothing was recorded.
pub fn lines(rows: &[CustomRow], percentiles: &Percentiles) -> String {
    let mut text = String::new();
    for row in rows {
        let unit = match &row.metric.unit {
            Unit::Other(unit) if !unit.as_str().is_empty() => format!(" ({unit})"),
            _ => String::new(),
        };
        let whole = (format!("{}{unit}: ", row.metric.name), "  ", &row.figures);
        let parts = row.by_tags.iter().take(MOST_TAGS);
        let parts = parts.map(|(tags, of)| (format!("  {}: ", bracketed(tags)), "    ", of));
        for (number, (begin, next, figures)) in std::iter::once(whole).chain(parts).enumerate() {
            if let Some(figures) = line(&row.metric, figures, percentiles) {
                let figures: Vec<String> = figures.split(", ").map(str::to_owned).collect();
                text.push_str(&folded((&begin, next), ", ", &figures));
            }
            if number == 0 {
                text.push_str(&description(&row.metric));
            }
        }
        let more = row.by_tags.len().saturating_sub(MOST_TAGS);
        if more > 0 {
            let _ = writeln!(text, "  … {more} more in --summary-json");
        }
    }
    text
}

/// What the grid says of a metric, below its figures.
fn description(metric: &MetricLayout) -> String {
    let said = metric.description.as_ref().map_or("", Text::as_str);
    let words: Vec<String> = said.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return String::new();
    }
    folded(("  ", "  "), " ", &words)
}

fn line(metric: &MetricLayout, figures: &SlotFigures, percentiles: &Percentiles) -> Option<String> {
    let shown = |parts: u64| shown(metric, parts);
    Some(match metric.measured(figures)? {
        Measured::Trend(values) => trend(metric, values, percentiles),
        Measured::Counter(sum) => shown(sum),
        Measured::Rate { hits, of } => format!("{:.1} % of {of}", percent(hits, of)),
        Measured::Gauge(values) => {
            let (last, (smallest, largest)) = (values.last()?, values.extremes()?);
            format!(
                "last {}, min {}, mean {}, max {}",
                shown(last),
                shown(smallest),
                mean(metric, values.mean()?),
                shown(largest)
            )
        }
        // A metric of a grid has no label.
        Measured::Labels(_) => return None,
    })
}

fn trend(metric: &MetricLayout, values: &Histogram, percentiles: &Percentiles) -> String {
    let count = values.count();
    let word = if count == 1 { "value" } else { "values" };
    let mut text = format!("{count} {word}");
    let of_time = |time: Option<Duration>| time.map(short);
    let of_number = |parts: Option<u64>| parts.map(|parts| shown(metric, parts));
    let (of_mean, percentile, most): (_, &dyn Fn(u32) -> Option<String>, _) = match metric.unit {
        Unit::Time => (
            of_time(values.mean_time()),
            &|at| of_time(values.time(at)),
            of_time(values.time_extremes().map(|(_, longest)| longest)),
        ),
        Unit::Other(_) => (
            values.mean().map(|parts| mean(metric, parts)),
            &|at| of_number(values.quantile(at)),
            of_number(values.extremes().map(|(_, largest)| largest)),
        ),
    };
    let percentiles = percentiles.iter().map(|(name, at)| (name, percentile(at)));
    let mean = std::iter::once(("mean", of_mean));
    for (name, value) in mean.chain(percentiles).chain([("max", most)]) {
        if let Some(value) = value {
            let _ = write!(text, ", {name} {value}");
        }
    }
    text
}

/// Percentiles of the objects: their names, the same of times in milliseconds, and what they are in millionths.
const PERCENTILES: [(&str, &str, u32); 5] = [
    ("p50", "p50_ms", WHOLE / 2),
    ("p90", "p90_ms", 900_000),
    ("p95", "p95_ms", 950_000),
    ("p99", "p99_ms", 990_000),
    ("p99_9", "p99_9_ms", 999_000),
];

/// What was counted in parts, in the metric's unit: exact.
pub(super) fn in_unit(metric: &MetricLayout, parts: u64) -> Number {
    let parts = Number::from(parts);
    parts.over(&Number::from(metric.scale)).unwrap_or(parts)
}

fn shown(metric: &MetricLayout, parts: u64) -> String {
    match metric.unit {
        Unit::Time => short(Duration::from_micros(parts)),
        Unit::Other(_) => in_unit(metric, parts).to_string(),
    }
}

/// A mean of parts, with one digit more than the parts have.
fn mean(metric: &MetricLayout, parts: f64) -> String {
    match metric.unit {
        // The figures of another process may be longer than any length of time.
        Unit::Time => short(Duration::try_from_secs_f64(parts / 1e6).unwrap_or(Duration::MAX)),
        Unit::Other(_) => {
            rounded_mean(metric, parts).map_or_else(|| "-".to_owned(), |mean| mean.to_string())
        }
    }
}

fn rounded_mean(metric: &MetricLayout, parts: f64) -> Option<Number> {
    let digits = metric.scale.checked_ilog10().unwrap_or_default() + 1;
    let mean = Number::from_f64(parts / f64::from(metric.scale))?;
    Some(mean.round(digits))
}

/// The metrics as objects by their names.
pub fn values(rows: &[CustomRow]) -> Value {
    let rows = rows.iter().filter_map(|row| {
        let mut pairs = Vec::new();
        put(&row.metric, &row.figures, &mut pairs)?;
        if let Some(description) = &row.metric.description {
            let description = Value::Text(description.clone());
            pairs.push((Text::Static("description"), description));
        }
        if !row.by_tags.is_empty() {
            let parts = row.by_tags.iter().filter_map(|(tags, figures)| {
                let tags = tags.iter();
                let tags = tags.map(|(key, value)| (key.clone(), Value::Text(value.clone())));
                let tags = Value::from(tags.collect::<Vec<_>>());
                let mut pairs = vec![(Text::Static("tags"), tags)];
                put(&row.metric, figures, &mut pairs)?;
                Some(Value::from(pairs))
            });
            let parts = Value::from(parts.collect::<Vec<_>>());
            pairs.push((Text::Static("by_tags"), parts));
        }
        Some((row.metric.name.clone(), Value::from(pairs)))
    });
    Value::from(rows.collect::<Vec<_>>())
}

type Pairs = Vec<(Text, Value)>;

fn put(metric: &MetricLayout, figures: &SlotFigures, pairs: &mut Pairs) -> Option<()> {
    let measured = metric.measured(figures)?;
    let kind = match measured {
        Measured::Trend(_) => "trend",
        Measured::Counter(_) | Measured::Labels(_) => "counter",
        Measured::Gauge(_) => "gauge",
        Measured::Rate { .. } => "rate",
    };
    let unit = match &metric.unit {
        Unit::Time => Text::Static("ms"),
        Unit::Other(unit) => unit.clone(),
    };
    let mut add = |name: &'static str, value: Value| pairs.push((Text::Static(name), value));
    add("kind", Value::text(kind));
    add("unit", Value::Text(unit));
    match measured {
        Measured::Trend(values) => put_trend(metric, values, &mut add),
        Measured::Counter(sum) => add("sum", value(metric, sum)),
        Measured::Gauge(values) => put_gauge(metric, values, &mut add),
        Measured::Rate { hits, of } => {
            add("hits", whole(hits));
            add("of", whole(of));
            let millis = u128::from(hits) * 100_000 / u128::from(of.max(1));
            add(
                "percent",
                thousandths(u64::try_from(millis).unwrap_or(u64::MAX)),
            );
        }
        Measured::Labels(_) => return None,
    }
    Some(())
}

fn put_trend(metric: &MetricLayout, values: &Histogram, add: &mut dyn FnMut(&'static str, Value)) {
    add("count", whole(values.count()));
    if metric.unit == Unit::Time {
        let millis =
            |time: Duration| thousandths(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        for (_, name, at) in PERCENTILES {
            values
                .time(at)
                .into_iter()
                .for_each(|time| add(name, millis(time)));
        }
        if let Some((shortest, longest)) = values.time_extremes() {
            add("min_ms", millis(shortest));
            add("max_ms", millis(longest));
        }
        values
            .mean_time()
            .into_iter()
            .for_each(|mean| add("mean_ms", millis(mean)));
        return;
    }
    for (name, _, at) in PERCENTILES {
        values
            .quantile(at)
            .into_iter()
            .for_each(|parts| add(name, value(metric, parts)));
    }
    if let Some((smallest, largest)) = values.extremes() {
        add("min", value(metric, smallest));
        add("max", value(metric, largest));
    }
    let mean = values.mean().and_then(|mean| rounded_mean(metric, mean));
    mean.into_iter()
        .for_each(|mean| add("mean", Value::Number(mean)));
}

fn put_gauge(metric: &MetricLayout, values: &Scalar, add: &mut dyn FnMut(&'static str, Value)) {
    add("count", whole(values.count()));
    let extremes = values.extremes();
    let figures = [
        ("last", values.last()),
        ("min", extremes.map(|(smallest, _)| smallest)),
        ("max", extremes.map(|(_, largest)| largest)),
    ];
    for (name, parts) in figures {
        parts
            .into_iter()
            .for_each(|parts| add(name, value(metric, parts)));
    }
    let mean = values.mean().and_then(|mean| match metric.unit {
        Unit::Time => Number::from_f64(mean / 1e3).map(|mean| mean.round(4)),
        Unit::Other(_) => rounded_mean(metric, mean),
    });
    mean.into_iter()
        .for_each(|mean| add("mean", Value::Number(mean)));
}

/// What was counted in parts: a time in milliseconds, all else in its unit.
fn value(metric: &MetricLayout, parts: u64) -> Value {
    match metric.unit {
        Unit::Time => thousandths(parts),
        Unit::Other(_) => Value::Number(in_unit(metric, parts)),
    }
}

fn whole(count: u64) -> Value {
    Value::Number(Number::from(count))
}

fn thousandths(count: u64) -> Value {
    let count = Number::from(count);
    Value::Number(count.over(&Number::from(1_000_u32)).unwrap_or(count))
}

#[cfg(test)]
mod tests;
