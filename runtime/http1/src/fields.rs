//! The fields of a head that was read: name and value of each, in order.

use crate::field::trim;
use std::borrow::Cow;

/// The fields of a whole head, of an answer or of a request, as [`fields`] gives them.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// Name as written and value of each field of `head`: the first [`crate::Head::size`] bytes of what came. A value is copied only
/// if it is folded; then a space stands for each fold.
#[must_use]
pub fn fields(head: &[u8]) -> Fields<'_> {
    let mut rest = head;
    while let [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] = rest {
        rest = after;
    }
    let (_, rest) = line(rest);
    Fields { rest }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], Cow<'a, [u8]>);

    fn next(&mut self) -> Option<Self::Item> {
        let (written, mut rest) = line(self.rest);
        let colon = written.iter().position(|byte| *byte == b':')?;
        let (name, value) = written.split_at_checked(colon)?;
        let mut value = Cow::Borrowed(trim(value.get(1..).unwrap_or_default()));
        while let [b' ' | b'\t', ..] = rest {
            let (more, after) = line(rest);
            rest = after;
            let more = trim(more);
            if value.is_empty() {
                value = Cow::Borrowed(more);
            } else if !more.is_empty() {
                let value = value.to_mut();
                value.push(b' ');
                value.extend_from_slice(more);
            }
        }
        self.rest = rest;
        Some((name.trim_ascii_end(), value))
    }
}

/// The first line without its line feed, and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let end = end.unwrap_or(bytes.len());
    let rest = bytes.get(end + 1..).unwrap_or_default();
    (bytes.get(..end).unwrap_or(bytes), rest)
}
