//! A scope owns the slots of one user, one worker or one iteration, and ends them in reverse order of dependency.

use super::dependency::Owned;
use crate::context::WorkerContext;
use crate::flow::Running;
use futures_util::future::join_all;
use std::cell::RefCell;
use std::rc::Rc;
use std::task::Context;

/// The slots of one user, worker or iteration.
#[derive(Clone)]
pub struct Scope(Rc<ScopeParts>);

struct ScopeParts {
    worker: Rc<WorkerContext>,
    slots: RefCell<Slots>,
    /// The user's own scope, of one of its iterations.
    outer: Option<Scope>,
}

/// Slots in the order in which they were added. Most scopes own one slot, which takes no list, and every idle user has a scope.
#[derive(Default)]
struct Slots {
    first: Option<Rc<dyn Owned>>,
    /// Without room for more: slots are added once and kept as long as the scope.
    others: Box<[Rc<dyn Owned>]>,
}

impl Slots {
    fn push(&mut self, slot: Rc<dyn Owned>) {
        if self.first.is_none() {
            self.first = Some(slot);
        } else {
            let mut others = std::mem::take(&mut self.others).into_vec();
            others.reserve_exact(1);
            others.push(slot);
            self.others = others.into();
        }
    }

    fn get(&self, at: usize) -> Option<&Rc<dyn Owned>> {
        match at.checked_sub(1) {
            None => self.first.as_ref(),
            Some(at) => self.others.get(at),
        }
    }
}

impl Scope {
    /// An empty scope of a worker.
    pub fn new(worker: &Rc<WorkerContext>) -> Self {
        Self::inside(worker, None)
    }

    /// An empty scope of an iteration whose user has the scope `outer`, if it has assets of its own.
    pub(crate) fn inside(worker: &Rc<WorkerContext>, outer: Option<Self>) -> Self {
        Self(Rc::new(ScopeParts {
            worker: Rc::clone(worker),
            slots: RefCell::default(),
            outer,
        }))
    }

    /// The user's own scope: this one, or that around it.
    pub(crate) fn outermost(self) -> Self {
        match &self.0.outer {
            Some(outer) => outer.clone(),
            None => self,
        }
    }

    /// Lets its assets, and those around it, work while their user waits. Most have nothing to do, which costs nothing.
    pub fn poll_idle(&self, cx: &mut Context<'_>) {
        let mut from = 0;
        while let Some(slot) = self.next_with_work(&mut from) {
            slot.poll_idle(cx);
        }
        if let Some(outer) = &self.0.outer {
            outer.poll_idle(cx);
        }
    }

    /// The next of its slots, from number `from` on, whose asset has work to do. The slots are borrowed while they are asked and not
    /// while one works: what an asset does may reach a scope, and slots that are added meanwhile have their turn as well.
    fn next_with_work(&self, from: &mut usize) -> Option<Rc<dyn Owned>> {
        let slots = self.0.slots.borrow();
        while let Some(slot) = slots.get(*from) {
            *from += 1;
            if slot.has_idle_work() {
                return Some(Rc::clone(slot));
            }
        }
        None
    }

    /// Its worker.
    pub fn worker(&self) -> &Rc<WorkerContext> {
        &self.0.worker
    }

    pub(crate) fn own(&self, slot: Rc<dyn Owned>) {
        self.0.slots.borrow_mut().push(slot);
    }

    /// Lets its assets end what the iteration that has ended has left open on them, side by side.
    pub fn settle(&self) -> Running<'static, ()> {
        // An iteration ends after that, and not with its last step.
        self.0.worker.time_passes();
        let mut settling = Vec::new();
        let mut at = 0;
        while let Some(slot) = self.slot(at) {
            settling.extend(slot.settle());
            at += 1;
        }
        if settling.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(async move {
            join_all(settling).await;
        })
    }

    fn slot(&self, at: usize) -> Option<Rc<dyn Owned>> {
        self.0.slots.borrow().get(at).map(Rc::clone)
    }

    /// Destroys what is left: each asset after those built on it, independent ones side by side. Users must be gone.
    pub fn destroy(&self) -> Running<'static, ()> {
        // An iteration whose assets are destroyed ends after that, and not with its last step.
        self.0.worker.time_passes();
        let Slots { first, others } = self.0.slots.take();
        if first.is_none() {
            return Box::pin(std::future::ready(()));
        }
        let slots = first.into_iter().chain(others);
        Box::pin(async move {
            join_all(slots.map(Owned::end)).await;
        })
    }
}

#[cfg(test)]
mod tests;
