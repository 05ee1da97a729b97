//! How long a body is and whether its connection can be used again, as the fields of a head say (RFC 9112, sections 6 and 9.3).
//!
//! What different readers understand differently is refused, so that no peer can hide one message inside of another: unlike
//! lengths, a length beside `Transfer-Encoding`, and every transfer coding but `chunked`.

use crate::bad::Bad;
use crate::field::{self, Notable};
use crate::lines::Line;

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body, whatever the fields say.
    None,
    /// After so many bytes.
    Length(u64),
    /// With the chunk of size 0: see [`crate::Chunks`].
    Chunked,
    /// Where the connection ends.
    UntilClose,
}

/// What the fields seen so far say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    pub(crate) notable: Notable,
    length: Option<u64>,
    closes: bool,
    keeps: bool,
    pub(crate) upgrades: bool,
    pub(crate) expects_continue: bool,
    /// The first fault of a field that frames. It is told with the whole head: a tunnel has no body, whatever its fields say.
    pub(crate) bad: Option<Bad>,
}

impl Said {
    /// One more field.
    #[inline]
    pub(crate) fn field(&mut self, line: Line<'_>) -> Result<(), Bad> {
        let known = field::known(line)?;
        if known.which != Notable::NONE {
            self.known(line, known);
        }
        Ok(())
    }

    fn known(&mut self, line: Line<'_>, known: field::Known) {
        let value = field::trim(line.bytes().get(known.value..).unwrap_or_default());
        let which = known.which;
        if which == Notable::CONTENT_LENGTH {
            let length = length(value, self.length);
            self.length = length.ok().or(self.length);
            self.bad = self.bad.or(length.err());
        } else if which == Notable::CONNECTION {
            self.connection(value);
        } else if which == Notable::TRANSFER_ENCODING {
            let twice = self.notable.has(which);
            if twice || !value.eq_ignore_ascii_case(b"chunked") {
                self.bad = self.bad.or(Some(Bad::TransferEncoding));
            }
        } else if which == Notable::EXPECT {
            self.expects_continue |= value.eq_ignore_ascii_case(b"100-continue");
        }
        self.notable = self.notable.with(which);
    }

    fn connection(&mut self, value: &[u8]) {
        match value {
            b"keep-alive" => self.keeps = true,
            b"close" => self.closes = true,
            _ => {
                for token in value.split(|byte| *byte == b',').map(field::trim) {
                    self.keeps |= token.eq_ignore_ascii_case(b"keep-alive");
                    self.closes |= token.eq_ignore_ascii_case(b"close");
                    self.upgrades |= token.eq_ignore_ascii_case(b"upgrade");
                }
            }
        }
    }

    /// What frames the body, if something does.
    pub(crate) fn body(&self, minor: u8) -> Result<Option<Framing>, Bad> {
        if let Some(bad) = self.bad {
            return Err(bad);
        }
        match (self.notable.has(Notable::TRANSFER_ENCODING), self.length) {
            (false, length) => Ok(length.map(Framing::Length)),
            (true, _) if minor == 0 => Err(Bad::TransferEncodingInHttp10),
            (true, Some(_)) => Err(Bad::LengthBesideChunked),
            (true, None) => Ok(Some(Framing::Chunked)),
        }
    }

    /// Whether the connection stays open after the message.
    pub(crate) fn keeps(&self, minor: u8) -> bool {
        !self.closes && (minor > 0 || self.keeps)
    }
}

/// A length, which is the same as the one before if there was one. `5, 5` is two.
fn length(value: &[u8], mut before: Option<u64>) -> Result<u64, Bad> {
    let mut last = 0;
    for one in value.split(|byte| *byte == b',') {
        last = number(field::trim(one))?;
        if before.is_some_and(|before| before != last) {
            return Err(Bad::LengthsDiffer);
        }
        before = Some(last);
    }
    Ok(last)
}

fn number(digits: &[u8]) -> Result<u64, Bad> {
    if digits.is_empty() {
        return Err(Bad::Length);
    }
    // A text that is no number is no number, however long it is.
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Bad::Length);
    }
    digits
        .iter()
        .try_fold(0_u64, |number, digit| {
            let more = number.checked_mul(10)?;
            more.checked_add(u64::from(digit - b'0'))
        })
        .ok_or(Bad::LengthTooLarge)
}
