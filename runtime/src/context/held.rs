//! What was found out about an attempt of a step that may be tried again: it counts once it is known that this was the last one.

use crate::event::{CheckReport, Event};
use crate::metrics::Recorder;
use std::time::Duration;

/// What a step recorded of a metric of the grid.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Recorded {
    /// Of a rate: it came true, or not.
    Held(bool),
    /// Of a trend: how long something took.
    Time(Duration),
    /// Of a trend.
    Value(u64),
    /// Of a counter.
    Add(u64),
    /// Of a gauge, with the time since the epoch.
    Set(u64, Duration),
}

impl Recorded {
    /// Counts it.
    pub(crate) fn count(self, recorder: &Recorder, slot: u32) {
        match self {
            Self::Held(true) => recorder.hit(slot),
            Self::Held(false) => recorder.miss(slot),
            Self::Time(took) => recorder.time(slot, took),
            Self::Value(value) => recorder.value(slot, value),
            Self::Add(n) => recorder.add(slot, n),
            Self::Set(value, at) => recorder.set(slot, value, at),
        }
    }
}

/// Checks that were judged and metrics that were recorded, in their order, but not counted yet.
#[derive(Debug, Default)]
pub(crate) struct Held {
    recorded: Vec<(u32, Recorded)>,
    /// Failures of checks by the slot of the check.
    failed: Vec<(u32, CheckReport)>,
}

impl Held {
    /// Keeps what was recorded in a slot.
    pub(crate) fn record(&mut self, slot: u32, recorded: Recorded) {
        self.recorded.push((slot, recorded));
    }

    /// Keeps the failure of the check of a slot.
    pub(crate) fn tell(&mut self, slot: u32, report: CheckReport) {
        self.failed.push((slot, report));
    }

    /// Counts all of it, and tells of the failures that `is_told` takes.
    pub(crate) fn settle(
        self,
        recorder: &Recorder,
        is_told: impl Fn(u32) -> bool,
        tell: impl Fn(Event),
    ) {
        for (slot, recorded) in self.recorded {
            recorded.count(recorder, slot);
        }
        for (slot, report) in self.failed {
            if is_told(slot) {
                tell(Event::Check(report));
            }
        }
    }
}
