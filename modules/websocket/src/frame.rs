//! Frames (RFC 6455, section 5.2): the head in front of each, read and written, and the mask of what a client sends.
//!
//! ```text
//! byte 0: FIN RSV1 RSV2 RSV3 opcode(4)   byte 1: MASK length(7)   [length: 2 or 8 bytes]   [mask: 4 bytes]   payload
//! ```

use crate::violation::Violation;
use bggo_wire::Buf;

/// The most bytes of a control frame's payload.
pub(crate) const CONTROL: usize = 125;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RESERVED: u8 = 0x30;
const MASK: u8 = 0x80;
/// In place of a length: it stands in the next two bytes, or in the next eight.
const IN_TWO: u8 = 126;
const IN_EIGHT: u8 = 127;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    /// Whether it may stand between the fragments of a message.
    pub(crate) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Whether the payload of messages may be compressed, as both ends agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// None is.
    Off,
    /// Each by itself.
    On,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) opcode: Opcode,
    /// It is the last fragment of its message.
    pub(crate) is_last: bool,
    pub(crate) is_compressed: bool,
    /// Bytes of the head itself.
    pub(crate) size: usize,
    /// Bytes of the payload behind it.
    pub(crate) payload: u64,
}

/// What the opcode in the first byte is, of a frame that has begun to come.
pub(crate) fn peek_opcode(bytes: &[u8]) -> Option<Opcode> {
    Opcode::of(bytes.first()? & 0x0f)
}

/// Reads the head of a frame of a server. `None` if it is not whole yet.
///
/// # Errors
/// The protocol forbids such a frame.
pub(crate) fn read_head(bytes: &[u8], compression: Compression) -> Result<Option<Head>, Violation> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    let Some(opcode) = Opcode::of(first & 0x0f) else {
        return Err(Violation::Protocol("a frame of an unknown kind came"));
    };
    let is_compressed = first & RSV1 != 0;
    let may_be_compressed =
        compression == Compression::On && matches!(opcode, Opcode::Text | Opcode::Binary);
    if first & RESERVED != 0 || is_compressed && !may_be_compressed {
        return Err(Violation::Protocol(
            "a frame came with a reserved bit that nobody agreed on",
        ));
    }
    if second & MASK != 0 {
        return Err(Violation::Protocol(
            "a masked frame came, and a server masks none",
        ));
    }
    let is_last = first & FIN != 0;
    let short = second & !MASK;
    if opcode.is_control() && (!is_last || usize::from(short) > CONTROL) {
        return Err(Violation::Protocol(
            "a control frame came in fragments, or with more than 125 bytes",
        ));
    }
    let (size, payload) = match short {
        IN_TWO => {
            let Some(bytes) = rest.first_chunk() else {
                return Ok(None);
            };
            (4, u64::from(u16::from_be_bytes(*bytes)))
        }
        IN_EIGHT => {
            let Some(bytes) = rest.first_chunk() else {
                return Ok(None);
            };
            (10, u64::from_be_bytes(*bytes))
        }
        short => (2, u64::from(short)),
    };
    if size != size_of_head(payload) || payload > i64::MAX as u64 {
        return Err(Violation::Protocol(
            "a frame came whose length is not written in the shortest way",
        ));
    }
    Ok(Some(Head {
        opcode,
        is_last,
        is_compressed,
        size,
        payload,
    }))
}

/// Bytes of a head without a mask.
const fn size_of_head(payload: u64) -> usize {
    match payload {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// Appends a whole frame of a client: one fragment, masked with this key.
pub(crate) fn put_frame(
    out: &mut Buf,
    (opcode, is_compressed): (Opcode, bool),
    payload: &[u8],
    key: [u8; 4],
) {
    let first = FIN | opcode.number() | if is_compressed { RSV1 } else { 0 };
    let [a, b, c, d, e, f, g, h] = (payload.len() as u64).to_be_bytes();
    match payload.len() {
        0..=125 => put_masked(out, [first, MASK | h], payload, key),
        126..=0xffff => put_masked(out, [first, MASK | IN_TWO, g, h], payload, key),
        _ => {
            let head = [first, MASK | IN_EIGHT, a, b, c, d, e, f, g, h];
            put_masked(out, head, payload, key);
        }
    }
}

/// Appends a head, the key and the masked payload.
fn put_masked<const HEAD: usize>(out: &mut Buf, head: [u8; HEAD], payload: &[u8], key: [u8; 4]) {
    out.put_with(HEAD + key.len() + payload.len(), |room| {
        let (place, rest) = room.split_at_mut(HEAD);
        place.copy_from_slice(&head);
        let (place, behind) = rest.split_at_mut(key.len());
        place.copy_from_slice(&key);
        mask_into(behind, payload, key);
    });
}

/// Writes masked bytes: each byte of the payload with that byte of the key whose turn it is.
fn mask_into(to: &mut [u8], payload: &[u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, rest) = payload.as_chunks::<8>();
    let (places, last) = to.as_chunks_mut::<8>();
    for (to, from) in places.iter_mut().zip(blocks) {
        *to = (u64::from_ne_bytes(*from) ^ wide).to_ne_bytes();
    }
    for ((to, from), key) in last.iter_mut().zip(rest).zip(key.into_iter().cycle()) {
        *to = from ^ key;
    }
}

#[cfg(test)]
pub(crate) mod tests;
