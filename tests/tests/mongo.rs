//! Users of whole programs with a server of MongoDB's protocol, which has to hold the same as they counted.

use bggo_tests::Grid;
use bggo_tests::bench::summary;
use bggo_tests::server::Mongo;
use serde_json::Value;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Users that write and find their own, one that walks cursors and adds up, and one whose steps fail.
const GRID: &str = r#"
variable "url" { type = string }

resource "mongo_connection" "shop" {
  arguments {
    url      = var.url
    database = "shop"
  }
}

scenario "shop" {
  load "per_vu_iterations" {
    vus        = 4
    iterations = 25
  }
  step "mongo_insert" "orders" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "orders"
      documents = [
        { user = vu.id, number = vu.iteration, sum = 0.5 },
        { user = vu.id, number = vu.iteration, sum = 2 },
      ]
    }
  }
  step "mongo_find" "own" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "orders"
      filter     = { _id = step.mongo_insert.orders.output.inserted_ids[1] }
    }
    check "it is the one that was written" {
      condition = output.count == 1 && output.document.user == vu.id && output.document.number == vu.iteration && output.document.sum == 2
    }
  }
  step "mongo_update" "pay" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "orders"
      filter     = { user = vu.id, number = vu.iteration }
      update     = { "$set" = { paid = true, by = "user ${vu.id}" } }
      multi      = true
    }
    check "both are paid" {
      condition = output.matched == 2 && output.modified == 2 && output.upserted_id == null
    }
    depends_on = [step.mongo_find.own]
  }
  step "mongo_delete" "small" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "orders"
      filter     = { user = vu.id, number = vu.iteration, sum = { "$lt" = 1 } }
    }
    check "one is gone" {
      condition = output.deleted == 1
    }
    depends_on = [step.mongo_update.pay]
  }
  step "mongo_command" "count" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      command = { count = "orders", query = { user = vu.id } }
    }
    check "one more each time" {
      condition = output.reply.n == vu.iteration + 1
    }
    depends_on = [step.mongo_delete.small]
  }
}

scenario "reports" {
  load "per_vu_iterations" {
    vus        = 1
    iterations = 3
  }
  step "mongo_find" "sorted" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "points"
      sort       = { b = 1, a = 1 }
      projection = { _id = 1 }
      batch_size = 2
    }
    check "the first key comes first" {
      condition = join(",", output.documents[*]._id) == "3,5,1,2,4"
    }
  }
  step "mongo_aggregate" "sums" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "points"
      pipeline = [
        { "$match" = { a = { "$gte" = 1 } } },
        { "$group" = { _id = "$b", sum = { "$sum" = "$a" } } },
        { "$sort" = { _id = 1 } },
      ]
    }
    check "they add up" {
      condition = jsonencode(output.documents) == jsonencode([{ _id = 1, sum = 6 }, { _id = 2, sum = 4 }])
    }
  }
}

scenario "failures" {
  load "per_vu_iterations" {
    vus        = 1
    iterations = 5
  }
  step "mongo_insert" "twice" {
    uses { connection = resource.mongo_connection.shop }
    arguments {
      collection = "points"
      documents  = [{ _id = 1 }]
    }
  }
}

threshold "only those fail that must" {
  condition = metrics.run.failed.count == 5
}
"#;

#[test]
fn the_server_holds_what_the_users_wrote_and_they_find_it() {
    let server = Mongo::start();
    server.ask("db.client.shop.points.insert_many([{'_id': i, 'b': b, 'a': a} for i, b, a in [(1, 1, 3), (2, 2, 1), (3, 1, 1), (4, 2, 3), (5, 1, 2)]]).acknowledged");
    let grid = Grid::new(GRID).build();
    let finished = grid
        .start(&["--url", &server.url(), "--log-format", "json"])
        .finish()
        .expect_code(0);
    assert_eq!(
        server.ask("db.client.shop.orders.count_documents({})"),
        "100"
    );
    assert_eq!(
        server.ask("db.client.shop.orders.count_documents({'paid': True, 'sum': 2})"),
        "100"
    );
    assert_eq!(
        server
            .ask("sorted(db.client.shop.orders.distinct('by'))")
            .matches("user ")
            .count(),
        4
    );
    // Keys stand as they were written, behind the _id that was made.
    assert_eq!(
        server.ask("list(db.client.shop.orders.find_one())"),
        r#"["_id", "user", "number", "sum", "paid", "by"]"#
    );
    for (command, calls) in [
        ("insert", 100 + 5 + 1),
        ("update", 100),
        ("delete", 100),
        ("count", 100),
    ] {
        assert_eq!(server.calls(command), calls, "{command}");
    }
    let summary = summary(&finished.stderr);
    let sum = |step: &str, metric: &str| {
        let steps = summary["steps"].as_array().unwrap();
        let found = steps.iter().find(|found| found["step"] == step);
        let found = found.unwrap_or_else(|| panic!("no {step}: {summary}"));
        found["metrics"][metric]["sum"].as_u64().unwrap_or(0)
    };
    assert_eq!(sum("mongo_insert.orders", "documents"), 200);
    assert_eq!(sum("mongo_update.pay", "documents"), 200);
    assert_eq!(sum("mongo_delete.small", "documents"), 100);
    assert_eq!(sum("mongo_find.sorted", "documents"), 15);
    assert!(sum("mongo_find.sorted", "batches") >= 9);
    assert!(
        finished.stderr.contains("duplicate_key"),
        "{}",
        finished.stderr
    );
}

/// Counts on a server that is reached through something that breaks.
const COUNTS: &str = r#"
variable "url" { type = string }

resource "mongo_connection" "store" {
  arguments { url = var.url }
}

step "mongo_update" "count" {
  uses { connection = resource.mongo_connection.store }
  arguments {
    collection = "sums"
    filter     = { _id = "sum" }
    update     = { "$inc" = { n = 1 } }
    upsert     = true
  }
}

threshold "most pass" {
  condition = metrics.run.failed.ratio < 0.9
}
"#;

/// What stands between users and their server. It can end all connections.
struct Relay {
    port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&open);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let behind = TcpStream::connect(("127.0.0.1", server)).unwrap();
                for stream in [&client, &behind] {
                    stream.set_nodelay(true).unwrap();
                    all.lock().unwrap().push(stream.try_clone().unwrap());
                }
                let back = (behind.try_clone().unwrap(), client.try_clone().unwrap());
                for (from, to) in [(client, behind), back] {
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut &from, &mut &to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { port, open }
    }

    /// Ends all connections; how many had not ended before is not known.
    fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

#[test]
fn sums_are_what_was_reported_although_connections_break() {
    let server = Mongo::start();
    let relay = Relay::start(server.port());
    let grid = Grid::new(COUNTS).build();
    let url = format!("mongodb://127.0.0.1:{}", relay.port);
    let flags = [
        "--url",
        &url,
        "--vus",
        "4",
        "--duration",
        "3s",
        "--log-format",
        "json",
    ];
    let mut run = grid.start(&flags);
    for _ in 0..2 {
        run.wait_for("\"event\":\"interval\"");
        relay.cut();
    }
    let finished = run.finish().expect_code(0);
    let summary = summary(&finished.stderr);
    let number = |value: &Value| {
        value
            .as_u64()
            .unwrap_or_else(|| panic!("no number: {summary}"))
    };
    let failed = number(&summary["iterations"]["failed"]);
    let passed = number(&summary["iterations"]["count"]) - failed;
    let possibly = number(&summary["steps"][0]["metrics"]["possibly_written"]["sum"]);
    let sum: u64 = server.ask("db.sums.find_one()['n']").parse().unwrap();
    assert!(
        (passed..=passed + possibly).contains(&sum),
        "{passed} and {possibly}: {sum}"
    );
    assert!((1..=8).contains(&possibly), "{possibly}");
    assert_eq!(failed, possibly, "each failure was sent once");
}

#[test]
fn the_example_of_the_module_adds_up() {
    let server = Mongo::start();
    let text = std::fs::read_to_string(bggo_tests::repository().join("modules/mongo/example.hcl"));
    let grid = Grid::new(&text.unwrap()).build();
    let url = format!("{}/shop", server.url());
    grid.start(&["--url", &url]).finish().expect_code(0);
    assert_eq!(server.ask("db.client.shop.orders.count_documents({})"), "0");
    grid.start(&[]).finish().expect_code(0);
}
