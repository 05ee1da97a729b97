//! Waits for a moment more exactly than tokio's timer, which knows whole milliseconds only.
//!
//! A timerfd wakes the thread, some tens of microseconds late: as late as the host takes to wake a core that sleeps. Where a core
//! is free for it, it is set earlier by that much, and the rest is spent in turns of the event loop, so that I/O goes on.

use crate::metrics::Spun;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::cell::Cell;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use tokio::net::unix::pipe::Receiver;

/// How much earlier than asked for a timerfd is set, where the rest is spun: as much as all but one of a hundred wakes are late.
///
/// Each wake moves the estimate: one that came in time by a step down, one that was late by 99 steps up. So it comes to rest
/// where one of a hundred is late.
#[derive(Debug)]
pub(super) struct Early(Cell<Duration>);

impl Early {
    const LEAST: Duration = Duration::from_micros(20);
    /// A thread that is woken later than this waits for a core and not for its waking: spinning longer would not help.
    const MOST: Duration = Duration::from_micros(150);
    const STEP: Duration = Duration::from_nanos(50);

    /// How early a timerfd is set.
    fn length(&self) -> Duration {
        self.0.get()
    }

    /// A timerfd woke the thread so much later than it was set for.
    fn woken(&self, late: Duration) {
        let length = self.length();
        let length = if late > length {
            length + 99 * Self::STEP
        } else {
            length.saturating_sub(Self::STEP)
        };
        self.0.set(length.clamp(Self::LEAST, Self::MOST));
    }
}

impl Default for Early {
    fn default() -> Self {
        Self(Cell::new(Duration::from_micros(60)))
    }
}

/// Whether a worker may spin for the last microseconds before a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spin {
    /// It sleeps to the end.
    Off,
    /// It turns the event loop until the moment has come.
    On,
}

/// The timer of a worker.
#[derive(Debug)]
pub(super) enum Timer {
    /// Tokio's: what tests can stop.
    Coarse,
    /// The kernel's.
    Exact(KernelTimer, Spin, Spun, Early),
}

impl Timer {
    /// The kernel's, if it gives one.
    pub(super) fn new(spin: Spin, spun: Spun) -> Self {
        KernelTimer::new().map_or(Self::Coarse, |timer| {
            Self::Exact(timer, spin, spun, Early::default())
        })
    }

    /// Its clock.
    pub(super) fn now(&self) -> Instant {
        match self {
            Self::Coarse => tokio::time::Instant::now().into_std(),
            Self::Exact(..) => Instant::now(),
        }
    }

    /// Completes at a moment.
    pub(super) async fn until(&self, at: Instant) {
        let Self::Exact(timer, spin, spun, early) = self else {
            tokio::time::sleep_until(at.into()).await;
            return;
        };
        let ahead = match spin {
            Spin::On => early.length(),
            Spin::Off => Duration::ZERO,
        };
        let now = Instant::now();
        let rest = at.saturating_duration_since(now);
        if let Some(length) = rest.checked_sub(ahead).filter(|rest| !rest.is_zero()) {
            match timer.wait(length).await {
                Ok(()) => early.woken(now.elapsed().saturating_sub(length)),
                Err(_) => tokio::time::sleep_until(at.into()).await,
            }
        }
        // What else the thread does in this time counts as spun too: it is at most this long.
        let spins = at.saturating_duration_since(Instant::now());
        while Instant::now() < at {
            tokio::task::yield_now().await;
        }
        if !spins.is_zero() {
            spun.add(spins);
        }
    }
}

/// A timerfd.
#[derive(Debug)]
pub(super) struct KernelTimer {
    timer: TimerFd,
    /// Where the event loop hears of it. (tokio's own reader of file descriptors asks for `unsafe`, and its reader of pipes
    /// does the same without.)
    expired: Receiver,
}

impl KernelTimer {
    fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        let expired = Receiver::from_owned_fd_unchecked(timer.as_fd().try_clone_to_owned()?)?;
        Ok(Self { timer, expired })
    }

    /// `length` must not be zero: that would stop the timer.
    async fn wait(&self, length: Duration) -> io::Result<()> {
        let once = Expiration::OneShot(TimeSpec::from_duration(length));
        self.timer.set(once, TimerSetTimeFlags::empty())?;
        // How often it has expired.
        let mut expired = [0; 8];
        loop {
            self.expired.readable().await?;
            match self.expired.try_read(&mut expired) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read.map(drop),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_set_as_early_as_all_but_one_of_a_hundred_wakes_are_late() {
        let early = Early::default();
        // Evenly spread from 0 to 100 microseconds, in an order that no length of turns repeats.
        let wakes = (0..40_000).map(|wake| Duration::from_nanos(wake * 61_803 % 100_000));
        let late = wakes.map(|late| {
            let is_late = late > early.length();
            early.woken(late);
            is_late
        });
        // The first of them are learnt from.
        let late = late.skip(20_000).filter(|is_late| *is_late).count();
        assert!((150..=250).contains(&late), "{late} of 20,000 were late");
        // A host that wakes at once needs hardly any, and one that has no core to give gets no more for it.
        (0..20_000).for_each(|_| early.woken(Duration::ZERO));
        assert_eq!(early.length(), Early::LEAST);
        (0..200).for_each(|_| early.woken(Duration::from_millis(9)));
        assert_eq!(early.length(), Early::MOST);
    }
}
