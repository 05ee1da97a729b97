//! The model of `manifest.hcl` and its reader, used by the compiler and by `module!`, so both read it the same way.

mod fault;
mod model;
mod read;
mod rule;
mod rust_name;
mod standard_metrics;

pub use fault::ManifestFault;
pub use model::*;
pub use read::read;
pub use rule::{Bound, Condition, Demand, Given, Pattern, Rule, Severity};
pub use rust_name::RustName;
pub use standard_metrics::{LATE_METRICS, STAMP_METRICS};

#[cfg(test)]
mod tests;
