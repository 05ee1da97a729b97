//! What the engine asks of a compiled grid: the traits that the emitted program implements.

use super::user::User;
use crate::assets::{Prepare, RunScope};
use crate::flow::Running;
use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

/// A compiled grid.
pub trait Program: Sync + 'static {
    /// Makes the slots of the run's assets, on the control thread, before any worker is there.
    fn run_assets(&'static self, scope: &RunScope) -> Arc<dyn Any + Send + Sync>;
    /// Prepares the steps of one worker thread. `shared` is what `run_assets` made.
    fn worker(
        &'static self,
        cx: &Prepare<'_>,
        shared: &Arc<dyn Any + Send + Sync>,
    ) -> Rc<dyn Worker>;
}

/// What users of one thread share: prepared steps, assets of scope `worker`.
pub trait Worker {
    /// The whole life of a user of the scenario with this number: iterations until `user.next()` says that there is none,
    /// then the end of its assets.
    fn user(self: Rc<Self>, scenario: u32, user: User) -> Running<'static, ()>;
    /// Destroys the assets of scope `worker`, after the last user.
    fn destroy(&self) -> Running<'_, ()>;
}

/// The arm for a number that the grid's table of scenarios does not have.
pub fn no_such_scenario(scenario: u32) -> Running<'static, ()> {
    // The engine takes the numbers from the same table.
    unreachable!("the grid has no scenario number {scenario}")
}

/// What `Program::run_assets` made, as the emitted program knows it.
pub fn of_run<T: Any + Send + Sync>(shared: &Arc<dyn Any + Send + Sync>) -> Arc<T> {
    match Arc::clone(shared).downcast() {
        Ok(run) => run,
        // The engine hands over what it got from the same program.
        Err(_) => unreachable!("assets of another program"),
    }
}
