//! Asks an HTTP proxy for a connection to a host (CONNECT, RFC 9110 9.3.6).

use super::talk::{No, need, say};
use crate::dial::target::is_host;
use crate::wire::Wire;
use bggo_runtime::contract::FaultText;
use std::fmt::Write;

/// The most bytes of a head.
const HEAD: usize = 16 << 10;
/// The most heads before the final one.
const EARLIER: usize = 16;
/// What each head begins with.
const BEGINNING: &[u8] = b"HTTP/1.";

/// Asks for a connection. What the host says first stays in the wire.
pub(super) async fn ask(
    wire: &mut Wire,
    (host, port): (&str, u16),
    authorization: Option<&str>,
) -> Result<(), No> {
    if !is_host(host) {
        return Err(No::proxy("the host's name holds what no request can"));
    }
    let brackets = if host.contains(':') {
        ("[", "]")
    } else {
        ("", "")
    };
    let place = format_args!("{}{host}{}:{port}", brackets.0, brackets.1);
    // Writing into memory does not fail.
    let _ = write!(wire.out(), "CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    if let Some(authorization) = authorization {
        let _ = write!(wire.out(), "Proxy-Authorization: {authorization}\r\n");
    }
    wire.out().put(b"\r\n");
    say(wire).await?;
    for _ in 0..EARLIER {
        match status(wire).await? {
            100..=199 => {}
            200..=299 => {
                // A length or a body of this answer has no meaning.
                wire.paid();
                return Ok(());
            }
            407 => return Err(No::login()),
            status => {
                let text = "the proxy would not connect: it answered with status";
                return Err(No::proxy(FaultText::plain(format_args!("{text} {status}"))));
            }
        }
    }
    Err(No::proxy("the proxy does not come to a final answer"))
}

/// The status of the next head, which is taken off the wire.
async fn status(wire: &mut Wire) -> Result<u16, No> {
    let mut seen = 0;
    loop {
        let came = wire.peek();
        let known = came.len().min(BEGINNING.len());
        if came.get(..known) != BEGINNING.get(..known) {
            return Err(no_http());
        }
        let end = end_of_head(came, &mut seen);
        if end.unwrap_or(came.len()) > HEAD {
            return Err(No::proxy(
                "the head of the proxy's answer is larger than 16 KiB",
            ));
        }
        if let Some(end) = end {
            let head = came.get(..end).unwrap_or_default();
            let status = status_of(head).ok_or_else(no_http)?;
            wire.consume(end);
            return Ok(status);
        }
        let more = came.len() + 1;
        need(wire, more).await?;
    }
}

/// Where a head ends, behind its empty line. Lines may end without a carriage return.
fn end_of_head(bytes: &[u8], seen: &mut usize) -> Option<usize> {
    while let Some(found) = bytes.get(*seen..)?.iter().position(|byte| *byte == b'\n') {
        let behind = *seen + found + 1;
        match bytes.get(behind..)? {
            [b'\n', ..] => return Some(behind + 1),
            [b'\r', b'\n', ..] => return Some(behind + 2),
            // The next line has not begun yet.
            [] | [b'\r'] => return None,
            _ => *seen = behind,
        }
    }
    None
}

fn status_of(head: &[u8]) -> Option<u16> {
    match head.strip_prefix(BEGINNING)? {
        [b'0' | b'1', b' ', digits @ ..] => {
            let (status, behind) = digits.split_first_chunk::<3>()?;
            let ends = matches!(behind, [b' ' | b'\r' | b'\n', ..]);
            let is_number = ends && status.iter().all(u8::is_ascii_digit);
            let status = str::from_utf8(status).ok().filter(|_| is_number)?;
            status.parse().ok().filter(|status| *status >= 100)
        }
        _ => None,
    }
}

fn no_http() -> No {
    No::proxy("what the proxy answers is no HTTP/1")
}
