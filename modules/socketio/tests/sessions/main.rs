//! Users in namespaces of real servers: `socket.io` on node, and a raw server that sends each frame as a test says.
//!
//! A step runs as in a compiled grid, through what the macro makes, on a thread of the runtime that reports nothing.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be set up fails the test"
)]

mod peer;
mod user;

mod faults;
mod foreign;
mod once;
mod waiting;
