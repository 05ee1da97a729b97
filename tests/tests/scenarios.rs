//! Scenarios that a grid declares, on a real server: each puts on the load of its own profile, to the request, beside the others.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use serde_json::Value;
use std::collections::BTreeMap;

/// A scenario of each profile; its requests go to a path of its own.
const GRID: &str = r#"
variable "url" {
  type = string
}

variable "speed" {
  type    = number
  default = 200
}

locals {
  length = "1500ms"
}

resource "http_client" "shared" {}

scenario "steady" {
  load "constant_arrival_rate" {
    rate     = var.speed
    duration = local.length
  }
  step "http_request" "hit" {
    uses {
      client = resource.http_client.shared
    }
    arguments {
      url = "${var.url}/steady"
    }
  }
}

scenario "climbing" {
  load "ramping_arrival_rate" {
    stage {
      duration = "1s"
      rate     = var.speed
    }
    stage {
      duration = "500ms"
      rate     = var.speed
    }
    vus      = 2
    warm_up  = "200ms"
  }
  step "http_request" "hit" {
    uses {
      client = resource.http_client.shared
    }
    arguments {
      url = "${var.url}/climbing"
    }
  }
  step "http_request" "again" {
    depends_on = ["hit"]
    arguments {
      url = "${var.url}/again"
    }
  }
}

scenario "sharing" {
  load "shared_iterations" {
    vus        = 10
    iterations = 300
  }
  step "http_request" "hit" {
    arguments {
      url = "${var.url}/sharing"
    }
  }
}

scenario "each" {
  load "per_vu_iterations" {
    vus        = 7
    iterations = 20
  }
  resource "http_client" "shared" {}
  step "http_request" "hit" {
    uses {
      client = resource.http_client.shared
    }
    arguments {
      url = "${var.url}/each"
    }
  }
}

scenario "single" {
  load "once" {
    max_duration = "100ms"
  }
  graceful_stop = "200ms"
  step "http_request" "hit" {
    arguments {
      url = "${var.url}/single"
    }
  }
}

scenario "paced" {
  load "constant_vus" {
    vus      = 3
    duration = "1s"
  }
  pace  = "300ms"
  after = scenario.single
  step "http_request" "hit" {
    arguments {
      url = "${var.url}/paced"
    }
  }
}

scenario "coming" {
  load "ramping_vus" {
    start_vus = 0
    stage {
      duration = "1s"
      vus      = 4
    }
  }
  pace = "10ms"
  step "http_request" "hit" {
    arguments {
      url = "${var.url}/coming"
    }
  }
}
"#;

fn run(grid: &Grid, nginx: &Nginx, line: &str) -> Finished {
    let url = nginx.url();
    // Whether a busy machine holds the schedule is no matter of these tests.
    let always = ["--url", &url, "--log-format", "json", "--allow-overload"];
    let line = line.split_whitespace();
    let flags: Vec<&str> = always.into_iter().chain(line).collect();
    grid.start(&flags).finish()
}

fn events(ended: &Finished) -> Vec<Value> {
    let lines = ended.stderr.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// Requests by their path, as nginx counted them.
fn requests(nginx: Nginx) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in nginx.stop() {
        let path = line.rsplit('/').next().unwrap_or_default().to_owned();
        *counts.entry(path).or_insert(0) += 1;
    }
    counts
}

/// How often each step ended by the summary, by the last part of its path.
fn reported(ended: &Finished) -> BTreeMap<String, u64> {
    let events = events(ended);
    let summary = events.iter().find(|event| event["event"] == "summary");
    let summary = summary.unwrap_or_else(|| panic!("no summary: {}", ended.stderr));
    let mut counts = BTreeMap::new();
    for row in summary["steps"].as_array().unwrap() {
        let name = match row["step"].as_str().unwrap() {
            "http_request.again" => "again",
            _ => row["scenario"].as_str().unwrap(),
        };
        *counts.entry(name.to_owned()).or_insert(0) += row["count"].as_u64().unwrap();
    }
    counts
}

#[test]
fn each_profile_sends_what_it_declares_beside_the_others_and_a_variable_decides_a_rate() {
    let grid = Grid::new(GRID).build();
    for (line, speed) in [("--threads 1", 200), ("--threads 2 --speed 120", 120)] {
        let nginx = Nginx::start("location / { return 200 ok; }");
        let ended = run(&grid, &nginx, line).expect_code(0);
        let counted = requests(nginx);
        let exact = [
            ("steady", speed * 3 / 2),
            // Half of what the rate would give in the first second, and all of it in the second half.
            ("climbing", speed),
            ("again", speed),
            ("sharing", 300),
            ("each", 140),
            ("single", 1),
        ];
        for (path, expected) in exact {
            assert_eq!(counted.get(path), Some(&expected), "{path} of {line}");
        }
        // Each of three users begins at 0, 300, 600 and 900 ms, unless this machine stands still.
        let paced = counted["paced"];
        assert!((3..=12).contains(&paced), "{paced} paced of {line}");
        // What is due in the warm-up is counted apart from the rest.
        let mut reported = reported(&ended);
        assert!(reported["climbing"] <= speed);
        for path in ["climbing", "again"] {
            reported.insert(path.to_owned(), speed);
        }
        assert_eq!(reported, counted, "{line}");
    }
}

#[test]
fn a_load_that_variables_make_impossible_is_refused_with_its_place_before_any_request() {
    let grid = Grid::new(GRID).build();
    for (line, expected) in [
        (
            "--speed -3",
            "grid.hcl:19:16: `rate` must not be negative, found -3",
        ),
        (
            "--speed 0.33333333",
            "`rate` has more than 6 digits after the point, found 0.33333333",
        ),
        (
            "--scenario nobody",
            "there is no scenario nobody: there are steady, climbing, sharing, each, single, paced, coming",
        ),
        (
            "--vus 3 --duration 1s",
            "the flags give one load, and there are several scenarios: add --scenario NAME",
        ),
    ] {
        let nginx = Nginx::start("location / { return 200 ok; }");
        let ended = run(&grid, &nginx, line).expect_code(104);
        assert!(ended.stderr.contains(expected), "{line}: {}", ended.stderr);
        assert!(requests(nginx).is_empty());
    }
}

#[test]
fn flags_choose_scenarios_replace_a_load_and_ask_for_one_run_of_each() {
    let grid = Grid::new(GRID).build();
    let server = || Nginx::start("location / { return 200 ok; }");
    let nginx = server();
    let line = "--scenario steady --vus 2 --iterations 9";
    let ended = run(&grid, &nginx, line).expect_code(0);
    let counted = BTreeMap::from([("steady".to_owned(), 9)]);
    assert_eq!(requests(nginx), counted);
    let start = &events(&ended)[0]["scenarios"];
    assert_eq!(
        (&start[0]["profile"], &start[0]["replaces"]),
        (&"shared_iterations".into(), &"constant_arrival_rate".into())
    );

    let nginx = server();
    let ended = run(&grid, &nginx, "--once").expect_code(0);
    let all = [
        "steady", "climbing", "again", "sharing", "each", "single", "paced", "coming",
    ];
    let counted = all.map(|name| (name.to_owned(), 1));
    assert_eq!(requests(nginx), BTreeMap::from(counted));
    let steps: Vec<String> = events(&ended)
        .iter()
        .filter(|event| event["event"] == "step")
        .filter_map(|event| Some(event["scenario"].as_str()?.to_owned()))
        .collect();
    let in_order = [
        "steady", "climbing", "climbing", "sharing", "each", "single", "paced", "coming",
    ];
    assert_eq!(steps, in_order);

    let nginx = server();
    let line = "--scenario each --scenario single";
    run(&grid, &nginx, line).expect_code(0);
    let counted = [("each".to_owned(), 140), ("single".to_owned(), 1)];
    assert_eq!(requests(nginx), BTreeMap::from(counted));
}

/// Two scenarios run one flow: `all` numbers its iterations over the run, `own` over each user.
#[test]
fn a_scenario_tells_its_name_and_the_numbers_of_its_iterations() {
    let grid = Grid::new(
        r#"
        flow "say" {
          step "print" "name" {
            arguments {
              input = "${scenario.name} ${scenario.iteration}"
            }
          }
        }

        scenario "all" {
          load "shared_iterations" {
            vus        = 3
            iterations = 6
          }
          step "say" "it" {}
        }

        scenario "own" {
          load "per_vu_iterations" {
            vus        = 2
            iterations = 2
          }
          step "say" "it" {}
        }
        "#,
    );
    let ended = grid.build().start(&["--threads", "2"]).finish();
    let ended = ended.expect_code(0);
    let mut lines: Vec<&str> = ended.stdout.lines().collect();
    lines.sort_unstable();
    let all = ["all 0", "all 1", "all 2", "all 3", "all 4", "all 5"];
    let own = ["own 0", "own 0", "own 1", "own 1"];
    assert_eq!(lines, [&all[..], &own[..]].concat());
}
