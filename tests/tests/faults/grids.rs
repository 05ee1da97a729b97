//! The grids of all cases, what a server answers them with, and their programs.

use bggo_tests::Grid;
use bggo_tests::server::Speaks;
use std::sync::OnceLock;

/// A login, three requests beside each other, a redirect and an order, and one whose answer nobody reads. Each path carries what
/// its answer has to repeat; some get no answer.
pub const GRID: &str = r#"
variable "url" {
  type = string
}

variable "ca" {
  type    = string
  default = null
}

locals {
  nonce    = "${vu.id}-${vu.iteration}"
  swallows = vu.iteration % 40 == 7
  piece    = join("", [for number in range(16) : "0123456789abcdef"])
}

resource "http_client" "own" {
  scope = "vu"
  arguments {
    timeout       = "60s"
    max_body_size = 1000000
    http_version  = "auto"
    ca_file       = var.ca
  }
}

step "http_request" "login" {
  continue_on_failure = true
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/echo?n=login-${local.nonce}"
    method        = "POST"
    body          = join("", [for number in range(vu.iteration % 5 == 3 ? 640 : vu.iteration % 12) : local.piece])
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "login-${local.nonce}"
  }
}

step "http_request" "read" {
  continue_on_failure = true
  depends_on = [step.http_request.login]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/${local.swallows ? "swallow" : "echo"}?n=read-${local.nonce}"
    timeout       = local.swallows ? "3s" : "60s"
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "read-${local.nonce}"
  }
}

step "http_request" "write" {
  continue_on_failure = true
  depends_on = [step.http_request.login]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/echo?n=write-${local.nonce}"
    method        = "PUT"
    body          = "some"
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "write-${local.nonce}"
  }
}

step "http_request" "moved" {
  continue_on_failure = true
  depends_on = [step.http_request.login]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/moved?n=moved-${local.nonce}"
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "moved-${local.nonce}"
  }
}

step "http_request" "unread" {
  continue_on_failure = true
  uses {
    client = resource.http_client.own
  }
  arguments {
    url = "${var.url}/unread?n=unread-${local.nonce}"
  }
}

step "http_request" "order" {
  continue_on_failure = true
  depends_on = [step.http_request.read, step.http_request.write]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/echo?n=order-${local.nonce}"
    method        = "POST"
    body          = try(step.http_request.write.output.body, "none")
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "order-${local.nonce}"
  }
}
"#;

/// Answers with what the path carries.
pub const ECHO: &str = "absolute_redirect off;
        location / { return 200 $arg_n; }
        location = /moved { return 302 /echo?$args; }
        location = /unread { return 200 'a body that nobody reads, in more than one piece if it is cut'; }";

/// A grid for what a program speaks. A server offers HTTP/2 only over TLS.
pub fn spoken(grid: &str, speaks: Speaks) -> String {
    match speaks {
        Speaks::Http2 => replaced(grid, "\"auto\"", "\"2\""),
        Speaks::Http1 | Speaks::Http1OverTls | Speaks::Http2OverTls => grid.to_owned(),
    }
}

/// A grid with another text in a place that it has.
pub fn replaced(grid: &str, old: &str, new: &str) -> String {
    assert!(grid.contains(old), "{old} stands there no more");
    grid.replace(old, new)
}

/// The program of the grid.
pub fn program(speaks: Speaks) -> &'static Grid {
    static AUTO: OnceLock<Grid> = OnceLock::new();
    static TWO: OnceLock<Grid> = OnceLock::new();
    let built = if speaks == Speaks::Http2 { &TWO } else { &AUTO };
    built.get_or_init(|| Grid::new(&spoken(GRID, speaks)).build())
}

/// The program of the same steps, one after the other.
pub fn in_turn(speaks: Speaks) -> &'static Grid {
    static AUTO: OnceLock<Grid> = OnceLock::new();
    static TWO: OnceLock<Grid> = OnceLock::new();
    let built = if speaks == Speaks::Http2 { &TWO } else { &AUTO };
    built.get_or_init(|| Grid::new(&spoken(&chained(), speaks)).build())
}

/// The steps one after the other: each depends on the one before.
fn chained() -> String {
    let mut text = String::new();
    let mut before: Option<&str> = None;
    for line in GRID.lines() {
        let step = line.strip_prefix("step \"http_request\" \"");
        if line.starts_with("  depends_on") {
            continue;
        }
        text.extend([line, "\n"]);
        if let Some((name, _)) = step.and_then(|rest| rest.split_once('"')) {
            if let Some(before) = before {
                text.push_str(&format!("  depends_on = [step.http_request.{before}]\n"));
            }
            before = Some(name);
        }
    }
    text
}

/// The flags of a program that speaks with a server at `url`, and trusts its certificate if it has one.
pub fn flags(url: &str, authority: Option<String>) -> Vec<String> {
    let words = ["--log-format", "json", "--max-failed", "100%", "--url", url];
    let words = words.into_iter().map(str::to_owned);
    let trust = authority.into_iter();
    words
        .chain(trust.flat_map(|file| ["--ca".to_owned(), file]))
        .collect()
}

/// The seeds of a case: few, unless more are asked for.
pub fn seeds(few: u64) -> impl Iterator<Item = u64> {
    let asked = std::env::var("BGGO_FAULT_SEEDS").ok();
    let count = asked.map_or(few, |count| count.parse().expect("a number of seeds"));
    1..=count
}
