//! When the iterations of a scenario begin: what the profiles come to.

use super::arrivals::{Arrivals, Spread};
use super::closed::{Bound, Closed};
use super::ramp::Ramp;
use super::rate::nanos;
use super::search::Search;
use std::sync::Arc;
use std::time::Duration;

/// When the iterations of a scenario begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// A constant number of users, each of which iterates as soon as it is free.
    Closed(Closed),
    /// A number of users that changes over time.
    Ramping(Arc<Ramp>),
    /// Iterations that are due at moments of their own.
    Open(Arrivals),
    /// The same, at a rate that follows from how a threshold does.
    Search(Box<Search>),
}

impl Schedule {
    /// One user, one iteration: a functional run.
    pub const ONCE: Self = Self::iterations(1, 1);

    /// `users` users share `iterations` iterations.
    pub const fn iterations(users: u32, iterations: u64) -> Self {
        Self::Closed(Closed {
            users,
            bound: Bound::Shared(iterations),
            length: None,
        })
    }

    /// `users` users iterate until `length` is over.
    pub const fn lasting(users: u32, length: Duration) -> Self {
        Self::Closed(Closed {
            users,
            bound: Bound::None,
            length: Some(length),
        })
    }

    /// The same, and over when `length` is, whatever is left. All but profiles of iterations have a length of their own.
    pub fn at_most(self, length: Duration) -> Self {
        match self {
            Self::Closed(closed) => Self::Closed(Closed {
                length: Some(length),
                ..closed
            }),
            other => other,
        }
    }

    /// Users that are made when the scenario begins.
    pub fn users(&self) -> u32 {
        match self {
            Self::Closed(closed) => closed.users,
            Self::Ramping(ramp) => ramp.at(0),
            Self::Open(arrivals) => arrivals.users,
            Self::Search(search) => search.arrivals.users,
        }
    }

    /// The most users that there may be at once.
    pub fn most_users(&self) -> u32 {
        match self {
            Self::Closed(closed) => closed.users,
            Self::Ramping(ramp) => ramp.most(),
            Self::Open(arrivals) => arrivals.max_users,
            Self::Search(search) => search.arrivals.max_users,
        }
    }

    /// How long iterations may begin, if that is known beforehand.
    pub fn length(&self) -> Option<Duration> {
        match self {
            Self::Closed(closed) => closed.length,
            Self::Ramping(ramp) => Some(Duration::from_nanos(ramp.length())),
            Self::Open(arrivals) => Some(Duration::from_nanos(arrivals.rate.length())),
            Self::Search(_) => None,
        }
    }

    /// Iterations of the whole run, if that is known beforehand. How many come by chance is not.
    pub fn total(&self) -> Option<u64> {
        match self {
            Self::Closed(closed) => match closed.bound {
                Bound::None => None,
                Bound::Shared(total) => Some(total),
                Bound::PerUser(each) => Some(each.saturating_mul(closed.users.into())),
            },
            Self::Ramping(_) | Self::Search(_) => None,
            Self::Open(arrivals) => match arrivals.spread {
                Spread::Even => Some(arrivals.rate.total()),
                Spread::Poisson => None,
            },
        }
    }

    /// How many iterations are due up to and with a moment since its start, of a profile whose iterations are due at moments
    /// of their own that are known beforehand: in the mean where they come by chance.
    pub fn due_by(&self, at: Duration) -> Option<u64> {
        let at = nanos(at);
        match self {
            Self::Closed(_) | Self::Ramping(_) | Self::Search(_) => None,
            Self::Open(arrivals) => Some(arrivals.rate.count(at.min(arrivals.rate.length()))),
        }
    }

    /// Whether iterations are due at moments of their own.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_) | Self::Search(_))
    }

    /// The arrivals of an open profile; of a search those of its first step.
    pub fn arrivals(&self) -> Option<&Arrivals> {
        match self {
            Self::Open(arrivals) => Some(arrivals),
            Self::Search(search) => Some(&search.arrivals),
            Self::Closed(_) | Self::Ramping(_) => None,
        }
    }

    /// The search, if it is one.
    pub fn search(&self) -> Option<&Search> {
        match self {
            Self::Search(search) => Some(search),
            Self::Closed(_) | Self::Ramping(_) | Self::Open(_) => None,
        }
    }
}

/// The number of threads that a run uses: never more than users, since further threads would have nothing to do.
pub fn workers<'a>(wanted: u32, schedules: impl Iterator<Item = &'a Schedule>) -> u32 {
    let users = schedules.map(Schedule::most_users);
    wanted.clamp(1, users.fold(0, u32::saturating_add).max(1))
}
