//! Waits for a moment more exactly than tokio's timer, which knows whole milliseconds only.

use std::time::Instant;

/// The timer of one dispatcher.
#[derive(Debug)]
pub(super) struct Timer;

impl Timer {
    pub(super) fn new() -> Self {
        Self
    }

    /// Completes at a moment.
    pub(super) async fn until(&self, at: Instant) {
        tokio::time::sleep_until(at.into()).await;
    }
}
