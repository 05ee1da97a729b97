//! What steps send and receive, as a run shows it: with `--trace-io` of all steps, otherwise of those that failed; and no secret
//! in any output.

use bggo_tests::server::{Nginx, RawPeer};
use bggo_tests::{Finished, Grid};
use serde_json::Value;
use std::path::Path;

const GRID: &str = r#"
variable "url" {
  type = string
}

variable "token" {
  type      = string
  sensitive = true
}

locals {
  signed = "sig-${upper(var.token)}"
}

step "http_request" "order" {
  arguments {
    method       = "POST"
    url          = "${var.url}/order?id=7"
    headers      = { X-Colour = "green" }
    json         = { amount = 3 }
    bearer_token = var.token
  }
}

step "http_request" "echo" {
  depends_on = [step.http_request.order]
  arguments {
    url          = "${var.url}/echo"
    headers      = { X-Key = local.signed }
    query_params = { token = var.token }
    cookies      = { session = "crumbs-${var.token}" }
    basic_auth   = { username = "me", password = var.token }
  }
}

step "http_request" "moved" {
  depends_on = [step.http_request.echo]
  arguments {
    url = "${var.url}/from"
  }
}

step "http_request" "large" {
  depends_on = [step.http_request.moved]
  arguments {
    url = "${var.url}/large"
  }
}

step "http_request" "missing" {
  depends_on          = [step.http_request.large]
  continue_on_failure = true
  arguments {
    url           = "${var.url}/missing"
    method        = "PUT"
    body          = "pay ${var.token}"
    expect_status = 200
  }
}
"#;

const TOKEN: &str = "hu5h&hush";
const COLOURLESS: &str = "SIG-HU5H";

fn server() -> Nginx {
    // nginx reads no longer parameter.
    let large = "x".repeat(1_000);
    Nginx::start(&format!(
        "client_body_buffer_size 16k;
        location /order {{ add_header Set-Cookie 'sid=0ven-fre5h'; return 201 'made'; }}
        location /echo {{ add_header X-Said $http_x_key; return 200 '$http_x_key $http_authorization $http_cookie $args'; }}
        location /from {{ return 302 /to?step=2; }}
        location /to {{ return 200 'there, $http_cookie'; }}
        location /large {{ set $large '{large}'; return 200 $large$large$large$large$large$large; }}
        location /missing {{ return 404 'no hu5h&hush, sid=0ven-fre5h'; }}
        location /replaced {{ add_header Set-Cookie 'sid=b4ked-anew'; return 200 'was $cookie_sid'; }}
        location /removed {{ add_header Set-Cookie 'sid=; Max-Age=0'; return 200 'was $cookie_sid'; }}
        location /events {{
            default_type text/event-stream;
            add_header Set-Cookie 'sid=b4ked-again';
            return 200 'id: 1\ndata: $cookie_sid\n\n';
        }}"
    ))
}

fn run(grid: &Grid, nginx: &Nginx, flags: &[&str]) -> Finished {
    let url = nginx.url();
    let always = ["--url", url.as_str(), "--token", TOKEN];
    grid.start(&[&always, flags].concat()).finish()
}

/// Fails if one of the secrets stands in a text, in any form in which the server saw it.
#[track_caller]
fn assert_secret_free(text: &str) {
    for form in [
        TOKEN,
        "hu5h%26hush",
        "hu5h\\u0026hush",
        "SIG-HU5H",
        "sig-HU5H",
        "crumbs",
        "0ven",
        "b4ked",
        // Of `me:hu5h&hush`.
        "bWU6aHU1aCZodXNo",
    ] {
        assert!(!text.contains(form), "{form} in {text}");
    }
}

/// Method and place of each request that the server logged.
fn logged(nginx: Nginx) -> Vec<String> {
    let lines = nginx.stop();
    let request = |line: &String| line.split(' ').skip(3).collect::<Vec<_>>().join(" ");
    lines.iter().map(request).collect()
}

#[test]
fn each_request_that_the_server_saw_is_shown_with_its_answer_and_no_secret() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let ended = run(&grid, &nginx, &["--trace-io"]).expect_code(1);
    let said = &ended.stderr;
    assert_secret_free(said);
    let host = nginx.url().replace("http://", "");
    let order = format!(
        "  > POST /order?id=7 HTTP/1.1
  > Host: {host}
  > Authorization: (sensitive value)
  > X-Colour: green
  > Content-Type: application/json
"
    );
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let shown: Vec<String> = sorted(said);
    for line in sorted(&order) {
        assert!(shown.contains(&line), "no {line:?} in {said}");
    }
    for part in [
        "  >\n  > {\"amount\":3}\n  < HTTP/1.1 201 Created\n  < server: nginx",
        "  < set-cookie: (sensitive value)\n  <\n  < made\n",
        "  > X-Key: (sensitive value)\n",
        "  > Cookie: (sensitive value)\n",
        "  < x-said: (sensitive value)\n",
        "  < HTTP/1.1 302 Found\n",
        "  > GET /to?step=2 HTTP/1.1\n",
        "  < there, sid=(sensitive value)\n",
        "  < (4096 of 6000 bytes)\n",
        "  >\n  > (sensitive value), 13 bytes\n  < HTTP/1.1 404 Not Found\n",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let lines = said.lines().filter_map(|line| line.strip_prefix("  > "));
    let requests = lines.filter_map(|line| line.strip_suffix(" HTTP/1.1"));
    let requests: Vec<&str> = requests.collect();
    let mut expected = logged(nginx);
    for request in &mut expected {
        *request = request.replace("token=hu5h%26hush", "(sensitive value)");
    }
    assert_eq!(requests, expected);
}

#[test]
fn of_a_run_without_the_flag_only_what_failed_is_shown() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let ended = run(&grid, &nginx, &[]).expect_code(1);
    assert_secret_free(&ended.stderr);
    let lines = ended.stderr.lines();
    let firsts: Vec<&str> = lines.filter(|line| line.contains("HTTP/1.1")).collect();
    assert_eq!(
        firsts,
        ["  > PUT /missing HTTP/1.1", "  < HTTP/1.1 404 Not Found"]
    );

    let ended = run(&grid, &nginx, &["--trace-io=0", "--log-format", "json"]).expect_code(1);
    assert_secret_free(&ended.stderr);
    let events = ended.stderr.lines().map(serde_json::from_str::<Value>);
    let events: Vec<Value> = events.map(|event| event.expect("JSON")).collect();
    let of = |step: &str| {
        let is = |event: &&Value| event["event"] == "step" && event["step"] == step;
        events.iter().find(is).expect("the step").clone()
    };
    let moved = of("http_request.moved");
    let exchanges = moved["exchanges"].as_array().expect("exchanges");
    let firsts = |side: &str| {
        let texts = exchanges
            .iter()
            .map(|one| one[side].as_str().expect("text"));
        let firsts = texts.map(|text| text.lines().next().unwrap_or_default());
        firsts.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        firsts("sent"),
        ["GET /from HTTP/1.1", "GET /to?step=2 HTTP/1.1"]
    );
    assert_eq!(
        firsts("received"),
        ["HTTP/1.1 302 Found", "HTTP/1.1 200 OK"]
    );
    let large = of("http_request.large");
    let received = large["exchanges"][0]["received"].as_str().expect("text");
    assert!(received.ends_with("\n\n(6000 bytes)"), "{received}");

    let ended = run(&grid, &nginx, &["--trace-io", "--iterations", "3"]).expect_code(104);
    assert!(
        ended
            .stderr
            .contains("--trace-io shows what the steps of a functional run send"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_load_run_keeps_one_exchange_of_each_kind_of_failure() {
    let grid = Grid::new(GRID).build();
    let nginx = server();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let files = ["a.json", "a.csv", "a.xml", "a.log"].map(path);
    let flags = [
        "--vus",
        "2",
        "--threads",
        "2",
        "--iterations",
        "300",
        "--max-failed",
        "100%",
        "--summary-json",
        &files[0],
        "--csv",
        &files[1],
        "--junit",
        &files[2],
        "--out",
        &files[3],
    ];
    let ended = run(&grid, &nginx, &flags);
    let read = |path: &String| std::fs::read_to_string(Path::new(path)).expect("the file");
    let texts = files.iter().map(read);
    for text in texts.chain([ended.stdout.clone(), ended.stderr.clone()]) {
        assert_secret_free(&text);
        assert!(!text.contains(COLOURLESS), "{text}");
    }
    let summary: Value = serde_json::from_str(&read(&files[0])).expect("JSON");
    let examples = summary["examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 1, "{examples:?}");
    let text = |side: &str| examples[0][side].as_str().expect("text").to_owned();
    assert!(text("sent").starts_with("PUT /missing HTTP/1.1\nHost: 127.0.0.1:"));
    assert!(text("sent").ends_with("\n\n(sensitive value), 13 bytes"));
    let received = text("received");
    assert!(received.starts_with("HTTP/1.1 404 Not Found\nserver: nginx"));
    // Beside the token it tells the session, which is no argument of any step.
    let body = "\n\nno (sensitive value), sid=(sensitive value)";
    assert!(received.ends_with(body), "{received}");
    let short = "PUT /missing HTTP/1.1 -> HTTP/1.1 404 Not Found";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&ended.stderr).contains(short), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("/missing").count(), 1);
    assert_eq!(logged(nginx).len(), 300 * 6);
}

const SILENT: &str = r#"
variable "url" {
  type = string
}

variable "token" {
  type      = string
  sensitive = true
}

resource "http_client" "tenant" {
  arguments {
    headers = { X-Tenant = "t-${base64encode(var.token)}" }
  }
}

step "http_request" "silent" {
  uses {
    client = resource.http_client.tenant
  }
  timeouts {
    execution = "200ms"
  }
  arguments {
    method = "POST"
    url    = "${var.url}/silent"
    body   = "hello"
  }
}
"#;

#[test]
fn a_request_without_an_answer_is_shown_as_it_went_over_the_wire() {
    let grid = Grid::new(SILENT).build();
    let peer = RawPeer::start(None);
    let url = peer.url();
    let flags = ["--url", url.as_str(), "--token", TOKEN];
    let ended = grid.start(&flags).finish().expect_code(1);
    let said = &ended.stderr;
    assert_secret_free(said);
    assert!(said.contains("timeout: it took longer"), "{said}");
    assert!(said.contains("  >\n  > hello\n  < (no answer)\n"), "{said}");
    let request = String::from_utf8(peer.request()).expect("text");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, "hello");
    let mut wire: Vec<String> = head.lines().map(str::to_lowercase).collect();
    for line in &mut wire {
        if line.starts_with("x-tenant: ") {
            *line = "x-tenant: (sensitive value)".to_owned();
        }
        // A client with a sensitive argument keeps all its headers back.
        if line.starts_with("user-agent: ") || line.starts_with("accept-encoding: ") {
            let (name, _) = line.split_once(": ").expect("a header");
            *line = format!("{name}: (sensitive value)");
        }
    }
    // Without an answer nobody knows its version.
    wire[0] = "post /silent".to_owned();
    wire.sort();
    let lines = said.lines().filter_map(|line| line.strip_prefix("  > "));
    let mut shown: Vec<String> = lines.map(str::to_lowercase).collect();
    shown.retain(|line| line != "hello");
    shown.sort();
    assert_eq!(shown, wire);
}

#[test]
fn a_load_run_keeps_the_request_of_a_step_whose_time_was_over() {
    let grid = Grid::new(SILENT).build();
    let peer = RawPeer::start(None);
    let url = peer.url();
    let flags = "--vus 1 --threads 1 --iterations 2 --max-failed 100% --summary-json -";
    let flags = ["--url", url.as_str(), "--token", TOKEN]
        .into_iter()
        .chain(flags.split(' '));
    let ended = grid.start(&flags.collect::<Vec<_>>()).finish();
    assert_secret_free(&ended.stdout);
    let summary: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let examples = summary["examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 1, "{examples:?}");
    assert_eq!(examples[0]["kind"], "timeout", "{examples:?}");
    let sent = examples[0]["sent"].as_str().expect("text");
    assert!(sent.starts_with("POST /silent\nHost: 127.0.0.1:"), "{sent}");
    assert!(sent.ends_with("\n\nhello"), "{sent}");
    assert_eq!(examples[0]["received"], Value::Null);
}

const CHECKED: &str = r#"
variable "url" {
  type = string
}

variable "token" {
  type      = string
  sensitive = true
}

step "http_request" "fixed" {
  continue_on_failure = true
  arguments {
    method       = "POST"
    url          = "${var.url}/order"
    bearer_token = var.token
    body         = "amount=3"
  }
  check "is known" {
    condition = output.status_code == 200
    required  = true
  }
}

step "http_request" "replaced" {
  depends_on          = [step.http_request.fixed]
  continue_on_failure = true
  arguments {
    url = "${var.url}/replaced"
  }
  check "is empty" {
    condition = output.size == 0
    required  = true
  }
}

step "http_events" "read" {
  depends_on          = [step.http_request.replaced]
  continue_on_failure = true
  arguments {
    url          = "${var.url}/events"
    bearer_token = var.token
  }
  check "are many" {
    condition = output.count > 5
    required  = true
  }
}

step "http_request" "removed" {
  depends_on          = [step.http_events.read]
  continue_on_failure = true
  arguments {
    url           = "${var.url}/removed"
    expect_status = 404
  }
}

step "http_request" "again" {
  depends_on          = [step.http_request.removed]
  continue_on_failure = true
  arguments {
    url = "${var.url}/order"
  }
}

step "http_events" "missing" {
  depends_on          = [step.http_request.again]
  continue_on_failure = true
  arguments {
    url = "${var.url}/missing"
  }
}

step "http_request" "late" {
  depends_on          = [step.http_events.missing]
  continue_on_failure = true
  arguments {
    url        = "${var.url}/echo"
    headers    = { X-Key = uuid() }
    basic_auth = { username = "me", password = var.token }
  }
  check "is empty" {
    condition = output.body == ""
    required  = true
  }
}

step "http_request" "large" {
  depends_on          = [step.http_request.late]
  continue_on_failure = true
  arguments {
    url = "${var.url}/large"
  }
  check "is small" {
    condition = output.size < 10
    required  = true
  }
  check "is moved" {
    condition = output.status_code == 302
  }
}
"#;

#[test]
fn a_load_run_keeps_the_exchange_of_a_step_that_a_required_check_failed() {
    let grid = Grid::new(CHECKED).build();
    let nginx = server();
    let flags = "--vus 2 --threads 1 --iterations 100 --max-failed 100% --summary-json -";
    let ended = run(&grid, &nginx, &flags.split(' ').collect::<Vec<_>>());
    for text in [&ended.stdout, &ended.stderr] {
        assert_secret_free(text);
    }
    let summary: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let examples = summary["examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 7, "{examples:?}");
    let example = |step: &str, kind: &str, side: &str| {
        let mut all = examples.iter();
        let example = all.find(|one| one["step"] == step).expect("an example");
        assert_eq!(example["kind"], kind, "{example}");
        example[side].as_str().expect("text").to_owned()
    };
    let side = |name: &str, side: &str| example(&format!("http_request.{name}"), "check", side);
    let sent = side("fixed", "sent");
    assert!(
        sent.starts_with("POST /order HTTP/1.1\nHost: 127.0.0.1:"),
        "{sent}"
    );
    assert!(
        sent.contains("\nAuthorization: (sensitive value)\n"),
        "{sent}"
    );
    assert!(sent.ends_with("\n\namount=3"), "{sent}");
    let received = side("fixed", "received");
    assert!(
        received.starts_with("HTTP/1.1 201 Created\nserver: nginx"),
        "{received}"
    );
    assert!(
        received.contains("\nset-cookie: (sensitive value)\n"),
        "{received}"
    );
    assert!(received.ends_with("\n\nmade"), "{received}");
    // The cookie that was sent is another one by now.
    let was = "\n\nwas (sensitive value)";
    let received = side("replaced", "received");
    assert!(received.ends_with(was), "{received}");
    let received = example("http_request.removed", "status", "received");
    assert!(received.ends_with(was), "{received}");
    let sent = example("http_events.read", "check", "sent");
    assert!(sent.starts_with("GET /events HTTP/1.1\n"), "{sent}");
    for line in [
        "\naccept: text/event-stream\n",
        "\nauthorization: (sensitive value)\n",
        "\ncookie: (sensitive value)",
    ] {
        assert!(sent.to_lowercase().contains(line), "{line} in {sent}");
    }
    let received = example("http_events.read", "check", "received");
    let first = "HTTP/1.1 200 OK\nserver: nginx";
    assert!(received.starts_with(first), "{received}");
    let events = "\n\nid: 1\ndata: (sensitive value)\n";
    assert!(received.contains(events), "{received}");
    let received = example("http_events.missing", "status", "received");
    let first = "HTTP/1.1 404 Not Found\nserver: nginx";
    assert!(received.starts_with(first), "{received}");
    let body = "\n\nno (sensitive value), sid=(sensitive value)";
    assert!(received.ends_with(body), "{received}");
    let sent = side("late", "sent");
    let key = sent.lines().find_map(|line| line.strip_prefix("X-Key: "));
    let received = side("late", "received");
    // The server echoes the key and the credentials.
    let body = format!(
        "\n\n{} (sensitive value) sid=(sensitive value)",
        key.expect("the key")
    );
    assert!(received.contains(&body), "{received}");
    let received = side("large", "received");
    assert!(received.ends_with("xxx\n(512 of 6000 bytes)"), "{received}");
    assert!(received.len() < 1_100, "{}", received.len());
    assert_eq!(logged(nginx).len(), 800);
}

const BROKEN: &str = r#"
variable "url" {
  type = string
}

step "http_request" "answer" {
  continue_on_failure = true
  arguments {
    url = var.url
  }
}

step "http_events" "stream" {
  depends_on = [step.http_request.answer]
  arguments {
    url = var.url
  }
}
"#;

#[test]
fn a_load_run_keeps_what_was_read_of_the_head_of_an_answer_that_breaks_off() {
    let grid = Grid::new(BROKEN).build();
    let peer = RawPeer::start(Some(
        b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: 1\n\ndata: 2",
    ));
    let url = peer.url();
    let flags = "--vus 1 --threads 1 --iterations 2 --max-failed 100% --summary-json -";
    let flags = ["--url", url.as_str()].into_iter().chain(flags.split(' '));
    let ended = grid.start(&flags.collect::<Vec<_>>()).finish();
    let summary: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let examples = summary["examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 2, "{examples:?}");
    for example in examples {
        assert_eq!(example["kind"], "body", "{example}");
        let sent = example["sent"].as_str().expect("text");
        assert!(sent.starts_with("GET / HTTP/1.0\n"), "{sent}");
        let received = example["received"].as_str().expect("text");
        // A request reads no fields that nothing asks for.
        let head = match example["step"].as_str() {
            Some("http_request.answer") => "HTTP/1.0 200 OK",
            _ => "HTTP/1.0 200 OK\ncontent-type: text/event-stream\ncontent-length: 99\n",
        };
        assert!(received.starts_with(head), "{received}");
    }
}
