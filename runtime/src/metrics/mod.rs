//! What the threads measure: each into memory of its own, read once a second as one stream of [`Interval`]s.
//!
//! ```text
//! Recorder (a thread) -> Slab <- Reader (the reporter) -> Interval -merge-> Interval of all threads -> report
//! ```

pub mod interval;
pub mod kinds;
pub mod layout;
pub mod reader;
pub mod slab;

pub use interval::{Histogram, Interval, Slot};
pub use kinds::{Kinds, KnownKinds};
pub use reader::Reader;
pub use slab::{Counter, Recorder, Slab};

#[cfg(test)]
mod tests;
