//! What every compiled grid links: engine, metrics, reports, the traits of the module contract and the command line.
//!
//! ```text
//! command (flags, variables) -> engine (threads, users) -> step, slot (contract) -> metrics (a thread's own counters)
//!                                                                                -> report (reads intervals only)
//! ```
