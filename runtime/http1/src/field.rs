//! One line of a head to a name, a value, and whether it is one of the fields that decide something.

use crate::bad::Bad;
use crate::block::{self, padded};
use crate::lines::Line;

/// The longest name that is compared as one number.
const LONGEST: usize = 16;

/// Fields that somebody looks for, as bits: a set of what was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notable(u16);

impl Notable {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// `Location`
    pub const LOCATION: Self = Self(1);
    /// `Set-Cookie`
    pub const SET_COOKIE: Self = Self(1 << 1);
    /// `Content-Encoding`
    pub const CONTENT_ENCODING: Self = Self(1 << 2);
    /// `Content-Type`
    pub const CONTENT_TYPE: Self = Self(1 << 3);
    /// `Connection`
    pub const CONNECTION: Self = Self(1 << 4);
    /// `Upgrade`
    pub const UPGRADE: Self = Self(1 << 5);
    /// `Retry-After`
    pub const RETRY_AFTER: Self = Self(1 << 6);
    /// `Keep-Alive`
    pub const KEEP_ALIVE: Self = Self(1 << 7);
    /// `WWW-Authenticate`
    pub const WWW_AUTHENTICATE: Self = Self(1 << 8);
    /// `Alt-Svc`
    pub const ALT_SVC: Self = Self(1 << 9);
    /// `Expect` of a request.
    pub const EXPECT: Self = Self(1 << 10);
    /// `Content-Length`
    pub const CONTENT_LENGTH: Self = Self(1 << 11);
    /// `Transfer-Encoding`
    pub const TRANSFER_ENCODING: Self = Self(1 << 12);

    /// Whether one of `those` is among these.
    #[must_use]
    pub const fn has(self, those: Self) -> bool {
        self.0 & those.0 != 0
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, those: Self) -> Self {
        Self(self.0 | those.0)
    }
}

/// The bytes of a name of at most 16 letters in lower case, as one number.
const fn word(name: &[u8]) -> u128 {
    let mut bytes = [0_u8; LONGEST];
    let mut at = 0;
    while at < name.len() {
        bytes[at] = name[at];
        at += 1;
    }
    u128::from_le_bytes(bytes)
}

const ALT_SVC: u128 = word(b"alt-svc");
const CONNECTION: u128 = word(b"connection");
const CONTENT_ENCODING: u128 = word(b"content-encoding");
const CONTENT_LENGTH: u128 = word(b"content-length");
const CONTENT_TYPE: u128 = word(b"content-type");
const EXPECT: u128 = word(b"expect");
const KEEP_ALIVE: u128 = word(b"keep-alive");
const LOCATION: u128 = word(b"location");
const RETRY_AFTER: u128 = word(b"retry-after");
const SET_COOKIE: u128 = word(b"set-cookie");
const UPGRADE: u128 = word(b"upgrade");
const WWW_AUTHENTICATE: u128 = word(b"www-authenticate");

/// Sets the bit that makes letters small. Bytes of names are letters, digits and signs, so no two of them become the same but
/// the two forms of a letter (a control becomes a hyphen, but none is in a name).
const SMALL: u128 = u128::from_le_bytes([0x20; LONGEST]);

/// A field: what it is, and where its value begins in its line.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) which: Notable,
    pub(crate) value: usize,
}

/// What a field's line is.
///
/// # Errors
///
/// No colon, a name that is none, or a space before the colon of a field that frames the message.
#[inline]
pub(crate) fn known(line: Line<'_>) -> Result<Known, Bad> {
    let start: [u8; LONGEST] = padded(line.rest);
    let (low, high) = halves(start);
    let others = !block::plain(low) & HIGH;
    let length = if others == 0 {
        block::WIDTH + block::first(!block::plain(high) & HIGH)
    } else {
        block::first(others)
    };
    // The name ends by its 15th byte in nearly all lines, and a colon follows at once.
    if length == 0 || start.get(length) != Some(&b':') {
        return slow(line);
    }
    let name = (u128::from_le_bytes(start) | SMALL) & ((1 << (8 * length)) - 1);
    Ok(Known {
        which: of_word(length, name),
        value: length + 1,
    })
}

/// The highest bit of each byte.
const HIGH: u64 = u64::from_le_bytes([0x80; block::WIDTH]);

/// The first and the last eight bytes.
#[inline]
fn halves(bytes: [u8; LONGEST]) -> (u64, u64) {
    let whole = u128::from_le_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low = whole as u64;
    (low, (whole >> 64) as u64)
}

#[inline]
fn of_word(length: usize, name: u128) -> Notable {
    let is = |known: u128, which: Notable| if name == known { which } else { Notable::NONE };
    match length {
        6 => is(EXPECT, Notable::EXPECT),
        7 => is(UPGRADE, Notable::UPGRADE).with(is(ALT_SVC, Notable::ALT_SVC)),
        8 => is(LOCATION, Notable::LOCATION),
        10 => is(CONNECTION, Notable::CONNECTION)
            .with(is(SET_COOKIE, Notable::SET_COOKIE))
            .with(is(KEEP_ALIVE, Notable::KEEP_ALIVE)),
        11 => is(RETRY_AFTER, Notable::RETRY_AFTER),
        12 => is(CONTENT_TYPE, Notable::CONTENT_TYPE),
        14 => is(CONTENT_LENGTH, Notable::CONTENT_LENGTH),
        16 => is(CONTENT_ENCODING, Notable::CONTENT_ENCODING)
            .with(is(WWW_AUTHENTICATE, Notable::WWW_AUTHENTICATE)),
        _ => Notable::NONE,
    }
}

/// Long names, rare signs, spaces before the colon, and what is wrong.
#[inline(never)]
fn slow(line: Line<'_>) -> Result<Known, Bad> {
    let bytes = line.bytes();
    let colon = bytes.iter().position(|byte| *byte == b':');
    let written = colon
        .and_then(|colon| bytes.get(..colon))
        .ok_or(Bad::NoColon)?;
    let name = written.trim_ascii_end();
    if name.is_empty() || !name.iter().all(|byte| is_of_names(*byte)) {
        return Err(Bad::Name);
    }
    let which = if name.eq_ignore_ascii_case(b"transfer-encoding") {
        Notable::TRANSFER_ENCODING
    } else if name.len() <= LONGEST {
        let small = (u128::from_le_bytes(padded(name)) | SMALL)
            & (u128::MAX >> (8 * (LONGEST - name.len())));
        of_word(name.len(), small)
    } else {
        Notable::NONE
    };
    let frames = Notable::TRANSFER_ENCODING.with(Notable::CONTENT_LENGTH);
    if which.has(frames) && name.len() != written.len() {
        return Err(Bad::SpaceBeforeColon);
    }
    Ok(Known {
        which,
        value: written.len() + 1,
    })
}

/// Whether a byte may stand in the name of a field or of a method (RFC 9110 5.6.2: `tchar`).
pub(crate) const fn is_of_names(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// A value without spaces, tabs and line ends round it.
pub(crate) const fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = value {
        value = rest;
    }
    value
}
