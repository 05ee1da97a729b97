//! Those who wait for a slot: each is kept once, under a number of its own, and is gone when it is dropped.

use slab::Slab;
use std::cell::RefCell;
use std::task::{Context, Waker};

/// Wakers by number. Many users may wait for one asset, so that nothing here looks through all of them but a wake.
#[derive(Debug, Default)]
pub struct Queue(Slab<Waker>);

/// One who waits, once it has said so.
#[derive(Debug, Default)]
pub struct Waiting(Option<usize>);

impl Waiting {
    /// Whether it said so.
    pub fn waits(&self) -> bool {
        self.0.is_some()
    }
}

impl Queue {
    /// Keeps the waker of `waiting` until it leaves.
    pub fn wait(&mut self, waiting: &mut Waiting, cx: &mut Context<'_>) {
        match waiting.0.and_then(|number| self.0.get_mut(number)) {
            Some(kept) => kept.clone_from(cx.waker()),
            None => waiting.0 = Some(self.0.insert(cx.waker().clone())),
        }
    }

    /// `waiting` waits no more.
    pub fn leave(&mut self, waiting: &mut Waiting) {
        if let Some(number) = waiting.0.take() {
            self.0.try_remove(number);
        }
    }

    /// Everybody's waker. They stay: a number belongs to who has it until it leaves.
    pub fn all(&self) -> Vec<Waker> {
        self.0.iter().map(|(_, waker)| waker.clone()).collect()
    }
}

/// The wakers of one thread.
#[derive(Debug, Default)]
pub struct Wakers(RefCell<Queue>);

impl Wakers {
    /// Keeps the waker of `waiting` for each [`Wakers::wake`] until it leaves.
    pub fn wait(&self, waiting: &mut Waiting, cx: &mut Context<'_>) {
        self.0.borrow_mut().wait(waiting, cx);
    }

    /// `waiting` waits no more.
    pub fn leave(&self, waiting: &mut Waiting) {
        self.0.borrow_mut().leave(waiting);
    }

    /// Wakes everybody; who must wait longer is still there.
    pub fn wake(&self) {
        // Not while it is borrowed: a waker is foreign code.
        let wakers = self.0.borrow().all();
        for waker in wakers {
            waker.wake();
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.borrow().0.len()
    }
}
