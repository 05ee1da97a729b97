//! Whole programs that send records to a real Kafka, which counts as well.

use bggo_tests::bench::summary;
use bggo_tests::server::{Kafka, KafkaSetup, Listener};
use bggo_tests::{Finished, Grid};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

/// One program for all: which scenario runs, and how it is spoken to the cluster, is said when it starts.
const GRID: &str = r#"
variable "server" { type = string }
variable "topic" {
  type    = string
  default = "orders"
}
variable "protocol" {
  type    = string
  default = "PLAINTEXT"
}
variable "mechanism" {
  type    = string
  default = null
}
variable "password" {
  type      = string
  sensitive = true
  default   = null
}
variable "token" {
  type      = string
  sensitive = true
  default   = null
}
variable "ca" {
  type    = string
  default = null
}
variable "compression" {
  type    = string
  default = "none"
}
variable "batch" {
  type    = string
  default = "16KiB"
}
variable "most" {
  type    = string
  default = "1MiB"
}
variable "value" {
  type    = string
  default = "tea"
}

resource "kafka_producer" "shop" {
  arguments {
    bootstrap_servers = [var.server]
    security_protocol = var.protocol
    sasl_mechanism    = var.mechanism
    sasl_username     = var.password == null ? null : "lt"
    sasl_password     = var.password
    sasl_token        = var.token
    ca_file           = var.ca
    compression       = var.compression
    batch_size        = var.batch
    max_request_size  = var.most
    request_timeout   = "1s"
    delivery_timeout  = "3s"
  }
}

scenario "once" {
  load "once" {}
  step "kafka_produce" "order" {
    uses { producer = resource.kafka_producer.shop }
    arguments {
      topic = var.topic
      value = var.value
    }
    check "it has a place" {
      condition = output.offset >= 0 && output.timestamp > 0
    }
  }
}

scenario "users" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 40
  }
  step "kafka_produce" "order" {
    uses { producer = resource.kafka_producer.shop }
    arguments {
      topic   = var.topic
      key     = "user-${vu.id}"
      value   = { user = vu.id, number = vu.iteration }
      headers = { source = "test" }
    }
  }
}

scenario "queued" {
  load "per_vu_iterations" {
    vus        = 5
    iterations = 2000
  }
  step "kafka_produce" "order" {
    uses { producer = resource.kafka_producer.shop }
    arguments {
      topic    = var.topic
      value    = "${vu.id}-${vu.iteration}"
      wait_for = "queued"
    }
  }
}

resource "kafka_producer" "own" {
  scope = "vu"
  arguments {
    bootstrap_servers = [var.server]
    linger            = "0s"
  }
}

scenario "own" {
  load "per_vu_iterations" {
    vus        = 3
    iterations = 20
  }
  step "kafka_produce" "order" {
    uses { producer = resource.kafka_producer.own }
    arguments {
      topic = var.topic
      value = null
      key   = vu.id
    }
  }
}

scenario "steady" {
  load "constant_vus" {
    vus      = 8
    duration = "10s"
  }
  step "kafka_produce" "order" {
    uses { producer = resource.kafka_producer.shop }
    arguments {
      topic = var.topic
      value = "${vu.id}-${vu.iteration}"
    }
  }
}

resource "kafka_producer" "patient" {
  arguments {
    bootstrap_servers = [var.server]
    linger            = "0s"
    request_timeout   = "4s"
    delivery_timeout  = "10s"
  }
}

# The second batch goes out behind the first one, and has more time left when that one is given up.
scenario "behind" {
  load "once" {}
  step "kafka_produce" "first" {
    uses { producer = resource.kafka_producer.patient }
    arguments {
      topic    = var.topic
      value    = "first"
      wait_for = "queued"
    }
  }
  step "noop" "between" {
    arguments { delay = "3s" }
    depends_on = [step.kafka_produce.first]
  }
  step "kafka_produce" "second" {
    uses { producer = resource.kafka_producer.patient }
    arguments {
      topic = var.topic
      value = "second"
    }
    depends_on = [step.noop.between]
  }
  step "kafka_produce" "third" {
    uses { producer = resource.kafka_producer.patient }
    arguments {
      topic = var.topic
      value = "third"
    }
    depends_on = [step.kafka_produce.second]
  }
}

scenario "topics" {
  load "once" {}
  step "kafka_create_topic" "make" {
    uses { client = resource.kafka_producer.shop }
    arguments {
      topic      = "made"
      partitions = 3
      config     = { "max.message.bytes" = "1000" }
    }
    check "there are three partitions" {
      condition = output.created && output.partitions == 3
    }
  }
  step "kafka_create_topic" "again" {
    uses { client = resource.kafka_producer.shop }
    arguments {
      topic     = "made"
      if_exists = "keep"
    }
    check "it was there" {
      condition = !output.created && output.partitions == 3
    }
    depends_on = [step.kafka_create_topic.make]
  }
  step "kafka_produce" "last" {
    uses { producer = resource.kafka_producer.shop }
    arguments {
      topic     = "made"
      value     = "a"
      partition = 2
      timestamp = 1000000
    }
    check "it went there" {
      condition = output.partition == 2 && output.offset == 0 && output.timestamp == 1000000
    }
    depends_on = [step.kafka_create_topic.again]
  }
  step "kafka_list_offsets" "ends" {
    uses { client = resource.kafka_producer.shop }
    arguments { topic = "made" }
    check "one record is there" {
      condition = output.total == 1 && output.offsets[2].offset == 1 && output.offsets[0].offset == 0
    }
    depends_on = [step.kafka_produce.last]
  }
  step "kafka_list_offsets" "later" {
    uses { client = resource.kafka_producer.shop }
    arguments {
      topic     = "made"
      timestamp = 1000001
    }
    check "none is as late" {
      condition = output.offsets[2].offset == null
    }
    depends_on = [step.kafka_produce.last]
  }
  step "kafka_delete_topic" "gone" {
    uses { client = resource.kafka_producer.shop }
    arguments { topic = "made" }
    depends_on = [step.kafka_list_offsets.ends, step.kafka_list_offsets.later]
  }
  step "kafka_delete_topic" "none" {
    uses { client = resource.kafka_producer.shop }
    arguments {
      topic      = "made"
      if_missing = "ignore"
    }
    check "there is none" {
      condition = !output.deleted
    }
    depends_on = [step.kafka_delete_topic.gone]
  }
}

threshold "some fail" {
  condition = metrics.run.failed.ratio < 1
}
"#;

static PROGRAM: LazyLock<Grid> = LazyLock::new(|| Grid::new(GRID).build());

/// A run of a scenario.
fn run(kafka: &Kafka, scenario: &str, flags: &[&str]) -> Finished {
    let server = kafka.server();
    let first = [
        "--scenario",
        scenario,
        "--server",
        &server,
        "--log-format",
        "json",
    ];
    PROGRAM.start(&[&first, flags].concat()).finish()
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// How many iterations passed, and the sum of a metric of the only step that ran.
fn counts(finished: &Finished, metric: &str) -> (u64, u64) {
    let summary = summary(&finished.stderr);
    let ended = &summary["iterations"];
    let passed = number(&ended["count"]) - number(&ended["failed"]);
    let steps = summary["steps"].as_array().unwrap();
    let ran = steps.iter().find(|step| number(&step["count"]) > 0);
    let sum = &ran.unwrap()["metrics"][metric]["sum"];
    (passed, sum.as_u64().unwrap_or(0))
}

/// How many iterations failed by a kind of failure.
fn failures(finished: &Finished, kind: &str) -> u64 {
    summary(&finished.stderr)["failures"][kind]
        .as_u64()
        .unwrap_or(0)
}

fn sum(offsets: &[u64]) -> u64 {
    offsets.iter().sum()
}

#[test]
fn records_are_written_once_with_keys_and_headers_however_they_are_compressed() {
    let kafka = Kafka::start();
    for compression in ["none", "gzip", "snappy", "lz4", "zstd"] {
        kafka.create_topic(compression, 3);
        let flags = ["--topic", compression, "--compression", compression];
        let finished = run(&kafka, "users", &flags).expect_code(0);
        let (passed, bytes) = counts(&finished, "bytes");
        assert_eq!(passed, 200);
        assert!(bytes > 200 * 40, "{bytes}");
        assert_eq!(sum(&kafka.end_offsets(compression, 3)), 200);
        let mut seen = Vec::new();
        for record in kafka.records(compression) {
            assert_eq!(record["headers"], serde_json::json!(["source", "test"]));
            let payload = record["payload"].as_str().unwrap();
            let value: Value = serde_json::from_str(payload).unwrap();
            let user = number(&value["user"]);
            assert_eq!(record["key"], format!("user-{user}"));
            seen.push((user, number(&value["number"]), number(&record["partition"])));
        }
        // Those of a key are in one partition, in the order in which their user sent them.
        for user in 1..=5 {
            let of_user: Vec<_> = seen.iter().filter(|(of, ..)| *of == user).collect();
            assert!(
                of_user.iter().map(|(_, number, _)| *number).eq(0..40),
                "{of_user:?}"
            );
            assert!(of_user.windows(2).all(|two| two[0].2 == two[1].2));
        }
    }
    // Results that come later are counted, and the end waits for them.
    kafka.create_topic("queued", 2);
    let finished = run(&kafka, "queued", &["--topic", "queued"]).expect_code(0);
    let (passed, delivered) = counts(&finished, "delivered");
    assert_eq!((passed, delivered), (10_000, 10_000));
    assert_eq!(sum(&kafka.end_offsets("queued", 2)), 10_000);
    // A user with a producer of its own.
    kafka.create_topic("own", 1);
    let finished = run(&kafka, "own", &["--topic", "own"]).expect_code(0);
    assert_eq!(counts(&finished, "bytes").0, 60);
    let records = kafka.records("own");
    assert_eq!(records.len(), 60);
    assert!(records.iter().all(|record| record["payload"].is_null()));
    // Topics are made, asked about and deleted.
    run(&kafka, "topics", &[]).expect_code(0);
}

#[test]
fn who_may_not_is_told_why() {
    let kafka = Kafka::start();
    kafka.create_topic("orders", 1);
    kafka.create_topic_with("small", 1, &[("max.message.bytes", "1000")]);
    let ca = kafka.file("ca.crt");
    let plaintext = kafka.address(Listener::Plaintext);
    let (ssl, sasl, both) = (
        kafka.address(Listener::Ssl),
        kafka.address(Listener::SaslPlaintext),
        kafka.address(Listener::SaslSsl),
    );
    let run = |server: &str, flags: &[&str]| {
        let first = ["--scenario", "once", "--server", server];
        PROGRAM.start(&[&first, flags].concat()).finish()
    };
    // {"alg":"none"} and a subject with an end that is far away.
    let token =
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJsdCIsImlhdCI6MTc2MDAwMDAwMCwiZXhwIjo0MTAwMDAwMDAwfQ.";
    let by = |mechanism| {
        [
            "--protocol",
            "SASL_PLAINTEXT",
            "--mechanism",
            mechanism,
            "--password",
            "sekret",
        ]
    };
    let tls = ["--protocol", "SSL", "--ca", &ca];
    let over_tls = [
        "--protocol",
        "SASL_SSL",
        "--ca",
        &ca,
        "--mechanism",
        "SCRAM-SHA-512",
        "--password",
        "sekret",
    ];
    let bearer = [
        "--protocol",
        "SASL_PLAINTEXT",
        "--mechanism",
        "OAUTHBEARER",
        "--token",
        token,
    ];
    for (server, flags) in [
        (&plaintext, &[][..]),
        (&ssl, &tls),
        (&sasl, &by("PLAIN")),
        (&sasl, &by("SCRAM-SHA-256")),
        (&sasl, &by("SCRAM-SHA-512")),
        (&sasl, &bearer),
        (&both, &over_tls),
    ] {
        let finished = run(server, flags);
        assert_eq!(finished.code(), 0, "{flags:?}\n{}", finished.stderr);
    }
    assert_eq!(kafka.end_offsets("orders", 1), [7]);
    let wrong = |mechanism| {
        [
            "--protocol",
            "SASL_PLAINTEXT",
            "--mechanism",
            mechanism,
            "--password",
            "canary-1",
        ]
    };
    let no_ca = ["--protocol", "SSL"];
    let large = "x".repeat(2000);
    let nobody = format!("127.0.0.1:{}", bggo_tests::server::free_port());
    for (server, flags, words) in [
        (&sasl, &wrong("PLAIN")[..], "authentication: "),
        (&sasl, &wrong("SCRAM-SHA-256"), "authentication: "),
        (&sasl, &wrong("SCRAM-SHA-512"), "authentication: "),
        (
            &plaintext,
            &wrong("PLAIN"),
            "the listener is one without SASL",
        ),
        (&sasl, &[], "a listener with SASL has the security_protocol"),
        (&ssl, &no_ca, "tls: "),
        (&ssl, &[], "speaks TLS"),
        (
            &plaintext,
            &tls,
            "a listener without TLS has the security_protocol",
        ),
        (&nobody, &[], "connect: "),
        (&plaintext, &["--topic", "typo"], "unknown_topic: "),
        (
            &plaintext,
            &["--topic", "small", "--value", &large],
            "message_too_large: ",
        ),
        (
            &plaintext,
            &["--most", "1000", "--value", &large],
            "message_too_large: ",
        ),
    ] {
        let finished = run(server, flags);
        let said = &finished.stderr;
        assert_eq!(finished.code(), 99, "{said}");
        assert!(said.contains(words), "{words}\n{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    assert_eq!(kafka.end_offsets("orders", 1), [7]);
    assert_eq!(kafka.end_offsets("small", 1), [0]);
}

#[test]
fn what_was_acknowledged_is_there_although_the_broker_dies_and_comes_back() {
    let mut kafka = Kafka::start();
    kafka.create_topic("orders", 2);
    let server = kafka.server();
    let flags = [
        "--scenario",
        "steady",
        "--server",
        &server,
        "--log-format",
        "json",
    ];
    let mut going = PROGRAM.start(&flags);
    going.wait_for("\"event\":\"interval\"");
    kafka.die();
    // What was under way waits for its limit first; what comes then finds nobody.
    going.wait_for("\"kind\":\"connect\"");
    kafka.restart();
    let finished = going.finish().expect_code(0);
    let (passed, unacknowledged) = counts(&finished, "unacknowledged");
    let records = kafka.records("orders");
    let written = records.len() as u64;
    assert!(
        (passed..=passed + unacknowledged).contains(&written),
        "{passed} and {unacknowledged}: {written}"
    );
    assert!(unacknowledged <= 8, "{unacknowledged}");
    // Nothing was written twice.
    let mut payloads: Vec<_> = records
        .iter()
        .map(|record| record["payload"].to_string())
        .collect();
    payloads.sort_unstable();
    payloads.dedup();
    assert_eq!(payloads.len() as u64, written);
    // Some failed while nobody answered.
    assert!(failures(&finished, "connect") > 0, "{}", finished.stderr);
}

#[test]
fn a_broker_that_is_held_up_holds_nobody_up_for_longer_than_the_limit() {
    let kafka = Kafka::start();
    kafka.create_topic("orders", 1);
    let server = kafka.server();
    let flags = [
        "--scenario",
        "steady",
        "--server",
        &server,
        "--log-format",
        "json",
    ];
    let mut going = PROGRAM.start(&flags);
    going.wait_for("\"event\":\"interval\"");
    kafka.freeze();
    let finished = going.finish().expect_code(0);
    kafka.resume();
    let (passed, unacknowledged) = counts(&finished, "unacknowledged");
    let written = sum(&kafka.end_offsets("orders", 1));
    assert!(
        (passed..=passed + unacknowledged).contains(&written),
        "{passed} and {unacknowledged}: {written}"
    );
    assert!(
        failures(&finished, "delivery_timeout") > 0,
        "{}",
        finished.stderr
    );
}

/// A proxy that closes a connection within an answer, each one behind another byte, as long as it is told to.
#[derive(Debug, Default)]
struct Cutter {
    broker: AtomicU16,
    cuts: AtomicBool,
    connections: AtomicUsize,
}

impl Cutter {
    /// Starts one: it, and its port. Its threads end with the test.
    fn start() -> (Arc<Self>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cutter = Arc::new(Self::default());
        let all = Arc::clone(&cutter);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (all, client) = (Arc::clone(&all), client.unwrap());
                std::thread::spawn(move || all.serve(&client));
            }
        });
        (cutter, port)
    }

    fn serve(&self, client: &TcpStream) {
        let broker = ("127.0.0.1", self.broker.load(Ordering::SeqCst));
        let Ok(broker) = TcpStream::connect(broker) else {
            return;
        };
        let mut left = match self.cuts.load(Ordering::SeqCst) {
            // Every place within the first answers, in no order.
            true => 1 + self.connections.fetch_add(1, Ordering::SeqCst) * 397 % 1500,
            false => usize::MAX,
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = std::io::copy(&mut &*client, &mut &broker);
                let _ = broker.shutdown(Shutdown::Both);
            });
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = (&broker).read(&mut bytes) {
                let passed = count.min(left);
                left -= passed;
                if (&*client).write_all(&bytes[..passed]).is_err() || left == 0 {
                    break;
                }
            }
            let _ = client.shutdown(Shutdown::Both);
            let _ = broker.shutdown(Shutdown::Both);
        });
    }
}

#[test]
fn every_record_is_counted_once_wherever_answers_are_cut_off() {
    let (cutter, port) = Cutter::start();
    // The broker names the proxy as its own address.
    let advertised = format!("advertised.listeners=PLAINTEXT://127.0.0.1:{port}");
    let kafka = Kafka::start_with(KafkaSetup {
        settings: &[&advertised],
        ..KafkaSetup::default()
    });
    cutter
        .broker
        .store(kafka.port(Listener::Plaintext), Ordering::SeqCst);
    kafka.create_topic("orders", 2);
    cutter.cuts.store(true, Ordering::SeqCst);
    let server = format!("127.0.0.1:{port}");
    let flags = [
        "--scenario",
        "steady",
        "--server",
        &server,
        "--log-format",
        "json",
    ];
    let finished = PROGRAM.start(&flags).finish().expect_code(0);
    cutter.cuts.store(false, Ordering::SeqCst);
    let (passed, unacknowledged) = counts(&finished, "unacknowledged");
    let records = kafka.records("orders");
    let written = records.len() as u64;
    assert!(passed > 0 && cutter.connections.load(Ordering::SeqCst) > 50);
    assert!(
        (passed..=passed + unacknowledged).contains(&written),
        "{passed} and {unacknowledged}: {written}"
    );
    let mut payloads: Vec<_> = records
        .iter()
        .map(|record| record["payload"].to_string())
        .collect();
    payloads.sort_unstable();
    payloads.dedup();
    assert_eq!(payloads.len() as u64, written);
}

/// A proxy that lets a producer's first batches through and keeps their answers back, and then takes no connection until it is opened.
#[derive(Debug, Default)]
struct Silence {
    broker: AtomicU16,
    has_sent: AtomicBool,
    is_open: AtomicBool,
}

impl Silence {
    fn start() -> (Arc<Self>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let silence = Arc::new(Self::default());
        let all = Arc::clone(&silence);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (all, client) = (Arc::clone(&all), client.unwrap());
                std::thread::spawn(move || all.serve(&client));
            }
        });
        (silence, port)
    }

    fn is_silent(&self) -> bool {
        self.has_sent.load(Ordering::SeqCst) && !self.is_open.load(Ordering::SeqCst)
    }

    fn serve(&self, client: &TcpStream) {
        if self.is_silent() {
            return;
        }
        let broker = ("127.0.0.1", self.broker.load(Ordering::SeqCst));
        let Ok(broker) = TcpStream::connect(broker) else {
            return;
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while let Ok(request) = request(&mut &*client) {
                    // Produce has the number 0.
                    if request.get(4..6) == Some(&[0, 0]) {
                        self.has_sent.store(true, Ordering::SeqCst);
                    }
                    if (&broker).write_all(&request).is_err() {
                        break;
                    }
                }
                let _ = broker.shutdown(Shutdown::Both);
            });
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = (&broker).read(&mut bytes) {
                if !self.is_silent() && (&*client).write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = client.shutdown(Shutdown::Both);
        });
    }
}

/// A whole request with its size.
fn request(from: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut size = [0; 4];
    from.read_exact(&mut size)?;
    let mut request = size.to_vec();
    request.resize(4 + u32::from_be_bytes(size) as usize, 0);
    from.read_exact(&mut request[4..])?;
    Ok(request)
}

#[test]
fn a_batch_behind_one_whose_fate_is_unknown_is_written_once() {
    let (silence, port) = Silence::start();
    let advertised = format!("advertised.listeners=PLAINTEXT://127.0.0.1:{port}");
    let kafka = Kafka::start_with(KafkaSetup {
        settings: &[&advertised],
        ..KafkaSetup::default()
    });
    silence
        .broker
        .store(kafka.port(Listener::Plaintext), Ordering::SeqCst);
    kafka.create_topic("orders", 1);
    let server = format!("127.0.0.1:{port}");
    let flags = ["--scenario", "behind", "--server", &server];
    let flags = [&flags[..], &["--log-format", "json"]].concat();
    let mut going = PROGRAM.start(&flags);
    // The first one is given up.
    going.wait_for("no acknowledgement within 10s");
    silence.is_open.store(true, Ordering::SeqCst);
    let finished = going.finish();
    let records = kafka.records("orders");
    let payloads: Vec<_> = records.iter().map(|record| &record["payload"]).collect();
    assert_eq!(
        payloads,
        ["first", "second", "third"],
        "{}",
        finished.stderr
    );
    let summary = summary(&finished.stderr);
    let steps = summary["steps"].as_array().unwrap();
    for (name, late) in [("first", 1), ("second", 0), ("third", 0)] {
        let step = steps
            .iter()
            .find(|step| step["step"] == format!("kafka_produce.{name}"))
            .unwrap_or_else(|| panic!("no {name}: {summary}"));
        assert_eq!(
            (&step["count"], &step["failed"]),
            (&1.into(), &0.into()),
            "{step}"
        );
        let possibly = step["metrics"]["possibly_written"]["sum"].as_u64();
        assert_eq!(possibly.unwrap_or(0), late, "{step}");
    }
}

#[test]
fn a_batch_that_is_too_large_for_its_topic_goes_in_parts() {
    let kafka = Kafka::start();
    for compression in ["none", "gzip"] {
        kafka.create_topic_with(compression, 1, &[("max.message.bytes", "600")]);
        let flags = ["--topic", compression, "--compression", compression];
        let finished = run(&kafka, "queued", &flags).expect_code(0);
        let records = kafka.records(compression);
        let mut payloads: Vec<_> = records
            .iter()
            .map(|record| record["payload"].to_string())
            .collect();
        payloads.sort_unstable();
        payloads.dedup();
        assert_eq!(
            (payloads.len(), records.len()),
            (10_000, 10_000),
            "{}",
            finished.stderr
        );
    }
}
