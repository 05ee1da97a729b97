//! The load of one scenario, as each worker thread has it.

use super::rows_left::RowsLeft;
use crate::metrics::ScenarioSlots;
use bggo_schedule::{Arrivals, Iterations, Load, Ramp, Schedule, Segment};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use tokio::sync::Notify;

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
    /// What ends it before its time.
    pub rows: RowsLeft,
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
    /// That of a schedule on a host with so many workers, in a run whose scenarios share `places`. Clones share what threads
    /// share.
    pub(super) fn new(
        schedule: &Schedule,
        (segment, workers): (Segment, u32),
        places: &mut Option<Arc<Places>>,
    ) -> Self {
        match schedule {
            Schedule::Closed(closed) => Self::WhenFree(Iterations::new(*closed, segment)),
            Schedule::Ramping(ramp) => Self::WhileThere(Arc::clone(ramp)),
            Schedule::Open(arrivals) => Self::arrivals(arrivals, (segment, workers), places),
            Schedule::Search(search) => {
                Self::arrivals(&search.arrivals, (segment, workers), places)
            }
        }
    }

    fn arrivals(
        arrivals: &Arrivals,
        (segment, workers): (Segment, u32),
        places: &mut Option<Arc<Places>>,
    ) -> Self {
        let of_host = |users: u32| u32::try_from(segment.of(users.into())).unwrap_or(u32::MAX);
        let (before, most) = (of_host(arrivals.users), of_host(arrivals.max_users));
        let workers = workers.min(most);
        let places = if arrivals.shares_users {
            Arc::clone(places.get_or_insert_with(|| Places::new(most)))
        } else {
            Places::new(most)
        };
        Self::Arrivals {
            arrivals: arrivals.clone(),
            births: Births::new(before, (segment, workers), places),
            workers,
        }
    }
}

/// How many users more there may be on a host, of one scenario or of all that share them.
#[derive(Debug)]
pub(super) struct Places {
    /// Below zero where workers keep more users than there may be.
    free: AtomicI64,
    /// Somebody gave places back.
    given_back: Notify,
}

impl Places {
    fn new(free: u32) -> Arc<Self> {
        Arc::new(Self {
            free: AtomicI64::new(free.into()),
            given_back: Notify::new(),
        })
    }

    /// Takes a place, if there is one.
    fn take(&self) -> bool {
        let one_less = |free: i64| (free > 0).then(|| free - 1);
        let taken = self
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.is_ok()
    }

    /// Takes so many places, whether or not there are so many.
    fn keep(&self, places: u32) {
        self.free.fetch_sub(places.into(), Ordering::Relaxed);
    }

    fn give_back(&self, places: u32) {
        self.free.fetch_add(places.into(), Ordering::Relaxed);
        self.given_back.notify_waiters();
    }
}

/// Users of an open profile that are made while it runs, on all workers of a host together. Each worker can make one at
/// least, or it could run nothing.
#[derive(Debug, Clone)]
pub(super) struct Births {
    segment: Segment,
    /// How many were made, or are kept for a worker.
    made: Arc<AtomicU32>,
    /// Users that are made before the clock starts.
    before: u32,
    places: Arc<Places>,
}

impl Births {
    /// Of a scenario of which `before` users are made before the clock starts.
    fn new(before: u32, (segment, workers): (Segment, u32), places: Arc<Places>) -> Self {
        let kept = before.max(workers);
        places.keep(kept);
        Self {
            segment,
            made: Arc::new(AtomicU32::new(kept)),
            before,
            places,
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
        if !self.places.take() {
            return None;
        }
        self.number(self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether there may be one more user.
    pub(super) fn may_be_more(&self) -> bool {
        self.places.free.load(Ordering::Relaxed) > 0
    }

    /// Gives the places of users back that are gone.
    pub(super) fn give_back(&self, users: u32) {
        self.places.give_back(users);
    }

    /// Completes when there may be one more user because others are gone.
    pub(super) async fn until_may_be_more(&self) {
        loop {
            let mut given_back = pin!(self.places.given_back.notified());
            // From here on it hears of all that are given back.
            given_back.as_mut().enable();
            if self.may_be_more() {
                return;
            }
            given_back.await;
        }
    }

    fn number(&self, ordinal: u32) -> Option<u64> {
        Some(self.segment.nth(ordinal.into())? + 1)
    }
}
