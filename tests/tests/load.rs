//! Load: what is reported is what the server saw, and every figure comes from the stream of intervals.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use serde_json::Value;

const GRID: &str = r#"
variable "url" {
  type = string
}

step "http_request" "hit" {
  arguments {
    url = "${var.url}/hit"
  }
}
"#;

fn events(ended: &Finished) -> Vec<Value> {
    ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["event"] == kind)
        .collect()
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("not a count: {value}"))
}

#[test]
fn requests_reported_are_those_that_the_server_counted() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    let ended = grid
        .start(&[
            "--url",
            &nginx.url(),
            "--vus",
            "20",
            "--iterations",
            "5000",
            "--threads",
            "2",
            "--log-format",
            "json",
        ])
        .finish()
        .expect_code(0);
    let events = events(&ended);
    let summary = of_kind(&events, "summary");
    assert_eq!(summary.len(), 1, "{}", ended.stderr);
    assert_eq!(number(&summary[0]["iterations"]["count"]), 5000);
    let log = nginx.stop();
    assert_eq!(log.len(), 5000, "requests that nginx counted");
    let lines: u64 = of_kind(&events, "interval")
        .iter()
        .map(|line| number(&line["iterations"]))
        .sum();
    assert_eq!(lines, 5000, "the sum of the lines is the summary");
    let connections: std::collections::HashSet<&str> = log
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(connections.len(), 20, "one connection a user");
}

#[test]
fn after_ctrl_c_every_request_is_still_reported() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    let mut run = grid.start(&[
        "--url",
        &nginx.url(),
        "--vus",
        "10",
        "--duration",
        "10m",
        "--threads",
        "2",
        "--log-format",
        "json",
    ]);
    run.wait_for("\"interval\"");
    run.wait_for("\"interval\"");
    run.signal("INT");
    let ended = run.finish().expect_code(105);
    let events = events(&ended);
    let summary = of_kind(&events, "summary")[0];
    let counted = nginx.stop().len() as u64;
    assert_eq!(
        number(&summary["iterations"]["count"]),
        counted,
        "{summary}"
    );
}

#[test]
fn a_run_that_is_killed_hard_has_printed_what_the_server_saw_up_to_its_last_line() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    let users = 4;
    let mut run = grid.start(&[
        "--url",
        &nginx.url(),
        "--vus",
        "4",
        "--duration",
        "10m",
        "--threads",
        "2",
        "--log-format",
        "json",
    ]);
    for _ in 0..5 {
        run.wait_for("\"interval\"");
    }
    run.signal("KILL");
    let ended = run.finish();
    let events = events(&ended);
    let lines = of_kind(&events, "interval");
    let reported: u64 = lines.iter().map(|line| number(&line["iterations"])).sum();
    let last = lines[lines.len() - 1]["at"]
        .as_f64()
        .expect("the line's time, in seconds since 1970");
    let seen = nginx
        .stop()
        .iter()
        .filter(|line| {
            line.split(' ')
                .next()
                .and_then(|at| at.parse::<f64>().ok())
                .is_some_and(|at| at <= last)
        })
        .count();
    // nginx writes milliseconds and logs before the client has read, so each user's last answer, and those of a
    // millisecond, may fall on either side.
    let rate = reported / lines.len() as u64;
    let slack = users + rate / 200;
    assert!(
        reported.abs_diff(seen as u64) <= slack,
        "reported {reported}, nginx saw {seen} by then, slack {slack}"
    );
}

#[test]
fn a_server_that_dies_half_way_is_reported_as_failures_and_breaks_the_default_threshold() {
    let grid = Grid::new(GRID).build();
    let mut nginx = Nginx::start("location / { return 200 ok; }");
    let mut run = grid.start(&[
        "--url",
        &nginx.url(),
        "--vus",
        "5",
        "--duration",
        "4s",
        "--threads",
        "2",
        "--log-format",
        "json",
    ]);
    run.wait_for("\"interval\"");
    nginx.die();
    let ended = run.finish().expect_code(99);
    let events = events(&ended);
    let summary = of_kind(&events, "summary")[0];
    assert!(number(&summary["iterations"]["failed"]) > 0, "{summary}");
    assert!(
        ended.stderr.contains("refused"),
        "failures are told apart by kind: {summary}"
    );
}

#[test]
fn answers_by_status_are_those_that_the_server_counted_and_5xx_fails_the_run_where_nothing_expects_it()
 {
    let grid = Grid::new(
        r#"
variable "url" { type = string }

locals {
  answer = vu.iteration % 10 == 0 ? "bad" : "good"
}

step "http_request" "any" {
  arguments { url = "${var.url}/any/${local.answer}" }
}

step "http_request" "checked" {
  depends_on = ["any"]
  arguments {
    url           = "${var.url}/checked/${local.answer}"
    expect_status = [200, "5xx"]
  }
}

step "http_request" "moved" {
  depends_on = ["checked"]
  arguments { url = "${var.url}/moved" }
}
"#,
    )
    .build();
    let nginx = Nginx::start(
        "location ~ /good { return 200 ok; }\n        location ~ /bad { return 503; }\n        \
         location = /moved { return 302 /landed/good; }",
    );
    let ended = grid
        .start(&[
            "--url",
            &nginx.url(),
            "--vus",
            "20",
            "--iterations",
            "2000",
            "--threads",
            "2",
            "--log-format",
            "json",
        ])
        .finish()
        .expect_code(99);
    let events = events(&ended);
    let summary = of_kind(&events, "summary")[0];
    let log = nginx.stop();
    let seen = |part: &str| {
        let lines = log.iter().filter(|line| line.contains(part));
        lines.count() as u64
    };
    for (step, name) in [(0, "any"), (1, "checked")] {
        let answers = &summary["steps"][step]["metrics"]["answers"];
        let of_status = |status: &str| seen(&format!(" {status} GET /{name}/"));
        let counted = serde_json::json!({"200": of_status("200"), "503": of_status("503")});
        assert_eq!(answers["labels"], counted, "{summary}");
        assert_eq!(answers["label"], "status");
        assert_eq!(number(&answers["sum"]), 2000);
        assert!(of_status("503") > 0, "{log:?}");
    }
    let answers = &summary["steps"][2]["metrics"]["answers"]["labels"];
    assert_eq!(
        *answers,
        serde_json::json!({"200": 2000}),
        "of redirects the last answer is counted"
    );
    assert_eq!(
        (seen(" 302 GET /moved"), seen(" 200 GET /landed/")),
        (2000, 2000)
    );
    let share = seen(" 503 GET /any/") as f64 / 20.0;
    assert_eq!(
        summary["warnings"],
        serde_json::json!([format!(
            "http_request.any: {share:.1} % of 2000 answers had status 5xx, and no expect_status says whether they pass"
        )])
    );
    let came = summary["thresholds"].as_array().unwrap().iter();
    let came = came.map(|one| (&one["threshold"], &one["came"], &one["figures"][0]["value"]));
    let share = seen(" 503 GET /any/") as f64 / 4_000.0;
    assert_eq!(
        came.collect::<Vec<_>>(),
        [
            (&"failures".into(), &"held".into(), &0.into()),
            (&"answers 5xx".into(), &"broken".into(), &share.into())
        ],
        "of both steps without expect_status"
    );
    let connections: std::collections::HashSet<&str> = log
        .iter()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    let client = &summary["resources"][0]["metrics"]["connections"];
    assert_eq!(number(&client["sum"]), connections.len() as u64, "{client}");
}
