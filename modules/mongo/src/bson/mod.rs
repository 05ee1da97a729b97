//! BSON: values of a grid to documents, and documents to values.
//!
//! ```text
//! Value -write-> bytes                 (objects of one `$` key are types that a grid has no values of: extended)
//! bytes -read-> Document, Element -> Value
//! ```
//!
//! The crate `bson` takes 24 seconds to compile; it is the other opinion in the tests.

mod dates;
mod decimal;
mod extended;
mod kind;
mod read;
mod write;

pub(crate) use extended::is_key as is_extended;
pub(crate) use read::{Document, NotBson};
pub(crate) use write::{Bad, close, element, open, text};

#[cfg(test)]
mod tests;
