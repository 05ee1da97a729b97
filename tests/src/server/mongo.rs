//! A server of MongoDB's protocol: mongo-java-server, which keeps everything in memory, and pymongo, which asks it.

use super::{Certificates, free_port};
use crate::repository;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// A running server. It lets everybody in.
pub struct Mongo {
    child: Child,
    /// Where it is asked what it has counted, and answers.
    counts: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    port: u16,
    how: How,
}

/// How it is started.
#[derive(Default)]
struct How {
    core: Option<u32>,
    /// It speaks TLS by the files of its certificate and key.
    files: Option<[String; 2]>,
}

impl Mongo {
    /// Starts a server.
    pub fn start() -> Self {
        Self::begin(How::default())
    }

    /// The same that speaks TLS.
    pub fn start_secure(certificates: &Certificates) -> Self {
        Self::begin(How {
            files: Some(["server.crt", "server.key"].map(|name| certificates.path(name))),
            ..How::default()
        })
    }

    /// The same on a core.
    pub fn start_on(core: u32) -> Self {
        Self::begin(How {
            core: Some(core),
            ..How::default()
        })
    }

    fn begin(how: How) -> Self {
        let port = free_port();
        let (child, counts) = spawn(port, &how);
        let mut server = Self {
            child,
            counts: Mutex::new(counts),
            port,
            how,
        };
        server.wait();
        server
    }

    /// Waits until it listens.
    fn wait(&mut self) {
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().expect("it can be waited for");
            assert_eq!(ended, None, "mongo-java-server ended");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// `mongodb://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What pymongo finds: an expression of Python over `db`, the database `test`, as JSON (extended where JSON has no such value).
    pub fn ask(&self, expression: &str) -> String {
        const SCRIPT: &str = "
import sys
sys.path.insert(0, sys.argv[1])
import pymongo
from bson import json_util
db = pymongo.MongoClient('127.0.0.1', int(sys.argv[2])).test
found = eval(sys.argv[3])
print(json_util.dumps(found, json_options=json_util.RELAXED_JSON_OPTIONS), end='')
";
        let packages = repository().join("target/servers/python");
        assert!(
            packages.join("pymongo").is_dir(),
            "pymongo is missing: run tests/install.sh"
        );
        let output = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(packages)
            .args([&self.port.to_string(), expression])
            .output()
            .expect("python3 is missing: run tests/install.sh");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).expect("JSON is text")
    }

    /// How many commands of a name have come since it was started.
    pub fn calls(&self, command: &str) -> u64 {
        let mut counts = self.counts.lock().expect("no thread panics");
        let (input, output) = &mut *counts;
        writeln!(input, "{command}").expect("it hears");
        let mut line = String::new();
        output.read_line(&mut line).expect("it answers");
        line.trim().parse().expect("a count")
    }

    /// Holds it up: it takes connections and answers nothing, until [`Self::resume`].
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Kills it at once. What it has kept is gone.
    pub fn die(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Starts it again on the same port, after it has died.
    pub fn restart(&mut self) {
        let (child, counts) = spawn(self.port, &self.how);
        self.child = child;
        self.counts = Mutex::new(counts);
        self.wait();
    }

    fn signal(&self, name: &str) {
        let _ = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
    }
}

impl Drop for Mongo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, how: &How) -> (Child, (ChildStdin, BufReader<ChildStdout>)) {
    let folder = repository().join("target/servers/mongo");
    assert!(
        folder.join("Mongo.class").is_file(),
        "mongo-java-server is missing: run tests/install.sh"
    );
    let classes = |folder: PathBuf| format!("{0}/libs/*:{0}", folder.display());
    let mut words = vec!["java".to_owned()];
    if let Some(core) = how.core {
        words = ["taskset", "-c", &core.to_string(), "java"]
            .map(str::to_owned)
            .into();
    }
    words.extend(
        [
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
        ]
        .map(str::to_owned),
    );
    words.extend([classes(folder), "Mongo".to_owned(), port.to_string()]);
    words.extend(how.files.iter().flatten().cloned());
    let (program, rest) = words.split_first().expect("a program");
    let mut child = Command::new(program)
        .args(rest)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("java is missing: run tests/install.sh");
    let input = child.stdin.take().expect("it is piped");
    let output = child.stdout.take().expect("it is piped");
    (child, (input, BufReader::new(output)))
}
