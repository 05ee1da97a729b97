//! How a step or an iteration ended.

/// What a slot counts beside its histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Outcome {
    /// Ended well.
    Passed,
    /// Ended with a fault, whether or not the iteration went on.
    Failed,
    /// Of the failed ones: the iteration went on (`continue_on_failure`).
    Continued,
    /// Not enabled.
    Skipped,
    /// Dropped while it ran: a sibling failed or the run was stopped.
    Cancelled,
    /// An arrival that never began: no user was free for it, there could be no more, and it was not to wait.
    Dropped,
    /// An arrival that was due and still waited when nothing began any more.
    NotStarted,
}

impl Outcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Passed,
        Self::Failed,
        Self::Continued,
        Self::Skipped,
        Self::Cancelled,
        Self::Dropped,
        Self::NotStarted,
    ];
}
