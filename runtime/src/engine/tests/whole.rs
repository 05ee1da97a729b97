//! Whole runs on real threads: how they end, and that their lines add up.

use super::*;

/// What a report wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

static GRID: Grid = Grid::new("noting");

/// A whole run on real threads: how it ended, and its events.
fn whole(does: fn(u64) -> Does, schedule: Schedule) -> (Exit, Vec<serde_json::Value>) {
    let written = Written::default();
    let report = Report::new(Format::Json, Level::Info, Box::new(written.clone()));
    let of = Run {
        grid: &GRID,
        program: Box::leak(Box::new(Noting {
            does,
            notes: Mutex::default(),
        })),
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
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    (
        exit,
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

fn sum(events: &[serde_json::Value], field: &str) -> u64 {
    let intervals = events.iter().filter(|event| event["event"] == "interval");
    intervals.map(|event| event[field].as_u64().unwrap()).sum()
}

#[test]
fn two_threads_do_exactly_the_iterations_and_the_lines_add_up_to_the_summary() {
    let (exit, events) = whole(|_| Does::Nothing, Schedule::iterations(7, 100_001));
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
    let (exit, events) = whole(|_| Does::FailsAt(0), Schedule::iterations(1, 100));
    assert_eq!((exit, sum(&events, "failed")), (Exit::ThresholdFailed, 1));
    let (exit, events) = whole(|_| Does::FailsAt(0), Schedule::iterations(1, 101));
    assert_eq!((exit, sum(&events, "failed")), (Exit::Passed, 1));
}

#[test]
fn a_panic_ends_the_whole_run_with_its_report() {
    let (exit, events) = whole(
        |vu| {
            if vu == 1 {
                Does::PanicsAt(0)
            } else {
                Does::WaitsForEver
            }
        },
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
    let (exit, events) = whole(
        |_| Does::WaitsForEver,
        Schedule::lasting(4, Duration::from_millis(1)),
    );
    assert_eq!(exit, Exit::Passed);
    assert_eq!(
        (sum(&events, "cancelled"), sum(&events, "iterations")),
        (4, 0)
    );
}
