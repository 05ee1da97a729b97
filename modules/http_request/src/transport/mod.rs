//! The transport: sends one request, returns the head of the answer, then its body in pieces.
//!
//! ```text
//! Outgoing -> Transport -> own: connections (wire), HTTP/1 -> Incoming: head, body
//!                       '-> what a linked crate gives
//! ```
//!
//! Redirects, cookies, decompression, second tries and time limits are not here.

mod compose;
mod http1;
mod http2;
mod last_head;
pub mod link;
mod message;
mod own;
mod settings;

pub(crate) use last_head::LastHead;
pub(crate) use message::{AnswerHead, Outgoing, Reads, Template, Unanswered};
pub(crate) use own::Connections;
pub(crate) use settings::{Settings, Speak};

use crate::request;
use bggo_runtime::contract::{AssetCx, Fault, FaultText};
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, COOKIE, HeaderValue};
use link::{Linked, Remote, Reply, Request};
use std::rc::Rc;
use std::task::Context;

/// What all clients of a resource share on a thread.
pub(crate) enum Shared {
    Own(Rc<Connections>),
    Linked(Rc<dyn Linked>, Rc<Settings>),
}

/// The connections of one client.
pub(crate) enum Transport {
    Own(own::Pool),
    Linked(Box<dyn Remote>),
}

/// An answer whose head has come.
pub(crate) enum Incoming<'c> {
    Http1(http1::Reply<'c>),
    Http2(http2::Reply),
    Linked(Box<dyn Reply>),
}

impl Transport {
    /// No connection is made before the first request.
    pub(crate) fn new(cx: &AssetCx, shared: &Shared) -> Result<Self, Fault> {
        Ok(match shared {
            Shared::Own(shared) => Self::Own(own::Pool::new(cx, shared)),
            Shared::Linked(linked, settings) => Self::Linked(linked.open(cx, settings)?),
        })
    }

    /// How many connections were opened since this was asked last.
    pub(crate) fn take_opened(&self) -> u64 {
        match self {
            Self::Own(pool) => pool.take_opened(),
            Self::Linked(remote) => remote.take_opened(),
        }
    }

    /// Lets the client notice which connections are closed by now, so that a request that must not be sent twice takes none of
    /// them.
    pub(crate) async fn hear_of_closed(&self) {
        match self {
            // It asks the system when it takes one.
            Self::Own(_) => {}
            Self::Linked(remote) => remote.hear_of_closed().await,
        }
    }

    /// Whether there is something to look after between requests, and beside them.
    pub(crate) fn has_idle_work(&self) -> bool {
        match self {
            Self::Own(pool) => pool.has_idle_work(),
            Self::Linked(_) => false,
        }
    }

    /// Looks after the connections that nobody uses.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) {
        match self {
            Self::Own(pool) => pool.poll_idle(cx),
            // It has tasks of its own.
            Self::Linked(_) => {}
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Incoming<'c>, Unanswered> {
        match self {
            Self::Own(pool) => Ok(match pool.send(outgoing).await? {
                own::Answered::Http1(reply) => Incoming::Http1(reply),
                own::Answered::Http2(reply) => Incoming::Http2(reply),
            }),
            Self::Linked(remote) => {
                let request = Box::pin(outgoing.to_request()).await?;
                remote.send(request).await.map(Incoming::Linked)
            }
        }
    }
}

impl<'a> Outgoing<'a> {
    /// The request of another transport.
    async fn to_request(&self) -> Result<Request<'a>, Fault> {
        let body = self.payload.open().await?;
        let size = body.size();
        request::check_length(self.fields, size)?;
        let mut headers = self.fields.to_map();
        if let Some(Ok(cookies)) = self.cookies.map(HeaderValue::from_str) {
            headers.insert(COOKIE, cookies);
        }
        if size == 0 && matches!(*self.method, Method::POST | Method::PUT | Method::PATCH) {
            // These announce a body: many servers refuse them without a length.
            headers
                .entry(CONTENT_LENGTH)
                .or_insert(HeaderValue::from_static("0"));
        }
        Ok(Request {
            method: self.method,
            url: self.url,
            headers,
            body,
            hosts: self.hosts,
            now: self.now,
        })
    }
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

    pub(crate) fn into_head(self) -> AnswerHead {
        match self {
            Self::Http1(reply) => reply.into_head(),
            Self::Http2(reply) => reply.into_head(),
            Self::Linked(reply) => reply.into_head(),
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
            Self::Http1(reply) => reply.piece().await,
            Self::Http2(reply) => Box::pin(reply.piece()).await,
            Self::Linked(reply) => reply.piece().await,
        }
    }

    /// Drops the rest of the body: how many bytes it had.
    pub(crate) async fn skip(&mut self) -> Result<u64, FaultText> {
        match self {
            Self::Http1(reply) => reply.skip().await,
            Self::Http2(reply) => Box::pin(reply.skip()).await,
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
