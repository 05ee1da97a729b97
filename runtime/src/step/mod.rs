//! How the steps of an iteration run: at the same time or in sequence, and how each run of a step is counted.

mod attempt;
mod called;
mod checks;
mod concurrency;
mod custom;
mod delay;
pub(crate) mod fork;
mod iteration;
mod latch;
mod late;
mod output;
mod parts;
mod predicate;
mod retry;
mod rows;
mod runner;

pub use attempt::{Pause, Policy, Ran, Step, Wait};
pub use called::Called;
pub use checks::Checks;
pub use concurrency::{Among, Concurrency};
pub use delay::{delay_between, delay_exponential};
pub use fork::{Branch, Fan, Fork, Join, StepBranch, each};
pub use iteration::{Begun, Iteration};
pub use latch::Latch;
pub use late::LateInstances;
pub use output::{Memo, OutputSlot, OutputSlots};
pub use parts::{Ends, Repeat, StepParts, Timeouts};
pub use predicate::Predicate;
pub use retry::{Backoff, Retry};
pub use runner::Runner;
