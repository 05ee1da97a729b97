//! versitygw: a server of S3 as strict about signatures as AWS, whose objects are files of a folder that a test can look at.

use super::free_port;
use crate::repository;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running versitygw. It closes each connection behind its answer, unless it is told to keep them.
pub struct Versitygw {
    child: Child,
    folder: TempDir,
    port: u16,
    connections: Connections,
}

/// Whether a server keeps its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// It answers with `Connection: close`, as it does if nothing is said.
    Close,
    /// A connection serves one request after the other.
    Keep,
}

impl Versitygw {
    /// The region of its signatures.
    pub const REGION: &'static str = "eu-west-1";
    /// The access key that it knows.
    pub const ACCESS_KEY: &'static str = "testkey";
    /// Its secret.
    pub const SECRET_KEY: &'static str = "testsecret";

    /// Starts it with these buckets.
    pub fn start(connections: Connections, buckets: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder for the objects");
        for bucket in buckets {
            std::fs::create_dir(data.join(bucket)).expect("a folder for a bucket");
        }
        let port = free_port();
        let mut server = Self {
            child: spawn(folder.path(), port, connections),
            folder,
            port,
            connections,
        };
        server.wait();
        server
    }

    fn wait(&mut self) {
        while !self.is_ready() {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                let said = read(&self.folder.path().join("said"));
                panic!("versitygw ended with {status}:\n{said}");
            }
            std::thread::yield_now();
        }
    }

    fn is_ready(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        let asked = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let mut answer = Vec::new();
        stream.write_all(asked).is_ok()
            && stream.read_to_end(&mut answer).is_ok()
            && answer.starts_with(b"HTTP/1.1 200")
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same with a name of which buckets are subdomains. No DNS knows it.
    pub fn named_url(&self) -> String {
        format!("http://s3.test:{}", self.port)
    }

    /// The folder of a bucket: its objects are files there.
    pub fn bucket(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// The parts of uploads that are neither completed nor aborted.
    pub fn parts(&self, bucket: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        files(&self.bucket(bucket).join(".sgwtmp"), &mut found);
        found
    }

    /// The lines of its access log so far.
    pub fn log(&self) -> Vec<String> {
        let text = read(&self.folder.path().join("access.log"));
        text.lines().map(str::to_owned).collect()
    }

    /// Kills it at once, as a server that dies half-way.
    pub fn die(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("it can be waited for");
    }

    /// Starts it again at its port, with the objects that it has.
    pub fn start_again(&mut self) {
        self.die();
        self.child = spawn(self.folder.path(), self.port, self.connections);
        self.wait();
    }

    /// Stops its process where it is: connections stay, and nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets its process go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).expect("its process can be signalled");
    }
}

fn spawn(folder: &Path, port: u16, connections: Connections) -> Child {
    let into = std::fs::File::create(folder.join("said")).expect("a file for what it says");
    let mut command = Command::new(repository().join("target/servers/versitygw"));
    command
        .args(["--port", &format!("127.0.0.1:{port}")])
        .args(["--region", Versitygw::REGION, "--health", "/healthz"])
        .args(["--virtual-domain", &format!("s3.test:{port}")])
        .args(["--access-log"])
        .arg(folder.join("access.log"));
    if connections == Connections::Keep {
        command.arg("--keep-alive");
    }
    command
        .args(["posix"])
        .arg(folder.join("data"))
        .env("ROOT_ACCESS_KEY", Versitygw::ACCESS_KEY)
        .env("ROOT_SECRET_KEY", Versitygw::SECRET_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(into)
        .spawn()
        .expect("versitygw is missing: run tests/install.sh")
}

impl Drop for Versitygw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path);
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
