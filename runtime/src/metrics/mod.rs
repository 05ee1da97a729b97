//! What the threads measure: each into memory of its own, read once a second as one stream of [`Interval`]s.
//!
//! ```text
//! Recorder (a thread) -> Slab <- SlabReader (the reporter) -> Interval -merge-> Interval of all threads -> report
//! ```

mod buckets;
#[cfg(any(test, feature = "measured"))]
mod encoding;
mod interval;
mod layout;
mod names;
mod reader;
mod slab;

#[cfg(feature = "measured")]
pub use encoding::Unreadable;
pub use interval::{Histogram, Interval, Scalar, SlotFigures, WHOLE};
pub use layout::{
    LabelWarning, Layout, Measured, MetricLayout, RunSlots, ScenarioSlots, Tags, Times, Unit,
};
pub use names::{KnownNames, RunNames};
pub use reader::SlabReader;
pub use slab::{Outcome, Recorder, Slab};

#[cfg(test)]
mod tests;
