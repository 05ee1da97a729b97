//! What an asset says when it settles what an iteration has left on it.

use crate::context::WorkerContext;
use crate::info::{Info, ResourceInfo};

/// The end of an iteration, for an asset that settles what is left: see `Asset::settle`.
#[derive(Debug, Clone, Copy)]
pub struct Settling<'a> {
    worker: &'a WorkerContext,
    info: &'static ResourceInfo,
}

impl<'a> Settling<'a> {
    pub(super) fn new(worker: &'a WorkerContext, info: &'static ResourceInfo) -> Self {
        Self { worker, info }
    }

    /// Says that `by` has opened something, such as a `"transaction"`, that nothing has closed. A functional run shows it as a warning.
    /// Under load nothing is said: the asset counts it as a metric of its own.
    pub fn left_open(&self, what: &str, by: &Info) {
        if self.worker.functional {
            self.worker.warns(format!(
                "resource.{}: the {what} that step.{by} opened was left open at the end of its iteration, so it is undone",
                self.info
            ));
        }
    }
}
