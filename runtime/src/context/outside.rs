//! A worker outside of a run, for tests of modules and of the runtime: what they ask of its counts.

use super::worker::{WorkerContext, WorkerContextParts};
use crate::event::{Event, EventSink};
use crate::info::{Counter, Info, Numbered, OnDemand, Rate, ResourceInfo, Trend};
use crate::metrics::{AskedSlots, KnownNames, Recorder, Slab};
use crate::start::Start;
use bggo_schedule::Segment;
use std::io;
use std::sync::Arc;
use std::time::Duration;

impl WorkerContext {
    /// A worker outside a run: nobody reads its counts or its events. The tests of a module run their steps on it.
    ///
    /// # Errors
    /// No memory for its counters.
    pub fn alone() -> io::Result<Self> {
        Self::outside(false, Arc::new(Silent))
    }

    /// The same, in a run in which somebody asks for this metric of a step.
    #[must_use]
    pub fn asking<M: Numbered>(self, step: &Info, metric: OnDemand<M>) -> Self {
        let slot = step.first_metric_slot() + metric.metric().number();
        self.asked(AskedSlots::new([slot]))
    }

    /// How many values a step has recorded of a trend on this worker so far, for tests of modules.
    pub fn recorded_by(&self, step: &Info, metric: Trend) -> u64 {
        let slot = step.first_metric_slot() + metric.number();
        self.recorder.recorded(slot)
    }

    /// The same of a trend that is measured on demand.
    pub fn recorded_on_demand_by(&self, step: &Info, metric: OnDemand<Trend>) -> u64 {
        self.recorded_by(step, metric.metric())
    }

    /// The sum of a trend of times on this worker so far, for tests of modules.
    pub fn time_by(&self, step: &Info, metric: Trend) -> Duration {
        let slot = step.first_metric_slot() + metric.number();
        self.recorder.time_recorded(slot)
    }

    /// Hits of a rate that a step has counted on this worker so far, and of how many, for tests of modules.
    pub fn hits_by(&self, step: &Info, metric: Rate) -> (u64, u64) {
        let slot = step.first_metric_slot() + metric.number();
        self.recorder.hits(slot)
    }

    /// What a step has counted on this worker so far, for tests of modules.
    pub fn counted_by(&self, step: &Info, metric: Counter) -> u64 {
        let slot = step.first_metric_slot() + metric.number();
        self.recorder.counted(slot)
    }

    /// What the assets of a resource have counted on this worker so far, for tests of modules.
    pub fn counted_by_asset(&self, asset: &ResourceInfo, metric: Counter) -> u64 {
        let slot = asset.first_metric_slot() + metric.number();
        self.recorder.counted(slot)
    }

    /// How many values the assets of a resource have recorded of a trend on this worker so far, for tests of modules.
    pub fn recorded_by_asset(&self, asset: &ResourceInfo, metric: Trend) -> u64 {
        let slot = asset.first_metric_slot() + metric.number();
        self.recorder.recorded(slot)
    }

    /// A worker outside a run that sends events to `events`.
    pub(crate) fn outside(functional: bool, events: Arc<dyn EventSink>) -> io::Result<Self> {
        const SLOTS: usize = 64;
        let slab = Slab::new(SLOTS)?;
        Ok(Self::new(WorkerContextParts {
            start: Arc::new(Start::new(Vec::new(), 0)),
            index: 0,
            segment: Segment::WHOLE,
            functional,
            trace: None,
            samples: None,
            recorder: Recorder::new(slab),
            names: KnownNames::new(Arc::default()),
            events,
            causes: Arc::default(),
            run_extension: Arc::default(),
        }))
    }
}

/// Drops all events.
#[derive(Debug)]
struct Silent;

impl EventSink for Silent {
    fn tell(&self, _: Event) {}
}
