//! The transport: sends one request, returns the head of the answer, then its body in pieces.
//!
//! ```text
//! Outgoing -> Transport -> own: connections (wire), HTTP/1 -> Incoming: head, body
//!                       '-> what a linked crate gives
//! ```
//!
//! Redirects, cookies, decompression, second tries and time limits are not here.

mod compose;
mod counted;
mod driving;
mod http1;
mod http2;
mod incoming;
mod last_head;
pub mod link;
mod message;
mod own;
mod settings;
mod shared;

pub(crate) use counted::Counted;
pub(crate) use http1::fields;
pub(crate) use incoming::Incoming;
pub(crate) use last_head::LastHead;
pub(crate) use message::{
    AnswerContext, AnswerHead, Outgoing, Reads, Template, Unanswered, Unread,
};
pub(crate) use own::{Asked, Begun, Connections, Head, NoAnswer, Trust};
pub(crate) use settings::{Settings, Speak, Ways};
pub(crate) use shared::{SharedPool, SharedRemote};

use crate::http_request::Error as Kind;
use crate::phases::Connection;
use crate::request;
use bggo_runtime::contract::{AssetCx, Fault};
use http::Method;
use http::header::{CONTENT_LENGTH, COOKIE, HeaderValue};
use link::{Linked, Remote, Request};
use std::rc::Rc;
use std::task::Context;
use url::Position;

/// What all clients of a resource share on a thread.
pub(crate) enum Shared {
    Own(Rc<Connections>),
    /// All users of the thread have the same connections.
    Pool(SharedPool),
    Linked(Rc<dyn Linked>, Rc<Settings>),
    /// The same with connections that all users of the thread have.
    LinkedPool(SharedRemote),
}

impl Shared {
    /// What is made of requests before they are sent, if that is bggo's own transport.
    pub(crate) fn own(&self) -> Option<&Connections> {
        match self {
            Self::Own(connections) => Some(connections),
            Self::Pool(pool) => Some(pool.connections()),
            Self::Linked(..) | Self::LinkedPool(_) => None,
        }
    }
}

/// The connections of one client.
pub(crate) enum Transport {
    Own(own::Pool),
    Other(Other),
}

/// Connections that are not one client's own. They are apart, since a client takes eight bytes less with two variants, and every idle user
/// has one.
pub(crate) enum Other {
    /// All users of the thread have them.
    Shared(Rc<own::Pool>),
    /// Those of another crate.
    Linked(Rc<dyn Remote>),
}

impl Transport {
    /// No connection is made before the first request.
    pub(crate) fn new(cx: &AssetCx, shared: &Shared) -> Result<Self, Fault> {
        Ok(match shared {
            Shared::Own(shared) => Self::Own(own::Pool::new(cx, shared)),
            Shared::Pool(shared) => Self::Other(Other::Shared(shared.pool(cx))),
            Shared::Linked(linked, settings) => {
                Self::Other(Other::Linked(linked.open(cx, settings)?))
            }
            Shared::LinkedPool(shared) => Self::Other(Other::Linked(shared.remote(cx)?)),
        })
    }

    /// What happened to its connections since this was asked last.
    pub(crate) fn take_counted(&self) -> Counted {
        match self {
            Self::Own(pool) => pool.take_counted(),
            Self::Other(Other::Shared(pool)) => pool.take_counted(),
            Self::Other(Other::Linked(remote)) => Counted {
                opened: remote.take_opened(),
                ..Counted::default()
            },
        }
    }

    /// Lets the client notice which connections are closed by now, so that a request that must not be sent twice takes none of
    /// them.
    pub(crate) async fn hear_of_closed(&self) {
        match self {
            // It asks the system when it takes one.
            Self::Own(_) | Self::Other(Other::Shared(_)) => {}
            Self::Other(Other::Linked(remote)) => remote.hear_of_closed().await,
        }
    }

    /// Whether there is something to look after between requests, and beside them.
    pub(crate) fn has_idle_work(&self) -> bool {
        match self {
            Self::Own(pool) => pool.has_idle_work(),
            Self::Other(_) => false,
        }
    }

    /// Looks after the connections that nobody uses.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) {
        match self {
            Self::Own(pool) => pool.poll_idle(cx),
            // These have tasks of their own.
            Self::Other(_) => {}
        }
    }

    /// Begins a request that goes out at once on a connection that is there, and then waits for nothing but its answer. `skips` is
    /// whether nobody reads the body of an answer with status 200.
    pub(crate) fn begin<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
        skips: bool,
        cx: &mut Context<'_>,
    ) -> Option<Begun<'c>> {
        match self {
            Self::Own(pool) => pool.begin(outgoing, skips, cx),
            Self::Other(Other::Shared(pool)) => pool.begin(outgoing, skips, cx),
            Self::Other(Other::Linked(_)) => None,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Incoming<'c>, Unanswered> {
        match self {
            Self::Own(pool) => pool.send(outgoing).await,
            // Boxed: it waits, and the others carry no room for that.
            Self::Other(Other::Shared(pool)) => Box::pin(pool.send(outgoing)).await,
            Self::Other(Other::Linked(remote)) => {
                let request = Box::pin(outgoing.to_request()).await?;
                let phases = outgoing.hears.phases;
                phases.begins(outgoing.now, Connection::Unknown);
                phases.hands_over(request.body.size());
                remote.send(request).await.map(Incoming::Linked)
            }
        }
    }
}

impl Transport {
    /// Asks for another protocol, on a connection of its own.
    pub(crate) async fn upgrade<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
        trust: Trust,
    ) -> Result<Asked<'c>, Fault> {
        match self {
            Self::Own(pool) => pool.upgrade(outgoing, trust).await,
            Self::Other(Other::Shared(pool)) => pool.upgrade(outgoing, trust).await,
            Self::Other(Other::Linked(_)) => Err(Kind::Request.fault(
                "the client has the transport of another crate, which cannot upgrade a connection; use a client without it",
            )),
        }
    }
}

impl<'a> Outgoing<'a> {
    /// The request of another transport.
    async fn to_request(&self) -> Result<Request<'a>, Fault> {
        if let Some(target) = self.target
            && target != &self.url[Position::BeforePath..Position::AfterQuery]
        {
            return Err(Kind::Request.fault(
                "the client has the transport of another crate, which sends a path only in the form of a url; use a client without it",
            ));
        }
        let body = self.payload.open().await?;
        let size = body.size();
        request::check_length(self.fields, size)?;
        let mut headers = self.fields.to_map();
        if let Some(cookies) = self.cookies {
            headers.insert(COOKIE, cookies.clone());
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
            asking: self.hears.examples.asking,
            phases: self.hears.phases,
        })
    }
}
