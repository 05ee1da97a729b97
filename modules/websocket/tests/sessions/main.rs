//! Sessions against real servers: a raw TCP server that sees and sends each byte, and `ws` on node.
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

mod closing;
mod faults;
mod foreign;
mod frames;
mod idle;
mod inbox;
mod matching;
mod shaking_hands;
