//! Addresses against a layout of two scenarios, and their figures in intervals of known content.

use super::*;
use crate::buckets::bucket;
use crate::{CheckLayout, Interval, IterationLayout, Scalar};
use proptest::prelude::*;
use std::time::Duration;

fn step(scenario: &str, name: &str, first: u32) -> StepLayout {
    let metric = |name: &str, kind, unit: &str, label: Option<&str>| MetricLayout {
        name: Text::from(name),
        unit: Unit::of(Text::from(unit)),
        kind,
        label: label.map(Text::from),
        warning: None,
        scale: 1,
        description: None,
    };
    StepLayout {
        scenario: Text::from(scenario),
        path: Vec::new(),
        name: Text::from(name),
        tags: vec![(Text::from("team"), Text::from(scenario))],
        metrics: vec![
            metric("answers", MetricKind::Counter, "", Some("status")),
            metric("received", MetricKind::Trend, "bytes", None),
            metric("open", MetricKind::Gauge, "", None),
            metric("reused", MetricKind::Rate, "", None),
        ],
        checks: Vec::new(),
        first,
    }
}

/// `browse` and `buy` have the step `http_request.home`, `buy` another one.
fn layout() -> Layout {
    let iterations = |scenario: &str, first| IterationLayout {
        scenario: Text::from(scenario),
        tags: vec![(Text::from("team"), Text::from(scenario))],
        first,
    };
    Layout {
        steps: vec![
            step("browse", "http_request.home", 0),
            step("buy", "http_request.home", 8),
            step("buy", "http_request.order", 16),
        ],
        iterations: vec![iterations("browse", 24), iterations("buy", 30)],
        ..Layout::default()
    }
}

fn of_step(scenario: Option<&str>, name: &str) -> Subject {
    Subject::Step {
        scenario: scenario.map(Text::from),
        runner: Text::from("http_request"),
        name: Text::from(name),
    }
}

fn address(subject: Subject, metric: &str, statistic: &str) -> Address {
    Address {
        subject,
        metric: Text::from(metric),
        key: None,
        tags: Vec::new(),
        statistic: Statistic::of_word(statistic).unwrap(),
    }
}

fn slots(address: &Address) -> Vec<u32> {
    layout().resolve(address).unwrap().slots
}

fn refused(address: &Address) -> String {
    layout().resolve(address).unwrap_err().to_string()
}

/// Two seconds in which each of these slots measured something.
fn measured<const N: usize>(slots: [(u32, SlotFigures); N]) -> Interval {
    Interval {
        span: Some((Duration::ZERO, Duration::from_secs(2))),
        slots: slots.into_iter().collect(),
        ..Interval::default()
    }
}

/// A slot of these times in milliseconds.
fn times(list: &[u64]) -> SlotFigures {
    let mut histogram = Histogram::default();
    for time in list {
        let micros = time * 1_000;
        histogram.merge(&Histogram {
            buckets: vec![(u32::try_from(bucket(micros)).unwrap(), 1)],
            sum: u128::from(micros) * 1_000,
            extremes: Some((micros * 1_000, micros * 1_000)),
        });
    }
    let mut figures = SlotFigures::default();
    figures.histogram = histogram;
    figures
}

fn scalar(scalar: Scalar) -> SlotFigures {
    let mut figures = SlotFigures::default();
    figures.scalar = scalar;
    figures
}

fn outcomes(list: &[(Outcome, u64)]) -> SlotFigures {
    let mut figures = SlotFigures::default();
    for (outcome, n) in list {
        figures.add(*outcome, *n);
    }
    figures
}

fn value(address: &Address, interval: &Interval) -> Option<f64> {
    layout().resolve(address).unwrap().value(interval)
}

fn close(found: Option<f64>, wanted: f64) {
    let found = found.unwrap();
    assert!(
        (found - wanted).abs() <= wanted.abs() * 1e-3 + 1e-9,
        "{found} and not {wanted}"
    );
}

#[test]
fn words_are_statistics_and_back() {
    let words = [
        "min", "mean", "med", "max", "stddev", "count", "rate", "ratio", "sum", "last", "p1",
        "p50", "p95", "p99_9", "p99_99", "p99_9999", "p0_5", "p99_05",
    ];
    for word in words {
        let statistic = Statistic::of_word(word).unwrap_or_else(|| panic!("{word}"));
        assert_eq!(statistic.to_string(), word);
    }
    assert_eq!(
        Statistic::of_word("p99_9"),
        Some(Statistic::Percentile(999_000))
    );
    assert_eq!(
        Statistic::of_word("p95_0"),
        Some(Statistic::Percentile(950_000))
    );
}

#[test]
fn what_is_no_statistic_is_refused() {
    for word in [
        "",
        "p",
        "p0",
        "p0_0",
        "p100",
        "p99_99999",
        "p995",
        "p9_",
        "p_9",
        "p9.5",
        "p-1",
        "p+1",
        "P95",
        "avg",
        "median",
        "p95 ",
        "p٩٥",
    ] {
        assert_eq!(Statistic::of_word(word), None, "{word}");
    }
}

#[test]
fn a_step_is_read_in_one_scenario_or_in_all() {
    let p95 = |scenario, name| address(of_step(scenario, name), "response_time", "p95");
    assert_eq!(slots(&p95(None, "home")), [0, 8]);
    assert_eq!(slots(&p95(Some("buy"), "home")), [8]);
    assert_eq!(slots(&p95(None, "order")), [16]);
    let source = layout().resolve(&p95(None, "home")).unwrap();
    assert_eq!(source.scenarios, [0, 1]);
    assert_eq!(source.quantity, Quantity::Time);
}

#[test]
fn iterations_are_read_of_one_scenario_or_of_the_run() {
    let scenario = |name: &str| Subject::Scenario(Text::from(name));
    assert_eq!(slots(&address(Subject::Run, "failed", "ratio")), [24, 30]);
    assert_eq!(
        slots(&address(scenario("buy"), "service_time", "max")),
        [31]
    );
    assert_eq!(slots(&address(scenario("buy"), "queued", "p99")), [34]);
    assert_eq!(
        slots(&address(Subject::Run, "start_error", "p99")),
        [29, 35]
    );
}

#[test]
fn metrics_of_a_manifest_stand_behind_the_times() {
    let answers = address(of_step(None, "home"), "answers", "sum");
    assert_eq!(slots(&answers), [4, 12]);
    let received = address(of_step(None, "order"), "received", "p99_9");
    let source = layout().resolve(&received).unwrap();
    assert_eq!((source.slots, source.quantity), (vec![21], Quantity::Bytes));
}

#[test]
fn tags_choose_among_places() {
    let mut tagged = address(of_step(None, "home"), "failed", "count");
    tagged.tags = vec![(Text::from("team"), Text::from("buy"))];
    assert_eq!(slots(&tagged), [8]);
    tagged.tags = vec![(Text::from("team"), Text::from("nobody"))];
    assert_eq!(
        refused(&tagged),
        "nothing that `http_request.home[{ team = \"nobody\" }].failed.count` names has these tags"
    );
}

#[test]
fn unknown_names_have_their_nearest() {
    let cases = [
        (
            address(of_step(None, "hom"), "failed", "ratio"),
            "there is no step `http_request.hom`: did you mean `home`?",
        ),
        (
            address(of_step(Some("browse"), "order"), "failed", "ratio"),
            "there is no step `http_request.order`: there are `home`",
        ),
        (
            address(of_step(Some("brows"), "home"), "failed", "ratio"),
            "there is no scenario `brows`: did you mean `browse`?",
        ),
        (
            address(Subject::Run, "response_tim", "p95"),
            "there is no metric `response_tim`: did you mean `response_time`?",
        ),
        (
            address(of_step(None, "home"), "anwsers", "sum"),
            "there is no metric `anwsers`: did you mean `answers`?",
        ),
        (
            address(of_step(None, "home"), "answers", "p95"),
            "a counter has no `p95`: it has `sum`, `rate`",
        ),
        (
            address(Subject::Run, "response_time", "ratio"),
            "a metric of times has no `ratio`: it has `min`, `mean`, `med`, `max`, `stddev`, `p95`, `sum`, `count`, `rate`",
        ),
        (
            address(Subject::Run, "skipped", "count"),
            "there is no metric `skipped`: there are `dropped`, `failed`, `not_started`, `queued`, `response_time`, `service_time`, `start_error`, `started`",
        ),
    ];
    for (address, said) in cases {
        assert_eq!(refused(&address), said);
    }
}

#[test]
fn keys_stand_only_behind_metrics_that_have_them() {
    let mut keyed = address(of_step(None, "home"), "response_time", "p95");
    keyed.key = Some(Text::from("timeout"));
    assert_eq!(
        refused(&keyed),
        "`response_time` is not told apart by `[\"timeout\"]`"
    );
    keyed.metric = Text::from("received");
    assert!(refused(&keyed).starts_with("`received` is not told apart"));
}

#[test]
fn times_are_seconds_over_all_places() {
    let interval = measured([(0, times(&[100, 200])), (8, times(&[300, 400]))]);
    let of = |statistic| {
        value(
            &address(of_step(None, "home"), "response_time", statistic),
            &interval,
        )
    };
    close(of("min"), 0.1);
    close(of("med"), 0.2);
    close(of("p75"), 0.3);
    close(of("max"), 0.4);
    close(of("mean"), 0.25);
    close(of("sum"), 1.0);
    close(of("stddev"), 0.111_803);
    close(of("count"), 4.0);
    close(of("rate"), 2.0);
}

#[test]
fn counts_are_shares_of_what_ended_or_was_due() {
    let figures = outcomes(&[
        (Outcome::Passed, 6),
        (Outcome::Failed, 2),
        (Outcome::Cancelled, 1),
        (Outcome::Dropped, 3),
        (Outcome::NotStarted, 4),
    ]);
    let interval = measured([(24, figures)]);
    let of = |metric, statistic| value(&address(Subject::Run, metric, statistic), &interval);
    close(of("failed", "count"), 2.0);
    close(of("failed", "ratio"), 0.25);
    close(of("failed", "rate"), 1.0);
    close(of("started", "count"), 9.0);
    close(of("dropped", "ratio"), 3.0 / 16.0);
    close(of("not_started", "ratio"), 0.25);
}

#[test]
fn a_kind_of_failure_and_a_label_are_told_apart() {
    let mut home = outcomes(&[(Outcome::Passed, 7), (Outcome::Failed, 3)]);
    home.kinds.insert(Text::from("timeout"), 1);
    home.kinds.insert(Text::from("connect"), 2);
    let mut answers = SlotFigures::default();
    for (status, n) in [("200", 5), ("503", 2), ("500", 1), ("5", 9), ("5ab", 9)] {
        answers.labels.insert(Text::from(status), n);
    }
    let interval = measured([(0, home), (4, answers)]);
    let of = |metric, key: &str, statistic| {
        let mut address = address(of_step(None, "home"), metric, statistic);
        address.key = Some(Text::from(key));
        value(&address, &interval)
    };
    close(of("failed", "timeout", "ratio"), 0.1);
    close(of("failed", "tls", "count"), 0.0);
    close(of("answers", "503", "sum"), 2.0);
    close(of("answers", "5xx", "sum"), 3.0);
    close(of("answers", "404", "sum"), 0.0);
    close(
        value(&address(of_step(None, "home"), "answers", "sum"), &interval),
        26.0,
    );
}

#[test]
fn gauges_and_rates_have_figures_of_their_own() {
    let gauge = scalar(Scalar {
        count: 2,
        sum: 8,
        extremes: Some((3, 5)),
        last: Some(crate::LastValue {
            at: 1,
            worker: 0,
            value: 3,
        }),
    });
    let rate = scalar(Scalar {
        count: 8,
        sum: 6,
        ..Scalar::default()
    });
    let interval = measured([(6, gauge), (7, rate)]);
    let of = |metric, statistic| {
        value(
            &address(of_step(None, "home"), metric, statistic),
            &interval,
        )
    };
    close(of("open", "min"), 3.0);
    close(of("open", "max"), 5.0);
    close(of("open", "mean"), 4.0);
    close(of("open", "last"), 3.0);
    close(of("reused", "ratio"), 0.75);
    close(of("reused", "count"), 8.0);
}

#[test]
fn nothing_measured_is_unknown_and_nothing_counted_is_zero() {
    let nothing = measured([]);
    let of = |metric, statistic| value(&address(Subject::Run, metric, statistic), &nothing);
    for statistic in ["p95", "min", "mean", "stddev"] {
        assert_eq!(of("response_time", statistic), None, "{statistic}");
    }
    assert_eq!(of("response_time", "count"), Some(0.0));
    assert_eq!(of("failed", "count"), Some(0.0));
    assert_eq!(of("failed", "ratio"), None);
}

#[test]
fn an_address_is_written_as_in_a_grid() {
    let mut address = address(of_step(Some("buy"), "home"), "failed", "ratio");
    address.key = Some(Text::from("timeout"));
    assert_eq!(
        address.to_string(),
        "scenario.buy.step.http_request.home.failed[\"timeout\"].ratio"
    );
}

proptest! {
    #[test]
    fn a_percentile_is_written_as_it_is_read(millionths in 1..WHOLE) {
        let statistic = Statistic::Percentile(millionths);
        prop_assert_eq!(Statistic::of_word(&statistic.to_string()), Some(statistic));
    }

    #[test]
    fn a_figure_of_a_merge_does_not_care_where_values_were_counted(
        values in proptest::collection::vec((0_u64..5_000, any::<bool>()), 1..40),
    ) {
        let all: Vec<u64> = values.iter().map(|(time, _)| *time).collect();
        let of = |side: bool| {
            let times: Vec<u64> = values.iter().filter(|(_, at)| *at == side).map(|(time, _)| *time).collect();
            times
        };
        let apart = measured([(0, times(&of(false))), (8, times(&of(true)))]);
        let together = measured([(8, times(&all))]);
        for statistic in ["min", "p50", "p95", "max", "mean", "stddev", "count"] {
            let address = address(of_step(None, "home"), "response_time", statistic);
            prop_assert_eq!(value(&address, &apart), value(&address, &together));
        }
    }
}

/// The step of one scenario with two checks, and a metric of the grid that both scenarios record.
fn checked() -> Layout {
    let mut layout = layout();
    for (row, first) in [(0, 40), (1, 50)] {
        let step = &mut layout.steps[row];
        step.metrics.clear();
        step.first = first;
        let check = |name: &str| CheckLayout {
            name: Text::from(name),
            required: false,
        };
        step.checks = vec![check("is there"), check("has a body")];
    }
    let custom = |scenario: &str, slot| CustomLayout {
        scenario: Text::from(scenario),
        tags: vec![(Text::from("team"), Text::from(scenario))],
        metric: MetricLayout {
            name: Text::from("basket"),
            unit: Unit::Other(Text::from("EUR")),
            kind: MetricKind::Trend,
            label: None,
            warning: None,
            scale: 100,
            description: None,
        },
        slot,
    };
    let mut tagged = custom("buy", 62);
    tagged.tags.push((Text::from("kind"), Text::from("again")));
    layout.custom = vec![custom("browse", 60), custom("buy", 61), tagged];
    layout
}

#[test]
fn a_check_is_a_rate_of_its_step_over_all_places_where_that_stands() {
    let rate = |sum, count| {
        let mut figures = SlotFigures::default();
        figures.scalar.sum = sum;
        figures.scalar.count = count;
        figures
    };
    let interval = measured([(45, rate(3, 4)), (55, rate(1, 4))]);
    let of = |scenario, key: &str, statistic| {
        let mut address = address(of_step(scenario, "home"), "checks", statistic);
        address.key = Some(Text::from(key));
        checked().resolve(&address)
    };
    let value = |scenario, statistic| {
        let source = of(scenario, "has a body", statistic).unwrap();
        (source.slots.clone(), source.value(&interval))
    };
    assert_eq!(value(None, "ratio"), (vec![45, 55], Some(0.5)));
    assert_eq!(value(Some("browse"), "ratio"), (vec![45], Some(0.75)));
    assert_eq!(value(None, "count"), (vec![45, 55], Some(8.0)));
    let unknown = of(None, "is their", "ratio").unwrap_err().to_string();
    let expected = "there is no check `is their`: did you mean `is there`?";
    assert_eq!(unknown, expected);
    let wrong = of(None, "is there", "p95").unwrap_err().to_string();
    assert!(wrong.starts_with("a rate has no `p95`"), "{wrong}");
}

#[test]
fn a_metric_of_the_grid_is_read_over_all_scenarios_and_in_its_unit() {
    let recorded = |parts: u64| {
        let mut figures = SlotFigures::default();
        figures.histogram.merge(&Histogram {
            buckets: vec![(bucket(parts) as u32, 1)],
            sum: u128::from(parts) * 1_000,
            extremes: Some((parts * 1_000, parts * 1_000)),
        });
        figures
    };
    let interval = measured([(60, recorded(1_050)), (61, recorded(1_950))]);
    let custom = |name: &str, statistic| {
        let address = address(Subject::Custom(Text::from(name)), "", statistic);
        checked().resolve(&address)
    };
    let value = |statistic| custom("basket", statistic).unwrap().value(&interval);
    assert_eq!(value("max"), Some(19.5));
    assert_eq!(value("mean"), Some(15.0));
    assert_eq!(value("med"), Some(10.5));
    assert_eq!(value("count"), Some(2.0));
    assert_eq!(value("rate"), Some(1.0));
    let mut tagged = address(Subject::Custom(Text::from("basket")), "", "max");
    tagged.tags = vec![(Text::from("team"), Text::from("browse"))];
    let source = checked().resolve(&tagged).unwrap();
    assert_eq!(source.value(&interval), Some(10.5));
    tagged.tags = vec![(Text::from("kind"), Text::from("again"))];
    let source = checked().resolve(&tagged).unwrap();
    let interval = measured([(61, recorded(1_950)), (62, recorded(1_050))]);
    assert_eq!(
        (source.slots.clone(), source.value(&interval)),
        (vec![62], Some(10.5))
    );
    let unknown = custom("baskets", "max").unwrap_err().to_string();
    let expected = "there is no metric of the grid `baskets`: did you mean `basket`?";
    assert_eq!(unknown, expected);
}

/// The flow `visit`, called by two steps, and another one whose name begins alike.
#[test]
fn a_flow_is_all_of_its_calls_and_a_step_of_it_is_one_over_all_of_them() {
    let inside = |call: &str, first| StepLayout {
        path: vec![Text::from("shop.it"), Text::from(call)],
        ..step("buy", "http_request.home", first)
    };
    let layout = Layout {
        steps: vec![
            step("browse", "http_request.home", 0),
            step("browse", "visit.first", 8),
            step("buy", "visit.second", 16),
            step("buy", "visitors.all", 24),
            inside("visit.first", 32),
            inside("visit.second", 40),
            inside("visitors.all", 48),
        ],
        ..layout()
    };
    let of_flow = |flow: &str, step: Option<[&str; 2]>| {
        let step = step.map(|step| step.map(Text::from));
        let flow = Text::from(flow);
        address(Subject::Flow { flow, step }, "started", "count")
    };
    let slots = |address: &Address| layout.resolve(address).map(|source| source.slots);
    let whole = of_flow("visit", None);
    assert_eq!(whole.to_string(), "flow.visit.started.count");
    assert_eq!(slots(&whole).unwrap(), [8, 16]);
    let home = of_flow("visit", Some(["http_request", "home"]));
    assert_eq!(
        home.to_string(),
        "flow.visit.step.http_request.home.started.count"
    );
    assert_eq!(slots(&home).unwrap(), [32, 40]);
    let wrong = |address: Address| slots(&address).unwrap_err().to_string();
    let misspelt = of_flow("visit", Some(["http_request", "hom"]));
    let text = wrong(misspelt);
    assert!(text.contains("http_request.home"), "{text}");
    let text = wrong(of_flow("visits", None));
    assert!(text.contains("there is no flow `visits`"), "{text}");
}
