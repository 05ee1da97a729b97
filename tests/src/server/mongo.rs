//! A server of MongoDB's protocol: mongo-java-server, which keeps everything in memory, and pymongo, which asks it.

use super::free_port;
use crate::repository;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running server. It lets everybody in.
pub struct Mongo {
    child: Child,
    port: u16,
    core: Option<u32>,
}

impl Mongo {
    /// Starts a server.
    pub fn start() -> Self {
        Self::begin(None)
    }

    /// The same on a core.
    pub fn start_on(core: u32) -> Self {
        Self::begin(Some(core))
    }

    fn begin(core: Option<u32>) -> Self {
        let port = free_port();
        let mut server = Self {
            child: spawn(port, core),
            port,
            core,
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
        self.child = spawn(self.port, self.core);
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

fn spawn(port: u16, core: Option<u32>) -> Child {
    let folder = repository().join("target/servers/mongo");
    assert!(
        folder.join("Mongo.class").is_file(),
        "mongo-java-server is missing: run tests/install.sh"
    );
    let classes = |folder: PathBuf| format!("{0}/libs/*:{0}", folder.display());
    let mut words = vec!["java".to_owned()];
    if let Some(core) = core {
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
    let (program, rest) = words.split_first().expect("a program");
    Command::new(program)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("java is missing: run tests/install.sh")
}
