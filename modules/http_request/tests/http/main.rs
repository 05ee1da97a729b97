//! Each option of `http_request` and `http_client` against nginx, a raw TCP peer that sees the bytes, or a proxy.
//!
//! A step runs as in a compiled grid, through what the macro makes, on a thread of the runtime that reports nothing.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what cannot be set up fails the test"
)]

mod peer;
mod user;

mod ask;
mod bodies;
mod connections;
mod cookies;
mod credentials;
mod early;
mod events;
mod faults;
mod framing;
mod heads;
mod http3;
mod large;
mod late;
mod left;
mod memory;
mod outputs;
mod phases;
mod proxies;
mod redirects;
mod resent;
mod shared;
mod table;
mod tls;
mod upgrade;
mod ways;
