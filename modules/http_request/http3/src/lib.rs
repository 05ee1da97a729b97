//! Sends HTTP requests over HTTP/3, where a grid asks for that: QUIC is quinn's, HTTP/3 is here.
//!
//! ```text
//! Request -> Client -> Session (a connection) -> exchange (a stream) -> answer, or why there is none (fault)
//!              |          '- frame, qpack: fields and frames to bytes and back
//!              |- room: which connection takes another request, and who waits for one
//!              '- endpoints, tasks: the sockets and tasks of a thread
//! ```
#![forbid(unsafe_code)]

mod client;
mod endpoints;
mod exchange;
mod fault;
mod frame;
mod incoming;
mod qpack;
mod room;
mod session;
mod static_table;
mod tasks;
mod tls;

use bggo_module_http_request::link::Link;
use client::Shared;

/// What the module gets where a grid writes `http_version = "3"`.
pub static LINK: Link = Link {
    prepare: |cx| Ok(Box::new(Shared::new(cx)?)),
};
