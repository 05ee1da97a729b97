//! A server that sees each frame of a connection and sends what a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A server whose connections a thread of its own serves.
pub struct Server<T> {
    pub target: String,
    serving: JoinHandle<T>,
}

/// Its side of a connection.
pub struct Peer {
    pub stream: TcpStream,
    /// Read after another and not taken yet.
    kept: Vec<Frame>,
}

/// A frame of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

/// A call as the client asked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub stream: u32,
    pub fields: Vec<(String, String)>,
    /// Without what stands before each, and whether it is compressed.
    pub messages: Vec<(u8, Vec<u8>)>,
}

impl Ask {
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// The bytes of its only message.
    pub fn message(&self) -> &[u8] {
        assert_eq!(self.messages.len(), 1, "{:?}", self.messages);
        assert_eq!(self.messages[0].0, 0);
        &self.messages[0].1
    }
}

impl<T: Send + 'static> Server<T> {
    /// Serves one connection, whose first words are exchanged.
    pub fn start(serve: impl FnOnce(&mut Peer) -> T + Send + 'static) -> Self {
        Self::listen(move |listener| serve(&mut Peer::accept(listener)))
    }

    /// Serves one connection from its first byte on.
    pub fn raw(serve: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        Self::listen(move |listener| serve(limited(listener)))
    }

    fn listen(serve: impl FnOnce(&TcpListener) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || serve(&listener));
        Self { target, serving }
    }

    /// What it saw, once it is over.
    pub fn saw(self) -> T {
        self.serving.join().unwrap()
    }

    pub fn is_over(&self) -> bool {
        self.serving.is_finished()
    }
}

impl<T: Send + 'static> Server<Vec<T>> {
    /// So many connections, one after the other; each gets its number.
    pub fn connections(
        count: usize,
        mut serve: impl FnMut(usize, &mut Peer) -> T + Send + 'static,
    ) -> Self {
        Self::listen(move |listener| {
            let served = (0..count).map(|number| serve(number, &mut Peer::accept(listener)));
            served.collect()
        })
    }
}

fn limited(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    // A server that waits for ever would hang the test.
    let limit = Duration::from_secs(60);
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.set_write_timeout(Some(limit)).unwrap();
    stream
}

impl Peer {
    /// The next connection. The client says its first words with its first call.
    fn accept(listener: &TcpListener) -> Self {
        let mut stream = limited(listener);
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
        Self {
            stream,
            kept: Vec::new(),
        }
    }

    /// The next frame, also of those that concern the connection; `None` at its end.
    pub fn read(&mut self) -> Option<Frame> {
        if !self.kept.is_empty() {
            return Some(self.kept.remove(0));
        }
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        if head == PREFACE[..9] {
            let mut rest = vec![0; PREFACE.len() - 9];
            self.stream.read_exact(&mut rest).ok()?;
            assert_eq!(rest, PREFACE[9..]);
            return self.read();
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).ok()?;
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// The next frame that concerns a call, or a ping; `None` at the end of the connection.
    pub fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = self.read()?;
            if !matches!(frame.kind, SETTINGS | WINDOW_UPDATE) {
                return Some(frame);
            }
        }
    }

    /// The next call, once all of it is there.
    pub fn hears(&mut self) -> Ask {
        self.hears_or_ends().expect("a call")
    }

    /// The same; `None` at the end of the connection.
    pub fn hears_or_ends(&mut self) -> Option<Ask> {
        let head = self.next()?;
        assert_eq!(
            (head.kind, head.flags & END_HEADERS),
            (HEADERS, END_HEADERS)
        );
        let mut ask = Ask {
            stream: head.stream,
            fields: fields(&head.payload),
            messages: Vec::new(),
        };
        let (mut body, mut others) = (Vec::new(), Vec::new());
        let mut ends = head.flags & END_STREAM != 0;
        while !ends {
            let frame = self.next().expect("the rest of a call");
            if frame.stream != ask.stream {
                others.push(frame);
                continue;
            }
            assert_eq!(frame.kind, DATA, "{frame:?}");
            ends = frame.flags & END_STREAM != 0;
            body.extend(frame.payload);
        }
        self.kept.splice(0..0, others);
        ask.messages = messages(&body);
        Some(ask)
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Answers a call with these messages and status OK.
    pub fn answers(&mut self, stream: u32, messages: &[&[u8]]) {
        let bytes = answer(stream, messages);
        self.write(&bytes);
    }

    /// Sends a body as far as the windows allow that the client gives: whether all of it. A client that resets the call gets no more.
    pub fn sends_within_windows(&mut self, stream: u32, body: &[u8]) -> bool {
        let (mut of_stream, mut of_all) = (1_usize << 20, 16_usize << 20);
        let mut rest = body;
        while !rest.is_empty() {
            let now = rest.len().min(of_stream).min(of_all).min(16_384);
            if now == 0 {
                let frame = self.read().expect("a window");
                match (frame.kind, frame.stream) {
                    (RST_STREAM, reset) if reset == stream => return false,
                    (WINDOW_UPDATE, given) => {
                        let more = u32::from_be_bytes(frame.payload.try_into().unwrap()) as usize;
                        match given {
                            0 => of_all += more,
                            _ => of_stream += more,
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let (piece, behind) = rest.split_at(now);
            (of_stream, of_all) = (of_stream - now, of_all - now);
            self.write(&data(stream, piece));
            rest = behind;
        }
        true
    }

    /// Answers the next call with this text.
    pub fn serves(&mut self, text: &str) -> Ask {
        let ask = self.hears();
        self.answers(ask.stream, &[&crate::shop::answer(text)]);
        ask
    }

    /// Waits for the end of the connection; nothing of a call comes before.
    pub fn ends(&mut self) {
        assert_eq!(self.next(), None);
    }

    /// Breaks the connection off, so that the client gets a reset.
    pub fn breaks_off(&mut self) {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).unwrap();
    }
}

/// A whole answer with status OK.
pub fn answer(stream: u32, messages: &[&[u8]]) -> Vec<u8> {
    let mut bytes = head(stream);
    for message in messages {
        bytes.extend(data(stream, &framed(message)));
    }
    bytes.extend(trailers(stream, &[("grpc-status", "0")]));
    bytes
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Fields as they are sent, behind `:status: 200` if `has_status`.
pub fn block(has_status: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if has_status {
        bytes.push(0x88);
    }
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            // A prefix of seven bits.
            match text.len() {
                length @ 0..127 => bytes.push(length as u8),
                length => {
                    let rest = length - 127;
                    bytes.extend([127, (rest % 128) as u8 | 0x80, (rest / 128) as u8]);
                }
            }
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

/// The head of an answer.
pub fn head(stream: u32) -> Vec<u8> {
    head_with(stream, &[])
}

pub fn head_with(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![("content-type", "application/grpc")];
    all.extend(fields);
    frame(HEADERS, END_HEADERS, stream, &block(true, &all))
}

/// Frames of a body, each as long as a frame may be.
pub fn data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    let frames = bytes.chunks(16_384);
    frames
        .flat_map(|piece| frame(DATA, 0, stream, piece))
        .collect()
}

pub fn trailers(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    let block = block(false, fields);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

/// An answer without messages, whose head is its trailers.
pub fn trailers_only(stream: u32, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![("content-type", "application/grpc")];
    all.extend(fields);
    frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        stream,
        &block(true, &all),
    )
}

pub fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

pub fn goaway(last: u32, code: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

/// A message with what stands before it.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    bytes.extend(message);
    bytes
}

fn messages(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut messages = Vec::new();
    while let [flag, a, b, c, d, rest @ ..] = body {
        let (message, behind) = rest.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        messages.push((*flag, message.to_vec()));
        body = behind;
    }
    assert!(body.is_empty());
    messages
}

/// The fields of a request, which the client writes without the table and without Huffman code.
fn fields(block: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = block;
    while let [first, ..] = *rest {
        if first & 0x80 != 0 {
            rest = &rest[1..];
            let (name, value) = match first {
                0x83 => (":method", "POST"),
                0x86 => (":scheme", "http"),
                0x87 => (":scheme", "https"),
                other => panic!("{other}"),
            };
            fields.push((name.to_owned(), value.to_owned()));
            continue;
        }
        let name = match number(&mut rest, 4) {
            0 => text(&mut rest),
            1 => ":authority".to_owned(),
            4 => ":path".to_owned(),
            23 => "authorization".to_owned(),
            31 => "content-type".to_owned(),
            32 => "cookie".to_owned(),
            58 => "user-agent".to_owned(),
            other => panic!("a name of the table: {other}"),
        };
        let value = text(&mut rest);
        fields.push((name, value));
    }
    fields
}

fn number(rest: &mut &[u8], bits: u32) -> usize {
    let most = (1 << bits) - 1;
    let mut number = usize::from(rest[0] & most as u8);
    *rest = &rest[1..];
    if number == most {
        let mut shift = 0;
        loop {
            let byte = rest[0];
            *rest = &rest[1..];
            number += usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    number
}

fn text(rest: &mut &[u8]) -> String {
    assert_eq!(rest[0] & 0x80, 0, "Huffman code");
    let length = number(rest, 7);
    let (text, behind) = rest.split_at(length);
    *rest = behind;
    String::from_utf8(text.to_vec()).unwrap()
}
