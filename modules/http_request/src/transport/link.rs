//! What a linked crate implements: another transport, which a client takes by the value of its argument.
//!
//! ```text
//! Link::prepare -> Linked, once a thread
//! Settings -> Linked::open -> Remote, once a client: sends a Request -> Reply: head, body in pieces
//! ```
//!
//! Redirects, cookies, decompression, second tries and time limits stay in this crate.

pub use super::message::{AnswerHead, Details, Unanswered, Unread};
pub use super::settings::{Keeps, Settings, Speak, Ways, host_and_port, server_name};
pub use crate::body::{OpenedBody, Stream};
pub use crate::fault::{
    HEAD_BYTES, HEAD_FIELDS, TOO_LARGE_HEAD, Unreadable, cause_by, find, is_closed,
    is_closed_by_system, no_answer, of_dial, of_url, too_large_head, word,
};
pub use crate::hosts::Hosts;
pub use crate::phases::{Connection, Phases};
pub use crate::request::content_length;
pub use bggo_wire::Dialled;

pub use crate::asking::Asking;

use bggo_runtime::contract::{AssetCx, Fault, FaultText, Moment, Prepare, Running};
use bytes::Bytes;
use http::Method;
use http::header::HeaderMap;
use std::rc::Rc;
use url::Url;

/// What a linked crate gives.
#[derive(Debug)]
pub struct Link {
    /// Prepares the transport for the clients of a resource on one thread. They may have several settings.
    pub prepare: fn(&Prepare<'_>) -> Result<Box<dyn Linked>, Fault>,
}

/// What the clients of a resource share on one thread. Its drop tells its tasks to end.
pub trait Linked {
    /// Makes the transport of one client, or that of all clients of the thread if they share their connections. It makes no connection before the first request.
    ///
    /// # Errors
    /// A setting that the transport cannot follow.
    fn open(&self, cx: &AssetCx, settings: &Rc<Settings>) -> Result<Rc<dyn Remote>, Fault>;
}

/// The connections of one client, or of all clients of a thread.
pub trait Remote {
    /// Sends a request and waits for the head of its answer.
    fn send<'a>(&'a self, request: Request<'a>) -> Running<'a, Result<Box<dyn Reply>, Unanswered>>;

    /// How many connections were opened since this was asked last.
    fn take_opened(&self) -> u64;

    /// Notices which connections are closed by now, so that the next request takes none of them. It is asked before a request
    /// that must not be sent twice.
    fn hear_of_closed(&self) -> Running<'_, ()>;
}

/// A request, ready to be sent.
#[derive(Debug)]
pub struct Request<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its url, http or https.
    pub url: &'a Url,
    /// All its fields, but Host and those that frame its body where the grid does not write them.
    pub headers: HeaderMap,
    /// Its body.
    pub body: OpenedBody,
    /// Whether faults may name hosts.
    pub hosts: Hosts,
    /// The clock, as it was read last.
    pub now: Moment,
    /// Who asks, whose clock says when the answer came.
    pub asking: Asking<'a>,
    /// What the transport tells of the phases of the request, as far as it knows them. That the request begins is told already.
    pub phases: &'a Phases,
}

/// An answer whose head has come.
pub trait Reply {
    /// Its head.
    fn head(&self) -> &AnswerHead;

    /// Whether the body is over: there is none, or all of it was read.
    fn has_ended(&self) -> bool {
        false
    }

    /// Its head, once nobody reads the answer any more.
    fn take_head(&mut self) -> AnswerHead;

    /// The next piece of the body as it came, `None` at its end.
    ///
    /// # Errors
    /// It ended early: why.
    fn piece(&mut self) -> Running<'_, Result<Option<Bytes>, FaultText>>;
}
