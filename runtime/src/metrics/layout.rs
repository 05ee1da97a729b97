//! Which slot measures what: a step's own slots, and those of the iterations behind them.

/// Slots of the run's own histograms, after those of all steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IterationSlots {
    first: u32,
}

impl IterationSlots {
    /// Behind `steps` slots of steps.
    pub const fn after(steps: u32) -> Self {
        Self { first: steps }
    }

    /// From the moment it began. Its counters are the iteration's.
    pub const fn service(self) -> u32 {
        self.first + 1
    }

    /// Slots of the whole run.
    pub const fn end(self) -> u32 {
        self.first + 2
    }
}

/// Slots of a step: its counters stand at the first.
pub mod step_slot {
    /// Response time, from the moment due.
    pub const RESPONSE: u32 = 0;
    /// Service time, from the moment sent.
    pub const SERVICE: u32 = 1;
    /// The first of the manifest's own metrics.
    pub const METRICS: u32 = 2;
}
