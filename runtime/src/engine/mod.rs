//! Runs a compiled grid: a control thread (signals, assets of the run, the clock of the report) and worker threads, each
//! with its own single-threaded runtime and its share of the users.
//!
//! ```text
//! control -phases-> worker threads (users, iterations, steps) -counts-> slabs <- report, once a second
//!         <-done----
//! ```

pub mod brake;
pub mod control;
pub mod outcome;
pub mod panic;
pub mod program;
pub mod thread;
pub mod user;
mod weigh;
mod worker;

pub use control::{Grace, Run, run};
pub use program::{Grid, Program, Validation, Variable, Worker, of_run};
pub use thread::{AssetEvent, Ended, Outcome, Thread};
pub use user::{Begun, User};
pub use weigh::user_bytes;

#[cfg(test)]
mod tests;
