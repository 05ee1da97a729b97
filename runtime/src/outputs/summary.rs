//! What a whole run measured: the merge of all its intervals, a row a step.

use super::measure::rate;
use crate::metrics::{Counter, Interval, Slot};
use crate::metrics::{IterationSlots, step_slot};
use std::time::Duration;

/// Failures of a load run that are too many, in percent of its iterations.
pub const TOO_MANY_PERCENT: u64 = 1;

/// One row: a step, all steps, or the iterations.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Of what.
    pub name: String,
    /// Counters and failures by kind.
    pub counts: Slot,
    /// Times.
    pub times: crate::metrics::Histogram,
    /// How long the run was.
    pub length: Duration,
}

impl Row {
    fn new(name: String, slots: [Option<&Slot>; 2], length: Duration) -> Self {
        let [counts, times] = slots.map(|slot| slot.cloned().unwrap_or_default());
        Self {
            name,
            counts,
            times: times.histogram,
            length,
        }
    }

    /// Passed and failed.
    pub fn count(&self) -> u64 {
        self.counts.ended()
    }

    /// That many a second.
    pub fn rate(&self) -> f64 {
        rate(self.count(), self.length)
    }

    /// How often `counter` was counted.
    pub fn of(&self, counter: Counter) -> u64 {
        self.counts.count(counter)
    }

    /// Failures by kind: most frequent first.
    pub fn kinds(&self) -> Vec<(&'static str, u64)> {
        let mut kinds: Vec<_> = self
            .counts
            .kinds
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        kinds
    }
}

/// A run's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// How long it was.
    pub length: Duration,
    /// Steps, in the grid's order.
    pub steps: Vec<Row>,
    /// All steps together.
    pub all_steps: Row,
    /// Iterations.
    pub iterations: Row,
}

impl Summary {
    /// Of the merge of all intervals.
    pub fn new(total: &Interval, slots: IterationSlots, steps: &[(u32, String)]) -> Self {
        let length = total.length();
        let pair = |first: u32| {
            [
                total.slot(first + step_slot::RESPONSE),
                total.slot(first + step_slot::SERVICE),
            ]
        };
        let mut all = (Slot::default(), Slot::default());
        for (first, _) in steps {
            for (sum, slot) in [&mut all.0, &mut all.1].into_iter().zip(pair(*first)) {
                if let Some(slot) = slot {
                    sum.merge(slot);
                }
            }
        }
        let iterations = total.slot(slots.service());
        Self {
            length,
            steps: steps
                .iter()
                .map(|(first, name)| Row::new(name.clone(), pair(*first), length))
                .collect(),
            all_steps: Row::new("all steps".to_owned(), [Some(&all.0), Some(&all.1)], length),
            iterations: Row::new("iterations".to_owned(), [iterations, iterations], length),
        }
    }

    /// The default threshold of a load run: less than 1 % of its iterations may fail.
    pub fn threshold_failed(&self) -> bool {
        let failed = self.iterations.of(Counter::Failed);
        failed > 0 && failed * 100 >= self.iterations.count() * TOO_MANY_PERCENT
    }
}
