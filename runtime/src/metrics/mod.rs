//! What the threads measure: each into memory of its own, read once a second as one stream of [`Interval`]s.
//!
//! ```text
//! Recorder (a thread) -> Slab <- SlabReader (the reporter) -> Interval -merge-> Interval of all threads -> report
//! ```

mod grid_layout;
mod names;
mod reader;
mod slab;

pub use bggo_metrics::{
    Checked, Histogram, Interval, LabelWarning, Layout, Measured, MetricLayout, Outcome, Scalar,
    SlotFigures, Tags, Times, Unit, WHOLE,
};
pub use grid_layout::{RunSlots, ScenarioSlots, layout_of};
pub use names::{KnownNames, RunNames};
pub use reader::SlabReader;
pub use slab::{Recorder, Slab, Spun};

#[cfg(test)]
mod tests;
