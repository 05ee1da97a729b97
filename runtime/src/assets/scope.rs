//! A scope owns the slots of one user, one worker or one iteration, and ends them in reverse order of dependency.

use super::dependency::Owned;
use crate::context::WorkerContext;
use crate::flow::Running;
use futures_util::future::join_all;
use std::cell::RefCell;
use std::rc::Rc;

/// The slots of one user, worker or iteration.
#[derive(Clone)]
pub struct Scope(Rc<ScopeParts>);

struct ScopeParts {
    worker: Rc<WorkerContext>,
    slots: RefCell<Vec<Rc<dyn Owned>>>,
}

impl Scope {
    /// An empty scope of a worker.
    pub fn new(worker: &Rc<WorkerContext>) -> Self {
        Self(Rc::new(ScopeParts {
            worker: Rc::clone(worker),
            slots: RefCell::default(),
        }))
    }

    /// Its worker.
    pub fn worker(&self) -> &Rc<WorkerContext> {
        &self.0.worker
    }

    pub(crate) fn own(&self, slot: Rc<dyn Owned>) {
        self.0.slots.borrow_mut().push(slot);
    }

    /// Destroys what is left: each asset after those built on it, independent ones side by side. Users must be gone.
    pub fn destroy(&self) -> Running<'static, ()> {
        let slots = self.0.slots.take();
        if slots.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(async move {
            join_all(slots.into_iter().map(Owned::end)).await;
        })
    }
}
