//! Events as lines: of text and of JSON.

use super::*;

fn of_two_scenarios() -> RunDescription {
    static GRID: Grid = Grid::new("several").scenarios(&[
        Scenario::new("browse", "main"),
        Scenario::new("order", "main"),
    ]);
    RunDescription {
        grid: &GRID,
        ..run_of(Schedule::ONCE)
    }
}

#[test]
fn of_several_scenarios_an_event_names_its_own() {
    let names = StepNames::new(&of_two_scenarios());
    let fault = Fault::new("connect", "refused");
    let failed = StepReport {
        scenario: 1,
        ..ended(&STEPS[0], Instance::None, StepOutcome::Failed, Some(&fault))
    };
    let line = text::told(&Event::Step(failed.clone()), &names, Paint(false));
    assert!(
        line.starts_with("failed    order.http_request.login "),
        "{line}"
    );
    let first = Event::FirstFailure(failed);
    let line = text::told(&first, &names, Paint(false));
    assert!(
        line.starts_with("failed: order.http_request.login  connect"),
        "{line}"
    );
    let object = parsed(json::told(&first, &names));
    assert_eq!(object["scenario"], "order");
    assert_eq!(object["step"], "http_request.login");
}

/// A body that calls a flow of one step twice: the slots of the calls are 0..4 and 4..8, of the step 8..12 and 12..16. In the
/// warm-up the same stand behind those of the iterations.
static CALLING: Grid = {
    static CALLS: [Info; 2] = [
        Info::new("visit", "first", "grid.hcl:30").slots(0..4),
        Info::new("visit", "second", "grid.hcl:40").slots(4..8),
    ];
    static FLOW: Body = Body::new("flow.visit", &LOGIN);
    static LOGIN: [Info; 1] = [Info::new("http_request", "login", "grid.hcl:3").slots(0..4)];
    static MAIN: [Body; 1] = [Body::new("main", &CALLS).calls(&[
        BodyCall::new(&CALLS[0], &FLOW, 8),
        BodyCall::new(&CALLS[1], &FLOW, 12),
    ])];
    Grid::new("calling").bodies(&MAIN)
};

#[test]
fn an_event_of_a_flow_names_the_calls_also_in_a_warm_up() {
    let schedule = Schedule::iterations(2, 9).at_most(Duration::from_secs(1));
    let mut run = RunDescription {
        grid: &CALLING,
        ..run_of(schedule)
    };
    run.loads[0].load.warm_up = Duration::from_secs(1);
    let names = StepNames::new(&run);
    let first_of_warm_up = RunSlots::new(&CALLING, |_| false).count;
    let fault = Fault::new("connect", "refused");
    let failed = |first_slot| StepReport {
        first_slot,
        ..ended(
            &STEPS[0],
            Instance::Index(2),
            StepOutcome::Failed,
            Some(&fault),
        )
    };
    for (slot, call) in [(8, "first"), (12, "second")] {
        for slot in [slot, first_of_warm_up + slot] {
            let event = Event::Step(failed(slot));
            let line = text::told(&event, &names, Paint(false));
            let name = format!("failed    visit.{call}.http_request.login[2] ");
            assert!(line.starts_with(&name), "{line}");
            let object = parsed(json::told(&event, &names));
            assert_eq!(object["step"], "http_request.login");
            assert_eq!(object["path"], serde_json::json!([format!("visit.{call}")]));
        }
    }
    let own = parsed(json::told(&Event::Step(failed(0)), &names));
    assert!(own.get("path").is_none(), "{own}");
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

#[test]
fn the_first_failure_of_its_kind_is_said_once_whichever_threads_saw_it() {
    let written = Written::default();
    let format = Format::Text { colour: false };
    let report = Report::new(format, LogLevel::Info, Box::new(written.clone())).unwrap();
    report.begins(of_two_scenarios());
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
    let failed = said.lines().filter(|line| line.starts_with("failed:"));
    assert_eq!(failed.count(), 2 * STEPS.len() + 1, "{said}");
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
        text::told(&Event::Step(passed), &StepNames::default(), Paint(true))
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
