//! A raw server: it shakes hands as WebSocket does, and then sends and sees what a test says.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;

/// The first packet of a server whose pings are seldom.
pub const OPEN: &str =
    r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// A server of one connection, which a thread of its own serves.
pub struct Server<T> {
    pub url: String,
    serving: JoinHandle<T>,
}

/// A server that answers one request of HTTP so, and says its head.
pub fn answers(status: &str, body: &str) -> Server<String> {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, head) = accept(&listener);
        stream.write_all(answer.as_bytes()).unwrap();
        head
    });
    Server { url, serving }
}

/// Its side of the connection.
pub struct Peer {
    stream: TcpStream,
    /// The head of the handshake.
    pub head: String,
}

impl<T: Send + 'static> Server<T> {
    /// Shakes hands as WebSocket does, then serves.
    pub fn raw(serve: impl FnOnce(&mut Peer) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || serve(&mut Peer::accept(&listener)));
        Self { url, serving }
    }

    /// Lets the user in, then serves.
    pub fn start(serve: impl FnOnce(&mut Peer) -> T + Send + 'static) -> Self {
        Self::raw(move |peer| {
            peer.says(OPEN);
            peer.lets_in();
            serve(peer)
        })
    }

    /// What it saw, once it is over.
    pub fn saw(self) -> T {
        self.serving.join().unwrap()
    }
}

impl Peer {
    fn accept(listener: &TcpListener) -> Self {
        let (mut stream, head) = accept(listener);
        let accept = accepted(&head);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).unwrap();
        Self { stream, head }
    }

    /// The next frame: its first byte and its payload. `None` at the end of the connection.
    pub fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).ok()?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.stream.read_exact(&mut length).ok()?;
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        let mut key = [0; 4];
        self.stream.read_exact(&mut key).ok()?;
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).ok()?;
        for (at, byte) in payload.iter_mut().enumerate() {
            *byte ^= key[at % 4];
        }
        Some((head[0], payload))
    }

    /// The next frame, which is a text.
    pub fn hears(&mut self) -> String {
        let (first, payload) = self.read().expect("a frame");
        assert_eq!(first, TEXT);
        String::from_utf8(payload).unwrap()
    }

    /// Lets the user into the main namespace, who has to ask for that next.
    pub fn lets_in(&mut self) {
        assert_eq!(self.hears(), "40");
        self.says(r#"40{"sid":"u"}"#);
    }

    /// Says a text.
    pub fn says(&mut self, text: &str) {
        self.write(TEXT, text.as_bytes());
    }

    /// Sends a frame.
    pub fn write(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(u8::try_from(length).unwrap()),
            length => {
                frame.push(126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(payload);
        self.stream.write_all(&frame).unwrap();
    }

    /// Sees the user leave: the namespace, then the session, which it answers.
    pub fn goodbye(&mut self) {
        assert_eq!(self.hears(), "41");
        let (first, payload) = self.read().expect("a close frame");
        assert_eq!(first, CLOSE);
        self.write(CLOSE, &payload);
        assert_eq!(self.read(), None);
    }

    /// The code of the close frame, which has to come next.
    pub fn closed_with(&mut self) -> u16 {
        let (first, payload) = self.read().expect("a close frame");
        assert_eq!(first, CLOSE);
        u16::from_be_bytes([payload[0], payload[1]])
    }
}

/// The next connection, and the head of its request.
fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    // A server that waits for ever would hang the test.
    let limit = Duration::from_secs(60);
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.set_write_timeout(Some(limit)).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    (stream, String::from_utf8(head).unwrap())
}

fn accepted(head: &str) -> String {
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then(|| value.trim())
    });
    let both = format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.unwrap());
    let answer = digest(&SHA1_FOR_LEGACY_USE_ONLY, both.as_bytes());
    bggo_runtime::contract::to_base64(answer.as_ref())
}
