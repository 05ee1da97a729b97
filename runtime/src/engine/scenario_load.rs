//! The load of one scenario, as each worker thread has it.

use crate::metrics::ScenarioSlots;
use bggo_schedule::{Arrivals, Iterations, Load, Ramp, Schedule, Segment};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The load of one scenario, as each worker thread has it.
#[derive(Debug, Clone)]
pub(super) struct ScenarioLoad {
    /// The number of the scenario in the grid's table.
    pub scenario: u32,
    /// As it was asked for.
    pub load: Load,
    /// Which iterations and users of the run are this host's.
    pub segment: Segment,
    /// The seed of its arrivals by chance.
    pub seed: u64,
    /// How users come to their iterations.
    pub taking: Taking,
    /// Where what is measured is counted.
    pub slots: ScenarioSlots,
    /// Where what is due in the warm-up is counted.
    pub warm_up: Option<ScenarioSlots>,
}

/// How users come to their iterations.
#[derive(Debug, Clone)]
pub(super) enum Taking {
    /// They take one as soon as they are free.
    WhenFree(Iterations),
    /// The same while the user is there.
    WhileThere(Arc<Ramp>),
    /// They are handed arrivals, of which so many workers have their share.
    Arrivals {
        /// The profile.
        arrivals: Arrivals,
        /// Users that are made as they are needed.
        births: Births,
        /// Workers that hand out arrivals: each of them has a user at least.
        workers: u32,
    },
}

impl Taking {
    /// That of a schedule on a host with so many workers. Clones share what threads share.
    pub(super) fn new(schedule: &Schedule, segment: Segment, workers: u32) -> Self {
        match schedule {
            Schedule::Closed(closed) => Self::WhenFree(Iterations::new(*closed, segment)),
            Schedule::Ramping(ramp) => Self::WhileThere(Arc::clone(ramp)),
            Schedule::Open(arrivals) => Self::arrivals(arrivals, segment, workers),
            Schedule::Search(search) => Self::arrivals(&search.arrivals, segment, workers),
        }
    }

    fn arrivals(arrivals: &Arrivals, segment: Segment, workers: u32) -> Self {
        let of_host = |users: u32| u32::try_from(segment.of(users.into())).unwrap_or(u32::MAX);
        let (before, most) = (of_host(arrivals.users), of_host(arrivals.max_users));
        let workers = workers.min(most);
        Self::Arrivals {
            arrivals: arrivals.clone(),
            births: Births::new((before, most), segment, workers),
            workers,
        }
    }
}

/// Users of an open profile that are made while it runs, on all workers of a host together. Each worker can make one at
/// least, or it could run nothing.
#[derive(Debug, Clone)]
pub(super) struct Births {
    segment: Segment,
    /// How many were made, or are kept for a worker.
    made: Arc<AtomicU32>,
    most: u32,
    /// Users that are made before the clock starts.
    before: u32,
}

impl Births {
    /// At most `most` users, of which `before` are made before the clock starts.
    fn new((before, most): (u32, u32), segment: Segment, workers: u32) -> Self {
        Self {
            segment,
            made: Arc::new(AtomicU32::new(before.max(workers))),
            most,
            before,
        }
    }

    /// The number of the user that is kept for a worker which has none at the beginning.
    pub(super) fn kept_for(&self, worker: u32) -> Option<u64> {
        if worker < self.before {
            return None;
        }
        self.number(worker)
    }

    /// The number of one more user, from 1; `None` if there may be no more.
    pub(super) fn one(&self) -> Option<u64> {
        let one_more = |made: u32| (made < self.most).then_some(made + 1);
        let made = self
            .made
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        self.number(made.ok()?)
    }

    /// Whether there may be one more user.
    pub(super) fn may_be_more(&self) -> bool {
        self.made.load(Ordering::Relaxed) < self.most
    }

    fn number(&self, ordinal: u32) -> Option<u64> {
        Some(self.segment.nth(ordinal.into())? + 1)
    }
}
