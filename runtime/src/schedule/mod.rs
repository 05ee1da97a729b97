//! Load profiles as pure functions: profile and number of an iteration -> whether and when it may begin.
//!
//! Users are dealt out to the workers beforehand ([`Share`]). A profile with a number of iterations numbers them 0, 1, 2,
//! .. over the whole run, and whichever user is free takes the next one, on any thread ([`Iterations`]): one atomic
//! operation an iteration. A profile with a length only asks the clock and shares nothing between threads. The engine has
//! one loop (`User::next`). Today's profiles are closed: an iteration is due when a user is free. A profile of arrivals is
//! one more variant of [`Due`] that carries its moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// When an iteration may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// As soon as a user is free for it: a closed profile.
    WhenFree,
    /// There is no such iteration, or its time is over.
    Over,
}

/// A closed profile: a constant number of users, bounded by a number of iterations, a length of time, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    users: u32,
    iterations: u64,
    length: Option<Duration>,
}

impl Schedule {
    /// One user, one iteration: a functional run.
    pub const ONCE: Self = Self {
        users: 1,
        iterations: 1,
        length: None,
    };

    /// `users` users share `iterations` iterations.
    pub const fn iterations(users: u32, iterations: u64) -> Self {
        Self {
            users,
            iterations,
            length: None,
        }
    }

    /// `users` users iterate until `length` is over.
    pub const fn lasting(users: u32, length: Duration) -> Self {
        Self {
            users,
            iterations: u64::MAX,
            length: Some(length),
        }
    }

    /// The same, and over when `length` is, whatever is left.
    pub const fn at_most(self, length: Duration) -> Self {
        Self {
            length: Some(length),
            ..self
        }
    }

    /// Users of the whole run.
    pub const fn users(&self) -> u32 {
        self.users
    }

    /// How long iterations may begin, if that is bounded.
    pub const fn length(&self) -> Option<Duration> {
        self.length
    }

    /// Iterations of the whole run, if that is bounded.
    pub const fn total(&self) -> Option<u64> {
        if self.iterations == u64::MAX {
            None
        } else {
            Some(self.iterations)
        }
    }

    /// When iteration `k` may begin, asked when the run is `elapsed` old.
    pub fn due(&self, k: u64, elapsed: Duration) -> Due {
        if k >= self.iterations || self.length.is_some_and(|length| elapsed >= length) {
            Due::Over
        } else {
            Due::WhenFree
        }
    }
}

/// The iterations of a load, as the users of all worker threads take them.
#[derive(Debug, Clone)]
pub struct Iterations {
    schedule: Schedule,
    /// The number of the next one, where the profile has a number of iterations.
    next: Option<Arc<AtomicU64>>,
}

/// An iteration that was taken: its number over the run, where the profile numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// From 0.
    pub number_of_run: Option<u64>,
}

impl Iterations {
    /// All of a schedule. Its clones take from the same ones.
    pub fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            next: schedule.total().map(|_| Arc::default()),
        }
    }

    /// Whose they are.
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Takes the next one for a user who is free when the run is `elapsed` old; `None` when none may begin any more.
    pub fn take(&self, elapsed: Duration) -> Option<Taken> {
        // Asked before a number is taken: one that is taken has its iteration.
        if self.schedule.due(0, elapsed) == Due::Over {
            return None;
        }
        // Each user takes one too many, so the counter never comes near its end. It orders nothing else.
        let next = self.next.as_ref();
        let number_of_run = next.map(|next| next.fetch_add(1, Ordering::Relaxed));
        match self.schedule.due(number_of_run.unwrap_or(0), elapsed) {
            Due::WhenFree => Some(Taken { number_of_run }),
            Due::Over => None,
        }
    }
}

/// What one of `workers` threads does of a run.
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

/// Threads that a run uses: never more than users, for the others would have nothing to do.
pub fn workers(wanted: u32, schedules: &[Schedule]) -> u32 {
    let users = schedules
        .iter()
        .fold(0u32, |sum, schedule| sum.saturating_add(schedule.users()));
    wanted.clamp(1, users.max(1))
}

#[cfg(test)]
mod tests;
