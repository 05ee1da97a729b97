//! The functions of the language, one `pub fn NAME(&[Value]) -> Result<Value, Fault>` each. What is random or of the
//! moment takes a [`Context`](bggo_values::context::Context) before its arguments.
//!
//! Emitted code calls them by path. Only the compiler reads the table of signatures; no function names it, so that a
//! compiled grid links no more than it calls.

mod args;
pub mod collection;
pub mod conversion;
pub mod encoding;
pub mod environment;
mod format;
pub mod hash;
mod length;
pub mod numeric;
pub mod random;
pub mod string;
mod table;

pub use table::{Call, Function, Home, Param, Time, base64decode_bytes, find, table};

#[cfg(test)]
mod tests;
