//! What people and programs read: the lines of a functional run, the live lines and the summary of a load run.

mod figures;
mod files;
mod lines;
mod page;
mod progress_lines;
mod reporter;

use super::line::{Line, LinesSoFar};
use super::step_names::StepNames;
use super::*;
use crate::event::{CheckReport, EventSink, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::fault::{Fault, Place};
use crate::grid::{Body, BodyCall, Scenario};
use crate::health::Cause;
use crate::info::{
    CheckInfo, Info, Instance, MetricInfo, MetricKind, MetricWarning, ResourceInfo, time_slot,
};
use crate::judgement::{Came, Collector, Judge, OnFail, Quantity, Watch};
use crate::metrics::{
    Interval, KnownNames, Outcome, Recorder, RunNames, RunSlots, Slab, SlabReader, layout_of,
};
use bggo_metrics::report::{CaseResult, CsvRows, Paint};
use bggo_metrics::{Layout, Reading, Remark};
use bggo_schedule::{Load, Schedule};
use serde_json::json;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::unbounded_channel;

/// Slots of the first step: its times, and its metrics.
const FIRST: u32 = time_slot::COUNT + 6;

/// The metric of the resource, behind the steps.
const OPEN: u32 = FIRST + time_slot::COUNT;

static STEPS: [Info; 2] = [
    Info::new("http_request", "login", "grid.hcl:3")
        .slots(0..FIRST)
        .metrics(&[
            MetricInfo::new("waiting", "time"),
            MetricInfo::new("received", "bytes"),
            MetricInfo::new("sent", "bytes").kind(MetricKind::Counter),
            MetricInfo::new("answers", "")
                .kind(MetricKind::Counter)
                .label("status")
                .warning(MetricWarning::new(
                    "5",
                    10_000,
                    "answers had status 5xx, and no expect_status says whether they pass",
                )),
            MetricInfo::new("window", "time").kind(MetricKind::Gauge),
            MetricInfo::new("cached", "").kind(MetricKind::Rate),
        ])
        .tags(&[("team", "checkout")]),
    Info::new("noop", "item", "grid.hcl:9")
        .slots(FIRST..FIRST + time_slot::COUNT)
        .sensitive(),
];

static GRID: Grid = Grid::new("shop")
    .version("1.2.3")
    .bodies(&[Body::new("main", &STEPS)])
    .resources(&[&POOL]);

static POOL: [ResourceInfo; 1] = [ResourceInfo::new("pool", "main", "grid.hcl:20")
    .metrics(&[MetricInfo::new("open", "").kind(MetricKind::Gauge)])
    .first_slot(OPEN)];

static WHERE: Place = Place::new("grid.hcl", 5, 14);

/// The counters of the iterations.
const ITERATIONS: u32 = OPEN + 1;

fn run_of(schedule: Schedule) -> RunDescription {
    let functional = schedule == Schedule::ONCE;
    RunDescription {
        grid: &GRID,
        run_id: Text::Static("1"),
        loads: vec![LoadDescription {
            scenario: "main",
            load: Load::new("shared_iterations", schedule),
        }],
        seed: 7,
        segment: Segment::WHOLE,
        threads: 2,
        functional,
    }
}

fn ended(
    info: &'static Info,
    instance: Instance,
    outcome: StepOutcome,
    fault: Option<&Fault>,
) -> StepReport {
    StepReport {
        info,
        instance,
        scenario: 0,
        user: 1,
        iteration: 0,
        first_slot: 0,
        service: Some(Duration::from_micros(12_345)),
        attempts: 0,
        outcome,
        fault: fault.cloned(),
        exchanges: Vec::new(),
    }
}

fn text(event: &Event) -> String {
    text::told(event, &StepNames::default(), Paint(false)) + "\n"
}

fn json_line(event: &Event) -> String {
    json::line_of(json::told(event, &StepNames::default()))
}

fn object(event: &Event) -> serde_json::Value {
    parsed(json::told(event, &StepNames::default()))
}

fn parsed(object: json::Object) -> serde_json::Value {
    serde_json::from_str(&json::line_of(object)).unwrap()
}

/// A collector over one thread, and that thread's pen.
fn bench() -> (Collector, Recorder, KnownNames) {
    let kinds = Arc::new(RunNames::default());
    let slab = Slab::new(RunSlots::new(&GRID, |_| false).count as usize).unwrap();
    let readers = vec![SlabReader::new(Arc::clone(&slab), Arc::clone(&kinds))];
    (
        Collector::new(
            layout_of(&GRID, &RunSlots::new(&GRID, |_| false)),
            readers,
            Instant::now(),
        ),
        Recorder::new(slab),
        KnownNames::new(kinds),
    )
}

/// An iteration whose first step took `took` and failed by `kind`, or passed.
fn iteration(recorder: &Recorder, failed_by: Option<usize>, took: Duration) {
    for slot in [0, ITERATIONS] {
        match failed_by {
            Some(kind) => {
                recorder.time(slot + time_slot::FAILED_SERVICE, took);
                recorder.failed(slot, kind);
            }
            None => {
                recorder.time(slot + time_slot::SERVICE, took);
                recorder.count(slot, Outcome::Passed);
            }
        }
    }
}

/// How a run ended.
struct End<'a> {
    run: &'a RunDescription,
    begins_for: Duration,
    verdicts: &'a [Verdict],
    fell_behind: Option<&'a FellBehind>,
    exit: Exit,
    left: bool,
}

impl End<'_> {
    /// Asks of the conclusion of a run that measured what `collector` has.
    fn asked<T>(&self, collector: &Collector, ask: impl FnOnce(&Conclusion<'_>) -> T) -> T {
        let described = self.run.described();
        let began = (&described, self.begins_for);
        ask(&Conclusion {
            described: &described,
            figures: &Figures::new(collector.layout(), collector.total(), began),
            verdicts: self.verdicts,
            searches: &[],
            fell_behind: self.fell_behind,
            failed_here: None,
            examples: &Examples::default(),
            exit: self.exit,
            left: self.left,
        })
    }
}

/// A run that passed and in which iterations could begin for a second.
fn conclusion(run: &RunDescription) -> End<'_> {
    End {
        run,
        begins_for: Duration::from_secs(1),
        verdicts: &[],
        fell_behind: None,
        exit: Exit::Passed,
        left: false,
    }
}

/// What stands at the end of a run as text.
fn summary(collector: &Collector, end: &End<'_>) -> String {
    let columns = Percentiles::parse("p50,p95,p99").unwrap();
    end.asked(collector, |conclusion| {
        conclusion.summary(&columns).text(Paint(false))
    })
}

fn summary_object(collector: &Collector, end: &End<'_>) -> serde_json::Value {
    end.asked(collector, |conclusion| parsed(json::summary(conclusion)))
}

fn next_line(so_far: &mut LinesSoFar, collector: &mut Collector, at: Duration) -> Line {
    let interval = collector.take(at);
    so_far.next(&Second {
        number: u32::try_from(at.as_secs()).unwrap(),
        layout: collector.layout(),
        interval: &interval,
        judged: &[],
        tried: None,
    })
}

/// Records each metric of the first step and of the resource once or more.
fn record_metrics(recorder: &Recorder, kinds: &KnownNames) {
    let first = time_slot::COUNT;
    recorder.value(first, 2_000);
    recorder.value(first + 1, 512);
    recorder.add(first + 2, 700);
    for (status, count) in [("200", 9_890), ("503", 90), ("500", 10)] {
        let label = kinds.label(first + 3, status);
        recorder.add_labelled(first + 3, label, count);
    }
    let at = Duration::from_secs;
    for (second, value) in [(1, 1_000), (2, 4_000), (3, 2_500)] {
        recorder.set(first + 4, value, at(second));
    }
    recorder.hit(first + 5);
    for _ in 0..7 {
        recorder.miss(first + 5);
    }
    for (second, value) in [(1, 0), (2, 5)] {
        recorder.set(OPEN, value, at(second));
    }
}

/// Bytes that tests read.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Events of `name` among what was written.
fn lines(written: &Written, name: &str) -> Vec<serde_json::Value> {
    let all = written.text();
    let objects = all.lines().map(|line| serde_json::from_str(line).unwrap());
    objects
        .filter(|object: &serde_json::Value| object["event"] == name)
        .collect()
}

fn no_thresholds() -> Judge {
    Judge::new(Vec::new(), &Layout::default(), &[]).unwrap()
}

/// Over the slabs of a load run without thresholds.
fn watch(collector: Collector) -> Watch {
    Watch::new(collector, no_thresholds(), unbounded_channel().0)
}

const STOPPED: Stopped = Stopped {
    begins_until: Duration::from_secs(1),
    at: Duration::from_secs(1),
};

fn failed_check() -> CheckReport {
    static CHECK: CheckInfo = CheckInfo::new("is created", Place::new("grid.hcl", 7, 3));
    CheckReport {
        info: &STEPS[0],
        instance: Instance::Index(1),
        scenario: 0,
        user: 1,
        iteration: 0,
        first_slot: 0,
        check: &CHECK,
        text: "got 500".to_owned(),
        place: "grid.hcl:7:3".to_owned(),
    }
}

/// A schedule that was not held.
fn late() -> FellBehind {
    FellBehind {
        is_open: true,
        scenario: Text::Static("main"),
        from: Duration::from_secs(10),
        p99: Duration::from_millis(400),
        latest: Duration::from_millis(840),
        cause: Cause::Unknown,
    }
}

/// A threshold of which all there is is said.
fn verdict_with_all() -> Verdict {
    Verdict {
        name: Text::Static("fast"),
        asked: Text::Static("p95 < 300ms"),
        came: Came::Broken,
        on_fail: OnFail::Abort,
        readings: vec![Reading {
            figure: Text::Static("run.response_time.p95"),
            quantity: Quantity::Time,
            value: Some(0.4),
            worst: Some(0.5),
        }],
        worst_at: Some(2),
        broken_at: Some(3),
        aborted: true,
        remarks: vec![Remark::JudgedWhole],
        advice: None,
    }
}

fn figures_of(collector: &mut Collector) -> Figures {
    let second = Duration::from_secs(1);
    let _ = collector.take(second);
    let run = run_of(Schedule::iterations(1, 1));
    let run = run.described();
    Figures::new(collector.layout(), collector.total(), (&run, second))
}

fn open_run(rate: u64, seconds: u64) -> RunDescription {
    let millionths = rate * 1_000_000;
    let stages = [bggo_schedule::Stage {
        length: seconds * 1_000_000_000,
        to: millionths,
    }];
    let rate = bggo_schedule::Rate::new(1_000_000_000, millionths, &stages).unwrap();
    run_of(Schedule::Open(bggo_schedule::Arrivals {
        rate: Arc::new(rate),
        spread: bggo_schedule::Spread::Even,
        users: 0,
        max_users: 100,
        shares_users: false,
        when_full: bggo_schedule::WhenFull::Wait,
    }))
}

/// The page that promises all this.
fn page() -> &'static str {
    include_str!("../../../docs/output.md")
}
