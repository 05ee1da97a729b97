//! Sessions of whole programs with a server of another implementation, which counts as well.

use bggo_tests::Grid;
use bggo_tests::server::{WsServer, WsSetup};

const SETUP: WsSetup<'_> = WsSetup {
    secure: None,
    deflate: true,
    protocols: &["echo"],
};

/// Users with a session each, which lasts over their iterations and while they wait.
const USERS: &str = r#"
variable "server" { type = string }

resource "websocket" "echo" {
  arguments {
    url          = var.server
    subprotocols = ["other", "echo"]
    compression  = true
  }
}

scenario "talk" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 4
  }
  step "websocket_request" "ask" {
    uses { socket = resource.websocket.echo }
    arguments {
      json = { user = vu.id, text = "the same text again and again and again and again" }
    }
    check "it is the echo" {
      condition = output.json.user == vu.id && resource.websocket.echo.subprotocol == "echo"
    }
  }
  step "websocket_send" "call" {
    uses { socket = resource.websocket.echo }
    arguments { text = "ping" }
    depends_on = [step.websocket_request.ask]
  }
  step "noop" "think" {
    arguments { delay = "20ms" }
    depends_on = [step.websocket_send.call]
  }
  step "websocket_receive" "news" {
    uses { socket = resource.websocket.echo }
    check "the ping was answered while the user was thinking" {
      condition = output.message == "pong: are you there"
    }
    depends_on = [step.noop.think]
  }
}
"#;

#[test]
fn users_keep_their_sessions_and_both_sides_count_the_same() {
    let server = WsServer::start(&SETUP);
    let grid = Grid::new(USERS).build();
    grid.start(&["--server", server.url()])
        .finish()
        .expect_code(0);
    let seen = server.saw();
    for part in [
        "\"sessions\":5",
        "\"messages\":40",
        "\"pongs\":20",
        "\"compressed\":5",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    assert_eq!(seen.matches("[1000,\"\"]").count(), 5, "{seen}");
}

#[test]
fn the_example_of_the_module_talks_to_a_server_that_echoes() {
    let server = WsServer::start(&SETUP);
    let text =
        std::fs::read_to_string(bggo_tests::repository().join("modules/websocket/example.hcl"));
    let grid = Grid::new(&text.unwrap()).build();
    grid.start(&["--server", server.url()])
        .finish()
        .expect_code(0);
    let seen = server.saw();
    assert!(seen.contains("\"messages\":2"), "{seen}");
    assert!(seen.contains("[4000,\"bye\"]"), "{seen}");
}

/// A server that closes: a retry gets a new session, and what failed has its kind.
const CLOSED: &str = r#"
variable "server" { type = string }

resource "websocket" "echo" {
  arguments { url = var.server }
}

step "websocket_request" "told_to_go" {
  uses { socket = resource.websocket.echo }
  arguments {
    text = "close the first"
  }
  retry {
    attempts = 2
    retry_on = ["closed_by_peer"]
  }
  check "the second session answers" {
    condition = output.message == "close the first"
  }
}
"#;

#[test]
fn a_retry_has_a_new_session() {
    let server = WsServer::start(&SETUP);
    let grid = Grid::new(CLOSED).build();
    grid.start(&["--server", server.url()])
        .finish()
        .expect_code(0);
    let seen = server.saw();
    assert!(seen.contains("\"sessions\":2"), "{seen}");
    assert!(seen.contains("[4001,\"\"]"), "{seen}");
}
