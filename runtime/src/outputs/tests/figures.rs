//! What a run measured: live lines, and the summary as text and as an object.

use super::*;

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
