//! What people and programs read: the lines of a functional run, the live lines and the summary of a load run.

use super::line::{Line, LinesSoFar};
use super::*;
use crate::event::{CheckReport, EventSink, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::fault::{Fault, Place};
use crate::grid::{Body, Scenario};
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
        service: Some(Duration::from_micros(12_345)),
        outcome,
        fault: fault.cloned(),
        exchanges: Vec::new(),
    }
}

fn text(event: &Event) -> String {
    text::told(event, GRID.scenarios, Paint(false)) + "\n"
}

fn json_line(event: &Event) -> String {
    json::line_of(json::told(event, GRID.scenarios))
}

fn object(event: &Event) -> serde_json::Value {
    parsed(json::told(event, GRID.scenarios))
}

fn parsed(object: json::Object) -> serde_json::Value {
    serde_json::from_str(&json::line_of(object)).unwrap()
}

#[test]
fn of_several_scenarios_an_event_names_its_own() {
    static SCENARIOS: [Scenario; 2] = [
        Scenario::new("browse", "main"),
        Scenario::new("order", "main"),
    ];
    let fault = Fault::new("connect", "refused");
    let failed = StepReport {
        scenario: 1,
        ..ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&fault))
    };
    let line = text::told(&Event::Step(failed.clone()), &SCENARIOS, Paint(false));
    assert!(
        line.starts_with("failed    order.http_request.login "),
        "{line}"
    );
    let first = Event::FirstFailure(failed);
    let line = text::told(&first, &SCENARIOS, Paint(false));
    assert!(
        line.starts_with("failed: order.http_request.login  connect"),
        "{line}"
    );
    let object = parsed(json::told(&first, &SCENARIOS));
    assert_eq!(object["scenario"], "order");
    assert_eq!(object["step"], "http_request.login");
}

#[test]
fn a_step_line_says_name_instance_outcome_and_time() {
    let passed = ended(&STEPS[0], Instance::Index(3), StepOutcome::Passed, None);
    assert_eq!(
        text(&Event::Step(passed.clone())),
        "passed    http_request.login[3]             12.3ms\n"
    );
    let keyed = ended(
        &STEPS[1],
        Instance::Key(Text::Static("a\"b")),
        StepOutcome::Skipped,
        None,
    );
    assert_eq!(
        text(&Event::Step(keyed.clone())),
        "skipped   noop.item[\"a\\\"b\"]\n"
    );
}

#[test]
fn a_failed_step_says_kind_text_and_place() {
    let fault = Fault::new("connect", "connection refused");
    let failed = ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&fault));
    let line = "failed    http_request.login                12.3ms  connect: connection refused, grid.hcl:3\n";
    assert_eq!(text(&Event::Step(failed.clone())), line);
    let placed = fault.at(&WHERE);
    let continued = ended(
        &STEPS[0],
        Instance::None,
        StepOutcome::FailedAndContinued,
        Some(&placed),
    );
    assert!(
        text(&Event::Step(continued.clone()))
            .ends_with("refused, grid.hcl:5:14 (the run goes on)\n")
    );
    assert_eq!(
        object(&Event::Step(continued.clone())),
        json!({
            "event": "step", "step": "http_request.login", "outcome": "failed", "ms": 12.345, "vu": 1, "iteration": 0,
            "kind": "connect", "error": "connection refused", "place": "grid.hcl:5:14", "continued": true,
        })
    );
}

#[test]
fn the_text_of_a_fault_is_kept_back_where_an_input_is_sensitive() {
    let fault = Fault::new("value", "\"hunter2\" is no number".to_owned());
    let failed = ended(&STEPS[1], Instance::None, StepOutcome::Failed, Some(&fault));
    for written in [
        text(&Event::Step(failed.clone())),
        json_line(&Event::FirstFailure(failed.clone())),
    ] {
        assert!(!written.contains("hunter2"), "{written}");
        assert!(written.contains("grid.hcl:9"), "{written}");
    }
}

#[test]
fn the_text_of_a_resources_fault_is_kept_back_too_and_so_is_it_in_the_step_that_waits() {
    static SECRET: ResourceInfo = ResourceInfo::new("probe", "p", "grid.hcl:3").sensitive();
    let fault = Fault::new("value", "\"hunter2\" is no number".to_owned());
    let waits = Fault::asset(&SECRET, &fault);
    let failed = ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&waits));
    for event in [
        Event::Resource(
            &SECRET,
            ResourceEvent::CreateFailed {
                fault: fault.clone(),
            },
        ),
        Event::Resource(
            &SECRET,
            ResourceEvent::DestroyFailed {
                fault: fault.clone(),
            },
        ),
        Event::Step(failed.clone()),
    ] {
        for written in [text(&event), json_line(&event)] {
            assert!(!written.contains("hunter2"), "{written}");
            assert!(written.contains("probe.p"), "{written}");
        }
    }
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
    let (outcome, service) = match failed_by {
        Some(_) => (Outcome::Failed, time_slot::FAILED_SERVICE),
        None => (Outcome::Passed, time_slot::SERVICE),
    };
    recorder.count(0, outcome);
    recorder.count(ITERATIONS, outcome);
    recorder.time(service, took);
    recorder.time(ITERATIONS + service, took);
    if let Some(kind) = failed_by {
        recorder.kind(0, kind);
        recorder.kind(ITERATIONS, kind);
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

#[test]
fn live_lines_and_summary_come_from_the_same_intervals() {
    let (mut collector, recorder, kinds) = bench();
    let mut so_far = LinesSoFar::default();
    recorder.user_begins();
    recorder.user_begins();
    for _ in 0..19 {
        iteration(&recorder, None, Duration::from_millis(10));
    }
    let timeout = kinds.kind("timeout");
    iteration(&recorder, Some(timeout), Duration::from_micros(200_001));
    let line = next_line(&mut so_far, &mut collector, Duration::from_secs(1));
    assert_eq!(
        (line.users, line.iterations, line.failed, line.rate()),
        (2, 20, 1, 20.0)
    );
    assert_eq!(line.p95(), Some(Duration::from_millis(10)));
    recorder.user_ends();
    iteration(&recorder, None, Duration::from_millis(10));
    recorder.count(ITERATIONS, Outcome::Cancelled);
    let line = next_line(&mut so_far, &mut collector, Duration::from_millis(1_500));
    assert_eq!(
        (
            line.users,
            line.iterations,
            line.failed,
            line.rate(),
            line.cancelled
        ),
        (1, 1, 0, 2.0, 1)
    );
    let run = run_of(Schedule::lasting(2, Duration::from_secs(1)));
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_secs(1),
        verdicts: &[],
        fell_behind: None,
        exit: Exit::ThresholdFailed,
        left: false,
    };
    assert_eq!(
        summary(&collector, &conclusion),
        "
failed: 21 iterations, 1 failed (4.76 %), 1 cancelled

load: 1.00s, then 500ms of drain, 2 threads, seed 7
  main: shared_iterations 2 users for 1s
    ended 21 (21.0/s), 1 failed, 1 cancelled

service times         count     p50     p95     p99     max
  iterations             20  10.0ms  10.0ms  10.0ms  10.0ms
  http_request.login     20  10.0ms  10.0ms  10.0ms  10.0ms
  noop.item               0       -       -       -       -
service times of failures
  iterations              1   200ms   200ms   200ms   200ms
  http_request.login      1   200ms   200ms   200ms   200ms
in a closed load users wait for each answer: a slow target gets less load

failures
  1  timeout  http_request.login
"
    );
    let object = summary_object(&collector, &conclusion);
    assert_eq!(object["steps"][0]["failures"], json!({ "timeout": 1 }));
    assert_eq!(object["iterations"]["failures"], json!({ "timeout": 1 }));
    assert_eq!(
        (
            &object["iterations"]["count"],
            &object["iterations"]["cancelled"],
            &object["iterations"]["rate"],
        ),
        (&json!(21), &json!(1), &json!(21))
    );
    let failed = &object["steps"][0]["failed_max_ms"];
    assert_eq!(
        (failed, &object["steps"][0]["max_ms"]),
        (&json!(200.001), &json!(10))
    );
    assert_eq!(
        (&object["exit"], &object["times"], &object["drain_seconds"]),
        (&json!(99), &json!("service"), &json!(0.5))
    );
}

#[test]
fn iterations_of_a_closed_load_that_never_began_stand_beside_those_that_did() {
    let (mut collector, recorder, _) = bench();
    for _ in 0..19 {
        iteration(&recorder, None, Duration::from_millis(10));
    }
    recorder.count(ITERATIONS, Outcome::Cancelled);
    for _ in 0..30 {
        recorder.count(ITERATIONS, Outcome::NotStarted);
    }
    let _ = collector.take(Duration::from_secs(1));
    let run = run_of(Schedule::iterations(2, 50));
    let object = summary_object(&collector, &conclusion(&run));
    for row in [&object["iterations"], &object["scenarios"][0]] {
        let arrivals = &row["arrivals"];
        let counts = ["due", "began", "dropped", "not_started"].map(|key| &arrivals[key]);
        assert_eq!(counts, [&json!(50), &json!(20), &json!(0), &json!(30)]);
    }
    let text = summary(&collector, &conclusion(&run));
    assert!(text.contains("30 never began"), "{text}");
}

#[test]
fn tags_and_the_metrics_of_a_manifest_stand_in_the_summary() {
    let (mut collector, recorder, _) = bench();
    iteration(&recorder, None, Duration::from_millis(10));
    recorder.time(time_slot::RESPONSE, Duration::from_millis(15));
    for micros in [2_000, 4_000] {
        recorder.value(time_slot::COUNT, micros);
    }
    recorder.value(time_slot::COUNT + 1, 512);
    let _ = collector.take(Duration::from_secs(1));
    let run = run_of(Schedule::iterations(1, 2));
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_secs(1),
        verdicts: &[],
        fell_behind: None,
        exit: Exit::Passed,
        left: false,
    };
    let text = summary(&collector, &conclusion);
    assert!(
        text.contains(
            "
metric                               values     p50     p95     p99     max
http_request.login waiting                2  2.00ms  4.00ms  4.00ms  4.00ms
http_request.login received (bytes)       1     512     512     512     512
"
        ),
        "{text}"
    );
    let object = summary_object(&collector, &conclusion);
    let step = &object["steps"][0];
    assert_eq!(step["tags"], json!({ "team": "checkout" }));
    assert_eq!(step["metrics"]["waiting"]["mean_ms"], 3);
    assert_eq!(step["metrics"]["received"]["unit"], "bytes");
    assert_eq!(step["metrics"]["received"]["max"], 512);
    assert_eq!(step["response_p95_ms"], 15);
    assert!(object["steps"][1].get("metrics").is_none());
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

#[test]
fn counters_gauges_and_rates_are_lines_and_objects_of_their_own() {
    let (mut collector, recorder, kinds) = bench();
    iteration(&recorder, None, Duration::from_millis(10));
    record_metrics(&recorder, &kinds);
    let _ = collector.take(Duration::from_secs(1));
    let run = run_of(Schedule::iterations(1, 2));
    let conclusion = conclusion(&run);
    let text = summary(&collector, &conclusion);
    assert!(
        text.contains("\nanswers by status: 200 9890, 503 90, 500 10\n"),
        "{text}"
    );
    let lines = "
http_request.login: sent 700 bytes
http_request.login window: last 2.50ms, min 1.00ms, mean 2.50ms, max 4.00ms
http_request.login cached: 12.5 % of 8
resource.pool.main open: last 5, min 0, mean 2.5, max 5
";
    assert!(text.contains(lines), "{text}");
    let object = summary_object(&collector, &conclusion);
    let metrics = &object["steps"][0]["metrics"];
    assert_eq!(
        metrics["sent"],
        json!({ "kind": "counter", "unit": "bytes", "sum": 700 })
    );
    assert_eq!(
        metrics["answers"],
        json!({
            "kind": "counter", "unit": "", "sum": 9_990, "label": "status",
            "labels": { "200": 9_890, "503": 90, "500": 10 },
        })
    );
    assert_eq!(
        metrics["window"],
        json!({ "kind": "gauge", "unit": "ms", "count": 3, "last": 2.5, "min": 1, "max": 4, "mean": 2.5 })
    );
    assert_eq!(
        metrics["cached"],
        json!({ "kind": "rate", "unit": "", "hits": 1, "of": 8, "percent": 12.5 })
    );
    assert_eq!(
        object["resources"],
        json!([{
            "resource": "pool.main",
            "metrics": {
                "open": { "kind": "gauge", "unit": "", "count": 2, "last": 5, "min": 0, "max": 5, "mean": 2.5 },
            },
        }])
    );
}

#[test]
fn too_many_labels_of_a_sort_are_a_warning_of_a_load_run_that_changes_no_exit() {
    let warned = |fives: u64, schedule: Schedule| {
        let (mut collector, recorder, kinds) = bench();
        iteration(&recorder, None, Duration::from_millis(10));
        let answers = time_slot::COUNT + 3;
        for (status, count) in [("200", 1_000 - fives), ("503", fives)] {
            recorder.add_labelled(answers, kinds.label(answers, status), count);
        }
        let _ = collector.take(Duration::from_secs(1));
        let run = run_of(schedule);
        let conclusion = conclusion(&run);
        let object = summary_object(&collector, &conclusion);
        assert_eq!(object["verdict"], "passed");
        (summary(&collector, &conclusion), object["warnings"].clone())
    };
    let load = Schedule::iterations(1, 2);
    let (text, warnings) = warned(123, load.clone());
    let warning = "http_request.login: 12.3 % of 1000 answers had status 5xx, and no expect_status says whether they pass";
    assert!(
        text.starts_with(&format!(
            "\npassed: 1 iteration, 0 failed (0.00 %)\nwarning: {warning}\n"
        )),
        "{text}"
    );
    assert_eq!(warnings, json!([warning]));
    // As many as may be, and a run that is no load.
    for (text, warnings) in [warned(10, load.clone()), warned(123, Schedule::ONCE)] {
        assert!(!text.contains("warning"), "{text}");
        assert_eq!(warnings, json!(null));
    }
    assert_eq!(warned(11, load).1.as_array().map(Vec::len), Some(1));
}

#[test]
fn the_largest_numbers_are_shown_and_stop_no_report() {
    let (mut collector, recorder, kinds) = bench();
    let answers = time_slot::COUNT + 3;
    for status in ["200", "503"] {
        recorder.add_labelled(answers, kinds.label(answers, status), u64::MAX);
    }
    recorder.set(time_slot::COUNT + 4, u64::MAX, Duration::MAX);
    let _ = collector.take(Duration::from_secs(1));
    let run = run_of(Schedule::iterations(1, 2));
    let conclusion = conclusion(&run);
    let metrics = &summary_object(&collector, &conclusion)["steps"][0]["metrics"];
    assert_eq!(metrics["answers"]["sum"], json!(u64::MAX));
    let text = summary(&collector, &conclusion);
    assert!(
        text.contains("answers by status: 200 18446744073709551615, 503 "),
        "{text}"
    );
}

#[test]
fn rates_of_a_scenario_are_over_its_own_length() {
    let run = RunDescription {
        loads: [("browse", 10), ("order", 2)]
            .map(|(scenario, seconds)| LoadDescription {
                scenario,
                load: Load::new(
                    "constant_vus",
                    Schedule::lasting(1, Duration::from_secs(seconds)),
                ),
            })
            .to_vec(),
        ..run_of(Schedule::iterations(1, 1))
    };
    let second = Duration::from_secs;
    let run = run.described();
    assert_eq!(run.begins_for("browse", second(10)), second(10));
    assert_eq!(run.begins_for("order", second(10)), second(2));
    // A signal ended it.
    assert_eq!(run.begins_for("order", second(1)), second(1));
    assert_eq!(
        (run.users(), run.iterations(), run.length()),
        (2, None, Some(second(10)))
    );
}

#[test]
fn a_load_run_in_which_nothing_ended_has_failed_and_says_so() {
    let (mut collector, recorder, _) = bench();
    for _ in 0..3 {
        recorder.count(ITERATIONS, Outcome::Cancelled);
    }
    let _ = collector.take(Duration::from_secs(6));
    let run = run_of(Schedule::lasting(3, Duration::from_secs(5)));
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_secs(5),
        verdicts: &[],
        fell_behind: None,
        exit: Exit::ThresholdFailed,
        left: false,
    };
    assert!(conclusion.asked(&collector, |end| end.figures.nothing_ended()));
    let text = summary(&collector, &conclusion);
    let verdict = "\nfailed: no iteration ended, 3 cancelled\n\nload: 5.00s, then 1.00s of drain,";
    assert!(text.starts_with(verdict), "{text}");
    let object = summary_object(&collector, &conclusion);
    assert_eq!(object["verdict"], "nothing ended");
    assert!(page().contains("`nothing ended`"));
}

#[test]
fn more_cancelled_iterations_than_ended_ones_are_said_in_the_verdict() {
    let (mut collector, recorder, _) = bench();
    iteration(&recorder, None, Duration::from_millis(10));
    for _ in 0..2 {
        recorder.count(ITERATIONS, Outcome::Cancelled);
    }
    let _ = collector.take(Duration::from_secs(5));
    let run = run_of(Schedule::lasting(3, Duration::from_secs(5)));
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_secs(5),
        verdicts: &[],
        fell_behind: None,
        exit: Exit::Passed,
        left: false,
    };
    let text = summary(&collector, &conclusion);
    let verdict =
        "\npassed: 1 iteration, 0 failed (0.00 %), 2 cancelled, which is more than ended\n";
    assert!(text.starts_with(verdict), "{text}");
}

#[test]
fn a_step_that_failed_before_it_began_has_no_time() {
    let fault = Fault::new("value", "no");
    let mut failed = ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&fault));
    failed.service = None;
    let event = Event::Step(failed);
    assert!(object(&event).get("ms").is_none());
    assert!(
        text(&event).starts_with("failed    http_request.login                     -  value: no")
    );
}

#[test]
fn a_functional_run_ends_with_a_short_table() {
    let (mut collector, recorder, _) = bench();
    iteration(&recorder, None, Duration::from_micros(1_234));
    for micros in [10, 30] {
        recorder.count(FIRST, Outcome::Passed);
        recorder.time(FIRST + time_slot::SERVICE, Duration::from_micros(micros));
    }
    let _ = collector.take(Duration::from_millis(5));
    let run = run_of(Schedule::ONCE);
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_millis(5),
        verdicts: &[],
        fell_behind: None,
        exit: Exit::Passed,
        left: false,
    };
    assert_eq!(
        summary(&collector, &conclusion),
        "
step                runs    time  longest
http_request.login     1  1.23ms
noop.item              2    20us     30us

passed: 3 steps, 0 failed, in 5.00ms
"
    );
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

/// A pipe that takes nothing until its gate is dropped.
struct Blocked {
    gate: Receiver<()>,
    written: Written,
}

impl Write for Blocked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Ends with an error when the gate is dropped.
        let _ = self.gate.recv();
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn blocked() -> (Report, Sender<()>, Written) {
    let ((open, gate), written) = (channel(), Written::default());
    let out = Blocked {
        gate,
        written: written.clone(),
    };
    let report = Report::new(Format::Json, LogLevel::Debug, Box::new(out)).unwrap();
    (report, open, written)
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

#[test]
fn a_pipe_that_takes_nothing_holds_up_neither_who_tells_nor_the_figures_and_nothing_is_lost() {
    let (report, open, written) = blocked();
    let (collector, recorder, _) = bench();
    report.begins(run_of(Schedule::ONCE));
    report.clock_starts(Watch::at_the_end(collector, no_thresholds()));
    for user in 0..10_000 {
        let mut end = ended(&STEPS[0], Instance::None, StepOutcome::Passed, None);
        end.user = user;
        report.tell(Event::Step(end));
    }
    iteration(&recorder, None, Duration::from_millis(1));
    // Answers though not one byte was written.
    assert!(!report.stopped(STOPPED).unwrap().nothing_ended);
    assert_eq!(written.text(), "");
    drop(open);
    report.ends(Exit::Passed, false);
    let steps = lines(&written, "step");
    let users: Vec<u64> = steps
        .iter()
        .map(|step| step["vu"].as_u64().unwrap())
        .collect();
    assert_eq!(users, (0..10_000).collect::<Vec<u64>>());
    assert!(lines(&written, "warning").is_empty());
    assert!(
        written
            .text()
            .lines()
            .last()
            .unwrap()
            .contains("\"summary\"")
    );
}

#[test]
fn what_a_load_run_could_not_write_is_counted_and_said_at_its_end() {
    let (report, open, written) = blocked();
    let (collector, recorder, _) = bench();
    report.begins(run_of(Schedule::lasting(1, Duration::from_secs(1))));
    report.clock_starts(watch(collector));
    for _ in 0..20_000 {
        report.tell(Event::Message(LogLevel::Info, "again".to_owned()));
    }
    iteration(&recorder, None, Duration::from_millis(1));
    assert!(!report.stopped(STOPPED).unwrap().nothing_ended);
    drop(open);
    report.ends(Exit::Passed, false);
    let warning = lines(&written, "warning").remove(0);
    let said = warning["text"].as_str().unwrap();
    let lost: usize = said.split(' ').next().unwrap().parse().unwrap();
    assert!(lost > 0);
    // The last interval may be among what had no room.
    let there = lines(&written, "info").len() + lines(&written, "interval").len();
    assert!(
        (20_000..=20_001).contains(&(there + lost)),
        "{there} and {lost}"
    );
    assert_eq!(lines(&written, "summary").len(), 1);
}

#[test]
fn the_first_failure_of_its_kind_is_said_once_whichever_threads_saw_it() {
    let written = Written::default();
    let format = Format::Text { colour: false };
    let report = Report::new(format, LogLevel::Info, Box::new(written.clone())).unwrap();
    let (refused, late) = (Fault::new("connect", "no"), Fault::new("timeout", "no"));
    for fault in [&refused, &late, &refused] {
        for step in &STEPS {
            let end = ended(step, Instance::None, StepOutcome::Failed, Some(fault));
            report.tell(Event::FirstFailure(end));
        }
    }
    // The same step in another scenario is another one.
    let end = StepReport {
        scenario: 1,
        ..ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&late))
    };
    report.tell(Event::FirstFailure(end));
    report.flush();
    let said = written.text();
    assert_eq!(said.lines().count(), 2 * STEPS.len() + 1, "{said}");
}

fn failed_check() -> CheckReport {
    static CHECK: CheckInfo = CheckInfo::new("is created", Place::new("grid.hcl", 7, 3));
    CheckReport {
        info: &STEPS[0],
        instance: Instance::Index(1),
        scenario: 0,
        user: 1,
        iteration: 0,
        check: &CHECK,
        text: "got 500".to_owned(),
        place: "grid.hcl:7:3".to_owned(),
    }
}

#[test]
fn a_failing_check_is_told_each_time_without_load_and_once_under_load() {
    let said = |schedule, level| {
        let written = Written::default();
        let format = Format::Text { colour: false };
        let report = Report::new(format, level, Box::new(written.clone())).unwrap();
        report.begins(run_of(schedule));
        for _ in 0..2 {
            report.tell(Event::Check(failed_check()));
        }
        report.flush();
        let line = "check: http_request.login[1] \"is created\" failed: got 500, grid.hcl:7:3\n";
        written.text().matches(line).count()
    };
    let loaded = || Schedule::iterations(2, 9);
    assert_eq!(said(Schedule::ONCE, LogLevel::Info), 2);
    assert_eq!(said(loaded(), LogLevel::Info), 1);
    assert_eq!(said(loaded(), LogLevel::Error), 0);
}

#[test]
fn colours_are_only_used_where_they_are_asked_for() {
    let passed = ended(&STEPS[0], Instance::None, StepOutcome::Passed, None);
    assert!(!text(&Event::Step(passed.clone())).contains('\x1b'));
    assert!(
        text::told(&Event::Step(passed), GRID.scenarios, Paint(true))
            .starts_with("\x1b[32mpassed\x1b[0m    http_request.login")
    );
}

#[test]
fn a_level_lets_through_what_is_at_least_as_grave() {
    let fault = Fault::new("value", "no");
    let (passed, failed) = (
        ended(&STEPS[0], Instance::None, StepOutcome::Passed, None),
        ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&fault)),
    );
    assert_eq!(Event::Step(passed.clone()).level(), LogLevel::Info);
    assert_eq!(Event::Step(failed.clone()).level(), LogLevel::Error);
    assert!(
        LogLevel::Error < LogLevel::Warn
            && LogLevel::Warn < LogLevel::Info
            && LogLevel::Info < LogLevel::Debug
    );
}

/// The page that promises all this.
fn page() -> &'static str {
    include_str!("../../../docs/output.md")
}

/// Names of fields, all levels down, but for objects whose keys are names of the grid.
fn fields(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                found.insert(key.clone());
                match key.as_str() {
                    "failures" | "tags" | "labels" => {}
                    "steps" if value.is_object() => {}
                    "metrics" => value
                        .as_object()
                        .unwrap()
                        .values()
                        .for_each(|metric| fields(metric, found)),
                    _ => fields(value, found),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        _ => {}
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

#[test]
fn a_schedule_that_was_not_held_is_said_below_the_verdict() {
    let (mut collector, recorder, _) = bench();
    iteration(&recorder, None, Duration::from_millis(10));
    let _ = collector.take(Duration::from_secs(1));
    let run = run_of(Schedule::lasting(1, Duration::from_secs(1)));
    let late = late();
    let end = End {
        fell_behind: Some(&late),
        exit: Exit::Overloaded,
        ..conclusion(&run)
    };
    let text = summary(&collector, &end);
    let begins = format!("\nnot valid: 1 iteration, 0 failed (0.00 %)\n{late}\n\nload: ");
    assert!(text.starts_with(&begins), "{text}");
    let object = summary_object(&collector, &end);
    assert_eq!(
        (&object["verdict"], &object["fell_behind"]["text"]),
        (&json!("not valid"), &json!(late.to_string()))
    );
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

#[test]
fn the_page_of_the_output_names_every_field_that_is_written() {
    let page = page();
    static RESOURCE: ResourceInfo = ResourceInfo::new("http_client", "shared", "grid.hcl:1");
    let fault = Fault::new("connect", "refused");
    let took = Duration::from_millis(1);
    let (mut collector, recorder, kinds) = bench();
    iteration(&recorder, None, took);
    iteration(&recorder, Some(kinds.kind("connect")), took);
    recorder.time(time_slot::RESPONSE, took);
    recorder.time(time_slot::FAILED_RESPONSE, took);
    record_metrics(&recorder, &kinds);
    let mut so_far = LinesSoFar::default();
    let line = next_line(&mut so_far, &mut collector, Duration::from_secs(1));
    let run = run_of(Schedule::iterations(2, 9).at_most(Duration::from_secs(1)));
    let conclusion = End {
        run: &run,
        begins_for: Duration::from_secs(1),
        verdicts: &[verdict_with_all()],
        fell_behind: Some(&late()),
        exit: Exit::Passed,
        left: false,
    };
    let failed = ended(
        &STEPS[0],
        Instance::Index(1),
        StepOutcome::FailedAndContinued,
        Some(&fault),
    );
    let events = [
        Event::Step(failed.clone()),
        Event::FirstFailure(failed),
        Event::Check(failed_check()),
        Event::Resource(&RESOURCE, ResourceEvent::Created { took }),
        Event::Resource(&RESOURCE, ResourceEvent::DestroyFailed { fault }),
        Event::Message(LogLevel::Debug, "text".to_owned()),
        Event::Panic("text".to_owned()),
    ];
    let objects = events
        .iter()
        .map(|event| json::told(event, GRID.scenarios))
        .chain([
            json::begins(&run),
            json::live(&line, SystemTime::now()),
            conclusion.asked(&collector, json::summary),
        ]);
    let mut found = std::collections::BTreeSet::new();
    for object in objects {
        fields(&parsed(object), &mut found);
    }
    assert!(found.len() > 40, "{found:?}");
    let unnamed: Vec<&String> = found
        .iter()
        .filter(|field| !page.contains(&format!("`{field}`")))
        .collect();
    assert!(
        unnamed.is_empty(),
        "docs/output.md does not name {unnamed:?}"
    );
}

#[test]
fn the_page_of_the_output_lists_every_exit_code() {
    let page = page();
    for (exit, _) in Exit::MEANINGS {
        assert!(
            page.contains(&format!("\n| {} | ", exit.code())),
            "{exit:?}"
        );
    }
}

#[test]
fn the_page_of_the_output_lists_every_verdict() {
    let (mut collector, recorder, _) = bench();
    let nothing = figures_of(&mut collector);
    iteration(&recorder, None, Duration::from_millis(1));
    let something = figures_of(&mut collector);
    for (exit, _) in Exit::MEANINGS {
        for figures in [&nothing, &something] {
            let verdict = json::verdict(exit, figures);
            assert!(page().contains(&format!("`{verdict}`")), "{verdict}");
        }
    }
}

fn figures_of(collector: &mut Collector) -> Figures {
    let second = Duration::from_secs(1);
    let _ = collector.take(second);
    let run = run_of(Schedule::iterations(1, 1));
    let run = run.described();
    Figures::new(collector.layout(), collector.total(), (&run, second))
}

/// An output with a bug.
struct Panics;

impl Output for Panics {
    fn begins(&mut self, _: &RunDescription) {
        panic!("an output has a bug");
    }
    fn event(&mut self, _: &Event) {}
    fn second(&mut self, _: &Second<'_>) {}
    fn ends(&mut self, _: &Conclusion<'_>) {}
}

#[test]
fn a_reporter_that_panicked_has_no_figures_and_nobody_waits_for_it() {
    let lines = writer::LineWriter::start(Box::new(std::io::sink()), || 80).unwrap();
    let report = Report::of(LogLevel::Info, vec![Box::new(Panics)], lines).unwrap();
    report.begins(run_of(Schedule::ONCE));
    assert!(report.stopped(STOPPED).is_none());
    report.ends(Exit::Bug, false);
}

/// What is written of a load run of two iterations, one of which failed.
fn written(format: Format, level: LogLevel, exit: Exit) -> String {
    let written = Written::default();
    let report = Report::new(format, level, Box::new(written.clone())).unwrap();
    let (collector, recorder, names) = bench();
    report.begins(run_of(Schedule::lasting(1, Duration::from_secs(1))));
    iteration(&recorder, None, Duration::from_millis(10));
    let kind = Some(names.kind("status"));
    iteration(&recorder, kind, Duration::from_millis(10));
    report.clock_starts(watch(collector));
    report.stopped(STOPPED);
    report.ends(exit, false);
    written.text()
}

#[test]
fn a_run_that_did_not_pass_says_so_at_every_level() {
    let verdict = "failed: 2 iterations, 1 failed (50.00 %), in 1.00s";
    let text = Format::Text { colour: false };
    for level in [LogLevel::Error, LogLevel::Warn] {
        let failed = written(text, level, Exit::ThresholdFailed);
        assert_eq!(failed, format!("{verdict}\n"));
        let failed = written(Format::Json, level, Exit::ThresholdFailed);
        let object: serde_json::Value = serde_json::from_str(&failed).unwrap();
        assert_eq!(object, json!({ "event": "error", "text": verdict }));
        for format in [text, Format::Json] {
            assert_eq!(written(format, level, Exit::Passed), "");
        }
    }
    let failed = written(text, LogLevel::Info, Exit::ThresholdFailed);
    let verdict = verdict.strip_suffix(", in 1.00s").unwrap();
    assert_eq!(failed.matches(verdict).count(), 1, "{failed}");
}

/// Intervals of `count` seconds in each of which so many iterations passed, as slow as their number in milliseconds.
fn feed(output: &mut dyn Output, seconds: std::ops::RangeInclusive<u64>, each: u64) {
    let (mut collector, recorder, _) = bench();
    for second in seconds {
        for _ in 0..each {
            iteration(&recorder, None, Duration::from_millis(second));
        }
        let interval = collector.take(Duration::from_millis(second * 1_000 + second % 7));
        output.second(&Second {
            number: u32::try_from(second).unwrap(),
            layout: collector.layout(),
            interval: &interval,
            judged: &[],
            tried: None,
        });
    }
}

fn ended_of(run: &RunDescription) -> impl FnOnce(&mut dyn Output) {
    let described = run.described();
    move |output| {
        output.ends(&Conclusion {
            described: &described,
            figures: &Figures::new(
                &Layout::default(),
                &Interval::default(),
                (&described, Duration::ZERO),
            ),
            verdicts: &[],
            searches: &[],
            fell_behind: None,
            failed_here: None,
            examples: &Examples::default(),
            exit: Exit::Passed,
            left: false,
        });
    }
}

/// All that is written once `lines` has written it.
fn flushed(lines: &writer::LineWriter, written: &Written) -> String {
    let (done, all) = mailbox::answer();
    lines.flush(done);
    let _ = all.receive(None);
    written.text()
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

#[test]
fn a_plain_line_comes_every_ten_seconds_and_is_over_the_last_ten() {
    let written = Written::default();
    let lines = writer::LineWriter::start(Box::new(written.clone()), || 80).unwrap();
    let mut progress = progress::ProgressLines::new(lines.clone(), Progress::Plain);
    progress.begins(&open_run(30, 60));
    feed(&mut progress, 1..=35, 25);
    let text = flushed(&lines, &written);
    assert_eq!(
        text,
        "10.0s of 1m00s  25.0/s of 30.1/s  failed 0  p95 10.0ms  users 0  iterations 250\n\
         20.0s of 1m00s  25.0/s of 30.0/s  failed 0  p95 20.0ms  users 0  iterations 500\n\
         30.0s of 1m00s  25.0/s of 30.0/s  failed 0  p95 30.0ms  users 0  iterations 750\n"
    );
}

#[test]
fn a_line_that_is_drawn_again_breaks_no_other_line_and_is_gone_at_the_end() {
    let written = Written::default();
    let lines = writer::LineWriter::start(Box::new(written.clone()), || 41).unwrap();
    let mut progress = progress::ProgressLines::new(lines.clone(), Progress::Bar);
    let run = run_of(Schedule::lasting(2, Duration::from_secs(10)));
    progress.begins(&run);
    feed(&mut progress, 1..=1, 5);
    let _ = flushed(&lines, &written);
    lines.put("a warning\n".to_owned());
    feed(&mut progress, 2..=2, 5);
    let _ = flushed(&lines, &written);
    ended_of(&run)(&mut progress);
    lines.put("the summary\n".to_owned());
    let text = flushed(&lines, &written);
    let (first, second) = (
        "[#               ] 1.00s of 10.0s  5.0/s",
        "[###             ] 2.00s of 10.0s  5.0/s",
    );
    assert_eq!(
        text,
        format!("\r\x1b[K{first}\r\x1b[Ka warning\n{first}\r\x1b[K{second}\r\x1b[Kthe summary\n")
    );
}

/// A report that feeds further outputs as well.
fn with_files(outputs: Vec<Box<dyn Output>>) -> (Report, Written) {
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone())).unwrap();
    report.also(outputs);
    (report, written)
}

/// A load run of two iterations, of which one failed with a text.
fn run_with(report: &Report) -> Exit {
    let (collector, recorder, names) = bench();
    report.begins(run_of(Schedule::lasting(1, Duration::from_secs(1))));
    iteration(&recorder, None, Duration::from_millis(10));
    iteration(
        &recorder,
        Some(names.kind("connect")),
        Duration::from_millis(1),
    );
    let fault = Fault::new("connect", "connection refused");
    let end = ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&fault));
    report.tell(Event::FirstFailure(end));
    report.clock_starts(watch(collector));
    assert!(!report.stopped(STOPPED).unwrap().nothing_ended);
    report.ends(Exit::Passed, false)
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(28))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn all_outputs_have_the_same_figures() {
    let [json, csv, junit] = [0; 3].map(|_| Written::default());
    let file = |name: &str, written: &Written| {
        OutputFile::start(name.to_owned(), Box::new(written.clone())).unwrap()
    };
    let (report, lines) = with_files(vec![
        Box::new(CsvFile::new(file("csv", &csv))),
        Box::new(JunitFile::new(file("junit", &junit))),
        Box::new(SummaryFile::new(file("json", &json))),
    ]);
    assert_eq!(run_with(&report), Exit::Passed);
    let object: serde_json::Value = serde_json::from_str(&json.text()).unwrap();
    assert_eq!([object.clone()].as_slice(), self::lines(&lines, "summary"));
    assert_eq!(object["iterations"]["count"], 2);
    assert_eq!(
        object["examples"],
        json!([{ "step": "http_request.login", "kind": "connect", "error": "connection refused, grid.hcl:3" }])
    );
    let csv = csv.text();
    for row in [
        ",main,iterations,ended,,,2,2,,,,,,,,,\n",
        ",main,http_request.login,failures,connect,,1,1,,,,,,,,,\n",
    ] {
        assert!(csv.contains(row), "{csv}");
    }
    assert!(csv.starts_with(CsvRows::HEAD), "{csv}");
    assert!(
        junit.text().contains("<testsuites name=\"shop\""),
        "{}",
        junit.text()
    );
}

#[test]
fn a_file_that_cannot_be_written_is_said_once_and_changes_the_exit() {
    let full = || OutputFile::start("a.csv".to_owned(), Box::new(Full)).unwrap();
    let json = Written::default();
    let (report, lines) = with_files(vec![
        Box::new(CsvFile::new(full())),
        Box::new(SummaryFile::new(
            OutputFile::start("json".to_owned(), Box::new(json.clone())).unwrap(),
        )),
    ]);
    assert_eq!(run_with(&report), Exit::OutputFailed);
    let said = self::lines(&lines, "error");
    let text = said[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("a.csv is not whole: No space left"),
        "{text}"
    );
    assert_eq!(said.len(), 1, "{said:?}");
    // The others tell of it.
    let object: serde_json::Value = serde_json::from_str(&json.text()).unwrap();
    assert_eq!(
        (&object["exit"], &object["verdict"]),
        (&json!(112), &json!("output failed"))
    );
}

#[test]
fn a_graver_exit_is_not_changed_by_a_file() {
    let full = OutputFile::start("a.json".to_owned(), Box::new(Full)).unwrap();
    let (report, _) = with_files(vec![Box::new(SummaryFile::new(full))]);
    let (collector, _, _) = bench();
    report.begins(run_of(Schedule::lasting(1, Duration::from_secs(1))));
    report.clock_starts(watch(collector));
    report.stopped(STOPPED).unwrap();
    assert_eq!(
        report.ends(Exit::ThresholdFailed, false),
        Exit::ThresholdFailed
    );
}

#[test]
fn a_functional_run_has_a_case_for_each_step() {
    let (mut collector, recorder, kinds) = bench();
    iteration(
        &recorder,
        Some(kinds.kind("value")),
        Duration::from_millis(2),
    );
    let _ = collector.take(Duration::from_secs(1));
    let run = run_of(Schedule::ONCE);
    let cases = conclusion(&run).asked(&collector, cases::cases);
    let verdicts = cases
        .into_iter()
        .map(|case| (case.name, case.time, case.result));
    assert_eq!(
        verdicts.collect::<Vec<_>>(),
        [
            (
                "http_request.login".to_owned(),
                Some(Duration::from_millis(2)),
                CaseResult::Failed("value".to_owned())
            ),
            (
                "noop.item".to_owned(),
                None,
                CaseResult::Skipped("it was not run".to_owned())
            ),
        ]
    );
}

#[test]
fn each_threshold_of_a_load_run_is_a_case() {
    let of = |came, on_fail| Verdict {
        came,
        on_fail,
        aborted: false,
        remarks: Vec::new(),
        ..verdict_with_all()
    };
    let verdicts = [
        of(Came::Held, OnFail::Fail),
        of(Came::Broken, OnFail::Fail),
        of(Came::Broken, OnFail::Warn),
        of(Came::NeverMeasured, OnFail::Abort),
        of(Came::LeftOut, OnFail::Fail),
    ];
    let (collector, _, _) = bench();
    let run = run_of(Schedule::lasting(1, Duration::from_secs(1)));
    let end = End {
        verdicts: &verdicts,
        ..conclusion(&run)
    };
    let cases = end.asked(&collector, cases::cases);
    assert!(
        cases
            .iter()
            .all(|case| (case.suite, case.name.as_str()) == ("thresholds", "fast"))
    );
    let results: Vec<CaseResult> = cases.into_iter().map(|case| case.result).collect();
    let got = "p95 < 300ms; got 400ms, worst 500ms at 2s";
    assert_eq!(
        results,
        [
            CaseResult::Passed,
            CaseResult::Failed(got.to_owned()),
            CaseResult::Skipped(format!("warning: {got}")),
            CaseResult::Failed("p95 < 300ms; never measured".to_owned()),
            CaseResult::Skipped("p95 < 300ms; this run leaves out what it asks about".to_owned()),
        ]
    );
}
