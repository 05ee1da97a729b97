//! Turns at what one step at a time uses, such as a connection whose answers come in the order of the questions: who comes first has it first.

use crate::shared::Line;
use std::cell::{Cell, OnceCell};

/// The turns at one thing. While nobody has to wait it holds no memory but its own.
#[derive(Debug, Default)]
pub struct Turns {
    is_taken: Cell<bool>,
    /// Who waits, from the first one that had to.
    line: OnceCell<Box<Line>>,
}

/// A turn. When it is dropped, the one that has waited for the longest time has the next one.
#[derive(Debug)]
#[must_use]
pub struct Turn<'t> {
    turns: &'t Turns,
}

impl Turns {
    /// Nobody has a turn.
    pub const fn new() -> Self {
        Self {
            is_taken: Cell::new(false),
            line: OnceCell::new(),
        }
    }

    /// A turn, if nobody has one or waits for one.
    #[inline]
    pub fn take_now(&self) -> Option<Turn<'_>> {
        let is_waited_for = self.line.get().is_some_and(|line| line.is_waited_for());
        if self.is_taken.get() || is_waited_for {
            return None;
        }
        Some(self.begin())
    }

    /// Waits for a turn. Whoever gives up waiting leaves the line.
    pub async fn take(&self) -> Turn<'_> {
        if let Some(turn) = self.take_now() {
            return turn;
        }
        let line = self.line.get_or_init(Box::default);
        let mut waiting = line.join();
        loop {
            if waiting.is_next() && !self.is_taken.get() {
                return self.begin();
            }
            waiting.called().await;
        }
    }

    fn begin(&self) -> Turn<'_> {
        self.is_taken.set(true);
        Turn { turns: self }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.is_taken.set(false);
        if let Some(line) = self.turns.line.get() {
            line.call_next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn who_comes_first_has_the_next_turn() {
        let turns = Turns::new();
        let first = turns.take_now().unwrap();
        assert!(turns.take_now().is_none());
        let mut second = pin!(turns.take());
        let mut third = pin!(turns.take());
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        drop(first);
        // It was given to the one that waited first, who has not looked yet.
        assert!(turns.take_now().is_none());
        assert!(poll(third.as_mut()).is_pending());
        let Poll::Ready(turn) = poll(second.as_mut()) else {
            panic!("it is its turn");
        };
        assert!(poll(third.as_mut()).is_pending());
        drop(turn);
        assert!(poll(third.as_mut()).is_ready());
        assert!(turns.take_now().is_some());
    }

    #[test]
    fn who_gives_up_leaves_the_next_turn_to_the_one_behind() {
        let turns = Turns::new();
        let first = turns.take_now().unwrap();
        let mut last = pin!(turns.take());
        {
            let mut waits = pin!(turns.take());
            let mut called = pin!(turns.take());
            assert!(poll(called.as_mut()).is_pending());
            assert!(poll(waits.as_mut()).is_pending());
            assert!(poll(last.as_mut()).is_pending());
            drop(first);
            // Both are dropped: one that was called and one that waits.
        }
        assert!(poll(last.as_mut()).is_ready());
    }
}
