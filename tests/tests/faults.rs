//! Counts under faults: a proxy breaks exchanges off between a program and nginx, and its log says what the program has to have
//! counted, exchange by exchange.
//!
//! `BGGO_FAULT_SEEDS=20 cargo test -p bggo-tests --test faults` runs each case with so many seeds; a failure names its seed.

use bggo_tests::server::{FaultProxy, Log, Nginx, Plan, Tally};
use bggo_tests::{Finished, Grid};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};

/// A login, three requests beside each other, a redirect and an order, and one whose answer nobody reads. Each path carries what
/// its answer has to repeat; some get no answer.
const GRID: &str = r#"
variable "url" {
  type = string
}

locals {
  nonce    = "${vu.id}-${vu.iteration}"
  swallows = vu.iteration % 40 == 7
  piece    = join("", [for number in range(16) : "0123456789abcdef"])
}

resource "http_client" "own" {
  scope = "vu"
  arguments {
    timeout       = "60s"
    max_body_size = 1000000
  }
}

step "http_request" "login" {
  continue_on_failure = true
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/echo?n=login-${local.nonce}"
    method        = "POST"
    body          = join("", [for number in range(vu.iteration % 5 == 3 ? 640 : vu.iteration % 12) : local.piece])
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "login-${local.nonce}"
  }
}

step "http_request" "read" {
  continue_on_failure = true
  depends_on = [step.http_request.login]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/${local.swallows ? "swallow" : "echo"}?n=read-${local.nonce}"
    timeout       = local.swallows ? "200ms" : "60s"
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "read-${local.nonce}"
  }
}

step "http_request" "write" {
  continue_on_failure = true
  depends_on = [step.http_request.login]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/echo?n=write-${local.nonce}"
    method        = "PUT"
    body          = "some"
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "write-${local.nonce}"
  }
}

step "http_request" "moved" {
  continue_on_failure = true
  depends_on = [step.http_request.login]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/moved?n=moved-${local.nonce}"
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "moved-${local.nonce}"
  }
}

step "http_request" "unread" {
  continue_on_failure = true
  uses {
    client = resource.http_client.own
  }
  arguments {
    url = "${var.url}/unread?n=unread-${local.nonce}"
  }
}

step "http_request" "order" {
  continue_on_failure = true
  depends_on = [step.http_request.read, step.http_request.write]
  uses {
    client = resource.http_client.own
  }
  arguments {
    url           = "${var.url}/echo?n=order-${local.nonce}"
    method        = "POST"
    body          = try(step.http_request.write.output.body, "none")
    expect_status = [200, 503]
  }
  check "its own answer" {
    required  = true
    condition = output.status_code == 503 || output.body == "order-${local.nonce}"
  }
}
"#;

/// Answers with what the path carries.
const ECHO: &str = "absolute_redirect off;
        location / { return 200 $arg_n; }
        location = /moved { return 302 /echo?$args; }
        location = /unread { return 200 'a body that nobody reads, in more than one piece if it is cut'; }";

/// One program for all cases.
fn program() -> &'static Grid {
    static BUILT: OnceLock<Grid> = OnceLock::new();
    BUILT.get_or_init(|| Grid::new(GRID).build())
}

/// The seeds of a case: few, unless more are asked for.
fn seeds(few: u64) -> impl Iterator<Item = u64> {
    let asked = std::env::var("BGGO_FAULT_SEEDS").ok();
    let count = asked.map_or(few, |count| count.parse().expect("a number of seeds"));
    1..=count
}

fn plan(seed: u64) -> Plan {
    Plan {
        seed,
        one_in: 6,
        refuses_one_in: 0,
    }
}

/// What a program counted.
#[derive(Debug)]
struct Counted {
    requests: u64,
    answered: u64,
    cut: u64,
    resent: u64,
    connections: u64,
    /// Steps that failed, by kind. It is `check` if an answer is another request's.
    failures: Vec<(String, u64)>,
    iterations: u64,
}

fn counted(ended: &Finished) -> Counted {
    let events = ended.stderr.lines();
    let mut events = events.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events
        .find(|event| event["event"] == "summary")
        .unwrap_or_else(|| panic!("no summary in {}", ended.stderr));
    let steps = summary["steps"].as_array().expect("steps");
    let sum = |name: &str| {
        let sums = steps.iter().map(|step| &step["metrics"][name]["sum"]);
        sums.filter_map(Value::as_u64).sum()
    };
    let failures = summary["failures"].as_object().expect("failures by kind");
    let mut failures: Vec<(String, u64)> = failures
        .iter()
        .map(|(kind, count)| (kind.clone(), count.as_u64().expect("a count")))
        .collect();
    failures.sort();
    let connections = &summary["resources"][0]["metrics"]["connections"]["sum"];
    Counted {
        requests: sum("requests"),
        answered: sum("answered"),
        cut: sum("cut"),
        resent: sum("resent"),
        connections: connections.as_u64().unwrap_or(0),
        failures,
        iterations: summary["iterations"]["count"].as_u64().expect("a count"),
    }
}

/// A run that came to its end.
fn run(proxy: &FaultProxy, flags: &str) -> Counted {
    let url = proxy.url();
    let mut words = vec![
        "--url",
        &url,
        "--log-format",
        "json",
        "--max-failed",
        "100%",
    ];
    words.extend(flags.split(' '));
    counted(&program().start(&words).finish().expect_code(0))
}

/// Whether a run that was drained counted exactly what the proxy saw.
#[track_caller]
fn hold(counted: &Counted, log: &Log, seed: u64) -> Tally {
    let tally = log.tally();
    let about = || format!("seed {seed}\nprogram: {counted:#?}\nproxy: {tally:#?}");
    let failures = tally.failures.iter();
    let failures: Vec<(String, u64)> = failures
        .map(|(kind, count)| ((*kind).to_owned(), *count))
        .collect();
    assert_eq!(counted.answered, tally.answered, "answered, {}", about());
    assert_eq!(counted.requests, tally.heads, "requests, {}", about());
    assert_eq!(counted.resent, tally.resent, "resent, {}", about());
    assert_eq!(counted.failures, failures, "failures, {}", about());
    assert_eq!(
        counted.connections,
        tally.connections,
        "connections, {}",
        about()
    );
    assert_eq!(
        counted.requests,
        counted.answered + counted.cut,
        "{}",
        about()
    );
    tally
}

/// Whether the server counted between what was answered and what was sent.
#[track_caller]
fn within(counted: &Counted, nginx: Nginx, seed: u64) {
    let served = nginx.stop().len() as u64;
    assert!(
        counted.answered <= served && served <= counted.requests,
        "seed {seed}: nginx served {served}, {counted:#?}"
    );
}

#[test]
fn without_faults_all_counts_are_equal() {
    let nginx = Nginx::start(ECHO);
    let proxy = FaultProxy::start(&nginx.url(), Plan::NOTHING);
    let counted = run(&proxy, "--vus 16 --iterations 200");
    let log = proxy.stop();
    let tally = hold(&counted, &log, 0);
    // Those that never get an answer.
    assert_eq!(
        counted.failures,
        [("timeout".to_owned(), tally.failures["timeout"])]
    );
    assert_eq!(counted.iterations, 200);
    assert_eq!(nginx.stop().len() as u64, tally.answered);
}

#[test]
fn users_that_go_on_after_a_fault_count_what_the_proxy_saw() {
    for seed in seeds(3) {
        let nginx = Nginx::start(ECHO);
        let proxy = FaultProxy::start(&nginx.url(), plan(seed));
        let counted = run(&proxy, "--vus 64 --iterations 600 --threads 2");
        let log = proxy.stop();
        let tally = hold(&counted, &log, seed);
        assert!(tally.resent > 0 && tally.failures.len() >= 4, "{tally:?}");
        let served = nginx.stop().len() as u64;
        assert_eq!(served, tally.forwarded, "what the proxy passed on");
        assert!(counted.answered <= served && served <= counted.requests);
    }
}

#[test]
fn arrivals_count_what_the_proxy_saw() {
    for seed in seeds(1) {
        let nginx = Nginx::start(ECHO);
        let proxy = FaultProxy::start(&nginx.url(), plan(seed));
        let counted = run(&proxy, "--rate 150/s --duration 3s --allow-overload");
        let log = proxy.stop();
        hold(&counted, &log, seed);
        within(&counted, nginx, seed);
    }
}

#[test]
fn connections_that_serve_a_hundred_requests_are_replaced_without_a_fault() {
    for seed in seeds(1) {
        let locations = format!("keepalive_requests 100; {ECHO}");
        let nginx = Nginx::start(&locations);
        let proxy = FaultProxy::start(
            &nginx.url(),
            Plan {
                one_in: 0,
                ..plan(seed)
            },
        );
        let counted = run(&proxy, "--vus 4 --iterations 400");
        let tally = hold(&counted, &proxy.stop(), seed);
        assert_eq!(counted.resent, 0, "{counted:?}");
        assert!(tally.connections > tally.heads / 100, "{tally:?}");
        assert_eq!(nginx.stop().len() as u64, counted.answered);
    }
}

#[test]
fn connections_that_are_reset_when_they_are_made_are_failures_of_their_steps() {
    for seed in seeds(1) {
        let nginx = Nginx::start(ECHO);
        let refuses = Plan {
            refuses_one_in: 5,
            ..plan(seed)
        };
        let proxy = FaultProxy::start(&nginx.url(), refuses);
        let counted = run(&proxy, "--vus 32 --iterations 300");
        let tally = proxy.stop().tally();
        let about = || format!("seed {seed}\nprogram: {counted:#?}\nproxy: {tally:#?}");
        let of_kind = |kind: &str| {
            let failures = counted.failures.iter();
            let mut same = failures.filter(|(known, _)| known == kind);
            same.next().map_or(0, |(_, count)| *count)
        };
        let expected = |kind: &str| tally.failures.get(kind).copied().unwrap_or(0);
        assert_eq!(
            of_kind("reset"),
            expected("reset") + tally.refused,
            "{}",
            about()
        );
        assert_eq!(of_kind("closed"), expected("closed"), "{}", about());
        assert_eq!(of_kind("body"), expected("body"), "{}", about());
        assert_eq!(counted.answered, tally.answered, "{}", about());
        assert_eq!(counted.resent, tally.resent, "{}", about());
        // A request may have been sent to a connection that was reset, or not.
        let sent_in_vain = counted.requests - tally.heads;
        assert!(
            tally.refused > 0 && sent_in_vain <= tally.refused,
            "{}",
            about()
        );
        assert!(counted.connections <= tally.connections, "{}", about());
        within(&counted, nginx, seed);
    }
}

#[test]
fn a_server_with_fewer_connections_than_users_refuses_and_closes_and_all_is_counted() {
    for seed in seeds(1) {
        let zone = "limit_conn_zone $server_name zone=all:1m;";
        let locations = "absolute_redirect off; limit_conn all 20; limit_rate 1m;
            location / { return 200 $arg_n; }
            location = /moved { return 302 /echo?$args; }";
        let nginx = Nginx::start_small(32, zone, locations);
        let proxy = FaultProxy::start(
            &nginx.url(),
            Plan {
                one_in: 0,
                ..plan(seed)
            },
        );
        let counted = run(&proxy, "--vus 64 --iterations 300");
        let tally = hold(&counted, &proxy.stop(), seed);
        assert!(tally.failures.contains_key("closed"), "{tally:?}");
        within(&counted, nginx, seed);
    }
}

#[test]
fn a_server_that_is_started_again_half_way_leaves_the_counts_exact() {
    for seed in seeds(1) {
        let mut nginx = Nginx::start(ECHO);
        let proxy = FaultProxy::start(
            &nginx.url(),
            Plan {
                one_in: 0,
                ..plan(seed)
            },
        );
        let url = proxy.url();
        let flags = "--vus 32 --iterations 1200 --log-format json --max-failed 100% --url";
        let words: Vec<&str> = flags.split(' ').chain([url.as_str()]).collect();
        let going = program().start(&words);
        proxy.wait_for(300);
        // A worker that is killed leaves requests with a body out of its log.
        nginx.leave();
        proxy.wait_for(1_000);
        nginx.start_again();
        let counted = counted(&going.finish().expect_code(0));
        let tally = hold(&counted, &proxy.stop(), seed);
        assert!(tally.failures["closed"] > 0, "{tally:?}");
        within(&counted, nginx, seed);
    }
}

/// Whether a run in which requests were given up counted no less than what the proxy saw for sure, and no more.
#[track_caller]
fn bound(counted: &Counted, tally: &Tally, seed: u64) {
    let about = || format!("seed {seed}\nprogram: {counted:#?}\nproxy: {tally:#?}");
    assert!(counted.answered <= tally.answered, "{}", about());
    assert!(tally.heads <= counted.requests, "{}", about());
    assert!(counted.resent <= tally.resent, "{}", about());
    assert_eq!(
        counted.requests,
        counted.answered + counted.cut,
        "{}",
        about()
    );
    // Each failure is one that the proxy made, so none is an answer of another request.
    for (kind, count) in &counted.failures {
        let made = tally.failures.get(kind.as_str()).copied().unwrap_or(0);
        assert!(*count <= made, "{kind}, {}", about());
    }
}

#[test]
fn an_interrupt_at_any_exchange_leaves_counts_between_those_of_both_ends() {
    for seed in seeds(2) {
        let nginx = Nginx::start(ECHO);
        let proxy = FaultProxy::start(&nginx.url(), plan(seed));
        let url = proxy.url();
        let flags = "--vus 32 --duration 10m --log-format json --max-failed 100% --url";
        let words: Vec<&str> = flags.split(' ').chain([url.as_str()]).collect();
        let going = program().start(&words);
        proxy.wait_for(usize::try_from(seed * 7919 % 2_000).expect("a count"));
        going.signal("INT");
        let counted = counted(&going.finish().expect_code(105));
        bound(&counted, &proxy.stop().tally(), seed);
        within(&counted, nginx, seed);
    }
}

#[test]
fn requests_that_are_dropped_because_another_step_failed_are_cut() {
    // A failure ends its iteration, and what runs beside it.
    let grid = Grid::new(&GRID.replace("  continue_on_failure = true\n", "")).build();
    for seed in seeds(1) {
        let nginx = Nginx::start(ECHO);
        let proxy = FaultProxy::start(&nginx.url(), plan(seed));
        let url = proxy.url();
        let flags = "--vus 64 --iterations 600 --log-format json --max-failed 100% --url";
        let words: Vec<&str> = flags.split(' ').chain([url.as_str()]).collect();
        let counted = counted(&grid.start(&words).finish().expect_code(0));
        let tally = proxy.stop().tally();
        bound(&counted, &tally, seed);
        assert!(counted.answered < tally.answered, "none was dropped");
        within(&counted, nginx, seed);
    }
}

/// What a step gets that reads nothing of its answer, before the server closes.
const MUCH: usize = 1 << 30;

/// Answers each request with 503, but sends ten gigabytes for the paths of two steps: to the one that reads them until it closes,
/// to the other one until `MUCH` has passed and `has_passed` has returned.
fn pours(mut stream: TcpStream, has_passed: &dyn Fn()) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            // The program has closed.
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let lines = head.lines().map(str::to_ascii_lowercase);
        let mut lengths =
            lines.filter_map(|line| Some(line.strip_prefix("content-length: ")?.to_owned()));
        let length = lengths
            .next()
            .map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a whole request");
        let is_unread = head.contains("/unread");
        if !is_unread && !head.contains("n=read-") {
            let refused = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(refused).expect("the program reads it");
            continue;
        }
        let begins = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";
        stream.write_all(begins).expect("the program reads it");
        let piece = vec![b'x'; 1 << 20];
        let mut sent = 0;
        while sent < MUCH || !is_unread {
            if stream.write_all(&piece).is_err() {
                return;
            }
            sent += piece.len();
        }
        has_passed();
        return;
    }
}

/// The most memory that a process has had so far, in KiB.
fn most_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    words.expect("a figure").parse().expect("a number")
}

#[test]
fn ten_gigabytes_are_counted_or_refused_in_bounded_memory() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let url = format!("http://{address}");
    let flags = "--vus 1 --iterations 1 --log-format json --max-failed 100% --url";
    let words: Vec<&str> = flags.split(' ').chain([url.as_str()]).collect();
    let going = program().start(&words);
    let process = going.id();
    let (tells, told) = channel();
    let is_over = Arc::new(AtomicBool::new(false));
    let stops = Arc::clone(&is_over);
    let serving = std::thread::spawn(move || {
        std::thread::scope(|all| {
            for stream in listener.incoming() {
                if stops.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, tells) = (stream.expect("a connection"), tells.clone());
                all.spawn(move || {
                    pours(stream, &|| {
                        tells.send(most_memory(process)).expect("the test waits");
                    });
                });
            }
        });
    });
    let ended = going.finish();
    is_over.store(true, Ordering::SeqCst);
    // Wakes the listener up.
    drop(TcpStream::connect(address));
    serving.join().expect("no thread panics");
    let counted = counted(&ended);
    assert_eq!(counted.failures, [("body".to_owned(), 2)], "{counted:?}");
    let most = told.recv().expect("much has passed");
    assert!(most < 100 << 10, "{most} KiB while {MUCH} bytes passed");
}
