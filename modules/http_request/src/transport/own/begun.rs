//! A request that goes out at once on a connection that is there, and then waits for nothing but its answer.

use super::Pool;
use crate::phases::Connection;
use crate::request;
use crate::transport::http1::{self, Exchange};
use crate::transport::http2::{self, Sent, Session};
use crate::transport::incoming::Incoming;
use crate::transport::message::{AnswerContext, AnswerHead, Outgoing, Unanswered};
use bggo_wire::Loan;
use bytes::Bytes;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A request that was appended to a connection that was there. It is driven by whoever polls it.
pub(crate) struct Begun<'c> {
    pool: &'c Pool,
    on: On<'c>,
}

enum On<'c> {
    Http1 {
        server: u32,
        loan: Loan<'c>,
        exchange: Exchange,
    },
    Http2(Sent),
}

/// The head of an answer, which stays where it is.
pub(crate) enum Head {
    Http1(bggo_http1::Head),
    Http2 { status: u16 },
}

impl Head {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Http1(head) => head.status,
            Self::Http2 { status } => *status,
        }
    }
}

/// Why no answer came.
pub(crate) enum NoAnswer {
    Http1(http1::Http1Failure),
    Http2(http2::Http2Failure),
}

impl Pool {
    /// Begins a request on a connection that is there. `None` if there is none, or if the request takes more than to append its
    /// bytes. `skips` is whether nobody reads the body of an answer with status 200.
    pub(crate) fn begin<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
        skips: bool,
        cx: &mut Context<'_>,
    ) -> Option<Begun<'c>> {
        let body = outgoing.payload.whole()?;
        if !Exchange::takes(outgoing, body)
            || outgoing.template.is_none()
                && request::check_length(outgoing.fields, body.len() as u64).is_err()
        {
            return None;
        }
        let server = self.server(outgoing);
        let Some(mut loan) = self.lend_unless_waited_for(server, outgoing, Some(cx)) else {
            return self.begin_http2(server, outgoing, skips, cx);
        };
        let on = Connection::of(loan.is_reused());
        outgoing.hears.phases.begins(outgoing.now, on);
        let proxy = self.shared.proxy_of_requests(outgoing.url);
        Some(Begun {
            on: On::Http1 {
                exchange: Exchange::begin(&mut loan, (outgoing, proxy), body),
                loan,
                server,
            },
            pool: self,
        })
    }

    fn begin_http2<'c>(
        &'c self,
        server: u32,
        outgoing: &Outgoing<'_>,
        skips: bool,
        cx: &mut Context<'_>,
    ) -> Option<Begun<'c>> {
        let session = self.session_at_once(server, outgoing)?;
        let body = outgoing.payload.bytes()?;
        let sent = Sent::begin(&session, outgoing, (body, skips), cx)?;
        outgoing
            .hears
            .phases
            .begins(outgoing.now, Connection::Reused);
        sent.note_handed_over(&outgoing.hears);
        Some(Begun {
            on: On::Http2(sent),
            pool: self,
        })
    }

    /// A session that has served and takes another request, unless somebody waits for one.
    fn session_at_once(&self, server: u32, outgoing: &Outgoing<'_>) -> Option<Rc<Session>> {
        let sessions = self.sessions.borrow();
        if sessions.is_empty() || !self.shared.keep_alive {
            return None;
        }
        if self.of_all.is_some()
            && let Some(line) = self.home.line(server)
            && line.is_waited_for()
        {
            return None;
        }
        let takes_it = |session: &&Rc<Session>| {
            session.server == server
                && session.has_served()
                && session.has_room()
                && !session.is_over()
                && session.rested(outgoing.now) <= self.shared.idle_timeout
        };
        sessions.iter().find(takes_it).cloned()
    }
}

impl<'c> Begun<'c> {
    /// Sends the request and waits for the head of its answer, which stays where it is.
    pub(crate) fn poll(
        &mut self,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Head, NoAnswer>> {
        match &mut self.on {
            On::Http1 { loan, exchange, .. } => {
                let polled = exchange.poll(loan, hears, cx);
                polled.map_ok(Head::Http1).map_err(NoAnswer::Http1)
            }
            On::Http2(sent) => {
                let polled = sent.poll(hears, cx);
                let head = polled.map_ok(|status| Head::Http2 { status });
                head.map_err(NoAnswer::Http2)
            }
        }
    }

    /// The answer, from its body on: its head came.
    pub(crate) fn answer(self, head: Head, hears: &AnswerContext<'_>) -> Option<Incoming<'c>> {
        match (self.on, head) {
            (On::Http1 { loan, exchange, .. }, Head::Http1(head)) => {
                let made = exchange.head(&loan, &head, hears);
                let max_idle = self.pool.shared.max_idle;
                Some(Incoming::Http1(exchange.reply(
                    loan,
                    (head, made),
                    max_idle,
                )))
            }
            (On::Http2(sent), _) => sent.reply().map(Incoming::Http2),
            (On::Http1 { .. }, Head::Http2 { .. }) => None,
        }
    }

    /// The size of the body, if all of it came with the head.
    pub(crate) fn whole(&mut self, head: &Head) -> Option<usize> {
        match (&mut self.on, head) {
            (On::Http1 { loan, .. }, Head::Http1(head)) => Exchange::whole(loan, head),
            (On::Http2(sent), _) => sent.whole(),
            (On::Http1 { .. }, Head::Http2 { .. }) => None,
        }
    }

    /// The first bytes of a body that came with its head: at most so many.
    pub(crate) fn body(&mut self, head: &Head, size: usize) -> Bytes {
        match (&mut self.on, head) {
            (On::Http1 { loan, .. }, Head::Http1(head)) => {
                let there = loan.peek().get(head.size..head.size + size);
                Bytes::copy_from_slice(there.unwrap_or_default())
            }
            (On::Http2(sent), _) => sent.body(size),
            (On::Http1 { .. }, Head::Http2 { .. }) => Bytes::new(),
        }
    }

    /// The whole answer was taken, and its body has this size: the connection goes back, or is closed. What is read of the head.
    pub(crate) fn ends(
        this: &mut Option<Self>,
        (head, size): (&Head, usize),
        hears: &AnswerContext<'_>,
    ) -> Option<AnswerHead> {
        let begun = this.as_mut()?;
        match (&mut begun.on, head) {
            (On::Http1 { loan, exchange, .. }, Head::Http1(head)) => {
                let made = exchange.head(loan, head, hears);
                let max_idle = begun.pool.shared.max_idle;
                if exchange.ends(loan, (head, size), (max_idle, made.came)) {
                    // It goes back when it is dropped, and is not moved for that.
                    *this = None;
                } else if let Some(On::Http1 { loan, .. }) = this.take().map(|begun| begun.on) {
                    loan.spent();
                }
                Some(made)
            }
            (On::Http2(sent), _) => {
                let made = sent.take_head()?;
                sent.ends(made.came);
                *this = None;
                Some(made)
            }
            (On::Http1 { .. }, Head::Http2 { .. }) => None,
        }
    }

    /// Why no answer came.
    #[cold]
    pub(crate) fn lost(self, lost: NoAnswer, outgoing: &Outgoing<'_>) -> Unanswered {
        match (self.on, lost) {
            (On::Http1 { loan, server, .. }, NoAnswer::Http1(lost)) => {
                let of = (server, loan.is_reused());
                drop(loan);
                self.pool.unanswered(lost, outgoing, of)
            }
            (On::Http2(sent), NoAnswer::Http2(lost)) => {
                let session = Rc::clone(sent.session());
                drop(sent);
                self.pool.unanswered_by(&session, lost, outgoing)
            }
            (_, NoAnswer::Http1(lost)) => Unanswered::from(lost.fault(outgoing)),
            (_, NoAnswer::Http2(lost)) => Unanswered::from(lost.fault(outgoing)),
        }
    }
}
