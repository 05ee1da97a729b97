//! The assets of the run, owned by the control thread.

use crate::engine::Thread;
use std::rc::Rc;

/// Owns the assets of scope `run`.
#[derive(Debug)]
pub struct RunScope {
    thread: Rc<Thread>,
}

impl RunScope {
    /// On the control thread, inside its `LocalSet`.
    pub(crate) fn new(thread: Rc<Thread>) -> Self {
        Self { thread }
    }

    /// The control thread.
    pub fn thread(&self) -> &Rc<Thread> {
        &self.thread
    }

    /// Destroys what was made, in reverse order of dependency.
    pub async fn destroy(&self) {}
}
