//! Instances that are known only when their step begins, on a real server: made of variables, of answers and of inputs.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};

/// Each scenario sends its requests below a path of its own.
const GRID: &str = r#"
variable "url" {
  type = string
}

variable "n" {
  type    = number
  default = 0
}

variable "hosts" {
  type    = map(object({ path = string }))
  default = {}
}

variable "anything" {
  type    = string
  default = "{}"
}

scenario "counted" {
  step "http_request" "page" {
    count = var.n
    arguments {
      url = "${var.url}/counted/${count.index}"
    }
  }

  step "print" "codes" {
    arguments {
      input = {
        pages = length(step.http_request.page)
        sum   = sum(concat([0], step.http_request.page[*].output.status_code))
      }
    }
  }
}

scenario "of_a_map" {
  step "http_request" "host" {
    for_each = var.hosts
    arguments {
      url = "${var.url}/host/${each.key}/${each.value.path}"
    }
  }
}

scenario "of_anything" {
  step "noop" "one" {
    for_each = jsondecode(var.anything)
  }

  step "print" "after" {
    arguments {
      input = "${length(step.noop.one)} ran"
    }
  }
}

scenario "disabled" {
  step "http_request" "list" {
    enabled = false
    arguments {
      url = "${var.url}/never"
    }
  }

  step "http_request" "item" {
    enabled = false
    count   = step.http_request.list.output.json.total
    arguments {
      url = "${var.url}/never"
    }
  }

  step "print" "after" {
    arguments {
      input = step.http_request.item[*].output.status_code
    }
  }
}

scenario "read_too_far" {
  step "http_request" "page" {
    count = var.n
    arguments {
      url = "${var.url}/far/${count.index}"
    }
  }

  step "print" "third" {
    arguments {
      input = step.http_request.page[2].output.status_code
    }
  }
}
"#;

/// What an answer says, without any load.
const OF_AN_ANSWER: &str = r#"
variable "url" {
  type = string
}

step "http_request" "list" {
  arguments {
    url = "${var.url}/list"
  }
}

step "http_request" "item" {
  for_each = toset(step.http_request.list.output.json.ids)
  arguments {
    url = "${var.url}/item/${each.value}"
  }
}

step "http_request" "price" {
  for_each = step.http_request.list.output.json.prices
  enabled  = each.value > 1
  arguments {
    url = "${var.url}/price/${each.key}/${each.value}/${step.http_request.item[each.key].output.status_code}"
  }
}

step "print" "read" {
  arguments {
    input = {
      keys   = keys(step.http_request.item)
      codes  = { for id, item in step.http_request.item : id => item.output.status_code }
      one    = step.http_request.item["b"].output.status_code
      prices = [for price in step.http_request.price : try(price.output.status_code, "none")]
    }
  }
}
"#;

/// Under load, and in a flow.
const LOADED: &str = r#"
variable "url" {
  type = string
}

flow "visit" {
  input "pages" {
    type = number
  }

  step "http_request" "open" {
    count = input.pages
    arguments {
      url = "${var.url}/flow/${uuid()}"
    }
  }

  output "opened" {
    value = length(step.http_request.open)
  }
}

scenario "of_a_flow" {
  load "per_vu_iterations" {
    vus        = 4
    iterations = 5
  }

  step "visit" "some" {
    count = random_int(1, 3)
    arguments {
      pages = count.index + 1
    }
    check "all pages are opened" {
      condition = output.opened == count.index + 1
      required  = true
    }
  }
}
"#;

/// Each call makes a client on top of one that it is handed, which is there until the last step has used it.
const RESOURCES: &str = r#"
variable "url" {
  type = string
}

variable "n" {
  type = number
}

resource "http_client" "shared" {}

flow "visit" {
  resource "http_client" "own" {
    scope      = "iteration"
    depends_on = [resource.http_client.shared]
  }

  step "http_request" "open" {
    count = var.n
    arguments {
      url = "${var.url}/visit/${count.index}"
    }
    uses {
      client = resource.http_client.own
    }
  }
}

step "visit" "many" {
  count = var.n
}

step "http_request" "after" {
  depends_on = ["many"]
  arguments {
    url = "${var.url}/after"
  }
  uses {
    client = resource.http_client.shared
  }
}
"#;

const ANSWERS: &str = r#"
    location / { return 200 ok; }
    location /list { return 200 '{"ids": ["b", "a", "b"], "prices": {"b": 2, "a": 1}}'; }
"#;

fn run(grid: &Grid, nginx: &Nginx, flags: &[&str]) -> Finished {
    let url = nginx.url();
    let always = ["--url", &url, "--allow-overload"];
    let flags: Vec<&str> = always.into_iter().chain(flags.iter().copied()).collect();
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

#[test]
fn a_variable_says_how_many_requests_are_sent() {
    let grid = Grid::new(GRID).build();
    for count in [0, 1, 250] {
        let nginx = Nginx::start(ANSWERS);
        let n = count.to_string();
        let ended = run(&grid, &nginx, &["--scenario", "counted", "--n", &n]).expect_code(0);
        let sum = 200 * count;
        let expected = format!("{{\"pages\":{count},\"sum\":{sum}}}");
        assert_eq!(ended.stdout.trim(), expected);
        let mut wanted: Vec<String> = (0..count).map(|at| format!("/counted/{at}")).collect();
        wanted.sort();
        assert_eq!(paths(nginx), wanted);
    }
}

#[test]
fn an_answer_says_which_requests_are_sent_and_lines_name_them() {
    let grid = Grid::new(OF_AN_ANSWER).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, &[]).expect_code(0);
    assert_eq!(
        ended.stdout.trim(),
        r#"{"keys":["a","b"],"codes":{"a":200,"b":200},"one":200,"prices":["none",200]}"#
    );
    for name in [
        "http_request.item[\"a\"]",
        "http_request.item[\"b\"]",
        "http_request.price[\"a\"]",
        "http_request.price[\"b\"]",
    ] {
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
    assert_eq!(
        paths(nginx),
        ["/item/a", "/item/b", "/list", "/price/b/2/200"]
    );

    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let hosts = r#"{ us = { path = "x" }, eu = { path = "y" } }"#;
    run(&grid, &nginx, &["--scenario", "of_a_map", "--hosts", hosts]).expect_code(0);
    assert_eq!(paths(nginx), ["/host/eu/y", "/host/us/x"]);
}

#[test]
fn what_makes_no_instances_fails_the_step_and_says_why() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    for (scenario, flag, value, text) in [
        (
            "counted",
            "--n",
            "-1",
            "`count` must not be negative, found -1",
        ),
        (
            "counted",
            "--n",
            "1.5",
            "`count` must be a whole number, found 1.5",
        ),
        (
            "counted",
            "--n",
            "1000001",
            "`count` is at most 1000000, found 1000001",
        ),
        (
            "of_anything",
            "--anything",
            "[\"a\"]",
            "`for_each` runs over a map or a set of strings, found a list: write `toset(..)` around it",
        ),
        (
            "of_anything",
            "--anything",
            "null",
            "`for_each` runs over a map or a set of strings, found null",
        ),
        (
            "read_too_far",
            "--n",
            "2",
            "step http_request.page has 2 instances, there is no [2]",
        ),
    ] {
        let value = format!("{flag}={value}");
        let flags = ["--scenario", scenario, &value];
        let ended = run(&grid, &nginx, &flags).expect_code(99);
        assert!(ended.stderr.contains(text), "{text}\n{}", ended.stderr);
    }
    let flags = [
        "--scenario",
        "of_anything",
        "--anything={\"a\": 1, \"b\": 2}",
    ];
    let ended = run(&grid, &nginx, &flags).expect_code(0);
    assert_eq!(ended.stdout.trim(), "2 ran");
    assert_eq!(paths(nginx), ["/far/0", "/far/1"]);
}

#[test]
fn a_step_that_is_not_enabled_needs_no_instances() {
    let grid = Grid::new(GRID).build();
    let nginx = Nginx::start(ANSWERS);
    let ended = run(&grid, &nginx, &["--scenario", "disabled"]).expect_code(0);
    assert_eq!(ended.stdout.trim(), "[]");
    assert!(paths(nginx).is_empty());
}

#[test]
fn calls_and_their_instances_draw_the_same_values_on_any_number_of_threads() {
    let grid = Grid::new(LOADED).build();
    let seeded = |threads: &str, seed: &str| {
        let nginx = Nginx::start(ANSWERS);
        let flags = [
            "--scenario",
            "of_a_flow",
            "--threads",
            threads,
            "--seed",
            seed,
        ];
        run(&grid, &nginx, &flags).expect_code(0);
        paths(nginx)
    };
    let one = seeded("1", "7");
    // Between one and six pages in each of 20 iterations, each at an address of its own.
    assert!((20..=120).contains(&one.len()), "{}", one.len());
    let mut unlike = one.clone();
    unlike.dedup();
    assert_eq!(unlike.len(), one.len());
    assert_eq!(seeded("4", "7"), one);
    assert_ne!(seeded("4", "8"), one);
}

#[test]
fn what_calls_build_on_is_there_as_long_as_they_need_it() {
    let grid = Grid::new(RESOURCES).build();
    for count in [0, 3] {
        let nginx = Nginx::start(ANSWERS);
        let n = count.to_string();
        let flags = ["--n", &n, "--log-format", "json"];
        let ended = run(&grid, &nginx, &flags).expect_code(0);
        assert!(
            ended.stderr.contains("\"left_behind\":false"),
            "{}",
            ended.stderr
        );
        assert_eq!(paths(nginx).len(), count * count + 1);
    }
}
