//! Parts of steps on a real server, which counts: what is tried again, repeated, limited, stands in, ends a user or a run, and
//! what always runs.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use serde_json::Value;
use std::collections::BTreeMap;

/// Each scenario sends its requests below a path of its own.
const GRID: &str = r#"
variable "url" {
  type = string
}

resource "http_client" "shared" {
  scope = "worker"
}

scenario "retries" {
  step "http_request" "order" {
    arguments {
      url           = "${var.url}/fails/order"
      expect_status = 200
    }
    retry {
      attempts = 4
      retry_on = ["status"]
      backoff {
        strategy = "constant"
        initial  = "1ms"
        jitter   = "full"
      }
    }
    check "never judged" {
      condition = output.status_code == 200
    }
    on_error {
      action = "continue"
    }
  }

  step "http_request" "refused" {
    depends_on = ["order"]

    arguments {
      url           = "${var.url}/fails/refused"
      expect_status = 200
    }
    retry {
      attempts = 4
      abort_on = ["status"]
    }
    on_error {
      action = "continue"
    }
  }
}

scenario "pages" {
  step "http_request" "pages" {
    arguments {
      url = "${var.url}/pages/${try(previous.output.json.next, 1)}"
    }
    repeat {
      until   = output.json.next == null
      collect = output.json.items
    }
    check "the last page" {
      condition = output.json.items == ["d"]
    }
  }

  step "http_request" "found" {
    arguments {
      url = "${var.url}/found/${join("-", flatten(step.http_request.pages.output.collected))}"
    }
  }
}

scenario "stand_ins" {
  step "http_request" "price" {
    arguments {
      url           = "${var.url}/fails/price"
      expect_status = 200
    }
    on_error {
      fallback = { json = { price = 7 } }
    }
  }

  step "http_request" "paid" {
    arguments {
      url = "${var.url}/paid/${step.http_request.price.output.json.price}"
    }
  }
}

scenario "leaves" {
  load "per_vu_iterations" {
    vus        = 2
    iterations = 5
  }

  step "http_request" "visit" {
    arguments {
      url           = vu.id == 1 ? "${var.url}/fails/${vu.id}" : "${var.url}/leaves/${vu.id}"
      expect_status = 200
    }
    on_error {
      action = "stop_user"
    }
  }
}

scenario "leaves_open" {
  load "constant_arrival_rate" {
    rate     = 40
    duration = "1s"
    max_vus  = 2
  }

  step "http_request" "visit" {
    arguments {
      url           = "${var.url}/fails/open"
      expect_status = 200
    }
    on_error {
      action = "stop_user"
    }
  }
}

scenario "ends" {
  load "per_vu_iterations" {
    vus        = 1
    iterations = 1000
  }

  step "http_request" "visit" {
    arguments {
      url           = vu.iteration == 3 ? "${var.url}/fails/ends" : "${var.url}/ends"
      expect_status = 200
    }
    on_error {
      action = "stop_run"
    }
  }
}

scenario "together" {
  load "shared_iterations" {
    vus        = 8
    iterations = 200
  }

  step "http_request" "one" {
    count = 2

    arguments {
      url = "${var.url}/together"
    }
    concurrency {
      limit = 1
      scope = "run"
    }
  }
}

scenario "first" {
  step "http_request" "one" {
    count = 4

    arguments {
      url = "${var.url}/first/${count.index}"
    }
    concurrency {
      limit = 1
    }
  }
}

scenario "last" {
  step "http_request" "one" {
    count = 4

    arguments {
      url = "${var.url}/last/${count.index}"
    }
    concurrency {
      limit = 1
      order = "lifo"
    }
  }
}

scenario "often" {
  load "constant_vus" {
    vus      = 8
    duration = "1s"
  }

  step "http_request" "limited" {
    arguments {
      url = "${var.url}/often/${vu.id % 2}"
    }
    rate_limit {
      limit = 25
      key   = tostring(vu.id % 2)
    }
  }
}

scenario "always" {
  step "http_request" "login" {
    arguments {
      url = "${var.url}/always/login"
    }
  }

  step "http_request" "fails" {
    depends_on = ["login"]

    arguments {
      url           = "${var.url}/fails/always"
      expect_status = 200
    }
  }

  step "http_request" "never" {
    depends_on = ["fails"]

    arguments {
      url = "${var.url}/always/never"
    }
  }

  step "http_request" "logout" {
    always     = true
    depends_on = ["never"]

    arguments {
      url           = "${var.url}/fails/logout"
      expect_status = 200
    }
  }

  step "http_request" "cleanup" {
    always     = true
    depends_on = ["logout"]

    arguments {
      url = "${var.url}/always/cleanup"
    }
  }
}
"#;

const ANSWERS: &str = r#"
location / { return 200 ok; }
location /fails/ { return 503; }
location = /pages/1 { return 200 '{"items":["a","b"],"next":2}'; }
location = /pages/2 { return 200 '{"items":["c"],"next":3}'; }
location = /pages/3 { return 200 '{"items":["d"],"next":null}'; }
"#;

fn run(grid: &Grid, nginx: &Nginx, line: &str) -> Finished {
    let url = nginx.url();
    let always = ["--url", &url, "--log-format", "json", "--allow-overload"];
    let flags: Vec<&str> = always.into_iter().chain(line.split_whitespace()).collect();
    grid.start(&flags).finish()
}

/// The paths that nginx was asked for, in the order in which it was.
fn asked(nginx: Nginx) -> Vec<String> {
    let lines = nginx.stop().into_iter();
    lines
        .map(|line| line[line.find('/').unwrap_or_default()..].to_owned())
        .collect()
}

/// How often nginx was asked for each path.
fn counted(nginx: Nginx) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for path in asked(nginx) {
        *counts.entry(path).or_default() += 1;
    }
    counts
}

fn paths(counts: &BTreeMap<String, usize>) -> Vec<(&str, usize)> {
    let counts = counts.iter();
    counts
        .map(|(path, count)| (path.as_str(), *count))
        .collect()
}

fn summary(ended: &Finished) -> Value {
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str(line).ok());
    let summary = events.find(|event: &Value| event["event"] == "summary");
    summary.unwrap_or_else(|| panic!("no summary: {}", ended.stderr))
}

/// The row of a step in the summary.
fn row(summary: &Value, step: &str) -> Value {
    let mut rows = summary["steps"].as_array().unwrap().iter();
    let row = rows.find(|row| row["step"] == step && row["count"] != 0);
    row.unwrap_or_else(|| panic!("no row {step}: {summary}"))
        .clone()
}

#[test]
fn attempts_are_as_many_as_the_server_counts_and_checks_count_once() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario retries --vus 1 --iterations 2").expect_code(99);
    let counts = counted(nginx);
    let expected = [("/fails/order", 8), ("/fails/refused", 2)];
    assert_eq!(paths(&counts), expected);
    let summary = summary(&ended);
    let order = row(&summary, "http_request.order");
    let metric = |row: &Value, name: &str| row["metrics"][name].clone();
    assert_eq!(order["count"], 2, "{order}");
    assert_eq!(order["failed"], 2, "{order}");
    assert_eq!(metric(&order, "attempts")["sum"], 8, "{order}");
    assert_eq!(metric(&order, "retries")["sum"], 6, "{order}");
    assert_eq!(metric(&order, "requests")["sum"], 8, "{order}");
    let refused = row(&summary, "http_request.refused");
    assert_eq!(metric(&refused, "attempts")["sum"], 2, "{refused}");
    let checks = summary["checks"].as_array().unwrap();
    let judged = checks
        .iter()
        .find(|row| row["check"] == "never judged")
        .unwrap();
    assert_eq!((&judged["passed"], &judged["of"]), (&0.into(), &2.into()));
}

#[test]
fn pages_are_followed_until_the_last_one_and_collected() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    run(&grid, &nginx, "--scenario pages").expect_code(0);
    let counts = counted(nginx);
    let expected = [
        ("/found/a-b-c-d", 1),
        ("/pages/1", 1),
        ("/pages/2", 1),
        ("/pages/3", 1),
    ];
    assert_eq!(paths(&counts), expected);
}

#[test]
fn a_fallback_is_read_in_place_of_the_output_and_the_iteration_passes() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario stand_ins --vus 1 --iterations 3").expect_code(0);
    let counts = counted(nginx);
    assert_eq!(paths(&counts), [("/fails/price", 3), ("/paid/7", 3)]);
    let summary = summary(&ended);
    assert_eq!(summary["iterations"]["failed"], 0);
    assert_eq!(row(&summary, "http_request.price")["failed"], 3);
}

#[test]
fn a_failure_ends_its_user_or_the_run() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    run(&grid, &nginx, "--scenario leaves").expect_code(99);
    assert_eq!(paths(&counted(nginx)), [("/fails/1", 1), ("/leaves/2", 5)]);

    // Where arrivals go on, another user has the place of one that has left.
    let nginx = Nginx::start(ANSWERS);
    run(&grid, &nginx, "--scenario leaves_open").expect_code(99);
    assert_eq!(paths(&counted(nginx)), [("/fails/open", 40)]);

    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario ends").expect_code(1);
    assert_eq!(paths(&counted(nginx)), [("/ends", 3), ("/fails/ends", 1)]);
    assert!(
        ended
            .stderr
            .contains("http_request.visit failed, which ends the run"),
        "{}",
        ended.stderr
    );
}

#[test]
fn users_of_two_threads_share_one_place_and_all_of_them_come_to_their_turn() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    run(&grid, &nginx, "--scenario together --threads 2").expect_code(0);
    assert_eq!(paths(&counted(nginx)), [("/together", 400)]);
}

#[test]
fn a_place_goes_to_who_came_first_or_to_who_came_last() {
    let grid = Grid::new(GRID).build();
    for (scenario, order) in [("first", [0, 1, 2, 3]), ("last", [0, 3, 2, 1])] {
        let nginx = Nginx::start(ANSWERS);
        run(&grid, &nginx, &format!("--scenario {scenario}")).expect_code(0);
        assert_eq!(asked(nginx), order.map(|at| format!("/{scenario}/{at}")));
    }
}

#[test]
fn no_more_requests_come_than_the_rate_says_for_each_key_over_two_threads() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, "--scenario often --threads 2").expect_code(0);
    let seconds = summary(&ended)["seconds"].as_f64().unwrap();
    let most = (25.0 * seconds) as usize + 1;
    let counts = counted(nginx);
    assert_eq!(counts.len(), 2, "{counts:?}");
    for (path, count) in counts {
        // Eight users without a limit send thousands.
        assert!((15..=most).contains(&count), "{path}: {count} of {most}");
    }
}

#[test]
fn steps_that_always_run_do_so_behind_a_failure_and_behind_each_other() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    run(&grid, &nginx, "--scenario always --vus 1 --iterations 2").expect_code(99);
    let counts = counted(nginx);
    let expected = [
        ("/always/cleanup", 2),
        ("/always/login", 2),
        ("/fails/always", 2),
        ("/fails/logout", 2),
    ];
    assert_eq!(paths(&counts), expected);
}
