//! Calls against real servers: a raw TCP server that sees and sends each frame, and grpcio of Python.
//!
//! A step runs as in a compiled grid, through what the macro makes, on a thread of the runtime that reports nothing.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be set up fails the test"
)]

mod peer;
mod shop;
mod user;

mod connections;
mod faults;
mod foreign;
mod limits;
mod lists;
mod statuses;
mod streams;
mod unary;
