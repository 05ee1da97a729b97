//! Calls of whole programs to a gRPC server of another implementation, which counts as well.

use bggo_tests::server::{Certificates, GrpcServer, GrpcSetup, InteropServer};
use bggo_tests::{Grid, bggo, repository};

fn grid(text: &str) -> Grid {
    let grid = Grid::new(text);
    let proto = repository().join("modules/grpc/shop.proto");
    std::fs::copy(proto, grid.folder().join("shop.proto")).unwrap();
    grid
}

/// Users with a connection each, or one for all of a thread; each iteration makes calls of every kind.
const USERS: &str = r#"
variable "server" { type = string }

resource "grpc_client" "shop" {
  scope = "SCOPE"
  arguments {
    target   = var.server
    proto    = ["shop.proto"]
    metadata = { x-token = "secret" }
  }
}

resource "grpc_stream" "talk" {
  uses { client = resource.grpc_client.shop }
  arguments { method = "shop.Shop/Talk" }
}

scenario "shop" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 4
  }
  step "grpc_request" "ask" {
    uses { client = resource.grpc_client.shop }
    arguments {
      method   = "shop.Shop/Unary"
      message  = { name = "user ${vu.id}", count = vu.id }
      deadline = "20s"
    }
    check "it is the answer to this user" {
      condition = output.message.text == "USER ${vu.id}" && output.message.number == vu.id + 1
    }
  }
  step "grpc_request" "collect" {
    uses { client = resource.grpc_client.shop }
    arguments {
      method   = "shop.Shop/Collect"
      messages = [for name in ["a", "b"] : { name = name }]
    }
    check "both arrived" {
      condition = output.message.text == "a,b"
    }
  }
  step "grpc_request" "list" {
    uses { client = resource.grpc_client.shop }
    arguments {
      method          = "shop.Shop/List"
      message         = { name = "n", count = 3 }
      expect_messages = 3
    }
    check "they are in order" {
      condition = [for one in output.messages : one.text] == ["n0", "n1", "n2"]
    }
  }
  step "grpc_send" "say" {
    uses { stream = resource.grpc_stream.talk }
    arguments { message = { name = step.grpc_request.ask.output.message.text } }
  }
  step "grpc_receive" "hear" {
    uses { stream = resource.grpc_stream.talk }
    arguments { match = output.message.text == "USER ${vu.id}!" }
    depends_on = [step.grpc_send.say]
  }
  step "grpc_close" "bye" {
    uses { stream = resource.grpc_stream.talk }
    depends_on = [step.grpc_receive.hear]
  }
}
"#;

fn counts(scope: &str, connections: u32) {
    let server = GrpcServer::start(&GrpcSetup::default());
    let grid = grid(&USERS.replace("SCOPE", scope)).build();
    let flags = ["--server", &server.target(), "--threads", "1"];
    grid.start(&flags).finish().expect_code(0);
    let seen = server.saw();
    for part in [
        "\"calls\":80",
        "\"messages\":100",
        "\"cancelled\":0",
        "\"deadlines\":20",
        "\"tokens\":80",
        &format!("\"connections\":{connections}"),
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[test]
fn each_user_has_a_connection_and_both_sides_count_the_same() {
    counts("vu", 5);
}

#[test]
fn all_users_of_a_thread_may_share_a_connection() {
    counts("worker", 1);
}

#[test]
fn the_example_of_the_module_talks_to_a_shop() {
    let server = GrpcServer::start(&GrpcSetup::default());
    let text = std::fs::read_to_string(repository().join("modules/grpc/example.hcl"));
    let grid = grid(&text.unwrap()).build();
    grid.start(&["--server", &server.target()])
        .finish()
        .expect_code(0);
    let seen = server.saw();
    assert!(seen.contains("\"calls\":3"), "{seen}");
    assert!(seen.contains("\"tokens\":3"), "{seen}");
}

/// A status is a kind of failure, which a retry may name, and an expected one passes with what the server said.
const FAILS: &str = r#"
variable "server" { type = string }

resource "grpc_client" "shop" {
  arguments {
    target = var.server
    proto  = ["shop.proto"]
  }
}

step "grpc_request" "expected" {
  uses { client = resource.grpc_client.shop }
  arguments {
    method        = "shop.Shop/Unary"
    message       = { name = "fail", count = 5 }
    expect_status = ["NOT_FOUND"]
  }
  check "the server says why" {
    condition = output.status_message == "asked to fail: 100% ü" && output.trailers["x-why"] == "asked"
  }
}

step "grpc_request" "unavailable" {
  uses { client = resource.grpc_client.shop }
  arguments {
    method  = "shop.Shop/Unary"
    message = { name = "fail", count = 14 }
  }
  retry {
    attempts = 3
    retry_on = ["unavailable"]
  }
  depends_on = [step.grpc_request.expected]
}
"#;

#[test]
fn a_status_is_a_kind_of_failure_that_a_retry_may_name() {
    let server = GrpcServer::start(&GrpcSetup::default());
    let grid = grid(FAILS).build();
    let ended = grid.start(&["--server", &server.target()]).finish();
    assert_ne!(ended.code(), 0);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(
        said.contains("the server answered UNAVAILABLE: asked to fail"),
        "{said}"
    );
    let seen = server.saw();
    assert!(seen.contains("\"calls\":4"), "{seen}");
}

/// A grid whose only word of the services is what the server said of them.
const DESCRIBED: &str = r#"
variable "server" { type = string }

resource "grpc_client" "shop" {
  arguments {
    target         = var.server
    descriptor_set = "api.binpb"
  }
}

step "grpc_request" "ask" {
  uses { client = resource.grpc_client.shop }
  arguments {
    method  = "shop.Shop/Unary"
    message = { name = "described" }
  }
  check "the answer is typed" {
    condition = output.message.text == "DESCRIBED"
  }
}
"#;

#[test]
fn a_server_is_described_by_itself() {
    let server = GrpcServer::start(&GrpcSetup {
        reflection: true,
        ..GrpcSetup::default()
    });
    let grid = Grid::new(DESCRIBED);
    let set = grid.folder().join("api.binpb");
    let said = bggo()
        .args(["grpc", "describe", &server.target(), "-o"])
        .arg(&set)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{text}");
    // The same services are the same bytes.
    let first = std::fs::read(&set).unwrap();
    let again = bggo()
        .args(["grpc", "describe", &server.target(), "-o"])
        .arg(&set)
        .status()
        .unwrap();
    assert!(again.success());
    assert_eq!(std::fs::read(&set).unwrap(), first);
    grid.build()
        .start(&["--server", &server.target()])
        .finish()
        .expect_code(0);
}

#[test]
fn a_server_that_wants_to_know_its_clients_is_described_over_tls() {
    let certificates = Certificates::new(&["127.0.0.1"]);
    let path = |name| certificates.path(name);
    let ca = path("ca.crt");
    let server = GrpcServer::start(&GrpcSetup {
        secure: Some((&path("server.crt"), &path("server.key"))),
        ca: Some(&ca),
        reflection: true,
        ..GrpcSetup::default()
    });
    let grid = Grid::new("");
    let set = grid.folder().join("api.binpb");
    let describe = |flags: &[&str]| {
        let target = server.target();
        let mut command = bggo();
        command.args(["grpc", "describe", &target, "--tls"]);
        command.args(flags).arg("-o").arg(&set).output().unwrap()
    };
    // Nobody says that the server may be trusted.
    let said = describe(&[]);
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("tls: "), "{text}");
    assert!(!set.exists());
    let (cert, key) = (path("client.crt"), path("client.key"));
    let shows = ["--client-cert-file", &cert, "--client-key-file", &key];
    let said = describe(&[&["--ca-file", &ca][..], &shows].concat());
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{text}");
    let trusted = std::fs::read(&set).unwrap();
    // The name of the service, as its file has it.
    assert!(trusted.windows(6).any(|part| part == b"\x0a\x04Shop"));
    let said = describe(&[&["--insecure-skip-verify"][..], &shows].concat());
    assert!(said.status.success());
    assert_eq!(std::fs::read(&set).unwrap(), trusted);
}

#[test]
fn a_server_without_reflection_is_not_described() {
    let server = GrpcServer::start(&GrpcSetup::default());
    let folder = Grid::new("");
    let set = folder.folder().join("api.binpb");
    let said = bggo()
        .args(["grpc", "describe", &server.target(), "-o"])
        .arg(&set)
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("UNIMPLEMENTED"), "{text}");
    assert!(!set.exists());
}

#[test]
fn the_cases_of_interoperability_hold() {
    let folder = repository().join("tests/fixtures/interop");
    let text = std::fs::read_to_string(folder.join("grid.hcl")).unwrap();
    let grid = Grid::new(&text);
    let proto = folder.join("test.proto");
    std::fs::copy(proto, grid.folder().join("test.proto")).unwrap();
    // The largest message of the cases.
    std::fs::write(grid.folder().join("zeros"), "0".repeat(271_828)).unwrap();
    let server = InteropServer::start();
    let flags = ["--server", &server.target()];
    grid.build().start(&flags).finish().expect_code(0);
    let seen = server.saw();
    // A method and a service that it does not have are no calls for it; a stream and a call that was late are given up.
    assert_eq!(seen, "{\"calls\":14,\"given_up\":2}");
}
