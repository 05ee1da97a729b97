//! Files beside the lines: the same figures, and disks that are full.

use super::*;

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
