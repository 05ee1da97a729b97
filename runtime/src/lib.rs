//! What every compiled grid links: engine, metrics, outputs, the traits of the module contract and the command line.
//!
//! A part uses only parts below it in this list:
//!
//! ```text
//! command    flags, variables, the load that is asked for, the exit code
//! engine     control thread, worker threads, users
//! outputs    who reads intervals and events: live lines, JSON lines, summary
//! judgement  what is made of the counts once a second: an interval, and how the thresholds do
//! step       how a step is run and counted, in one place
//! assets     slots, scopes, assets of the run
//! context    what a step or an asset can use of its worker
//! metrics, event, start, clock, grid, info, fault, ..: values and pure functions
//! ```
//!
//! Below all of them are two crates that bggo itself uses as well: `bggo-schedule` (when iterations begin) and `bggo-metrics`
//! (what was measured).
//!
//! Four parts are public: [`contract`] for authors of modules, `glue` for the code that `module!` makes, `emitted` for
//! emitted programs, and `parts` for the crate `bggo-parts`, which only some programs link. Only the first promises to stay as it
//! is.
//! (`forms`, `input_conversion` and `threshold` are public because `emitted` passes them on as whole modules.)

pub mod contract;
#[doc(hidden)]
pub mod emitted;
#[doc(hidden)]
pub mod glue;
#[doc(hidden)]
pub mod parts;

pub(crate) mod assets;
pub(crate) mod clock;
pub(crate) mod command;
pub(crate) mod context;
pub(crate) mod data;
pub(crate) mod declared_load;
pub(crate) mod engine;
pub(crate) mod event;
pub(crate) mod exchange;
pub(crate) mod exit;
pub(crate) mod extension;
pub(crate) mod fault;
pub(crate) mod flow;
#[doc(hidden)]
pub mod forms;
pub(crate) mod grid;
pub(crate) mod health;
pub(crate) mod host_limit;
mod info;
#[doc(hidden)]
pub mod input_conversion;
pub(crate) mod judgement;
pub(crate) mod memory;
pub(crate) mod method;
pub(crate) mod metrics;
pub(crate) mod outputs;
pub(crate) mod panic;
pub(crate) mod place;
pub(crate) mod read_rows;
pub(crate) mod samples;
pub(crate) mod shape;
pub(crate) mod shutdown;
pub(crate) mod start;
pub(crate) mod stdout;
pub(crate) mod step;
pub(crate) mod step_outputs;
pub(crate) mod task;
#[cfg(any(test, feature = "test-support"))]
#[doc(hidden)]
pub mod test_support;
#[doc(hidden)]
pub mod threshold;
pub(crate) mod wakers;
