//! Runs a compiled grid: a control thread (signals, assets of the run, the clock of the report) and worker threads, each
//! with its own single-threaded runtime and its share of the users.
//!
//! ```text
//! control -phases-> worker threads (users, iterations, steps) -counts-> slabs <- report, once a second
//!         <-done----
//! ```

mod control;
mod program;
mod request;
mod scenario_load;
mod stopping;
mod user;
mod user_size;
mod worker;

pub use control::run;
pub use program::{Program, Worker, no_such_scenario, of_run};
pub use request::{Grace, RunRequest};
pub use user::User;
pub use user_size::user_bytes;

#[cfg(test)]
mod tests;
