//! What every compiled grid links: engine, metrics, reports, the traits of the module contract and the command line.
//!
//! ```text
//! command (flags, variables) -> engine (threads, users) -> step, slot (contract) -> metrics (a thread's own counters)
//!                                                                                -> report (reads intervals only)
//! ```

pub mod command;
pub mod contract;
pub mod emitted;
pub mod engine;
pub mod exit;
pub mod fault;
pub mod fork;
pub mod forms;
#[cfg(test)]
mod ground;
pub mod info;
pub mod latch;
pub mod metrics;
pub mod outputs;
pub mod prepare;
pub mod print;
pub mod report;
pub mod schedule;
pub mod scope;
pub mod shared;
pub mod slot;
pub mod step;
pub mod take;
mod wakers;
