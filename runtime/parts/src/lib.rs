//! Steps with parts around their attempts, and steps whose instances are found when they begin. What runs them stands beside the
//! runtime, so a program without such steps compiles none of it.
//!
//! All names are used by emitted programs alone. They are no contract: the compiler and this crate change together.

mod concurrency;
mod delay;
mod late;
mod parts;
mod queue;
mod retry;
mod step_limits;

pub use concurrency::{Among, Concurrency};
pub use delay::{delay, delay_between, delay_exponential};
pub use late::{LateInstances, each_late};
pub use parts::{Ends, Repeat, StepParts, Timeouts, drive_in_parts};
pub use queue::Order;
pub use retry::{Backoff, Retry};
pub use step_limits::StepRate;
