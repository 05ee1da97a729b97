//! A gRPC server of another implementation: grpcio on Python. It answers calls of every kind, and counts what it sees.

use super::free_port;
use crate::repository;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running server.
pub struct GrpcServer {
    child: Child,
    out: BufReader<ChildStdout>,
    port: u16,
}

/// How a server is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct GrpcSetup<'a> {
    /// The files of a certificate and its key: it speaks TLS.
    pub secure: Option<(&'a str, &'a str)>,
    /// The file of the authority by which clients have to be known.
    pub ca: Option<&'a str>,
    /// It compresses its messages.
    pub gzip: bool,
    /// It says what its services are.
    pub reflection: bool,
}

impl GrpcServer {
    /// Starts one, and waits until it answers.
    pub fn start(setup: &GrpcSetup<'_>) -> Self {
        let packages = repository().join("target/servers/python");
        assert!(
            packages.join("grpc").is_dir(),
            "grpcio is missing: run tests/install.sh"
        );
        let port = free_port();
        let mut options = format!(
            "{{\"port\": {port}, \"gzip\": {}, \"reflection\": {}",
            setup.gzip, setup.reflection
        );
        if let Some((cert, key)) = setup.secure {
            options += &format!(", \"cert\": {cert:?}, \"key\": {key:?}");
        }
        if let Some(ca) = setup.ca {
            options += &format!(", \"ca\": {ca:?}");
        }
        options += "}";
        let child = Command::new("python3")
            .arg(repository().join("tests/src/server/grpc.py"))
            .arg(packages)
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("python3 is missing: run tests/install.sh");
        let out = child.stdout.take().expect("its output is kept");
        let mut started = Self {
            child,
            out: BufReader::new(out),
            port,
        };
        let mut line = String::new();
        let read = started.out.read_line(&mut line);
        read.expect("its output is text");
        assert_eq!(line, "ready\n", "the server of grpcio did not start");
        started
    }

    /// `127.0.0.1:PORT`
    pub fn target(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Stops it: what it saw, as JSON.
    pub fn saw(mut self) -> String {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.out
            .read_to_string(&mut said)
            .expect("its output is text");
        said.trim().to_owned()
    }

    /// Kills it, as a server that dies.
    pub fn die(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }
}

impl Drop for GrpcServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
