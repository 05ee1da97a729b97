//! What a runner is prepared from, once a thread.

use crate::command::Start;
use crate::engine::Thread;
use std::rc::Rc;
use std::sync::Arc;

/// The thread for which steps are prepared.
#[derive(Debug)]
pub struct Prepare<'a> {
    thread: &'a Rc<Thread>,
}

impl<'a> Prepare<'a> {
    /// For one thread.
    pub(crate) fn new(thread: &'a Rc<Thread>) -> Self {
        Self { thread }
    }

    /// Variables and what is computed from them once.
    pub fn start(&self) -> &'a Arc<Start> {
        &self.thread.start
    }
}
