//! What a run measured, as values: the same for the program that measures, and for whoever reads its figures later.
//!
//! ```text
//! buckets, outcome, slots   what is counted, and where
//! interval                  what was measured in a stretch of time, mergeable without loss
//! layout                    what each slot of an interval is
//! condition                 what a threshold asks of the figures
//! address                   what each metric can be asked for, and where a layout has its values
//! implicit                  the thresholds that a run has without being asked
//! window                    a sliding window over the seconds of a run
//! judge                     thresholds, judged each second and at the end
//! verdict                   how a threshold does, and how it came out
//! search                    what a search for the highest rate found
//! encoding                  layouts and intervals as bytes and back
//! file                      the result file of a run: written second by second, read, merged
//! compare                   whether runs differ (feature `tools`)
//! threshold_text            thresholds as flags write them
//! metric_name               names of metrics as flags write them
//! report                    what a whole run measured: figures, summary, CSV
//! ```
//!
//! Nothing here knows threads or a clock.

mod address;
pub mod buckets;
#[cfg(feature = "tools")]
pub mod compare;
mod condition;
mod encoding;
pub mod file;
mod implicit;
mod interval;
mod judge;
mod layout;
mod metric_name;
mod nearest;
mod outcome;
pub mod report;
mod search;
mod slots;
mod threshold_text;
mod verdict;
mod window;

pub use address::{
    BuiltIn, FigureKind, HIGHEST_RATE, Keyed, OF_ITERATIONS, OF_SCENARIO, OF_STEP, Quantity,
    Source, Unknown,
};
pub use condition::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
#[cfg(feature = "tools")]
pub use encoding::Unreadable;
pub use implicit::{MOST_FAILED, implicit_thresholds};
pub use interval::{
    FEW_SLOTS, Histogram, Interval, LastValue, Scalar, SlotFigures, WHOLE, add_counts, make_room,
};
pub use judge::{Course, Judge};
pub use layout::{
    CheckLayout, Checked, CustomLayout, IterationLayout, LabelWarning, Layout, Measured,
    MetricKind, MetricLayout, ResourceLayout, StepLayout, Tags, Times, Unit,
};
pub use metric_name::MetricName;
pub use nearest::nearest;
pub use outcome::Outcome;
pub use search::{SearchEnd, SearchStep, Searched, StepCame, step_mark};
pub use slots::{LATE_METRICS, iteration_slot, step_slot, time_slot};
pub use threshold_text::{Draft, Refused, bound, percent};
pub use verdict::{Came, Judged, Reading, Remark, State, Verdict};
