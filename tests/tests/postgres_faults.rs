//! A bank under load whose server dies, freezes or has no connection left: what users lost is bounded and counted, and the sums of the bank agree.

use bggo_tests::bench::summary;
use bggo_tests::server::Postgres;
use bggo_tests::{Grid, Run};
use serde_json::Value;

/// The tables of TPC-B, which all hold the same sum.
const BANK: &str = "\
CREATE TABLE branches (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO branches VALUES (1, 0);
CREATE TABLE tellers (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO tellers SELECT id, 0 FROM generate_series(1, 10) id;
CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL); INSERT INTO accounts SELECT id, 0 FROM generate_series(1, 1000) id;
CREATE TABLE history (teller int, branch int, account int, delta int, kind text);
";

/// Users that move money in transactions of several steps, and others that do it in one batch.
const GRID: &str = r#"
variable "server" { type = string }

locals {
  account = random_int(1, 1000)
  teller  = random_int(1, 10)
  delta   = random_int(-500, 500)
}

resource "postgres_connection" "bank" {
  arguments {
    url             = var.server
    connect_timeout = "500ms"
  }
}

scenario "steps" {
  load "constant_vus" {
    vus      = 4
    duration = "5s"
  }
  step "postgres_begin" "tx" {
    uses { connection = resource.postgres_connection.bank }
    arguments { timeout = "500ms" }
  }
  step "postgres_query" "account" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql     = "UPDATE accounts SET balance = balance + $1 WHERE id = $2"
      params  = [local.delta, local.account]
      timeout = "500ms"
    }
    depends_on = [step.postgres_begin.tx]
  }
  step "postgres_query" "teller" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql     = "UPDATE tellers SET balance = balance + $1 WHERE id = $2"
      params  = [local.delta, local.teller]
      timeout = "500ms"
    }
    depends_on = [step.postgres_query.account]
  }
  step "postgres_query" "branch" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql     = "UPDATE branches SET balance = balance + $1 WHERE id = 1"
      params  = [local.delta]
      timeout = "500ms"
    }
    depends_on = [step.postgres_query.teller]
  }
  step "postgres_query" "history" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql     = "INSERT INTO history VALUES ($1, 1, $2, $3, 'steps')"
      params  = [local.teller, local.account, local.delta]
      timeout = "500ms"
    }
    depends_on = [step.postgres_query.branch]
  }
  step "postgres_commit" "tx" {
    uses { connection = resource.postgres_connection.bank }
    arguments { timeout = "500ms" }
    depends_on = [step.postgres_query.history]
  }
}

scenario "batches" {
  load "constant_vus" {
    vus      = 3
    duration = "5s"
  }
  step "postgres_batch" "move" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      statements = [
        { sql = "UPDATE accounts SET balance = balance + $1 WHERE id = $2", params = [local.delta, local.account] },
        { sql = "UPDATE tellers SET balance = balance + $1 WHERE id = $2", params = [local.delta, local.teller] },
        { sql = "UPDATE branches SET balance = balance + $1 WHERE id = 1", params = [local.delta] },
        { sql = "INSERT INTO history VALUES ($1, 1, $2, $3, 'batches')", params = [local.teller, local.account, local.delta] },
      ]
      timeout = "500ms"
    }
  }
}

threshold "some fail" {
  condition = metrics.run.failed.ratio < 1
}
"#;

/// What the program says each second.
const SECOND: &str = "\"event\":\"interval\"";

/// All users.
const USERS: u64 = 7;

/// The sums of the tables, and how many moves there are.
fn bank(server: &Postgres) -> (Vec<String>, u64) {
    let sum = |table: &str, what: &str| server.ask(&format!("SELECT sum({what}) FROM {table}"));
    let sums = vec![
        sum("accounts", "balance"),
        sum("tellers", "balance"),
        sum("branches", "balance"),
        sum("history", "delta"),
    ];
    let moves = server.ask("SELECT count(*) FROM history");
    (sums, moves.parse().unwrap())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// Runs the grid, does something to the server in the middle, and gives the summary.
fn run(server: &mut Postgres, between: impl FnOnce(&mut Postgres, &mut Run)) -> Value {
    server.ask(BANK);
    let grid = Grid::new(GRID).build();
    let url = server.url("postgres");
    let flags = ["--server", &url, "--log-format", "json"];
    let mut run = grid.start(&flags);
    run.wait_for(SECOND);
    between(server, &mut run);
    let finished = run.finish().expect_code(0);
    summary(&finished.stderr)
}

/// Nothing that was reported is missing, and nothing is there that was neither reported nor counted as perhaps written.
fn agrees(server: &Postgres, summary: &Value) {
    let (sums, moves) = bank(server);
    assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
    let passed = number(&summary["iterations"]["count"]) - number(&summary["iterations"]["failed"]);
    let possibly = number(&summary["resources"][0]["metrics"]["possibly_written"]["sum"]);
    assert!(passed > 0, "{summary}");
    assert!(
        (passed..=passed + possibly).contains(&moves),
        "{passed} and {possibly}: {moves}"
    );
}

#[test]
fn sums_of_a_bank_agree_although_its_server_dies_at_once_and_comes_back() {
    let mut server = Postgres::start();
    let moved = std::cell::Cell::new(0);
    let summary = run(&mut server, |server, _| {
        server.die();
        server.start_again();
        moved.set(bank(server).1);
    });
    agrees(&server, &summary);
    // All users came back.
    assert!(bank(&server).1 > moved.get(), "{summary}");
    let metrics = &summary["resources"][0]["metrics"];
    assert!(number(&metrics["reconnects"]["sum"]) >= USERS, "{summary}");
    // Each had one statement on its way at most, and one transaction.
    assert!(
        number(&metrics["possibly_written"]["sum"]) <= USERS,
        "{summary}"
    );
    assert!(
        number(&metrics["transactions_lost"]["sum"]) <= USERS,
        "{summary}"
    );
    for kind in ["closed", "commit_unknown", "timeout", "protocol"] {
        assert!(
            number(&summary["failures"][kind]) <= USERS,
            "{kind}: {summary}"
        );
    }
}

#[test]
fn sums_of_a_bank_agree_although_its_server_is_frozen_for_a_while() {
    let mut server = Postgres::start();
    let summary = run(&mut server, |server, run| {
        server.signal_all("STOP");
        // A whole second at least, which is longer than a step waits: each user has given up once.
        run.wait_for(SECOND);
        run.wait_for(SECOND);
        server.signal_all("CONT");
    });
    // What was given up may still be at work.
    server.wait_for(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bggo'",
        "0",
    );
    agrees(&server, &summary);
    let given_up = number(&summary["failures"]["timeout"])
        + number(&summary["failures"]["commit_unknown"])
        + number(&summary["failures"]["connect"]);
    assert!(given_up >= USERS, "{summary}");
}

#[test]
fn a_server_without_connections_is_one_clear_line() {
    let server = Postgres::start_with(&["max_connections=6", "superuser_reserved_connections=1"]);
    server.ask(BANK);
    server.ask("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain");
    let grid = Grid::new(GRID).build();
    let url = server.url("plain").replace("plain@", "plain:secret@");
    let ended = grid.start(&["--server", &url]).finish();
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let lines = |begin: &str| -> Vec<&str> {
        let lines = said.lines().filter(|line| line.starts_with(begin));
        lines.collect()
    };
    // One of the resource, and one of each step that waits for it.
    let (created, failed) = (lines("not created: "), lines("failed: "));
    assert_eq!(created.len(), 1, "{said}");
    assert!((1..=2).contains(&failed.len()), "{said}");
    for line in created.into_iter().chain(failed) {
        for part in [
            "too_many_connections",
            "53300",
            "max_connections",
            "PgBouncer",
        ] {
            assert!(line.contains(part), "{part}: {said}");
        }
    }
    assert!(!said.contains("secret"), "{said}");
}
