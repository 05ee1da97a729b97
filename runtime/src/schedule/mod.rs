//! Load profiles as pure functions: profile and number of an iteration -> whether and when it may begin.
//!
//! Iterations of a whole run are numbered 0, 1, 2, ..; number k belongs to worker k mod W ([`Share`]), so no thread asks
//! another one what is left, and a total is kept exactly. The engine has one loop (`User::next`), which asks
//! [`Schedule::due`]. Today's profiles are closed: an iteration is due when a user is free. A profile of arrivals is one
//! more variant of [`Due`] that carries its moment.

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

    /// The number, within the whole run, of this worker's `j`-th iteration (or user), both from 0.
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

/// Threads that a run uses: never more than users, or a thread would hold iterations that nobody takes.
pub fn workers(wanted: u32, schedule: &Schedule) -> u32 {
    wanted.clamp(1, schedule.users().max(1))
}

#[cfg(test)]
mod tests;
