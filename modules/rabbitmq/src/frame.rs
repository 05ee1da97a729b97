//! Frames: the beginning of what has come -> the frame there, if it is whole.
//!
//! ```text
//! kind (1 byte), channel (2), size of the payload (4), payload, 0xCE
//! ```

use crate::codec::Unwritable;

/// Bytes of a frame beside its payload.
pub(crate) const AROUND: usize = 8;
/// The last byte of each frame.
const END: u8 = 0xce;
/// A heartbeat.
pub(crate) const HEARTBEAT: [u8; AROUND] = [8, 0, 0, 0, 0, 0, 0, END];

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Method,
    Header,
    Body,
    Heartbeat,
}

/// A whole frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) channel: u16,
    pub(crate) payload: &'a [u8],
}

/// Why what came is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoFrame {
    /// Its first byte names no kind.
    Kind,
    /// It is larger than was agreed.
    TooLarge,
    /// Its last byte is another one.
    End,
}

/// The frame at the beginning of `came`. `None` if it is not whole yet. `most` is the size of a whole frame that was agreed on.
///
/// # Errors
/// It is none; that is told as soon as its first bytes say so.
pub(crate) fn next(came: &[u8], most: usize) -> Result<Option<Frame<'_>>, NoFrame> {
    let Some((&[kind, high, low, size @ ..], rest)) = came.split_first_chunk::<7>() else {
        return match came.first() {
            Some(kind) => kind_of(*kind).map(|_| None),
            None => Ok(None),
        };
    };
    let kind = kind_of(kind)?;
    let size = usize::try_from(u32::from_be_bytes(size)).unwrap_or(usize::MAX);
    if size.saturating_add(AROUND) > most {
        return Err(NoFrame::TooLarge);
    }
    let Some((payload, rest)) = rest.split_at_checked(size) else {
        return Ok(None);
    };
    match rest.first() {
        None => Ok(None),
        Some(&END) => Ok(Some(Frame {
            kind,
            channel: u16::from_be_bytes([high, low]),
            payload,
        })),
        Some(_) => Err(NoFrame::End),
    }
}

const fn kind_of(byte: u8) -> Result<Kind, NoFrame> {
    match byte {
        1 => Ok(Kind::Method),
        2 => Ok(Kind::Header),
        3 => Ok(Kind::Body),
        8 => Ok(Kind::Heartbeat),
        _ => Err(NoFrame::Kind),
    }
}

/// Whether a whole frame of so many bytes may be sent; `most` is what was agreed on.
///
/// # Errors
/// It may not, and only bodies may be cut into several.
pub(crate) const fn fits(bytes: usize, most: usize) -> Result<(), Unwritable> {
    match bytes <= most {
        true => Ok(()),
        false => Err(Unwritable::OverFrame),
    }
}

/// Appends a frame whose payload `put` appends.
pub(crate) fn put<E>(
    out: &mut Vec<u8>,
    (kind, channel): (Kind, u16),
    put: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let at = out.len();
    put_head(out, (kind, channel), 0);
    put(out)?;
    let size = u32::try_from(out.len() - at - 7).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(at + 3..at + 7) {
        place.copy_from_slice(&size.to_be_bytes());
    }
    out.push(END);
    Ok(())
}

/// Appends a frame with this payload.
pub(crate) fn put_payload(out: &mut Vec<u8>, (kind, channel): (Kind, u16), payload: &[u8]) {
    put_head(
        out,
        (kind, channel),
        u32::try_from(payload.len()).unwrap_or(u32::MAX),
    );
    out.extend_from_slice(payload);
    out.push(END);
}

/// Appends a body in as many frames as it takes. One without bytes takes none.
pub(crate) fn put_body(out: &mut Vec<u8>, channel: u16, body: &[u8], most: usize) {
    for part in body.chunks(most.saturating_sub(AROUND).max(1)) {
        put_payload(out, (Kind::Body, channel), part);
    }
}

fn put_head(out: &mut Vec<u8>, (kind, channel): (Kind, u16), size: u32) {
    out.push(match kind {
        Kind::Method => 1,
        Kind::Header => 2,
        Kind::Body => 3,
        Kind::Heartbeat => 8,
    });
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(&size.to_be_bytes());
}

#[cfg(test)]
mod tests;
