//! The server of gRPC's interoperability tests, which grpc-go has.

use super::free_port;
use crate::repository;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running server.
pub struct InteropServer {
    child: Child,
    out: BufReader<ChildStdout>,
    port: u16,
}

impl InteropServer {
    /// Starts it, and waits until it answers.
    pub fn start() -> Self {
        let port = free_port();
        let child = Command::new(repository().join("target/servers/interop/interop"))
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("the server of interop is missing: run tests/install.sh");
        let out = child.stdout.take().expect("its output is kept");
        let mut started = Self {
            child,
            out: BufReader::new(out),
            port,
        };
        let mut line = String::new();
        let read = started.out.read_line(&mut line);
        read.expect("its output is text");
        assert_eq!(line, "ready\n", "the server of interop did not start");
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
        let read = self.out.read_to_string(&mut said);
        read.expect("its output is text");
        said.trim().to_owned()
    }
}

impl Drop for InteropServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
