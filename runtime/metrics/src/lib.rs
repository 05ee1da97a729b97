//! What a run measured, as values: the same for the program that measures, and for whoever reads its figures later.
//!
//! ```text
//! buckets, outcome, slots   what is counted, and where
//! interval                  what was measured in a stretch of time, mergeable without loss
//! layout                    what each slot of an interval is
//! condition                 what a threshold asks of the figures
//! verdict                   how a threshold does, and how it came out
//! encoding                  layouts and intervals as bytes and back
//! file                      the result file of a run: written second by second, read, merged
//! compare                   whether runs differ (feature `tools`)
//! ```
//!
//! Nothing here knows threads or a clock.

pub mod buckets;
#[cfg(feature = "tools")]
pub mod compare;
mod condition;
mod encoding;
pub mod file;
mod interval;
mod layout;
mod outcome;
mod slots;
mod verdict;

pub use condition::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
#[cfg(feature = "tools")]
pub use encoding::Unreadable;
pub use interval::{Histogram, Interval, LastValue, Scalar, SlotFigures, WHOLE};
pub use layout::{
    IterationLayout, LabelWarning, Layout, Measured, MetricKind, MetricLayout, ResourceLayout,
    StepLayout, Tags, Times, Unit,
};
pub use outcome::Outcome;
pub use slots::{iteration_slot, time_slot};
pub use verdict::{Came, Judged, Measure, Reading, Remark, State, Verdict};
