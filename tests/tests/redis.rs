//! Whole programs with a real Redis, which counts as well.

use bggo_tests::Grid;
use bggo_tests::bench::summary;
use bggo_tests::server::{Redis, RedisSetup};
use serde_json::Value;

/// Users with a connection each: what varies, a transaction, a script, and two steps side by side.
const USERS: &str = r#"
variable "url" { type = string }
variable "password" {
  type      = string
  sensitive = true
}

resource "redis_connection" "store" {
  arguments {
    url      = var.url
    password = var.password
  }
}

scenario "shop" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 20
  }
  step "redis_command" "set" {
    uses { connection = resource.redis_connection.store }
    arguments { command = ["SET", "user:${vu.id}", vu.iteration, "EX", 60] }
  }
  step "redis_command" "get" {
    uses { connection = resource.redis_connection.store }
    arguments { command = ["GET", "user:${vu.id}"] }
    check "it is one's own" {
      condition = output.value == tostring(vu.iteration)
    }
    depends_on = [step.redis_command.set]
  }
  step "redis_pipeline" "both" {
    uses { connection = resource.redis_connection.store }
    arguments {
      commands    = [["INCR", "sum"], ["HINCRBY", "users", vu.id, 1]]
      transaction = true
    }
  }
  step "redis_script" "count" {
    uses { connection = resource.redis_connection.store }
    arguments {
      script = "return redis.call('HVALS', KEYS[1])"
      keys   = ["users"]
    }
    check "every user counts" {
      condition = length(output.value) >= 1
    }
    depends_on = [step.redis_pipeline.both]
  }
}
"#;

#[test]
fn users_have_a_connection_each_and_the_server_counts_the_same() {
    let server = Redis::start_with(RedisSetup {
        arguments: &["--requirepass", "canary-7391"],
        ..RedisSetup::default()
    });
    let grid = Grid::new(USERS).build();
    let mut flags = vec!["--url".to_owned(), server.url()];
    flags.extend(["--password", "canary-7391"].map(str::to_owned));
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let finished = grid.start(&flags).finish().expect_code(0);
    assert!(!finished.stderr.contains("canary"), "{}", finished.stderr);
    let asked =
        |words: &[&str]| server.ask(&[&["-a", "canary-7391", "--no-auth-warning"], words].concat());
    assert_eq!(asked(&["GET", "sum"]), "100");
    assert_eq!(asked(&["HVALS", "users"]), ["20"; 5].join("\n"));
    let stats = asked(&["INFO", "commandstats"]);
    for (command, calls) in [
        ("set", 100),
        ("get", 101),
        ("exec", 100),
        ("hello", 5),
        ("incr", 100),
        ("evalsha", 100),
    ] {
        let line = format!("cmdstat_{command}:calls={calls},");
        assert!(stats.contains(&line), "{line} {stats}");
    }
    // A wrong password is told without a word of it.
    let flags = ["--url", &server.url(), "--password", "canary-wrong"];
    let finished = grid.start(&flags).finish().expect_code(99);
    assert!(
        finished.stderr.contains("WRONGPASS") && !finished.stderr.contains("canary"),
        "{}",
        finished.stderr
    );
}

/// Counts in a server that dies.
const COUNTS: &str = r#"
variable "url" { type = string }

resource "redis_connection" "store" {
  arguments { url = var.url }
}

step "redis_command" "count" {
  uses { connection = resource.redis_connection.store }
  arguments { command = ["INCR", "sum"] }
}

threshold "some fail" {
  condition = metrics.run.failed.ratio < 1
}
"#;

#[test]
fn sums_are_what_was_reported_although_the_server_dies_and_comes_back() {
    let mut server = Redis::start_with(RedisSetup {
        arguments: &["--appendonly", "yes", "--appendfsync", "always"],
        ..RedisSetup::default()
    });
    let grid = Grid::new(COUNTS).build();
    let flags = [
        "--url",
        &server.url(),
        "--vus",
        "4",
        "--duration",
        "3s",
        "--log-format",
        "json",
    ];
    let mut run = grid.start(&flags);
    run.wait_for("\"event\":\"interval\"");
    server.die();
    server.restart();
    let finished = run.finish().expect_code(0);
    let summary = summary(&finished.stderr);
    let number = |value: &Value| {
        value
            .as_u64()
            .unwrap_or_else(|| panic!("no number: {summary}"))
    };
    let passed = number(&summary["iterations"]["count"]) - number(&summary["iterations"]["failed"]);
    let step = &summary["steps"][0];
    let possibly = number(&step["metrics"]["possibly_executed"]["sum"]);
    let sum: u64 = server.ask(&["GET", "sum"]).parse().unwrap();
    assert!(
        (passed..=passed + possibly).contains(&sum),
        "{passed} and {possibly}: {sum}"
    );
    assert!((1..=4).contains(&possibly), "{possibly}");
}

#[test]
fn the_example_of_the_module_fills_a_cart() {
    let server = Redis::start();
    let text = std::fs::read_to_string(bggo_tests::repository().join("modules/redis/example.hcl"));
    let grid = Grid::new(&text.unwrap()).build();
    grid.start(&["--url", &server.url()])
        .finish()
        .expect_code(0);
    assert_eq!(server.ask(&["HGETALL", "cart:1"]), "tea\n2\nmug\n1");
    grid.start(&[]).finish().expect_code(0);
}
