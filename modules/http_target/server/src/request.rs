//! A request as the endpoints see it: its head, its query, and its body once.

use crate::form;
use crate::reply::{self, Reply};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{HeaderMap, Method, StatusCode};
use std::net::SocketAddr;

/// The largest body that is read; a larger one is answered by 413.
const LARGEST_BODY: usize = 64 << 20;

/// A request, without its body once that is read.
pub(crate) struct Request {
    head: hyper::http::request::Parts,
    body: Option<Incoming>,
    peer: SocketAddr,
}

impl Request {
    pub(crate) fn new(request: hyper::Request<Incoming>, peer: SocketAddr) -> Self {
        let (head, body) = request.into_parts();
        Self {
            head,
            body: Some(body),
            peer,
        }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.head.method
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    pub(crate) fn query(&self) -> &str {
        self.head.uri.query().unwrap_or("")
    }

    /// The client's address.
    pub(crate) fn origin(&self) -> String {
        self.peer.ip().to_string()
    }

    /// `http://HOST`, as the client named it.
    pub(crate) fn base(&self) -> String {
        let named = self.headers().get(HOST).and_then(|host| host.to_str().ok());
        format!(
            "http://{}",
            named
                .or(self
                    .head
                    .uri
                    .authority()
                    .map(|authority| authority.as_str()))
                .unwrap_or("localhost")
        )
    }

    pub(crate) fn url(&self) -> String {
        let path = self
            .head
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str());
        format!("{}{path}", self.base())
    }

    pub(crate) fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// An argument of the query.
    pub(crate) fn argument(&self, name: &str) -> Option<String> {
        form::pairs(self.query())
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The body, once.
    pub(crate) async fn read(&mut self) -> Result<Bytes, Reply> {
        let Some(body) = self.body.take() else {
            return Ok(Bytes::new());
        };
        match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(reply::refused(
                StatusCode::PAYLOAD_TOO_LARGE,
                "this server reads 64 MiB at most",
            )),
            Err(_) => Err(reply::refused(
                StatusCode::BAD_REQUEST,
                "the body ended early",
            )),
        }
    }
}
