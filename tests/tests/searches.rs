//! Searches of real programs: the highest rate that a target of known capacity can do is found, all of it is counted, and the
//! exit code says so.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid, Run, bggo};
use serde_json::Value;
use std::sync::OnceLock;

/// The server takes 100 requests a second, whatever the machine does beside it, and refuses what comes beyond that.
const GRID: &str = r#"
variable "url" {
  type = string
}

variable "start" {
  type    = number
  default = 20
}

variable "max" {
  type    = number
  default = 1000
}

variable "hold" {
  type    = duration
  default = "4s"
}

scenario "browse" {
  load "search" {
    start     = var.start
    factor    = 3
    max       = var.max
    precision = 60
    hold      = var.hold
    until     = threshold["all is well"]
  }
  step "http_request" "hit" {
    arguments {
      url           = "${var.url}/browse"
      expect_status = 200
    }
  }
}

scenario "beside" {
  load "constant_arrival_rate" {
    rate     = 5
    duration = "2s"
  }
  step "http_request" "hit" {
    arguments {
      url = "${var.url}/beside"
    }
  }
}

threshold "all is well" {
  condition = metrics.scenario.browse.failed.ratio < "4%"
}

threshold "enough" {
  condition = metrics.scenario.browse.highest_rate.value >= 50
}
"#;

fn grid() -> &'static Grid {
    static BUILT: OnceLock<Grid> = OnceLock::new();
    BUILT.get_or_init(|| Grid::new(GRID).build())
}

fn server() -> Nginx {
    Nginx::start_with(
        "limit_req_zone $binary_remote_addr zone=all:1m rate=100r/s;",
        "location /browse { limit_req zone=all burst=40 nodelay; try_files /nothing @fine; }
         location @fine { return 200 ok; }
         location /beside { return 200 ok; }",
    )
}

/// Starts the program against a server.
fn start(nginx: &Nginx, line: &str) -> Run {
    let mut command = grid().command();
    command.args(["--url", &nginx.url(), "--log-format", "json"]);
    command.args(line.split(' ').filter(|word| !word.is_empty()));
    Run::start(command)
}

fn summary(finished: &Finished) -> Value {
    let lines = finished.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    summary.unwrap_or_else(|| panic!("no summary: {}", finished.stderr))
}

/// How many requests came for each path, as nginx counted them.
fn requests<const N: usize>(nginx: Nginx, paths: [&str; N]) -> [usize; N] {
    let log = nginx.stop();
    paths.map(|path| log.iter().filter(|line| line.contains(path)).count())
}

fn steps(search: &Value) -> Vec<(f64, String)> {
    let steps = search["steps"].as_array().expect("steps");
    steps
        .iter()
        .map(|step| {
            let rate = step["rate"].as_f64().expect("a rate");
            (rate, step["came"].as_str().expect("a word").to_owned())
        })
        .collect()
}

#[test]
fn the_capacity_of_a_target_is_found_and_every_request_is_counted() {
    let nginx = server();
    let folder = grid().folder();
    let line = "--allow-overload --threads 2 --out found.log --force --summary-json found.json";
    let finished = start(&nginx, line).finish().expect_code(0);
    let summary = summary(&finished);
    let search = &summary["searches"][0];
    let wanted = [
        (20.0, "held"),
        (60.0, "held"),
        (180.0, "broke"),
        (120.0, "broke"),
    ];
    let wanted: Vec<(f64, String)> = wanted
        .into_iter()
        .map(|(rate, came)| (rate, came.to_owned()))
        .collect();
    assert_eq!(steps(search), wanted, "{search:#}");
    assert_eq!(search["end"], "found");
    assert_eq!(search["highest_rate"], 60);
    assert_eq!(search["broke_at"], 120);
    // Nothing is begun twice between two steps, and nothing is lost: the server has counted the same.
    let began = 4 * (20 + 60 + 180 + 120);
    let scenario = &summary["scenarios"][0];
    assert_eq!(
        scenario["count"].as_u64(),
        Some(began as u64),
        "{scenario:#}"
    );
    assert_eq!(requests(nginx, ["/browse", "/beside"]), [began, 10]);
    // A threshold on what was found is like any other, and that of the search judges no more than its steps.
    let thresholds = summary["thresholds"].as_array().expect("thresholds");
    let names: Vec<&Value> = thresholds.iter().map(|one| &one["threshold"]).collect();
    assert_eq!(names, ["enough", "failures", "answers 5xx"]);
    assert_eq!(thresholds[0]["figures"][0]["value"], 60);
    // Hundreds were refused in the steps that broke, which are no failures of the run.
    assert!(scenario["failed"].as_u64() > Some(200), "{scenario:#}");
    for implicit in &thresholds[1..] {
        assert_eq!(implicit["figures"][0]["value"], 0, "{implicit:#}");
    }
    let told = finished.stderr.contains("search of browse: 120/s broke");
    assert!(told, "{}", finished.stderr);
    // What is read from the file is the same.
    let mut report = bggo();
    report.arg("report").arg(folder.join("found.log"));
    let report = Run::start(report).finish().expect_code(0);
    let answer = "search of browse: the highest rate is 60/s: there threshold all is well held,";
    assert!(report.stdout.contains(answer), "{}", report.stdout);
    assert!(
        report.stdout.contains("passed  enough:"),
        "{}",
        report.stdout
    );
}

#[test]
fn a_target_that_is_too_slow_for_the_first_rate_fails_the_run() {
    let nginx = server();
    let line = "--allow-overload --start 300 --scenario browse --hold 2s";
    let finished = start(&nginx, line).finish().expect_code(99);
    let summary = summary(&finished);
    let search = &summary["searches"][0];
    assert_eq!(
        (&search["end"], &search["failed"]),
        (&"below_start".into(), &true.into())
    );
    assert_eq!(search["highest_rate"], Value::Null);
    assert_eq!(summary["thresholds"][0]["came"], "never_measured");
}

#[test]
fn the_last_rate_that_holds_is_not_enough_where_more_is_asked() {
    let nginx = server();
    let line = "--allow-overload --start 5 --max 10 --scenario browse --hold 2s";
    let finished = start(&nginx, line).finish().expect_code(99);
    let summary = summary(&finished);
    let search = &summary["searches"][0];
    assert_eq!(
        (&search["end"], &search["failed"]),
        (&"at_least_max".into(), &false.into())
    );
    assert_eq!(search["highest_rate"], 10);
    assert_eq!(summary["thresholds"][0]["came"], "broken");
    assert_eq!(requests(nginx, ["/browse"]), [2 * (5 + 10)]);
}

#[test]
fn a_signal_ends_a_search_that_says_what_it_knows() {
    let nginx = server();
    let mut run = start(&nginx, "--allow-overload --hold 2s --scenario browse");
    run.wait_for("search of browse: 20/s held");
    run.signal("INT");
    let finished = run.finish().expect_code(105);
    let summary = summary(&finished);
    let search = &summary["searches"][0];
    assert_eq!(
        (&search["end"], &search["highest_rate"]),
        (&"stopped".into(), &20.into())
    );
    assert_eq!(steps(search)[1].1, "unfinished");
    let [counted] = requests(nginx, ["/browse"]);
    let ended = summary["scenarios"][0]["count"].as_u64();
    assert_eq!(ended, Some(counted as u64));
}

#[test]
fn a_search_that_cannot_be_is_refused_before_anything_is_sent() {
    let nginx = server();
    for (line, text) in [
        (
            "--segment 1/2",
            "a search needs the figures of the whole load, and a share of a run has only its own: leave out --segment",
        ),
        ("--hold 500ms", "`hold` takes whole seconds, found 500ms"),
        ("--max 3", "`max` is less than `start`"),
        (
            "--scenario browse --duration 5s",
            "--duration does not change a search, whose length is not known beforehand",
        ),
    ] {
        let finished = start(&nginx, line).finish().expect_code(104);
        assert!(
            finished.stderr.contains(text),
            "{line}: {}",
            finished.stderr
        );
    }
    let plan = start(&nginx, "--dry-run").finish().expect_code(0);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("a plan is an object");
    assert_eq!(
        plan["scenarios"][0]["rates"],
        serde_json::json!([20, 60, 180, 540, 1000])
    );
    // Flags replace a search as they replace any load, and then nothing is found.
    let line = "--allow-overload --scenario browse --rate 20/s --duration 1s";
    let replaced = start(&nginx, line).finish().expect_code(0);
    let summary = summary(&replaced);
    assert_eq!(summary["searches"], Value::Null);
    let came = |at: usize| &summary["thresholds"][at]["came"];
    assert_eq!((came(0), came(1)), (&"held".into(), &"left_out".into()));
    // What was refused has sent nothing.
    assert_eq!(requests(nginx, ["/browse"]), [20]);
}
