//! Thresholds of a grid against a real server: the exit code is the verdict, and what is reported is what the server saw.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use serde_json::Value;

const GRID: &str = r#"
variable "url" {
  type = string
}

variable "limit" {
  type    = string
  default = "1h"
}

step "http_request" "hit" {
  arguments {
    url           = "${var.url}/hit"
    expect_status = 200
  }
}

threshold "fast" {
  condition = metrics.http_request.hit.service_time.p95 < var.limit
  over      = "1s"
  on_fail   = "abort"
}

threshold "few fail" {
  condition = metrics.run.failed.ratio < 0.5
}
"#;

/// A server of which three answers in four are a 503, by chance: far from each limit of these tests.
fn mostly_wrong() -> Nginx {
    Nginx::start("location / { if ($request_id ~ '^[0-9ab]') { return 503; } return 200 ok; }")
}

fn run(grid: &Grid, nginx: &Nginx, line: &str) -> Finished {
    let url = nginx.url();
    let always = "--log-format json --threads 2 --allow-overload".split(' ');
    let always = ["--url", &url].into_iter().chain(always);
    let flags: Vec<&str> = always.chain(line.split(' ')).collect();
    grid.start(&flags).finish()
}

fn summary(ended: &Finished) -> Value {
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    summary.unwrap_or_else(|| panic!("no summary: {}", ended.stderr))
}

/// What each threshold is called, and how it came out.
fn came(summary: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let thresholds = summary["thresholds"].as_array().into_iter().flatten();
    let came = thresholds.map(|one| (text(&one["threshold"]), text(&one["came"])));
    came.collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    let pairs = pairs.map(|(name, came)| (name.to_owned(), came.to_owned()));
    pairs.to_vec()
}

#[test]
fn a_metric_on_demand_is_measured_where_a_threshold_or_a_flag_asks_for_it() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    let counts = |flags: &[&str]| {
        let url = nginx.url();
        let always = ["--url", &url, "--log-format", "json", "--threads", "1"];
        let load = ["--vus", "2", "--iterations", "40", "--max-failed", "50%"];
        let flags: Vec<&str> = always.iter().chain(&load).chain(flags).copied().collect();
        let metrics =
            summary(&grid.start(&flags).finish().expect_code(0))["steps"][0]["metrics"].clone();
        ["connecting", "sending", "waiting"].map(|name| metrics[name]["count"].as_u64())
    };
    assert_eq!(counts(&[]), [Some(2), None, Some(40)]);
    let asked = [Some(2), Some(40), Some(40)];
    assert_eq!(counts(&["--metric", "http_request.hit.sending"]), asked);
    assert_eq!(
        counts(&["--threshold", "http_request.hit.sending.p95 < 1h"]),
        asked
    );
    let url = nginx.url();
    let wrong = ["--url", &url, "--metric", "http_request.hit.sendin"];
    let load = ["--vus", "2", "--iterations", "4"];
    let flags: Vec<&str> = wrong.into_iter().chain(load).collect();
    let said = grid.start(&flags).finish().expect_code(104).stderr;
    assert!(
        said.contains("--metric 'http_request.hit.sendin': there is no metric `sendin`: did you mean `sending`?"),
        "{said}"
    );
}

#[test]
fn a_threshold_that_aborts_ends_the_run_early_and_every_request_is_reported() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    // No request takes less than a microsecond.
    let ended = run(&grid, &nginx, "--rate 200/s --duration 10m --limit 1us").expect_code(99);
    let summary = summary(&ended);
    assert_eq!(
        came(&summary),
        pairs([("fast", "broken"), ("few fail", "held")])
    );
    assert_eq!(summary["thresholds"][0]["aborted"], true);
    assert!(
        ended
            .stderr
            .contains("threshold fast is broken and ends the run"),
        "{}",
        ended.stderr
    );
    let iterations = &summary["iterations"];
    let count = iterations["count"].as_u64().unwrap();
    assert_eq!(
        iterations["arrivals"]["began"], count,
        "all had the time to finish"
    );
    assert!(count < 60_000, "{count}: ten minutes have 120,000");
    assert_eq!(nginx.stop().len() as u64, count);
}

#[test]
fn failures_are_judged_by_the_limit_that_is_asked_for() {
    let grid = Grid::new(GRID).build();
    for (flag, code, expected) in [
        // The grid's own threshold replaces that of 1 %.
        ("", 99, pairs([("fast", "held"), ("few fail", "broken")])),
        (
            " --max-failed 90%",
            99,
            pairs([
                ("fast", "held"),
                ("few fail", "broken"),
                ("failures", "held"),
            ]),
        ),
    ] {
        let nginx = mostly_wrong();
        let line = format!("--vus 4 --iterations 4000{flag}");
        let ended = run(&grid, &nginx, &line).expect_code(code);
        let summary = summary(&ended);
        assert_eq!(came(&summary), expected, "{summary}");
        let log = nginx.stop();
        let wrong = log.iter().filter(|line| line.contains(" 503 ")).count();
        assert_eq!(summary["iterations"]["failed"], wrong);
        let ratio = &summary["thresholds"][1]["figures"][0]["value"];
        assert_eq!(ratio.as_f64().unwrap(), wrong as f64 / 4_000.0);
    }
}

#[test]
fn a_flag_adds_a_threshold_and_one_over_a_window_is_judged_while_the_run_goes_on() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    let text = "http_request.hit.p95 < 1us over 1s";
    let url = nginx.url();
    let flags = "--rate 100/s --duration 3s --allow-overload".split(' ');
    let flags: Vec<&str> = ["--url", &url].into_iter().chain(flags).collect();
    let ended = grid
        .start(&[&flags[..], &["--threshold", text, "--log-format", "json"]].concat())
        .finish()
        .expect_code(99);
    let summary = summary(&ended);
    assert_eq!(
        came(&summary),
        pairs([("fast", "held"), ("few fail", "held"), (text, "broken")])
    );
    let threshold = &summary["thresholds"][2];
    // On a busy machine a second may be read late.
    assert!(
        threshold["broken_second"].as_u64().unwrap() >= 1,
        "{threshold}"
    );
    assert!(threshold["worst_second"].is_u64(), "{threshold}");
    let figure = &threshold["figures"][0];
    assert_eq!(figure["figure"], "http_request.hit.response_time.p95");
    assert!(
        figure["worst"].as_f64() >= figure["value"].as_f64(),
        "{figure}"
    );
    assert_eq!(summary["verdict"], "threshold failed");
    assert_eq!(summary["iterations"]["count"], 300);
}
