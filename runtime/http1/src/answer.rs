//! The head of an answer: its status, what frames its body, whether the connection stays.

use crate::bad::Bad;
use crate::field::Notable;
use crate::framing::{Framing, Said};
use crate::lines::{self, Limits, Line, Place};

/// What the answer belongs to: that decides whether it can have a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// The method was HEAD.
    pub head: bool,
    /// The method was CONNECT.
    pub connect: bool,
    /// The request asked for another protocol (`Upgrade`).
    pub upgrade: bool,
}

/// What the head of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// From 100 to 999. From 100 to 199, but for 101, another head follows.
    pub status: u16,
    /// 0 for HTTP/1.0, and 1 for HTTP/1.1.
    pub minor: u8,
    /// Where the body ends. After a tunnel or an upgrade began it is [`Framing::None`]: what follows is not HTTP.
    pub framing: Framing,
    /// Whether the connection carries another request after this answer.
    pub keeps: bool,
    /// Which of the fields came that somebody may look for.
    pub notable: Notable,
    /// How many bytes the head has, with the empty line at its end.
    pub size: usize,
}

/// How far the head of an answer has been read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    place: Place,
    status: u16,
    minor: u8,
    said: Said,
}

impl Progress {
    /// Nothing was read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Reads the head at the beginning of `bytes`, which are all that have come so far. `None` means that more must come; then it
/// is called again with the same bytes and those that follow. What was read is not read again. When the head is whole,
/// `progress` is ready for the next one.
///
/// Empty lines before the head are left out, and count as its bytes.
///
/// # Errors
///
/// It is no head, or one that is refused. The same bytes give the same error in whatever pieces they come.
pub fn read(
    bytes: &[u8],
    progress: &mut Progress,
    asked: &Asked,
    limits: &Limits,
) -> Result<Option<Head>, Bad> {
    let Progress {
        place,
        status,
        minor,
        said,
    } = progress;
    if place.lines == 0 {
        // Empty lines that were left out are not looked at again.
        begins(bytes.get(place.line..).unwrap_or_default())?;
    }
    let end = lines::each(bytes, place, limits, |number, line| {
        if number == 0 {
            (*status, *minor) = status_line(line)?;
            Ok(())
        } else {
            said.field(line)
        }
    })?;
    let Some(size) = end else { return Ok(None) };
    let head = whole(*status, *minor, said, asked, size)?;
    *progress = Progress::default();
    Ok(Some(head))
}

/// Whatever is no HTTP is told at once: it may never send a line end.
#[inline]
fn begins(bytes: &[u8]) -> Result<(), Bad> {
    const START: &[u8] = b"HTTP/";
    let mut bytes = bytes;
    if let [b'\r' | b'\n', ..] = bytes {
        while let [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] = bytes {
            bytes = rest;
        }
        if bytes == b"\r" {
            return Ok(());
        }
    }
    let came = bytes.get(..START.len()).unwrap_or(bytes);
    if START.starts_with(came) {
        Ok(())
    } else {
        Err(Bad::NotHttp)
    }
}

/// `HTTP/1.1 200 OK`: status and minor version. The reason may be missing.
#[inline]
fn status_line(line: Line<'_>) -> Result<(u16, u8), Bad> {
    let line = line.bytes();
    let Some((start, rest)) = line.split_first_chunk::<7>() else {
        return Err(Bad::Version);
    };
    let (minor, rest) = match rest {
        [minor @ b'0'..=b'9', b' ', rest @ ..] if start == b"HTTP/1." => (minor - b'0', rest),
        _ => return Err(Bad::Version),
    };
    match rest {
        [
            first @ b'1'..=b'9',
            second @ b'0'..=b'9',
            third @ b'0'..=b'9',
            rest @ ..,
        ] if rest.first().is_none_or(|next| *next == b' ') => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            // A higher minor version is read as the highest that is known (RFC 9110 2.5).
            let minor = minor.min(1);
            Ok((
                digit(first) * 100 + digit(second) * 10 + digit(third),
                minor,
            ))
        }
        _ => Err(Bad::Status),
    }
}

fn whole(status: u16, minor: u8, said: &Said, asked: &Asked, size: usize) -> Result<Head, Bad> {
    let is_interim = status < 200;
    let framing = if asked.connect && (200..300).contains(&status) {
        Framing::None
    } else if status == 101 && !asked.upgrade {
        return Err(Bad::UnaskedUpgrade);
    } else {
        let framing = said.body(minor)?.unwrap_or(Framing::UntilClose);
        if is_interim || asked.head || status == 204 || status == 304 {
            Framing::None
        } else {
            framing
        }
    };
    Ok(Head {
        status,
        minor,
        framing,
        keeps: framing != Framing::UntilClose && said.keeps(minor),
        notable: said.notable,
        size,
    })
}
