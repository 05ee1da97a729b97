//! JSON: text to values, values to text, and text that is kept as it came and read at a path when somebody asks.
//!
//! Written here and not taken from a crate because three things must agree that libraries keep apart: numbers keep their
//! text, keys keep their order, and a response is validated once and then only skipped through.

mod decode;
mod raw;
mod scan;
mod write;

pub use decode::decode;
pub use raw::RawJson;
pub use write::{Json, Shown, encode, encode_hcl, encode_plain};

pub(crate) use write::quoted_hcl;

#[cfg(test)]
mod tests;
