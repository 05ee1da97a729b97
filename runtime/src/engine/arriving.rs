//! The arrivals of an open profile on one worker: each is handed to the user that became idle last, whose memory is warm. If
//! none is idle, a new user is made as long as there may be more. Otherwise the arrival waits, or it is dropped and counted.
//!
//! A user that becomes free takes an arrival that is due by itself; only then it is idle. So nothing is kept for arrivals
//! that wait: they are the next ones of the source.

use super::timer::Timer;
use super::user::{ScenarioUsers, User};
use super::program::Worker;
use crate::context::WorkerContext;
use crate::schedule::{Arrival, Arrivals, Nanos, Segment, Source, WhenFull};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Waker;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Arrivals that are handed out before others of the thread get their turn.
const IN_A_ROW: u32 = 64;

/// How many users a scenario may still make, on all workers together.
#[derive(Debug, Clone)]
pub(super) struct Births {
    left: Arc<AtomicU32>,
    made: Arc<AtomicU32>,
}

impl Births {
    /// At most `most` users, of whom the first `before` are made before the clock starts.
    pub(super) fn new(before: u32, most: u32) -> Self {
        Self {
            left: Arc::new(AtomicU32::new(most.saturating_sub(before))),
            made: Arc::new(AtomicU32::new(before)),
        }
    }

    /// The number of one more user, from 1; `None` if there may be no more.
    fn one(&self) -> Option<u64> {
        let left = |left: u32| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            .ok()?;
        Some(u64::from(self.made.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// Where an idle user finds the arrival that it was woken for.
#[derive(Default)]
pub(super) struct Seat {
    handed: Cell<Option<Arrival>>,
    waker: Cell<Option<Waker>>,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}

impl Seat {
    /// The arrival that was handed over.
    pub(super) fn take(&self) -> Option<Arrival> {
        self.handed.take()
    }

    /// Hands an arrival over, and wakes the user.
    pub(super) fn hand(&self, arrival: Arrival) {
        self.handed.set(Some(arrival));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The arrivals of one scenario on one worker.
#[derive(Debug)]
pub(super) struct Arriving {
    source: RefCell<Source>,
    when_full: WhenFull,
    births: Births,
    idle: RefCell<Vec<Rc<Seat>>>,
    /// A user became idle, or the end has come.
    changed: Notify,
}

impl Arriving {
    /// Those of this worker.
    pub(super) fn new(arrivals: &Arrivals, births: Births, segment: Segment) -> Self {
        Self {
            source: RefCell::new(Source::new(arrivals, segment)),
            when_full: arrivals.when_full,
            births,
            idle: RefCell::default(),
            changed: Notify::new(),
        }
    }

    /// An arrival for a user that is free when the run is `elapsed` old.
    pub(super) fn take(&self, elapsed: Nanos) -> Option<Arrival> {
        self.source.borrow_mut().take(elapsed)
    }

    /// Whether no arrival is left.
    pub(super) fn is_over(&self) -> bool {
        self.source.borrow().peek().is_none()
    }

    /// A user is idle until an arrival is handed to its seat, or the end has come.
    pub(super) fn idle(&self, seat: &Rc<Seat>, waker: &Waker) {
        if seat.waker.replace(Some(waker.clone())).is_none() {
            self.idle.borrow_mut().push(Rc::clone(seat));
            self.changed.notify_one();
        }
    }

    /// Nothing is handed out any more: idle users end.
    pub(super) fn end(&self) {
        self.changed.notify_one();
        let idle = self.idle.take();
        for seat in idle {
            if let Some(waker) = seat.waker.take() {
                waker.wake();
            }
        }
    }
}

/// Hands out the arrivals of a scenario on one worker until none is left or the scenario ends.
pub(super) async fn hand_out(
    scenario: Rc<ScenarioUsers>,
    arriving: Rc<Arriving>,
    context: Rc<WorkerContext>,
    worker: Rc<dyn Worker>,
) {
    let timer = Timer::new();
    let mut in_a_row = 0;
    while scenario.begins(&context) {
        let Some(next) = arriving.source.borrow().peek() else {
            break;
        };
        let now = context.now();
        let Some(due) = scenario.begin().checked_add(Duration::from_nanos(next.due)) else {
            break;
        };
        if due > now {
            in_a_row = 0;
            until(&timer, &arriving, due).await;
            continue;
        }
        in_a_row += 1;
        if in_a_row > IN_A_ROW {
            in_a_row = 0;
            tokio::task::yield_now().await;
            continue;
        }
        let seat = arriving.idle.borrow_mut().pop();
        if let Some(seat) = seat {
            if let Some(arrival) = arriving.take(next.due) {
                seat.hand(arrival);
            }
        } else if let Some(number) = arriving.births.one() {
            let user = User::new(&context, number, &scenario);
            if let Some(arrival) = arriving.take(next.due) {
                user.hand(arrival);
            }
            tokio::task::spawn_local(Rc::clone(&worker).user(scenario.scenario(), user));
        } else {
            match arriving.when_full {
                WhenFull::Drop => {
                    if arriving.take(next.due).is_some() {
                        context.iteration_dropped(scenario.iteration_slot());
                    }
                }
                // A user that becomes free takes it.
                WhenFull::Wait => arriving.changed.notified().await,
            }
        }
    }
    arriving.end();
}

/// Completes at a moment, or earlier when the end has come.
async fn until(timer: &Timer, arriving: &Arriving, at: Instant) {
    let changed = std::pin::pin!(arriving.changed.notified());
    let time = std::pin::pin!(timer.until(at));
    futures_util::future::select(changed, time).await;
}
