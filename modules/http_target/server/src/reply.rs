//! What an endpoint answers: a status, headers, and a body that is whole, or made piece by piece while it is sent.

use bggo_values::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// An answer on its way.
pub(crate) struct Reply {
    /// From 200 to 999.
    pub(crate) status: u16,
    /// Names in lower case, and values without a line end.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

/// The body of an answer.
pub(crate) enum Body {
    /// Known bytes.
    Whole(Vec<u8>),
    /// Pieces made one after the other. There is no Content-Length, so HTTP/1.1 sends them as chunks.
    Pieces(Box<dyn FnMut() -> Option<Vec<u8>> + Send>),
    /// Pieces with a pause before each, with a Content-Length.
    Drip {
        /// Bytes still to send.
        left: u64,
        /// Bytes a piece.
        piece: u64,
        /// Between two pieces.
        pause: Duration,
        /// Ends when the next piece is due.
        due: Pin<Box<Sleep>>,
    },
}

impl Body {
    /// Sends `total` bytes over `duration`, in at most `total` pieces.
    pub(crate) fn drip(total: u64, duration: Duration) -> Self {
        // At most one piece in 5 ms: timers are not more exact than that.
        let most = u64::try_from(duration.as_millis() / 5)
            .unwrap_or(u64::MAX)
            .max(1);
        let pieces = total.min(most).max(1);
        let pause = duration / u32::try_from(pieces).unwrap_or(u32::MAX);
        Self::Drip {
            left: total,
            piece: total.div_ceil(pieces).max(1),
            pause,
            due: Box::pin(tokio::time::sleep_until(Instant::now())),
        }
    }

    /// Its length, where it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Pieces(_) => None,
            Self::Drip { left, .. } => Some(*left),
        }
    }

    /// The next bytes, not empty; nothing when it is over.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        let piece = match self {
            Self::Whole(bytes) => Some(std::mem::take(bytes)),
            Self::Pieces(next) => next(),
            Self::Drip { left: 0, .. } => None,
            Self::Drip {
                left,
                piece,
                pause,
                due,
            } => {
                ready!(due.as_mut().poll(cx));
                let size = (*piece).min(*left);
                *left -= size;
                let next = due.deadline() + *pause;
                due.as_mut().reset(next);
                Some(vec![b'*'; usize::try_from(size).unwrap_or(0)])
            }
        };
        Poll::Ready(piece.filter(|piece| !piece.is_empty()))
    }
}

/// An answer with a body of a type.
pub(crate) fn typed(kind: &'static str, body: impl Into<Vec<u8>>) -> Reply {
    with_body(kind, Body::Whole(body.into()))
}

/// An answer with any body.
pub(crate) fn with_body(kind: &'static str, body: Body) -> Reply {
    Reply {
        status: 200,
        headers: vec![("content-type", kind.to_owned())],
        body,
    }
}

/// An answer of JSON.
pub(crate) fn json(value: &Value) -> Reply {
    let mut text = json::encode_plain(value);
    text.push('\n');
    typed("application/json", text)
}

/// An answer that is only a status.
pub(crate) fn status(status: u16) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: Body::Whole(Vec::new()),
    }
}

/// A status with a sentence that says why.
pub(crate) fn refused(status: u16, why: &'static str) -> Reply {
    let mut reply = typed("text/plain; charset=utf-8", format!("{why}\n"));
    reply.status = status;
    reply
}

/// The path exists, the method does not.
pub(crate) fn not_allowed(allowed: &'static str) -> Reply {
    with_header(
        refused(405, "this path takes another method"),
        "allow",
        allowed,
    )
}

/// Adds a header, unless its value cannot be one.
pub(crate) fn with_header(mut reply: Reply, name: &'static str, value: &str) -> Reply {
    if value
        .bytes()
        .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
    {
        reply.headers.push((name, value.to_owned()));
    }
    reply
}

/// A status of three digits.
pub(crate) fn read_status(text: &str) -> Option<u16> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|status| digits && *status >= 100)
}

/// What a status is called; nothing for one that has no name.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Entity",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        510 => "Not Extended",
        511 => "Network Authentication Required",
        _ => "",
    }
}
