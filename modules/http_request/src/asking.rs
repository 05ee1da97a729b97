//! Who asks a server for something: a step, or an asset while it is created or lives.

use bggo_runtime::contract::{AssetClock, Deadline, Moment, Step};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Asking<'a> {
    /// A step. Its service time begins with this request, and the exchange is shown where exchanges of steps are.
    Step(&'a Step<'a>),
    /// The same step with a further request: its service time has begun with the first one.
    Further(&'a Step<'a>),
    /// An asset, by the clock of its thread. Its exchanges are not shown.
    Asset(&'a AssetClock),
}

impl<'a> From<&'a Step<'_>> for Asking<'a> {
    fn from(step: &'a Step<'_>) -> Self {
        Self::Step(step)
    }
}

impl<'a> From<&'a AssetClock> for Asking<'a> {
    fn from(clock: &'a AssetClock) -> Self {
        Self::Asset(clock)
    }
}

impl<'a> Asking<'a> {
    /// The clock of the run.
    pub fn now(self) -> Moment {
        match self {
            Self::Step(step) | Self::Further(step) => step.now(),
            Self::Asset(clock) => clock.now(),
        }
    }

    /// A time limit, which is not set.
    pub(crate) fn deadline(self) -> Deadline {
        match self {
            Self::Step(step) | Self::Further(step) => step.deadline(),
            Self::Asset(clock) => clock.deadline(),
        }
    }

    /// A request is sent now.
    pub(crate) fn sends(self) -> Moment {
        match self {
            Self::Step(step) => step.sent(),
            Self::Further(step) => step.now(),
            Self::Asset(clock) => clock.now(),
        }
    }

    /// The step, if it is one.
    pub(crate) fn step(self) -> Option<&'a Step<'a>> {
        match self {
            Self::Step(step) | Self::Further(step) => Some(step),
            Self::Asset(_) => None,
        }
    }
}
