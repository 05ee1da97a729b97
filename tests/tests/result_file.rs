//! Result files of real programs: hosts side by side are merged to what the server counted, other people's readers open a
//! file, and neither a kill nor a full disk takes more than the last second.

use bggo_tests::server::{Gate, Nginx};
use bggo_tests::{Finished, Grid, Run, bggo, repository};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Steps of HTTP for those who count at the server.
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

fn grid() -> &'static Grid {
    static BUILT: OnceLock<Grid> = OnceLock::new();
    BUILT.get_or_init(|| Grid::new(GRID).build())
}

fn server() -> Nginx {
    Nginx::start("location / { return 200 ok; }")
}

/// A folder for the files of one test.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(grid().folder()).expect("a temporary folder")
}

/// Starts the program against a server, in `folder`.
fn start(nginx: &Nginx, folder: &Path, line: &str) -> Run {
    let mut command = grid().command();
    command.current_dir(folder);
    command.args(["--url", &nginx.url(), "--log-format", "json"]);
    command.arg("--allow-overload");
    command.args(line.split(' '));
    Run::start(command)
}

fn tool(folder: &Path, line: &str) -> Finished {
    let mut command = bggo();
    command.current_dir(folder).args(line.split(' '));
    Run::start(command).finish()
}

#[test]
fn three_hosts_are_merged_to_what_the_server_counted() {
    let (nginx, folder) = (server(), folder());
    let folder = folder.path();
    let runs = [1, 2, 3].map(|share| {
        let line = format!(
            "--rate 301/s --duration 2s --threads 2 --seed 5 --segment {share}/3 --out {share}.log --threshold http_request.hit.service_time.count>601"
        );
        start(&nginx, folder, &line)
    });
    for run in runs {
        // A share alone is judged by no threshold.
        run.finish().expect_code(0);
    }
    let merged = tool(folder, "merge 1.log 2.log 3.log -o all.log").expect_code(0);
    assert!(
        merged.stdout.contains("602 iterations, 0 failed"),
        "{merged:?}"
    );
    assert!(
        merged.stdout.contains("service_time.count>601;"),
        "{merged:?}"
    );
    assert_eq!(nginx.stop().len(), 602);
    assert_eq!(tool(folder, "report all.log").stdout, merged.stdout);

    // In another order, and in steps. What is missing fails the threshold meanwhile.
    let part = tool(folder, "merge 3.log 1.log -o part.log").expect_code(99);
    assert!(
        part.stderr
            .contains("2/3 is missing: 33.3333 % of the schedule"),
        "{part:?}"
    );
    tool(folder, "merge part.log 2.log -o steps.log").expect_code(0);
    let bytes = |name: &str| std::fs::read(folder.join(name)).expect("it was written");
    assert!(bytes("all.log") == bytes("steps.log"));

    let again = tool(folder, "merge 1.log 1.log -o x.log").expect_code(4);
    assert!(
        again.stderr.contains("segments 1/3 and 1/3 overlap"),
        "{again:?}"
    );
    let there = tool(folder, "merge 1.log 2.log -o all.log").expect_code(2);
    assert!(there.stderr.contains("add --force"), "{there:?}");
    tool(folder, "merge 1.log 2.log 3.log -o all.log --force").expect_code(0);
    let csv = tool(folder, "export all.log --csv").expect_code(0).stdout;
    assert!(csv.lines().count() > 10, "{csv}");
}

/// The summary among the lines of a run.
fn summary(run: &Finished) -> Value {
    let lines = run.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    summary.unwrap_or_else(|| panic!("{run:?}"))
}

#[test]
fn rates_are_those_of_the_load_and_the_drain_stands_beside_it_in_a_share_and_in_the_whole() {
    let (gate, folder) = (Gate::start(), folder());
    let folder = folder.path();
    let mut runs = [1, 2].map(|share| {
        let mut command = grid().command();
        command.current_dir(folder).args(["--url", &gate.url()]);
        let line = format!(
            "--rate 40/s --duration 1s --seed 5 --segment {share}/2 --out {share}.log --log-format json --allow-overload"
        );
        command.args(line.split(' '));
        Run::start(command)
    });
    // The server is slow: it answers nobody before all have asked and a second of drain has passed.
    gate.wait_for("/hit", 40);
    for run in &mut runs {
        while !run.wait_for("\"interval\"").contains("\"second\":2,") {}
    }
    gate.open_all();
    for run in runs {
        let run = run.finish().expect_code(0);
        let summary = summary(&run);
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{summary:#}"));
        let load = number(&summary["load_seconds"]);
        let drain = number(&summary["drain_seconds"]);
        assert!((load - 1.0).abs() < 1e-9, "{summary:#}");
        assert!(drain >= 0.9, "{summary:#}");
        let whole = number(&summary["seconds"]);
        assert!((load + drain - whole).abs() < 0.002, "{summary:#}");
        for figures in [
            &summary["iterations"],
            &summary["scenarios"][0],
            &summary["steps"][0],
            &summary["all_steps"],
        ] {
            assert_eq!(figures["count"], 20, "{summary:#}");
            assert!((number(&figures["rate"]) - 20.0).abs() < 1e-9, "{figures}");
        }
    }
    for line in ["merge 1.log 2.log -o all.log", "report all.log"] {
        let said = tool(folder, line).expect_code(0).stdout;
        for part in [
            "load: 1.00s, then ",
            " of drain, ",
            "asked 40 (40.0/s), began 40",
            "ended 40 (40.0/s)",
        ] {
            assert!(said.contains(part), "{line}: {part}: {said}");
        }
    }
}

#[test]
fn the_longest_time_is_the_one_that_was_measured_in_every_file_and_in_the_whole() {
    // From 3 ms on a bucket is wider than a microsecond, so its edge is seldom what was measured.
    let grid = Grid::new(
        r#"
step "noop" "wait" {
  arguments {
    delay = "${3 + vu.iteration % 20}ms"
  }
}
"#,
    )
    .build();
    let folder = tempfile::tempdir_in(grid.folder()).expect("a temporary folder");
    let folder = folder.path();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it is there");
    // The longest of a column of thousandths of a millisecond.
    let longest = |csv: &str, column: &str, of: &[(&str, &str)]| {
        let mut lines = csv.lines();
        let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
        let place = |name: &str| {
            head.iter()
                .position(|other| *other == name)
                .expect("a column")
        };
        let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
        let rows = rows.filter(|row| of.iter().all(|(name, value)| row[place(name)] == *value));
        let times = rows.map(|row| row[place(column)].parse::<f64>().expect("a time"));
        let longest = times.fold(0.0, f64::max);
        assert!(longest >= 22.0, "{csv}");
        format!("{longest:.3}")
    };
    let of_step = [("name", "noop.wait"), ("metric", "service_time")];
    let of_each = [1, 2].map(|share| {
        let mut command = grid.command();
        command.current_dir(folder);
        let line = format!(
            "--vus 4 --iterations 120 --threads 2 --seed 5 --segment {share}/2 --out {share}.log --csv {share}.csv --samples {share}.samples --sample-share 100% --log-format json"
        );
        command.args(line.split(' '));
        let run = Run::start(command).finish().expect_code(0);
        let measured = longest(&read(&format!("{share}.samples")), "service_time", &[]);
        let told = summary(&run)["steps"][0]["max_ms"].as_f64().expect("a time");
        assert_eq!(format!("{told:.3}"), measured, "of the summary");
        let csv = longest(&read(&format!("{share}.csv")), "max", &of_step);
        assert_eq!(csv, measured, "of the CSV");
        let again = tool(folder, &format!("export {share}.log --csv")).expect_code(0);
        assert_eq!(longest(&again.stdout, "max", &of_step), measured);
        measured.parse::<f64>().expect("a time")
    });
    let measured = format!("{:.3}", of_each[0].max(of_each[1]));
    tool(folder, "merge 1.log 2.log -o all.log").expect_code(0);
    let whole = tool(folder, "export all.log --csv").expect_code(0).stdout;
    assert_eq!(longest(&whole, "max", &of_step), measured, "of the whole");
}

/// What the readers print of a file: a tag and how many values it has, a line each.
fn counts_of_other_readers(path: &Path, tag: &str) -> Vec<(&'static str, u64)> {
    let readers = repository().join("target/readers");
    let install = "bash tests/install.sh gets what is missing";
    let number = |reader: &'static str, command: &mut Command| {
        let said = command
            .output()
            .unwrap_or_else(|error| panic!("{reader}: {error}; {install}"));
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{reader}: {text}{wrong}; {install}");
        text
    };
    let python = "
import sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 3600000000, 3))
count = 0
while True:
    histogram = reader.get_next_interval_histogram()
    if histogram is None:
        break
    if histogram.get_tag() == sys.argv[2]:
        count += histogram.get_total_count()
print(count)
";
    let script = "
const { HistogramLogReader } = require('hdr-histogram-js');
const text = require('fs').readFileSync(process.argv[1], 'utf8');
const reader = new HistogramLogReader(text);
let histogram, count = 0;
while ((histogram = reader.nextIntervalHistogram()) != null) {
  if (histogram.tag === process.argv[2]) count += histogram.totalCount;
}
console.log(count);
";
    let by_python = number(
        "Python",
        Command::new("python3")
            .env("PYTHONPATH", readers.join("python"))
            .args(["-c", python])
            .arg(path)
            .arg(tag),
    );
    let by_node = number(
        "Node",
        Command::new("node")
            .env("NODE_PATH", readers.join("node_modules"))
            .args(["-e", script])
            .arg(path)
            .arg(tag),
    );
    let by_java = number(
        "Java",
        Command::new("java")
            .arg("-cp")
            .arg(readers.join("HdrHistogram-2.2.2.jar"))
            .arg("org.HdrHistogram.HistogramLogProcessor")
            .args(["-i".as_ref(), path.as_os_str()])
            .args(["-tag", tag, "-outputValueUnitRatio", "1000"]),
    );
    // `#[Max     =        0.915, Total count    =          900]`
    let total = by_java
        .split_once("Total count")
        .and_then(|(_, rest)| rest.split_once('='))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(total, _)| total.to_owned())
        .unwrap_or_else(|| panic!("{by_java}"));
    let read = |text: &str| text.trim().parse().unwrap_or_else(|_| panic!("{text}"));
    vec![
        ("Python", read(&by_python)),
        ("Node", read(&by_node)),
        ("Java", read(&total)),
    ]
}

#[test]
fn readers_of_hdrhistogram_in_three_languages_open_a_file() {
    let (nginx, folder) = (server(), folder());
    let path = folder.path().join("a.log");
    let line = "--rate 300/s --duration 3s --threads 2 --out a.log";
    start(&nginx, folder.path(), line).finish().expect_code(0);
    let requests = nginx.stop().len() as u64;
    assert_eq!(requests, 900);
    let tag = "scenario.main.step.http_request.hit.service_time";
    for (reader, count) in counts_of_other_readers(&path, tag) {
        assert_eq!(count, requests, "{reader}");
    }
}

#[test]
fn a_kill_takes_at_most_the_last_second() {
    let (nginx, folder) = (server(), folder());
    let line = "--rate 200/s --duration 10m --threads 2 --out a.log";
    let mut run = start(&nginx, folder.path(), line);
    for _ in 0..3 {
        run.wait_for("\"interval\"");
    }
    run.signal("KILL");
    let ended = run.finish();
    assert_eq!(ended.status.code(), None);
    let told = ended.stderr.matches("\"event\":\"interval\"").count();
    assert!(told >= 3, "{}", ended.stderr);

    // Whatever a kill may leave of a second.
    let path = folder.path().join("a.log");
    let mut bytes = std::fs::read(&path).expect("it was written");
    let seconds = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.matches("#bggo {\"second\"").count()
    };
    assert!(seconds(&bytes) + 1 >= told, "{told} seconds were told");
    bytes.extend_from_slice(b"Tag=scenario.main.step.http_request.hit.service_time,4.0");
    std::fs::write(&path, &bytes).expect("it can be written");

    let report = tool(folder.path(), "report a.log").expect_code(0);
    assert!(
        report.stderr.contains("was not written to its end"),
        "{report:?}"
    );
    assert!(report.stdout.contains("interrupted: "), "{report:?}");
    let repaired = tool(folder.path(), "repair a.log").expect_code(0);
    assert!(
        repaired.stderr.contains("bytes off `a.log`"),
        "{repaired:?}"
    );
    let tag = "scenario.main.step.http_request.hit.service_time";
    let counts = counts_of_other_readers(&path, tag);
    assert!(
        counts
            .iter()
            .all(|(_, count)| *count == counts[0].1 && *count > 200),
        "{counts:?}"
    );
    let again = tool(folder.path(), "repair a.log").expect_code(0);
    assert!(again.stderr.contains("nothing in it is torn"), "{again:?}");
}

#[test]
fn a_full_disk_is_said_once_and_what_was_written_before_is_whole() {
    let (nginx, folder) = (server(), folder());
    // A disk of two pages, of this process alone.
    let script = r#"mkdir disk && mount -t tmpfs -o size=12k none disk || exit 77
        "$@" --out disk/a.log; code=$?; cp disk/a.log a.log; exit $code"#;
    let mut command = Command::new("unshare");
    command
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(grid().program())
        .args([
            "--url",
            &nginx.url(),
            "--allow-overload",
            "--log-format",
            "json",
        ])
        .args("--rate 100/s --duration 7s".split(' '))
        .current_dir(folder.path());
    let ended = Run::start(command).finish().expect_code(112);
    let said = ended
        .stderr
        .matches("disk/a.log is not whole: No space left")
        .count();
    assert_eq!(said, 1, "{}", ended.stderr);
    // The run went on.
    assert_eq!(nginx.stop().len(), 700);
    let report = tool(folder.path(), "report a.log").expect_code(0);
    assert!(
        report
            .stderr
            .contains("`a.log` was not written to its end: "),
        "{report:?}"
    );
}

#[test]
fn a_file_that_cannot_be_kept_is_refused_before_any_load() {
    let (nginx, folder) = (server(), folder());
    std::fs::write(folder.path().join("a.log"), "mine").expect("it can be written");
    for (line, said) in [
        (
            "--rate 9/s --duration 1s --out a.log",
            "a.log is there already",
        ),
        (
            "--rate 9/s --duration 1s --out no/a.log",
            "no/a.log cannot be written",
        ),
        ("--out b.log", "a functional run has none"),
        ("--rate 9/s --duration 1s --force", "--out"),
    ] {
        let ended = start(&nginx, folder.path(), line).finish().expect_code(104);
        assert!(ended.stderr.contains(said), "{line}: {}", ended.stderr);
    }
    let kept = std::fs::read_to_string(folder.path().join("a.log"));
    assert_eq!(kept.expect("it is there"), "mine");
    assert_eq!(nginx.stop().len(), 0);

    let other = tool(folder.path(), "report a.log").expect_code(4);
    assert!(other.stderr.contains("it is no result file"), "{other:?}");
    tool(folder.path(), "report none.log").expect_code(4);
    tool(folder.path(), "merge a.log").expect_code(2);
}
