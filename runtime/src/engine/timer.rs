//! Waits for a moment more exactly than tokio's timer, which knows whole milliseconds only.
//!
//! A timerfd wakes the thread a little early, within some tens of microseconds. The rest is spent in turns of the event loop,
//! so that I/O goes on, where the core is free for it.

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;

/// How much earlier than asked for a timerfd is set.
const EARLY: Duration = Duration::from_micros(60);

/// The timer of one dispatcher.
#[derive(Debug)]
pub(super) enum Timer {
    /// Tokio's: what tests can stop.
    Coarse,
    /// The kernel's.
    Exact(AsyncFd<OwnedFd>),
}

impl Timer {
    /// The kernel's, if it gives one.
    pub(super) fn new() -> Self {
        Self::exact().map_or(Self::Coarse, Self::Exact)
    }

    fn exact() -> io::Result<AsyncFd<OwnedFd>> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        AsyncFd::new(timer)
    }

    /// Completes at a moment.
    pub(super) async fn until(&self, at: Instant) {
        let Self::Exact(timer) = self else {
            tokio::time::sleep_until(at.into()).await;
            return;
        };
        let rest = at.saturating_duration_since(Instant::now());
        if let Some(coarse) = rest.checked_sub(EARLY).filter(|rest| !rest.is_zero())
            && wait(timer, coarse).await.is_err()
        {
            tokio::time::sleep_until(at.into()).await;
        }
        while Instant::now() < at {
            tokio::task::yield_now().await;
        }
    }
}

async fn wait(timer: &AsyncFd<OwnedFd>, length: Duration) -> io::Result<()> {
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
    loop {
        let mut ready = timer.readable().await?;
        let mut expired = [0; 8];
        match ready.try_io(|timer| Ok(rustix::io::read(timer, &mut expired)?)) {
            Ok(read) => return read.map(drop),
            Err(_) => continue,
        }
    }
}
