//! The clock of a worker, as whole nanoseconds. A [`Moment`] takes half the bytes of an [`Instant`], which counts for every idle
//! user, and the time between two of them is one subtraction.

use bggo_schedule::{Nanos, nanos};
use std::cell::Cell;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::time::{Duration, Instant};

/// The number of the moment at which a clock was made. Far from zero, so that moments before it have numbers too.
const ORIGIN: u64 = 1 << 62;

/// A moment of the clock of one worker: nanoseconds, of which none is the zeroth, so that no moment takes no room of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(NonZeroU64);

impl Moment {
    #[inline]
    fn numbered(number: u64) -> Self {
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// How long after another moment it is; zero if it is not.
    #[inline]
    pub fn since(self, other: Self) -> Nanos {
        self.0.get().saturating_sub(other.0.get())
    }

    /// So long before it.
    #[inline]
    pub fn before(self, nanos: Nanos) -> Self {
        Self::numbered(self.0.get().saturating_sub(nanos))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    /// So long after it, or the last moment that there can be.
    #[inline]
    fn add(self, time: Duration) -> Self {
        Self::numbered(self.0.get().saturating_add(nanos(time)))
    }
}

impl Sub for Moment {
    type Output = Duration;

    /// How long after another moment it is; zero if it is not.
    #[inline]
    fn sub(self, other: Self) -> Duration {
        Duration::from_nanos(self.since(other))
    }
}

/// The clock of a worker.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    last: Cell<Moment>,
}

impl Clock {
    /// One whose moments are counted from now.
    pub(crate) fn new() -> Self {
        Self {
            origin: instant(),
            last: Cell::new(Moment::numbered(ORIGIN)),
        }
    }

    /// The time.
    pub(crate) fn read(&self) -> Instant {
        let now = instant();
        self.last.set(self.at(now));
        now
    }

    /// The time when it was read last. It costs no look at the clock, and is never later than the time.
    pub(crate) fn last(&self) -> Moment {
        self.last.get()
    }

    /// The moment that is now.
    pub(crate) fn now(&self) -> Moment {
        let now = self.at(instant());
        self.last.set(now);
        now
    }

    /// How long after its origin a moment is; zero if it is not.
    pub(crate) fn nanos_at(moment: Moment) -> Nanos {
        moment.0.get().saturating_sub(ORIGIN)
    }

    /// The instant so long after its origin; `None` of one that it cannot hold.
    pub(crate) fn instant_after(&self, nanos: Nanos) -> Option<Instant> {
        self.origin.checked_add(Duration::from_nanos(nanos))
    }

    /// The same moment by this clock.
    pub(crate) fn at(&self, instant: Instant) -> Moment {
        Moment::numbered(match instant.checked_duration_since(self.origin) {
            Some(after) => ORIGIN.saturating_add(nanos(after)),
            None => ORIGIN.saturating_sub(nanos(self.origin.saturating_duration_since(instant))),
        })
    }

    /// The same moment by the system's clock; `None` of one that it cannot hold.
    pub(crate) fn instant_of(&self, moment: Moment) -> Option<Instant> {
        let number = moment.0.get();
        match number.checked_sub(ORIGIN) {
            Some(after) => self.instant_after(after),
            None => self
                .origin
                .checked_sub(Duration::from_nanos(ORIGIN - number)),
        }
    }
}

/// The time by tokio's clock, which tests can stop. It is the system's monotonic clock otherwise.
pub(crate) fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_the_instant_that_it_was_made_of() {
        let clock = Clock::new();
        for seconds in [0, 1, 3_600] {
            let away = Duration::new(seconds, 7);
            let (after, before) = (clock.origin + away, clock.origin - away);
            let (late, early) = (clock.at(after), clock.at(before));
            assert_eq!(clock.instant_of(late), Some(after));
            assert_eq!(clock.instant_of(early), Some(before));
            assert_eq!(late.since(early), 2 * nanos(away));
            assert_eq!(early.since(late), 0);
            assert_eq!(late.before(2 * nanos(away)), early);
        }
        assert_eq!(size_of::<Option<Moment>>(), 8);
    }

    #[test]
    fn a_length_beyond_the_nanoseconds_is_the_longest() {
        assert_eq!(nanos(Duration::new(3, 5)), 3_000_000_005);
        assert_eq!(nanos(Duration::MAX), Nanos::MAX);
    }
}
