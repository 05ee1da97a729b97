//! A hand-made grid of several scenarios: each figure has a slot of its own, and a name that says whose it is.

use super::super::{Recorder, RunNames, Slab, SlabReader};
use super::*;
use crate::fault::Place;
use crate::grid::Body;
use crate::info::{BodyMetric, CheckInfo, MetricInfo, MetricKind, MetricWarning};
use bggo_metrics::{Interval, Measured, time_slot};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

static SHOP: [Info; 2] = [
    Info::new("http_request", "list", "grid.hcl:3")
        .slots(0..6)
        .metrics(&[
            MetricInfo::new("waiting", "time"),
            MetricInfo::new("answers", "")
                .kind(MetricKind::Counter)
                .label("status")
                .warning(MetricWarning::new("5", 10_000, "answers had status 5xx")),
        ])
        .tags(&[("team", "shop")]),
    Info::new("noop", "think", "grid.hcl:9").slots(6..10),
];
static BASKET: MetricInfo = MetricInfo::new("basket", "EUR").scale(100);
static ORDERS: MetricInfo = MetricInfo::new("orders", "").kind(MetricKind::Counter);
static PAY: [Info; 1] = [Info::new("http_request", "pay", "grid.hcl:40")
    .slots(0..6)
    .checks(&[
        CheckInfo::new("is accepted", Place::new("grid.hcl", 41, 3)),
        CheckInfo::new("is cheap", Place::new("grid.hcl", 42, 3)).required(),
    ])];
static PAY_METRICS: [BodyMetric; 2] = [BodyMetric::new(&BASKET, 6), BodyMetric::new(&ORDERS, 7)];

/// Two scenarios that share a body with checks and metrics of the grid.
static CHECKED: Grid = Grid::new("checked")
    .bodies(&[Body::new("pay", &PAY).metrics(&PAY_METRICS)])
    .scenarios(&[
        Scenario::new("one", "pay").tags(&[("team", "shop")]),
        Scenario::new("two", "pay").first_slot(8),
    ]);
static ADMIN: [Info; 1] = [Info::new("http_request", "list", "grid.hcl:20").slots(0..4)];
static RESOURCES: [ResourceInfo; 2] = [
    ResourceInfo::new("db_pool", "main", "grid.hcl:30")
        .metrics(&[MetricInfo::new("open", "").kind(MetricKind::Gauge)])
        .first_slot(24),
    ResourceInfo::new("http_client", "plain", "grid.hcl:31"),
];

/// Two scenarios that share a body, and one with its own.
static GRID: Grid = Grid::new("several")
    .bodies(&[Body::new("shop", &SHOP), Body::new("admin", &ADMIN)])
    .resources(&[&RESOURCES])
    .scenarios(&[
        Scenario::new("browse", "shop").tags(&[("team", "all"), ("kind", "read")]),
        Scenario::new("order", "shop").first_slot(10),
        Scenario::new("watch", "admin").first_slot(20),
    ]);

#[test]
fn the_steps_of_each_scenario_stand_apart_also_where_two_run_one_body() {
    let layout = layout_of(&GRID, &RunSlots::new(&GRID, |_| false));
    let steps = layout.steps.iter();
    let steps: Vec<(Text, u32)> = steps
        .map(|step| (layout.full_name(step), step.first))
        .collect();
    let expected = [
        ("browse.http_request.list", 0),
        ("browse.noop.think", 6),
        ("order.http_request.list", 10),
        ("order.noop.think", 16),
        ("watch.http_request.list", 20),
    ];
    assert_eq!(steps, expected.map(|(name, first)| (name.into(), first)));
    let iterations = layout.iterations.iter();
    let iterations: Vec<(&str, u32)> = iterations
        .map(|scenario| (scenario.scenario.as_str(), scenario.first))
        .collect();
    assert_eq!(iterations, [("browse", 25), ("order", 31), ("watch", 37)]);
    assert_eq!(RunSlots::new(&GRID, |_| false).count, 43);
}

#[test]
fn no_two_figures_share_a_slot() {
    // The second and the third scenario have a warm-up.
    let slots = RunSlots::new(&GRID, |scenario| scenario > 0);
    let layout = layout_of(&GRID, &slots);
    let mut taken = BTreeSet::new();
    let mut take = |first: u32, count: usize| {
        for slot in (first..).take(count) {
            assert!(taken.insert(slot), "slot {slot} is taken twice");
        }
    };
    let times = time_slot::COUNT as usize;
    for step in &layout.steps {
        take(step.first, times + step.metrics.len());
    }
    for resource in &layout.resources {
        take(resource.first, resource.metrics.len());
    }
    for scenario in &layout.iterations {
        take(scenario.first, iteration_slot::COUNT as usize);
    }
    for step in &layout.warm_up_steps {
        take(step.first, times + step.metrics.len());
    }
    for scenario in &layout.warm_up_iterations {
        take(scenario.first, iteration_slot::COUNT as usize);
    }
    assert_eq!(taken.len(), slots.count as usize);
}

#[test]
fn a_slot_of_a_step_has_one_that_stands_for_it_in_the_warm_up() {
    // The second and the third scenario have a warm-up.
    let slots = RunSlots::new(&GRID, |scenario| scenario > 0);
    let layout = layout_of(&GRID, &slots);
    let of = |slot| slots.with_warm_ups(&GRID, [slot]);
    assert_eq!(of(4), [4], "`browse` has none");
    assert_eq!(layout.warm_up_steps[0].first, 43);
    assert_eq!(of(14), [14, 47]);
    let watch = layout.warm_up_steps.last().unwrap().first;
    assert_eq!(of(23), [23, watch + 3]);
    // Resources and iterations are no steps.
    assert_eq!(of(24), [24]);
    assert_eq!(of(31), [31]);
}

#[test]
fn tags_of_a_scenario_mark_its_steps_and_those_of_a_step_go_first() {
    let layout = layout_of(&GRID, &RunSlots::new(&GRID, |_| false));
    let tags = |step: usize| {
        let tags = layout.steps[step].tags.iter();
        tags.map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(tags(0), ["kind=read", "team=shop"]);
    assert_eq!(tags(1), ["team=all", "kind=read"]);
    assert_eq!(tags(2), ["team=shop"]);
    assert_eq!(layout.iterations[0].tags.len(), 2);
}

#[test]
fn what_each_measured_is_found_at_its_scenario_and_at_no_other() {
    let names = Arc::new(RunNames::default());
    let slab = Slab::new(RunSlots::new(&GRID, |_| false).count as usize).unwrap();
    let recorder = Recorder::new(Arc::clone(&slab));
    let layout = layout_of(&GRID, &RunSlots::new(&GRID, |_| false));
    let second = &layout.steps[2];
    recorder.time(second.first + time_slot::SERVICE, Duration::from_millis(3));
    recorder.time(
        second.first + time_slot::FAILED_RESPONSE,
        Duration::from_millis(7),
    );
    recorder.value(second.first + time_slot::COUNT, 9);
    recorder.set(24, 5, Duration::from_secs(1));
    let mut interval = Interval::default();
    SlabReader::new(slab, names).take(&mut interval);
    for (nth, step) in layout.steps.iter().enumerate() {
        let times = step.times(&interval);
        let here = nth == 2;
        assert_eq!(times.passed.is_some(), here);
        assert_eq!(times.failed_response.is_some(), here);
        assert!(times.failed.is_none() && times.response.is_none());
        assert_eq!(step.measured(&interval).count(), usize::from(here));
    }
    let [pool] = layout.resources.as_slice() else {
        panic!("{:?}", layout.resources);
    };
    let measured: Vec<_> = pool.measured(&interval).collect();
    let [(metric, Measured::Gauge(gauge))] = measured.as_slice() else {
        panic!("{measured:?}");
    };
    assert_eq!((metric.name.as_str(), gauge.last()), ("open", Some(5)));
}

#[test]
fn a_grid_of_one_scenario_calls_its_steps_by_their_own_names() {
    static ONE: Grid = Grid::new("one").bodies(&[Body::new("main", &SHOP)]);
    let layout = layout_of(&ONE, &RunSlots::new(&ONE, |_| false));
    assert_eq!(layout.full_name(&layout.steps[1]).as_str(), "noop.think");
    let mut inside = layout.steps[1].clone();
    inside.path = vec!["sign_in".into()];
    assert_eq!(layout.full_name(&inside).as_str(), "sign_in.noop.think");
    assert_eq!(RunSlots::new(&ONE, |_| false).count, 16);
}

#[test]
fn checks_and_metrics_of_the_grid_have_slots_of_their_own_in_each_scenario_and_its_warm_up() {
    let slots = RunSlots::new(&CHECKED, |scenario| scenario == 1);
    let layout = layout_of(&CHECKED, &slots);
    let mut taken = BTreeSet::new();
    let mut take = |first: u32, count: usize| {
        for slot in (first..).take(count) {
            assert!(taken.insert(slot), "slot {slot} is taken twice");
        }
    };
    for step in layout.steps.iter().chain(&layout.warm_up_steps) {
        take(step.first, time_slot::COUNT as usize + step.checks.len());
    }
    for custom in layout.custom.iter().chain(&layout.warm_up_custom) {
        take(custom.slot, 1);
    }
    let iterations = layout.iterations.iter().chain(&layout.warm_up_iterations);
    for scenario in iterations {
        take(scenario.first, iteration_slot::COUNT as usize);
    }
    assert_eq!(taken.len(), slots.count as usize);
    let custom = layout.custom.iter();
    let custom: Vec<(&str, &str, usize)> = custom
        .map(|one| {
            (
                one.scenario.as_str(),
                one.metric.name.as_str(),
                one.tags.len(),
            )
        })
        .collect();
    let expected = [
        ("one", "basket", 1),
        ("one", "orders", 1),
        ("two", "basket", 0),
        ("two", "orders", 0),
    ];
    assert_eq!(custom, expected);
}

#[test]
fn a_check_is_read_at_its_step_and_a_metric_of_the_grid_over_all_scenarios() {
    let names = Arc::new(RunNames::default());
    let slots = RunSlots::new(&CHECKED, |_| false);
    let slab = Slab::new(slots.count as usize).unwrap();
    let recorder = Recorder::new(Arc::clone(&slab));
    let layout = layout_of(&CHECKED, &slots);
    let second = layout.steps[1].first + time_slot::COUNT;
    recorder.hit(second);
    recorder.hit(second);
    recorder.miss(second);
    recorder.miss(second + 1);
    recorder.value(layout.custom[0].slot, 1_250);
    recorder.value(layout.custom[2].slot, 750);
    recorder.add(layout.custom[3].slot, 4);
    let mut interval = Interval::default();
    SlabReader::new(slab, names).take(&mut interval);
    let judged = |step: usize| {
        let judged = layout.steps[step].judged(&interval);
        judged
            .map(|(check, judged)| (check.name.to_string(), judged.passed, judged.of))
            .collect::<Vec<_>>()
    };
    let named = |passed, of, (second, all)| {
        vec![
            ("is accepted".to_owned(), passed, of),
            ("is cheap".to_owned(), second, all),
        ]
    };
    assert_eq!(judged(0), named(0, 0, (0, 0)));
    assert_eq!(judged(1), named(2, 3, (0, 1)));
    let figures = layout.custom_figures(&interval);
    let [basket, orders] = figures.as_slice() else {
        panic!("{figures:?}");
    };
    let (values, count) = (&basket.all, &orders.all);
    let (basket, orders) = (basket.metric, orders.metric);
    assert_eq!((basket.scale, values.histogram.count()), (100, 2));
    assert_eq!(values.histogram.mean(), Some(1_000.0));
    assert_eq!((orders.name.as_str(), count.scalar.sum()), ("orders", 4));
}
