//! Kafka as a broker with a folder of its own, which a test asks what it has stored: alone and its own controller, or one of a cluster.
//!
//! Topics are made, and committed offsets and members of groups are read, by a few requests that are encoded here: Kafka's own
//! tools start a virtual machine each time.

use super::{Certificates, free_port};
use crate::repository;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running broker. User `lt` has the password `sekret`, by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512; OAUTHBEARER takes any unsigned
/// token that is not expired. Topics are not made on first use.
pub struct Kafka {
    child: Child,
    folder: TempDir,
    certificates: Certificates,
    ports: [u16; 4],
    arguments: Vec<String>,
}

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A broker before it is started.
#[derive(Debug, Clone, Copy, Default)]
pub struct KafkaSetup<'a> {
    /// Lines of `server.properties`, which win over those that are there.
    pub settings: &'a [&'a str],
    /// The core on which it runs.
    pub core: Option<u32>,
}

/// A place in a cluster, all of whose brokers are controllers as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat<'a> {
    /// From 1 on.
    pub(super) id: usize,
    /// The port of each controller.
    pub(super) controllers: &'a [u16],
}

/// How a broker is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Without TLS and without a login.
    Plaintext,
    /// With TLS.
    Ssl,
    /// With a login.
    SaslPlaintext,
    /// With both.
    SaslSsl,
}

const LISTENERS: [(Listener, &str); 4] = [
    (Listener::Plaintext, "PLAINTEXT"),
    (Listener::Ssl, "SSL"),
    (Listener::SaslPlaintext, "SASL_PLAINTEXT"),
    (Listener::SaslSsl, "SASL_SSL"),
];

/// What holds for all brokers. It comes back soon after it was killed, and groups form at once.
const SETTINGS: &str = "\
process.roles=broker,controller
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=100
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
ssl.keystore.type=PEM
ssl.truststore.type=PEM
listener.name.ssl.ssl.client.auth=requested
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
";

impl Kafka {
    /// Starts a broker.
    pub fn start() -> Self {
        Self::start_with(KafkaSetup::default())
    }

    /// The same with more said.
    pub fn start_with(setup: KafkaSetup<'_>) -> Self {
        let seat = Seat {
            id: 1,
            controllers: &[free_port()],
        };
        let mut server = Self::begin(setup, seat);
        server.wait();
        server
    }

    /// Starts one that answers a little later.
    pub(super) fn begin(setup: KafkaSetup<'_>, seat: Seat<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let certificates = Certificates::new(&["localhost", "127.0.0.1"]);
        let ports = [(); 4].map(|()| free_port());
        let installed = repository().join("target/servers/kafka");
        let data = folder.path().join("data");
        copy_folder(&installed.join("formatted"), &data);
        name_folder(&data, seat.id);
        let properties = folder.path().join("server.properties");
        let text = properties_text(folder.path(), &certificates, (ports, seat), setup.settings);
        std::fs::write(&properties, text).expect("the settings are written");
        let mut arguments: Vec<String> = match setup.core {
            Some(core) => ["taskset", "-c", &core.to_string()]
                .map(str::to_owned)
                .into(),
            None => Vec::new(),
        };
        let archive = installed.join("classes.jsa");
        arguments.extend([
            "java".to_owned(),
            "-Xms64m".to_owned(),
            "-Xmx384m".to_owned(),
            "-XX:+UseSerialGC".to_owned(),
            "-XX:TieredStopAtLevel=1".to_owned(),
            format!("-XX:SharedArchiveFile={}", archive.display()),
            "-Xshare:auto".to_owned(),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn".to_owned(),
            "-cp".to_owned(),
            format!("{}/*", installed.join("libs").display()),
            "kafka.Kafka".to_owned(),
            properties.display().to_string(),
        ]);
        let child = spawn(&arguments, folder.path());
        Self {
            child,
            folder,
            certificates,
            ports,
            arguments,
        }
    }

    /// Waits until it answers.
    pub(super) fn wait(&mut self) {
        let begun = Instant::now();
        while !self.kcat(&["-L", "-m", "2"]).status.success() {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                let said = std::fs::read_to_string(self.folder.path().join("said"));
                panic!("Kafka ended with {status}:\n{}", said.unwrap_or_default());
            }
            assert!(begun.elapsed() < PATIENCE, "Kafka does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The port of a listener at 127.0.0.1.
    pub fn port(&self, listener: Listener) -> u16 {
        let at = LISTENERS.iter().position(|(other, _)| *other == listener);
        self.ports[at.expect("a listener")]
    }

    /// `127.0.0.1:PORT` of a listener.
    pub fn address(&self, listener: Listener) -> String {
        format!("127.0.0.1:{}", self.port(listener))
    }

    /// `127.0.0.1:PORT` without TLS and without a login.
    pub fn server(&self) -> String {
        self.address(Listener::Plaintext)
    }

    /// A file of its certificates: `ca.crt`, `client.crt`, `client.key`.
    pub fn file(&self, name: &str) -> String {
        self.certificates.path(name)
    }

    /// Makes a topic with so many partitions.
    pub fn create_topic(&self, topic: &str, partitions: u32) {
        self.create_topic_with(topic, partitions, &[]);
    }

    /// The same with settings of the topic, as `("max.message.bytes", "1000")`.
    pub fn create_topic_with(&self, topic: &str, partitions: u32, settings: &[(&str, &str)]) {
        self.create_replicated_topic(topic, (partitions, 1), settings);
    }

    /// The same with so many replicas of each partition.
    pub fn create_replicated_topic(
        &self,
        topic: &str,
        (partitions, replicas): (u32, u32),
        settings: &[(&str, &str)],
    ) {
        let mut body = Message::default();
        body.count(1).text(topic);
        body.int32(partitions as i32).int16(replicas as i16);
        body.count(0).count(settings.len());
        for (name, value) in settings {
            body.text(name).text(value);
        }
        body.int32(10_000).int8(0);
        // CreateTopics
        let mut answer = self.ask(19, 2, &body);
        answer.skip(4);
        assert_eq!(answer.count(), 1);
        assert_eq!(answer.text().as_deref(), Some(topic));
        assert_eq!(answer.int16(), 0, "{:?}", answer.text());
        self.wait_for_partition(topic, partitions - 1);
    }

    /// Gives a topic more partitions: so many in all.
    pub fn grow_topic(&self, topic: &str, partitions: u32) {
        let mut body = Message::default();
        body.count(1).text(topic).int32(partitions as i32);
        // Where they are is the broker's to say.
        body.int32(-1);
        body.int32(10_000).int8(0);
        // CreatePartitions
        let mut answer = self.ask(37, 0, &body);
        answer.skip(4);
        assert_eq!(answer.count(), 1);
        assert_eq!(answer.text().as_deref(), Some(topic));
        assert_eq!(answer.int16(), 0, "{:?}", answer.text());
        self.wait_for_partition(topic, partitions - 1);
    }

    /// A broker learns of a partition a little later than its controller.
    fn wait_for_partition(&self, topic: &str, partition: u32) {
        let begun = Instant::now();
        let asked = format!("{topic}:{partition}:-1");
        while self.kcat(&["-Q", "-t", &asked]).stdout.is_empty() {
            assert!(begun.elapsed() < PATIENCE, "{asked} does not come");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The broker that leads each partition, as this one knows it; -1 where none does.
    pub fn leaders(&self, topic: &str) -> Vec<i64> {
        let output = self.kcat(&["-L", "-J", "-t", topic]);
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let partitions = said["topics"][0]["partitions"].as_array();
        let partitions = partitions.into_iter().flatten();
        let leader = |partition: &serde_json::Value| partition["leader"].as_i64().unwrap_or(-1);
        partitions.map(leader).collect()
    }

    /// The broker that keeps a group, if there is one now.
    pub fn coordinator(&self, group: &str) -> Option<usize> {
        let mut body = Message::default();
        body.text(group).int8(0);
        // FindCoordinator
        let mut answer = self.ask(10, 1, &body);
        answer.skip(4);
        let error = answer.int16();
        answer.text();
        usize::try_from(answer.int32()).ok().filter(|_| error == 0)
    }

    /// Stores these records in a partition: the lines of a text, each perhaps with a key before a tab.
    pub fn produce(&self, topic: &str, partition: u32, lines: &str, more: &[&str]) {
        let partition = partition.to_string();
        let mut arguments = vec!["-P", "-t", topic, "-p", &partition, "-K", "\t", "-l"];
        let file = self.folder.path().join("lines");
        std::fs::write(&file, lines).expect("the records are written");
        arguments.extend_from_slice(more);
        let file = file.display().to_string();
        arguments.push(&file);
        let output = self.kcat(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// The next offset of each of so many partitions.
    pub fn end_offsets(&self, topic: &str, partitions: u32) -> Vec<u64> {
        let asked = (0..partitions).flat_map(|at| ["-t".to_owned(), format!("{topic}:{at}:-1")]);
        let asked: Vec<String> = std::iter::once("-Q".to_owned()).chain(asked).collect();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let output = self.kcat(&asked);
        let text = String::from_utf8_lossy(&output.stdout);
        // topic [0] offset 12
        let mut offsets: Vec<(u32, u64)> = text
            .lines()
            .filter_map(|line| {
                let (partition, offset) = line.rsplit_once('[')?.1.split_once("] offset ")?;
                Some((partition.parse().ok()?, offset.trim().parse().ok()?))
            })
            .collect();
        offsets.sort_unstable();
        assert_eq!(offsets.len(), partitions as usize, "{text}");
        offsets.into_iter().map(|(_, offset)| offset).collect()
    }

    /// All records of a topic as kcat shows them: JSON with `partition`, `offset`, `key`, `payload`, `headers`.
    pub fn records(&self, topic: &str) -> Vec<serde_json::Value> {
        let output = self.kcat(&["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"]);
        assert!(output.status.success());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("kcat writes JSON"))
            .collect()
    }

    /// The offset that a group has committed for each of so many partitions.
    pub fn committed(&self, group: &str, topic: &str, partitions: u32) -> Vec<Option<u64>> {
        let mut body = Message::default();
        body.text(group).count(1).text(topic);
        body.count(partitions as usize);
        for partition in 0..partitions {
            body.int32(partition as i32);
        }
        // OffsetFetch
        let mut answer = self.ask(9, 1, &body);
        assert_eq!(answer.count(), 1);
        answer.text();
        let mut offsets = vec![None; partitions as usize];
        for _ in 0..answer.count() {
            let partition = answer.int32();
            offsets[partition as usize] = u64::try_from(answer.int64()).ok();
            answer.text();
            assert_eq!(answer.int16(), 0);
        }
        offsets
    }

    /// Sets the offset that a group without members has committed for the first partition.
    pub fn commit(&self, group: &str, topic: &str, offset: u64) {
        self.wait_for_coordinator(group);
        let mut body = Message::default();
        body.text(group).int32(-1).text("").int64(-1);
        body.count(1).text(topic).count(1);
        body.int32(0).int64(offset as i64).text("");
        // OffsetCommit
        let mut answer = self.ask(8, 2, &body);
        answer.skip(4);
        answer.text();
        answer.skip(8);
        assert_eq!(answer.int16(), 0);
    }

    /// Waits until some broker keeps the offsets of a group: the topic for them is made when one is first asked for.
    fn wait_for_coordinator(&self, group: &str) {
        let mut find = Message::default();
        find.text(group).int8(0);
        let mut fetch = Message::default();
        fetch.text(group).count(0);
        loop {
            // FindCoordinator
            let mut found = self.ask(10, 1, &find);
            found.skip(4);
            if found.int16() == 0 {
                // OffsetFetch of no topic: the error is the group's.
                let mut fetched = self.ask(9, 2, &fetch);
                assert_eq!(fetched.count(), 0);
                if fetched.int16() == 0 {
                    return;
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The state of a group, as `Stable`, and how many members it has.
    pub fn group(&self, group: &str) -> (String, usize) {
        let mut body = Message::default();
        body.count(1).text(group);
        // DescribeGroups
        let mut answer = self.ask(15, 0, &body);
        answer.count();
        answer.skip(2);
        answer.text();
        let state = answer.text().unwrap_or_default();
        answer.text();
        answer.text();
        (state, answer.count())
    }

    /// What kcat says to these arguments.
    pub fn kcat(&self, arguments: &[&str]) -> std::process::Output {
        Command::new("kcat")
            .args(["-b", &self.server()])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("kcat is missing: run tests/install.sh")
    }

    /// Sends one request without TLS: what was answered behind the number of the request.
    fn ask(&self, key: i16, version: i16, body: &Message) -> Answer {
        let mut request = Message::default();
        request.int16(key).int16(version).int32(1).text("test");
        request.0.extend_from_slice(&body.0);
        let mut stream = TcpStream::connect(self.server()).expect("the broker is there");
        let size = (request.0.len() as u32).to_be_bytes();
        stream.write_all(&size).expect("the broker reads");
        stream.write_all(&request.0).expect("the broker reads");
        let mut size = [0; 4];
        stream.read_exact(&mut size).expect("the broker answers");
        let mut bytes = vec![0; u32::from_be_bytes(size) as usize];
        stream.read_exact(&mut bytes).expect("the broker answers");
        let mut answer = Answer { bytes, at: 0 };
        assert_eq!(answer.int32(), 1);
        answer
    }

    /// Holds it up: it takes connections and answers nothing, until [`Self::resume`].
    pub fn freeze(&self) {
        signal(&self.child, "STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        signal(&self.child, "CONT");
    }

    /// Kills it at once.
    pub fn die(&mut self) {
        signal(&self.child, "KILL");
        self.child.wait().expect("it can be waited for");
    }

    /// Starts it again at the same ports with the same data.
    pub fn restart(&mut self) {
        self.child = spawn(&self.arguments, self.folder.path());
        self.wait();
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(&self.child, "KILL");
            let _ = self.child.wait();
        }
    }
}

fn properties_text(
    folder: &Path,
    certificates: &Certificates,
    (ports, seat): ([u16; 4], Seat<'_>),
    more: &[&str],
) -> String {
    let store = folder.join("store.pem");
    let both = certificates.text("server.key") + &certificates.text("server.crt");
    std::fs::write(&store, both).expect("the certificate is written");
    let controller = seat.controllers[seat.id - 1];
    let mut listeners = format!("CONTROLLER://127.0.0.1:{controller}");
    let mut protocols = "CONTROLLER:PLAINTEXT".to_owned();
    let mut text = SETTINGS.to_owned();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name}={value}");
    };
    for ((listener, name), port) in LISTENERS.iter().zip(ports) {
        let _ = write!(listeners, ",{name}://127.0.0.1:{port}");
        let _ = write!(protocols, ",{name}:{name}");
        if !matches!(listener, Listener::SaslPlaintext | Listener::SaslSsl) {
            continue;
        }
        let common = "org.apache.kafka.common.security";
        for (mechanism, module) in [
            (
                "plain",
                "plain.PlainLoginModule required user_lt=\"sekret\";",
            ),
            ("scram-sha-256", "scram.ScramLoginModule required;"),
            ("scram-sha-512", "scram.ScramLoginModule required;"),
            (
                "oauthbearer",
                "oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"lt\";",
            ),
        ] {
            let name = name.to_lowercase();
            line(
                &format!("listener.name.{name}.{mechanism}.sasl.jaas.config"),
                &format!("{common}.{module}"),
            );
        }
    }
    line("node.id", &seat.id.to_string());
    let voters = (1..).zip(seat.controllers);
    let voters = voters.map(|(id, port)| format!("{id}@127.0.0.1:{port}"));
    let voters: Vec<String> = voters.collect();
    line("controller.quorum.voters", &voters.join(","));
    line("listeners", &listeners);
    line("listener.security.protocol.map", &protocols);
    line("log.dirs", &folder.join("data").display().to_string());
    line("ssl.keystore.location", &store.display().to_string());
    line("ssl.truststore.location", &certificates.path("ca.crt"));
    for setting in more {
        let _ = writeln!(text, "{setting}");
    }
    text
}

/// Gives a folder of data to the broker with this number.
fn name_folder(data: &Path, id: usize) {
    let text = format!(
        "version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAA\nnode.id={id}\ndirectory.id=2OrTPAI2MDZbJcWMiF_r{id}Q\n"
    );
    std::fs::write(data.join("meta.properties"), text).expect("the folder gets its name");
}

fn spawn(arguments: &[String], folder: &Path) -> Child {
    let said = std::fs::File::create(folder.join("said")).expect("a file for what it says");
    let errors = said.try_clone().expect("a file for what it says");
    let (program, rest) = arguments.split_first().expect("a program");
    Command::new(program)
        .args(rest)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(said)
        .stderr(errors)
        .spawn()
        .expect("java is missing: run tests/install.sh")
}

fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder for the data");
    let entries = std::fs::read_dir(from).expect("Kafka is missing: run tests/install.sh");
    for entry in entries.flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => {
                std::fs::copy(entry.path(), &to).expect("a file of the data is copied");
            }
        }
    }
}

/// A request, in the words of Kafka's protocol.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn int8(&mut self, number: i8) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn int16(&mut self, number: i16) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn int32(&mut self, number: i32) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn int64(&mut self, number: i64) -> &mut Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn count(&mut self, count: usize) -> &mut Self {
        self.int32(count as i32)
    }

    fn text(&mut self, text: &str) -> &mut Self {
        self.int16(text.len() as i16);
        self.0.extend(text.as_bytes());
        self
    }
}

/// An answer, and how much of it was read.
struct Answer {
    bytes: Vec<u8>,
    at: usize,
}

impl Answer {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let bytes = &self.bytes[self.at..self.at + N];
        self.at += N;
        bytes.try_into().expect("so many bytes")
    }

    fn skip(&mut self, count: usize) {
        self.at += count;
    }

    fn int16(&mut self) -> i16 {
        i16::from_be_bytes(self.take())
    }

    fn int32(&mut self) -> i32 {
        i32::from_be_bytes(self.take())
    }

    fn int64(&mut self) -> i64 {
        i64::from_be_bytes(self.take())
    }

    fn count(&mut self) -> usize {
        self.int32() as usize
    }

    fn text(&mut self) -> Option<String> {
        let size = usize::try_from(self.int16()).ok()?;
        let text = String::from_utf8_lossy(&self.bytes[self.at..self.at + size]).into_owned();
        self.at += size;
        Some(text)
    }
}
