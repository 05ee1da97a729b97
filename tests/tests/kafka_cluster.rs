//! Whole programs with a cluster of three brokers that loses one of them: what was acknowledged is there once, and comes to consumers once.

use bggo_tests::bench::summary;
use bggo_tests::server::KafkaCluster;
use bggo_tests::{Finished, Grid, Run, repository};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Users that print what was acknowledged, and others that print what they take, before they commit it.
const GRID: &str = r#"
variable "servers" { type = string }
variable "topic" { type = string }
variable "group" {
  type    = string
  default = null
}
variable "isolation" {
  type    = string
  default = "read_uncommitted"
}

resource "kafka_producer" "out" {
  arguments {
    bootstrap_servers = split(",", var.servers)
    linger            = "2ms"
    request_timeout   = "3s"
    delivery_timeout  = "40s"
  }
}

scenario "produce" {
  load "constant_vus" {
    vus      = 6
    duration = "100s"
  }
  step "kafka_produce" "send" {
    uses { producer = resource.kafka_producer.out }
    arguments {
      topic = var.topic
      key   = "u${vu.id}"
      value = "${vu.id}-${vu.iteration}"
    }
  }
  step "print" "sent" {
    arguments { input = "${vu.id}-${vu.iteration}" }
    depends_on = [step.kafka_produce.send]
  }
  step "noop" "pause" {
    arguments { delay = "10ms" }
    depends_on = [step.print.sent]
  }
}

resource "kafka_consumer" "in" {
  arguments {
    bootstrap_servers  = split(",", var.servers)
    topics             = [var.topic]
    group_id           = var.group
    auto_offset_reset  = "earliest"
    isolation_level    = var.isolation
    heartbeat_interval = "200ms"
    session_timeout    = "4s"
    request_timeout    = "3s"
  }
}

scenario "consume" {
  load "constant_vus" {
    vus      = var.group == null ? 1 : 2
    duration = "100s"
  }
  step "kafka_consume" "take" {
    uses { consumer = resource.kafka_consumer.in }
    arguments {
      max_records = 100
      timeout     = "2s"
    }
  }
  step "print" "taken" {
    arguments { input = step.kafka_consume.take.output.records }
  }
  step "kafka_commit" "taken" {
    enabled = var.group != null
    uses { consumer = resource.kafka_consumer.in }
    arguments { timeout = "8s" }
    depends_on = [step.print.taken]
  }
}

threshold "some fail" {
  condition = metrics.run.failed.ratio <= 1
}
"#;

static PROGRAM: LazyLock<Grid> = LazyLock::new(|| Grid::new(GRID).build());

fn start(cluster: &KafkaCluster, scenario: &str, flags: &[&str]) -> Run {
    let servers = cluster.servers();
    let first = ["--scenario", scenario, "--servers", &servers];
    let all = [&first[..], &["--log-format", "json"], flags].concat();
    PROGRAM.start(&all)
}

/// Waits until something is so, and fails after a long time.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Partition, offset and value of each record that a run has printed, in order.
fn taken(finished: &Finished) -> Vec<(u64, u64, String)> {
    let lines = finished.stdout.lines();
    let lists = lines.filter_map(|line| serde_json::from_str::<Vec<Value>>(line).ok());
    let place = |record: Value| {
        let number = |name: &str| record[name].as_u64().expect("a number");
        let value = record["value"].as_str().expect("a text").to_owned();
        (number("partition"), number("offset"), value)
    };
    lists.flatten().map(place).collect()
}

/// The same of what the brokers have.
fn stored(cluster: &KafkaCluster, topic: &str) -> Vec<(u64, u64, String)> {
    let records = cluster.broker(1).records(topic).into_iter();
    let place = |record: Value| {
        let number = |name: &str| record[name].as_u64().expect("a number");
        let value = record["payload"].as_str().expect("a text").to_owned();
        (number("partition"), number("offset"), value)
    };
    records.map(place).collect()
}

/// Whether each broker leads as many partitions as it is meant to.
fn is_balanced(leaders: &[i64]) -> bool {
    (1..=3).all(|id| leaders.iter().filter(|leader| **leader == id).count() == 2)
}

/// One cluster serves both: it takes its time to start.
#[test]
fn a_cluster_of_three_brokers_serves_its_clients_although_one_dies() {
    let mut cluster = KafkaCluster::start();
    records_of_a_transaction_that_is_taken_back_do_not_come_to_who_reads_what_is_committed(
        &cluster,
    );
    what_was_acknowledged_is_there_once_although_a_broker_dies(&mut cluster);
}

fn what_was_acknowledged_is_there_once_although_a_broker_dies(cluster: &mut KafkaCluster) {
    // The killed one is the coordinator of the group, which leads a third of the partitions as well.
    let settings = [("min.insync.replicas", "2")];
    cluster
        .broker(1)
        .create_replicated_topic("orders", (6, 3), &settings);
    let leaders = cluster.broker(1).leaders("orders");
    assert!(is_balanced(&leaders), "{leaders:?}");
    let mut member = start(cluster, "consume", &["--topic", "orders", "--group", "g"]);
    let mut alone = start(cluster, "consume", &["--topic", "orders"]);
    let mut producing = start(cluster, "produce", &["--topic", "orders"]);
    member.wait_for_output("1-0");
    alone.wait_for_output("1-0");
    let dies = cluster.broker(1).coordinator("g").expect("a coordinator");
    cluster.broker_mut(dies).die();
    wait_until("others lead", || {
        let leaders = cluster.other_than(dies).leaders("orders");
        leaders.iter().all(|id| *id > 0 && *id != dies as i64)
    });
    // What each user sends from here on goes to brokers that are there.
    for _ in 0..100 {
        producing.wait_for_output("-");
    }
    cluster.broker_mut(dies).restart();
    wait_until("it leads again", || {
        is_balanced(&cluster.other_than(dies).leaders("orders"))
    });
    for _ in 0..100 {
        producing.wait_for_output("-");
    }
    producing.signal("INT");
    let produced = producing.finish();
    // Ends, one after the other: who has taken them has taken all.
    for partition in 0..6 {
        let line = format!("\tend-{partition}\n");
        cluster.broker(1).produce("orders", partition, &line, &[]);
        alone.wait_for_output(&format!("end-{partition}"));
        member.wait_for_output(&format!("end-{partition}"));
    }
    let ends = cluster.broker(1).end_offsets("orders", 6);
    let ends: Vec<Option<u64>> = ends.into_iter().map(Some).collect();
    wait_until("the group has come to the end", || {
        let coordinator = cluster.broker(1).coordinator("g");
        coordinator.is_some_and(|id| cluster.broker(id).committed("g", "orders", 6) == ends)
    });
    let [member, alone] = [member, alone].map(|run| {
        run.signal("INT");
        run.finish()
    });
    let stored = stored(cluster, "orders");
    is_written_once(&produced, &stored);
    let all: BTreeSet<_> = stored.iter().cloned().collect();
    for (name, run) in [("member", &member), ("alone", &alone)] {
        let taken: BTreeSet<_> = taken(run).into_iter().collect();
        let missing: Vec<_> = all.difference(&taken).take(5).collect();
        assert!(missing.is_empty(), "{name} {missing:?}: {}", run.stderr);
        assert_eq!(taken.len(), all.len(), "{name}: {}", run.stderr);
    }
    // Nobody else had its partitions, so nothing came twice.
    assert_eq!(taken(&alone).len(), all.len(), "{}", alone.stderr);
}

/// What was acknowledged is there, and nothing else but what may be; each once, and that of each user in its order.
fn is_written_once(produced: &Finished, stored: &[(u64, u64, String)]) {
    let values = stored
        .iter()
        .filter(|(.., value)| !value.starts_with("end"));
    let mut by_user: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (.., value) in values.clone() {
        let (user, number) = value.split_once('-').expect("a user and a number");
        let number = number.parse().expect("a number");
        by_user.entry(user).or_default().push(number);
    }
    for (user, numbers) in &by_user {
        let in_order = numbers.windows(2).all(|two| two[0] < two[1]);
        assert!(in_order, "{user}: {numbers:?}");
    }
    let written: BTreeSet<&str> = values.map(|(.., value)| value.as_str()).collect();
    let acknowledged = produced.stdout.lines().map(|line| line.trim_matches('"'));
    let acknowledged: BTreeSet<&str> = acknowledged.filter(|line| line.contains('-')).collect();
    let lost: Vec<_> = acknowledged.difference(&written).collect();
    assert!(lost.is_empty(), "{lost:?}: {}", produced.stderr);
    let summary = summary(&produced.stderr);
    let steps = summary["steps"].as_array().expect("a list of steps");
    let sends = steps
        .iter()
        .find(|step| step["step"] == "kafka_produce.send");
    let in_doubt = &sends.expect("the step that sends")["metrics"]["unacknowledged"]["sum"];
    let in_doubt = in_doubt.as_u64().unwrap_or(0);
    let more = written.difference(&acknowledged).count() as u64;
    // An iteration that is cut off between its steps prints nothing.
    assert!(more <= in_doubt + 6, "{more} {in_doubt}");
    assert!(acknowledged.len() > 200, "{}", acknowledged.len());
    assert_eq!(
        summary["failures"],
        serde_json::json!({}),
        "{}",
        produced.stderr
    );
}

fn records_of_a_transaction_that_is_taken_back_do_not_come_to_who_reads_what_is_committed(
    cluster: &KafkaCluster,
) {
    cluster
        .broker(1)
        .create_replicated_topic("paid", (1, 3), &[]);
    let libs = repository().join("target/servers/kafka/libs");
    let wrote = Command::new("java")
        .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"])
        .arg(format!("{}/*", libs.display()))
        .arg(repository().join("tests/src/server/Transactions.java"))
        .args([&cluster.servers(), "paid"])
        .output()
        .expect("java is missing: run tests/install.sh");
    let said = String::from_utf8_lossy(&wrote.stderr);
    assert!(wrote.status.success(), "{said}");
    cluster.broker(1).produce("paid", 0, "\tend\n", &[]);
    for (isolation, transactions) in [
        ("read_committed", &["kept-0", "kept-2"][..]),
        ("read_uncommitted", &["kept-0", "gone-1", "kept-2"]),
    ] {
        let flags = ["--topic", "paid", "--isolation", isolation];
        let mut run = start(cluster, "consume", &flags);
        run.wait_for_output("\"end\"");
        run.signal("INT");
        let finished = run.finish();
        let values: Vec<String> = taken(&finished).into_iter().map(|(.., it)| it).collect();
        let written = transactions
            .iter()
            .flat_map(|name| (0..5).map(move |number| format!("{name}-{number}")));
        let all: Vec<String> = written.chain(["end".to_owned()]).collect();
        assert_eq!(values, all, "{isolation}: {}", finished.stderr);
    }
}
