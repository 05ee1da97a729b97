//! How many results that come after their steps have not come yet on a worker, by scenario.

use std::cell::RefCell;
use tokio::sync::Notify;

/// How many results have not come, by scenario.
#[derive(Debug, Default)]
pub(crate) struct ResultsToCome {
    /// By the number of the scenario, plus one: the phases of the run have none, and stand before them.
    counts: RefCell<Vec<u64>>,
    /// One of these has become zero.
    none: Notify,
}

impl ResultsToCome {
    fn place(scenario: u32) -> usize {
        scenario.wrapping_add(1) as usize
    }

    pub(super) fn add(&self, scenario: u32) {
        let (place, mut counts) = (Self::place(scenario), self.counts.borrow_mut());
        if counts.len() <= place {
            counts.resize(place + 1, 0);
        }
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }

    pub(super) fn remove(&self, scenario: u32) {
        let mut counts = self.counts.borrow_mut();
        if let Some(count) = counts.get_mut(Self::place(scenario)) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.none.notify_waiters();
            }
        }
    }

    fn is_none(&self, scenario: u32) -> bool {
        let counts = self.counts.borrow();
        counts.get(Self::place(scenario)).is_none_or(|n| *n == 0)
    }

    /// Completes when all results of the steps of a scenario have come.
    pub(crate) async fn until_none(&self, scenario: u32) {
        loop {
            let changed = self.none.notified();
            if self.is_none(scenario) {
                return;
            }
            changed.await;
        }
    }
}
