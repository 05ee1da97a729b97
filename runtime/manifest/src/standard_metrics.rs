//! Metrics that a runner has because of what its manifest says of it, under the same names in every module.

use crate::model::{Metric, MetricKind};

/// Metrics of a runner whose result may come after the step, in the order in which they stand before its own.
pub const LATE_METRICS: [&str; 4] = ["accepted", "delivered", "undelivered", "possibly_written"];

/// Metrics of a runner that reads stamps, in the order in which they stand before its own.
pub const STAMP_METRICS: [&str; 3] = ["end_to_end", "end_to_end_from_due", "end_to_end_wall_clock"];

fn counter(name: &str, label: Option<&str>, description: &str) -> Metric {
    Metric {
        name: name.to_owned(),
        kind: MetricKind::Counter,
        unit: String::new(),
        label: label.map(str::to_owned),
        warning: None,
        on_demand: false,
        description: description.to_owned(),
    }
}

fn time(name: &str, description: &str) -> Metric {
    Metric {
        name: name.to_owned(),
        kind: MetricKind::Trend,
        unit: "time".to_owned(),
        label: None,
        warning: None,
        on_demand: false,
        description: description.to_owned(),
    }
}

/// Those named by [`LATE_METRICS`].
pub(crate) fn of_late_results() -> [Metric; LATE_METRICS.len()] {
    let [accepted, delivered, undelivered, possibly_written] = LATE_METRICS;
    [
        counter(
            accepted,
            None,
            "What was handed over, and whose result comes after the step.",
        ),
        counter(delivered, None, "Results that came: it is done."),
        counter(
            undelivered,
            Some("kind"),
            "Results that came: it has failed, by its kind of failure.",
        ),
        counter(
            possibly_written,
            None,
            "What was handed over and whose result never came: it may be done or not.",
        ),
    ]
}

/// Those named by [`STAMP_METRICS`].
pub(crate) fn of_stamps() -> [Metric; STAMP_METRICS.len()] {
    let [end_to_end, from_due, wall_clock] = STAMP_METRICS;
    [
        time(
            end_to_end,
            "From the sending of a message by a step of this program to its arrival here, by one clock.",
        ),
        time(
            from_due,
            "The same from the moment at which the step that sent it was due.",
        ),
        time(
            wall_clock,
            "From the sending by another program to the arrival here: the difference of two wall clocks, as good as they agree.",
        ),
    ]
}
