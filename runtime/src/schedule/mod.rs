//! Load profiles as pure functions: profile and number of an iteration -> whether and when it may begin.
//!
//! Users are distributed over the workers before the run ([`Share`]). A profile with a number of iterations numbers them 0, 1,
//! 2, .. over the whole run. Any free user on any thread takes the next one ([`Iterations`]), which costs one atomic operation
//! for each iteration. A profile with a length only reads the clock and shares nothing between threads. The engine has one
//! loop (`User::next`). All profiles are closed so far: an iteration is due when a user is free. A profile with an arrival
//! rate will be another variant of [`Due`] that carries the moment.

mod arrivals;
mod poisson;
mod ramp;
mod rate;
mod segment;

pub use arrivals::{Arrival, Arrivals, Source, Spread, WhenFull};
pub use rate::{Nanos, Rate, Stage, TooMuch};
pub use segment::Segment;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// When an iteration may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// As soon as a user is free: a closed profile.
    WhenFree,
    /// There is no such iteration, or its time is over.
    Over,
}

/// The load of one scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Users that iterate as soon as they are free.
    Closed(Closed),
    /// Iterations that are due at moments of their own.
    Open(Arrivals),
}

/// A closed profile: a constant number of users, bounded by a number of iterations, a length of time, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    users: u32,
    iterations: u64,
    length: Option<Duration>,
}

impl Schedule {
    /// One user, one iteration: a functional run.
    pub const ONCE: Self = Self::iterations(1, 1);

    /// `users` users share `iterations` iterations.
    pub const fn iterations(users: u32, iterations: u64) -> Self {
        Self::Closed(Closed {
            users,
            iterations,
            length: None,
        })
    }

    /// `users` users iterate until `length` is over.
    pub const fn lasting(users: u32, length: Duration) -> Self {
        Self::Closed(Closed {
            users,
            iterations: u64::MAX,
            length: Some(length),
        })
    }

    /// The same, and over when `length` is, whatever is left. An open profile has its own length.
    pub fn at_most(self, length: Duration) -> Self {
        match self {
            Self::Closed(closed) => Self::Closed(Closed {
                length: Some(length),
                ..closed
            }),
            open @ Self::Open(_) => open,
        }
    }

    /// Users that are made before the clock starts.
    pub const fn users(&self) -> u32 {
        match self {
            Self::Closed(closed) => closed.users,
            Self::Open(arrivals) => arrivals.users,
        }
    }

    /// The most users that there may be at once.
    pub const fn most_users(&self) -> u32 {
        match self {
            Self::Closed(closed) => closed.users,
            Self::Open(arrivals) => arrivals.max_users,
        }
    }

    /// How long iterations may begin, if that is bounded.
    pub fn length(&self) -> Option<Duration> {
        match self {
            Self::Closed(closed) => closed.length,
            Self::Open(arrivals) => Some(Duration::from_nanos(arrivals.rate.length())),
        }
    }

    /// Iterations of the whole run, if that is known beforehand.
    pub fn total(&self) -> Option<u64> {
        match self {
            Self::Closed(closed) => (closed.iterations < u64::MAX).then_some(closed.iterations),
            Self::Open(arrivals) => match arrivals.spread {
                Spread::Even => Some(arrivals.rate.total()),
                Spread::Poisson { .. } => None,
            },
        }
    }
}

impl Closed {
    /// Whether iteration `k` may begin, asked when the run is `elapsed` old.
    pub fn due(&self, k: u64, elapsed: Duration) -> Due {
        if k >= self.iterations || self.length.is_some_and(|length| elapsed >= length) {
            Due::Over
        } else {
            Due::WhenFree
        }
    }
}

/// The iterations of a load, which the users of all worker threads take one by one.
#[derive(Debug, Clone)]
pub struct Iterations {
    schedule: Closed,
    /// The number of the next iteration, if the profile has a number of iterations.
    next: Option<Arc<AtomicU64>>,
}

/// An iteration that was taken: its number in the whole run, if the profile numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// From 0.
    pub number_of_run: Option<u64>,
}

impl Iterations {
    /// All iterations of a schedule. Clones take from the same iterations.
    pub fn new(schedule: Closed) -> Self {
        Self {
            schedule,
            next: (schedule.iterations < u64::MAX).then(Arc::default),
        }
    }

    /// Takes the next iteration for a free user, when the run is `elapsed` old; `None` when none may begin any more.
    pub fn take(&self, elapsed: Duration) -> Option<Taken> {
        // The time is checked first, so that no number is taken without an iteration for it.
        if self.schedule.due(0, elapsed) == Due::Over {
            return None;
        }
        // Each user takes one number too many, so the counter never overflows. No other memory depends on it: `Relaxed`.
        let next = self.next.as_ref();
        let number_of_run = next.map(|next| next.fetch_add(1, Ordering::Relaxed));
        match self.schedule.due(number_of_run.unwrap_or(0), elapsed) {
            Due::WhenFree => Some(Taken { number_of_run }),
            Due::Over => None,
        }
    }
}

/// The share of the users that one of `workers` threads runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    worker: u32,
    workers: u32,
}

impl Share {
    /// The share of thread `worker` (from 0) of `workers`.
    pub const fn new(worker: u32, workers: u32) -> Self {
        Self {
            worker,
            workers: if workers == 0 { 1 } else { workers },
        }
    }

    /// The number, within the whole run, of this worker's `j`-th user, both from 0.
    pub const fn nth(&self, j: u64) -> u64 {
        j.saturating_mul(self.workers as u64)
            .saturating_add(self.worker as u64)
    }

    /// How many of `total` things, numbered from 0, are this worker's.
    pub const fn of(&self, total: u64) -> u64 {
        let (workers, worker) = (self.workers as u64, self.worker as u64);
        total / workers + (total % workers > worker) as u64
    }
}

/// The number of threads that a run uses: never more than users, since further threads would have nothing to do.
pub fn workers(wanted: u32, schedules: &[Schedule]) -> u32 {
    let users = schedules
        .iter()
        .fold(0u32, |sum, schedule| sum.saturating_add(schedule.most_users()));
    wanted.clamp(1, users.max(1))
}

#[cfg(test)]
mod tests;
