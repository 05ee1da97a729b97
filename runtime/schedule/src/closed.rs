//! Closed profiles: users that take the next iteration as soon as they are free.
//!
//! A profile with a number of iterations numbers them 0, 1, 2, .. over the whole run. Any free user on any thread takes the
//! next one ([`Iterations`]), which costs one atomic operation for each iteration. A number of iterations for each user and a
//! length of time share nothing between threads.

use super::segment::Segment;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many iterations a closed profile has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// As many as its length allows.
    None,
    /// All users together.
    Shared(u64),
    /// Each user.
    PerUser(u64),
}

/// A constant number of users, bounded by a number of iterations, a length of time, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Users.
    pub users: u32,
    /// Iterations.
    pub bound: Bound,
    /// How long iterations may begin.
    pub length: Option<Duration>,
}

/// The iterations of a closed profile, which the users of all worker threads take one by one.
#[derive(Debug, Clone)]
pub struct Iterations {
    bound: Bound,
    length: Option<Duration>,
    segment: Segment,
    /// How many of this host were taken, if all users share them.
    taken: Option<Arc<AtomicU64>>,
}

/// An iteration that was taken: its number in the whole run, if the profile numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// From 0.
    pub number_of_run: Option<u64>,
}

impl Iterations {
    /// All iterations of a profile on a host, of which `segment` is the share. Clones take from the same iterations.
    pub fn new(profile: Closed, segment: Segment) -> Self {
        Self {
            bound: profile.bound,
            length: profile.length,
            segment,
            taken: matches!(profile.bound, Bound::Shared(_)).then(Arc::default),
        }
    }

    /// Takes the next iteration for a free user that has begun `before`, when the scenario is `elapsed` old; `None` when none
    /// may begin any more.
    pub fn take(&self, before: u64, elapsed: Duration) -> Option<Taken> {
        // The time is checked first, so that no number is taken without an iteration for it.
        if self.is_over(elapsed) {
            return None;
        }
        match (self.bound, &self.taken) {
            (Bound::Shared(total), Some(taken)) => {
                // Each user takes one number too many, so the counter never overflows. No other memory depends on it:
                // `Relaxed`.
                let number = self.segment.nth(taken.fetch_add(1, Ordering::Relaxed))?;
                (number < total).then_some(Taken {
                    number_of_run: Some(number),
                })
            }
            (Bound::PerUser(each), _) if before >= each => None,
            _ => Some(Taken {
                number_of_run: None,
            }),
        }
    }

    /// How many iterations that users of this host share never begin, when the scenario is `elapsed` old and its length is
    /// over. Whoever asks first is told of all of them.
    pub fn shared_left_over(&self, elapsed: Duration) -> u64 {
        match (self.bound, &self.taken) {
            (Bound::Shared(total), Some(taken)) if self.is_over(elapsed) => {
                let of_host = self.segment.of(total);
                let before = taken.fetch_max(of_host, Ordering::Relaxed);
                of_host.saturating_sub(before)
            }
            _ => 0,
        }
    }

    /// How many iterations of a user that has begun `before` never begin, when the scenario is `elapsed` old and its length
    /// is over.
    pub fn own_left_over(&self, before: u64, elapsed: Duration) -> u64 {
        match self.bound {
            Bound::PerUser(each) if self.is_over(elapsed) => each.saturating_sub(before),
            _ => 0,
        }
    }

    fn is_over(&self, elapsed: Duration) -> bool {
        self.length.is_some_and(|length| elapsed >= length)
    }
}
