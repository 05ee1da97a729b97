//! Bodies validated against their schemas when a program runs: which fit, what is said of the others, and that nothing of them is.

use bggo_tests::{Finished, Grid};
use serde_json::Value;

/// The embedded target sends back what it is sent.
const GRID: &str = r#"
resource "http_target" "shop" {}

locals {
  base = "${resource.http_target.shop.url}/anything"
}

step "http_request" "good" {
  arguments {
    url             = "${local.base}/good"
    method          = "POST"
    json            = { id = 1, name = "ann", nick = null, items = [{ price = 0.29 }] }
    response_schema = "shop.yaml#echo"
    validate        = true
  }
  check "is there" {
    condition = output.status_code == 200
  }
}

step "http_request" "nested" {
  continue_on_failure = true
  arguments {
    url             = "${local.base}/nested"
    method          = "POST"
    json            = { id = 1, name = "ann", items = [{ price = 1 }, { price = -814728147 }] }
    response_schema = "shop.yaml#echo"
    validate        = true
  }
}

step "http_request" "null" {
  continue_on_failure = true
  arguments {
    url             = "${local.base}/null"
    method          = "POST"
    json            = { id = 1, name = null }
    response_schema = "shop.yaml#echo"
    validate        = true
  }
}

step "http_request" "secret" {
  sensitive           = true
  continue_on_failure = true
  arguments {
    url             = "${local.base}/secret"
    method          = "POST"
    json            = { id = "canary-1", name = "ann", by_name = { canary-2 = "canary-3" }, canary-4 = 1 }
    response_schema = "shop.yaml#echo"
    validate        = true
  }
}

step "http_request" "no_json" {
  continue_on_failure = true
  arguments {
    url             = "${resource.http_target.shop.url}/bytes/16?seed=3"
    response_schema = "shop.yaml#echo"
    validate        = true
  }
}

step "http_request" "empty" {
  arguments {
    url             = "${resource.http_target.shop.url}/status/204"
    response_schema = "shop.yaml#gone"
    validate        = true
  }
}

step "http_request" "retried" {
  continue_on_failure = true
  arguments {
    url             = "${local.base}/retried"
    method          = "POST"
    json            = { id = 0, name = "ann" }
    response_schema = "shop.yaml#echo"
    validate        = true
  }
  retry {
    attempts = 3
    retry_on = ["check"]
  }
}

step "http_request" "counts" {
  depends_on = [step.http_request.retried, step.http_request.nested]
  arguments {
    url = "${resource.http_target.shop.url}/counts"
  }
}

step "print" "counts" {
  arguments {
    input = step.http_request.counts.output.json
  }
}

threshold "good ones are valid" {
  condition = metrics.http_request.good.checks["response_schema"].ratio > 0.99
}

threshold "bad ones are not" {
  condition = metrics.http_request.nested.checks["response_schema"].ratio > 0.01
  on_fail   = "warn"
}
"#;

const SHOP: &str = r##"
openapi: 3.0.3
paths:
  /anything:
    post:
      operationId: echo
      responses:
        "200": { content: { application/json: { schema: { $ref: "#/components/schemas/Echo" } } } }
    delete:
      operationId: gone
      responses:
        "200": { content: { application/json: { schema: { $ref: "#/components/schemas/Echo" } } } }
        "204": { description: gone }
components:
  schemas:
    Echo:
      type: object
      required: [json]
      properties:
        json: { $ref: "#/components/schemas/User" }
    User:
      type: object
      required: [id, name]
      additionalProperties: false
      properties:
        id: { type: integer, minimum: 0, exclusiveMinimum: true }
        name: { type: string }
        nick: { type: string, nullable: true }
        items: { type: array, items: { $ref: "#/components/schemas/Item" } }
        by_name: { type: object, additionalProperties: { type: integer } }
    Item:
      type: object
      properties:
        price: { type: number, minimum: 0, multipleOf: 0.01 }
"##;

fn grid() -> Grid {
    let grid = Grid::new(GRID);
    std::fs::write(grid.folder().join("shop.yaml"), SHOP).unwrap();
    grid.build()
}

fn summary(ended: &Finished) -> Value {
    let events = ended.stderr.lines();
    let mut events = events.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    summary.unwrap_or_else(|| panic!("no summary in {}", ended.stderr))
}

/// A step, how many of its bodies fitted, of how many, and what was said of the first that did not.
type Judged = (String, u64, u64, String);

fn judged(summary: &Value) -> Vec<Judged> {
    let checks = summary["checks"].as_array().unwrap().iter();
    let checks = checks.filter(|check| check["check"] == "response_schema");
    let judged = checks.map(|check| {
        assert_eq!(check["required"], true);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let number = |name: &str| check[name].as_u64().unwrap();
        let said = text(&check["example"]["text"]);
        (text(&check["step"]), number("passed"), number("of"), said)
    });
    judged.collect()
}

const SAID: [(&str, &str); 7] = [
    ("good", ""),
    ("nested", "at /json/items/1/price `minimum` does not hold"),
    ("null", "at /json/name `type` does not hold"),
    (
        "secret",
        "at /json/by_name/* `type` does not hold; at /json/id `type` does not hold; at /json `additionalProperties` does not hold",
    ),
    ("no_json", "not valid JSON: expected a value at byte 0"),
    ("empty", ""),
    ("retried", "at /json/id `exclusiveMinimum` does not hold"),
];

/// What it comes to where each body is judged so often.
fn expected(times: u64) -> Vec<Judged> {
    let expected = SAID.iter().map(|(step, said)| {
        let held = if said.is_empty() { times } else { 0 };
        let step = format!("http_request.{step}");
        (step, held, times, (*said).to_owned())
    });
    expected.collect()
}

#[test]
fn whole_bodies_are_validated_and_nothing_of_them_is_said() {
    let grid = grid();
    let flags = ["--log-format", "json", "--trace-io", "0"];
    let ended = grid.start(&flags).finish().expect_code(1);
    assert_eq!(judged(&summary(&ended)), expected(1));
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains("814728147"), "{text}");
    }
    // The server counts each attempt of the step that is tried again, and no request more of the others.
    let counts: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(counts["paths"]["/anything/retried"], 3);
    for path in ["/anything/good", "/anything/nested", "/status/204"] {
        assert_eq!(counts["paths"][path], 1, "{path}");
    }
}

#[test]
fn under_load_bodies_that_do_not_fit_are_counted_and_judged_by_thresholds() {
    let grid = grid();
    let mut flags = vec!["--log-format", "json"];
    flags.extend(["--vus", "4", "--iterations", "200", "--threads", "2"]);
    let ended = grid.start(&flags).finish();
    let found = summary(&ended);
    assert_eq!(judged(&found), expected(200));
    let thresholds = found["thresholds"].as_array().unwrap();
    let came = |name: &str| {
        let found = thresholds.iter().find(|one| one["threshold"] == name);
        found.unwrap_or_else(|| panic!("no threshold {name}"))["came"].clone()
    };
    assert_eq!(came("good ones are valid"), "held");
    assert_eq!(came("bad ones are not"), "broken");
}
