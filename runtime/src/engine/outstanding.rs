//! Iterations of a scenario that wait for something on a worker, by the second in which they were due: how old the oldest is.
//!
//! A target that answers nothing leaves no figures, so a threshold would know nothing of it until time limits are over. Who
//! judges reads here for how long somebody has waited already. An iteration that never waits is not counted at all.

use crate::context::WorkerContext;
use std::cell::RefCell;
use std::collections::VecDeque;

/// Iterations that wait.
#[derive(Debug)]
pub(super) struct Outstanding {
    /// The slot where the oldest second is published.
    slot: u32,
    /// Seconds of the run before the scenario begins.
    before: u32,
    seconds: RefCell<Seconds>,
}

/// How many are due in each second of the scenario.
#[derive(Debug, Default)]
struct Seconds {
    /// The second of the first count.
    first: u32,
    counts: VecDeque<u32>,
}

impl Outstanding {
    /// Of a scenario that begins `before` seconds after the run.
    pub(super) fn new(slot: u32, before: u32) -> Self {
        Self {
            slot,
            before,
            seconds: RefCell::default(),
        }
    }

    /// An iteration waits that was due in this second of the scenario.
    pub(super) fn waits(&self, second: u32, worker: &WorkerContext) {
        let mut seconds = self.seconds.borrow_mut();
        seconds.add(second);
        self.publish(&seconds, worker);
    }

    /// It waits no more.
    pub(super) fn ends(&self, second: u32, worker: &WorkerContext) {
        let mut seconds = self.seconds.borrow_mut();
        seconds.take(second);
        self.publish(&seconds, worker);
    }

    fn publish(&self, seconds: &Seconds, worker: &WorkerContext) {
        let oldest = seconds.oldest();
        let oldest = oldest.map(|second| second.saturating_add(self.before));
        worker.recorder.oldest(self.slot, oldest);
    }
}

impl Seconds {
    fn add(&mut self, second: u32) {
        if self.counts.is_empty() {
            self.first = second;
        }
        // One that was due earlier may begin to wait later.
        while second < self.first {
            self.counts.push_front(0);
            self.first -= 1;
        }
        let at = (second - self.first) as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
    }

    fn take(&mut self, second: u32) {
        let at = second.checked_sub(self.first);
        let count = at.and_then(|at| self.counts.get_mut(at as usize));
        if let Some(count) = count {
            *count = count.saturating_sub(1);
        }
        while self.counts.front() == Some(&0) {
            self.counts.pop_front();
            self.first += 1;
        }
    }

    fn oldest(&self) -> Option<u32> {
        (!self.counts.is_empty()).then_some(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_oldest_is_the_earliest_second_of_those_that_wait(
            seconds in prop::collection::vec((0_u32..50, any::<bool>()), 1..200),
        ) {
            let (mut counted, mut wait) = (Seconds::default(), Vec::new());
            for (second, begins) in seconds {
                if begins || wait.is_empty() {
                    counted.add(second);
                    wait.push(second);
                } else {
                    let ends = wait.swap_remove(second as usize % wait.len());
                    counted.take(ends);
                }
                prop_assert_eq!(counted.oldest(), wait.iter().min().copied());
                prop_assert!(counted.counts.len() <= 50);
            }
        }
    }
}
