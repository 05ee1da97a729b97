//! Flows on a real server: what is handed to them and comes back, several calls at the same time, mixes, and calls that fail.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use serde_json::Value;
use std::collections::BTreeMap;

/// Each scenario sends its requests below a path of its own.
const GRID: &str = r#"
variable "url" {
  type = string
}

variable "token" {
  type      = string
  sensitive = true
  default   = "c4n4ry"
}

variable "no_json" {
  type    = string
  default = "so no page"
}

locals {
  id = uuid()
}

resource "http_client" "shared" {}

flow "visit" {
  input "page" { type = string }
  input "times" {
    type    = number
    default = 1
  }

  resource "http_client" "own" {
    scope = "iteration"
  }

  step "http_request" "open" {
    arguments {
      url = "${var.url}/${input.page}/${uuid()}"
    }
    uses {
      client = resource.http_client.shared
    }
  }

  step "http_request" "again" {
    depends_on = ["open"]
    enabled    = input.times > 1

    arguments {
      url = "${var.url}/${input.page}/again/${local.id}"
    }
    uses {
      client = resource.http_client.own
    }
  }

  output "status" {
    value = step.http_request.open.output.status_code * input.times
  }
}

flow "both" {
  input "page" {}

  step "visit" "first" {
    arguments {
      page  = "${input.page}/first"
      times = 2
    }
  }

  step "visit" "second" {
    arguments {
      page  = "${input.page}/second"
      times = 2
    }
  }

  output "statuses" {
    value = [step.visit.first.output.status, step.visit.second.output.status]
  }
}

flow "secret" {
  input "token" {}

  step "print" "show" {
    arguments {
      input = "token: ${input.token}"
    }
  }

  output "echo" {
    value = "(${input.token})"
  }
}

flow "broken" {
  input "page" { type = string }

  step "http_request" "fails" {
    arguments {
      url           = "${var.url}/${input.page}"
      expect_status = 201
    }
  }

  step "http_request" "never" {
    depends_on = ["fails"]

    arguments {
      url = "${var.url}/never"
    }
  }
}

flow "buy" {
  step "http_request" "open" {
    arguments {
      url = "${var.url}/mix/buy"
    }
  }
}

scenario "values" {
  step "both" "two" {
    count = 2

    arguments {
      page = "values/${count.index}"
    }

    check "every answer counts twice" {
      condition = output.statuses == [400, 400]
    }
  }

  step "print" "show" {
    arguments {
      input = step.both.two[*].output.statuses
    }
  }
}

scenario "seeded" {
  load "per_vu_iterations" {
    vus        = 4
    iterations = 5
  }

  step "both" "side_by_side" {
    arguments {
      page = "seeded"
    }
  }

  step "visit" "beside" {
    count = 3

    arguments {
      page = "seeded/beside"
    }
  }
}

scenario "mixed" {
  load "shared_iterations" {
    vus        = 5
    iterations = 200
  }

  mix = { buy = 3 }

  mix "visit" {
    weight = 7

    arguments {
      page = "mix/visit"
    }
  }
}

scenario "mixed_in_a_step" {
  load "shared_iterations" {
    vus        = 5
    iterations = 200
  }

  step "mix" "then" {
    mix = { buy = 3 }

    mix "visit" {
      weight = 7

      arguments {
        page  = "within/visit"
        times = scenario.iteration > 0 ? null : 2
      }
    }

    mix "broken" {
      weight = 0

      arguments {
        page = jsondecode(var.no_json)
      }
    }
  }
}

scenario "secrets" {
  step "secret" "shown" {
    arguments {
      token = var.token
    }
  }

  step "print" "echo" {
    arguments {
      input = step.secret.shown.output.echo
    }
  }
}

scenario "failing" {
  step "broken" "goes_on" {
    continue_on_failure = true

    arguments {
      page = "failing/first"
    }
  }

  step "broken" "ends" {
    depends_on = ["goes_on"]

    arguments {
      page = "failing/second"
    }
  }

  step "http_request" "after" {
    depends_on = [step.broken.ends]

    arguments {
      url = "${var.url}/after"
    }
  }
}
"#;

const ANSWERS: &str = "location / { return 200 ok; }";

fn run(grid: &Grid, nginx: &Nginx, line: &str) -> Finished {
    let url = nginx.url();
    let always = ["--url", &url, "--log-format", "json", "--allow-overload"];
    let flags: Vec<&str> = always.into_iter().chain(line.split_whitespace()).collect();
    grid.start(&flags).finish()
}

/// The paths of all requests that nginx has counted, sorted.
fn paths(nginx: Nginx) -> Vec<String> {
    let lines = nginx.stop();
    let path = |line: &String| {
        let from = line.find('/').unwrap_or_default();
        line[from..].to_owned()
    };
    let mut paths: Vec<String> = lines.iter().map(path).collect();
    paths.sort();
    paths
}

/// The rows of the steps of the summary that ended at least once, by the calls on the way to them and their own name.
fn ended_steps(ended: &Finished) -> BTreeMap<String, Value> {
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str(line).ok());
    let summary = events.find(|event: &Value| event["event"] == "summary");
    let summary = summary.unwrap_or_else(|| panic!("no summary: {}", ended.stderr));
    let rows = summary["steps"].as_array().unwrap().iter();
    let ran = rows.filter(|row| row["count"] != 0);
    let named = ran.map(|row| {
        let path = row["path"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = path.filter_map(Value::as_str).collect();
        names.push(row["step"].as_str().unwrap());
        (names.join(" > "), row.clone())
    });
    named.collect()
}

fn starting_with(paths: &[String], start: &str) -> usize {
    paths.iter().filter(|path| path.starts_with(start)).count()
}

#[test]
fn a_flow_gets_its_inputs_gives_its_outputs_and_each_call_is_counted_by_itself() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario values").expect_code(0);
    assert_eq!(ended.stdout.trim(), "[[400,400],[400,400]]");
    let paths = paths(nginx);
    for call in ["0/first", "0/second", "1/first", "1/second"] {
        // The page itself, and once more with the value of the local.
        assert_eq!(
            starting_with(&paths, &format!("/values/{call}/")),
            2,
            "{paths:?}"
        );
    }
    // A local has one value in an iteration, whichever call reads it.
    let again: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.split("/again/").nth(1))
        .collect();
    assert_eq!(again.len(), 4);
    assert!(again.iter().all(|id| *id == again[0]), "{again:?}");
    let steps = ended_steps(&ended);
    let counts: Vec<(&str, &Value)> = steps
        .iter()
        .map(|(name, row)| (name.as_str(), &row["count"]))
        .collect();
    let (once, twice) = (Value::from(1), Value::from(2));
    assert_eq!(
        counts,
        [
            ("both.two", &twice),
            ("both.two > visit.first", &twice),
            ("both.two > visit.first > http_request.again", &twice),
            ("both.two > visit.first > http_request.open", &twice),
            ("both.two > visit.second", &twice),
            ("both.two > visit.second > http_request.again", &twice),
            ("both.two > visit.second > http_request.open", &twice),
            ("print.show", &once),
        ]
    );

    // The same seed gives the same values, on any number of threads, to calls that run at the same time.
    let seeded = |threads: &str, seed: &str| {
        let nginx = Nginx::start(ANSWERS);
        let line = format!("--scenario seeded --threads {threads} --seed {seed}");
        run(&grid, &nginx, &line).expect_code(0);
        self::paths(nginx)
    };
    let one = seeded("1", "7");
    // Each of 20 iterations opens five pages, and two of them once more.
    assert_eq!(one.len(), 20 * 7);
    let mut unlike = one.clone();
    unlike.retain(|path| !path.contains("/again/"));
    unlike.dedup();
    assert_eq!(unlike.len(), 20 * 5, "no two calls draw the same value");
    assert_eq!(seeded("4", "7"), one);
    assert_ne!(seeded("4", "8"), one);
}

#[test]
fn a_mix_runs_each_flow_as_often_as_its_weight_says_on_any_number_of_threads() {
    let grid = Grid::new(GRID).build();
    for threads in ["1", "2", "3"] {
        let nginx = Nginx::start(ANSWERS);
        let line = format!("--scenario mixed --threads {threads}");
        let ended = run(&grid, &nginx, &line).expect_code(0);
        let paths = paths(nginx);
        assert_eq!(paths.len(), 200);
        assert_eq!(starting_with(&paths, "/mix/buy"), 60);
        assert_eq!(starting_with(&paths, "/mix/visit/"), 140);
        let steps = ended_steps(&ended);
        assert_eq!(steps["buy.buy > http_request.open"]["count"], 60);
        assert_eq!(steps["visit.visit > http_request.open"]["count"], 140);
    }
}

#[test]
fn a_mix_in_a_step_computes_what_it_hands_only_to_the_flow_that_it_chooses() {
    let grid = Grid::new(GRID).build();
    for threads in ["1", "3"] {
        let nginx = Nginx::start(ANSWERS);
        let line = format!("--scenario mixed_in_a_step --threads {threads}");
        // What it would hand to a flow that it never chooses cannot be computed.
        let ended = run(&grid, &nginx, &line).expect_code(0);
        let paths = paths(nginx);
        assert_eq!(starting_with(&paths, "/mix/buy"), 60);
        assert_eq!(starting_with(&paths, "/within/visit/"), paths.len() - 60);
        let steps = ended_steps(&ended);
        let visits = &steps["mix.then > visit.visit > http_request.open"];
        assert_eq!(visits["count"], 140);
        // Null is the default of the input, so one visit at most is made twice.
        assert!(paths.len() <= 201, "{}", paths.len());
    }
}

#[test]
fn what_a_call_hands_over_that_is_secret_is_secret_in_the_flow_and_in_what_comes_back() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario secrets").expect_code(0);
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains("c4n4ry"), "{text}");
    }
    assert_eq!(ended.stdout.matches("(sensitive value)").count(), 2);
    assert!(nginx.stop().is_empty());
}

#[test]
fn a_step_that_fails_ends_its_flow_and_the_call_fails_with_it() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario failing").expect_code(99);
    assert_eq!(paths(nginx), ["/failing/first", "/failing/second"]);
    let steps = ended_steps(&ended);
    let failures: Vec<(&str, String)> = steps
        .iter()
        .map(|(name, row)| (name.as_str(), row["failures"].to_string()))
        .collect();
    let (flow, status) = ("{\"flow\":1}".to_owned(), "{\"status\":1}".to_owned());
    assert_eq!(
        failures,
        [
            ("broken.ends", flow.clone()),
            ("broken.ends > http_request.fails", status.clone()),
            ("broken.goes_on", flow),
            ("broken.goes_on > http_request.fails", status),
        ]
    );
    assert_eq!(steps["broken.goes_on"]["continued"], 1);
    assert_eq!(steps["broken.ends"]["continued"], 0);
}

/// Looked up by the row of the step, which stands below the calls.
#[test]
fn a_failure_in_a_flow_has_its_text_in_the_lines_and_in_the_summary_of_a_load_run() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let url = nginx.url();
    let flags = ["--url", &url, "--scenario", "failing", "--allow-overload"];
    let load = [&flags[..], &["--vus", "1", "--iterations", "2"]].concat();
    let ended = grid.start(&load).finish().expect_code(99);
    let calls = ["broken.goes_on", "broken.ends"];
    for call in calls {
        let first = format!("failed: failing.{call}.http_request.fails  status: ");
        assert!(ended.stderr.contains(&first), "{}", ended.stderr);
    }
    let text = "status 200, expected 201";
    // Each as a line when it happened, and below its kind in the summary.
    assert_eq!(ended.stderr.matches(text).count(), 4, "{}", ended.stderr);
    nginx.stop();
}
