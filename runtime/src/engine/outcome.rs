//! What happened that decides how the run ends, told by any thread to the control thread.
//!
//! Flags are written when something fails for the first time, never on the way of a request.

use crate::exit::Exit;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// What the exit code is made of.
#[derive(Debug, Default)]
pub struct Outcomes {
    step_failed: AtomicBool,
    set_up_failed: AtomicBool,
    teardown_failed: AtomicBool,
    interrupted: AtomicBool,
    threshold_failed: AtomicBool,
    bug: AtomicBool,
    stop: Notify,
}

impl Outcomes {
    /// A step of a functional run failed.
    pub fn step_failed(&self) {
        self.step_failed.store(true, Ordering::Release);
    }

    /// The run cannot go on: what it stands on could not be made.
    pub fn set_up_failed(&self) {
        self.set_up_failed.store(true, Ordering::Release);
        self.stop.notify_one();
    }

    /// Something could not be destroyed.
    pub fn teardown_failed(&self) {
        self.teardown_failed.store(true, Ordering::Release);
    }

    /// A signal ended the run.
    pub fn interrupted(&self) {
        self.interrupted.store(true, Ordering::Release);
    }

    /// A threshold does not hold.
    pub fn threshold_failed(&self) {
        self.threshold_failed.store(true, Ordering::Release);
    }

    /// Something panicked.
    pub fn bug(&self) {
        self.bug.store(true, Ordering::Release);
        self.stop.notify_one();
    }

    /// Completes when something happened after which the run cannot go on.
    pub async fn broken(&self) {
        while !self.bug.load(Ordering::Acquire) && !self.set_up_failed.load(Ordering::Acquire) {
            self.stop.notified().await;
        }
    }

    /// The exit code: the cause that a reader must hear of first.
    pub fn exit(&self) -> Exit {
        let by_weight = [
            (&self.bug, Exit::Bug),
            (&self.interrupted, Exit::Interrupted),
            (&self.set_up_failed, Exit::SetUpFailed),
            (&self.step_failed, Exit::StepFailed),
            (&self.threshold_failed, Exit::ThresholdFailed),
            (&self.teardown_failed, Exit::TeardownFailed),
        ];
        by_weight
            .into_iter()
            .find(|(flag, _)| flag.load(Ordering::Acquire))
            .map_or(Exit::Passed, |(_, exit)| exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weightiest_cause_decides() {
        let outcomes = Outcomes::default();
        assert_eq!(outcomes.exit(), Exit::Passed);
        outcomes.teardown_failed();
        assert_eq!(outcomes.exit(), Exit::TeardownFailed);
        outcomes.step_failed();
        assert_eq!(outcomes.exit(), Exit::StepFailed);
        outcomes.interrupted();
        assert_eq!(outcomes.exit(), Exit::Interrupted);
        outcomes.bug();
        assert_eq!(outcomes.exit(), Exit::Bug);
    }
}
