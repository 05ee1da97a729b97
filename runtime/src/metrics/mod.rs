//! What the threads measure: each into memory of its own, read once a second as one stream of [`Interval`]s.
//!
//! ```text
//! Recorder (a thread) -> Slab <- SlabReader (the reporter) -> Interval -merge-> Interval of all threads -> report
//! ```

mod asked;
mod grid_layout;
mod names;
mod reader;
mod slab;

pub use asked::AskedSlots;
pub use bggo_metrics::{
    Histogram, Interval, Layout, MetricLayout, Outcome, SlotFigures, Tags, Unit, WHOLE,
};
pub use grid_layout::{RunSlots, ScenarioSlots, layout_of, slots_on_demand};
pub use names::{KnownNames, RunNames};
pub use reader::SlabReader;
pub use slab::{Recorder, Slab, Spun};

#[cfg(test)]
mod tests;
