//! A request as the endpoints see it: its method, its target, its headers and its body.

use crate::form;
use bggo_http1::{RequestHead, fields};
use std::net::SocketAddr;

/// A request that has come whole.
pub(crate) struct Request {
    method: String,
    /// `http://HOST` comes from here if the target is a whole URL and there is no header `Host`.
    authority: Option<String>,
    /// Path and query.
    path: String,
    headers: Headers,
    /// The body, as sent, without the framing of chunks.
    pub(crate) body: Vec<u8>,
    peer: SocketAddr,
}

/// Headers in the order in which they came.
pub(crate) struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// The first value of a header whose name is given in lower case, if it is ASCII.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Each value of a header, if it is ASCII.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .filter(|value| value.is_ascii())
    }

    /// Names in lower case, and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

impl Request {
    /// What stands in a head: `bytes` are the head's own. The body is empty so far.
    pub(crate) fn new(head: &RequestHead<'_>, bytes: &[u8], peer: SocketAddr) -> Self {
        let target = String::from_utf8_lossy(head.target);
        let (authority, path) = parts(&target);
        let headers = fields(bytes).map(|(name, value)| {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            (name, value.into_owned())
        });
        Self {
            method: String::from_utf8_lossy(head.method).into_owned(),
            authority,
            path,
            headers: Headers(headers.collect()),
            body: Vec::new(),
            peer,
        }
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.headers
    }

    pub(crate) fn query(&self) -> &str {
        self.path.split_once('?').map_or("", |(_, query)| query)
    }

    /// The client's address.
    pub(crate) fn origin(&self) -> String {
        self.peer.ip().to_string()
    }

    /// `http://HOST`, as the client named it.
    pub(crate) fn base(&self) -> String {
        let named = self.headers.get("host").or(self.authority.as_deref());
        format!("http://{}", named.unwrap_or("localhost"))
    }

    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.base(), self.path)
    }

    pub(crate) fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or("")
    }

    /// An argument of the query.
    pub(crate) fn argument(&self, name: &str) -> Option<String> {
        form::pairs(self.query())
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

/// Host and port of a target that is a whole URL, as proxies get it; and its path with its query, without a fragment.
fn parts(target: &str) -> (Option<String>, String) {
    let target = target.split('#').next().unwrap_or("");
    let Some((_, rest)) = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))
    else {
        return (None, target.to_owned());
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let slash = if path.starts_with('/') { "" } else { "/" };
    (Some(authority.to_owned()), format!("{slash}{path}"))
}
