//! What every compiled grid links: engine, metrics, outputs, the traits of the module contract and the command line.
//!
//! A room names only rooms below it:
//!
//! ```text
//! command    flags, variables, what load is asked for, the exit code
//! engine     control thread, worker threads, users
//! outputs    who reads intervals and events: live lines, JSON lines, summary
//! step       the one door of a step
//! assets     slots, scopes, assets of the run
//! context    what a step or an asset may ask of its worker
//! metrics, schedule, event, start, grid, info, fault, ..: values and pure functions
//! ```
//!
//! Three faces look out: [`contract`] for authors of modules, and two that are no contract, for the code that `module!`
//! makes and for emitted programs.

pub mod contract;
#[doc(hidden)]
pub mod emitted;
#[doc(hidden)]
pub mod glue;

pub(crate) mod assets;
pub(crate) mod command;
pub(crate) mod context;
pub(crate) mod engine;
pub(crate) mod event;
pub(crate) mod exit;
pub(crate) mod fault;
pub(crate) mod flow;
#[doc(hidden)]
pub mod forms;
pub(crate) mod grid;
pub(crate) mod info;
#[doc(hidden)]
pub mod input_conversion;
pub(crate) mod metrics;
pub(crate) mod outputs;
pub(crate) mod panic;
pub(crate) mod schedule;
pub(crate) mod shape;
pub(crate) mod shutdown;
pub(crate) mod start;
pub(crate) mod stdout;
pub(crate) mod step;
#[cfg(test)]
mod test_support;
pub(crate) mod wakers;
