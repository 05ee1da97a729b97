//! A WebSocket server of another implementation: `ws` on node. It echoes, and counts what it sees.

use super::free_port;
use crate::repository;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running server.
pub struct WsServer {
    child: Child,
    url: String,
}

/// How a server is set up.
#[derive(Debug, Clone, Copy, Default)]
pub struct WsSetup<'a> {
    /// The files of a certificate and its key: it speaks TLS.
    pub secure: Option<(&'a str, &'a str)>,
    /// It compresses for who asks for it.
    pub deflate: bool,
    /// The subprotocols that it speaks.
    pub protocols: &'a [&'a str],
}

impl WsServer {
    /// Starts one, and waits until it answers.
    pub fn start(setup: &WsSetup<'_>) -> Self {
        let packages = repository().join("target/servers/node");
        assert!(
            packages.join("node_modules/ws").is_dir(),
            "ws is missing: run tests/install.sh"
        );
        let port = free_port();
        let (scheme, secure) = match setup.secure {
            Some((cert, key)) => ("wss", format!(", \"cert\": {cert:?}, \"key\": {key:?}")),
            None => ("ws", String::new()),
        };
        let options = format!(
            "{{\"port\": {port}, \"deflate\": {}, \"protocols\": {:?}{secure}}}",
            setup.deflate, setup.protocols
        );
        let child = Command::new("node")
            .arg(repository().join("tests/src/server/ws.mjs"))
            .arg(packages)
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut started = Self {
            child: child.expect("node is missing: run tests/install.sh"),
            url: format!("{scheme}://127.0.0.1:{port}/"),
        };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = started.child.try_wait().expect("it can be waited for");
            assert_eq!(ended, None, "the server of ws ended");
            std::thread::yield_now();
        }
        started
    }

    /// `ws://127.0.0.1:PORT/`
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

impl Drop for WsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
