//! What an endpoint answers, and its body: whole, or made piece by piece while it is sent.

use bggo_values::{Value, json};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// An answer on its way.
pub(crate) type Reply = Response<Body>;

/// The body of an answer.
pub(crate) enum Body {
    /// Known bytes, until they are sent.
    Whole(Option<Bytes>),
    /// Pieces made one after the other. There is no Content-Length, so HTTP/1.1 sends them as chunks.
    Pieces(Box<dyn FnMut() -> Option<Bytes> + Send>),
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

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match &mut *self {
            Self::Whole(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()),
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
                Some(Bytes::from(vec![b'*'; usize::try_from(size).unwrap_or(0)]))
            }
        };
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Pieces(_) => false,
            Self::Drip { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Pieces(_) => SizeHint::default(),
            Self::Drip { left, .. } => SizeHint::with_exact(*left),
        }
    }
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
}

/// An answer with a body of a type.
pub(crate) fn typed(kind: &'static str, body: impl Into<Bytes>) -> Reply {
    with_body(kind, Body::Whole(Some(body.into())))
}

/// An answer with any body.
pub(crate) fn with_body(kind: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

/// An answer of JSON.
pub(crate) fn json(value: &Value) -> Reply {
    let mut text = json::encode_plain(value);
    text.push('\n');
    typed("application/json", text)
}

/// An answer that is only a status.
pub(crate) fn status(code: StatusCode) -> Reply {
    let mut reply = Response::new(Body::Whole(None));
    *reply.status_mut() = code;
    reply
}

/// A status with a sentence that says why.
pub(crate) fn refused(code: StatusCode, why: &'static str) -> Reply {
    let mut reply = typed("text/plain; charset=utf-8", format!("{why}\n"));
    *reply.status_mut() = code;
    reply
}

/// The path exists, the method does not.
pub(crate) fn not_allowed(allowed: &'static str) -> Reply {
    with_header(
        refused(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path takes another method",
        ),
        ALLOW,
        allowed,
    )
}

/// Adds a header, unless its value cannot be one.
pub(crate) fn with_header(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().append(name, value);
    }
    reply
}
