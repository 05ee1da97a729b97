//! Reads all threads' slabs: each reading is an interval, and their merge is what the run measured.

use crate::metrics::{Interval, Layout, SlabReader};
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
        interval
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
