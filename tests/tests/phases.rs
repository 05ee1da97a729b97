//! What runs before and after the iterations, on a real server: how often, in which order, and what becomes of it when
//! something fails or somebody interrupts the run.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid, Run, repository};
use serde_json::Value;
use std::collections::BTreeMap;

const GRID: &str = r#"
variable "url" {
  type = string
}

variable "fails_in" {
  type    = string
  default = ""
}

locals {
  place = setup.step.http_request.create.output.body
}

resource "http_client" "own" {
  arguments {
    headers = { x-place = local.place }
  }
}

flow "issue" {
  input "for" { type = string }

  step "print" "quiet" {
    enabled = false

    arguments {
      input = input.for
    }
  }

  output "token" {
    value     = "c4n4ry-${input.for}"
    sensitive = true
  }
}

setup {
  step "http_request" "create" {
    arguments {
      url = "${var.url}/create"
    }
  }

  step "issue" "token" {
    depends_on = ["create"]

    arguments {
      for = step.http_request.create.output.body
    }
  }

  step "http_request" "fill" {
    for_each   = toset(["a", "b"])
    depends_on = [step.issue.token]

    arguments {
      url           = "${var.url}/fill/${each.key}"
      expect_status = var.fails_in == "setup" ? 201 : 200
    }
  }
}

teardown {
  step "http_request" "empty" {
    arguments {
      url = "${var.url}/empty/${setup.step.http_request.fill["b"].output.status_code}"
    }
  }

  step "http_request" "remove" {
    depends_on = ["empty"]

    arguments {
      url           = "${var.url}/remove/${local.place}"
      expect_status = var.fails_in == "teardown" ? 201 : 200
    }
  }
}

vu_setup {
  step "http_request" "enter" {
    uses {
      client = resource.http_client.own
    }

    arguments {
      url           = "${var.url}/enter/?user=${vu.id}&id=${uuid()}"
      expect_status = var.fails_in == "vu_setup" ? 201 : 200
    }
  }
}

vu_teardown {
  step "http_request" "leave" {
    uses {
      client = resource.http_client.own
    }

    arguments {
      url = "${var.url}/leave/${vu_setup.step.http_request.enter.output.body}"
    }
  }
}

scenario "work" {
  load "per_vu_iterations" {
    vus        = 3
    iterations = 4
  }

  step "http_request" "open" {
    uses {
      client = resource.http_client.own
    }

    arguments {
      url = "${var.url}/visit/${vu_setup.step.http_request.enter.output.body}/${local.place}?fill=${jsonencode(setup.step.http_request.fill[*].output.status_code)}"
    }
  }

  step "print" "token" {
    arguments {
      input = setup.step.issue.token.output.token
    }
  }
}
"#;

/// `/enter` answers with a name of the user's session, which also says by which header it was asked.
const ANSWERS: &str = "
    location = /create { return 200 shop; }
    location /enter/ { return 200 $http_x_place-$arg_user; }
    location / { return 200 ok; }
";

fn start(grid: &Grid, nginx: &Nginx, line: &str) -> Run {
    let url = nginx.url();
    let always = ["--url", &url, "--log-format", "json", "--allow-overload"];
    let flags: Vec<&str> = always.into_iter().chain(line.split_whitespace()).collect();
    grid.start(&flags)
}

/// The paths of all requests in their order, without what differs from run to run.
fn paths(nginx: Nginx) -> Vec<String> {
    let lines = nginx.stop();
    let path = |line: &String| {
        let from = line.find('/').unwrap_or_default();
        line[from..].to_owned()
    };
    lines.iter().map(path).collect()
}

fn starting_with(paths: &[String], start: &str) -> usize {
    paths.iter().filter(|path| path.starts_with(start)).count()
}

/// How often each step ended, by the way to it.
fn counts(ended: &Finished) -> BTreeMap<String, u64> {
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str(line).ok());
    let summary = events.find(|event: &Value| event["event"] == "summary");
    let summary = summary.unwrap_or_else(|| panic!("no summary: {}", ended.stderr));
    let rows = summary["steps"].as_array().unwrap().iter();
    let named = rows.map(|row| {
        let path = row["path"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = path.filter_map(Value::as_str).collect();
        names.push(row["step"].as_str().unwrap());
        (names.join(" > "), row["count"].as_u64().unwrap())
    });
    named.collect()
}

#[test]
fn the_whole_run_is_set_up_once_and_each_user_once_on_any_number_of_threads() {
    let grid = Grid::new(GRID).build();
    let run = |threads: &str| {
        let nginx = Nginx::start(ANSWERS);
        let line = format!("--threads {threads} --seed 7 --vus 3 --iterations 12");
        let ended = start(&grid, &nginx, &line).finish().expect_code(0);
        (ended, paths(nginx))
    };
    let (ended, one) = run("1");
    assert_eq!(one[0], "/create", "{one:?}");
    let mut fills: Vec<&String> = one[1..3].iter().collect();
    fills.sort();
    assert_eq!(fills, ["/fill/a", "/fill/b"]);
    assert_eq!(&one[one.len() - 2..], ["/empty/200", "/remove/shop"]);
    assert_eq!(one.len(), 3 + 3 + 12 + 3 + 2, "{one:?}");
    for user in 1..=3 {
        // The client of the user carries what `setup` gave, also in the user's `vu_setup`.
        assert_eq!(starting_with(&one, &format!("/enter/?user={user}&id=")), 1);
        assert_eq!(starting_with(&one, &format!("/leave/shop-{user}")), 1);
    }
    let work = one.iter().filter(|path| path.starts_with("/visit/shop-"));
    let mut work = work.map(|path| path.split("/shop?fill=").nth(1));
    assert!(work.all(|fill| fill == Some("%5B200%2C200%5D") || fill == Some("[200,200]")));
    let counts = counts(&ended);
    let expected = [
        ("http_request.open", 12),
        ("print.token", 12),
        ("setup > http_request.create", 1),
        ("setup > http_request.fill", 2),
        ("setup > issue.token", 1),
        ("teardown > http_request.empty", 1),
        ("teardown > http_request.remove", 1),
        ("vu_setup > http_request.enter", 3),
        ("vu_teardown > http_request.leave", 3),
    ];
    for (name, count) in expected {
        assert_eq!(counts.get(name), Some(&count), "{name} in {counts:?}");
    }
    // A secret stays one.
    assert_eq!(ended.stdout.matches("(sensitive value)").count(), 12);
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains("c4n4ry"), "{text}");
    }

    // The same seed gives the same values, whatever runs beside it, and each user another one.
    let ids = |paths: &[String]| {
        let enters = paths.iter().filter(|path| path.starts_with("/enter/"));
        let mut ids: Vec<String> = enters.cloned().collect();
        ids.sort();
        ids
    };
    let (_, three) = run("3");
    assert_eq!(ids(&one), ids(&three));
    let mut values: Vec<String> = ids(&one)
        .iter()
        .map(|path| path.split("&id=").nth(1).unwrap().to_owned())
        .collect();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 3);
}

#[test]
fn an_interrupted_run_lets_its_users_leave_and_is_torn_down() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let mut run = start(&grid, &nginx, "--threads 2 --vus 4 --duration 1h");
    run.wait_for("\"event\":\"interval\"");
    run.signal("INT");
    run.finish().expect_code(105);
    let paths = paths(nginx);
    let counts = ["/create", "/enter/", "/leave/", "/empty/", "/remove/"];
    let counts = counts.map(|start| starting_with(&paths, start));
    assert_eq!(counts, [1, 4, 4, 1, 1]);
    assert_eq!(paths.last().unwrap(), "/remove/shop");
}

#[test]
fn what_fails_decides_the_exit_code_and_is_torn_down_as_far_as_it_came() {
    let grid = Grid::new(GRID).build();
    for (line, code, asked) in [
        // `empty` reads what never came, so it is skipped.
        (
            "--fails-in setup --vus 2 --iterations 2",
            100,
            vec!["/create", "/fill/", "/fill/", "/remove/shop"],
        ),
        (
            "--fails-in teardown --vus 1 --iterations 1",
            101,
            vec![
                "/create",
                "/fill/",
                "/fill/",
                "/enter/",
                "/visit/",
                "/leave/",
                "/empty/",
                "/remove/shop",
            ],
        ),
    ] {
        let nginx = Nginx::start(ANSWERS);
        let ended = start(&grid, &nginx, line).finish().expect_code(code);
        let paths = paths(nginx);
        // One of the two steps of a failed setup may be dropped before it has sent anything.
        let mut asked = asked;
        if code == 100 && starting_with(&paths, "/fill/") == 1 {
            asked.remove(1);
        }
        assert_eq!(
            paths.len(),
            asked.len(),
            "{line}: {paths:?}\n{}",
            ended.stderr
        );
        for (path, start) in paths.iter().zip(asked) {
            assert!(path.starts_with(start), "{line}: {paths:?}");
        }
    }
}

#[test]
fn the_lines_of_a_functional_run_show_all_phases_in_their_order() {
    let text = r#"
variable "enters" {
  type    = bool
  default = true
}

setup {
  step "noop" "a" {}
}

vu_setup {
  step "noop" "b" {
    check "may enter" {
      condition = var.enters
      required  = true
    }
  }
}

vu_teardown {
  step "noop" "d" {}
}

teardown {
  step "noop" "e" {}
}

threshold "setup is fast" {
  condition = metrics.noop.a.service_time.max < "1h"
}

step "noop" "c" {}
"#;
    let grid = Grid::new(text).build();
    let lines = |ended: &Finished| {
        let lines = ended.stderr.lines();
        let steps = lines.filter(|line| line.starts_with("passed ") || line.starts_with("FAILED "));
        let names = steps.filter_map(|line| line.split_whitespace().nth(1));
        let names = names.filter(|name| name.contains("noop."));
        names.map(str::to_owned).collect::<Vec<String>>()
    };
    let ended = grid.start(&[]).finish().expect_code(0);
    let passed = [
        "setup.noop.a",
        "vu_setup.noop.b",
        "noop.c",
        "vu_teardown.noop.d",
        "teardown.noop.e",
    ];
    assert_eq!(lines(&ended), passed, "{}", ended.stderr);
    // The only user of a functional run is not replaced.
    let ended = grid.start(&["--enters", "false"]).finish().expect_code(1);
    let names = lines(&ended);
    assert!(
        names.contains(&"teardown.noop.e".to_owned()),
        "{}",
        ended.stderr
    );
    for never in ["noop.c", "vu_teardown.noop.d"] {
        assert!(!names.contains(&never.to_owned()), "{}", ended.stderr);
    }
    // What belongs to the whole run has figures that a threshold reads.
    let ended = grid.start(&["--vus", "1", "--iterations", "1"]).finish();
    let ended = ended.expect_code(0);
    let line = ended
        .stderr
        .lines()
        .find(|line| line.contains("setup is fast"));
    let line = line.unwrap_or_else(|| panic!("{}", ended.stderr));
    assert!(line.contains("passed") && line.contains("got"), "{line}");
}

/// Probes of every scope, which users share with what runs around their iterations, and which are made anew for `setup`.
const PROBES: &str = r#"
resource "probe" "of_run" {
  scope = "run"
  arguments {
    name = "run after ${setup.step.touch.first.output.label}"
  }
}

resource "probe" "of_user" {
  scope = "vu"
  arguments {
    name = "user"
  }
}

resource "probe" "late" {
  scope = "vu"
  arguments {
    name = "late in ${vu_setup.step.touch.enter.output.label}"
  }
}

resource "probe" "one" {
  scope = "iteration"
  arguments {
    name = "one"
  }
}

setup {
  step "touch" "first" {
    uses {
      probe = resource.probe.of_user
    }
    arguments {
      label = "setup"
    }
  }
}

vu_setup {
  step "touch" "enter" {
    uses {
      probe = resource.probe.of_user
    }
    arguments {
      label = "enter ${resource.probe.of_run.name}, ${resource.probe.one.name}"
    }
  }
}

step "touch" "work" {
  uses {
    probe = resource.probe.of_user
  }
  arguments {
    label = "work in ${resource.probe.late.name}, ${resource.probe.one.name}"
  }
}

vu_teardown {
  step "touch" "leave" {
    uses {
      probe = resource.probe.of_user
    }
    arguments {
      label = "leave"
    }
  }
  step "print" "leave" {
    depends_on = ["touch.leave"]
    arguments {
      input = "leaves"
    }
  }
}

teardown {
  step "print" "last" {
    arguments {
      input = "teardown of ${resource.probe.of_run.name}"
    }
  }
}
"#;

#[test]
fn users_share_their_resources_with_what_runs_around_their_iterations() {
    let grid = Grid::new(PROBES)
        .module(repository().join("tests/modules/probe"))
        .build();
    for flags in [&[][..], &["--vus", "1", "--iterations", "1"]] {
        let ended = grid.start(flags).finish().expect_code(0);
        let out = &ended.stdout;
        let count = |text: &str| out.lines().filter(|line| *line == text).count();
        // One for `setup`, and one for the user, from its `vu_setup` to its `vu_teardown`.
        for word in ["created", "destroyed"] {
            assert_eq!(count(&format!("{word} user")), 2, "{out}");
            assert_eq!(count(&format!("{word} run after setup")), 1, "{out}");
            // One for `vu_setup`, and one for the iteration.
            assert_eq!(count(&format!("{word} one")), 2, "{out}");
        }
        let at = |text: &str| {
            let mut lines = out.lines();
            lines
                .position(|line| line == text)
                .unwrap_or_else(|| panic!("no {text:?} in {out}"))
        };
        let late = "late in enter run after setup, one";
        assert_eq!(count(&format!("created {late}")), 1, "{out}");
        let gone = out.lines().enumerate();
        let gone = gone.filter(|(_, line)| *line == "destroyed user").last();
        let gone = gone.unwrap().0;
        assert!(at("leaves") < gone, "{out}");
        assert!(gone < at("teardown of run after setup"), "{out}");
        assert!(
            at("teardown of run after setup") < at("destroyed run after setup"),
            "{out}"
        );
    }
}
