//! The load of a scenario: its profile, and when and how it begins and ends.

use super::profile::Schedule;
use std::time::Duration;

/// The load of a scenario. Lengths of time count from the beginning of the scenario where nothing else is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// The name of its profile in the grid; of one that flags ask for, the one that it is.
    pub profile: &'static str,
    /// When iterations begin.
    pub schedule: Schedule,
    /// The profile that the grid declares, where something else was asked for in its place.
    pub replaces: Option<&'static str>,
    /// When the scenario begins, since the clock of the run started.
    pub start_after: Duration,
    /// How long running iterations may go on at its end.
    pub graceful_stop: Duration,
    /// How long the iteration of a user may go on which is no longer there, in a profile whose number of users changes.
    pub graceful_ramp_down: Duration,
    /// The least time between the beginnings of two iterations of one user, in a closed profile.
    pub pace: Option<Duration>,
    /// Iterations that are due before this has passed are measured apart and not judged.
    pub warm_up: Duration,
}

impl Load {
    /// k6's `gracefulStop` and `gracefulRampDown`.
    pub const GRACEFUL_STOP: Duration = Duration::from_secs(30);

    /// A profile that begins with the run, without a pace or a warm-up.
    pub const fn new(profile: &'static str, schedule: Schedule) -> Self {
        Self {
            profile,
            schedule,
            replaces: None,
            start_after: Duration::ZERO,
            graceful_stop: Self::GRACEFUL_STOP,
            graceful_ramp_down: Self::GRACEFUL_STOP,
            pace: None,
            warm_up: Duration::ZERO,
        }
    }

    /// When its last iteration may begin, since the clock of the run started, if that is bounded.
    pub fn begins_until(&self) -> Option<Duration> {
        self.start_after.checked_add(self.schedule.length()?)
    }

    /// When it is over at the latest, since the clock of the run started, if that is bounded.
    pub fn ends(&self) -> Option<Duration> {
        self.begins_until()?.checked_add(self.graceful_stop)
    }
}
