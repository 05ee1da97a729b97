//! What is known of a grid without running it, and is worth a warning: each finding in a file of its own.

mod constant_check;
mod costly_step;
mod linger_sets_rate;
mod literal_secret;
mod needless_step;
pub(super) mod outcome;
mod rows_run_out;
mod too_few_users;
mod waits;

use super::typed::Typed;
use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::resolve::model::Resolved;

pub use literal_secret::looks_like_a_secret;

/// Warnings of a grid without errors.
pub(super) fn warn(typed: &Typed, resolved: &Resolved, modules: &Modules, problems: &mut Problems) {
    constant_check::warn(typed, problems);
    costly_step::warn(typed, resolved, modules, problems);
    linger_sets_rate::warn(typed, modules, problems);
    literal_secret::warn(typed, resolved, modules, problems);
    needless_step::warn(typed, resolved, modules, problems);
    rows_run_out::warn(typed, problems);
    too_few_users::warn(typed, problems);
}
