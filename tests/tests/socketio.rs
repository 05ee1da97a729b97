//! Socket.IO in whole programs, with a server of another implementation, which counts as well.

use bggo_tests::server::{SocketioServer, SocketioSetup};
use bggo_tests::{Grid, bggo};

/// Users who stay over their iterations and while they wait: pings come meanwhile.
const USERS: &str = r#"
variable "server" { type = string }

resource "socketio_client" "staff" {
  arguments {
    url       = var.server
    namespace = "/staff"
    auth      = { word = "sesame", user = vu.id }
    headers   = { X-Team = "load" }
    query     = { team = "t ${vu.id}" }
  }
}

scenario "talk" {
  load "per_vu_iterations" {
    vus        = 3
    iterations = 4
  }
  step "socketio_request" "ask" {
    uses { client = resource.socketio_client.staff }
    arguments {
      emit_event = "ask"
      emit_data  = { user = vu.id, list = [1, null, "ü"] }
      on_event   = "answer"
    }
    check "it is the answer" {
      condition = output.response_data.user == vu.id && length(output.response_data.list) == 3
    }
  }
  step "socketio_emit" "glue" {
    uses { client = resource.socketio_client.staff }
    arguments {
      event       = "glue"
      attachments = [base64decode("/wA="), "two"]
    }
    depends_on = [step.socketio_request.ask]
  }
  step "socketio_emit" "news" {
    uses { client = resource.socketio_client.staff }
    arguments {
      event = "news"
      args  = [3]
    }
    depends_on = [step.socketio_emit.glue]
  }
  step "noop" "think" {
    arguments { delay = "150ms" }
    depends_on = [step.socketio_emit.news]
  }
  step "socketio_wait" "second" {
    uses { client = resource.socketio_client.staff }
    arguments {
      event = "news"
      match = output.data.number == 1
    }
    check "one was skipped" {
      condition = output.skipped == 1
    }
    depends_on = [step.noop.think]
  }
  step "socketio_wait" "third" {
    uses { client = resource.socketio_client.staff }
    arguments { event = "news" }
    check "it is the next one" {
      condition = output.args[0].number == 2
    }
    depends_on = [step.socketio_wait.second]
  }
  step "socketio_wait" "glued" {
    uses { client = resource.socketio_client.staff }
    arguments { event = "glued" }
    check "both parts came" {
      condition = output.data.sizes[0] == 2 && output.data.sizes[1] == 3
    }
    depends_on = [step.socketio_wait.third]
  }
  step "socketio_emit" "echo" {
    uses { client = resource.socketio_client.staff }
    arguments {
      event = "echo"
      args  = [step.socketio_wait.glued.output.data.whole]
      ack   = true
    }
    check "its bytes came back" {
      condition = base64encode(output.ack[0]) == base64encode(step.socketio_wait.glued.output.data.whole)
    }
  }
}
"#;

#[test]
fn users_stay_in_their_namespace_and_both_sides_count_the_same() {
    let server = SocketioServer::start(&SocketioSetup {
        pings: (100, 5_000),
        ..SocketioSetup::default()
    });
    let grid = Grid::new(USERS).build();
    grid.start(&["--server", server.url()])
        .finish()
        .expect_code(0);
    let seen = server.saw();
    for part in [
        "\"sessions\":3",
        "\"users\":{\"/staff\":3}",
        "\"events\":48",
        "\"attachments\":36",
        "\"refused\":0",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    assert!(!seen.contains("\"pongs\":0"), "{seen}");
    for user in 1..=3 {
        assert!(seen.contains(&format!("\"user\":{user}}}")), "{seen}");
        assert!(seen.contains(&format!("\"t {user}\"")), "{seen}");
    }
    assert_eq!(
        seen.matches("\"client namespace disconnect\"").count(),
        3,
        "{seen}"
    );
}

#[test]
fn the_example_of_the_module_talks_to_a_server_that_echoes() {
    let server = SocketioServer::start(&SocketioSetup::default());
    let text =
        std::fs::read_to_string(bggo_tests::repository().join("modules/socketio/example.hcl"));
    let grid = Grid::new(&text.unwrap()).build();
    grid.start(&["--server", server.url()])
        .finish()
        .expect_code(0);
    let seen = server.saw();
    assert!(seen.contains("\"sessions\":2"), "{seen}");
    assert!(seen.contains("\"events\":4"), "{seen}");
}

/// With the names and the defaults that grids had before bggo: the step that does all by itself, and the client that steps share.
const OLD: &str = r#"
variable "server" { type = string }

resource "socketio_client" "shared" {
  arguments {
    url                  = var.server
    namespace            = "/"
    insecure_skip_verify = true
  }
}

step "socketio" "alone" {
  arguments {
    url                  = var.server
    namespace            = "/"
    emit_event           = "ask"
    emit_data            = { message = "hello", count = 3 }
    on_event             = "answer"
    timeout              = "5s"
    insecure_skip_verify = true
  }
}

step "socketio_request" "first" {
  uses {
    client = resource.socketio_client.shared
  }
  arguments {
    emit_event = "ask"
    emit_data  = step.socketio.alone.output.response_data
    on_event   = "answer"
  }
}

step "socketio_request" "second" {
  uses {
    client = resource.socketio_client.shared
  }
  arguments {
    emit_event = "who"
    on_event   = "you"
    timeout    = "1m"
  }
  depends_on = ["socketio_request.first"]
}

step "print" "result" {
  arguments {
    input = {
      count     = step.socketio_request.first.output.response_data.count
      namespace = step.socketio_request.second.output.response_data.namespace
    }
  }
}
"#;

#[test]
fn grids_from_before_bggo_run_unchanged() {
    let server = SocketioServer::start(&SocketioSetup::default());
    let grid = Grid::new(OLD).build();
    let run = grid.start(&["--server", server.url()]).finish();
    let run = run.expect_code(0);
    assert!(
        run.stdout.contains('3') && run.stdout.contains("/"),
        "{}",
        run.stdout
    );
    let seen = server.saw();
    assert!(seen.contains("\"sessions\":2"), "{seen}");
    assert!(seen.contains("\"events\":3"), "{seen}");
}

/// What `bggo check` says of a step or resource with this text.
fn check(grid: &str) -> String {
    let folder = Grid::new(grid);
    let said = bggo().arg("check").arg(folder.path()).output().unwrap();
    assert!(!said.status.success(), "{grid}");
    String::from_utf8_lossy(&said.stderr).into_owned()
}

#[test]
fn reserved_events_and_wrong_namespaces_are_errors_of_the_grid() {
    let step = |event: &str| {
        format!(
            r#"
step "socketio" "visit" {{
  arguments {{
    url      = "https://chat.example"
    on_event = "{event}"
  }}
}}
"#
        )
    };
    for event in ["connect", "connect_error", "disconnect", "newListener"] {
        let said = check(&step(event));
        assert!(said.contains("keeps for itself"), "{said}");
    }
    let said = check(
        r#"
resource "socketio_client" "chat" {
  arguments {
    url       = "https://chat.example"
    namespace = "staff"
  }
}
step "socketio_emit" "say" {
  uses { client = resource.socketio_client.chat }
  arguments { event = "disconnect" }
}
"#,
    );
    assert!(said.contains("a namespace begins with /"), "{said}");
    assert!(said.contains("keeps for itself"), "{said}");
}

/// An event whose name is known only when the step runs, and a namespace that is known when the program starts.
const LATE: &str = r#"
variable "server" { type = string }
variable "event" { type = string }
variable "namespace" { type = string }

resource "socketio_client" "chat" {
  arguments {
    url       = var.server
    namespace = var.namespace
  }
}

step "socketio_emit" "say" {
  uses { client = resource.socketio_client.chat }
  arguments { event = var.event }
}
"#;

#[test]
fn what_is_known_late_is_checked_late() {
    let server = SocketioServer::start(&SocketioSetup::default());
    let grid = Grid::new(LATE).build();
    let run = |event: &str, namespace: &str| {
        let flags = [
            "--server",
            server.url(),
            "--event",
            event,
            "--namespace",
            namespace,
        ];
        grid.start(&flags).finish()
    };
    let reserved = run("disconnect", "/");
    assert!(
        reserved.stderr.contains("keeps for itself"),
        "{}",
        reserved.stderr
    );
    let wrong = run("who", "staff");
    assert!(
        wrong.stderr.contains("a namespace begins with /"),
        "{}",
        wrong.stderr
    );
    run("who", "/").expect_code(0);
    assert!(server.saw().contains("\"events\":1"));
}
