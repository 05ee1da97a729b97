//! Checks and metrics of a grid: their figures are those of the server's log, on any number of threads.

use bggo_tests::server::Nginx;
use bggo_tests::{Finished, Grid};
use serde_json::{Value, json};

/// Each request carries a number, which comes back as the body.
const GRID: &str = r#"
variable "url" {
  type = string
}

metric "drawn" {
  kind  = "trend"
  scale = 1
}

metric "large" {
  kind = "counter"
}

metric "even" {
  kind = "rate"
}

metric "price" {
  kind  = "gauge"
  unit  = "EUR"
  scale = 100
}

metric "pause" {
  kind = "trend"
  unit = "time"
}

step "http_request" "draw" {
  arguments {
    url = "${var.url}/draw?n=${(vu.id * 7919 + vu.iteration * 104729) % 1000}"
  }
  record {
    drawn = tonumber(output.body)
    large = tonumber(output.body) >= 500 ? 1 : null
    even  = tonumber(output.body) % 2 == 0
    price = 19.99
    pause = "1500us"
  }
  check "is small" {
    condition     = tonumber(output.body) < 750
    error_message = "drew ${output.body}"
  }
  check "is there" {
    condition = output.status_code == 200
  }
}
"#;

const ECHO: &str = "location / { return 200 $arg_n; }";

fn summary(ended: &Finished) -> Value {
    let events = ended.stderr.lines();
    let mut events = events.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events
        .find(|event| event["event"] == "summary")
        .unwrap_or_else(|| panic!("no summary in {}", ended.stderr))
}

/// The numbers that nginx answered with, ascending.
fn drawn(log: &[String]) -> Vec<u64> {
    let numbers = log.iter().map(|line| {
        let (_, number) = line.rsplit_once("n=").expect("a number in each request");
        number.parse().expect("a number")
    });
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

/// The value at or below which so many thousandths of all lie.
fn quantile(ascending: &[u64], thousandths: usize) -> u64 {
    let rank = (ascending.len() * thousandths).div_ceil(1_000).max(1);
    ascending[rank - 1]
}

#[test]
fn checks_and_metrics_of_the_grid_are_those_of_the_servers_log_on_one_and_two_threads() {
    let grid = Grid::new(GRID).build();
    for threads in ["1", "2"] {
        let nginx = Nginx::start(ECHO);
        let flags = ["--vus", "7", "--iterations", "3000", "--threads", threads];
        let url = nginx.url();
        let mut all = vec!["--url", url.as_str(), "--log-format", "json"];
        all.extend(flags);
        let ended = grid.start(&all).finish().expect_code(0);
        let summary = summary(&ended);
        let numbers = drawn(&nginx.stop());
        assert_eq!(numbers.len(), 3_000);
        let of = |is: &dyn Fn(u64) -> bool| numbers.iter().filter(|number| is(**number)).count();
        let checks = &summary["checks"];
        assert_eq!(checks[0]["check"], "is small");
        assert_eq!(checks[0]["passed"], of(&|number| number < 750));
        assert_eq!(checks[0]["of"], 3_000);
        let example = &checks[0]["example"];
        let text = example["text"].as_str().expect("an example");
        let number: u64 = text.strip_prefix("drew ").unwrap().parse().unwrap();
        assert!(number >= 750 && numbers.contains(&number), "{text}");
        let second = json!({
            "scenario": "main",
            "step": "http_request.draw",
            "check": "is there",
            "required": false,
            "passed": 3_000,
            "of": 3_000,
        });
        assert_eq!(checks[1], second);

        let metrics = &summary["metrics"];
        let trend = &metrics["drawn"];
        assert_eq!(trend["count"], 3_000);
        for (name, thousandths) in [("p50", 500), ("p95", 950), ("p99", 990), ("p99_9", 999)] {
            assert_eq!(trend[name], quantile(&numbers, thousandths), "{name}");
        }
        assert_eq!(trend["min"], numbers[0]);
        assert_eq!(trend["max"], numbers[2_999]);
        assert_eq!(metrics["large"]["sum"], of(&|number| number >= 500));
        assert_eq!(metrics["even"]["hits"], of(&|number| number % 2 == 0));
        assert_eq!(metrics["even"]["of"], 3_000);
        assert_eq!(metrics["price"]["last"], 19.99);
        assert_eq!(metrics["price"]["count"], 3_000);
        assert_eq!(metrics["pause"]["p99_ms"], 1.5);
    }
}

#[test]
fn a_plain_check_that_fails_is_told_and_fails_nothing_and_a_required_one_fails_its_step() {
    const GRID: &str = r#"
variable "url" {
  type = string
}

metric "seen" {
  kind = "counter"
}

step "http_request" "plain" {
  arguments {
    url = "${var.url}/plain"
  }
  check "is created" {
    condition     = output.status_code == 201
    error_message = "got ${output.status_code}"
  }
  check "has a number" {
    condition = output.json.number == 1
  }
}

step "http_request" "strict" {
  depends_on = ["plain"]
  count      = 1
  arguments {
    url = "${var.url}/strict"
  }
  record {
    seen = 1
  }
  check "is created" {
    condition     = output.status_code == 201
    error_message = "got ${output.status_code} of instance ${count.index}"
    required      = true
  }
}

step "print" "never" {
  depends_on = ["strict"]
  arguments {
    input = "not reached"
  }
}
"#;
    let nginx = Nginx::start(ECHO);
    let plain = GRID.split("step \"http_request\" \"strict\"").next();
    let plain = plain
        .unwrap()
        .replace("metric \"seen\" {\n  kind = \"counter\"\n}\n", "");
    let ended = Grid::new(&plain).build();
    let ended = ended
        .start(&["--url", &nginx.url()])
        .finish()
        .expect_code(0);
    let told = [
        "check: http_request.plain \"is created\" failed: got 200, grid.hcl:",
        "check: http_request.plain \"has a number\" failed: ",
        "  failed  http_request.plain \"is created\"",
        "passed: 1 step, 0 failed, 2 of 2 checks failed, in ",
    ];
    for line in told {
        assert!(ended.stderr.contains(line), "{line} in {}", ended.stderr);
    }

    let ended = Grid::new(GRID).build();
    let ended = ended
        .start(&["--url", &nginx.url()])
        .finish()
        .expect_code(1);
    let reason = "check: the check \"is created\" failed: got 200 of instance 0, grid.hcl:";
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nseen: 1\n"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "", "what depends on the step did not run");
}
