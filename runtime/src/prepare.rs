//! What a runner or an asset is prepared from, once a thread.

use crate::command::Start;
use crate::engine::Thread;
use crate::scope::{RunScope, Scope};
use std::rc::Rc;
use std::sync::Arc;

/// The thread for which steps and assets are prepared.
#[derive(Debug)]
pub struct Prepare<'a> {
    thread: &'a Rc<Thread>,
}

impl<'a> Prepare<'a> {
    /// For one thread.
    pub fn new(thread: &'a Rc<Thread>) -> Self {
        Self { thread }
    }

    /// For the control thread, which owns the assets of the run.
    pub fn of_run(scope: &'a RunScope) -> Self {
        Self {
            thread: scope.thread(),
        }
    }

    /// Variables and what is computed from them once.
    pub fn start(&self) -> &'a Arc<Start> {
        &self.thread.start
    }

    /// A scope for the assets of this thread.
    pub fn scope(&self) -> Scope {
        Scope::new(self.thread)
    }
}
