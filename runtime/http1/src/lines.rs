//! Bytes of a head as they come to its lines. A folded line is one with the lines that continue it.
//!
//! A line is handed on when the byte after it is there, since that byte says whether it goes on. What was looked at is not
//! looked at again, so a head that comes byte by byte costs as much as one that comes whole.

use crate::bad::Bad;
use crate::block::{self, WIDTH};

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
    while at < bytes.len() {
        let (block, looked_at) = block_at(bytes, at);
        // Line ends, tabs and what is wrong, in their order.
        let mut marks = block::controls(block);
        while marks != 0 {
            let end = at + block::first(marks);
            marks &= marks - 1;
            match bytes.get(end) {
                Some(b'\n') => {}
                Some(b'\t') => continue,
                Some(b'\r') => match bytes.get(end + 1) {
                    Some(b'\n') => continue,
                    Some(_) => return Err(Bad::BareCarriageReturn),
                    None => {
                        place.scanned = end;
                        return unfinished(is_full);
                    }
                },
                _ => return Err(Bad::Control),
            }
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
        at += looked_at;
    }
    place.scanned = at;
    unfinished(is_full)
}

/// The bytes from `at` on, and how many they are, at least one. Spaces stand for those that have not come.
#[inline]
fn block_at(bytes: &[u8], at: usize) -> (u64, usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    let looked_at = rest.len().min(WIDTH);
    (u64::from_le_bytes(block::padded(rest)), looked_at)
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
