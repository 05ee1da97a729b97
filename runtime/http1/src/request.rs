//! The head of a request, for servers: method, target, what frames its body, whether the connection stays.

use crate::bad::Bad;
use crate::field::{Notable, is_of_names};
use crate::framing::{Framing, Said};
use crate::lines::{self, Limits, Place};

/// What the head of a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// As written, for example `GET`.
    pub method: &'a [u8],
    /// As written, for example `/path?query`.
    pub target: &'a [u8],
    /// 0 for HTTP/1.0, and 1 for HTTP/1.1.
    pub minor: u8,
    /// Where the body ends; never [`Framing::UntilClose`].
    pub framing: Framing,
    /// Whether the client means to send another request on this connection.
    pub keeps: bool,
    /// Whether the client waits for a status of 100 before it sends its body.
    pub expects_continue: bool,
    /// Which of the fields came that somebody may look for.
    pub notable: Notable,
    /// How many bytes the head has, with the empty line at its end.
    pub size: usize,
}

/// How far the head of a request has been read.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestProgress {
    place: Place,
    /// Where the method begins and ends, and where the target ends.
    parts: (usize, usize, usize),
    minor: u8,
    said: Said,
}

impl RequestProgress {
    /// Nothing was read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Reads the head of a request as [`crate::read`] reads that of an answer.
///
/// # Errors
///
/// It is no head, or one that is refused.
pub fn read_request<'a>(
    bytes: &'a [u8],
    progress: &mut RequestProgress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Bad> {
    let RequestProgress {
        place,
        parts,
        minor,
        said,
    } = progress;
    let end = lines::each(bytes, place, limits, |number, line| {
        if number == 0 {
            let (method, target, version) = request_line(line.bytes())?;
            *minor = version;
            let start = bytes.len().min(limits.bytes) - line.rest.len();
            *parts = (start, start + method, start + method + 1 + target);
            Ok(())
        } else {
            said.field(line)
        }
    })?;
    let Some(size) = end else { return Ok(None) };
    let framing = said.body(*minor)?.unwrap_or(Framing::None);
    let (method, target) = (parts.0..parts.1, parts.1 + 1..parts.2);
    let head = RequestHead {
        method: bytes.get(method).unwrap_or_default(),
        target: bytes.get(target).unwrap_or_default(),
        minor: *minor,
        framing,
        keeps: said.keeps(*minor),
        expects_continue: said.expects_continue && *minor > 0,
        notable: said.notable,
        size,
    };
    *progress = RequestProgress::default();
    Ok(Some(head))
}

/// Length of the method, length of the target, and minor version.
fn request_line(line: &[u8]) -> Result<(usize, usize, u8), Bad> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Bad::RequestLine);
    };
    let is_method = !method.is_empty() && method.iter().all(|byte| is_of_names(*byte));
    if !is_method || target.is_empty() || target.contains(&b'\t') {
        return Err(Bad::RequestLine);
    }
    match version.strip_prefix(b"HTTP/1.") {
        Some([minor @ b'0'..=b'9']) => Ok((method.len(), target.len(), (minor - b'0').min(1))),
        _ if version.starts_with(b"HTTP/") => Err(Bad::Version),
        _ => Err(Bad::RequestLine),
    }
}
