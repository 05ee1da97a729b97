//! A latch that opens once: a step of one branch waits for a step of another branch.

use super::iteration::Iteration;
use crate::clock::Moment;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Closed until it is opened, then open for ever.
#[derive(Debug, Default)]
pub struct Latch {
    open: Cell<bool>,
    /// When the waiting steps are due: at the end of the step that opened it.
    due: Cell<Option<Moment>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Latch {
    /// Opens it, after the step that ended last in the branch that is polled.
    pub fn open(&self, iteration: &Iteration<'_>) {
        self.open.set(true);
        self.due.set(iteration.due());
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    /// Completes when it is open. The next step is due at the later end of the two branches. (If the step that should open it
    /// fails, the iteration ends, and the waiting branch is dropped.)
    pub fn wait<'a>(&'a self, iteration: &'a Iteration<'a>) -> Wait<'a> {
        Wait {
            latch: self,
            iteration,
        }
    }
}

/// See [`Latch::wait`].
#[derive(Debug)]
pub struct Wait<'a> {
    latch: &'a Latch,
    iteration: &'a Iteration<'a>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.latch.open.get() {
            let due = self.iteration.due().max(self.latch.due.get());
            self.iteration.set_due(due);
            return Poll::Ready(());
        }
        let mut waiting = self.latch.waiting.borrow_mut();
        // One iteration has few waiters, and most poll with the same waker: the user's.
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
