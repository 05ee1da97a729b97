//! Commands, pipelines and scripts on a real Redis, and what becomes of them where it fails.
//!
//! A step runs as in a compiled grid, through what the macro makes, on a thread of the runtime that reports nothing.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod user;

mod clusters;
mod connecting;
mod cut;
mod faults;
mod messages;
mod pipelines;
mod replies;
mod scripts;
mod streams;
mod turns;
