//! A one-shot latch: an edge between two chains of an iteration.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Closed until somebody opens it, then open for good.
#[derive(Debug, Default)]
pub struct Latch {
    open: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Latch {
    /// Lets everybody through.
    pub fn open(&self) {
        self.open.set(true);
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    /// Completes when it is open. (If the step before it fails, the iteration ends, and whoever waits is dropped.)
    pub fn wait(&self) -> Wait<'_> {
        Wait(self)
    }
}

/// See [`Latch::wait`].
#[derive(Debug)]
pub struct Wait<'a>(&'a Latch);

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.open.get() {
            return Poll::Ready(());
        }
        let mut waiting = self.0.waiting.borrow_mut();
        // One iteration has few waiters, and most poll with the same waker: the user's.
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
