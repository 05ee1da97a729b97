//! The nine bytes before each frame (RFC 9113, section 4.1), read and written.

use crate::code::Code;
use crate::sink::Sink;

/// Bytes before the payload of a frame.
pub(crate) const HEADER: usize = 9;
/// The longest payload that either end may send before it is told otherwise, and the longest that is accepted here.
pub(crate) const LARGEST: usize = 16_384;

/// The kinds of frames.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// What a frame says of itself, as bits. The first has two meanings, by the kind of the frame.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
    pub(crate) const PADDED: u8 = 8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

/// What stands before the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// Bytes of the payload.
    pub(crate) length: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// 0 is the connection.
    pub(crate) stream: u32,
}

impl FrameHeader {
    /// The header at the beginning of `bytes`, if it has come whole.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *bytes.first_chunk::<HEADER>()?;
        Some(Self {
            length: u32::from_be_bytes([0, l0, l1, l2]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
        })
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Appends it. A length is below 2^24.
    pub(crate) fn put(&self, out: &mut dyn Sink) {
        let [_, l0, l1, l2] = (self.length as u32).to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        out.put(&[l0, l1, l2, self.kind, self.flags, s0, s1, s2, s3]);
    }
}

/// Appends a frame whose payload is made of these parts.
pub(crate) fn put(out: &mut dyn Sink, (kind, flags): (u8, u8), stream: u32, parts: &[&[u8]]) {
    let header = FrameHeader {
        length: parts.iter().map(|part| part.len()).sum(),
        kind,
        flags,
        stream,
    };
    header.put(out);
    for part in parts {
        out.put(part);
    }
}

/// Appends an update of the window of a stream, or of the connection.
pub(crate) fn put_window_update(out: &mut dyn Sink, stream: u32, increment: u32) {
    let more = increment.to_be_bytes();
    put(out, (kind::WINDOW_UPDATE, 0), stream, &[&more]);
}

/// Appends the end of a stream.
pub(crate) fn put_reset(out: &mut dyn Sink, stream: u32, code: Code) {
    let code = code.0.to_be_bytes();
    put(out, (kind::RST_STREAM, 0), stream, &[&code]);
}

/// Appends the end of the connection. No stream of the server was ever accepted.
pub(crate) fn put_goaway(out: &mut dyn Sink, code: Code) {
    let code = code.0.to_be_bytes();
    put(out, (kind::GOAWAY, 0), 0, &[&[0; 4], &code]);
}

/// The number in the first four bytes.
pub(crate) fn number(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|four| u32::from_be_bytes(*four))
}
