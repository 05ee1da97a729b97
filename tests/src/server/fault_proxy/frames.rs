//! Frames of HTTP/2 (RFC 9113, section 4) and fields of heads (RFC 7541) as bytes, as far as these tests have them.

use super::server::Message;
use std::io::{Error, ErrorKind, Result};

/// What a client says first.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The longest frame that is sent.
const LONGEST: usize = 16 << 10;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;

/// Of DATA and HEADERS.
pub(super) const END_STREAM: u8 = 1;
/// Of SETTINGS and PING.
pub(super) const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// A frame.
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

/// A frame as bytes.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= LONGEST, "a frame has no more");
    let length = u32::try_from(payload.len()).expect("it is short");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// How many bytes behind its head a frame has.
pub(super) fn length(head: &[u8]) -> usize {
    let byte = |at: usize| usize::from(head[at]);
    byte(0) << 16 | byte(1) << 8 | byte(2)
}

/// A frame whose bytes these are.
pub(super) fn read(head: &[u8], payload: Vec<u8>) -> Frame {
    let stream = [head[5] & 0x7f, head[6], head[7], head[8]];
    Frame {
        kind: head[3],
        flags: head[4],
        stream: u32::from_be_bytes(stream),
        payload,
    }
}

/// The program goes on with a stream or a connection by a number: a reason, a count of bytes or a stream.
pub(super) fn number(kind: u8, stream: u32, number: u32) -> Vec<u8> {
    frame(kind, 0, stream, &number.to_be_bytes())
}

/// The last stream that is answered, and no error.
pub(super) fn go_away(last: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), [0; 4]].concat();
    frame(GOAWAY, 0, 0, &payload)
}

/// An answer as a frame of its head and one of its body, which is empty if it has none.
pub(super) fn answer(stream: u32, answer: &Message) -> (Vec<u8>, Vec<u8>) {
    let mut block = Vec::new();
    field(&mut block, ":status", &answer.status().to_string());
    for (name, value) in answer.fields() {
        // It is the server's connection with the proxy.
        if !["connection", "keep-alive"].contains(&name.as_str()) {
            field(&mut block, &name, &value);
        }
    }
    if answer.body.is_empty() {
        let flags = END_HEADERS | END_STREAM;
        return (frame(HEADERS, flags, stream, &block), Vec::new());
    }
    let head = frame(HEADERS, END_HEADERS, stream, &block);
    (head, frame(DATA, END_STREAM, stream, &answer.body))
}

/// A field that no table keeps.
fn field(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0);
    for text in [name, value] {
        let length = u8::try_from(text.len()).ok();
        let length = length.filter(|length| *length < 0x7f);
        block.push(length.expect("fields of these tests are short"));
        block.extend(text.as_bytes());
    }
}

/// Method and path of a request.
///
/// # Errors
/// The frame has what no program of these tests sends: fields of a table that is made by the way or in Huffman's code.
pub(super) fn request(frame: &Frame) -> Result<(String, String)> {
    if frame.flags & END_HEADERS == 0 || frame.flags & (PADDED | PRIORITY) != 0 {
        return Err(unread());
    }
    let mut block = &*frame.payload;
    let (mut method, mut path) = (String::new(), String::new());
    while let Some(first) = block.first().copied() {
        let (bits, has_value) = match first {
            0x80.. => (7, false),
            0x40.. => (6, true),
            0x20.. => (5, false),
            _ => (4, true),
        };
        let index = integer(&mut block, bits)?;
        if bits == 5 {
            continue;
        }
        let name = match index {
            0 => text(&mut block)?,
            2 | 3 => ":method".to_owned(),
            4 | 5 => ":path".to_owned(),
            1..=61 => String::new(),
            _ => return Err(unread()),
        };
        let value = match (has_value, index) {
            (true, _) => text(&mut block)?,
            (false, 2) => "GET".to_owned(),
            (false, 3) => "POST".to_owned(),
            (false, 4) => "/".to_owned(),
            _ => String::new(),
        };
        match name.as_str() {
            ":method" => method = value,
            ":path" => path = value,
            _ => {}
        }
    }
    Ok((method, path))
}

fn unread() -> Error {
    ErrorKind::InvalidData.into()
}

fn integer(block: &mut &[u8], bits: u32) -> Result<usize> {
    let most = (1_usize << bits) - 1;
    let mut value = usize::from(byte(block)?) & most;
    if value < most {
        return Ok(value);
    }
    for shift in [0, 7, 14] {
        let next = usize::from(byte(block)?);
        value += (next & 0x7f) << shift;
        if next < 0x80 {
            return Ok(value);
        }
    }
    Err(unread())
}

fn text(block: &mut &[u8]) -> Result<String> {
    if block.first().is_some_and(|first| *first >= 0x80) {
        return Err(unread());
    }
    let length = integer(block, 7)?;
    let (text, rest) = block.split_at_checked(length).ok_or_else(unread)?;
    *block = rest;
    Ok(String::from_utf8_lossy(text).into_owned())
}

fn byte(block: &mut &[u8]) -> Result<u8> {
    let (first, rest) = block.split_first().ok_or_else(unread)?;
    *block = rest;
    Ok(*first)
}
