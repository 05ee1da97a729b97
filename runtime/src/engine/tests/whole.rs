//! Whole runs on real threads: how they end, and that their lines add up.

use super::*;
use std::io::{self, Write};

/// What is written, an event a line.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn events(&self) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
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

/// A whole run on real threads: how it ended, and its events.
fn whole(program: &'static Noting, schedule: Schedule) -> (Exit, Vec<serde_json::Value>) {
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone())).unwrap();
    let of = RunRequest {
        grid: &GRID,
        program,
        start: Arc::new(Start::new(Vec::new(), 0)),
        schedule,
        threads: 2,
        functional: schedule == Schedule::ONCE,
        grace: Grace {
            at_end: Duration::ZERO,
            on_signal: Duration::ZERO,
        },
    };
    let exit = run(&of, &Arc::new(report)).unwrap();
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
fn one_percent_of_failed_iterations_is_too_many() {
    let (exit, events) = whole(noting(|_| Does::FailsAt(0)), Schedule::iterations(1, 100));
    assert_eq!((exit, sum(&events, "failed")), (Exit::ThresholdFailed, 1));
    let (exit, events) = whole(noting(|_| Does::FailsAt(0)), Schedule::iterations(1, 101));
    assert_eq!((exit, sum(&events, "failed")), (Exit::Passed, 1));
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
fn iterations_that_run_longer_than_the_grace_are_cancelled_and_counted_as_such() {
    let program = noting(|_| Does::WaitsForEver);
    let schedule = Schedule::lasting(4, Duration::from_millis(20));
    let (exit, events) = whole(program, schedule);
    // Nothing was measured, so nothing may pass.
    assert_eq!(exit, Exit::ThresholdFailed);
    // On a busy machine the time may be over before every user has begun.
    let notes = program.notes.lock().unwrap();
    let stopped = notes.iter().filter(|note| note.ends_with(":stop")).count();
    assert_eq!(
        (sum(&events, "cancelled"), sum(&events, "iterations")),
        (stopped as u64, 0)
    );
}
