//! Whole runs on real threads: how they end, and that their lines add up.

use super::*;
use crate::assets::{Make, RunAsset};
use crate::context::Asker;
use crate::info::{Lifetime, ResourceInfo};
use bggo_metrics::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
use bggo_values::Text;
use std::io::{self, Write};
use std::time::Instant;

/// What is written, an event a line.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(super) fn events(&self) -> Vec<serde_json::Value> {
        let text = self.text();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

static GRID: Grid = Grid::new("noting");

fn noting(does: fn(u64) -> Does) -> &'static Noting {
    let notes = Mutex::default();
    Box::leak(Box::new(Noting { does, notes }))
}

fn request(program: &'static Noting, schedule: Schedule) -> RunRequest {
    RunRequest {
        grid: &GRID,
        program,
        start: Arc::new(Start::new(Vec::new(), 0)),
        functional: schedule == Schedule::ONCE,
        trace: None,
        samples: None,
        loads: vec![Some(at_once(schedule))],
        segment: Segment::WHOLE,
        threads: 2,
        spin: Spin::Off,
        thresholds: Vec::new(),
        metrics: Vec::new(),
        max_failed: None,
        pin: false,
        start_at: None,
        allow_overload: false,
        graceful_on_signal: Duration::ZERO,
    }
}

/// A whole run on real threads: how it ended, and its events.
fn whole(program: &'static Noting, schedule: Schedule) -> (Exit, Vec<serde_json::Value>) {
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let exit = run(&request(program, schedule), &Arc::new(report.unwrap())).unwrap();
    (exit, written.events())
}

fn sum(events: &[serde_json::Value], field: &str) -> u64 {
    let intervals = events.iter().filter(|event| event["event"] == "interval");
    intervals.map(|event| event[field].as_u64().unwrap()).sum()
}

#[test]
fn two_threads_do_exactly_the_iterations_and_the_lines_add_up_to_the_summary() {
    let (exit, events) = whole(noting(|_| Does::Nothing), Schedule::iterations(7, 100_001));
    assert_eq!(exit, Exit::Passed);
    assert_eq!(
        (&events[0]["event"], &events[0]["threads"]),
        (&"start".into(), &2.into())
    );
    let summary = events.last().unwrap();
    assert_eq!(summary["iterations"]["count"], 100_001);
    assert_eq!(sum(&events, "iterations"), 100_001);
}

#[test]
fn a_run_that_is_ready_only_after_its_moment_is_not_valid_whatever_its_profile() {
    for (allow_overload, expected, level) in [
        (false, Exit::Overloaded, "error"),
        (true, Exit::Passed, "warning"),
    ] {
        let mut request = request(noting(|_| Does::Nothing), Schedule::iterations(2, 10));
        request.start_at = Instant::now().checked_sub(Duration::from_secs(5));
        request.allow_overload = allow_overload;
        let written = Written::default();
        let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
        let exit = run(&request, &Arc::new(report.unwrap())).unwrap();
        assert_eq!(exit, expected);
        let events = written.events();
        let said = events.iter().find(|event| event["event"] == level);
        let said = said.unwrap()["text"].as_str().unwrap();
        assert!(said.starts_with("this host was ready 5."), "{said}");
        assert!(said.contains("after --start-at"), "{said}");
        assert!(said.contains("give a later moment"), "{said}");
        assert_eq!(events.last().unwrap()["iterations"]["count"], 10);
    }
}

#[test]
fn a_run_that_waits_for_its_moment_says_so_once() {
    let mut request = request(noting(|_| Does::Nothing), Schedule::iterations(2, 10));
    request.start_at = Instant::now().checked_add(Duration::from_secs(1));
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let exit = run(&request, &Arc::new(report.unwrap())).unwrap();
    assert_eq!(exit, Exit::Passed);
    let events = written.events();
    let waits = |event: &&serde_json::Value| {
        let text = event["text"].as_str().unwrap_or_default();
        text.starts_with("ready: the load begins in ")
    };
    assert_eq!(events.iter().filter(waits).count(), 1, "{events:?}");
}

/// A pipe that nobody reads before all workers are over.
struct ReadAtTheEnd {
    program: &'static Noting,
    written: Written,
}

impl Write for ReadAtTheEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let over = || {
            let notes = self.program.notes.lock().unwrap();
            notes.iter().filter(|note| *note == "worker:end").count() == 2
        };
        while !over() {
            std::thread::yield_now();
        }
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn users_go_on_to_their_end_while_nobody_reads_what_the_run_says() {
    let (program, written) = (noting(|_| Does::Nothing), Written::default());
    let out = ReadAtTheEnd {
        program,
        written: written.clone(),
    };
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(out)).unwrap();
    let request = request(program, Schedule::iterations(4, 1_000));
    assert_eq!(run(&request, &Arc::new(report)).unwrap(), Exit::Passed);
    let events = written.events();
    assert_eq!(events[0]["event"], "start");
    assert_eq!(events.last().unwrap()["iterations"]["count"], 1_000);
    assert_eq!(sum(&events, "iterations"), 1_000);
}

#[test]
fn one_percent_of_failed_iterations_is_too_many() {
    let (exit, events) = whole(noting(|_| Does::FailsAt(0)), Schedule::iterations(1, 100));
    assert_eq!((exit, sum(&events, "failed")), (Exit::ThresholdFailed, 1));
    let (exit, events) = whole(noting(|_| Does::FailsAt(0)), Schedule::iterations(1, 101));
    assert_eq!((exit, sum(&events, "failed")), (Exit::Passed, 1));
}

const FAILING: fn(u64) -> Does = |_| Does::FailsAfter(Duration::from_millis(20));

/// A run that would last an hour, and how it ended.
fn judged(does: fn(u64) -> Does, thresholds: Vec<Threshold>) -> (Exit, Vec<serde_json::Value>) {
    let program = noting(does);
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let request = RunRequest {
        thresholds,
        ..request(program, Schedule::lasting(4, Duration::from_secs(3600)))
    };
    let exit = run(&request, &Arc::new(report.unwrap())).unwrap();
    (exit, written.events())
}

#[test]
fn a_threshold_that_aborts_ends_the_run_at_the_end_of_the_second_that_broke_it() {
    let failed = Address {
        subject: Subject::Run,
        metric: Text::Static("failed"),
        key: None,
        tags: Vec::new(),
        statistic: Statistic::Ratio,
    };
    let (exit, events) = judged(
        FAILING,
        vec![Threshold {
            name: Text::Static("few fail"),
            condition: Condition {
                addresses: vec![failed],
                terms: vec![Term::Figure(0), Term::Bound(0.5), Term::Less],
                text: Text::Static("metrics.run.failed.ratio < 50%"),
            },
            over: None,
            hold: 0,
            after: 2,
            on_fail: OnFail::Abort,
        }],
    );
    assert_eq!(exit, Exit::ThresholdFailed);
    let said = "threshold few fail is broken and ends the run: no iteration begins any more";
    assert!(
        events.iter().any(|event| event["text"] == said),
        "{events:?}"
    );
    let summary = events.last().unwrap();
    let threshold = &summary["thresholds"][0];
    assert_eq!(
        (&threshold["aborted"], &threshold["came"]),
        (&true.into(), &"broken".into())
    );
    // On a busy machine a second may be read late.
    assert!(threshold["broken_second"].as_u64().unwrap() >= 2);
    // It reads failures of the run, so there is no other threshold on them.
    assert_eq!(summary["thresholds"].as_array().unwrap().len(), 1);
}

#[test]
fn a_target_that_never_answers_breaks_a_threshold_on_its_times_while_the_run_goes_on() {
    let times = Address {
        subject: Subject::Run,
        metric: Text::Static("service_time"),
        key: None,
        tags: Vec::new(),
        statistic: Statistic::Percentile(950_000),
    };
    let fast = Threshold {
        name: Text::Static("fast"),
        condition: Condition {
            addresses: vec![times],
            terms: vec![Term::Figure(0), Term::Bound(0.05), Term::Less],
            text: Text::Static("metrics.run.service_time.p95 < 50ms"),
        },
        over: Some(1),
        hold: 0,
        after: 0,
        on_fail: OnFail::Abort,
    };
    let (exit, events) = judged(|_| Does::WaitsForEver, vec![fast]);
    assert_eq!(exit, Exit::ThresholdFailed);
    let summary = events.last().unwrap();
    let threshold = &summary["thresholds"][0];
    assert_eq!(threshold["aborted"], true, "{threshold}");
    assert!(
        threshold["figures"][0]["worst"].as_f64() > Some(0.05),
        "{threshold}"
    );
    assert_eq!(summary["iterations"]["failures"]["cut"], 4);
}

#[test]
fn a_threshold_on_what_there_is_not_ends_the_program_before_anything_runs() {
    let nothing = Address {
        subject: Subject::Scenario(Text::Static("nobody")),
        metric: Text::Static("failed"),
        key: None,
        tags: Vec::new(),
        statistic: Statistic::Ratio,
    };
    let (exit, events) = judged(
        FAILING,
        vec![Threshold {
            name: Text::Static("t"),
            condition: Condition {
                addresses: vec![nothing],
                terms: vec![Term::Figure(0), Term::Bound(0.5), Term::Less],
                text: Text::Static(""),
            },
            over: None,
            hold: 0,
            after: 0,
            on_fail: OnFail::Fail,
        }],
    );
    assert_eq!(exit, Exit::BadInput);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["event"], "error");
}

#[test]
fn a_panic_ends_the_whole_run_with_its_report() {
    let (exit, events) = whole(
        noting(|vu| match vu {
            1 => Does::PanicsAt(0),
            _ => Does::WaitsForEver,
        }),
        Schedule::lasting(4, Duration::from_secs(3600)),
    );
    assert_eq!(exit, Exit::Bug);
    assert!(events.iter().any(|event| event["kind"] == "bug"));
    let summary = events.last().unwrap();
    assert_eq!(
        (&summary["event"], &summary["exit"]),
        (&"summary".into(), &109.into())
    );
}

#[test]
fn iterations_that_run_longer_than_the_grace_have_failed_and_are_counted_as_such() {
    let program = noting(|_| Does::WaitsForEver);
    let schedule = Schedule::lasting(4, Duration::from_millis(20));
    let (exit, events) = whole(program, schedule);
    assert_eq!(exit, Exit::ThresholdFailed);
    // On a busy machine the time may be over before every user has begun.
    let notes = program.notes.lock().unwrap();
    let stopped = notes.iter().filter(|note| note.ends_with(":stop")).count();
    assert_eq!(
        (sum(&events, "cancelled"), sum(&events, "failed")),
        (0, stopped as u64)
    );
    let summary = events.last().unwrap();
    assert_eq!(summary["iterations"]["failures"]["cut"], stopped);
}

#[test]
fn a_worker_thread_that_cannot_be_started_ends_the_run_like_any_failed_set_up() {
    let program = noting(|_| Does::WaitsForEver);
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let request = request(program, Schedule::lasting(4, Duration::from_secs(3600)));
    let exit = run_on(&request, &Arc::new(report.unwrap()), &|index, work| {
        if index == 1 {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory));
        }
        std::thread::Builder::new().spawn(work).map(drop)
    });
    assert_eq!(exit.unwrap(), Exit::SetUpFailed);
    let events = written.events();
    let summary = events.last().unwrap();
    assert_eq!(
        (&summary["event"], &summary["exit"]),
        (&"summary".into(), &100.into())
    );
    assert_eq!(summary["iterations"]["count"], 0);
    let said = |text: &str| events.iter().any(|event| event.to_string().contains(text));
    assert!(said("a worker thread cannot be started"), "{events:?}");
    // The other one was prepared, began nothing, and its users and assets came to their ends.
    let mut notes = program.notes.lock().unwrap().clone();
    notes.sort();
    assert_eq!(notes, ["worker:end"]);
}

#[test]
fn a_panic_of_the_control_thread_is_said_and_ends_the_run_as_a_bug() {
    let program = noting(|_| Does::WaitsForEver);
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let request = request(program, Schedule::lasting(4, Duration::from_secs(3600)));
    let exit = run_on(&request, &Arc::new(report.unwrap()), &|index, work| {
        assert_eq!(index, 0, "no second thread");
        std::thread::Builder::new().spawn(work).map(drop)
    });
    assert_eq!(exit.unwrap(), Exit::Bug);
    let events = written.events();
    assert!(
        events
            .iter()
            .any(|event| event.to_string().contains("no second thread")),
        "{events:?}"
    );
}

#[test]
fn a_worker_that_panics_in_preparing_leaves_nobody_waiting() {
    let program: &'static dyn Program = &PanicsInPreparing;
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let request = RunRequest {
        program,
        ..request(noting(|_| Does::Nothing), Schedule::iterations(4, 100))
    };
    let exit = run(&request, &Arc::new(report.unwrap())).unwrap();
    assert_eq!(exit, Exit::Bug);
    assert_eq!(written.events().last().unwrap()["event"], "summary");
}

struct PanicsInPreparing;

impl Program for PanicsInPreparing {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, cx: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        // All but the first one.
        let program = noting(|_| Does::WaitsForEver);
        assert_eq!(cx.scope().worker().index, 0, "it was told to panic");
        Rc::new(NotingWorker(program))
    }
}

/// Users that wait for ever, and an asset of the run with a task that waits for the end of that.
struct Hearing {
    heard: Arc<Mutex<Vec<&'static str>>>,
}

impl Program for Hearing {
    fn run_assets(&'static self, scope: &RunScope) -> Arc<dyn Any + Send + Sync> {
        static OF_RUN: ResourceInfo =
            ResourceInfo::new("hears", "all", "grid.hcl:1").scope(Lifetime::Run);
        let make: Make<Hears> = Box::new(move |cx| {
            let to = Arc::clone(&self.heard);
            let heard = Arc::clone(&self.heard);
            Box::pin(async move {
                let signal = cx.clone();
                cx.spawn("hears", async move {
                    signal.until_cancelled().await;
                    to.lock().unwrap().push("cancelled");
                })?;
                Ok(Hears(cx, heard))
            })
        });
        let asset = RunAsset::new(scope, &OF_RUN, 0, &[], make);
        let asker = Asker {
            user: 1,
            iteration: 0,
            retries: 0,
        };
        drop(asset.get(asker));
        Arc::new(asset)
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        Rc::new(NotingWorker(noting(|_| Does::WaitsForEver)))
    }
}

struct Hears(AssetCx, Arc<Mutex<Vec<&'static str>>>);

impl Asset for Hears {
    type Inputs = ();
    type Uses = ();
    type Ready = ();
    type Exports = [bggo_values::Value; 0];

    fn prepare(_: &Prepare<'_>, (): &()) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, (): (), (): ()) -> Result<Self, Fault> {
        Err(Fault::new("bug", "the test makes it by hand"))
    }

    fn exports(&self) -> [bggo_values::Value; 0] {
        []
    }

    async fn destroy(self) -> Result<(), Fault> {
        let still = match self.0.is_cancelled() {
            true => "destroyed after that",
            false => "destroyed without it",
        };
        self.1.lock().unwrap().push(still);
        Ok(())
    }
}

#[test]
fn assets_of_the_run_hear_that_iterations_are_dropped() {
    let heard = Arc::default();
    let program: &'static Hearing = Box::leak(Box::new(Hearing {
        heard: Arc::clone(&heard),
    }));
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let request = RunRequest {
        program,
        ..request(
            noting(|_| Does::Nothing),
            Schedule::lasting(2, Duration::from_millis(20)),
        )
    };
    let exit = run(&request, &Arc::new(report.unwrap())).unwrap();
    // Nothing has ended.
    assert_eq!(exit, Exit::ThresholdFailed);
    assert_eq!(
        *heard.lock().unwrap(),
        ["cancelled", "destroyed after that"]
    );
}
