//! The body of a request as hyper takes it.

use bggo_module_http_request::link::{Stream, Unreadable};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body that is being sent. Its whole length is known, so it is not chunked.
pub(crate) struct Sent(pub(crate) Stream);

impl Body for Sent {
    type Data = Bytes;
    type Error = Unreadable;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unreadable>>> {
        let piece = ready!(self.0.poll_piece(cx));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)).transpose())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.size())
    }

    fn is_end_stream(&self) -> bool {
        self.0.size() == 0
    }
}
