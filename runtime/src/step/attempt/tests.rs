//! A step: whatever happens to it is booked once, and its clock runs from where it should.

use super::*;
use crate::context::{AssetMetrics, UserContext, WorkerContextParts};
use crate::event::{Event, StepReport};
use crate::fault::Place;
use crate::flow::Running;
use crate::info::{Counter, Gauge, LabelledCounter, Rate, ResourceInfo, Trend, time_slot};
use crate::metrics::{Interval, KnownNames, Recorder, RunNames, Slab, SlabReader};
use crate::start::Start;
use crate::step::Begun;
use crate::test_support::{TestWorker, ToldEvents, ms, on_stopped_clock};
use bggo_functions as functions;
use bggo_values::{Number, Text, Value};
use futures_util::FutureExt;
use std::rc::Rc;
use std::sync::Arc;

static FIRST: Info = Info::new("noop", "first", "grid.hcl:1");
static SECOND: Info = Info::new("noop", "second", "grid.hcl:5").slots(2..4);
static PLACE: Place = Place::new("grid.hcl", 3, 9);

const PLAIN: Policy = Policy::new();
const ANYWAY: Policy = Policy::new().continue_on_failure();
const LIMITED: Policy = Policy::new().execution(Duration::from_millis(50));

type Attempt<'a> = Running<'a, Result<Ran, Fault>>;

/// Waits, begins, works, and ends as told.
fn attempt<'a>(step: &'a Step<'_>, before: u64, work: u64, end: Result<Ran, Fault>) -> Attempt<'a> {
    Box::pin(async move {
        tokio::time::sleep(ms(before)).await;
        step.begin();
        tokio::time::sleep(ms(work)).await;
        end
    })
}

/// Milliseconds that are told of each step.
fn times(worker: &TestWorker) -> Vec<f64> {
    let ends = worker.step_ends();
    ends.iter()
        .map(|end| end.service.unwrap_or_default().as_secs_f64() * 1e3)
        .collect()
}

#[test]
fn what_came_before_a_step_began_came_when_it_began() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let iteration = worker.iteration(0);
        let came = worker.context.moment();
        tokio::time::sleep(ms(30)).await;
        let begun = worker.context.moment();
        let step = iteration.step(At::step(&FIRST), &PLAIN);
        let flow = step
            .drive(&mut || {
                Box::pin(async {
                    step.begin();
                    tokio::time::sleep(ms(5)).await;
                    step.received_at(came);
                    Ok(Ran::Done)
                })
            })
            .await;
        assert_eq!(flow, Ok(()));
        assert_eq!(times(&worker), [0.0]);
        assert_eq!(iteration.due(), Some(begun));
    });
}

/// The state of a body with one resource that comes late, and one attempt.
struct WithResource<'a> {
    worker: &'a TestWorker,
    is_there: bool,
    comes: Result<(), Fault>,
}

fn wait_for_resource<'a>(this: &'a WithResource<'_>) -> Wait<'a> {
    if this.is_there {
        return None;
    }
    Some(Box::pin(async move {
        tokio::time::sleep(ms(20)).await;
        this.comes.clone()
    }))
}

fn attempt_with_resource<'a>(this: &'a WithResource<'_>, step: &'a Step<'_>) -> Attempt<'a> {
    this.worker.note("attempt");
    attempt(step, 0, 10, Ok(Ran::Done))
}

#[test]
fn a_step_waits_for_its_resources_before_its_attempt_and_that_is_not_its_time() {
    for (is_there, comes, flow, notes, steps) in [
        (
            true,
            Ok(()),
            Ok(()),
            &["0 attempt"][..],
            "noop.first passed",
        ),
        (false, Ok(()), Ok(()), &["20 attempt"], "noop.first passed"),
        (
            false,
            Err(Fault::new("create", "no")),
            Err(Stop),
            &[],
            "noop.first failed create: no",
        ),
    ] {
        on_stopped_clock(async move {
            let worker = TestWorker::functional();
            let body = WithResource {
                worker: &worker,
                is_there,
                comes,
            };
            let iteration = worker.iteration(0);
            let work = (
                &body,
                wait_for_resource as WaitOf<_>,
                attempt_with_resource as AttemptOf<_>,
            );
            let ran = iteration
                .drive_with_resources(&PLAIN, At::step(&FIRST), None, work)
                .await;
            assert_eq!(ran, flow);
            assert_eq!(worker.notes(), notes);
            assert_eq!(worker.steps(), [steps]);
            if flow.is_ok() {
                assert_eq!(times(&worker), [10.0]);
            }
        });
    }
}

#[test]
fn a_step_that_runs_to_its_end_has_passed_and_took_its_time_since_it_began() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &PLAIN);
        let flow = step
            .drive(&mut || attempt(&step, 100, 10, Ok(Ran::Done)))
            .await;
        drop(step);
        assert_eq!(flow, Ok(()));
        assert_eq!(worker.steps(), ["noop.first passed"]);
        assert_eq!(times(&worker), [10.0], "what it waited for is not its time");
    });
}

#[test]
fn a_pause_is_never_short_and_hardly_longer() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &PLAIN);
        for wanted in [0, 1, 79, 80, 81, 99, 100, 101, 180, 181, 10_000, 100_000] {
            // Not always at the same place within a tick.
            tokio::time::sleep(Duration::from_micros(wanted * 1_111)).await;
            let begun = step.now();
            step.pause(ms(wanted)).await;
            let took = step.now() - begun;
            assert!(
                (ms(wanted)..=ms(wanted + 2)).contains(&took),
                "{wanted}: {took:?}"
            );
        }
    });
}

#[test]
fn service_time_counts_from_the_moment_sent() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &PLAIN);
        let flow = step
            .drive(&mut || {
                Box::pin(async {
                    step.begin();
                    tokio::time::sleep(ms(30)).await;
                    let sent = step.sent();
                    assert_eq!(sent - worker.context.moment_of(worker.began()), ms(30));
                    tokio::time::sleep(ms(5)).await;
                    assert_eq!(step.now() - sent, ms(5));
                    Ok(Ran::Done)
                })
            })
            .await;
        assert_eq!((flow, times(&worker)), (Ok(()), vec![5.0]));
    });
}

#[test]
fn an_attempt_that_sends_nothing_is_not_measured_from_what_the_one_before_it_sent() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &PLAIN);
        let flow = step
            .drive(&mut || {
                Box::pin(async {
                    step.begin();
                    step.sent();
                    tokio::time::sleep(ms(100)).await;
                    step.begin();
                    tokio::time::sleep(ms(5)).await;
                    Err(Fault::new("connect", "nobody answers"))
                })
            })
            .await;
        assert_eq!((flow, times(&worker)), (Err(Stop), vec![5.0]));
    });
}

#[test]
fn a_failure_ends_the_iteration_and_is_booked_with_its_place() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::index(&FIRST, 3), &PLAIN);
        let flow = step
            .drive(&mut || {
                attempt(
                    &step,
                    0,
                    1,
                    Err(Fault::new("connect", "nobody answers").at(&PLACE)),
                )
            })
            .await;
        drop(step);
        assert_eq!(flow, Err(Stop));
        assert_eq!(
            worker.steps(),
            ["noop.first[3] failed connect: nobody answers"]
        );
        let fault = worker.step_ends().remove(0).fault.unwrap();
        assert_eq!(fault.place(), Some(PLACE));
    });
}

#[test]
fn a_failure_before_it_begins_took_no_time_and_the_first_one_gives_the_iteration_its_kind() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let user = UserContext::new(Rc::clone(&worker.context), 1, 0);
        let begun = Begun::when_free(worker.context.moment(), 0);
        let it = Iteration::new(&user, &begun);
        assert_eq!(begun.failed_by(), None);
        for kind in ["value", "connect"] {
            let step = it.step(At::step(&FIRST), &ANYWAY);
            let flow = step
                .drive(&mut || Box::pin(async { Err(Fault::new(kind, "no")) }))
                .await;
            assert_eq!(flow, Ok(()));
        }
        assert!(worker.step_ends().iter().all(|end| end.service.is_none()));
        // RunNames are numbered as they come.
        assert_eq!(begun.failed_by(), Some(0));
    });
}

#[test]
fn a_failure_before_it_begins_is_booked_too() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::key(&FIRST, Text::Static("eu"), 0), &PLAIN);
        let flow = step
            .drive(&mut || Box::pin(async { Err(Fault::missing("url").at(&PLACE)) }))
            .await;
        assert_eq!(flow, Err(Stop));
        assert_eq!(
            worker.steps(),
            ["noop.first[\"eu\"] failed value: `url` is required, but it is null"]
        );
    });
}

#[test]
fn with_continue_on_failure_it_is_booked_and_the_iteration_goes_on() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &ANYWAY);
        let flow = step
            .drive(&mut || attempt(&step, 0, 0, Err(Fault::new("status", "it was 500"))))
            .await;
        assert_eq!(flow, Ok(()));
        assert_eq!(worker.steps(), ["noop.first failed status: it was 500"]);
        let outcome = worker.step_ends()[0].outcome;
        assert_eq!(outcome, StepOutcome::FailedAndContinued);
    });
}

#[test]
fn one_that_is_not_enabled_is_skipped() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &PLAIN);
        let flow = step
            .drive(&mut || Box::pin(async { Ok(Ran::Skipped) }))
            .await;
        assert_eq!(flow, Ok(()));
        assert_eq!(worker.steps(), ["noop.first skipped"]);
    });
}

#[test]
fn the_limit_runs_from_begin_and_cuts_the_work_off() {
    on_stopped_clock(async {
        struct Gone<'a>(&'a TestWorker);
        impl Drop for Gone<'_> {
            fn drop(&mut self) {
                self.0
                    .note(&format!("dropped, {} booked", self.0.steps().len()));
            }
        }
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &LIMITED);
        let flow = step
            .drive(&mut || {
                Box::pin(async {
                    let _gone = Gone(&worker);
                    tokio::time::sleep(ms(200)).await;
                    step.begin();
                    std::future::pending().await
                })
            })
            .await;
        assert_eq!(flow, Err(Stop));
        assert_eq!(
            worker.steps(),
            ["noop.first failed timeout: it took longer than its limit of 50ms"]
        );
        assert_eq!(
            worker.notes(),
            ["250 dropped, 0 booked"],
            "what was cut off is gone before its end is booked"
        );
        assert_eq!(times(&worker), [50.0]);
    });
}

#[test]
fn a_long_limit_passes_at_most_two_ticks_late_and_without_a_timer_of_its_own() {
    const LONG: Policy = Policy::new().execution(Duration::from_secs(5));
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        for _ in 0..3 {
            let step = it.step(At::step(&FIRST), &LONG);
            let flow = step
                .drive(&mut || {
                    Box::pin(async {
                        step.begin();
                        std::future::pending().await
                    })
                })
                .await;
            assert_eq!(flow, Err(Stop));
        }
        assert_eq!(
            worker.steps(),
            ["noop.first failed timeout: it took longer than its limit of 5s"; 3]
        );
        for took in times(&worker) {
            assert!((5_000.0..=5_017.0).contains(&took), "{took}");
        }
        // The future of a step that waits holds the limit itself.
        assert!(size_of::<super::Limited<'_, Ran>>() <= 56);
    });
}

#[test]
fn work_that_is_ready_at_the_limit_has_passed() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let step = it.step(At::step(&FIRST), &LIMITED);
        let flow = step
            .drive(&mut || attempt(&step, 0, 50, Ok(Ran::Done)))
            .await;
        assert_eq!(flow, Ok(()));
    });
}

#[test]
fn one_that_is_dropped_while_it_runs_counts_as_cancelled_once() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        {
            let step = it.step(At::step(&FIRST), &PLAIN);
            let mut attempts = || attempt(&step, 0, 100, Ok(Ran::Done));
            let work = step.drive(&mut attempts);
            let cut = tokio::time::timeout(ms(10), work).await;
            assert!(cut.is_err());
        }
        assert_eq!(worker.steps(), ["noop.first cancelled"]);
        assert_eq!(times(&worker), [10.0]);
    });
}

#[test]
fn one_whose_time_is_over_has_failed() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        {
            let step = it.step(At::step(&FIRST), &PLAIN);
            let mut attempts = || attempt(&step, 0, 100, Ok(Ran::Done));
            let work = step.drive(&mut attempts);
            let cut = tokio::time::timeout(ms(10), work).await;
            assert!(cut.is_err());
            it.user().iteration_is_cut(Cut::TimeIsOver);
        }
        let told = worker.told();
        let Some(Event::FirstFailure(end)) = told.first() else {
            panic!("{told:?}");
        };
        assert_eq!(end.fault.as_ref().unwrap().kind(), "cut");
        assert_eq!((end.outcome, end.service), (StepOutcome::Cut, Some(ms(10))));
    });
}

#[test]
fn the_next_step_is_due_when_the_one_before_ended() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let due = worker.context.moment();
        it.set_due(Some(due));
        let is_due = || it.due().map(|at| Duration::from_nanos(at.since(due)));
        // Late from the start: response time says so.
        tokio::time::sleep(ms(40)).await;
        let first = it.step(At::step(&FIRST), &PLAIN);
        assert_eq!(is_due(), Some(ms(0)));
        let flow = first
            .drive(&mut || attempt(&first, 0, 10, Ok(Ran::Done)))
            .await;
        assert_eq!(flow, Ok(()));
        tokio::time::sleep(ms(7)).await;
        let second = it.step(At::step(&SECOND), &PLAIN);
        assert_eq!(is_due(), Some(ms(50)));
        second.begin();
        assert_eq!(
            is_due(),
            Some(ms(50)),
            "begin does not hide that it is late"
        );
        assert_eq!(second.end(Ok(Ran::Done)), Ok(()));
    });
}

#[test]
fn a_step_knows_its_user_and_iteration() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(7);
        let step = it.step(At::step(&FIRST), &PLAIN);
        assert_eq!((step.vu(), step.iteration()), (1, 7));
        assert_eq!(it.vu(), Value::Number(Number::from(1_u64)));
        assert_eq!(it.iteration(), Value::Number(Number::from(7_u64)));
        assert_eq!(step.end(Ok(Ran::Done)), Ok(()));
    });
}

#[test]
fn a_function_draws_by_where_it_stands_and_reads_the_clock_that_tests_stop() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let uuid = |number: u64, call: u32, instance: u32| {
            let it = worker.iteration(number);
            let context = it.function_context(call, instance);
            let drawn = [(); 2].map(|()| functions::random::uuid(&context, &[]).unwrap());
            drawn.map(|value| value.to_string())
        };
        let all: std::collections::BTreeSet<String> = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
            .into_iter()
            .flat_map(|(number, call, instance)| {
                let drawn = uuid(number, call, instance);
                assert_eq!(
                    drawn,
                    uuid(number, call, instance),
                    "the same address again"
                );
                drawn
            })
            .collect();
        assert_eq!(all.len(), 8);

        let it = worker.iteration(0);
        let time = || it.function_context(0, 0).clock.since_epoch();
        let before = time();
        assert_eq!(time(), before);
        tokio::time::advance(ms(1500)).await;
        assert_eq!(time(), before + ms(1500));
    });
}

#[test]
fn what_an_attempt_keeps_is_seen_once_the_step_has_passed_and_the_last_attempt_counts() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        let slot = OutputSlot::default();
        let seen = |slot: &OutputSlot| slot.field(0, &FIRST).ok();
        let flow = it
            .run_step(At::step(&FIRST), &PLAIN, Some(&slot), async |step| {
                // Two attempts, as whoever retries a step makes them.
                for kept in ["first", "second"] {
                    step.begin();
                    step.keep([Value::from(kept)]);
                    assert_eq!(seen(&slot), None);
                }
                Ok(Ran::Done)
            })
            .await;
        assert_eq!((flow, seen(&slot)), (Ok(()), Some(Value::from("second"))));
    });
}

#[test]
fn a_step_that_fails_or_is_too_slow_gives_nothing_to_those_who_read_it() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        let slot = OutputSlot::default();
        let flow = it
            .run_step(At::step(&FIRST), &ANYWAY, Some(&slot), async |step| {
                step.keep([Value::from("early")]);
                Err(Fault::missing("url"))
            })
            .await;
        assert_eq!(flow, Ok(()));
        assert!(slot.field(0, &FIRST).is_err());
        let flow = it
            .run_step(At::step(&FIRST), &LIMITED, Some(&slot), async |step| {
                step.begin();
                step.keep([Value::from("early")]);
                tokio::time::sleep(ms(51)).await;
                Ok(Ran::Done)
            })
            .await;
        assert_eq!(flow, Err(Stop));
        assert!(slot.field(0, &FIRST).is_err());
    });
}

/// A worker under load, and who reads what it measures.
fn measured_worker() -> (Rc<WorkerContext>, SlabReader) {
    let names = Arc::new(RunNames::default());
    let slab = Slab::new(40).unwrap();
    let reader = SlabReader::new(Arc::clone(&slab), Arc::clone(&names));
    let context = WorkerContext::new(WorkerContextParts {
        start: Arc::new(Start::new(Vec::new(), 0)),
        index: 0,
        segment: bggo_schedule::Segment::WHOLE,
        functional: false,
        trace: None,
        samples: None,
        recorder: Recorder::new(slab),
        names: KnownNames::new(names),
        events: Arc::new(ToldEvents::default()),
        causes: Arc::default(),
        run_extension: Arc::default(),
    });
    (Rc::new(context), reader)
}

#[test]
fn what_a_step_and_an_asset_record_is_found_at_their_metric() {
    static POOL: ResourceInfo = ResourceInfo::new("pool", "main", "grid.hcl:9").first_slot(20);
    let (worker, mut reader) = measured_worker();
    let user = UserContext::new(Rc::clone(&worker), 1, 0);
    let begun = Begun::when_free(worker.moment(), 3);
    let it = Iteration::new(&user, &begun);
    let step = it.step(At::step(&SECOND), &PLAIN);
    step.record(Trend::new(0), 5);
    step.record_time(Trend::new(1), ms(2));
    step.add(Counter::new(2), 7);
    step.set(Gauge::new(3), 9);
    step.hit(Rate::new(4));
    step.miss(Rate::new(4));
    step.add_labelled(LabelledCounter::new(5), "503", 2);
    let pool = AssetMetrics::new(&worker, &POOL);
    pool.record(Trend::new(0), 6);
    pool.record_time(Trend::new(1), ms(3));
    pool.add(Counter::new(2), 8);
    pool.set(Gauge::new(3), 10);
    pool.hit(Rate::new(4));
    pool.add_labelled(LabelledCounter::new(5), "23505", 1);
    pool.miss(Rate::new(4));
    drop(step);
    let mut interval = Interval::default();
    reader.take(&mut interval);
    // The scenario begins at 3, the step at 2 of it, and its metrics are behind its times.
    let expected = [
        (3 + 2 + time_slot::COUNT, (5, 2, 7, 9), ("503", 2)),
        (20, (6, 3, 8, 10), ("23505", 1)),
    ];
    for (first, (value, millis, sum, last), (label, count)) in expected {
        let slot = |metric: u32| interval.slot(first + metric).unwrap();
        assert_eq!(slot(0).histogram.extremes(), Some((value, value)));
        assert_eq!(slot(1).histogram.mean_time(), Some(ms(millis)));
        assert_eq!(slot(2).scalar.sum(), sum);
        assert_eq!(slot(3).scalar.last(), Some(last));
        assert_eq!((slot(4).scalar.sum(), slot(4).scalar.count()), (1, 2));
        assert_eq!(
            slot(5).labels,
            [(Text::from(label.to_owned()), count)].into()
        );
    }
}

#[test]
fn a_metric_on_demand_is_there_only_where_somebody_asks_for_it() {
    let sending = OnDemand::new(Trend::new(1));
    let asked_by = |worker: WorkerContext, first_slot: u32| {
        let user = UserContext::new(Rc::new(worker), 1, 0);
        let begun = Begun::when_free(user.worker().moment(), first_slot);
        let it = Iteration::new(&user, &begun);
        let step = it.step(At::step(&SECOND), &PLAIN);
        step.asks(sending)
    };
    let worker = || WorkerContext::alone().unwrap();
    assert_eq!(asked_by(worker(), 0), None);
    let asking = || worker().asking(&SECOND, sending);
    assert_eq!(asked_by(asking(), 0), Some(Trend::new(1)));
    let neighbour = worker().asking(&SECOND, OnDemand::new(Trend::new(2)));
    assert_eq!(asked_by(neighbour, 0), None);
    // In another scenario it is another metric.
    assert_eq!(asked_by(asking(), 3), None);
}

#[test]
fn times_of_what_failed_stand_apart_also_response_times() {
    on_stopped_clock(async {
        let (worker, mut reader) = measured_worker();
        let user = UserContext::new(Rc::clone(&worker), 1, 0);
        let begun = Begun::when_free(worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        it.set_due(Some(worker.moment()));
        let end = Err(Fault::new("refused", "no"));
        let step = it.step(At::step(&FIRST), &ANYWAY);
        assert_eq!(
            step.drive(&mut || attempt(&step, 5, 10, end.clone())).await,
            Ok(())
        );
        let mut interval = Interval::default();
        reader.take(&mut interval);
        let mean = |slot: u32| {
            interval
                .slot(slot)
                .and_then(|slot| slot.histogram.mean_time())
        };
        assert_eq!(mean(time_slot::FAILED_RESPONSE), Some(ms(15)));
        assert_eq!(mean(time_slot::FAILED_SERVICE), Some(ms(10)));
        assert_eq!(
            (mean(time_slot::RESPONSE), mean(time_slot::SERVICE)),
            (None, None)
        );
    });
}

/// A step that asks so many times and then ends so.
async fn asks(step: &Step<'_>, count: usize, end: Result<Ran, Fault>) -> Flow {
    step.begin();
    for number in 0..count {
        let sent = Message::new(format!("ASK {number}"));
        step.exchanged(&sent, None, &Secrets::default());
    }
    step.end(end)
}

/// The first lines of what was sent.
fn sent(end: &StepReport) -> Vec<&str> {
    let exchanges = end.exchanges.iter();
    exchanges.map(|one| one.sent.as_str()).collect()
}

#[test]
fn a_functional_run_shows_what_a_failed_step_sent_and_nothing_of_one_that_passed() {
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let it = worker.iteration(0);
        let (first, second) = (
            it.step(At::step(&FIRST), &PLAIN),
            it.step(At::step(&SECOND), &ANYWAY),
        );
        assert_eq!(first.shows_exchanges(), Some(Shown::FAILED.body));
        assert_eq!(first.wants_example("refused"), None);
        asks(&first, 3, Ok(Ran::Done)).await.unwrap();
        let refused = Err(Fault::new("refused", "no"));
        asks(&second, 40, refused).await.unwrap();
        let ends = worker.step_ends();
        assert_eq!(sent(&ends[0]), Vec::<&str>::new());
        let kept = sent(&ends[1]);
        assert_eq!(kept.len(), 32, "memory is bounded");
        assert_eq!((kept[0], kept[1], kept[31]), ("ASK 0", "ASK 9", "ASK 39"));
    });
}

#[test]
fn under_load_a_thread_keeps_one_exchange_of_each_kind_of_failure_of_a_step() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let it = worker.iteration(0);
        for (kind, info, wanted) in [
            ("refused", &FIRST, true),
            ("refused", &FIRST, false),
            ("late", &FIRST, true),
            ("refused", &SECOND, true),
            ("late", &FIRST, false),
        ] {
            let step = it.step(At::step(info), &ANYWAY);
            assert_eq!(step.shows_exchanges(), None);
            let example = step.wants_example(kind);
            assert_eq!(example.is_some(), wanted, "{kind} {info}");
            let count = usize::from(wanted);
            asks(&step, count, Err(Fault::new(kind, "no")))
                .await
                .unwrap();
        }
        let told = worker.told();
        let firsts: Vec<(&str, Vec<&str>)> = told
            .iter()
            .filter_map(|event| match event {
                Event::FirstFailure(end) => Some((end.fault.as_ref()?.kind(), sent(end))),
                _ => None,
            })
            .collect();
        let one = || vec!["ASK 0"];
        assert_eq!(
            firsts,
            [("refused", one()), ("late", one()), ("refused", one())]
        );
    });
}

/// Hands over what it has sent if it is dropped by a failure.
struct Asked<'a>(&'a Step<'a>);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(kind) = self.0.kind_if_dropped()
            && self.0.wants_example(kind).is_some()
        {
            let sent = Message::new(format!("ASK until {kind}"));
            self.0.exchanged(&sent, None, &Secrets::default());
        }
    }
}

#[test]
fn a_step_that_is_dropped_knows_by_what_and_what_it_sent_is_an_example() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let policy = LIMITED.continue_on_failure();
        let waits = async |step: &Step<'_>| {
            step.begin();
            let _asked = Asked(step);
            assert_eq!(step.kind_if_dropped(), None);
            std::future::pending().await
        };
        let it = worker.iteration(0);
        it.run_step(At::step(&FIRST), &policy, None, waits)
            .await
            .unwrap();
        // Dropped by whoever runs it: cancelled, which is no failure, and then cut.
        for cut in [Cut::Cancelled, Cut::TimeIsOver] {
            let mut run = Box::pin(it.run_step(At::step(&SECOND), &PLAIN, None, waits));
            assert!(run.as_mut().now_or_never().is_none());
            it.user().iteration_is_cut(cut);
            drop(run);
        }
        let told = worker.told();
        let firsts = told.iter().filter_map(|event| match event {
            Event::FirstFailure(end) => Some((end.fault.as_ref()?.kind(), sent(end))),
            _ => None,
        });
        let firsts: Vec<_> = firsts.collect();
        assert_eq!(
            firsts,
            [
                ("timeout", vec!["ASK until timeout"]),
                ("cut", vec!["ASK until cut"])
            ]
        );
    });
}
