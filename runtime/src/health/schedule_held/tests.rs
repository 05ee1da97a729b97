//! A run is judged by late starts alone, and what is known of the host explains them.

use super::super::cpu::WorkerTime;
use super::*;
use bggo_metrics::buckets::bucket;
use bggo_metrics::{IterationLayout, iteration_slot, time_slot};

fn layout() -> Layout {
    Layout {
        iterations: vec![IterationLayout {
            scenario: "browse".into(),
            tags: Vec::new(),
            first: 0,
        }],
        ..Layout::default()
    }
}

/// So many times of this length.
fn times(count: u64, micros: u64) -> Histogram {
    Histogram {
        buckets: vec![(u32::try_from(bucket(micros)).unwrap(), count)],
        sum: u128::from(count * micros * 1_000),
        extremes: Some((micros * 1_000, micros * 1_000)),
    }
}

/// A second with start errors and response times.
fn second(at: u64, start_errors: &[Histogram], response: &Histogram) -> Interval {
    let mut interval = Interval {
        span: Some((Duration::from_secs(at), Duration::from_secs(at + 1))),
        ..Interval::default()
    };
    for errors in start_errors {
        let slot = interval.slots.entry(iteration_slot::START_ERROR);
        slot.or_default().histogram.merge(errors);
    }
    let slot = interval.slots.entry(time_slot::RESPONSE).or_default();
    slot.histogram.merge(response);
    interval
}

fn quiet() -> Evidence {
    Evidence {
        length: Duration::from_secs(1),
        ..Evidence::default()
    }
}

fn worker(worker: u32, ran: u64, waited: u64) -> WorkerTime {
    WorkerTime {
        worker,
        ran: Duration::from_millis(ran),
        waited: Duration::from_millis(waited),
    }
}

#[test]
fn starts_in_time_are_held() {
    let mut held = ScheduleHeld::new(vec![true]);
    for at in 0..30 {
        let interval = second(at, &[times(1000, 9_000)], &times(1000, 50_000));
        held.second(&layout(), &interval, quiet());
    }
    assert_eq!(held.fell_behind(), None);
}

#[test]
fn a_hiccup_of_a_run_with_few_arrivals_is_forgiven_and_a_third_late_start_is_not() {
    let mut held = ScheduleHeld::new(vec![true]);
    let interval = second(0, &[times(5, 10), times(2, 40_000)], &times(7, 1_000));
    held.second(&layout(), &interval, quiet());
    assert_eq!(held.fell_behind(), None);
    let interval = second(1, &[times(1, 40_000)], &times(1, 1_000));
    held.second(&layout(), &interval, quiet());
    assert!(held.fell_behind().is_some());
}

#[test]
fn starts_may_be_late_by_a_twentieth_of_slow_answers() {
    let late = |response: u64| {
        let mut held = ScheduleHeld::new(vec![true]);
        let interval = second(0, &[times(100, 40_000)], &times(100, response));
        held.second(&layout(), &interval, quiet());
        held.fell_behind().is_some()
    };
    assert!(!late(1_000_000));
    assert!(late(500_000));
}

#[test]
fn the_worst_window_is_told_with_its_beginning() {
    let mut held = ScheduleHeld::new(vec![true]);
    for at in 0..40 {
        let errors = if (20..23).contains(&at) {
            times(100, 800_000)
        } else {
            times(100, 10)
        };
        let interval = second(at, &[errors], &times(100, 1_000));
        held.second(&layout(), &interval, quiet());
    }
    let found = held.fell_behind().unwrap();
    assert_eq!(found.scenario.as_str(), "browse");
    assert_eq!(found.from, Duration::from_secs(11));
    assert_eq!(found.latest, Duration::from_millis(800));
}

#[test]
fn the_cause_is_the_first_that_holds() {
    let of = |change: fn(&mut Evidence)| {
        let mut evidence = quiet();
        change(&mut evidence);
        let mut held = ScheduleHeld::new(vec![true]);
        let interval = second(0, &[times(100, 840_123)], &times(100, 1_000));
        held.second(&layout(), &interval, evidence);
        held.fell_behind().unwrap().to_string()
    };
    assert_eq!(
        of(|it| it.workers = vec![worker(0, 300, 0), worker(1, 990, 200)]),
        "the generator fell behind: worker 1 was busy 99 % of the time and starts were up to 841ms late; use more hosts, or --threads"
    );
    assert!(
        of(|it| it.workers = vec![worker(0, 500, 350), worker(1, 10, 0)])
            .contains("other programs kept worker 0 from running for 35 % of the time")
    );
    assert!(of(|it| it.clock_step = true).contains("the clock of this host was set"));
    assert!(
        of(|it| {
            it.workers = vec![worker(0, 990, 0)];
            it.throttled = Duration::from_millis(200);
        })
        .contains("held back for 20 % of the time")
    );
    assert_eq!(
        of(|it| {
            it.workers = vec![worker(0, 500, 350)];
            it.lacked.ports = 7;
        }),
        "the generator fell behind: this host had no source port left for the address of the target for 7 of its steps and starts were up to 841ms late; widen net.ipv4.ip_local_port_range, give the client more local_addresses, keep connections open instead of making new ones, or share the load over several hosts with --segment"
    );
    assert!(
        of(|it| {
            it.lacked.descriptors = 1;
            it.lacked.ports = 7;
        })
        .contains("this program had no descriptor left for 1 of its steps")
    );
    assert!(of(|_| ()).contains("this host did not run it in time"));
}

#[test]
fn a_scenario_with_an_open_profile_is_told_before_one_with_a_closed_profile() {
    let mut two = layout();
    two.iterations.push(IterationLayout {
        scenario: "buy".into(),
        tags: Vec::new(),
        first: iteration_slot::COUNT,
    });
    let late = |first: u32, micros: u64| {
        let mut interval = second(0, &[], &times(100, 1_000));
        let slot = interval.slots.entry(first + iteration_slot::START_ERROR);
        slot.or_default().histogram.merge(&times(100, micros));
        interval
    };
    let mut held = ScheduleHeld::new(vec![true, false]);
    held.second(&two, &late(iteration_slot::COUNT, 90_000), quiet());
    assert!(held.fell_behind().is_some_and(|found| !found.is_open));
    held.second(&two, &late(0, 20_000), quiet());
    let found = held.fell_behind().unwrap();
    assert!(found.is_open);
    assert_eq!(found.scenario.as_str(), "browse");
}
