//! What a step asks, and what is counted of it.

use bggo_runtime::contract::{Counter, Trend};
use std::time::Duration;

/// How long a step may take whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// What exchanges of a runner count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) waiting: Trend,
    pub(crate) data_sent: Counter,
    pub(crate) data_received: Counter,
    pub(crate) possibly_executed: Counter,
}

/// What a step asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The commands as they are sent.
    pub(crate) commands: &'a [u8],
    /// How many there are, and so how many replies.
    pub(crate) count: usize,
    /// How long all of it may take, from the beginning of the step.
    pub(crate) timeout: Duration,
    pub(crate) counts: &'a Counts,
}
