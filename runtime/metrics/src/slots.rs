//! What stands in which slot of a step and of the iterations of a scenario.

/// Slots of what has times (a step, an iteration), counted from its first one, where its counters stand.
pub mod time_slot {
    /// Response time of what passed, from the moment due.
    pub const RESPONSE: u32 = 0;
    /// Service time of what passed, from the moment sent.
    pub const SERVICE: u32 = 1;
    /// Response time of what failed.
    pub const FAILED_RESPONSE: u32 = 2;
    /// Service time of what failed.
    pub const FAILED_SERVICE: u32 = 3;
    /// How many there are. The metrics of a step's manifest stand behind them.
    pub const COUNT: u32 = 4;
}

/// Slots of a step, of which the first one is `first`: its times, the metrics of its manifest, its checks.
pub mod step_slot {
    use super::time_slot;

    /// The slot of its first metric.
    pub const fn first_metric(first: u32) -> u32 {
        first + time_slot::COUNT
    }

    /// The slot of its first check, behind so many metrics.
    pub fn first_check(first: u32, metrics: usize) -> u32 {
        first_metric(first).saturating_add(u32::try_from(metrics).unwrap_or(u32::MAX))
    }
}

/// The first metrics of a step whose result may come after it, which its module's manifest gives it.
pub const LATE_METRICS: [&str; 4] = ["accepted", "delivered", "undelivered", "possibly_written"];

/// Slots of the iterations of a scenario, counted from their first one: behind their times.
pub mod iteration_slot {
    use super::time_slot;

    /// How long an arrival waited for a user.
    pub const QUEUED: u32 = time_slot::COUNT;
    /// From the moment at which an iteration was due and a user was free for it, to its beginning.
    pub const START_ERROR: u32 = time_slot::COUNT + 1;
    /// How many there are.
    pub const COUNT: u32 = time_slot::COUNT + 2;
}
