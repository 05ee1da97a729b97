//! What a runner or an asset is prepared from, once a worker thread.

use super::scope::Scope;
use crate::context::WorkerContext;
use crate::start::Start;
use std::rc::Rc;
use std::sync::Arc;

/// The worker thread for which a step or a resource is prepared. It comes before all users of that thread.
#[derive(Debug)]
pub struct Prepare<'a> {
    worker: &'a Rc<WorkerContext>,
}

impl<'a> Prepare<'a> {
    /// For one worker.
    pub fn new(worker: &'a Rc<WorkerContext>) -> Self {
        Self { worker }
    }

    /// How the program was started: its variables, and what the grid computes from them once.
    pub fn start(&self) -> &'a Arc<Start> {
        &self.worker.start
    }

    /// A scope for the assets of this worker.
    pub fn scope(&self) -> Scope {
        Scope::new(self.worker)
    }
}
