//! Whole programs with a real RabbitMQ, which counts as well.

use bggo_tests::Grid;
use bggo_tests::server::Rabbitmq;

/// Users that publish, alone and in windows, users that take what the first ones publish, and users that ask.
const USERS: &str = r#"
variable "url" { type = string }
variable "password" {
  type      = string
  sensitive = true
}

resource "rabbitmq_connection" "broker" {
  arguments {
    url      = var.url
    username = "guest"
    password = var.password
    prefetch = 10
  }
}

scenario "shop" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 20
  }
  step "rabbitmq_publish" "order" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      routing_key = "mail"
      body        = { user = vu.id, order = vu.iteration }
      mandatory   = true
    }
    check "it is confirmed" {
      condition = output.confirmed
    }
  }
  step "rabbitmq_publish_batch" "window" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      routing_key   = "orders"
      bodies        = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
      delivery_mode = "persistent"
    }
    check "all are confirmed" {
      condition = output.confirmed == 10
    }
  }
}

scenario "mail" {
  load "per_vu_iterations" {
    vus        = 4
    iterations = 25
  }
  step "rabbitmq_consume" "mail" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      queue   = "mail"
      ack     = "manual"
      timeout = "60s"
    }
    check "it is an order" {
      condition = jsondecode(output.message.body).order >= 0
    }
  }
  step "rabbitmq_ack" "done" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments { delivery_tag = step.rabbitmq_consume.mail.output.message.delivery_tag }
  }
}

scenario "own" {
  load "per_vu_iterations" {
    vus        = 3
    iterations = 10
  }
  step "rabbitmq_declare_queue" "own" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      queue     = "own-${vu.id}"
      exclusive = true
    }
  }
  step "rabbitmq_request" "echo" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      routing_key = "own-${vu.id}"
      body        = "question ${vu.iteration}"
      timeout     = "60s"
    }
    check "the answer is its own" {
      condition = output.message.body == "answer to question ${vu.iteration}"
    }
    depends_on = [step.rabbitmq_declare_queue.own]
  }
  step "rabbitmq_consume" "question" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      queue   = "own-${vu.id}"
      timeout = "60s"
    }
    depends_on = [step.rabbitmq_declare_queue.own]
  }
  step "rabbitmq_publish" "answer" {
    uses { connection = resource.rabbitmq_connection.broker }
    arguments {
      routing_key    = step.rabbitmq_consume.question.output.message.properties.reply_to
      correlation_id = step.rabbitmq_consume.question.output.message.properties.correlation_id
      body           = "answer to ${step.rabbitmq_consume.question.output.message.body}"
    }
  }
}
"#;

#[test]
fn what_users_publish_is_taken_and_the_server_counts_the_same() {
    counts_the_same("programs", USERS);
}

#[test]
fn users_that_share_a_connection_count_the_same() {
    let begins = r#"resource "rabbitmq_connection" "broker" {"#;
    let shared = USERS.replace(begins, &format!("{begins}\n  scope = \"worker\""));
    counts_the_same("programs-shared", &shared);
}

fn counts_the_same(name: &str, users: &str) {
    let server = Rabbitmq::shared();
    let vhost = server.vhost(name);
    vhost.queue("mail", "{}");
    vhost.queue("orders", r#"{"durable":true}"#);
    let grid = Grid::new(users).build();
    let url = vhost.url();
    let flags = ["--url", &url, "--password", "guest"];
    grid.start(&flags).finish().expect_code(0);
    vhost.holds("mail", 0, 0);
    vhost.holds("orders", 1000, 0);
    let counted = server.http("GET", &format!("/api/queues/{name}/mail"), "");
    assert_eq!(counted["message_stats"]["publish"], 100);
    assert_eq!(counted["message_stats"]["ack"], 100);
    vhost.list("connections", <[_]>::is_empty);
    // A wrong password is told without a word of it.
    let flags = ["--url", &url, "--password", "canary-wrong"];
    let finished = grid.start(&flags).finish().expect_code(99);
    assert!(
        finished.stderr.contains("ACCESS_REFUSED") && !finished.stderr.contains("canary"),
        "{}",
        finished.stderr
    );
}

#[test]
fn mistakes_are_told_when_the_grid_is_checked() {
    let grid = |resource: &str, arguments: &str| {
        format!(
            "resource \"rabbitmq_connection\" \"broker\" {{\n  arguments {{\n{resource}\n  }}\n}}\n\
             step \"rabbitmq_publish\" \"order\" {{\n  uses {{ connection = resource.rabbitmq_connection.broker }}\n  \
             arguments {{\n    routing_key = \"q\"\n    body = 1\n{arguments}\n  }}\n}}\n"
        )
    };
    let url = "url = \"amqp://localhost\"";
    for (text, words) in [
        (
            grid("url = \"http://localhost\"", ""),
            "write amqp:// or amqps://",
        ),
        (
            grid(url, "mandatory = true\nconfirm = false"),
            "mandatory needs confirm = true",
        ),
        (grid(url, "priority = 256"), "255"),
        (grid(url, "priority = 1.5"), "priority is a whole number"),
        (grid(url, "delivery_mode = \"2\""), "persistent"),
        (
            grid(url, &format!("message_id = \"{}\"", "m".repeat(256))),
            "255",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.hcl");
        std::fs::write(&path, &text).unwrap();
        let output = bggo_tests::bggo().arg("check").arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(
            !output.status.success() && said.contains(words),
            "{words}: {said}"
        );
    }
}

#[test]
fn the_example_of_the_module_takes_its_order() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("example");
    let text =
        std::fs::read_to_string(bggo_tests::repository().join("modules/rabbitmq/example.hcl"));
    let grid = Grid::new(&text.unwrap()).build();
    grid.start(&["--url", &vhost.url()]).finish().expect_code(0);
    // Its queue went with its connection.
    server.until("/api/queues/example", |queues| {
        queues.as_array().is_some_and(Vec::is_empty)
    });
    grid.start(&[]).finish().expect_code(0);
}
