//! The traits that an emitted program implements for the engine.

use super::phase::PhaseRun;
use super::user::User;
use crate::assets::{Prepare, RunScope};
use crate::flow::Running;
use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

/// The assets of the run, whose type only the emitted program knows.
pub type ErasedRunAssets = Arc<dyn Any + Send + Sync>;

/// A compiled grid.
pub trait Program: Sync + 'static {
    /// Makes the slots of the run's assets, on the control thread, before any worker starts.
    fn run_assets(&'static self, scope: &RunScope) -> ErasedRunAssets;
    /// Prepares the steps of one worker thread. `shared` is what `run_assets` made.
    fn worker(&'static self, cx: &Prepare<'_>, shared: &ErasedRunAssets) -> Rc<dyn Worker>;
}

/// What the users of one thread share: prepared steps, assets of scope `worker`.
pub trait Worker {
    /// The whole life of a user of scenario number `scenario`: iterations until `user.next()` gives none, then the destruction
    /// of its assets.
    fn user(self: Rc<Self>, scenario: u32, user: User) -> Running<'static, ()>;
    /// A run of the phase with this number in the grid's table, `setup` or `teardown`. Says whether it passed.
    fn phase<'a>(self: Rc<Self>, number: u32, run: PhaseRun<'a>) -> Running<'a, bool> {
        drop(run);
        no_such_phase(number)
    }
    /// Destroys the assets of scope `worker`, after the last user. A grid without such assets has nothing to destroy.
    fn destroy(&self) -> Running<'_, ()> {
        Box::pin(async {})
    }
}

/// For a number that the grid's table of scenarios does not have.
pub fn no_such_scenario(scenario: u32) -> Running<'static, ()> {
    // The engine takes the numbers from the same table.
    unreachable!("the grid has no scenario number {scenario}")
}

/// The same for the table of phases.
pub fn no_such_phase<'a>(number: u32) -> Running<'a, bool> {
    // The engine takes these from the same table, too.
    unreachable!("the grid has no phase number {number}")
}

/// The result of `Program::run_assets` with its real type, which only the emitted program knows.
pub fn of_run<T: Any + Send + Sync>(shared: &ErasedRunAssets) -> Arc<T> {
    match Arc::clone(shared).downcast() {
        Ok(run) => run,
        // The engine got it from the same program.
        Err(_) => unreachable!("assets of another program"),
    }
}
