//! The fields of a head as they were read, in memory that serves the next head too.

use crate::bad::Bad;
use crate::table::OVERHEAD;
use std::ops::Range;
use std::rc::Rc;

/// Bytes of the field of a status.
const STATUS: usize = b":status200".len();
/// Memory of more bytes than this is given back before the next head.
const KEPT: usize = 16 << 10;

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most fields.
    pub fields: usize,
    /// Most bytes of names and values, without those of the status.
    pub bytes: usize,
}

impl Limits {
    /// The same as the protocol counts it, which is with 32 bytes more for each field (RFC 9113, section 6.5.2).
    pub(crate) fn of_list(&self) -> usize {
        self.bytes
            .saturating_add(self.fields.saturating_mul(OVERHEAD))
    }
}

/// Which head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Answer,
    Trailers,
}

/// A head: that of an answer, or trailers. One serves all connections of a thread that have the same rules, one head after the
/// other.
#[derive(Debug, Default)]
pub struct Head(Rc<Told>);

/// What a head says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    status: u16,
    length: Option<u64>,
    /// Names and values, one after the other.
    text: Vec<u8>,
    /// Where the name and the value of each field end.
    ends: Vec<(u32, u32)>,
    /// Bytes of names and values, but for those of the status.
    size: usize,
    /// A pseudo-field can follow.
    is_at_start: bool,
    sets_cookies: bool,
    has_location: bool,
    bad: Option<Bad>,
    /// The block that says this, if the same bytes always say the same; empty otherwise. A connection keeps it for as long as it
    /// has not put its fields into its table.
    pub(crate) block: Rc<Vec<u8>>,
    /// How many fields that block puts into the table, and their size there.
    pub(crate) kept: (usize, usize),
}

impl Head {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From 100 to 999; 0 for trailers.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// What `Content-Length` says.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.0.length
    }

    /// Name, in lower case, and value of each field, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.0.ends.iter().map(move |(name, value)| {
            let (name, value) = (*name as usize, *value as usize);
            let (from, text) = (std::mem::replace(&mut start, value), &self.0.text);
            (
                text.get(from..name).unwrap_or_default(),
                text.get(name..value).unwrap_or_default(),
            )
        })
    }

    /// The value of the first field of a name, which is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields();
        let found = fields.find(|(known, _)| *known == name.as_bytes());
        found.map(|(_, value)| value)
    }

    /// Whether it has a Set-Cookie.
    #[must_use]
    pub fn sets_cookies(&self) -> bool {
        self.0.sets_cookies
    }

    /// Whether it has a Location.
    #[must_use]
    pub fn has_location(&self) -> bool {
        self.0.has_location
    }

    /// The same for somebody who reads it later. Nothing is copied: what comes next is written elsewhere then.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Rc::clone(&self.0))
    }

    /// What it says.
    pub(crate) fn told(&self) -> &Told {
        &self.0
    }

    /// Another head begins: where it is written.
    pub(crate) fn begin(&mut self) -> &mut Told {
        if Rc::get_mut(&mut self.0).is_none() {
            // Somebody reads the last one later.
            self.0 = Rc::default();
        }
        let told = Rc::make_mut(&mut self.0);
        told.begin();
        told
    }
}

impl Told {
    fn begin(&mut self) {
        self.text.clear();
        self.text.shrink_to(KEPT);
        self.ends.clear();
        self.ends.shrink_to(KEPT / size_of::<(u32, u32)>());
        match Rc::get_mut(&mut self.block) {
            Some(block) => block.clear(),
            None => self.block = Rc::default(),
        }
        (self.status, self.length, self.size) = (0, None, 0);
        (self.is_at_start, self.bad) = (true, None);
        (self.sets_cookies, self.has_location) = (false, false);
    }

    /// Where the next field is written, behind all others; then [`Told::take`] is told of it. What is too large for the head is
    /// counted only, but for so many bytes that are needed all the same.
    pub(crate) fn text(&mut self, limits: &Limits, needed: usize) -> Cut<'_> {
        let most = match self.bad {
            // The status does not count, and is short.
            None => limits.bytes.saturating_sub(self.size) + STATUS,
            Some(_) => 0,
        };
        Cut {
            most: self.text.len() + most.max(needed),
            text: &mut self.text,
            dropped: 0,
        }
    }

    /// It is the same from the same block each time.
    pub(crate) fn keep_block(&mut self, block: &[u8]) {
        Rc::make_mut(&mut self.block).extend_from_slice(block);
    }

    /// The first byte of the next field.
    pub(crate) fn start(&self) -> usize {
        self.ends.last().map_or(0, |(_, end)| *end as usize)
    }

    /// Bytes of the field that was written.
    pub(crate) fn unread(&self) -> usize {
        self.text.len() - self.start()
    }

    /// Name and value of the field that was written, whose name has so many bytes.
    pub(crate) fn written(&self, name: usize) -> (&[u8], &[u8]) {
        let text = self.text.get(self.start()..).unwrap_or_default();
        text.split_at_checked(name).unwrap_or_default()
    }

    /// Takes the field that was written, whose name has so many bytes, or drops it. So many bytes of it were counted only.
    pub(crate) fn take(&mut self, (name, dropped): (usize, usize), part: Part, limits: &Limits) {
        let start = self.start();
        let is_pseudo = self.text.get(start) == Some(&b':') && name > 0;
        if !is_pseudo || dropped > 0 {
            let size = (self.text.len() - start).saturating_add(dropped);
            self.size = self.size.saturating_add(size);
        }
        if self.size > limits.bytes || dropped > 0 {
            self.mark_bad(Bad::HeadTooLarge);
        } else if !is_pseudo && self.ends.len() >= limits.fields {
            self.mark_bad(Bad::TooManyFields);
        } else if self.bad.is_none() {
            let taken = if is_pseudo {
                self.pseudo(name, part)
            } else {
                self.field(start, name)
            };
            match taken {
                Ok(Some(value)) => {
                    self.text.truncate(value.end);
                    if value.start > start + name {
                        self.text.drain(start + name..value.start);
                    }
                    let end = self.text.len();
                    self.ends.push(((start + name) as u32, end as u32));
                    return;
                }
                Ok(None) => {}
                Err(bad) => self.mark_bad(bad),
            }
        }
        self.text.truncate(start);
    }

    /// Bytes of memory that its text takes.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.text.capacity()
    }

    /// What is wrong with it.
    pub(crate) fn end(&mut self, part: Part) -> Option<Bad> {
        if part == Part::Answer && self.status == 0 {
            self.mark_bad(Bad::Status);
        }
        self.bad
    }

    /// The first thing that is wrong counts.
    fn mark_bad(&mut self, bad: Bad) {
        self.bad.get_or_insert(bad);
    }

    fn pseudo(&mut self, name: usize, part: Part) -> Result<Option<Range<usize>>, Bad> {
        let (name, value) = self.written(name);
        if name != b":status" || !self.is_at_start || part == Part::Trailers {
            return Err(Bad::Pseudo);
        }
        let [
            first @ b'1'..=b'9',
            second @ b'0'..=b'9',
            third @ b'0'..=b'9',
        ] = *value
        else {
            return Err(Bad::Status);
        };
        let digit = |byte: u8| u16::from(byte - b'0');
        if self.status != 0 {
            return Err(Bad::Status);
        }
        self.status = digit(first) * 100 + digit(second) * 10 + digit(third);
        Ok(None)
    }

    /// Where the value stands, without the spaces around it.
    fn field(&mut self, start: usize, length: usize) -> Result<Option<Range<usize>>, Bad> {
        self.is_at_start = false;
        let (name, value) = self.written(length);
        if name.is_empty() || !name.iter().all(|byte| is_of_name(*byte)) {
            return Err(Bad::Name);
        }
        if value.iter().any(|byte| is_control(*byte)) {
            return Err(Bad::Control);
        }
        if is_of_connection(name) || name == b"te" && value != b"trailers" {
            return Err(Bad::OfConnection);
        }
        let trimmed = value.trim_ascii_end();
        let end = start + length + trimmed.len();
        let value = trimmed.trim_ascii_start();
        let kept = end - value.len()..end;
        let (sets_cookies, has_location) = (name == b"set-cookie", name == b"location");
        if name == b"content-length" {
            let said = number(value).ok_or(Bad::Length)?;
            if self.length.replace(said).is_some_and(|known| known != said) {
                return Err(Bad::Length);
            }
        }
        self.sets_cookies |= sets_cookies;
        self.has_location |= has_location;
        Ok(Some(kept))
    }
}

/// Text that is appended up to a length. What is beyond is counted.
pub(crate) struct Cut<'a> {
    text: &'a mut Vec<u8>,
    most: usize,
    pub(crate) dropped: usize,
}

impl Cut<'_> {
    /// How many bytes there are with those that were dropped.
    pub(crate) fn len(&self) -> usize {
        self.text.len() + self.dropped
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let room = self.most.saturating_sub(self.text.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at(room);
        self.text.extend_from_slice(kept);
        self.dropped += dropped.len();
    }

    pub(crate) fn put_one(&mut self, byte: u8) {
        if self.text.len() < self.most {
            self.text.push(byte);
        } else {
            self.dropped += 1;
        }
    }

    /// Whether so many bytes more are all kept: then they may be appended by themselves.
    pub(crate) fn whole(&mut self, count: usize) -> Option<&mut Vec<u8>> {
        (self.text.len() + count <= self.most).then_some(&mut *self.text)
    }
}

/// Whether a byte may stand in a name: what a token may hold (RFC 9110, section 5.6.2) but for capital letters.
#[inline]
fn is_of_name(byte: u8) -> bool {
    const ARE: [bool; 256] = {
        let mut are = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let one = byte as u8;
            are[byte] = matches!(one, b'a'..=b'z' | b'0'..=b'9')
                || matches!(
                    one,
                    b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.'
                )
                || matches!(one, b'^' | b'_' | b'`' | b'|' | b'~');
            byte += 1;
        }
        are
    };
    ARE.get(usize::from(byte)).copied().unwrap_or(false)
}

#[inline]
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Whether a field is of a connection, by its name in whichever case: versions of HTTP from 2 on know none (RFC 9113, section 8.2.2;
/// RFC 9114, section 4.2).
#[must_use]
pub fn is_of_connection(name: impl AsRef<[u8]>) -> bool {
    let name = name.as_ref();
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    match name.len() {
        7 => is(b"upgrade"),
        10 => is(b"connection") || is(b"keep-alive"),
        16 => is(b"proxy-connection"),
        17 => is(b"transfer-encoding"),
        _ => false,
    }
}

fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}
