//! What steps and assets can use of the worker on which they run: clock, recorder, shutdown signal, start values, and a sink
//! for events.
//!
//! Each worker thread has one [`WorkerContext`], and so has the control thread, which owns the assets of scope `run`.

mod deadline;
mod exchanges;
mod held;
mod late_results;
mod outside;
mod recording;
mod results_to_come;
mod user;
mod worker;

pub use deadline::Deadline;
pub(crate) use held::Recorded;
pub use late_results::LateResult;
pub use recording::AssetMetrics;
pub(crate) use recording::metric_methods;
pub(crate) use user::Cut;
pub use user::{Asker, UserContext};
pub use worker::WorkerContext;
pub(crate) use worker::{CUT, IterationEnd, WorkerContextParts};
