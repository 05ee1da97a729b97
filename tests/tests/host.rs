//! What a program says when this host cannot make the load: before the run where that is certain, else at its end.

use bggo_tests::server::Nginx;
use bggo_tests::{Grid, Run};
use serde_json::Value;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

const REQUESTS: &str = r#"
variable "url" {
  type = string
}

step "http_request" "hit" {
  arguments {
    url = var.url
  }
}
"#;

const NOOP: &str = r#"step "noop" "a" {}"#;

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn a_run_that_could_not_hold_its_schedule_is_not_valid_unless_that_is_allowed() {
    let grid = Grid::new(NOOP).build();
    // No core begins so many iterations. There may be so many users that none of them waits for another.
    let line = "--rate 40000000/s --duration 2s --max-vus 4000000 --graceful-stop 0s --threads 1 --max-failed 100%";
    let ended = grid.start(&words(line)).finish().expect_code(111);
    let text = "the generator fell behind: ";
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
    assert!(ended.stderr.contains("not valid: "), "{}", ended.stderr);

    let line = format!("{line} --allow-overload --log-format json");
    let ended = grid.start(&words(&line)).finish().expect_code(0);
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    let found = summary.map(|summary| summary["fell_behind"].clone());
    let found = found.unwrap_or_default();
    assert_eq!(found["scenario"], "main", "{}", ended.stderr);
    let latest = found["start_error_max_ms"].as_f64();
    assert!(latest.is_some_and(|latest| latest > 10.0), "{found}");
}

#[test]
fn users_that_cannot_have_a_descriptor_each_are_refused_before_any_load() {
    let grid = Grid::new(REQUESTS).build();
    let nginx = Nginx::start("location / { return 200 ok; }");
    let limited = |line: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 300; exec \"$@\"", "sh"]);
        command.arg(grid.program()).args(["--url", &nginx.url()]);
        command.args(words(line));
        Run::start(command).finish()
    };
    let refused = limited("--vus 400 --duration 1s").expect_code(104);
    let text = "400 virtual users have at least 400 connections, which with 64 other descriptors makes 464, and the system gives this program 300";
    assert!(refused.stderr.contains(text), "{}", refused.stderr);
    // A fast target needs few of the users that there may be.
    let warned = limited("--rate 10/s --duration 1s --allow-overload").expect_code(0);
    let text = "warning: if the target is slow there may be 10000 virtual users";
    assert!(warned.stderr.contains(text), "{}", warned.stderr);
    assert_eq!(nginx.stop().len(), 10);
}

#[test]
fn connections_that_fail_for_want_of_a_descriptor_are_said_to_be_this_hosts_fault() {
    let grid = Grid::new(REQUESTS).build();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 120; exec \"$@\"", "sh"]);
    let url = format!("http://{}", silent.local_addr().unwrap());
    command.arg(grid.program()).args(["--url", &url]);
    // Each keeps its connection until the end, and 200 do not fit.
    command.args(words(
        "--rate 200/s --duration 1s --graceful-stop 0s --log-format json",
    ));
    let ended = Run::start(command).finish().expect_code(111);
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary").unwrap();
    let failures = summary["failures"]["local"].as_u64().unwrap();
    assert!(failures > 80, "{failures}");
    let said = summary["warnings"][0].as_str().unwrap();
    let text = format!(
        "{failures} steps failed because this program had no descriptor left, which is no fault of the target: raise its limit"
    );
    assert!(said.starts_with(&text), "{said}");
    let found = &summary["failed_here"];
    let (failed, of) = (&found["failed"], &found["of"]);
    assert_eq!((failed.as_u64(), of.as_u64()), (Some(failures), Some(200)));
    let text = format!(
        "{failures} of 200 iterations failed because this program had no descriptor left, so the figures say little of the target; raise its limit"
    );
    let said = found["text"].as_str().unwrap();
    assert!(said.starts_with(&text), "{said}");
    assert_eq!(summary["verdict"], "not valid");
}

/// The event of a kind, of lines that are JSON.
fn event(stderr: &str, kind: &str) -> Value {
    let lines = stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = events.find(|event| event["event"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {stderr}"))
}

/// The program of a test that runs once more inside of a network of its own.
const INSIDE: &str = "BGGO_TEST_INSIDE";

/// The program, where connections have ten source ports: within a network of the test's own, in which the test `name` runs again.
fn where_ports_are_few(name: &str, grid: &str) -> Option<PathBuf> {
    if let Some(program) = std::env::var_os(INSIDE) {
        return Some(program.into());
    }
    let grid = Grid::new(grid).build();
    let script = "ip link set lo up && echo 40000 40009 >/proc/sys/net/ipv4/ip_local_port_range && exec \"$@\"";
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--net",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(INSIDE, grid.program())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{output:?}");
    None
}

#[test]
fn connections_that_fail_for_want_of_a_source_port_are_said_to_be_this_hosts_fault() {
    let name = "connections_that_fail_for_want_of_a_source_port_are_said_to_be_this_hosts_fault";
    let Some(program) = where_ports_are_few(name, REQUESTS) else {
        return;
    };
    let cure = "widen net.ipv4.ip_local_port_range, give the client more local_addresses, ";
    let nginx = Nginx::start("location / { return 200 ok; }");
    let run = |line: &str| {
        let mut command = Command::new(&program);
        command.args(["--url", &nginx.url(), "--log-format", "json"]);
        command.args(words(line));
        Run::start(command).finish()
    };
    let ended = run("--vus 40 --iterations 400 --threads 2").expect_code(111);
    let summary = event(&ended.stderr, "summary");
    let failed = summary["failures"]["local"].as_u64().unwrap();
    let said = summary["warnings"][0].as_str().unwrap();
    let text = format!(
        "{failed} steps failed because this host had no source port left for the address of the target, which is no fault of the target: {cure}"
    );
    assert!(said.starts_with(&text), "{said}");
    let text = "there are at least 40 connections from one address, and this host has 10 source ports for each address and port of a target";
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
    let kinds = summary["failures"].as_object().unwrap();
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    let sum = |name: &str| {
        summary["steps"][0]["metrics"][name]["sum"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(sum("requests"), 400 - failed);
    assert_eq!(sum("answered"), 400 - failed);

    // Nobody leaves a port to a run that is no load.
    let address = nginx.url().replace("http://", "");
    // Those that the run before left are not free for a while, so there may be fewer than ten.
    let taken: Vec<TcpStream> = std::iter::from_fn(|| TcpStream::connect(&address).ok()).collect();
    let ended = run("--once").expect_code(1);
    let says = format!(
        "no connection to {address}: this host had no source port left for the address of the target: "
    );
    assert!(ended.stderr.contains(&says), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains(&format!("no fault of the target: {cure}")),
        "{}",
        ended.stderr
    );
    drop(taken);
    assert_eq!(nginx.stop().len() as u64, 400 - failed);
}

#[test]
fn a_run_may_be_allowed_to_fail_by_this_host() {
    let grid = Grid::new(REQUESTS).build();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let limited = |flags: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 120; exec \"$@\"", "sh"]);
        let url = format!("http://{}", silent.local_addr().unwrap());
        command.arg(grid.program()).args(["--url", &url]);
        let line = format!("--rate 200/s --duration 1s --graceful-stop 0s {flags}");
        command.args(words(&line));
        Run::start(command).finish()
    };
    let text = "iterations failed because this program had no descriptor left";
    let said = limited("--max-failed 1%").expect_code(111);
    assert!(said.stderr.contains("not valid: "), "{}", said.stderr);
    assert!(said.stderr.contains(text), "{}", said.stderr);
    // Then the failures are judged as any others are.
    let allowed = limited("--allow-overload").expect_code(99);
    assert!(allowed.stderr.contains(text), "{}", allowed.stderr);
}

#[test]
fn users_that_no_memory_holds_are_refused_with_the_arithmetic() {
    let grid = Grid::new(NOOP).build();
    let ended = grid.start(&words("--vus 4000000000 --duration 1s"));
    let ended = ended.finish().expect_code(104);
    let text = "4000000000 virtual users of at least ";
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
}

#[test]
fn ten_million_users_are_refused_where_a_limit_leaves_too_little_memory() {
    let one = "scenario \"one\" {\n  load \"constant_vus\" {\n    vus      = 5000000\n    duration = \"1s\"\n  }\n  step \"noop\" \"a\" {}\n}\n";
    let two = one.replace("\"one\"", "\"two\"");
    for (grid, line) in [
        (NOOP.to_owned(), "--vus 10000000 --duration 1s"),
        (NOOP.to_owned(), "--stages 1s:10000000"),
        // Users of several scenarios that are there at one time.
        (format!("{one}{two}"), "--threads 2"),
    ] {
        let grid = Grid::new(&grid).build();
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 4000000; exec \"$@\"", "sh"]);
        command.arg(grid.program()).args(words(line));
        let ended = Run::start(command).finish().expect_code(104);
        let said = &ended.stderr;
        let (begins, free) = (
            "10000000 virtual users of at least ",
            " MiB, and the limits of this program (`ulimit -v`, `ulimit -d`) leave it 3",
        );
        assert!(said.contains(begins) && said.contains(free), "{said}");
        assert!(said.contains("share the load over several hosts"), "{said}");
    }
}

#[test]
fn a_run_that_begins_at_a_moment_begins_no_earlier() {
    let grid = Grid::new(NOOP).build();
    let seconds = SystemTime::now() + Duration::from_secs(2);
    let since = seconds.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let of_day = since.as_secs() % 86_400;
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    let moment = format!(
        "{}T{hours:02}:{minutes:02}:{:02}Z",
        today(since.as_secs() / 86_400),
        of_day % 60
    );
    let line = format!("--iterations 5 --start-at {moment}");
    let ended = grid.start(&words(&line)).finish().expect_code(0);
    let mut lines = ended.stderr.lines();
    let waits = |line: &&str| line.starts_with("ready: the load begins in ");
    let said = lines.find(waits).unwrap_or_else(|| panic!("{ended:?}"));
    assert!(said.ends_with("s, at the moment of --start-at"), "{said}");
    let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
    assert!(SystemTime::now() >= begun);

    let line = "--iterations 5 --start-at 2020-01-01T00:00:00Z";
    let ended = grid.start(&words(line)).finish().expect_code(104);
    let text = "the moment of --start-at has passed";
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
}

/// The date so many days after 1970-01-01.
fn today(days: u64) -> String {
    let mut left = days;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, left + 1)
}
