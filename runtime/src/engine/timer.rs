//! Waits for a moment more exactly than tokio's timer, which knows whole milliseconds only.
//!
//! A timerfd wakes the thread, some tens of microseconds late. Where a core is free for it, it is set early, and the rest is
//! spent in turns of the event loop, so that I/O goes on.

use crate::metrics::Spun;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::time::{Duration, Instant};
use tokio::net::unix::pipe::Receiver;

/// How much earlier than asked for a timerfd is set, where the rest is spun.
const EARLY: Duration = Duration::from_micros(60);

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
    /// (tokio's own reader of file descriptors asks for `unsafe`, and its reader of pipes does the same without.)
    Exact(Receiver, Spin, Spun),
}

impl Timer {
    /// The kernel's, if it gives one.
    pub(super) fn new(spin: Spin, spun: Spun) -> Self {
        Self::exact().map_or(Self::Coarse, |timer| Self::Exact(timer, spin, spun))
    }

    fn exact() -> io::Result<Receiver> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        Receiver::from_owned_fd_unchecked(timer)
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
        let Self::Exact(timer, spin, spun) = self else {
            tokio::time::sleep_until(at.into()).await;
            return;
        };
        let early = match spin {
            Spin::On => EARLY,
            Spin::Off => Duration::ZERO,
        };
        // How much it had yet to wait when it began to spin. What else the thread did in that time counts as spun too: it is
        // at most this long.
        let mut spins = None;
        loop {
            let rest = at.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                if let Some(length) = spins {
                    spun.add(length);
                }
                return;
            }
            match rest.checked_sub(early).filter(|rest| !rest.is_zero()) {
                Some(length) => {
                    if wait(timer, length).await.is_err() {
                        tokio::time::sleep_until(at.into()).await;
                    }
                }
                None => {
                    spins.get_or_insert(rest);
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

async fn wait(timer: &Receiver, length: Duration) -> io::Result<()> {
    let once = Itimerspec {
        it_interval: Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        },
        it_value: Timespec {
            tv_sec: i64::try_from(length.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(length.subsec_nanos()),
        },
    };
    timerfd_settime(timer, TimerfdTimerFlags::empty(), &once)?;
    // How often it has expired.
    let mut expired = [0; 8];
    loop {
        timer.readable().await?;
        match timer.try_read(&mut expired) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read.map(drop),
        }
    }
}
