//! What a load profile keeps of its promise: when iterations begin, how many can, and what a stalled target makes of the figures.

use crate::measure::{Goal, Table};
use crate::stalling::Target;
use bggo_tests::Run;
use bggo_tests::bench::{Program, interrupt, memory, read, summary};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

const NOTHING: &str = "step \"noop\" \"nothing\" {}\n";

fn number(of: &Value) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("{of} is a number"))
}

/// How late iterations begin that are due at a moment each.
pub fn start_error(table: &mut Table) {
    let program = Program::new(NOTHING);
    let flags = ["--rate", "1000/s", "--duration", "10s", "--threads", "1"];
    let ended = program.start(&flags).finish().expect_code(0);
    let error = &summary(&ended.stderr)["iterations"]["arrivals"]["start_error"];
    table.number(
        "start error at 1,000/s, 99th percentile",
        "one worker, a free core, 10 s",
        number(&error["p99_ms"]) * 1e3,
        "us",
        Goal::AtMost(50.0),
    );
}

/// Arrivals that one core begins in a second.
pub fn million_a_second(table: &mut Table) {
    let program = Program::new(NOTHING);
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(&program.path);
    command.args("--rate 1000000/s --duration 10s --threads 1 --allow-overload".split(' '));
    command.args(["--log-format", "json"]);
    let ended = Run::start(command).finish().expect_code(0);
    let summary = summary(&ended.stderr);
    let arrivals = &summary["iterations"]["arrivals"];
    assert_eq!(arrivals["began"], 10_000_000, "{arrivals}");
    let seconds = number(&summary["seconds"]);
    table.number(
        "`noop` arrivals of 1,000,000/s, one worker pinned to one core",
        "all that began, by the time until the last ended",
        10_000_000.0 / seconds,
        "1/s",
        Goal::AtLeast(999_000.0),
    );
    table.number(
        "the same, start error",
        "99th percentile",
        number(&arrivals["start_error"]["p99_ms"]) * 1e3,
        "us",
        Goal::None,
    );
}

/// A million users that wait.
pub fn million_users(table: &mut Table) {
    let program =
        Program::new("step \"noop\" \"wait\" {\n  arguments {\n    delay = \"10m\"\n  }\n}\n");
    let flags = "--vus 1000000 --duration 5m --threads 2";
    let mut run = program.start(&flags.split(' ').collect::<Vec<_>>());
    let seconds = loop {
        let line = read(&run.wait_for("\"interval\""));
        if line["users"] == 1_000_000 {
            break number(&line["elapsed"]);
        }
    };
    let now = memory(run.id(), "VmRSS").expect("the program runs");
    interrupt(run);
    table.number(
        "1,000,000 users of a `noop` that waits, begun",
        "the first second at whose end all had",
        seconds,
        "s",
        Goal::AtMost(3.0),
    );
    table.number(
        "the same, RSS",
        "then",
        now / 1024.0 / 1024.0,
        "GiB",
        Goal::AtMost(1.1),
    );
}

/// What fifty thresholds over windows, and all files, take from the rate of a step that does nothing.
pub fn thresholds(table: &mut Table) {
    let program = Program::new(NOTHING);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut outputs = Vec::new();
    for number in 0..50 {
        outputs.push("--threshold".to_owned());
        outputs.push(format!(
            "noop.nothing.service_time.p{}_{} < 1s over 10s",
            50 + number / 9,
            number % 9 + 1
        ));
    }
    for (flag, name) in [
        ("--out", "run.hlog"),
        ("--csv", "run.csv"),
        ("--junit", "run.xml"),
        ("--summary-json", "run.json"),
    ] {
        outputs.push(flag.to_owned());
        outputs.push(folder.path().join(name).display().to_string());
    }
    outputs.push("--force".to_owned());
    let rate = |outputs: &[String]| {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(&program.path);
        command.args("--vus 1 --threads 1 --duration 5s --log-format json".split(' '));
        let ended = Run::start({
            command.args(outputs);
            command
        });
        number(&summary(&ended.finish().expect_code(0).stderr)["iterations"]["rate"])
    };
    // By turns, since the machine is not always equally fast; the best of each.
    let (mut without, mut with) = (0.0_f64, 0.0_f64);
    for _ in 0..3 {
        without = without.max(rate(&[]));
        with = with.max(rate(&outputs));
    }
    table.number(
        "rate of `noop` with 50 windowed thresholds and every output",
        "of the rate without, best of 3 each",
        with / without * 100.0,
        "%",
        Goal::AtLeast(98.0),
    );
}

/// What a run keeps in memory while it goes on at full rate: nothing of what it has measured. `RSS_MINUTES=10` looks later than
/// three minutes after the beginning.
pub fn rss(table: &mut Table) {
    let program = Program::new(NOTHING);
    let minutes = std::env::var("RSS_MINUTES").ok();
    let minutes: u64 = minutes.map_or(3, |text| text.parse().expect("RSS_MINUTES is a number"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (out, csv, junit) = (path("run.hlog"), path("run.csv"), path("run.xml"));
    let duration = format!("{}s", minutes * 60 + 30);
    let flags = [
        "--vus",
        "100",
        "--threads",
        "1",
        "--duration",
        &duration,
        "--out",
        &out,
        "--csv",
        &csv,
        "--junit",
        &junit,
        "--threshold",
        "service_time.p99 < 1s over 10s",
    ];
    let mut run = program.start(&flags);
    let [first, last] = [1, minutes].map(|minute| {
        while number(&read(&run.wait_for("\"interval\""))["elapsed"]) < minute as f64 * 60.0 {}
        memory(run.id(), "VmRSS").expect("the program runs")
    });
    interrupt(run);
    table.number(
        &format!("memory of `noop` at full rate with every output, after {minutes} minutes"),
        "of that after 1 minute",
        last / first * 100.0,
        "%",
        Goal::AtMost(101.0),
    );
}

/// Arrivals of the stall in a second, and for how long.
const RATE: u64 = 5_000;
const SECONDS: u64 = 10;

/// A target that stops answering for a second and goes on accepting.
pub fn stall(table: &mut Table) {
    let program = Program::new(&format!(
        r#"
variable "url" {{
  type = string
}}

variable "users" {{
  type = number
}}

scenario "stall" {{
  load "constant_arrival_rate" {{
    rate     = {RATE}
    duration = "{SECONDS}s"
    vus      = var.users
    max_vus  = var.users
  }}
  step "http_request" "hit" {{
    arguments {{
      url = var.url
    }}
  }}
}}
"#
    ));
    for (users, text) in [("64", "64 users"), ("6000", "6,000 users")] {
        let target = Target::start();
        let url = target.url();
        let run = program.start(&["--url", &url, "--users", users, "--threads", "1"]);
        target.freezes(Duration::from_secs(4), Duration::from_secs(1));
        let ended = run.finish();
        let code = ended.code();
        let summary = summary(&ended.stderr);
        let answers = target.stop();
        assert_eq!(answers.len() as u64, RATE * SECONDS, "{}", ended.stderr);
        let iterations = &summary["iterations"];
        let truth = truth(&answers);
        for (name, millionths) in [("p99", 990_000), ("p99_9", 999_000)] {
            let true_value = at(&truth, millionths).as_secs_f64() * 1e3;
            let told = number(&iterations[format!("response_{name}_ms")]);
            table.number(
                &format!("stall, {text}: {name} of response time"),
                &format!("told {told:.1} ms, true {true_value:.1} ms: distance"),
                (told / true_value - 1.0).abs() * 100.0,
                "%",
                Goal::AtMost(2.0),
            );
        }
        let [response, service] =
            ["response_p50_ms", "p50_ms"].map(|name| number(&iterations[name]));
        table.number(
            &format!("stall, {text}: p50 of response time"),
            &format!("told {response:.3} ms, of service time {service:.3} ms: distance"),
            (response - service).abs() * 1e3,
            "us",
            Goal::AtMost(100.0),
        );
        table.number(
            &format!("stall, {text}: exit code"),
            "not 111",
            f64::from(code),
            "",
            Goal::AtMost(0.0),
        );
    }
}

/// Response times by the schedule: an answer at a time for each arrival that was due, in their order. The schedule began when
/// the fastest answer came as soon as its arrival was due.
fn truth(answers: &[Duration]) -> Vec<Duration> {
    let due = |number: usize| Duration::from_nanos(number as u64 * 1_000_000_000 / RATE);
    let distances = answers.iter().enumerate();
    let begin = distances
        .clone()
        .map(|(number, at)| at.saturating_sub(due(number)));
    let begin = begin.min().unwrap_or_default();
    let mut times: Vec<Duration> = distances
        .map(|(number, at)| at.saturating_sub(begin + due(number)))
        .collect();
    times.sort_unstable();
    times
}

/// The value at or below which so many millionths of all lie.
fn at(sorted: &[Duration], millionths: usize) -> Duration {
    let rank = (sorted.len() * millionths).div_ceil(1_000_000).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}
