//! Files that a run writes: each has the figures that the server has, and the summary is what its schema says.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid, repository};
use serde_json::Value;
use std::path::Path;

const GRID: &str = r#"
variable "url" {
  type = string
}

resource "http_client" "shared" {
  scope = "worker"
}

metric "calls" {
  kind = "counter"
}

metric "cost" {
  kind  = "trend"
  unit  = "EUR"
  scale = 100
}

step "http_request" "home" {
  uses {
    client = resource.http_client.shared
  }
  arguments {
    url = "${var.url}/home"
  }
  check "is there" {
    condition = output.status_code == 200
  }
  check "has moved" {
    condition     = output.status_code > 300
    error_message = "got ${output.status_code}"
  }
  record {
    calls = 1
    cost  = 19.99
  }
}

step "http_request" "order" {
  depends_on          = ["home"]
  continue_on_failure = true
  tags = {
    team = "checkout"
  }
  arguments {
    url           = vu.iteration % 10 == 0 ? "${var.url}/bad" : "${var.url}/order"
    expect_status = 200
  }
}
"#;

fn server() -> Nginx {
    Nginx::start("location / { return 200 ok; }\n        location /bad { return 503; }")
}

/// Runs with all files in a folder.
fn run(grid: &Grid, nginx: &Nginx, (folder, line): (&Path, &str)) -> Finished {
    let file = |name: &str| folder.join(name).display().to_string();
    let (json, csv, junit) = (file("a.json"), file("a.csv"), file("a.xml"));
    let url = nginx.url();
    let mut flags = vec!["--url", &url, "--summary-json", &json, "--csv", &csv];
    flags.extend([
        "--junit",
        &junit,
        "--log-format",
        "json",
        "--allow-overload",
    ]);
    flags.extend(line.split(' ').filter(|word| !word.is_empty()));
    grid.start(&flags).finish()
}

fn read(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn summary_of(folder: &Path) -> Value {
    let text = read(folder, "a.json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The committed schema, in which no field may be missing that is written.
fn strict_schema() -> Value {
    let path = repository().join("docs/schema/summary.schema.json");
    let text = std::fs::read_to_string(path).expect("the schema is there");
    let mut schema = serde_json::from_str(&text).expect("the schema is JSON");
    forbid_others(&mut schema);
    schema
}

fn forbid_others(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(forbid_others);
            if object.get("properties").is_some_and(Value::is_object)
                && object.get("type") == Some(&Value::from("object"))
            {
                object.insert("additionalProperties".to_owned(), Value::from(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_others),
        _ => {}
    }
}

#[track_caller]
fn assert_valid(validator: &jsonschema::Validator, summary: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(summary)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{summary:#}");
}

/// The sum of a column over all seconds of a metric.
fn sum_of(csv: &str, name: &str, metric: &str) -> u64 {
    let mut lines = csv.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let column = |name: &str| {
        let found = head.iter().position(|column| *column == name);
        found.unwrap_or_else(|| panic!("no column {name} in {head:?}"))
    };
    let (names, metrics, sums) = (column("name"), column("metric"), column("sum"));
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let rows = rows.filter(|row| row[names] == name && row[metrics] == metric);
    rows.map(|row| row[sums].parse::<u64>().expect("a number"))
        .sum()
}

#[test]
fn all_files_have_the_figures_of_the_server_and_the_summary_is_as_its_schema_says() {
    let grid = Grid::new(GRID).build();
    let validator = jsonschema::validator_for(&strict_schema()).expect("the schema is one");
    for (line, total, exit) in [
        (
            "--rate 400/s --duration 3s --threads 2 --max-failed 50%",
            1_200,
            0,
        ),
        ("--vus 5 --iterations 500 --threads 2", 500, 99),
    ] {
        let nginx = server();
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let ended = run(&grid, &nginx, (folder, line)).expect_code(exit);
        let log = nginx.stop();
        let seen = |part: &str| log.iter().filter(|line| line.contains(part)).count() as u64;
        let (orders, bad) = (seen(" GET /order"), seen(" 503 GET /bad"));
        assert_eq!((log.len() as u64, orders + bad), (2 * total, total));
        assert!(bad > 0, "{line}");

        let summary = summary_of(folder);
        assert_valid(&validator, &summary);
        let events = ended.stderr.lines();
        let mut events = events.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let said = events.find(|event| event["event"] == "summary");
        assert_eq!(said.as_ref(), Some(&summary), "the line is the file");
        assert_eq!(summary["iterations"]["count"], total);
        assert_eq!(summary["steps"][0]["count"], total);
        assert_eq!(summary["steps"][1]["failed"], bad);
        assert_eq!(summary["steps"][1]["tags"]["team"], "checkout");
        assert_eq!(summary["failures"]["status"], bad);
        let example = &summary["examples"][0];
        assert_eq!(
            (&example["step"], &example["kind"]),
            (&"http_request.order".into(), &"status".into())
        );
        assert!(example["error"].to_string().contains("503"), "{example}");

        let checks = summary["checks"].as_array().expect("checks");
        for (check, passed) in checks.iter().zip([total, 0]) {
            assert_eq!(
                (&check["of"], &check["passed"]),
                (&total.into(), &passed.into())
            );
        }
        assert_eq!(checks[1]["example"]["text"], "got 200");
        let metrics = &summary["metrics"];
        assert_eq!(metrics["calls"]["sum"], total);
        assert_eq!(
            (&metrics["cost"]["count"], &metrics["cost"]["max"]),
            (&total.into(), &19.99.into())
        );

        let csv = read(folder, "a.csv");
        for (name, metric, expect) in [
            ("iterations", "ended", total),
            ("iterations", "failed", bad),
            ("http_request.home", "ended", total),
            ("http_request.order", "ended", total),
            ("http_request.order", "failures", bad),
            ("http_request.order", "answers", total),
            ("http_request.home", "checks", total),
            ("custom", "calls", total),
        ] {
            assert_eq!(
                sum_of(&csv, name, metric),
                expect,
                "{name} {metric} of {line}"
            );
        }

        let junit = read(folder, "a.xml");
        let failures = u64::from(exit == 99);
        let of_checks =
            "<testsuite name=\"checks\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">";
        assert!(junit.contains(of_checks), "{junit}");
        let suite = format!(
            "<testsuite name=\"thresholds\" tests=\"2\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        );
        assert!(junit.contains(&suite), "{junit}");
        assert_eq!(
            junit.matches("<failure message=\"").count() as u64,
            failures + 1,
            "{junit}"
        );
    }
}

#[test]
fn a_functional_run_has_a_summary_and_a_case_for_each_step() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let folder = tempfile::tempdir().expect("a folder");
    let ended = run(&grid, &nginx, (folder.path(), ""));
    let ended = ended.expect_code(1);
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    let validator = jsonschema::validator_for(&strict_schema()).expect("the schema is one");
    let summary = summary_of(folder.path());
    assert_valid(&validator, &summary);
    assert_eq!(
        (&summary["functional"], &summary["exit"]),
        (&true.into(), &1.into())
    );
    let junit = read(folder.path(), "a.xml");
    assert!(
        junit.contains("name=\"http_request.home\"")
            && junit.contains("<failure message=\"")
            && junit.contains("503"),
        "{junit}"
    );
}

#[test]
fn files_that_cannot_be_opened_stop_the_run_and_a_full_disk_does_not() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let url = nginx.url();
    let refused = grid
        .start(&[
            "--url",
            &url,
            "--iterations",
            "3",
            "--csv",
            "/no/such/folder/a.csv",
        ])
        .finish()
        .expect_code(104);
    assert!(
        refused
            .stderr
            .contains("/no/such/folder/a.csv cannot be written: "),
        "{}",
        refused.stderr
    );
    let full = grid
        .start(&[
            "--url",
            &url,
            "--iterations",
            "30",
            "--max-failed",
            "50%",
            "--csv",
            "/dev/full",
            "--summary-json",
            "-",
        ])
        .finish()
        .expect_code(112);
    let said = full.stderr.matches("/dev/full is not whole: ").count();
    assert_eq!(said, 1, "{}", full.stderr);
    let summary: Value = serde_json::from_str(&full.stdout).expect("stdout is the summary");
    assert_eq!(
        (
            &summary["exit"],
            &summary["verdict"],
            &summary["iterations"]["count"]
        ),
        (&112.into(), &"output failed".into(), &30.into())
    );
    assert_eq!(nginx.stop().len(), 60, "nothing was run before");
}

#[test]
fn the_plan_of_a_load_is_printed_and_nothing_is_run() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let url = nginx.url();
    let planned = grid
        .start(&[
            "--url",
            &url,
            "--rate",
            "50/s",
            "--duration",
            "2s",
            "--dry-run",
            "--assume-latency",
            "100ms",
        ])
        .finish()
        .expect_code(0);
    assert!(
        planned.stdout.contains(
            "in all 100 starts in 2.00s\n  if an iteration takes 100ms: up to 5 users at once"
        ),
        "{}",
        planned.stdout
    );
    assert!(nginx.stop().is_empty());
}
