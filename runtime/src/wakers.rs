//! Those who wait for a slot of one thread: each is kept once, and gone when it is dropped.

use std::cell::RefCell;
use std::task::{Context, Waker};

/// Wakers by number.
#[derive(Debug, Default)]
pub struct Wakers(RefCell<Vec<Option<Waker>>>);

/// One who waits.
#[derive(Debug, Default)]
pub struct Waiting(Option<usize>);

impl Wakers {
    /// Keeps the waker of `waiting` for the next [`Wakers::wake`].
    pub fn wait(&self, waiting: &mut Waiting, cx: &mut Context<'_>) {
        let mut wakers = self.0.borrow_mut();
        let place = match waiting.0 {
            Some(place) => place,
            None => match wakers.iter().position(Option::is_none) {
                Some(place) => place,
                None => {
                    wakers.push(None);
                    wakers.len() - 1
                }
            },
        };
        waiting.0 = Some(place);
        let kept = &mut wakers[place];
        if !kept
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *kept = Some(cx.waker().clone());
        }
    }

    /// `waiting` waits no more.
    pub fn leave(&self, waiting: &mut Waiting) {
        if let Some(place) = waiting.0.take() {
            self.0.borrow_mut()[place] = None;
        }
    }

    /// Wakes everybody; who still waits says so again.
    pub fn wake(&self) {
        // By reference: a place stays with who has it until it leaves.
        let wakers: Vec<Waker> = self.0.borrow().iter().flatten().cloned().collect();
        for waker in wakers {
            waker.wake();
        }
    }
}
