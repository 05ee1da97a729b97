//! A one-shot latch: an edge between two chains of an iteration.

use super::iteration::Iteration;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Closed until somebody opens it, then open for good.
#[derive(Debug, Default)]
pub struct Latch {
    open: Cell<bool>,
    /// When what waited for it is due: at the end of the step before it.
    due: Cell<Option<Instant>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Latch {
    /// Lets everybody through, after the step that ended last in the branch that is being polled.
    pub fn open(&self, iteration: &Iteration<'_>) {
        self.open.set(true);
        self.due.set(iteration.due());
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    /// Completes when it is open; what follows is due at the later end of the two branches. (If the step before it fails,
    /// the iteration ends, and whoever waits is dropped.)
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
