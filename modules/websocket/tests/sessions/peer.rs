//! A server that sees each byte of a session and sends what a test says.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// A server of one connection, which a thread of its own serves.
pub struct Server<T> {
    pub url: String,
    serving: JoinHandle<T>,
}

/// Its side of the connection.
pub struct Peer {
    pub stream: TcpStream,
    /// The head of the handshake.
    pub head: String,
}

/// A frame of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub key: [u8; 4],
    pub payload: Vec<u8>,
}

impl<T: Send + 'static> Server<T> {
    /// Shakes hands, then serves.
    pub fn start(serve: impl FnOnce(&mut Peer) -> T + Send + 'static) -> Self {
        Self::start_with("", serve)
    }

    /// The same, with further lines in the answer to the handshake.
    pub fn start_with(
        fields: &'static str,
        serve: impl FnOnce(&mut Peer) -> T + Send + 'static,
    ) -> Self {
        Self::raw(move |peer| {
            peer.shakes_hands(fields);
            serve(peer)
        })
    }

    /// Serves without a word to the handshake.
    pub fn raw(serve: impl FnOnce(&mut Peer) -> T + Send + 'static) -> Self {
        Self::listen(|listener| serve(&mut Peer::accept(listener)))
    }

    fn listen(serve: impl FnOnce(&TcpListener) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/chat?a=b", listener.local_addr().unwrap());
        let serving = std::thread::spawn(move || serve(&listener));
        Self { url, serving }
    }

    /// What it saw, once it is over.
    pub fn saw(self) -> T {
        self.serving.join().unwrap()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.serving.is_finished()
    }
}

impl<T: Send + 'static> Server<Vec<T>> {
    /// So many sessions, one after the other; each gets its number.
    pub fn sessions(
        count: usize,
        mut serve: impl FnMut(usize, &mut Peer) -> T + Send + 'static,
    ) -> Self {
        Self::listen(move |listener| {
            let served = (0..count).map(|number| {
                let mut peer = Peer::accept(listener);
                peer.shakes_hands("");
                serve(number, &mut peer)
            });
            served.collect()
        })
    }
}

impl Peer {
    /// The next connection, once the head of its handshake is there.
    fn accept(listener: &TcpListener) -> Self {
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
        let head = String::from_utf8(head).unwrap();
        Self { stream, head }
    }

    fn shakes_hands(&mut self, fields: &str) {
        let accept = accept(&self.head);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
        );
        self.stream.write_all(answer.as_bytes()).unwrap();
    }

    /// The next frame; `None` at the end of the connection.
    pub fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        assert_ne!(head[1] & 0x80, 0, "a frame without a mask");
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
        Some(Frame {
            first: head[0],
            key,
            payload,
        })
    }

    /// The next frame, which is a text.
    pub fn hears(&mut self) -> String {
        let frame = self.read().expect("a frame");
        assert_eq!(frame.first, TEXT);
        String::from_utf8(frame.payload).unwrap()
    }

    /// Sends a frame.
    pub fn write(&mut self, first: u8, payload: &[u8]) {
        self.stream.write_all(&served(first, payload)).unwrap();
    }

    /// Says a text.
    pub fn says(&mut self, text: &str) {
        self.write(TEXT, text.as_bytes());
    }

    /// Answers the goodbye of the client, which has to come next, and waits for the end: what it said.
    pub fn goodbye(&mut self) -> Vec<u8> {
        let frame = self.read().expect("a close frame");
        assert_eq!(frame.first, CLOSE);
        self.write(CLOSE, &frame.payload);
        assert_eq!(self.read(), None);
        frame.payload
    }

    /// Breaks the connection off, so that the client gets a reset.
    pub fn breaks_off(&mut self) {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).unwrap();
    }
}

/// A frame of a server.
pub fn served(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// A field of a head.
pub fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn accept(head: &str) -> String {
    let key = field(head, "sec-websocket-key").unwrap();
    let both = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let answer = digest(&SHA1_FOR_LEGACY_USE_ONLY, both.as_bytes());
    bggo_runtime::contract::to_base64(answer.as_ref())
}
