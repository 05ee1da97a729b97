//! An answer whose head has come, over whatever it came.

use super::link::Reply;
use super::message::AnswerHead;
use super::{http1, http2};
use bggo_runtime::contract::FaultText;
use bytes::Bytes;
use std::future::poll_fn;

/// An answer whose head has come.
pub(crate) enum Incoming<'c> {
    Http1(http1::Reply<'c>),
    Http2(http2::Reply),
    Linked(Box<dyn Reply>),
}

impl Incoming<'_> {
    /// Its head.
    pub(crate) fn head(&self) -> &AnswerHead {
        match self {
            Self::Http1(reply) => reply.head(),
            Self::Http2(reply) => reply.head(),
            Self::Linked(reply) => reply.head(),
        }
    }

    /// Its head, of an answer that nobody reads any more.
    pub(crate) fn take_head(&mut self) -> AnswerHead {
        match self {
            Self::Http1(reply) => reply.take_head(),
            Self::Http2(reply) => reply.take_head(),
            Self::Linked(reply) => reply.take_head(),
        }
    }

    /// Whether the body is over: it came with the head, or there is none.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Http1(reply) => reply.has_ended(),
            Self::Http2(reply) => reply.has_ended(),
            Self::Linked(reply) => reply.has_ended(),
        }
    }

    /// The next piece of the body as it came, `None` at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, FaultText> {
        match self {
            Self::Http1(reply) => poll_fn(|cx| reply.poll_piece(cx)).await,
            Self::Http2(reply) => poll_fn(|cx| reply.poll_piece(cx)).await,
            Self::Linked(reply) => reply.piece().await,
        }
    }

    /// Drops the rest of the body: how many bytes it had.
    pub(crate) async fn skip(&mut self) -> Result<u64, FaultText> {
        match self {
            Self::Http1(reply) => {
                let mut size = 0;
                loop {
                    match poll_fn(|cx| reply.poll_skip(cx)).await? {
                        0 => return Ok(size),
                        skipped => size += skipped,
                    }
                }
            }
            Self::Http2(reply) => poll_fn(|cx| reply.poll_skip(cx)).await,
            Self::Linked(reply) => {
                let mut size = 0;
                while let Some(piece) = reply.piece().await? {
                    size += piece.len() as u64;
                }
                Ok(size)
            }
        }
    }

    /// Nobody reads the rest of the body.
    pub(crate) fn leave(&mut self) {
        match self {
            Self::Http1(reply) => reply.leave(),
            Self::Http2(reply) => reply.leave(),
            // It closes its connection when it is dropped.
            Self::Linked(_) => {}
        }
    }
}
