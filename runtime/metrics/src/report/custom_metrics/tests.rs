//! Metrics of a grid are shown in their unit, whatever they were counted in.

use super::*;
use crate::buckets::bucket;
use crate::interval::LastValue;
use crate::layout::{CustomLayout, MetricKind};
use serde_json::json;

fn metric(name: &'static str, kind: MetricKind, unit: &'static str, scale: u32) -> MetricLayout {
    MetricLayout {
        name: Text::Static(name),
        unit: Unit::of(Text::Static(unit)),
        kind,
        label: None,
        warning: None,
        scale,
        description: None,
    }
}

const DESCRIPTION: &str =
    "What an order costs, at the moment at which it is placed,\nand with all that is added to it.";

/// One metric of each sort, each with some values, and one without any.
fn recorded() -> Vec<CustomRow> {
    let metrics = [
        metric("basket", MetricKind::Trend, "EUR", 100),
        metric("took", MetricKind::Trend, "time", 1),
        metric("orders", MetricKind::Counter, "", 1_000),
        metric("queue", MetricKind::Gauge, "", 1_000),
        metric("age", MetricKind::Gauge, "time", 1),
        metric("hit", MetricKind::Rate, "", 1),
        metric("silent", MetricKind::Trend, "", 1_000),
    ];
    let custom = metrics
        .into_iter()
        .zip(0..)
        .map(|(metric, slot)| CustomLayout {
            scenario: Text::Static("main"),
            tags: Vec::new(),
            metric,
            slot,
        });
    let mut custom: Vec<CustomLayout> = custom.collect();
    custom[0].metric.description = Some(Text::Static(DESCRIPTION));
    let layout = Layout {
        custom,
        ..Layout::default()
    };
    let histogram = |values: &[u64]| {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.merge(&Histogram {
                buckets: vec![(bucket(*value) as u32, 1)],
                sum: u128::from(value * 1_000),
                extremes: Some((value * 1_000, value * 1_000)),
            });
        }
        histogram
    };
    let gauge = |values: &[u64]| Scalar {
        count: values.len() as u64,
        sum: values.iter().map(|value| u128::from(*value)).sum(),
        extremes: values
            .iter()
            .min()
            .copied()
            .zip(values.iter().max().copied()),
        last: values.last().map(|value| LastValue {
            at: 1,
            worker: 0,
            value: *value,
        }),
    };
    let counted = |count, sum| Scalar {
        count,
        sum,
        ..Scalar::default()
    };
    let slots = [
        (histogram(&[1_999, 2_001]), Scalar::default()),
        (histogram(&[1_500]), Scalar::default()),
        (Histogram::default(), counted(0, 2_500)),
        (Histogram::default(), gauge(&[1_000, 4_000, 2_500])),
        (Histogram::default(), gauge(&[2_000])),
        (Histogram::default(), counted(3, 2)),
    ];
    let mut total = Interval::default();
    for (slot, (histogram, scalar)) in (0..).zip(slots) {
        let mut figures = SlotFigures::default();
        (figures.histogram, figures.scalar) = (histogram, scalar);
        total.slots.insert(slot, figures);
    }
    rows(&layout, &total)
}

#[test]
fn each_metric_has_a_line_in_its_unit_and_one_without_values_has_none() {
    assert_eq!(
        lines(&recorded(), &Percentiles::default()),
        "\
basket (EUR): 2 values, mean 20, p50 19.99, p90 20.01, p95 20.01, p99 20.01,
  p99.9 20.01, max 20.01
  What an order costs, at the moment at which it is placed, and with all that is
  added to it.
took: 1 value, mean 1.50ms, p50 1.50ms, p90 1.50ms, p95 1.50ms, p99 1.50ms,
  p99.9 1.50ms, max 1.50ms
orders: 2.5
queue: last 2.5, min 1, mean 2.5, max 4
age: last 2.00ms, min 2.00ms, mean 2.00ms, max 2.00ms
hit: 66.7 % of 3
"
    );
    assert_eq!(lines(&[], &Percentiles::default()), "");
    let columns = Percentiles::parse("p75,p99.99").unwrap();
    let text = lines(&recorded(), &columns);
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        "basket (EUR): 2 values, mean 20, p75 20.01, p99.99 20.01, max 20.01"
    );
}

#[test]
fn what_steps_with_unlike_tags_record_is_shown_together_and_apart() {
    let pair = |key: &'static str, value: &'static str| (Text::Static(key), Text::Static(value));
    let of = |scenario: &'static str, team: &'static str, slot| CustomLayout {
        scenario: Text::Static(scenario),
        tags: vec![pair("team", team)],
        metric: metric("orders", MetricKind::Counter, "", 1),
        slot,
    };
    let custom = vec![of("main", "a", 0), of("main", "b", 1), of("other", "a", 2)];
    let names: Vec<String> = custom.iter().map(|one| one.qualifier(&custom)).collect();
    assert_eq!(names, ["[team=a]", "[team=b]", ""]);
    let layout = Layout {
        custom,
        ..Layout::default()
    };
    let mut total = Interval::default();
    for (slot, sum) in [(0, 30), (1, 2), (2, 10)] {
        let mut figures = SlotFigures::default();
        figures.scalar.sum = sum;
        total.slots.insert(slot, figures);
    }
    let rows = rows(&layout, &total);
    assert_eq!(
        lines(&rows, &Percentiles::default()),
        "orders: 42\n  [team=a]: 40\n  [team=b]: 2\n"
    );
    let text = bggo_values::json::encode_plain(&values(&rows));
    let values: serde_json::Value = serde_json::from_str(&text).unwrap();
    let part = |team: &str, sum: u64| json!({ "tags": { "team": team }, "kind": "counter", "unit": "", "sum": sum });
    assert_eq!(
        values,
        json!({ "orders": { "kind": "counter", "unit": "", "sum": 42, "by_tags": [part("a", 40), part("b", 2)] } })
    );
}

#[test]
fn the_values_are_exact_and_the_page_of_the_output_names_their_fields() {
    let text = bggo_values::json::encode_plain(&values(&recorded()));
    let values: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = json!({
        "basket": {
            "kind": "trend", "unit": "EUR", "count": 2, "p50": 19.99, "p90": 20.01, "p95": 20.01,
            "p99": 20.01, "p99_9": 20.01, "min": 19.99, "max": 20.01, "mean": 20,
            "description": DESCRIPTION,
        },
        "took": {
            "kind": "trend", "unit": "ms", "count": 1, "p50_ms": 1.5, "p90_ms": 1.5, "p95_ms": 1.5,
            "p99_ms": 1.5, "p99_9_ms": 1.5, "min_ms": 1.5, "max_ms": 1.5, "mean_ms": 1.5,
        },
        "orders": { "kind": "counter", "unit": "", "sum": 2.5 },
        "queue": {
            "kind": "gauge", "unit": "", "count": 3, "last": 2.5, "min": 1, "max": 4, "mean": 2.5,
        },
        "age": {
            "kind": "gauge", "unit": "ms", "count": 1, "last": 2, "min": 2, "max": 2, "mean": 2,
        },
        "hit": { "kind": "rate", "unit": "", "hits": 2, "of": 3, "percent": 66.666 },
    });
    assert_eq!(values, expected);
    let page = include_str!("../../../../../docs/output.md");
    for metric in values.as_object().unwrap().values() {
        for field in metric.as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{field}`")), "{field}");
        }
    }
}
