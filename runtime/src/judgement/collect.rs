//! Reads all threads' slabs: each reading is an interval, and their merge is what the run measured.

use crate::metrics::{Interval, Layout, SlabReader, SlotFigures};
use std::time::{Duration, Instant};

/// Makes the stream of intervals.
#[derive(Debug)]
pub struct Collector {
    readers: Vec<SlabReader>,
    layout: Layout,
    begin: Instant,
    total: Interval,
}

impl Collector {
    /// Over the slabs of all threads of a run that began at `begin`.
    pub fn new(layout: Layout, readers: Vec<SlabReader>, begin: Instant) -> Self {
        Self {
            readers,
            layout,
            begin,
            total: Interval::default(),
        }
    }

    /// The next interval, which ends at `at`; it is merged into the total.
    pub fn take(&mut self, at: Duration) -> Interval {
        let from = self.total.end();
        let mut interval = Interval {
            span: Some((from, at.max(from))),
            ..Interval::default()
        };
        for reader in &mut self.readers {
            reader.take(&mut interval);
        }
        self.total.merge(&interval);
        if self.readers.iter().all(SlabReader::has_few_slots) {
            self.total.make_room();
        }
        interval
    }

    /// Adds to the interval that was taken last, at a slot.
    pub fn add(&mut self, interval: &mut Interval, slot: u32, figures: &SlotFigures) {
        for to in [interval, &mut self.total] {
            to.slots.entry(slot).or_default().merge(figures);
        }
    }

    /// For how long at least the oldest iteration of each scenario has waited when the run is `now` old; `None` where none
    /// waits.
    pub fn outstanding(&self, now: Duration) -> Vec<Option<Duration>> {
        let rows = self.layout.iterations.iter();
        let oldest = rows.map(|row| {
            let readers = self.readers.iter();
            let second = readers.filter_map(|one| one.oldest(row.first)).min()?;
            // It was due before that second was over.
            let due = Duration::from_secs(u64::from(second) + 1);
            Some(now.saturating_sub(due))
        });
        oldest.collect()
    }

    /// What the figures are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The merge of all intervals that were taken.
    pub fn total(&self) -> &Interval {
        &self.total
    }

    /// When the run began.
    pub fn begin(&self) -> Instant {
        self.begin
    }
}
