//! The functions of the language that need no crate of others, one `pub fn NAME(&[Value]) -> Result<Value, Fault>` each.
//! What is random or of the moment takes a [`Context`](bggo_values::context::Context) before its arguments.
//!
//! Emitted code calls them by path. Their signatures are not here but in a crate of the compiler, so that a compiled grid
//! links no more than it calls. Other functions stand in crates of their own, beside this one.

pub mod args;
pub mod collection;
pub mod conversion;
pub mod csv;
pub mod dates;
pub mod encoding;
pub mod environment;
mod format;
mod length;
pub mod lists;
pub mod maps;
pub mod network;
pub mod numeric;
pub mod paths;
pub mod random;
pub mod sets;
pub mod string;
pub mod trimming;
pub mod url;
