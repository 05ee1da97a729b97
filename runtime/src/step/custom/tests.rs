//! What is recorded is exact, and what a metric cannot take fails the step.

use super::*;
use crate::info::{At, Info};
use crate::metrics::{Interval, RunNames, SlabReader, SlotFigures};
use crate::step::{Policy, Ran};
use crate::test_support::{TestWorker, on_stopped_clock};
use std::sync::Arc;

static STEP: Info = Info::new("probe", "one", "grid.hcl:1").slots(0..4);
static BASKET: MetricInfo = MetricInfo::new("basket", "EUR").scale(100);
static TOOK: MetricInfo = MetricInfo::new("took", "time");
static ORDERS: MetricInfo = MetricInfo::new("orders", "")
    .kind(MetricKind::Counter)
    .scale(1_000);
static QUEUE: MetricInfo = MetricInfo::new("queue", "")
    .kind(MetricKind::Gauge)
    .scale(1_000);
static AGE: MetricInfo = MetricInfo::new("age", "time").kind(MetricKind::Gauge);
static HIT: MetricInfo = MetricInfo::new("hit", "").kind(MetricKind::Rate);

const METRICS: [BodyMetric; 6] = [
    BodyMetric::new(&BASKET, 4),
    BodyMetric::new(&TOOK, 5),
    BodyMetric::new(&ORDERS, 6),
    BodyMetric::new(&QUEUE, 7),
    BodyMetric::new(&AGE, 8),
    BodyMetric::new(&HIT, 9),
];

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

/// What a metric measured of some values, and the texts of the faults.
fn recorded(metric: usize, values: Vec<Value>) -> (SlotFigures, Vec<String>) {
    let (mut figures, mut faults) = (SlotFigures::default(), Vec::new());
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        for value in values {
            let ended = it
                .run_step(At::step(&STEP), &Policy::new(), None, async |step| {
                    step.record_custom(&METRICS[metric], &value)?;
                    Ok(Ran::Done)
                })
                .await;
            assert_eq!(
                ended.is_ok(),
                worker.step_ends().last().unwrap().fault.is_none()
            );
        }
        for end in worker.step_ends() {
            if let Some(fault) = end.fault {
                assert_eq!(fault.kind(), "value");
                faults.push(fault.to_string());
            }
        }
        let mut interval = Interval::default();
        SlabReader::new(worker.slab(), Arc::new(RunNames::default())).take(&mut interval);
        let slot = METRICS[metric].slot();
        figures = interval.slot(slot).cloned().unwrap_or_default();
    });
    (figures, faults)
}

#[test]
fn numbers_are_counted_in_parts_of_their_unit_rounded_to_the_nearest() {
    let values = ["19.99", "0", "0.005", "20.004"].map(number);
    let (figures, faults) = recorded(0, values.to_vec());
    assert_eq!(faults, Vec::<String>::new());
    let histogram = figures.histogram;
    assert_eq!(
        (histogram.count(), histogram.extremes()),
        (4, Some((0, 2_000)))
    );
    let (figures, _) = recorded(2, vec![number("1"), number("0.25")]);
    assert_eq!(figures.scalar.sum(), 1_250);
}

#[test]
fn a_gauge_keeps_the_last_value_and_a_rate_hits_and_misses() {
    let (figures, _) = recorded(3, vec![number("5"), number("1.5"), number("3")]);
    let gauge = figures.scalar;
    assert_eq!(
        (gauge.last(), gauge.extremes()),
        (Some(3_000), Some((1_500, 5_000)))
    );
    let (figures, _) = recorded(5, [true, false, true].map(Value::Bool).to_vec());
    assert_eq!((figures.scalar.sum(), figures.scalar.count()), (2, 3));
}

#[test]
fn times_are_exact_to_the_nanosecond_in_a_trend_and_whole_microseconds_in_a_gauge() {
    let took = Duration::from_nanos(1_234_567);
    let (figures, _) = recorded(1, vec![Value::Duration(took)]);
    assert_eq!(figures.histogram.time_extremes(), Some((took, took)));
    let (figures, _) = recorded(4, vec![Value::Duration(took)]);
    assert_eq!(figures.scalar.last(), Some(1_234));
}

#[test]
fn null_records_nothing() {
    for metric in 0..METRICS.len() {
        let (figures, faults) = recorded(metric, vec![Value::Null]);
        assert_eq!((figures, faults), (SlotFigures::default(), Vec::new()));
    }
}

#[test]
fn what_a_metric_cannot_take_fails_the_step_and_is_not_recorded() {
    let range = "the metric `basket` takes values from 0 to 36000000, not";
    let (figures, faults) = recorded(0, vec![number("-0.01"), number("36000000.01")]);
    assert_eq!(figures, SlotFigures::default());
    assert_eq!(
        faults,
        [format!("{range} -0.01"), format!("{range} 36000000.01")]
    );
    let (figures, faults) = recorded(2, vec![number("-1"), number("9007199254741")]);
    assert_eq!(figures, SlotFigures::default());
    let range = "the metric `orders` takes values from 0 to 9007199254740, not";
    assert_eq!(
        faults,
        [format!("{range} -1"), format!("{range} 9007199254741")]
    );
    let (_, faults) = recorded(1, vec![Value::Duration(Duration::from_secs(3_601))]);
    assert_eq!(
        faults,
        ["the metric `took` takes values up to 1h0m0s, not 1h0m1s"]
    );
    let (_, faults) = recorded(5, vec![number("1")]);
    assert_eq!(faults, ["the metric `hit` takes no value of this type"]);
}
