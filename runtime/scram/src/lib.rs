//! SCRAM (RFC 5802, RFC 7677) of a client: it proves that it knows a password without sending it, and learns that the server
//! knows it too. No input, no output: messages in, messages out.
//!
//! ```text
//! Scram::first -> "n,,n=user,r=.." -> server -> "r=..,s=..,i=.." -> Scram::answer -> Answer::message -> server -> "v=.." -> Answer::verify
//! ```
//!
//! To make keys of a password takes thousands of rounds. They are the same for each connection of a user, so [`Keys`] keeps them.
#![forbid(unsafe_code)]

mod keys;
mod message;

pub use keys::{Hash, Keys};
pub use message::{Answer, Binding, Scram, Wrong};

#[cfg(test)]
mod tests;
