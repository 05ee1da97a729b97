//! How steps and assets record the metrics of their manifests.

use super::worker::WorkerContext;
use crate::info::{LabelledCounter, ResourceInfo};
use std::rc::Rc;

/// The methods that record the metrics of a manifest, of a type whose own `metrics` gives its worker and the slot of its first
/// metric. They are methods of the types themselves, so a module needs no trait for them.
macro_rules! metric_methods {
    () => {
        /// Records a value of a trend of the manifest, in its own unit.
        pub fn record(&self, metric: $crate::info::Trend, value: u64) {
            let (worker, first) = self.metrics();
            worker.recorder.value(first + metric.number(), value);
        }

        /// Records a value of a trend of the unit `time`.
        #[inline]
        pub fn record_time(&self, metric: $crate::info::Trend, took: std::time::Duration) {
            let (worker, first) = self.metrics();
            worker.recorder.time(first + metric.number(), took);
        }

        /// Adds to a counter of the manifest.
        #[inline]
        pub fn add(&self, metric: $crate::info::Counter, n: u64) {
            let (worker, first) = self.metrics();
            worker.recorder.add(first + metric.number(), n);
        }

        /// Sets a gauge of the manifest.
        pub fn set(&self, metric: $crate::info::Gauge, value: u64) {
            let (worker, first) = self.metrics();
            let slot = first + metric.number();
            let at = worker.start.since_epoch(worker.now());
            worker.recorder.set(slot, value, at);
        }

        /// Counts a hit of a rate of the manifest.
        #[inline]
        pub fn hit(&self, metric: $crate::info::Rate) {
            let (worker, first) = self.metrics();
            worker.recorder.hit(first + metric.number());
        }

        /// Counts a miss of a rate of the manifest.
        #[inline]
        pub fn miss(&self, metric: $crate::info::Rate) {
            let (worker, first) = self.metrics();
            worker.recorder.miss(first + metric.number());
        }
    };
}
pub(crate) use metric_methods;

/// Where the assets of one resource record the metrics of their manifest, on one worker.
#[derive(Debug, Clone)]
pub struct AssetMetrics {
    worker: Rc<WorkerContext>,
    info: &'static ResourceInfo,
}

impl AssetMetrics {
    /// The metrics of a resource, on the worker on which its assets live.
    pub fn new(worker: &Rc<WorkerContext>, info: &'static ResourceInfo) -> Self {
        Self {
            worker: Rc::clone(worker),
            info,
        }
    }

    /// See `AssetCx::info`.
    pub fn info(&self) -> &'static ResourceInfo {
        self.info
    }

    /// The worker and the slot of the first metric.
    fn metrics(&self) -> (&WorkerContext, u32) {
        (&self.worker, self.info.first_metric_slot())
    }

    /// Adds to a counter that has a label. A run tells 64 labels of a counter apart; all others count as `other`.
    pub fn add_labelled(&self, metric: LabelledCounter, label: &str, n: u64) {
        self.worker
            .add_labelled(self.info.first_metric_slot() + metric.number(), label, n);
    }

    metric_methods!();
}
