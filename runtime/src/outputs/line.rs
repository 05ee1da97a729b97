//! What one second of a load run measured, for its line.

use super::measure::rate;
use crate::metrics::IterationSlots;
use crate::metrics::{Counter, Interval};
use std::time::{Duration, SystemTime};

/// What a line says beside its interval.
#[derive(Debug, Clone, Copy)]
pub struct LineAround {
    /// Its number.
    pub number: u64,
    /// When the interval was taken.
    pub taken: SystemTime,
    /// Users that are there at its end.
    pub users: u64,
}

/// One live line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// From 1, one more each line: the second, as long as the machine keeps up.
    pub number: u64,
    /// When it was taken, by the wall clock.
    pub taken: SystemTime,
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
    /// Of an interval.
    pub fn new(
        interval: &Interval,
        around: LineAround,
        slots: IterationSlots,
        steps: &[(u32, String)],
    ) -> Self {
        let LineAround {
            number,
            taken,
            users,
        } = around;
        let iterations = interval.slot(slots.service());
        let count = |f: &dyn Fn(&crate::metrics::Slot) -> u64| iterations.map_or(0, f);
        Self {
            number,
            taken,
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
