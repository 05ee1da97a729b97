//! What people and programs read: the lines of a functional run, the live lines and the summary of a load run.

use super::*;
use crate::event::StepOutcome;
use crate::event::StepReport;
use crate::fault::{Fault, Place};
use crate::info::{Info, Instance, ResourceInfo};
use crate::metrics::{
    Counter, IterationSlots, Kinds, KnownKinds, Recorder, Slab, SlabReader, step_slot,
};
use crate::schedule::Schedule;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

static STEPS: [Info; 2] = [
    Info::new("http_request", "login", "grid.hcl:3").slots(0, 2),
    Info::new("noop", "item", "grid.hcl:9")
        .slots(2, 2)
        .sensitive(),
];
static GRID: Grid = Grid::new("shop").version("1.2.3").steps(&[&STEPS]);
static WHERE: Place = Place::new("grid.hcl", 5, 14);
const SLOTS: IterationSlots = IterationSlots::after(4);

fn run_of(schedule: Schedule) -> RunDescription {
    RunDescription {
        grid: &GRID,
        run_id: Text::Static("1"),
        schedule,
        threads: 2,
        functional: schedule == Schedule::ONCE,
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
        user: 1,
        iteration: 0,
        service: Duration::from_micros(12_345),
        outcome,
        fault: fault.cloned(),
    }
}

fn text(event: &Event) -> String {
    text_of(&Entry::Event(event))
}

fn text_of(entry: &Entry<'_>) -> String {
    text::render(entry, text::Paint(false))
}

fn object(event: &Event) -> serde_json::Value {
    object_of(&Entry::Event(event))
}

fn object_of(entry: &Entry<'_>) -> serde_json::Value {
    serde_json::from_str(&json::render(entry)).unwrap()
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
        json::render(&Entry::Event(&Event::FirstFailure(failed.clone()))),
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
        for written in [text(&event), json::render(&Entry::Event(&event))] {
            assert!(!written.contains("hunter2"), "{written}");
            assert!(written.contains("probe.p"), "{written}");
        }
    }
}

/// A collector over one thread, and that thread's pen.
fn bench() -> (Collector, Recorder, KnownKinds) {
    let kinds = Arc::new(Kinds::default());
    let slab = Slab::new(SLOTS.end() as usize).unwrap();
    let readers = vec![SlabReader::new(Arc::clone(&slab), Arc::clone(&kinds))];
    (
        Collector::new(&GRID, SLOTS, readers, Instant::now()),
        Recorder::new(slab),
        KnownKinds::new(kinds),
    )
}

fn iteration(recorder: &Recorder, counter: Counter, took: Duration) {
    for slot in [0, SLOTS.service()] {
        recorder.count(slot, counter);
        recorder.time(if slot == 0 { step_slot::SERVICE } else { slot }, took);
    }
}

#[test]
fn live_lines_and_summary_come_from_the_same_intervals() {
    let (mut collector, recorder, kinds) = bench();
    recorder.user_begins();
    recorder.user_begins();
    for _ in 0..19 {
        iteration(&recorder, Counter::Passed, Duration::from_millis(10));
    }
    iteration(&recorder, Counter::Failed, Duration::from_millis(200));
    recorder.kind(0, kinds.number("timeout"));
    let first = collector.take(Duration::from_secs(1));
    let line = collector.line(&first);
    assert_eq!(
        text_of(&Entry::Line(&line)),
        "    1.0s  users 2     iterations 20      rate 20.0/s     failed 1      p95 10.0ms\n"
    );
    recorder.user_ends();
    iteration(&recorder, Counter::Passed, Duration::from_millis(10));
    recorder.count(SLOTS.service(), Counter::Cancelled);
    let second = collector.take(Duration::from_millis(1_500));
    let line = collector.line(&second);
    assert_eq!(
        text_of(&Entry::Line(&line)),
        "    1.5s  users 1     iterations 1       rate 2.0/s      failed 0      p95 10.0ms  cancelled 1\n"
    );
    let summary = collector.summary();
    let run = run_of(Schedule::lasting(2, Duration::from_millis(1_500)));
    let conclusion = Conclusion {
        run: &run,
        total: &summary,
        exit: Exit::ThresholdFailed,
        left: false,
    };
    assert_eq!(
        text_of(&Entry::Ends(&conclusion)),
        "
step                count    rate  failed  cancelled     p50     p95    p99    max
http_request.login     21  14.0/s       1             10.0ms  10.0ms  200ms  200ms
noop.item               0   0.0/s       0                  -       -      -      -

all steps              21  14.0/s       1             10.0ms  10.0ms  200ms  200ms
iterations             21  14.0/s       1          1  10.0ms  10.0ms  200ms  200ms

failures of http_request.login: timeout 1
Times are service times: from the moment sent to the end of the answer.
Users wait for each answer before they go on, so a slow server gets less load.

failed: 21 iterations, 1 failed (4.76 %; the limit is 1 %), in 1.50s
"
    );
    let object = object_of(&Entry::Ends(&conclusion));
    assert_eq!(object["steps"][0]["failures"], json!({ "timeout": 1 }));
    assert_eq!(
        (
            &object["iterations"]["count"],
            &object["iterations"]["cancelled"]
        ),
        (&json!(21), &json!(1))
    );
    assert_eq!(
        (&object["exit"], &object["times"]),
        (&json!(99), &json!("service"))
    );
}

#[test]
fn a_functional_run_ends_with_a_short_table() {
    let (mut collector, recorder, _) = bench();
    iteration(&recorder, Counter::Passed, Duration::from_micros(1_234));
    for micros in [10, 30] {
        recorder.count(2, Counter::Passed);
        recorder.time(3, Duration::from_micros(micros));
    }
    let _ = collector.take(Duration::from_millis(5));
    let run = run_of(Schedule::ONCE);
    let conclusion = Conclusion {
        run: &run,
        total: &collector.summary(),
        exit: Exit::Passed,
        left: false,
    };
    assert_eq!(
        text_of(&Entry::Ends(&conclusion)),
        "
step                runs    time  longest
http_request.login     1  1.23ms
noop.item              2    20us     30us

passed: 3 steps, 0 failed, in 5.00ms
"
    );
}

/// A sink that tests read.
#[derive(Clone, Default)]
struct Heard(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_first_failure_of_its_kind_is_said_once_whichever_threads_saw_it() {
    let heard = Heard::default();
    let report = Report::new(
        Format::Text { colour: false },
        LogLevel::Info,
        Box::new(heard.clone()),
    );
    let (refused, late) = (Fault::new("connect", "no"), Fault::new("timeout", "no"));
    for fault in [&refused, &late, &refused] {
        for step in &STEPS {
            let end = ended(step, Instance::None, StepOutcome::Failed, Some(fault));
            report.tell(Event::FirstFailure(end));
        }
    }
    let said = String::from_utf8(heard.0.lock().unwrap().clone()).unwrap();
    assert_eq!(said.lines().count(), 2 * STEPS.len(), "{said}");
}

#[test]
fn a_stretch_too_short_for_a_rate_has_none() {
    let (mut collector, recorder, _) = bench();
    iteration(&recorder, Counter::Passed, Duration::from_millis(10));
    let rest = collector.take(Duration::from_millis(80));
    let line = collector.line(&rest);
    assert_eq!(
        text_of(&Entry::Line(&line)),
        "    0.1s  users 0     iterations 1       rate -          failed 0      p95 10.0ms\n"
    );
}

#[test]
fn colours_are_only_used_where_they_are_asked_for() {
    let passed = ended(&STEPS[0], Instance::None, StepOutcome::Passed, None);
    assert!(!text(&Event::Step(passed.clone())).contains('\x1b'));
    assert!(
        text::render(&Entry::Event(&Event::Step(passed)), text::Paint(true))
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

/// Names of fields, all levels down, but for objects whose keys are names of the grid.
fn fields(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                found.insert(key.clone());
                if key != "failures" && !(key == "steps" && value.is_object()) {
                    fields(value, found);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        _ => {}
    }
}

#[test]
fn the_page_of_the_output_names_every_field_that_is_written() {
    let page = include_str!("../../../docs/output.md");
    static RESOURCE: ResourceInfo = ResourceInfo::new("http_client", "shared", "grid.hcl:1");
    let fault = Fault::new("connect", "refused");
    let took = Duration::from_millis(1);
    let (mut collector, recorder, kinds) = bench();
    iteration(&recorder, Counter::Failed, took);
    recorder.kind(0, kinds.number("connect"));
    let interval = collector.take(Duration::from_secs(1));
    let line = collector.line(&interval);
    let run = run_of(Schedule::iterations(2, 9).at_most(Duration::from_secs(1)));
    let conclusion = Conclusion {
        run: &run,
        total: &collector.summary(),
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
        Event::Resource(&RESOURCE, ResourceEvent::Created { took }),
        Event::Resource(&RESOURCE, ResourceEvent::DestroyFailed { fault }),
        Event::Message(LogLevel::Debug, "text".to_owned()),
        Event::Panic("text".to_owned()),
    ];
    let entries = events.iter().map(Entry::Event).chain([
        Entry::Begins(&run),
        Entry::Line(&line),
        Entry::Ends(&conclusion),
    ]);
    let mut found = std::collections::BTreeSet::new();
    for entry in entries {
        fields(&object_of(&entry), &mut found);
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
    let page = include_str!("../../../docs/output.md");
    for exit in [
        Exit::Passed,
        Exit::StepFailed,
        Exit::ThresholdFailed,
        Exit::SetUpFailed,
        Exit::TeardownFailed,
        Exit::BadInput,
        Exit::Interrupted,
        Exit::Bug,
    ] {
        assert!(
            page.contains(&format!("\n| {} | ", exit.code())),
            "{exit:?}"
        );
    }
}
