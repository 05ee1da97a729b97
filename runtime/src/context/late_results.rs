//! Results that come after their steps, and how each is counted.
//!
//! ```text
//! Step::late_result -> LateResult -> delivered | undelivered | dropped: possibly written
//!                          |
//!              results to come of its scenario, for which the end of the scenario waits
//! ```

use super::recording::metric_methods;
use super::worker::WorkerContext;
use crate::fault::Fault;
use crate::info::Info;
use std::cell::Cell;
use std::rc::Rc;

/// Where a late result is counted, from the first metric of its step on: the order of the metrics that its runner has by its manifest
/// (`LATE_METRICS` of `bggo-manifest`).
mod metric {
    pub(super) const ACCEPTED: u32 = 0;
    pub(super) const DELIVERED: u32 = 1;
    pub(super) const UNDELIVERED: u32 = 2;
    pub(super) const POSSIBLY_WRITTEN: u32 = 3;
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

    /// Nobody knows whether it is done, and this is why. It is told as a failure is.
    pub fn possibly_written(self, fault: &Fault) {
        let info = self.info;
        self.ends(|worker, first| {
            let slot = first + metric::POSSIBLY_WRITTEN;
            worker.recorder.add(slot, 1);
            worker.is_lost(info, (slot, "possibly written"), fault);
        });
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
        let info = self.info;
        self.ends(|worker, first| {
            let slot = first + metric::POSSIBLY_WRITTEN;
            worker.recorder.add(slot, 1);
            let fault = Fault::new("no_result", "no result came before the end");
            worker.is_lost(info, (slot, "possibly written"), &fault);
        });
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
