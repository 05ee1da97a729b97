//! Messages, queues and exchanges on a real RabbitMQ, and what becomes of them where it fails.
//!
//! A step runs as in a compiled grid, through what the macro makes, on a thread of the runtime that reports nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be set up fails the test"
)]

mod user;

mod connecting;
mod consuming;
mod declaring;
mod faults;
mod publishing;
mod scripted;
mod shared;
