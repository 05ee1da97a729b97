//! The clock of a thread, for what an asset or a runner keeps.

use crate::clock::Moment;
use crate::context::{Deadline, WorkerContext};
use bggo_values::context::WallClock;
use std::rc::Rc;
use std::time::Duration;

/// The clock of an asset's thread, for what an asset keeps: a part of `AssetCx` that takes a fifth of its memory.
#[derive(Debug, Clone)]
pub struct AssetClock(Rc<WorkerContext>);

impl AssetClock {
    pub(super) fn of(worker: &Rc<WorkerContext>) -> Self {
        Self(Rc::clone(worker))
    }

    /// See `AssetCx::now`.
    pub fn now(&self) -> Moment {
        self.0.moment()
    }

    /// See `AssetCx::deadline`.
    pub fn deadline(&self) -> Deadline {
        self.0.deadline()
    }

    /// See `AssetCx::since_1970`.
    pub fn since_1970(&self) -> Duration {
        self.0.since_epoch()
    }

    /// See `AssetCx::random`.
    pub fn random(&self) -> u64 {
        self.0.random()
    }
}
