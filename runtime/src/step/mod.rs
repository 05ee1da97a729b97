//! How the steps of an iteration run: at the same time or in sequence, and how each run of a step is counted.

mod attempt;
mod called;
mod checks;
mod custom;
pub(crate) mod fork;
mod iteration;
mod latch;
mod output;
mod predicate;
mod rows;
mod runner;
mod stamp;

pub use attempt::driven::DrivenStep;
pub use attempt::{AttemptOf, Judged, Limited, Pause, Policy, Ran, Step, TIMEOUT, Wait, WaitOf};
pub use called::Called;
pub use checks::Checks;
pub use fork::{Branch, Fan, Fork, Join, RunInstance, StepBranch, each};
pub use iteration::{Begun, Iteration};
pub use latch::Latch;
pub use output::{Memo, OutputSlot, OutputSlots};
pub use predicate::Predicate;
pub use runner::Runner;
pub use stamp::{STAMP_BYTES, StampMetrics};
