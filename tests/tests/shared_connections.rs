//! Connections that the users of a run share: as many as the grid says, counted by the server.

use bggo_tests::Grid;
use bggo_tests::server::Nginx;
use serde_json::Value;
use std::collections::BTreeSet;

const GRID: &str = r#"
variable "url" {
  type = string
}

variable "reaches" {
  type    = bool
  default = true
}

resource "http_client" "shared" {
  arguments {
    connections     = "shared"
    max_connections = 1
  }
}

step "http_request" "get" {
  enabled = var.reaches
  uses {
    client = resource.http_client.shared
  }
  arguments {
    url = "${var.url}/${uuid()}"
  }
}
"#;

#[test]
fn a_thread_without_a_connection_fails_what_it_runs_and_says_why() {
    let grid = Grid::new(GRID).build();
    let loaded = |more: &str| {
        let nginx = Nginx::start("location / { return 200 ok; }");
        let url = nginx.url();
        let flags = ["--url", url.as_str(), "--summary-json", "-"];
        let flags: Vec<&str> = flags.into_iter().chain(more.split(' ')).collect();
        let ended = grid.start(&flags).finish();
        let summary: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        (ended, summary, nginx.stop())
    };
    let why = "max_connections = 1 is too few, since each thread of the run needs one at least: raise it, or run with fewer --threads";
    let (ended, summary, log) = loaded("--vus 4 --iterations 400 --threads 2");
    let ended = ended.expect_code(99);
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
    let count = |name: &str| summary["iterations"][name].as_u64().expect("a count");
    assert_eq!(count("count"), 400);
    assert!(count("failed") > 0, "{summary}");
    assert_eq!(summary["failures"]["settings"], count("failed"));
    assert_eq!(log.len() as u64, 400 - count("failed"));
    // One thread needs one, and has no more.
    let (ended, _, log) = loaded("--vus 4 --iterations 400 --threads 1");
    ended.expect_code(0);
    assert_eq!(log.len(), 400);
    let connection = |line: &String| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let connections: BTreeSet<String> = log.iter().map(connection).collect();
    assert_eq!(connections.len(), 1, "{connections:?}");
    // A step that is never reached fails nothing.
    let (ended, _, log) = loaded("--vus 4 --iterations 400 --threads 2 --reaches false");
    ended.expect_code(0);
    assert_eq!(log.len(), 0);
}
