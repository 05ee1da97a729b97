//! A server of Socket.IO: `socket.io` on node. It answers, and counts what it sees.

use super::free_port;
use crate::repository;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running server.
pub struct SocketioServer {
    child: Child,
    url: String,
}

/// How a server is set up.
#[derive(Debug, Clone, Copy)]
pub struct SocketioSetup<'a> {
    /// The files of a certificate and its key: it speaks TLS.
    pub secure: Option<(&'a str, &'a str)>,
    /// Its path.
    pub path: &'a str,
    /// Milliseconds between two pings of a session, and those within which a pong has to come.
    pub pings: (u32, u32),
}

impl Default for SocketioSetup<'_> {
    fn default() -> Self {
        Self {
            secure: None,
            path: "/socket.io/",
            pings: (25_000, 20_000),
        }
    }
}

impl SocketioServer {
    /// Starts one, and waits until it answers.
    pub fn start(setup: &SocketioSetup<'_>) -> Self {
        let packages = repository().join("target/servers/node");
        assert!(
            packages.join("node_modules/socket.io").is_dir(),
            "socket.io is missing: run tests/install.sh"
        );
        let port = free_port();
        let (scheme, secure) = match setup.secure {
            Some((cert, key)) => ("https", format!(", \"cert\": {cert:?}, \"key\": {key:?}")),
            None => ("http", String::new()),
        };
        let (interval, timeout) = setup.pings;
        let options = format!(
            "{{\"port\": {port}, \"path\": {:?}, \"pingInterval\": {interval}, \"pingTimeout\": {timeout}{secure}}}",
            setup.path
        );
        let child = Command::new("node")
            .arg(repository().join("tests/src/server/socketio.mjs"))
            .arg(packages)
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut started = Self {
            child: child.expect("node is missing: run tests/install.sh"),
            url: format!("{scheme}://127.0.0.1:{port}"),
        };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = started.child.try_wait().expect("it can be waited for");
            assert_eq!(ended, None, "the server of socket.io ended");
            std::thread::yield_now();
        }
        started
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it: what it saw, as JSON.
    pub fn saw(mut self) -> String {
        drop(self.child.stdin.take());
        let mut said = String::new();
        let mut out = self.child.stdout.take().expect("its output is kept");
        std::io::Read::read_to_string(&mut out, &mut said).expect("its output is text");
        said
    }

    /// Kills it, as a server that dies.
    pub fn die(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }
}

impl Drop for SocketioServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
