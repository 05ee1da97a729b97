//! The head of a request, as bytes.

use super::message::Outgoing;
use crate::fields::{Fields, name};
use bggo_http2::{Block, Keeping, is_of_connection};
use bggo_wire::{Buf, Proxy};
use http::Method;
use url::{Position, Url};

/// The parts of a head.
pub(super) struct Parts<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a Url,
    /// Path and query as they are sent, where they are not those of the url.
    pub(super) target: Option<&'a str>,
    pub(super) fields: &'a Fields,
    /// The length of the body.
    pub(super) size: u64,
    /// The proxy that gets it whole.
    pub(super) proxy: Option<&'a Proxy>,
}

/// Path and query of a url. They begin with a slash.
fn place(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

/// Appends a head up to and without the cookies.
pub(super) fn put_parts(out: &mut Buf, parts: &Parts<'_>) {
    let Parts {
        method,
        url,
        target,
        fields,
        size,
        proxy,
    } = parts;
    let before = match proxy {
        Some(_) => &url[..Position::BeforePath],
        None => "",
    };
    out.put_all([
        method.as_str().as_bytes(),
        b" ",
        before.as_bytes(),
        target.unwrap_or_else(|| place(url)).as_bytes(),
        b" HTTP/1.1\r\n",
    ]);
    if !fields.contains(name::HOST) {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        put_field(out, name::HOST, host.as_bytes());
    }
    for (name, value) in fields.iter() {
        put_field(out, name, value.as_bytes());
    }
    if let Some(login) = proxy.and_then(Proxy::authorization)
        && !fields.contains(name::PROXY_AUTHORIZATION)
    {
        put_field(out, name::PROXY_AUTHORIZATION, login.as_bytes());
    }
    if !fields.contains(name::ACCEPT) {
        put_field(out, name::ACCEPT, b"*/*");
    }
    // These methods announce a body: many servers refuse them without a length.
    let announces = matches!(**method, Method::POST | Method::PUT | Method::PATCH);
    if (*size > 0 || announces) && !fields.contains(name::CONTENT_LENGTH) {
        put_field(out, name::CONTENT_LENGTH, size.to_string().as_bytes());
    }
}

/// Appends the whole head of a request.
pub(super) fn put_head(
    out: &mut Buf,
    (outgoing, proxy): (&Outgoing<'_>, Option<&Proxy>),
    size: u64,
) {
    match outgoing.template {
        Some(template) => out.put(template.open_head()),
        None => put_parts(
            out,
            &Parts {
                method: outgoing.method,
                url: outgoing.url,
                target: outgoing.target,
                fields: outgoing.fields,
                size,
                proxy,
            },
        ),
    }
    if let Some(cookies) = outgoing.cookies {
        put_field(out, name::COOKIE, cookies.as_bytes());
    }
    out.put(b"\r\n");
}

/// The head of a request over HTTP/2, without the cookies.
pub(super) fn put_block(outgoing: &Outgoing<'_>, size: u64) -> Block {
    let Outgoing {
        method,
        url,
        target,
        fields,
        ..
    } = *outgoing;
    let mut block = Block::new();
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    let path = target.unwrap_or_else(|| place(url));
    block.begin(method.as_str(), url.scheme(), (authority, path));
    for (name, value) in fields.iter() {
        if is_of_connection(name.as_bytes()) {
            continue;
        }
        let keeping = if value.is_sensitive() {
            Keeping::Never
        } else {
            Keeping::Allowed
        };
        block.field(name.as_bytes(), value.as_bytes(), keeping);
    }
    if !fields.contains(name::ACCEPT) {
        block.field(b"accept", b"*/*", Keeping::Allowed);
    }
    let announces = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if (size > 0 || announces) && !fields.contains(name::CONTENT_LENGTH) {
        let size = size.to_string();
        block.field(b"content-length", size.as_bytes(), Keeping::Allowed);
    }
    block
}

fn put_field(out: &mut Buf, name: &str, value: &[u8]) {
    out.put_all([name.as_bytes(), b": ", value, b"\r\n"]);
}
