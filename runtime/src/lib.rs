//! What every compiled grid links: engine, metrics, reports, the traits of the module contract and the command line.
//!
//! ```text
//! command (flags, variables) -> engine (threads, users) -> step, slot (contract) -> metrics (a thread's own counters)
//!                                                                                -> report (reads intervals only)
//! ```

pub mod command;
pub mod contract;
pub mod engine;
pub mod exit;
pub mod fault;
pub mod info;
pub mod metrics;
pub mod prepare;
pub mod report;
pub mod schedule;
pub mod scope;
