//! Bytes of a head as they come to its lines. A folded line is one with the lines that continue it.
//!
//! A line is handed on when the byte after it is there, since that byte says whether it goes on. What was looked at is not
//! looked at again, so a head that comes byte by byte costs as much as one that comes whole.

use crate::bad::Bad;
use crate::block::{ALL, Block, WIDTH, first};

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most fields.
    pub fields: usize,
    /// Most bytes, with the first line and the empty line at the end.
    pub bytes: usize,
}

/// How far a head was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    /// The first byte that was not looked at.
    pub(crate) scanned: usize,
    /// Where the line begins that has not ended yet.
    pub(crate) line: usize,
    /// How many lines have ended: the first line, then fields.
    pub(crate) lines: usize,
}

/// A whole line without its end, and what stands behind it.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// From its first byte on, beyond its end.
    pub(crate) rest: &'a [u8],
    /// Its length.
    pub(crate) length: usize,
}

impl<'a> Line<'a> {
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.rest.get(..self.length).unwrap_or(self.rest)
    }
}

/// Hands on each line that is whole by now. Gives where the head ends when it does.
///
/// # Errors
///
/// What is wrong with the lines, or what `take` finds.
#[inline]
pub(crate) fn each<'a>(
    bytes: &'a [u8],
    place: &mut Place,
    limits: &Limits,
    mut take: impl FnMut(usize, Line<'a>) -> Result<(), Bad>,
) -> Result<Option<usize>, Bad> {
    // Nothing beyond the limit is looked at: the same bytes give the same result however they come.
    let is_full = bytes.len() >= limits.bytes;
    let bytes = bytes.get(..limits.bytes).unwrap_or(bytes);
    if place.lines == 0 && !skip_empty_lines(bytes, place) {
        return unfinished(is_full);
    }
    let mut at = place.scanned;
    let mut after_return = u32::from(is(bytes, at.wrapping_sub(1), b'\r') && at > place.line);
    while at < bytes.len() {
        let (block, looked_at) = block(bytes, at);
        let returns = block.equal(b'\r') >> (WIDTH - looked_at);
        let mut ends = block.equal(b'\n') >> (WIDTH - looked_at);
        let controls = block.controls() >> (WIDTH - looked_at);
        let bare = ((returns << 1) | after_return) & !ends & (ALL >> (WIDTH - looked_at));
        after_return = (returns >> (looked_at - 1)) & 1;
        let wrong = (controls & !returns & !ends) | bare;
        if wrong != 0 {
            // What stands before the first wrong byte comes first.
            ends &= (wrong & wrong.wrapping_neg()) - 1;
        }
        while ends != 0 {
            let end = at + ends.trailing_zeros() as usize;
            ends &= ends - 1;
            // 0 stands for a byte that has not come; a NUL gives the same answer, and is refused a moment later.
            let head_end = match (bytes.get(end + 1), bytes.get(end + 2)) {
                (None, _) | (Some(b'\r'), None) => {
                    place.scanned = end;
                    return unfinished(is_full);
                }
                (Some(b' ' | b'\t'), _) if place.lines == 0 => {
                    return Err(Bad::SpaceAfterFirstLine);
                }
                (Some(b' ' | b'\t'), _) => continue,
                (Some(b'\n'), _) => Some(end + 2),
                (Some(b'\r'), Some(b'\n')) => Some(end + 3),
                _ => None,
            };
            if place.lines > limits.fields {
                return Err(Bad::TooManyFields);
            }
            let rest = bytes.get(place.line..).unwrap_or_default();
            let length = end - place.line;
            let length = length - usize::from(is(rest, length.wrapping_sub(1), b'\r'));
            take(place.lines, Line { rest, length })?;
            place.lines += 1;
            place.line = end + 1;
            if head_end.is_some() {
                return Ok(head_end);
            }
        }
        if wrong != 0 {
            return Err(if wrong & wrong.wrapping_neg() & bare != 0 {
                Bad::BareCarriageReturn
            } else {
                Bad::Control
            });
        }
        at += looked_at;
    }
    place.scanned = at;
    unfinished(is_full)
}

/// The bytes from `at` on, at the upper end of the block if there are fewer than sixteen; and how many there are, at least one.
#[inline]
fn block(bytes: &[u8], at: usize) -> (Block, usize) {
    let left = bytes.len() - at;
    if let Some(whole) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        return (Block::new(whole), WIDTH);
    }
    // The last sixteen bytes: those before `at` are shifted out of each mask.
    if let Some(whole) = bytes.last_chunk() {
        return (Block::new(whole), left);
    }
    let mut padded = [b' '; WIDTH];
    let few = first(bytes.get(at..).unwrap_or_default());
    for (to, from) in padded.iter_mut().skip(WIDTH - left).zip(few) {
        *to = from;
    }
    (Block::new(&padded), left)
}

#[inline]
fn is(bytes: &[u8], at: usize, byte: u8) -> bool {
    bytes.get(at) == Some(&byte)
}

/// Empty lines before the first line are left out. False if there is nothing else yet.
#[inline]
fn skip_empty_lines(bytes: &[u8], place: &mut Place) -> bool {
    loop {
        let next = (bytes.get(place.line), bytes.get(place.line + 1));
        place.line += match next {
            (None, _) | (Some(b'\r'), None) => return false,
            (Some(b'\r'), Some(b'\n')) => 2,
            (Some(b'\n'), _) => 1,
            _ => return true,
        };
        place.scanned = place.line;
    }
}

fn unfinished(is_full: bool) -> Result<Option<usize>, Bad> {
    if is_full {
        Err(Bad::HeadTooLarge)
    } else {
        Ok(None)
    }
}
