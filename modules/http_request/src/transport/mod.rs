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
pub mod link;
mod own;

pub(crate) use compose::Template;
pub(crate) use own::Connections;

use crate::body::Payload;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::http_client::Error as Kind;
use crate::request;
use bggo_runtime::contract::{AssetCx, Fault, FaultText};
use bggo_wire::Tls;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, COOKIE, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version};
use link::{Link, Remote, Reply, Request};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::LazyLock;
use std::task::Context;
use std::time::{Duration, Instant};
use url::Url;

/// Which version of HTTP is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speak {
    /// HTTP/2 if the server offers it over TLS, else HTTP/1.1.
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 from the first byte.
    Http2,
}

impl Speak {
    /// The protocols that TLS offers (ALPN), best first.
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&str] = match self {
            Self::Auto => &["h2", "http/1.1"],
            Self::Http1 => &["http/1.1"],
            Self::Http2 => &["h2"],
        };
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }
}

/// The settings of connections, which all clients of a resource share.
#[derive(Debug)]
pub struct Settings {
    /// How TLS is spoken, with its protocols (ALPN). A client that resumes sessions needs a store of its own.
    pub tls: Tls,
    /// The name that TLS asks for in place of the host's.
    pub server_name: Option<String>,
    /// Which version of HTTP.
    pub speak: Speak,
    /// The url of a proxy, which may hold a password.
    pub proxy: Option<String>,
    /// Names, addresses and networks that are reached without it.
    pub no_proxy: Vec<String>,
    /// How long the making of a connection may take.
    pub connect_timeout: Option<Duration>,
    /// An idle connection is closed after this time.
    pub idle_timeout: Duration,
    /// The most idle connections to a host.
    pub max_idle: Option<usize>,
    /// Small pieces are sent at once (TCP_NODELAY).
    pub nodelay: bool,
}

/// What all clients of a resource share on a thread.
pub(crate) enum Shared {
    Own(Rc<Connections>),
    Linked(&'static Link, Rc<Settings>),
}

/// The connections of one client.
pub(crate) enum Transport {
    Own(own::Pool),
    Linked(Box<dyn Remote>),
}

/// A request, ready to be written.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    /// All fields but those that frame the body and the cookies.
    pub(crate) fields: &'a Fields,
    /// The value of Cookie.
    pub(crate) cookies: Option<&'a str>,
    pub(crate) payload: &'a Payload,
    /// Its head, if it was made before.
    pub(crate) template: Option<&'a Template>,
    pub(crate) reads: Reads,
    pub(crate) hosts: Hosts,
    /// The clock, as it was read last.
    pub(crate) now: Instant,
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

/// An answer whose head has come.
pub(crate) enum Incoming<'c> {
    Http1(http1::Reply<'c>),
    Http2(http2::Reply<'c>),
    Linked(Box<dyn Reply>),
}

/// The head of an answer.
#[derive(Debug)]
pub struct AnswerHead {
    /// Its status.
    pub status: StatusCode,
    /// The version of HTTP that it came by.
    pub version: Version,
    /// When it came.
    pub came: Instant,
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
}

impl AnswerHead {
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
    /// The connection had served before and was closed by the other end, perhaps before it read the request.
    pub was_stale: bool,
    /// It had a connection, so a part of it at least was handed over.
    pub was_sent: bool,
}

impl From<Fault> for Unanswered {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            was_stale: false,
            was_sent: false,
        }
    }
}

impl Transport {
    /// No connection is made before the first request.
    pub(crate) fn new(cx: &AssetCx, shared: &Shared) -> Result<Self, Fault> {
        Ok(match shared {
            Shared::Own(shared) => Self::Own(own::Pool::new(cx, shared)),
            Shared::Linked(link, settings) => Self::Linked((link.open)(settings)?),
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
            Self::Own(pool) => pool.send(outgoing).await,
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
            Self::Linked(_) => false,
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

/// The name that TLS asks for, in the form that urls use.
///
/// # Errors
/// It is an address, or no name.
pub fn server_name(name: &str) -> Result<String, Fault> {
    let wrong = || Kind::Settings.fault("server_name is a host's name, not an address");
    let url = Url::parse(&format!("https://{name}/")).map_err(|_| wrong())?;
    let host = url.host_str().unwrap_or("");
    let address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    let alone = url.path() == "/" && url.port().is_none() && url.username().is_empty();
    if host.is_empty() || address || !alone {
        return Err(wrong());
    }
    Ok(host.to_owned())
}
