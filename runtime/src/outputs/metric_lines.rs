//! Counters, gauges and rates of manifests as lines for people: one a metric.
//!
//! ```text
//! http_request.order received: 5120 bytes
//! http_request.order answers: 200 9990, 503 10
//! resource.db_pool.main open: last 4, min 0, mean 3.2, max 5
//! cache.read hits: 97.5 % of 1000
//! ```

use super::figures::{Figures, Values};
use super::measure::{percent, short};
use crate::metrics::Unit;
use bggo_values::Text;
use std::fmt::Write as _;
use std::time::Duration;

/// The lines, each with its line break, behind an empty one; nothing where there are none.
pub fn lines(figures: &Figures) -> String {
    let mut text = String::new();
    for (name, metric, values) in figures.metrics() {
        if let Some(values) = line(&metric.unit, values) {
            let _ = writeln!(text, "{name} {}: {values}", metric.name);
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("\n{text}")
}

/// What a metric measured; `None` of a trend, which stands in a table.
fn line(unit: &Unit, values: &Values) -> Option<String> {
    let shown = match values {
        Values::Trend(_) => return None,
        Values::Counter(sum) => with_unit(unit, *sum),
        Values::Labels(sums) => labels(unit, sums),
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

/// `200 9990, 503 10`
fn labels(unit: &Unit, sums: &[(Text, u64)]) -> String {
    let sums = sums.iter();
    let sums = sums.map(|(label, sum)| format!("{label} {}", with_unit(unit, *sum)));
    sums.collect::<Vec<_>>().join(", ")
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
