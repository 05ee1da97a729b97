//! A request as a transport gets it, and the head of its answer.

use super::last_head::LastHead;
use crate::body::Payload;
use crate::expect::Examples;
use crate::fields::{Fields, name};
use crate::hosts::Hosts;
use crate::phases::Phases;
use bggo_http2::Block;
use bggo_runtime::contract::{Fault, Moment};
use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version};
use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::task::Poll;
use url::Url;

/// A request, ready to be written.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    /// Path and query as they are sent, where they are not those of the url.
    pub(crate) target: Option<&'a str>,
    /// All fields but those that frame the body and the cookies.
    pub(crate) fields: &'a Fields,
    /// The value of Cookie.
    pub(crate) cookies: Option<&'a HeaderValue>,
    pub(crate) payload: &'a Payload,
    /// Its head, if it was made before.
    pub(crate) template: Option<&'a Template>,
    pub(crate) hosts: Hosts,
    /// The clock, as it was read last.
    pub(crate) now: Moment,
    pub(crate) hears: AnswerContext<'a>,
}

/// How an answer is heard.
#[derive(Clone, Copy)]
pub(crate) struct AnswerContext<'a> {
    /// The head of the last answer to such a request.
    pub(crate) last_head: &'a RefCell<LastHead>,
    /// What is told of the phases of the request.
    pub(crate) phases: &'a Phases,
    pub(crate) reads: Reads,
    /// Of an answer that is an example of failures all fields are read.
    pub(crate) examples: Examples<'a>,
}

impl AnswerContext<'_> {
    /// The request goes out meanwhile.
    pub(super) fn watch<T>(&self, sending: Poll<T>) -> Poll<T> {
        self.phases.watch(sending, || self.now())
    }

    /// The request went out at once, or is out at last.
    pub(super) fn note_sent(&self) {
        self.phases.note_sent(|| self.now());
    }

    /// The clock of the run.
    pub(crate) fn now(&self) -> Moment {
        self.examples.asking.now()
    }
}

impl Outgoing<'_> {
    /// What it asks of its connection.
    pub(super) fn asks(&self) -> ConnectionOptions {
        match self.template {
            Some(template) => template.asks,
            None => ConnectionOptions::of(self.fields),
        }
    }
}

/// What is read of an answer's head beside its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reads {
    /// All fields.
    pub(crate) fields: bool,
    /// Set-Cookie.
    pub(crate) cookies: bool,
    /// Location, of a redirect.
    pub(crate) location: bool,
    /// The address of the other end.
    pub(crate) address: bool,
}

/// The head of an answer.
#[derive(Debug)]
pub struct AnswerHead {
    /// Its status.
    pub status: StatusCode,
    /// The version of HTTP that it came by.
    pub version: Version,
    /// When it came.
    pub came: Moment,
    /// `None` if nothing reads them. Boxed: a head is handed on a few times.
    pub details: Option<Box<Details>>,
}

/// What of a head is read only where something asks for it.
#[derive(Debug, Default)]
pub struct Details {
    /// All its fields.
    pub headers: HeaderMap,
    /// The address of the other end: of the proxy if there is one.
    pub remote_address: Option<SocketAddr>,
    /// The head as it came, in place of its fields: they are read only if the answer becomes an example of a failure.
    pub unread: Box<[u8]>,
}

impl AnswerHead {
    /// Moves it out of an answer that nobody reads any more.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self {
            status: self.status,
            version: self.version,
            came: self.came,
            details: self.details.take(),
        }
    }

    /// Its fields: none if nothing reads them.
    pub(crate) fn headers(&self) -> &HeaderMap {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        match &self.details {
            Some(details) => &details.headers,
            None => &NONE,
        }
    }

    /// The address of the other end, if it is known and asked for.
    pub(crate) fn remote_address(&self) -> Option<SocketAddr> {
        self.details.as_ref()?.remote_address
    }
}

/// A request that got no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub fault: Fault,
    /// Whether the server read it.
    pub unread: Unread,
    /// It had a connection, so a part of it at least was handed over.
    pub was_sent: bool,
}

/// What is known of whether a server read a request that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It may have done what it was asked for.
    No,
    /// The connection had served before and was closed by the other end, perhaps before it read the request.
    Perhaps,
    /// The server said that it did not look at it (RFC 9113, section 8.7; RFC 9114, section 4.1.1).
    Told,
    /// It said so of all requests behind the last that it takes on the connection, where it takes some (RFC 9113, section 6.8;
    /// RFC 9114, section 5.2).
    Behind,
}

impl Unread {
    /// Whether a connection is of no more use that left a request so.
    #[must_use]
    pub fn ends_connection(self) -> bool {
        self != Self::No
    }
}

impl From<Fault> for Unanswered {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            unread: Unread::No,
            was_sent: false,
        }
    }
}

/// The head of a request that is the same each time, without its cookies.
#[derive(Debug)]
pub(crate) struct Template {
    /// The whole head.
    bytes: Box<[u8]>,
    /// The same over HTTP/2, if it was sent so.
    block: OnceCell<Block>,
    /// The number of its server.
    pub(super) server: u32,
    pub(super) asks: ConnectionOptions,
}

/// What a request asks of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConnectionOptions {
    /// To be closed after the answer.
    pub(super) to_close: bool,
    /// A word before the body is sent (`Expect: 100-continue`).
    pub(super) for_word: bool,
}

impl ConnectionOptions {
    /// As the fields say.
    pub(super) fn of(fields: &Fields) -> Self {
        let connection = fields.get(name::CONNECTION);
        let expect = fields.get(name::EXPECT);
        Self {
            to_close: connection.is_some_and(|value| {
                let mut tokens = value.as_bytes().split(|byte| *byte == b',');
                tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
            }),
            for_word: expect
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")),
        }
    }
}

impl Template {
    /// The whole head.
    pub(super) fn head(&self) -> &[u8] {
        &self.bytes
    }

    /// The same without the empty line at its end.
    pub(super) fn open_head(&self) -> &[u8] {
        self.bytes.strip_suffix(b"\r\n").unwrap_or(&self.bytes)
    }

    /// The whole head over HTTP/2, which is made once.
    pub(super) fn block(&self, make: impl FnOnce() -> Block) -> &[u8] {
        self.block.get_or_init(make).bytes()
    }

    pub(super) fn new(server: u32, bytes: &[u8], fields: &Fields) -> Self {
        Self {
            block: OnceCell::new(),
            bytes: [bytes, b"\r\n"].concat().into(),
            server,
            asks: ConnectionOptions::of(fields),
        }
    }
}
