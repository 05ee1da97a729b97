//! Consumers of whole programs with a real Kafka: what it stores is what they take, alone and in groups.

use bggo_tests::bench::summary;
use bggo_tests::server::{Kafka, Listener};
use bggo_tests::{Finished, Grid, Run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Users that print what they take.
const GRID: &str = r#"
variable "server" { type = string }
variable "topic" { type = string }
variable "group" {
  type    = string
  default = null
}
variable "protocol" {
  type    = string
  default = "classic"
}
variable "assignor" {
  type    = string
  default = "range"
}
variable "begin_at" {
  type    = string
  default = "committed"
}
variable "isolation" {
  type    = string
  default = "read_uncommitted"
}
variable "commit" {
  type    = string
  default = "none"
}
variable "age" {
  type    = string
  default = "5m"
}
variable "auto_commit" {
  type    = bool
  default = false
}
variable "key" {
  type    = string
  default = null
}
variable "most" {
  type    = number
  default = 100
}
variable "timeout" {
  type    = string
  default = "3s"
}
variable "security" {
  type    = string
  default = "PLAINTEXT"
}
variable "mechanism" {
  type    = string
  default = null
}
variable "username" {
  type    = string
  default = null
}
variable "password" {
  type      = string
  default   = null
  sensitive = true
}
variable "token" {
  type      = string
  default   = null
  sensitive = true
}
variable "ca_file" {
  type    = string
  default = null
}

resource "kafka_consumer" "in" {
  arguments {
    bootstrap_servers  = [var.server]
    topics             = [var.topic]
    group_id           = var.group
    group_protocol     = var.protocol
    assignor           = var.assignor
    auto_offset_reset  = "earliest"
    start_at           = var.begin_at
    isolation_level    = var.isolation
    enable_auto_commit = var.auto_commit
    heartbeat_interval = "100ms"
    session_timeout    = "3s"
    security_protocol  = var.security
    sasl_mechanism     = var.mechanism
    sasl_username      = var.username
    sasl_password      = var.password
    sasl_token         = var.token
    ca_file            = var.ca_file
    request_timeout    = "4s"
    metadata_max_age   = var.age
  }
}

step "kafka_consume" "take" {
  uses { consumer = resource.kafka_consumer.in }
  arguments {
    max_records = var.most
    timeout     = var.timeout
    match_key   = var.key
    commit      = var.commit
  }
}

step "print" "taken" {
  arguments { input = step.kafka_consume.take.output.records }
}

threshold "some fail" {
  condition = metrics.run.failed.ratio <= 1
}
"#;

/// The program is built once for all tests.
static PROGRAM: LazyLock<Grid> = LazyLock::new(|| Grid::new(GRID).build());

/// One broker serves all that do not harm it, each with topics and groups of its own.
#[test]
fn what_a_broker_stores_is_what_consumers_take() {
    let server = Kafka::start();
    takes_what_is_stored_however_it_is_compressed(&server);
    only_the_record_with_the_key_counts(&server);
    nothing_within_the_limit_is_a_failure_that_says_so(&server);
    a_topic_that_is_not_there_fails_the_consumer(&server);
    a_group_goes_on_where_it_has_come_to(&server);
    what_an_iteration_has_taken_is_committed_at_its_end(&server);
    partitions_that_a_topic_gets_are_read(&server);
    a_client_says_who_it_is(&server);
    a_group_with_members_of_another_client_is_shared_out_as_they_come_and_go(&server);
    for (name, flags) in [
        ("ranges", &[][..]),
        ("turns", &["--assignor", "round_robin"]),
        ("kept", &["--assignor", "cooperative_sticky"]),
        ("broker", &["--protocol", "consumer"]),
    ] {
        members_share_the_partitions(&server, name, flags);
    }
}

fn start(server: &str, topic: &str, flags: &[&str]) -> Run {
    let mut all = vec!["--server", server, "--topic", topic, "--log-format", "json"];
    all.extend_from_slice(flags);
    PROGRAM.start(&all)
}

/// The records that a run has printed.
fn taken(finished: &Finished) -> Vec<Value> {
    let lines = finished.stdout.lines();
    let lists = lines.filter_map(|line| serde_json::from_str::<Vec<Value>>(line).ok());
    lists.flatten().collect()
}

/// Partition and offset of each.
fn places(records: &[Value]) -> BTreeSet<(u64, u64)> {
    let place = |record: &Value| {
        let number = |name: &str| record[name].as_u64().expect("a number");
        (number("partition"), number("offset"))
    };
    records.iter().map(place).collect()
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|at| format!("k{at}\tv{at}\n")).collect()
}

fn all_places(counts: &[u64]) -> BTreeSet<(u64, u64)> {
    let of = |(partition, count): (usize, &u64)| {
        let partition = partition as u64;
        (0..*count).map(move |offset| (partition, offset))
    };
    counts.iter().enumerate().flat_map(of).collect()
}

fn takes_what_is_stored_however_it_is_compressed(server: &Kafka) {
    server.create_topic("stored", 2);
    for (at, codec) in (0..).zip(["none", "gzip", "snappy", "lz4", "zstd"]) {
        let text = lines(at * 100..at * 100 + 100);
        let more = ["-z", codec, "-H", "id=7", "-H", "empty="];
        server.produce("stored", at % 2, &text, &more);
    }
    let finished = start(
        &server.server(),
        "stored",
        &["--iterations", "8", "--timeout", "1s"],
    )
    .finish()
    .expect_code(0);
    let taken = taken(&finished);
    let stored = server.records("stored");
    assert_eq!(
        (taken.len(), stored.len()),
        (500, 500),
        "{}",
        finished.stderr
    );
    assert_eq!(places(&taken), places(&stored));
    for record in &stored {
        let is_it = |other: &&Value| {
            other["partition"] == record["partition"] && other["offset"] == record["offset"]
        };
        let own = taken.iter().find(is_it).expect("it was taken");
        assert_eq!(own["key"], record["key"]);
        assert_eq!(own["value"], record["payload"]);
        assert_eq!(own["timestamp"], record["ts"]);
        assert_eq!(own["topic"], "stored");
        assert_eq!(own["headers"]["id"], "7");
    }
    let summary = summary(&finished.stderr);
    assert_eq!(summary["steps"][0]["metrics"]["records"]["sum"], 500);
}

fn only_the_record_with_the_key_counts(server: &Kafka) {
    server.create_topic("keys", 1);
    server.produce("keys", 0, &lines(0..300), &[]);
    let flags = ["--iterations", "1", "--key", "k217"];
    let finished = start(&server.server(), "keys", &flags)
        .finish()
        .expect_code(0);
    let taken = taken(&finished);
    assert_eq!(taken.len(), 1, "{}", finished.stderr);
    assert_eq!(taken[0]["value"], "v217");
    let summary = summary(&finished.stderr);
    assert_eq!(summary["steps"][0]["metrics"]["passed_over"]["sum"], 299);
}

fn nothing_within_the_limit_is_a_failure_that_says_so(server: &Kafka) {
    server.create_topic("silent", 1);
    server.produce("silent", 0, &lines(0..5), &[]);
    let flags = [
        "--iterations",
        "1",
        "--begin-at",
        "latest",
        "--timeout",
        "300ms",
    ];
    let finished = start(&server.server(), "silent", &flags).finish();
    assert!(
        finished.stderr.contains("no record within 300ms"),
        "{}",
        finished.stderr
    );
    assert!(taken(&finished).is_empty());
}

fn a_topic_that_is_not_there_fails_the_consumer(server: &Kafka) {
    for group in [
        &[][..],
        &["--group", "typo"],
        &["--group", "typo2", "--protocol", "consumer"],
    ] {
        let flags = [&["--iterations", "1"], group].concat();
        let finished = start(&server.server(), "no-such-topic", &flags).finish();
        assert!(
            finished.stderr.contains("unknown_topic"),
            "{}",
            finished.stderr
        );
    }
    assert!(!String::from_utf8_lossy(&server.kcat(&["-L"]).stdout).contains("no-such-topic"));
}

/// Users of a group for some seconds: each record is taken once and committed.
fn members_share_the_partitions(server: &Kafka, name: &str, flags: &[&str]) {
    server.create_topic(name, 3);
    for partition in 0..3 {
        server.produce(name, partition, &lines(0..100), &[]);
    }
    let own = [
        "--group",
        name,
        "--most",
        "5",
        "--commit",
        "each",
        "--vus",
        "2",
        "--duration",
        "4s",
    ];
    let mut run = start(&server.server(), name, &[&own, flags].concat());
    run.wait_for_output("offset");
    for partition in 0..3 {
        server.produce(name, partition, &lines(100..150), &[]);
    }
    let finished = run.finish();
    let taken = taken(&finished);
    assert_eq!(places(&taken), all_places(&[150; 3]), "{}", finished.stderr);
    assert_eq!(
        server.committed(name, name, 3),
        [Some(150); 3],
        "{}",
        finished.stderr
    );
    // What was taken while the group shared out anew may come once more, but no more than two steps had.
    assert!(
        taken.len() <= 450 + 3 * 5,
        "{}: {}",
        taken.len(),
        finished.stderr
    );
    // Both have left.
    assert_eq!(server.group(name).1, 0);
}

/// A member of a group that is another client.
struct OtherMember(Child);

impl OtherMember {
    fn joins(server: &Kafka, group: &str, topic: &str) -> Self {
        let child = Command::new("kcat")
            .args([
                "-b",
                &server.server(),
                "-q",
                "-X",
                "auto.offset.reset=earliest",
            ])
            .args([
                "-X",
                "partition.assignment.strategy=range",
                "-G",
                group,
                topic,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("kcat is missing: run tests/install.sh");
        Self(child)
    }
}

impl Drop for OtherMember {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        // It leaves its group when it is asked to end.
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.0.wait();
    }
}

/// Waits until something is so, and fails after a long time.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn a_group_with_members_of_another_client_is_shared_out_as_they_come_and_go(server: &Kafka) {
    server.create_topic("mixed", 3);
    let flags = [
        "--group",
        "mixed",
        "--commit",
        "each",
        "--vus",
        "1",
        "--duration",
        "20s",
    ];
    let mut run = start(&server.server(), "mixed", &flags);
    wait_until("it is alone", || {
        server.group("mixed") == ("Stable".to_owned(), 1)
    });
    server.produce("mixed", 2, "\tbefore\n", &[]);
    run.wait_for_output("before");
    let other = OtherMember::joins(server, "mixed", "mixed");
    wait_until("there are two", || {
        server.group("mixed") == ("Stable".to_owned(), 2)
    });
    drop(other);
    wait_until("it is alone again", || {
        server.group("mixed") == ("Stable".to_owned(), 1)
    });
    for partition in 0..3 {
        let line = format!("\tafter{partition}\n");
        server.produce("mixed", partition, &line, &[]);
    }
    wait_until("all of it is committed", || {
        server.committed("mixed", "mixed", 3) == [Some(1), Some(1), Some(2)]
    });
    run.signal("INT");
    let finished = run.finish();
    for partition in 0..3 {
        let line = format!("after{partition}");
        assert!(
            finished.stdout.contains(&line),
            "{line}: {}",
            finished.stderr
        );
    }
    assert_eq!(server.group("mixed").1, 0);
}

fn a_group_goes_on_where_it_has_come_to(server: &Kafka) {
    server.create_topic("resumed", 1);
    server.produce("resumed", 0, &lines(0..50), &[]);
    let flags = [
        "--group",
        "resumed",
        "--most",
        "20",
        "--iterations",
        "1",
        "--auto-commit",
        "true",
    ];
    let first = start(&server.server(), "resumed", &flags)
        .finish()
        .expect_code(0);
    assert_eq!(places(&taken(&first)), (0..20).map(|at| (0, at)).collect());
    assert_eq!(server.committed("resumed", "resumed", 1), [Some(20)]);
    let second = start(&server.server(), "resumed", &flags)
        .finish()
        .expect_code(0);
    assert_eq!(
        places(&taken(&second)),
        (20..40).map(|at| (0, at)).collect()
    );
    let flags = ["--iterations", "1", "--most", "20"];
    let alone = start(&server.server(), "resumed", &flags)
        .finish()
        .expect_code(0);
    assert_eq!(places(&taken(&alone)), (0..20).map(|at| (0, at)).collect());
}

fn what_an_iteration_has_taken_is_committed_at_its_end(server: &Kafka) {
    server.create_topic("ended", 1);
    server.produce("ended", 0, &lines(0..20), &[]);
    let flags = ["--group", "ended", "--most", "20", "--commit", "end"];
    let more = ["--iterations", "2", "--vus", "1", "--timeout", "30s"];
    let run = start(&server.server(), "ended", &[flags, more].concat());
    // The second iteration waits, and nothing else commits.
    wait_until("the first one is committed", || {
        server.committed("ended", "ended", 1) == [Some(20)]
    });
    server.produce("ended", 0, &lines(20..25), &[]);
    let finished = run.finish().expect_code(0);
    assert_eq!(places(&taken(&finished)), all_places(&[25]));
    assert_eq!(server.committed("ended", "ended", 1), [Some(25)]);
    // Without a group there is nobody to commit to.
    let alone = ["--commit", "end", "--iterations", "1"];
    let finished = start(&server.server(), "ended", &alone).finish();
    assert!(
        finished.stderr.contains("the consumer is in no group"),
        "{}",
        finished.stderr
    );
}

fn partitions_that_a_topic_gets_are_read(server: &Kafka) {
    server.create_topic("grown", 1);
    server.produce("grown", 0, &lines(0..5), &[]);
    let address = server.server();
    let common = ["--age", "200ms", "--vus", "1", "--duration", "60s"];
    // A group that shares out anew goes on where it has come to.
    let classic = ["--group", "grown", "--commit", "each"];
    let other = [
        "--group",
        "grown2",
        "--protocol",
        "consumer",
        "--commit",
        "each",
    ];
    let mut runs = [&[][..], &classic, &other]
        .map(|flags| start(&address, "grown", &[&common, flags].concat()));
    for run in &mut runs {
        run.wait_for_output("v4");
    }
    server.grow_topic("grown", 3);
    server.produce("grown", 2, &lines(5..10), &[]);
    for mut run in runs {
        run.wait_for_output("v9");
        run.signal("INT");
        let finished = run.finish();
        let taken = taken(&finished);
        assert_eq!(
            (places(&taken), taken.len()),
            (all_places(&[5, 0, 5]), 10),
            "{}",
            finished.stderr
        );
    }
}

fn a_client_says_who_it_is(server: &Kafka) {
    server.create_topic("secured", 1);
    server.produce("secured", 0, &lines(0..3), &[]);
    let ca = server.file("ca.crt");
    let token =
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJsdCIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjo0MTAwMDAwMDAwfQ.";
    let user = ["--username", "lt", "--password", "sekret"];
    let tls = ["--ca-file", &ca];
    let cases: [(Listener, &str, &[&str], &[&str]); 7] = [
        (Listener::Ssl, "SSL", &[], &tls),
        (
            Listener::SaslPlaintext,
            "SASL_PLAINTEXT",
            &["--mechanism", "PLAIN"],
            &user,
        ),
        (
            Listener::SaslPlaintext,
            "SASL_PLAINTEXT",
            &["--mechanism", "SCRAM-SHA-256"],
            &user,
        ),
        (
            Listener::SaslPlaintext,
            "SASL_PLAINTEXT",
            &["--mechanism", "SCRAM-SHA-512"],
            &user,
        ),
        (
            Listener::SaslPlaintext,
            "SASL_PLAINTEXT",
            &["--mechanism", "OAUTHBEARER"],
            &["--token", token],
        ),
        (
            Listener::SaslSsl,
            "SASL_SSL",
            &["--mechanism", "PLAIN", "--ca-file", &ca],
            &user,
        ),
        (
            Listener::SaslSsl,
            "SASL_SSL",
            &["--mechanism", "SCRAM-SHA-512", "--ca-file", &ca],
            &user,
        ),
    ];
    for (listener, protocol, some, more) in cases {
        let own = ["--security", protocol, "--iterations", "1"];
        let flags = [&own, some, more].concat();
        let finished = start(&server.address(listener), "secured", &flags).finish();
        assert_eq!(
            taken(&finished).len(),
            3,
            "{protocol} {some:?}: {}",
            finished.stderr
        );
        assert!(!finished.stderr.contains("sekret"), "{}", finished.stderr);
    }
    let wrong = [
        "--security",
        "SASL_PLAINTEXT",
        "--mechanism",
        "SCRAM-SHA-256",
        "--username",
        "lt",
        "--password",
        "canary-wrong",
        "--iterations",
        "1",
    ];
    let address = server.address(Listener::SaslPlaintext);
    let finished = start(&address, "secured", &wrong).finish();
    assert!(
        finished.stderr.contains("authentication"),
        "{}",
        finished.stderr
    );
    assert!(!finished.stderr.contains("canary"), "{}", finished.stderr);
    // Without TLS to a listener that speaks it.
    let address = server.address(Listener::Ssl);
    let finished = start(&address, "secured", &["--iterations", "1"]).finish();
    assert!(finished.stderr.contains("tls"), "{}", finished.stderr);
}

/// Users that produce and take what they have produced, among the records of the others.
const PAIRS: &str = r#"
variable "server" { type = string }

resource "kafka_producer" "out" {
  arguments {
    bootstrap_servers = [var.server]
    linger            = "0ms"
  }
}

resource "kafka_consumer" "in" {
  arguments {
    bootstrap_servers = [var.server]
    topics            = ["pairs"]
  }
}

scenario "pairs" {
  load "per_vu_iterations" {
    vus        = 4
    iterations = 25
  }
  step "kafka_produce" "send" {
    uses { producer = resource.kafka_producer.out }
    arguments {
      topic   = resource.kafka_consumer.in.topic
      key     = "u${vu.id}"
      value   = { number = vu.iteration }
      headers = { id = "${vu.id}-${vu.iteration}" }
    }
  }
  step "kafka_consume" "receive" {
    uses { consumer = resource.kafka_consumer.in }
    arguments { match_header = { name = "id", value = "${vu.id}-${vu.iteration}" } }
    check "it is one's own" {
      condition = output.record.key == "u${vu.id}" && jsondecode(output.record.value).number == vu.iteration
    }
    depends_on = [step.kafka_produce.send]
  }
}
"#;

#[test]
fn users_take_what_they_have_produced() {
    let server = Kafka::start();
    server.create_topic("pairs", 3);
    let grid = Grid::new(PAIRS).build();
    let flags = ["--server", &server.server(), "--log-format", "json"];
    let finished = grid.start(&flags).finish().expect_code(0);
    assert_eq!(server.end_offsets("pairs", 3).iter().sum::<u64>(), 100);
    let summary = summary(&finished.stderr);
    assert_eq!(summary["iterations"]["count"], 100);
    let steps = summary["steps"].as_array().expect("a list of steps");
    let is_it = |step: &&Value| step["step"] == "kafka_consume.receive";
    let take = steps.iter().find(is_it);
    let metrics = &take.unwrap_or_else(|| panic!("no step: {summary}"))["metrics"];
    assert_eq!(metrics["records"]["sum"], 100, "{summary}");
    assert_eq!(metrics["end_to_end"]["count"], 100, "{summary}");
}

#[test]
fn consumers_go_on_when_a_broker_comes_back() {
    let mut server = Kafka::start();
    server.create_topic("t", 2);
    server.produce("t", 0, &lines(0..50), &[]);
    server.produce("t", 1, &lines(0..50), &[]);
    let address = server.server();
    let flags = ["--vus", "1", "--duration", "60s", "--timeout", "1s"];
    let mut alone = start(&address, "t", &flags);
    let own = ["--group", "g", "--commit", "each"];
    let mut member = start(&address, "t", &[&own[..], &flags].concat());
    alone.wait_for_output("v49");
    member.wait_for_output("v49");
    server.freeze();
    std::thread::sleep(Duration::from_millis(1500));
    server.resume();
    server.die();
    std::thread::sleep(Duration::from_millis(500));
    server.restart();
    server.produce("t", 0, &lines(50..60), &[]);
    server.produce("t", 1, &lines(50..60), &[]);
    wait_until("the group has come to the end", || {
        server.committed("g", "t", 2) == [Some(60); 2]
    });
    for (run, name) in [(alone, "alone"), (member, "member")] {
        run.signal("INT");
        let finished = run.finish();
        let taken = taken(&finished);
        assert_eq!(
            places(&taken),
            all_places(&[60, 60]),
            "{name} {}",
            finished.stderr
        );
        if name == "alone" {
            assert_eq!(taken.len(), 120, "{}", finished.stderr);
        }
        for kind in ["timeout", "connect"] {
            assert!(
                finished.stderr.contains(kind),
                "{name} {kind}: {}",
                finished.stderr
            );
        }
    }
}
