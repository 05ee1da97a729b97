//! Runs a compiled grid. There is a control thread (signals, assets of the run, the end of the run) and worker threads, each
//! with a single-threaded tokio runtime of its own and its share of the users.
//!
//! ```text
//! control -phases-> worker threads (users, iterations, steps) -counts-> slabs <- report, once a second
//!         <-done----
//! ```

mod alarms;
mod arriving;
mod control;
mod outstanding;
mod phase;
mod program;
mod request;
mod rows_left;
mod run_phase;
mod scenario;
mod scenario_load;
mod scenario_users;
mod signals;
mod stopping;
mod timer;
mod timetable;
mod user;
mod user_size;
mod worker;

pub use control::run;
pub use phase::{PhaseKind, PhaseRun};
pub use program::{ErasedRunAssets, Program, Worker, no_such_phase, no_such_scenario, of_run};
pub use request::RunRequest;
pub use timer::Spin;
pub use user::User;
pub use user_size::user_bytes;

#[cfg(test)]
mod tests;
