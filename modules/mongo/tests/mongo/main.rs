//! Steps on a server of MongoDB's protocol, on scripted ones for what that lacks, and what becomes of them where a server fails.
//!
//! A step runs as in a compiled grid, through what the macro makes, on a thread of the runtime that reports nothing.

#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod scripted;
mod user;

mod answers;
mod cursors;
mod cut;
mod documents;
mod faults;
mod login;
