//! What one second of a load run measured, for its line.

use super::measure::rate;
use crate::engine::thread::IterationSlots;
use crate::metrics::{Counter, Interval};
use std::time::Duration;

/// One live line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Since the start of the run.
    pub at: Duration,
    /// How long the stretch of time is.
    pub length: Duration,
    /// Users that are there at its end.
    pub users: u64,
    /// Iterations that ended in it.
    pub iterations: u64,
    /// Of them failed.
    pub failed: u64,
    /// Iterations that were dropped in it.
    pub cancelled: u64,
    /// 95 % of the iterations took at most this long.
    pub p95: Option<Duration>,
    /// Steps that ended in it: name and count, in the grid's order.
    pub steps: Vec<(String, u64)>,
}

impl Line {
    /// Of an interval; `users` are those that are there at its end.
    pub fn new(
        interval: &Interval,
        users: u64,
        slots: IterationSlots,
        steps: &[(u32, String)],
    ) -> Self {
        let iterations = interval.slot(slots.service());
        let count = |f: &dyn Fn(&crate::metrics::Slot) -> u64| iterations.map_or(0, f);
        Self {
            at: interval.end(),
            length: interval.length(),
            users,
            iterations: count(&|slot| slot.ended()),
            failed: count(&|slot| slot.count(Counter::Failed)),
            cancelled: count(&|slot| slot.count(Counter::Cancelled)),
            p95: iterations.and_then(|slot| slot.histogram.time(9_500)),
            steps: steps
                .iter()
                .map(|(slot, name)| {
                    (
                        name.clone(),
                        interval.slot(*slot).map_or(0, crate::metrics::Slot::ended),
                    )
                })
                .collect(),
        }
    }

    /// Iterations a second.
    pub fn rate(&self) -> f64 {
        rate(self.iterations, self.length)
    }
}
