//! What a step records of the metrics of the grid.

use super::attempt::Step;
use crate::context::Recorded;
use crate::fault::{Fault, FaultText};
use crate::info::{BodyMetric, MetricInfo, MetricKind};
use bggo_metrics::buckets::LARGEST;
use bggo_values::{Number, Value, duration};
use std::fmt::Display;
use std::time::Duration;

/// The largest number that a counter or a gauge takes at once, as it is counted.
const LARGEST_COUNT: u64 = 1 << 53;

impl Step<'_> {
    /// Records a value of a metric of the grid. Null is no value.
    ///
    /// # Errors
    /// The metric cannot take the value: it is negative, too large, or of another type.
    pub fn record_custom(&self, metric: &BodyMetric, value: &Value) -> Result<(), Fault> {
        let (info, worker) = (metric.info(), self.worker());
        let slot = self.first_slot_of_body() + metric.slot();
        let now = || worker.start.since_epoch(worker.now());
        let recorded = match (info.metric_kind(), value) {
            (_, Value::Null) => return Ok(()),
            (MetricKind::Rate, Value::Bool(held)) => Recorded::Held(*held),
            (MetricKind::Trend, Value::Duration(took)) => {
                within(info, *took, duration::format(*took))?;
                Recorded::Time(*took)
            }
            (MetricKind::Gauge, Value::Duration(took)) => {
                within(info, *took, duration::format(*took))?;
                let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                Recorded::Set(micros, now())
            }
            (MetricKind::Trend, Value::Number(number)) => {
                Recorded::Value(counted(info, number, LARGEST)?)
            }
            (MetricKind::Counter, Value::Number(number)) => {
                Recorded::Add(counted(info, number, LARGEST_COUNT)?)
            }
            (MetricKind::Gauge, Value::Number(number)) => {
                Recorded::Set(counted(info, number, LARGEST_COUNT)?, now())
            }
            // `check` has converted the value to the type that the metric takes.
            _ => {
                let text = format_args!("the metric `{}` takes no value of this type", info.name());
                return Err(Fault::new("value", FaultText::plain(text)));
            }
        };
        self.count(slot, recorded);
        Ok(())
    }
}

/// A time that percentiles can tell apart.
fn within(info: &MetricInfo, took: Duration, shown: String) -> Result<(), Fault> {
    let longest = Duration::from_micros(LARGEST);
    if took > longest {
        let most = format!("up to {}", duration::format(longest));
        return Err(refused(info, &most, shown));
    }
    Ok(())
}

/// A number as it is counted: so many parts of one as the scale of the metric says, rounded to the nearest.
fn counted(info: &MetricInfo, number: &Number, largest: u64) -> Result<u64, Fault> {
    let scale = Number::from(info.scale_of());
    let counted = number
        .times(&scale)
        .and_then(|parts| parts.round(0).as_u64());
    match counted.filter(|counted| *counted <= largest) {
        Some(counted) => Ok(counted),
        None => {
            let most = Number::from(largest).over(&scale);
            let most = most.map(|most| most.floor()).unwrap_or(scale);
            Err(refused(info, &format!("from 0 to {most}"), number))
        }
    }
}

fn refused(info: &MetricInfo, range: &str, value: impl Display) -> Fault {
    let name = info.name();
    let text = FaultText::plain(format_args!(
        "the metric `{name}` takes values {range}, not "
    ));
    Fault::new("value", text.and_value(value))
}

#[cfg(test)]
mod tests;
