//! Each check of an attempt that ran is counted once, whatever the others do.

use super::*;
use crate::event::Event;
use crate::exchange::{Message, Secrets};
use crate::fault::Place;
use crate::flow::{Flow, Stop};
use crate::info::{At, Info, MetricInfo, MetricKind};
use crate::metrics::{Interval, RunNames, SlabReader};
use crate::step::Policy;
use crate::test_support::{TestWorker, ms, on_stopped_clock};
use std::cell::Cell;
use std::sync::Arc;

static PLACE: Place = Place::new("grid.hcl", 3, 9);
/// With a metric of its manifest before its checks.
static PLAIN: Info = Info::new("probe", "plain", "grid.hcl:1")
    .slots(0..8)
    .metrics(&[MetricInfo::new("seen", "").kind(MetricKind::Counter)])
    .checks(&[
        CheckInfo::new("first", Place::new("grid.hcl", 2, 3)),
        CheckInfo::new("second", Place::new("grid.hcl", 3, 3)),
        CheckInfo::new("third", Place::new("grid.hcl", 4, 3)).required(),
    ]);
static SECRET: Info = Info::new("probe", "secret", "grid.hcl:9")
    .slots(0..5)
    .checks(&[CheckInfo::new("hidden", Place::new("grid.hcl", 10, 3)).sensitive()]);
const GOES_ON: Policy = Policy::new().continue_on_failure();

/// Hits and all of each slot from the first check on.
fn judged(worker: &TestWorker, checks: u32) -> Vec<(u64, u64)> {
    let mut interval = Interval::default();
    let names = Arc::new(RunNames::default());
    SlabReader::new(worker.slab(), names).take(&mut interval);
    let first = 8 - checks;
    let of_slot = |slot| interval.slot(slot).map(|slot| &slot.scalar);
    (first..8)
        .map(|slot| of_slot(slot).map_or((0, 0), |rate| (rate.sum(), rate.count())))
        .collect()
}

/// What was told of checks.
fn told(worker: &TestWorker) -> Vec<String> {
    let told = worker.told().into_iter();
    told.filter_map(|event| match event {
        Event::Check(report) => Some(format!(
            "{} {}: {}, {}",
            report.info,
            report.check.name(),
            report.text,
            report.place
        )),
        _ => None,
    })
    .collect()
}

fn yes() -> Result<Value, Fault> {
    Ok(Value::Bool(true))
}

fn no() -> Result<Value, Fault> {
    Ok(Value::Bool(false))
}

fn silent() -> Result<Value, Fault> {
    Ok(Value::Null)
}

/// Runs an attempt whose checks are judged by `judge`.
async fn run(worker: &TestWorker, info: &'static Info, judge: fn(&mut Checks<'_>)) -> Flow {
    let it = worker.iteration(0);
    it.run_step(At::step(info), &GOES_ON, None, async |step| {
        step.begin();
        tokio::time::sleep(ms(5)).await;
        let mut checks = step.checks();
        judge(&mut checks);
        checks.end()
    })
    .await
}

#[test]
fn a_plain_check_that_fails_is_counted_and_told_and_the_step_passes() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let flow = run(&worker, &PLAIN, |checks| {
            checks.check(&mut yes, &mut || unreachable!("it holds"));
            checks.check(&mut no, &mut || Ok(Value::text("got 500")));
            checks.check(&mut yes, &mut silent);
        })
        .await;
        assert_eq!(flow, Ok(()));
        assert_eq!(worker.steps(), ["probe.plain passed"]);
        assert_eq!(judged(&worker, 3), [(1, 1), (0, 1), (1, 1)]);
        assert_eq!(told(&worker), ["probe.plain second: got 500, grid.hcl:3:3"]);
    });
}

#[test]
fn a_required_check_fails_its_step_after_all_others_were_judged() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let flow = it
            .run_step(At::step(&PLAIN), &Policy::new(), None, async |step| {
                step.begin();
                let mut checks = step.checks();
                checks.check(&mut yes, &mut silent);
                checks.check(&mut no, &mut silent);
                checks.check(&mut no, &mut || Ok(Value::text("too few")));
                checks.end()
            })
            .await;
        assert_eq!(flow, Err(Stop));
        let line = "probe.plain failed check: the check \"third\" failed: too few";
        assert_eq!(worker.steps(), [line]);
        let place = worker.step_ends()[0].fault.as_ref().and_then(Fault::place);
        assert_eq!(
            place.map(|place| place.to_string()).as_deref(),
            Some("grid.hcl:4:3")
        );
        assert_eq!(judged(&worker, 3), [(1, 1), (0, 1), (0, 1)]);
    });
}

#[test]
fn a_condition_that_is_null_or_has_no_value_fails_its_check_only() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let flow = run(&worker, &PLAIN, |checks| {
            checks.check(&mut silent, &mut || Ok(Value::text("nothing there")));
            checks.check(
                &mut || Err(Fault::new("value", "no number").at(&PLACE)),
                &mut || unreachable!("the fault says why"),
            );
            checks.check(&mut yes, &mut silent);
        })
        .await;
        assert_eq!(flow, Ok(()));
        assert_eq!(judged(&worker, 3), [(0, 1), (0, 1), (1, 1)]);
        assert_eq!(
            told(&worker),
            [
                "probe.plain first: nothing there, grid.hcl:2:3",
                "probe.plain second: no number, grid.hcl:3:9"
            ]
        );
    });
}

#[test]
fn the_checks_of_a_step_that_failed_count_as_failed_and_those_of_a_skipped_one_not() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        for result in [Err(Fault::new("timeout", "too slow")), Ok(Ran::Skipped)] {
            let flow = it.run_step(At::step(&PLAIN), &GOES_ON, None, async |_| result.clone());
            assert_eq!(flow.await, Ok(()));
        }
        // One that is dropped while it runs.
        let cut = it.run_step(At::step(&PLAIN), &GOES_ON, None, async |step| {
            step.begin();
            std::future::pending::<()>().await;
            Ok(Ran::Done)
        });
        let cut = tokio::time::timeout(ms(5), cut).await;
        assert!(cut.is_err());
        assert_eq!(judged(&worker, 3), [(0, 1), (0, 1), (0, 1)]);
        assert_eq!(told(&worker), Vec::<String>::new());
    });
}

#[test]
fn under_load_a_thread_tells_the_first_failure_of_a_check_and_computes_no_further_message() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        let messages = std::cell::Cell::new(0);
        for _ in 0..3 {
            let flow = it
                .run_step(At::step(&PLAIN), &GOES_ON, None, async |step| {
                    let mut checks = step.checks();
                    checks.check(&mut no, &mut || {
                        messages.set(messages.get() + 1);
                        Ok(Value::text("got 500"))
                    });
                    checks.check(&mut yes, &mut silent);
                    checks.check(&mut yes, &mut silent);
                    checks.end()
                })
                .await;
            assert_eq!(flow, Ok(()));
        }
        assert_eq!(judged(&worker, 3), [(0, 3), (3, 3), (3, 3)]);
        assert_eq!(told(&worker), ["probe.plain first: got 500, grid.hcl:2:3"]);
        assert_eq!(messages.get(), 1);
    });
}

#[test]
fn a_fault_of_a_check_that_reads_something_sensitive_shows_no_value() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        run(&worker, &SECRET, |checks| {
            let fault = FaultText::plain("no number: ").and_value("hunter2");
            checks.check(&mut || Err(Fault::new("value", fault.clone())), &mut silent);
        })
        .await
        .unwrap();
        assert_eq!(
            told(&worker),
            ["probe.secret hidden: no number: (sensitive value), grid.hcl:10:3"]
        );
    });
}

/// Runs an attempt that hands over what it has sent, if that is wanted, and says whether it was.
async fn asks(worker: &TestWorker, info: &'static Info, holds: bool) -> bool {
    let it = worker.iteration(0);
    let wanted = Cell::new(false);
    let flow = it.run_step(At::step(info), &GOES_ON, None, async |step| {
        step.begin();
        wanted.set(step.wants_example_of_check());
        if wanted.get() {
            step.keep_for_checks(move || {
                assert!(!holds, "nobody asks for what passed");
                let mut secrets = Secrets::default();
                secrets.add("hunter2");
                let mut sent = Message::new("ASK hunter2");
                sent.body("b".repeat(5_000), 5_000);
                (sent, Some(Message::new("NO")), secrets)
            });
        }
        let mut checks = step.checks();
        checks.check(&mut yes, &mut silent);
        checks.check(&mut no, &mut silent);
        checks.check(&mut || Ok(Value::Bool(holds)), &mut silent);
        checks.end()
    });
    flow.await.unwrap();
    wanted.get()
}

#[test]
fn under_load_a_thread_keeps_the_exchange_of_the_first_run_that_a_required_check_failed() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let wanted = [true, false, false, true].map(|holds| asks(&worker, &PLAIN, holds));
        let [passes, first, second, after] = wanted;
        assert!(passes.await && first.await);
        assert!(!second.await && !after.await, "it has an example");
        assert!(
            !asks(&worker, &SECRET, false).await,
            "no check of it is required"
        );
        let told = worker.told();
        let shown = told.iter().filter_map(|event| match event {
            Event::FirstFailure(end) => Some((end.fault.as_ref()?.kind(), &end.exchanges)),
            _ => None,
        });
        let shown: Vec<_> = shown.collect();
        let [("check", exchanges)] = shown.as_slice() else {
            panic!("{shown:?}");
        };
        let [exchange] = exchanges.as_slice() else {
            panic!("{exchanges:?}");
        };
        assert_eq!(exchange.short(), "ASK (sensitive value) -> NO");
        assert!(exchange.sent.len() < 600, "{}", exchange.sent.len());
        assert!(
            exchange.sent.ends_with("(512 of 5000 bytes)"),
            "{}",
            exchange.sent
        );
    });
}

#[test]
fn the_exchange_of_one_step_is_not_that_of_the_next() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        let (one, other) = (
            it.step(At::step(&PLAIN), &GOES_ON),
            it.step(At::step(&PLAIN), &GOES_ON),
        );
        // It ends without its checks: what it recorded had no value.
        one.keep_for_checks(|| unreachable!("it was not judged"));
        one.end(Err(Fault::new("value", "no number"))).unwrap();
        let mut checks = other.checks();
        checks.check(&mut yes, &mut silent);
        checks.check(&mut yes, &mut silent);
        checks.check(&mut no, &mut silent);
        other.end(checks.end()).unwrap();
        let told = worker.told();
        let firsts = told.iter().filter_map(|event| match event {
            Event::FirstFailure(end) => Some((end.fault.as_ref()?.kind(), end.exchanges.len())),
            _ => None,
        });
        assert_eq!(firsts.collect::<Vec<_>>(), [("value", 0), ("check", 0)]);
    });
}

#[test]
fn a_functional_run_shows_exchanges_in_its_own_way() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        assert!(!asks(&worker, &PLAIN, false).await);
    });
}
