//! The seconds of a run: each is read when it is over, and judged.

use super::{Collector, Judgement, Second, Verdict};
use crate::metrics::{Interval, Layout, Outcome, SlotFigures};
use std::time::{Duration, Instant};

/// How long a second is.
const EVERY: Duration = Duration::from_secs(1);

/// A run whose clock has started.
#[derive(Debug)]
pub struct Watch {
    collector: Collector,
    /// The second that is read next; `None` of a functional run, and when all workers are done.
    next: Option<u32>,
    /// What the last second measured.
    interval: Interval,
}

impl Watch {
    /// Over the slabs of a load run.
    pub fn new(collector: Collector) -> Self {
        Self {
            collector,
            next: Some(1),
            interval: Interval::default(),
        }
    }

    /// Over those of a functional run, which is read once, at its end.
    pub fn at_the_end(collector: Collector) -> Self {
        Self {
            next: None,
            ..Self::new(collector)
        }
    }

    /// When the next second is over.
    pub fn due(&self) -> Option<Instant> {
        Some(self.collector.begin() + EVERY * self.next?)
    }

    /// Reads the second that is over. A reading that comes late counts for the second in which it was due.
    pub fn read(&mut self) -> Option<Second<'_>> {
        let number = self.next?;
        let elapsed = self.collector.begin().elapsed();
        self.interval = self.collector.take(elapsed);
        // A machine that slept does not make up for the seconds that it missed.
        let over = u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX);
        self.next = Some(over.max(number).saturating_add(1));
        Some(self.second(over.max(number)))
    }

    /// Reads what is left when all workers are done, `at` after the beginning of the run; `None` if nothing was measured since
    /// the last second, or if it is a functional run.
    pub fn stop(&mut self, at: Duration) -> Option<Second<'_>> {
        self.interval = self.collector.take(at);
        let number = self.next.take()?;
        (!self.interval.slots.is_empty()).then(|| self.second(number))
    }

    fn second(&self, number: u32) -> Second<'_> {
        Second {
            number,
            layout: self.collector.layout(),
            interval: &self.interval,
            judged: &[],
        }
    }

    /// What the figures come to when all workers are done.
    pub fn judgement(&self) -> Judgement {
        let mut counts = SlotFigures::default();
        let rows = self.layout().iterations.iter();
        for row in rows.filter_map(|row| row.counts(self.total())) {
            counts.merge(row);
        }
        let never = counts.count(Outcome::Dropped) + counts.count(Outcome::NotStarted);
        let failed = counts.count(Outcome::Failed) + never;
        Judgement {
            nothing_ended: counts.ended() == 0,
            threshold_failed: failed > 0 && failed * 100 >= counts.ended() + never,
        }
    }

    /// How the thresholds came out.
    pub fn verdicts(&self) -> &[Verdict] {
        &[]
    }

    /// What the figures are.
    pub fn layout(&self) -> &Layout {
        self.collector.layout()
    }

    /// All that was measured.
    pub fn total(&self) -> &Interval {
        self.collector.total()
    }
}
