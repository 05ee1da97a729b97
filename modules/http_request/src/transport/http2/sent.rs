//! A request that went out at once on a session that is there, and waits for nothing but its answer.

use super::upload::Upload;
use super::{Driver, Http2Failure, Open, Reply, Session, asking};
use crate::transport::message::{AnswerContext, AnswerHead, Outgoing};
use bggo_http2::{Ends, Room};
use bggo_runtime::contract::Moment;
use bytes::{Bytes, BytesMut};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A request on its way, and what came of its answer.
pub(in crate::transport) struct Sent {
    open: Open,
    /// Until it is sent.
    left: Option<Box<Upload>>,
    /// Once it came, until it is taken.
    head: Option<(AnswerHead, Ends)>,
}

impl Sent {
    /// Appends a request with this body to a session that has served before. `None` if there is no room for it now, or if what came
    /// since says that the session is over. `skips` is whether nobody reads the body of an answer with status 200.
    pub(in crate::transport) fn begin(
        session: &Rc<Session>,
        outgoing: &Outgoing<'_>,
        (body, skips): (Bytes, bool),
        cx: &mut Context<'_>,
    ) -> Option<Self> {
        let inner = &mut *session.inner.borrow_mut();
        let is_shared = session.shared.get().is_some();
        if !is_shared && session.open.get() == 0 && !inner.wire.is_quiet_until(cx) {
            inner.drive(cx, Driver::Idle);
        }
        if inner.wire.is_nearly_used_up() {
            session.retire();
            return None;
        }
        if inner.ended.is_some() || inner.connection.room() != Room::Now {
            return None;
        }
        let size = body.len() as u64;
        let open = asking(outgoing, size, |asking| session.open_now(inner, asking))?;
        if let Some(slot) = inner.slots.get_mut(open.key.0) {
            slot.may_skip = skips;
        }
        Some(Self {
            open,
            left: (size > 0).then(|| Box::new(Upload::new(body, None))),
            head: None,
        })
    }

    /// Says what was handed over of it.
    pub(in crate::transport) fn note_handed_over(&self, hears: &AnswerContext<'_>) {
        match &self.left {
            Some(left) => hears.phases.hands_over(left.size()),
            None => hears.note_sent(),
        }
    }

    /// Sends the request and waits for the head of its answer: its status.
    pub(in crate::transport) fn poll(
        &mut self,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<u16, Http2Failure>> {
        let came = ready!(self.open.poll_answer(&mut self.left, hears, cx));
        let (head, ends) = came.map_err(|cause| Http2Failure {
            cause,
            was_reused: true,
        })?;
        let status = head.status.as_u16();
        self.head = Some((head, ends));
        Poll::Ready(Ok(status))
    }

    /// The size of the body, if all of it came with the head, and the whole request was sent before.
    pub(in crate::transport) fn whole(&mut self) -> Option<usize> {
        if self.left.is_some() {
            return None;
        }
        if matches!(self.head, Some((_, Ends::Yes))) {
            return Some(0);
        }
        let key = self.open.key;
        let inner = &mut *self.open.session.inner.borrow_mut();
        loop {
            let slot = inner.slots.get(key.0)?;
            if slot.has_ended {
                let kept: usize = slot.pieces.iter().map(Bytes::len).sum();
                return usize::try_from(slot.skipped.unwrap_or(0) + kept as u64).ok();
            }
            let event = inner.next_event()?;
            inner.takes(event, Driver::Request(key));
        }
    }

    /// The first bytes of a body that came whole, which nobody has read: at most so many.
    pub(in crate::transport) fn body(&mut self, size: usize) -> Bytes {
        let inner = &mut *self.open.session.inner.borrow_mut();
        let Some(slot) = inner.slots.get_mut(self.open.key.0) else {
            return Bytes::new();
        };
        let first = slot.pieces.front();
        let mut body = match first {
            Some(first) if first.len() >= size => first.clone(),
            _ => {
                let mut all = BytesMut::with_capacity(size);
                for piece in &slot.pieces {
                    all.extend_from_slice(piece);
                }
                all.freeze()
            }
        };
        body.truncate(size);
        body
    }

    /// The head that came, of an answer that is whole: the request is over.
    pub(in crate::transport) fn take_head(&mut self) -> Option<AnswerHead> {
        self.head.take().map(|(head, _)| head)
    }

    /// The whole answer was taken, which came at this moment.
    pub(in crate::transport) fn ends(&self, came: Moment) {
        self.open.session.rests_since.set(came);
    }

    /// The answer, from its body on.
    pub(in crate::transport) fn reply(mut self) -> Option<Reply> {
        let (head, ends) = self.head.take()?;
        let left = self.left.take().map(|left| *left);
        Some(self.open.reply(head, ends, left))
    }

    /// What it was sent on.
    pub(in crate::transport) fn session(&self) -> &Rc<Session> {
        &self.open.session
    }
}
