//! Bytes of a server to messages: frames are read where they stand, fragments are collected.
//!
//! ```text
//! peek --read_head--> whole frame, not in fragments: a message where it stands (compressed: decompressed)
//!                 |-> fragment, or larger than a buffer: collected in `Partial`, piece by piece
//!                 '-> ping, pong, close: at once, also between fragments
//! ```
//!
//! It takes bytes only when it gives an event or keeps them itself, so whoever is dropped between two calls loses nothing.

use crate::close::Closing;
use crate::deflate::inflate;
use crate::frame::{Compression, Head, Opcode, read_head};
use crate::violation::Violation;
use std::borrow::Cow;

/// A frame of up to so many bytes is read where it stands. It is less than a buffer of the connection holds.
const IN_PLACE: u64 = 18 << 10;
/// Bytes for which room is made at once, whatever a head says of its payload.
const ROOM: usize = 1 << 20;

/// What messages of a session may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadRules {
    /// The most bytes of a message, decompressed.
    pub(crate) max_message: usize,
    pub(crate) compression: Compression,
}

/// The state of a session's reader between two reads.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    partial: Option<Box<Partial>>,
}

/// A message of which a part has come.
#[derive(Debug)]
struct Partial {
    is_text: bool,
    is_compressed: bool,
    bytes: Vec<u8>,
    /// So many of them are known to be whole characters, if it is a text that is not compressed.
    checked: usize,
    /// Bytes of its frame that have not come.
    missing: u64,
    /// No frame follows that one.
    is_last: bool,
}

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came<'a> {
    /// Nothing that is whole: more bytes are needed.
    Part,
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(Closing),
}

impl Reader {
    /// Whether the next bytes belong to a frame that has begun.
    pub(crate) fn is_within_a_frame(&self) -> bool {
        let partial = self.partial.as_ref();
        partial.is_some_and(|partial| partial.missing > 0)
    }

    /// Whether no part of a message is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.partial.is_none()
    }

    /// Reads the next event: how many bytes it took, and what it is. After [`Came::Part`] without bytes taken, more must come first.
    ///
    /// # Errors
    /// The session cannot go on.
    pub(crate) fn read<'a>(
        &mut self,
        bytes: &'a [u8],
        rules: &ReadRules,
    ) -> Result<(usize, Came<'a>), Violation> {
        if let Some(partial) = &mut self.partial
            && partial.missing > 0
        {
            let taken = partial.collect(bytes)?;
            return Ok((taken, self.whole(rules)?));
        }
        let Some(head) = read_head(bytes, rules.compression)? else {
            return Ok((0, Came::Part));
        };
        self.check(&head, rules)?;
        let Some(rest) = bytes.get(head.size..) else {
            return Ok((0, Came::Part));
        };
        let payload = usize::try_from(head.payload).ok();
        let payload = payload.and_then(|length| rest.get(..length));
        let taken = head.size + payload.map_or(0, <[u8]>::len);
        match (head.opcode, payload) {
            (Opcode::Ping, Some(payload)) => return Ok((taken, Came::Ping(payload))),
            (Opcode::Pong, Some(payload)) => return Ok((taken, Came::Pong(payload))),
            (Opcode::Close, Some(payload)) => {
                return Ok((taken, Came::Close(Closing::read(payload)?)));
            }
            (Opcode::Text | Opcode::Binary, Some(payload)) if head.is_last => {
                let message = match head.is_compressed {
                    true => Cow::Owned(inflate(payload, rules.max_message)?),
                    false => Cow::Borrowed(payload),
                };
                return Ok((taken, message_of(head.opcode == Opcode::Text, message)?));
            }
            (_, None) if head.opcode.is_control() || head.payload <= IN_PLACE => {
                return Ok((0, Came::Part));
            }
            _ => {}
        }
        let partial = self.partial.get_or_insert_with(|| Partial::of(&head));
        partial.missing = head.payload;
        partial.is_last = head.is_last;
        let taken = head.size + partial.collect(rest)?;
        Ok((taken, self.whole(rules)?))
    }

    /// Refuses a frame that may not stand here, or makes its message too large.
    fn check(&self, head: &Head, rules: &ReadRules) -> Result<(), Violation> {
        if head.opcode.is_control() {
            return Ok(());
        }
        let before = match (&self.partial, head.opcode) {
            (None, Opcode::Continuation) => {
                return Err(Violation::Protocol(
                    "a fragment came that continues no message",
                ));
            }
            (Some(_), Opcode::Text | Opcode::Binary) => {
                return Err(Violation::Protocol(
                    "a message began before the one in fragments was over",
                ));
            }
            (Some(partial), _) => partial.bytes.len(),
            (None, _) => 0,
        };
        let most = rules.max_message as u64;
        if head.payload.saturating_add(before as u64) > most {
            return Err(Violation::TooLarge);
        }
        Ok(())
    }

    /// The collected message, if nothing of it is missing.
    fn whole<'a>(&mut self, rules: &ReadRules) -> Result<Came<'a>, Violation> {
        let is_whole = |partial: &mut Box<Partial>| partial.missing == 0 && partial.is_last;
        let Some(partial) = self.partial.take_if(is_whole) else {
            return Ok(Came::Part);
        };
        let Partial { is_text, bytes, .. } = *partial;
        let bytes = match partial.is_compressed {
            true => inflate(&bytes, rules.max_message)?,
            false => bytes,
        };
        message_of(is_text, Cow::Owned(bytes))
    }
}

impl Partial {
    fn of(head: &Head) -> Box<Self> {
        let length = usize::try_from(head.payload).unwrap_or(ROOM);
        Box::new(Self {
            is_text: head.opcode == Opcode::Text,
            is_compressed: head.is_compressed,
            bytes: Vec::with_capacity(length.min(ROOM)),
            checked: 0,
            missing: 0,
            is_last: false,
        })
    }

    /// Takes what has come of its frame: how many bytes. A text that is no UTF-8 is refused before it is whole.
    fn collect(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let missing = usize::try_from(self.missing).unwrap_or(usize::MAX);
        let taken = bytes.len().min(missing);
        self.bytes
            .extend_from_slice(bytes.get(..taken).unwrap_or_default());
        self.missing -= taken as u64;
        if self.is_text && !self.is_compressed {
            match std::str::from_utf8(self.bytes.get(self.checked..).unwrap_or_default()) {
                Ok(_) => self.checked = self.bytes.len(),
                // The rest of a character may follow.
                Err(wrong) if wrong.error_len().is_none() => self.checked += wrong.valid_up_to(),
                Err(_) => return Err(Violation::InvalidUtf8),
            }
        }
        Ok(taken)
    }
}

fn message_of(is_text: bool, bytes: Cow<'_, [u8]>) -> Result<Came<'_>, Violation> {
    if !is_text {
        return Ok(Came::Binary(bytes));
    }
    Ok(Came::Text(match bytes {
        Cow::Borrowed(bytes) => {
            Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| Violation::InvalidUtf8)?)
        }
        Cow::Owned(bytes) => {
            Cow::Owned(String::from_utf8(bytes).map_err(|_| Violation::InvalidUtf8)?)
        }
    }))
}

#[cfg(test)]
mod tests;
