//! The body of a request over HTTP/2 as it goes out.

use crate::body::Stream;
use crate::fault::Unreadable;
use bggo_http2::Ends;
use bytes::Bytes;
use std::task::{Context, Poll, ready};

/// What is left of a body.
pub(super) struct Upload {
    piece: Bytes,
    /// What follows it.
    rest: Option<Box<Stream>>,
}

impl Upload {
    pub(super) fn new(piece: Bytes, rest: Option<Stream>) -> Self {
        Self {
            piece,
            rest: rest.map(Box::new),
        }
    }

    /// How many bytes it has.
    pub(super) fn size(&self) -> u64 {
        let rest = self.rest.as_ref().map_or(0, |rest| rest.size());
        self.piece.len() as u64 + rest
    }

    /// Sends it by `send` as the server takes it, until it is over or the server takes no more: the answer says why then, or its
    /// fault does. `send` takes what it can from the beginning, and is ready when it has taken all, or with false if no more is taken.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut send: impl FnMut(&mut Bytes, Ends, &mut Context<'_>) -> Poll<bool>,
    ) -> Poll<Result<(), Unreadable>> {
        loop {
            if self.piece.is_empty() {
                let Some(rest) = &mut self.rest else {
                    return Poll::Ready(Ok(()));
                };
                match ready!(rest.poll_piece(cx))? {
                    Some(piece) => self.piece = piece,
                    None => return Poll::Ready(Ok(())),
                }
            }
            let is_last = self.rest.as_ref().is_none_or(|rest| rest.size() == 0);
            let ends = if is_last { Ends::Yes } else { Ends::No };
            if !ready!(send(&mut self.piece, ends, cx)) {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
