//! Results that come after their steps: how many are outstanding on a worker, and how each is counted.
//!
//! ```text
//! Step::late_result -> LateResult -> delivered | undelivered | dropped: possibly written
//!                          |
//!              outstanding results of its scenario, for which the end of the scenario waits
//! ```

use super::recording::metric_methods;
use super::worker::WorkerContext;
use crate::fault::Fault;
use crate::info::Info;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tokio::sync::Notify;

/// Where a late result is counted, from the first metric of its step on: the order of the metrics that its runner has by its manifest
/// (`LATE_METRICS` of `bggo-manifest`).
mod metric {
    pub(super) const ACCEPTED: u32 = 0;
    pub(super) const DELIVERED: u32 = 1;
    pub(super) const UNDELIVERED: u32 = 2;
    pub(super) const POSSIBLY_WRITTEN: u32 = 3;
}

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

    fn add(&self, scenario: u32) {
        let (place, mut counts) = (Self::place(scenario), self.counts.borrow_mut());
        if counts.len() <= place {
            counts.resize(place + 1, 0);
        }
        if let Some(count) = counts.get_mut(place) {
            *count += 1;
        }
    }

    fn remove(&self, scenario: u32) {
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

/// The result of a run of a step that comes after it: see `Step::late_result`. One that is dropped counts as possibly written.
#[must_use = "a result that is dropped counts as possibly written"]
pub struct LateResult {
    worker: Rc<WorkerContext>,
    info: &'static Info,
    scenario: u32,
    /// The slot of the first metric of its step.
    first: u32,
    is_open: Cell<bool>,
}

impl LateResult {
    pub(crate) fn new(
        worker: &Rc<WorkerContext>,
        info: &'static Info,
        (scenario, first): (u32, u32),
    ) -> Self {
        worker.results_to_come.add(scenario);
        worker.recorder.add(first + metric::ACCEPTED, 1);
        Self {
            worker: Rc::clone(worker),
            info,
            scenario,
            first,
            is_open: Cell::new(true),
        }
    }

    metric_methods!();

    fn metrics(&self) -> (&WorkerContext, u32) {
        (&self.worker, self.first)
    }

    /// It is done.
    pub fn delivered(self) {
        self.ends(|worker, first| worker.recorder.add(first + metric::DELIVERED, 1));
    }

    /// It has failed, with a kind of failure of the manifest. A functional run fails by it and says so; a load run tells the first of its kind on
    /// each thread.
    pub fn undelivered(self, fault: &Fault) {
        let info = self.info;
        self.ends(|worker, first| worker.undelivered(info, first + metric::UNDELIVERED, fault));
    }

    fn ends(&self, count: impl FnOnce(&WorkerContext, u32)) {
        if self.is_open.replace(false) {
            count(&self.worker, self.first);
            self.worker.results_to_come.remove(self.scenario);
        }
    }
}

impl Drop for LateResult {
    fn drop(&mut self) {
        self.ends(|worker, first| worker.recorder.add(first + metric::POSSIBLY_WRITTEN, 1));
    }
}

impl std::fmt::Debug for LateResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LateResult")
            .field("step", &self.info.to_string())
            .field("is_open", &self.is_open)
            .finish_non_exhaustive()
    }
}
