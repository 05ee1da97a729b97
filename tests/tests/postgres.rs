//! Users of whole programs with a real PostgreSQL, which has to count the same.

use bggo_tests::bench::summary;
use bggo_tests::server::Postgres;
use bggo_tests::{Grid, bggo};
use serde_json::Value;

/// Users that read, users that move money in transactions of several steps, users that do it in one batch, and one whose transactions
/// fail or are left open.
const GRID: &str = r#"
variable "server" { type = string }

variable "password" {
  type      = string
  sensitive = true
}

resource "postgres_connection" "bank" {
  arguments {
    url      = var.server
    password = var.password
  }
}

scenario "read" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 20
  }
  step "postgres_query" "one" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql    = "SELECT id, balance, owner, ARRAY[id, $2] AS pair FROM accounts WHERE id = $1"
      params = [vu.id, vu.iteration]
    }
    check "it is the own account" {
      condition = output.row.id == vu.id && output.row.owner == "user ${vu.id}" && output.row.pair[1] == vu.iteration
    }
  }
}

scenario "transactions" {
  load "per_vu_iterations" {
    vus        = 4
    iterations = 25
  }
  step "postgres_begin" "tx" {
    uses { connection = resource.postgres_connection.bank }
  }
  step "postgres_query" "take" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql    = "UPDATE accounts SET balance = balance - 1 WHERE id = $1 RETURNING balance"
      params = [vu.id + 100]
    }
    depends_on = [step.postgres_begin.tx]
  }
  step "postgres_query" "note" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql    = "INSERT INTO history (account, balance, note) VALUES ($1, $2, $3)"
      params = [vu.id + 100, step.postgres_query.take.output.row.balance, { by = "transaction" }]
    }
    check "a row was written" {
      condition = output.affected == 1
    }
  }
  step "postgres_commit" "tx" {
    uses { connection = resource.postgres_connection.bank }
    depends_on = [step.postgres_query.note]
  }
}

scenario "batches" {
  load "per_vu_iterations" {
    vus        = 3
    iterations = 10
  }
  step "postgres_batch" "move" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      statements = [
        { sql = "UPDATE accounts SET balance = balance - 1 WHERE id = $1", params = [vu.id + 200] },
        { sql = "INSERT INTO history (account, note) VALUES ($1, $2)", params = [vu.id + 200, { by = "batch" }] },
        { sql = "SELECT count(*) AS n FROM history WHERE account = $1", params = [vu.id + 200] },
      ]
    }
    check "it sees its own" {
      condition = output.results[2].rows[0].n > 0
    }
  }
}

scenario "failing" {
  load "per_vu_iterations" {
    vus        = 1
    iterations = 6
  }
  step "postgres_begin" "tx" {
    uses { connection = resource.postgres_connection.bank }
  }
  step "postgres_query" "twice" {
    uses { connection = resource.postgres_connection.bank }
    arguments { sql = "INSERT INTO history (id, note) VALUES (-1, '{\"by\": \"failing\"}'), (-1, NULL)" }
    on_error { action = "continue" }
    depends_on = [step.postgres_begin.tx]
  }
  step "postgres_commit" "tx" {
    uses { connection = resource.postgres_connection.bank }
    on_error { action = "continue" }
    depends_on = [step.postgres_query.twice]
  }
}

resource "postgres_pool" "shared" {
  arguments {
    url              = var.server
    password         = var.password
    application_name = "pool"
    max_connections  = 2
  }
}

scenario "pooled" {
  load "per_vu_iterations" {
    vus        = 6
    iterations = 10
  }
  step "postgres_query" "note" {
    uses { connection = resource.postgres_pool.shared }
    arguments {
      sql     = "INSERT INTO history (account, note) VALUES ($1, $2) RETURNING account, pg_backend_pid() AS pid"
      params  = [vu.id, { by = "pool" }]
      columns = { account = "int4", pid = "int4" }
    }
    check "it is the own one" {
      condition = output.row.account == vu.id && output.row.pid > 0
    }
  }
  step "postgres_copy_in" "rows" {
    uses { connection = resource.postgres_pool.shared }
    arguments {
      table   = "history"
      columns = ["account", "balance", "note"]
      rows    = [[vu.id, vu.iteration, { by = "copy" }], [vu.id, null, { by = "copy" }]]
    }
    check "both arrived" {
      condition = output.row_count == 2
    }
    depends_on = [step.postgres_query.note]
  }
}

resource "postgres_listener" "news" {
  uses { connection = resource.postgres_connection.bank }
  arguments { channels = ["news"] }
}

scenario "news" {
  load "per_vu_iterations" {
    vus        = 3
    iterations = 5
  }
  step "postgres_notify" "news" {
    uses { connection = resource.postgres_pool.shared }
    arguments {
      channel = resource.postgres_listener.news.channel
      payload = { user = vu.id, iteration = vu.iteration }
    }
  }
  step "postgres_receive" "news" {
    uses { listener = resource.postgres_listener.news }
    arguments {
      match = output.json.user == vu.id && output.json.iteration == vu.iteration
    }
    depends_on = [step.postgres_notify.news]
  }
  step "postgres_query" "received" {
    uses { connection = resource.postgres_connection.bank }
    arguments {
      sql    = "INSERT INTO history (account, note) VALUES ($1, $2)"
      params = [step.postgres_receive.news.output.json.user, { by = "news" }]
    }
  }
}
"#;

const TABLES: &str = "\
CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL, owner text);
INSERT INTO accounts SELECT id, 1000, 'user ' || id FROM generate_series(1, 300) id;
CREATE TABLE history (id serial PRIMARY KEY, account int, balance int, note jsonb);
GRANT ALL ON accounts, history, history_id_seq TO scram;
";

#[test]
fn users_and_the_server_count_the_same() {
    let server = Postgres::start();
    server.ask(TABLES);
    let grid = Grid::new(GRID).build();
    let ended = grid
        .start(&["--server", &server.url("scram"), "--password", "secret"])
        .finish();
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let count = |by: &str| {
        server.ask(&format!(
            "SELECT count(*) FROM history WHERE note ->> 'by' = '{by}'"
        ))
    };
    assert_eq!(count("transaction"), "100", "{said}");
    assert_eq!(count("batch"), "30", "{said}");
    assert_eq!(count("failing"), "0", "{said}");
    assert_eq!(count("pool"), "60", "{said}");
    assert_eq!(count("copy"), "120", "{said}");
    assert_eq!(count("news"), "15", "{said}");
    let copied = "SELECT count(*) FROM history WHERE note ->> 'by' = 'copy' AND balance IS NULL";
    assert_eq!(server.ask(copied), "60");
    assert_eq!(
        server.ask("SELECT sum(1000 - balance) FROM accounts"),
        "130"
    );
    // Each saw the balance that it had made.
    assert_eq!(
        server.ask("SELECT count(DISTINCT (account, balance)) FROM history WHERE note ->> 'by' = 'transaction'"),
        "100"
    );
    assert_eq!(
        server.ask("SELECT count(*) FROM pg_stat_activity WHERE usename = 'scram'"),
        "0"
    );
    assert!(!said.contains("secret"), "{said}");
    for part in ["constraint", "transaction_aborted"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Users that insert into a server that dies.
const COUNTS: &str = r#"
variable "server" { type = string }

resource "postgres_connection" "db" {
  arguments { url = var.server }
}

step "postgres_query" "insert" {
  uses { connection = resource.postgres_connection.db }
  arguments {
    sql    = "INSERT INTO counts VALUES ($1)"
    params = [vu.id]
  }
}

threshold "some fail" {
  condition = metrics.run.failed.ratio < 1
}
"#;

#[test]
fn sums_are_what_was_reported_although_the_server_dies_and_comes_back() {
    let mut server = Postgres::start();
    server.ask("CREATE TABLE counts (id int)");
    let grid = Grid::new(COUNTS).build();
    let url = server.url("postgres");
    let flags = [
        "--server",
        &url,
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
    server.start_again();
    let finished = run.finish().expect_code(0);
    let summary = summary(&finished.stderr);
    let number = |value: &Value| {
        value
            .as_u64()
            .unwrap_or_else(|| panic!("no number: {summary}"))
    };
    let passed = number(&summary["iterations"]["count"]) - number(&summary["iterations"]["failed"]);
    let metrics = &summary["resources"][0]["metrics"];
    // A server that says goodbye to each user leaves nothing open, and a counter of nothing is not there.
    let possibly = metrics["possibly_written"]["sum"].as_u64().unwrap_or(0);
    let written: u64 = server.ask("SELECT count(*) FROM counts").parse().unwrap();
    assert!(
        (passed..=passed + possibly).contains(&written),
        "{passed} and {possibly}: {written}"
    );
    // Each user had one statement on its way at most.
    assert!(possibly <= 4, "{possibly}");
    assert!(number(&metrics["reconnects"]["sum"]) >= 4, "{summary}");
}

#[test]
fn the_example_of_the_module_runs_against_a_server() {
    let server = Postgres::start();
    let text =
        std::fs::read_to_string(bggo_tests::repository().join("modules/postgres/example.hcl"));
    let grid = Grid::new(&text.unwrap()).build();
    grid.start(&["--server", &server.url("postgres")])
        .finish()
        .expect_code(0);
    // Roles, the tables, and the transaction of the example, at least.
    let committed =
        server.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'");
    assert!(committed.parse::<u64>().unwrap() >= 3, "{committed}");
}

/// A transaction that no step ends.
const LEFT_OPEN: &str = r#"
variable "server" { type = string }

resource "postgres_connection" "bank" {
  arguments { url = var.server }
}

step "postgres_begin" "tx" {
  uses { connection = resource.postgres_connection.bank }
}

step "postgres_query" "take" {
  uses { connection = resource.postgres_connection.bank }
  arguments { sql = "UPDATE accounts SET balance = 0 WHERE id = 1" }
  depends_on = [step.postgres_begin.tx]
}
"#;

#[test]
fn a_transaction_that_is_left_open_is_rolled_back_and_the_run_says_which_step_began_it() {
    let server = Postgres::start();
    server.ask(TABLES);
    let grid = Grid::new(LEFT_OPEN).build();
    let ended = grid.start(&["--server", &server.url("postgres")]).finish();
    let ended = ended.expect_code(0);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    let words = "the transaction that step.postgres_begin.tx opened was left open at the end of its iteration";
    assert!(said.contains(words), "{said}");
    assert_eq!(
        server.ask("SELECT balance FROM accounts WHERE id = 1"),
        "1000"
    );
    let load = [
        "--server",
        &server.url("postgres"),
        "--vus",
        "2",
        "--iterations",
        "10",
        "--log-format",
        "json",
    ];
    let ended = grid.start(&load).finish().expect_code(0);
    let summary = summary(&ended.stderr);
    let resource = &summary["resources"][0];
    assert_eq!(
        resource["metrics"]["transactions_left_open"]["sum"], 10,
        "{summary}"
    );
    assert_eq!(
        server.ask("SELECT balance FROM accounts WHERE id = 1"),
        "1000"
    );
    assert_eq!(
        server.ask("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"),
        "0"
    );
}

/// A grid whose only word of the columns is what the server said of them.
const DESCRIBED: &str = r#"
variable "server" { type = string }

variable "password" {
  type      = string
  sensitive = true
}

resource "postgres_connection" "shop" {
  arguments {
    url             = var.server
    password        = var.password
    statements_file = "shop.json"
  }
}

step "postgres_query" "write" {
  uses { connection = resource.postgres_connection.shop }
  arguments {
    sql    = "INSERT INTO accounts (id, balance) VALUES ($1, $2)"
    params = [1000, 7]
  }
}

step "postgres_query" "read" {
  uses { connection = resource.postgres_connection.shop }
  arguments {
    sql    = "SELECT balance, owner FROM accounts WHERE id = $1"
    params = [1000]
  }
  check "it is typed" {
    condition = output.row.balance + 1 == 8 && output.row.owner == null
  }
  depends_on = [step.postgres_query.write]
}
"#;

/// Runs `bggo postgres describe` of a grid.
fn describe(grid: &Grid, url: &str, flags: &[&str]) -> (bool, String) {
    let said = bggo()
        .args(["postgres", "describe"])
        .args([grid.path(), std::path::Path::new(url)])
        .args(flags)
        .env("PGPASSWORD", "secret")
        .output()
        .unwrap();
    assert!(said.stdout.is_empty());
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(!text.contains("secret"), "{text}");
    (said.status.success(), text)
}

#[test]
fn rows_have_the_types_that_the_server_said_of_them() {
    let server = Postgres::start();
    server.ask(TABLES);
    let url = server.url("scram");
    let grid = Grid::new(DESCRIBED);
    let (done, said) = describe(&grid, &url, &[]);
    assert!(done, "{said}");
    assert!(said.contains("shop.json: 2 statements"), "{said}");
    let file = grid.folder().join("shop.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        r#"{
  "INSERT INTO accounts (id, balance) VALUES ($1, $2)": {
    "parameters": ["int4", "int4"],
    "columns": {}
  },
  "SELECT balance, owner FROM accounts WHERE id = $1": {
    "parameters": ["int4"],
    "columns": {
      "balance": "int4",
      "owner": "text"
    }
  }
}
"#
    );
    // Nothing was run, and the same is written again.
    let count = "SELECT count(*) FROM accounts WHERE id = 1000";
    assert_eq!(server.ask(count), "0");
    assert!(describe(&grid, &url, &[]).0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    // A grid that reads a column which is not there is no grid.
    let misspelt = Grid::new(&DESCRIBED.replace("output.row.balance", "output.row.balanse"));
    std::fs::copy(&file, misspelt.folder().join("shop.json")).unwrap();
    let checked = bggo().arg("check").arg(misspelt.path()).output().unwrap();
    let wrong = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{wrong}");
    assert!(wrong.contains("the row has no column `balanse`"), "{wrong}");
    let flags = ["--server", &url, "--password", "secret"];
    let grid = grid.build();
    grid.start(&flags).finish().expect_code(0);
    assert_eq!(server.ask(count), "1");
    // The table has changed since: nothing is made of its values, and the step says what to do.
    server.ask("ALTER TABLE accounts ALTER balance TYPE text");
    server.ask("DELETE FROM accounts WHERE id = 1000");
    let ended = grid.start(&flags).finish();
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_ne!(ended.code(), 0, "{said}");
    for part in [
        "conversion",
        "the column `balance` is of text, and the grid was built for numbers",
        "run `bggo postgres describe` again",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_statement_that_the_server_refuses_is_shown_at_its_place_and_nothing_is_written() {
    let server = Postgres::start();
    let grid = Grid::new(DESCRIBED);
    let (done, said) = describe(&grid, &server.url("scram"), &[]);
    assert!(!done);
    let place = "grid.hcl:20:14: the server refuses the statement: ";
    assert!(said.contains(place), "{said}");
    assert!(said.contains("\"accounts\" does not exist"), "{said}");
    let nobody = describe(&grid, &server.url("nobody"), &["-o", "/nowhere/a.json"]);
    assert!(!nobody.0);
    assert!(nobody.1.contains("auth"), "{}", nobody.1);
    let port = bggo_tests::server::free_port();
    let url = format!("postgres://scram@127.0.0.1:{port}/postgres");
    let (done, said) = describe(&grid, &url, &[]);
    assert!(!done);
    assert!(said.contains("refused"), "{said}");
    assert!(!grid.folder().join("shop.json").exists());
}
