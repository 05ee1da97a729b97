//! gRPC over HTTP/2 without TLS: each message is answered with the same one. Fields are not looked at. A call is one after the
//! other on its connection, and a message comes in one frame.

use super::{Answer, Protocol};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// Status 200 and the type of the content, by the static table (RFC 7541, appendix A).
const HEAD: &[u8] = b"\x88\x0f\x10\x10application/grpc";
/// Status OK.
const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";
/// `{ text = "yy..", number = 7 }` of `shop.proto`, 71 bytes with a text of 67.
const MESSAGE: &[u8] =
    b"\0\0\0\0\x47\x0a\x43yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\x10\x07";

/// After so many bytes the client may send more again.
const CREDIT: usize = 16 << 10;

/// Answers each call once it is over.
pub type Unary = Grpc<false>;
/// Answers each message at once.
pub type Streams = Grpc<true>;

/// One side of a connection.
#[derive(Default)]
pub struct Grpc<const STREAMS: bool> {
    is_greeted: bool,
    /// Bytes of the connection and of its stream that gave the client no credit yet.
    unread: [usize; 2],
}

impl<const STREAMS: bool> Protocol for Grpc<STREAMS> {
    fn answer(&mut self, read: &[u8], answer: &mut Answer) -> usize {
        if !self.is_greeted {
            if read.len() < PREFACE.len() {
                return 0;
            }
            assert!(read.starts_with(PREFACE), "it speaks HTTP/2");
            self.is_greeted = true;
            frame(&mut answer.bytes, (SETTINGS, 0, 0), &[]);
            return PREFACE.len();
        }
        let Some((head, rest)) = read.split_first_chunk::<9>() else {
            return 0;
        };
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some(payload) = rest.get(..length) else {
            return 0;
        };
        let (kind, flags) = (head[3], head[4]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let out = &mut answer.bytes;
        match kind {
            DATA => {
                self.credit(out, (stream, length));
                if STREAMS {
                    answer.operations += messages(out, stream, payload);
                }
            }
            HEADERS if STREAMS => {
                self.unread[1] = 0;
                frame(out, (HEADERS, END_HEADERS, stream), HEAD);
            }
            SETTINGS if flags & ACK == 0 => frame(out, (SETTINGS, ACK, 0), &[]),
            PING if flags & ACK == 0 => frame(out, (PING, ACK, 0), payload),
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            if !STREAMS {
                answer.operations += 1;
                frame(out, (HEADERS, END_HEADERS, stream), HEAD);
                frame(out, (DATA, 0, stream), MESSAGE);
            }
            frame(out, (HEADERS, END_HEADERS | END_STREAM, stream), TRAILERS);
        }
        head.len() + length
    }
}

impl<const STREAMS: bool> Grpc<STREAMS> {
    /// The client may send as much again as has been read. A short call needs that of its connection alone.
    fn credit(&mut self, out: &mut Vec<u8>, (stream, length): (u32, usize)) {
        let ways = [0, stream];
        let known = if STREAMS { &ways[..] } else { &ways[..1] };
        for (unread, stream) in self.unread.iter_mut().zip(known) {
            *unread += length;
            if *unread >= CREDIT {
                let credit = u32::try_from(*unread).expect("a few KiB");
                frame(out, (WINDOW_UPDATE, 0, *stream), &credit.to_be_bytes());
                *unread = 0;
            }
        }
    }
}

/// Answers the messages of a frame: how many there are.
fn messages(out: &mut Vec<u8>, stream: u32, mut payload: &[u8]) -> u64 {
    let mut count = 0;
    while let Some((prefix, rest)) = payload.split_first_chunk::<5>() {
        let [_, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        payload = rest.get(length..).expect("a message comes in one frame");
        frame(out, (DATA, 0, stream), MESSAGE);
        count += 1;
    }
    count
}

fn frame(out: &mut Vec<u8>, (kind, flags, stream): (u8, u8, u32), payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a short frame");
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}
