//! WebSocket: shakes hands, then answers each message. Messages come in one frame.

use super::{Answer, Protocol, field, head};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The last frame of a message.
const WHOLE: u8 = 0x80;

/// What is put behind the key of a client (RFC 6455, 1.3).
const BEHIND_KEY: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a server says in a session.
pub trait Talk: Default + 'static {
    /// Its first message, a text.
    const GREETING: Option<&'static str>;

    /// Answers a message of the client, by a message of the same kind.
    fn answer(message: &[u8], answer: &mut Vec<u8>) -> Answered;
}

/// Whether a message is an operation, and whether it has an answer.
pub enum Answered {
    /// An operation.
    Operation,
    /// Something around the operations.
    Else,
    /// Without an answer.
    Nothing,
}

/// Sends each message back.
#[derive(Default)]
pub struct Back;

/// A server that sends each message back.
pub type Echo = Websocket<Back>;

impl Talk for Back {
    const GREETING: Option<&'static str> = None;

    fn answer(message: &[u8], answer: &mut Vec<u8>) -> Answered {
        answer.extend_from_slice(message);
        Answered::Operation
    }
}

/// One side of a session.
#[derive(Default)]
pub struct Websocket<T> {
    is_open: bool,
    message: Vec<u8>,
    said: Vec<u8>,
    _talk: T,
}

impl<T: Talk> Protocol for Websocket<T> {
    fn answer(&mut self, read: &[u8], answer: &mut Answer) -> usize {
        if !self.is_open {
            let Some(head) = head(read) else {
                return 0;
            };
            let key = field(head, "sec-websocket-key").expect("it shakes hands");
            let text = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                accept(key)
            );
            answer.bytes.extend_from_slice(text.as_bytes());
            if let Some(greeting) = T::GREETING {
                put(&mut answer.bytes, TEXT, greeting.as_bytes());
            }
            self.is_open = true;
            return head.len();
        }
        let Some((kind, used)) = self.take(read) else {
            return 0;
        };
        match kind {
            TEXT | BINARY => {
                self.said.clear();
                let answered = T::answer(&self.message, &mut self.said);
                answer.operations += u64::from(matches!(answered, Answered::Operation));
                if !matches!(answered, Answered::Nothing) {
                    put(&mut answer.bytes, kind, &self.said);
                }
            }
            CLOSE => put(&mut answer.bytes, CLOSE, &self.message),
            PING => put(&mut answer.bytes, PONG, &self.message),
            _ => {}
        }
        used
    }
}

impl<T> Websocket<T> {
    /// Takes a frame without its mask: what it is, and how many bytes it had.
    fn take(&mut self, read: &[u8]) -> Option<(u8, usize)> {
        let ([first, second], rest) = read.split_first_chunk()?;
        let (length, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u16::from_be_bytes(*length) as usize, rest)
            }
            127 => panic!("no message has 64 KiB"),
            short => (usize::from(short), rest),
        };
        assert_eq!(
            (first & WHOLE, second & 0x80),
            (WHOLE, 0x80),
            "a whole message, masked"
        );
        let (key, rest) = rest.split_first_chunk::<4>()?;
        let payload = rest.get(..length)?;
        let used = read.len() - rest.len() + length;
        self.message.clear();
        self.message.extend_from_slice(payload);
        // Eight bytes at a time, or the server would be slower than its clients.
        let [a, b, c, d] = *key;
        let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (eights, rest) = self.message.as_chunks_mut::<8>();
        for eight in eights {
            *eight = (u64::from_ne_bytes(*eight) ^ twice).to_ne_bytes();
        }
        for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
        Some((first & 0x0f, used))
    }
}

/// A frame of a server.
fn put(out: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    out.push(WHOLE | kind);
    match u8::try_from(payload.len()) {
        Ok(short @ ..126) => out.push(short),
        _ => {
            let length = u16::try_from(payload.len()).expect("no message has 64 KiB");
            out.push(126);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// The answer to the key of a client, in Base64.
fn accept(key: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{key}{BEHIND_KEY}");
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    let letters = hash.as_ref().chunks(3).flat_map(|three| {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        (0..=three.len()).map(move |at| char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]))
    });
    // Twenty bytes are six times three, and two.
    letters.chain(['=']).collect()
}
