//! The arrivals of an open profile on one worker: each is handed to the user that became idle last, whose memory is warm. If
//! none is idle, a new user is made as long as there may be more. Otherwise the arrival waits, or it is dropped and counted.
//!
//! A user that becomes free takes an arrival that is due by itself; only then it is idle. So nothing is kept for arrivals
//! that wait: they are the next ones of the source.

use super::program::Worker;
use super::scenario_load::Births;
use super::scenario_users::ScenarioUsers;
use super::user::User;
use crate::context::WorkerContext;
use crate::schedule::{Arrival, Arrivals, Nanos, Segment, Source, WhenFull};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;
use tokio::sync::Notify;

/// Arrivals that are handed out before others of the thread get their turn.
const IN_A_ROW: u32 = 64;

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
    /// The number of a user that this worker may make whatever others have made.
    kept: Cell<Option<u64>>,
    idle: RefCell<Vec<Rc<Seat>>>,
    /// A user became idle, or the end has come.
    changed: Notify,
}

impl Arriving {
    /// Those of a worker, whose share of the run is `segment`.
    pub(super) fn new(
        arrivals: &Arrivals,
        births: Births,
        (segment, worker): (Segment, u32),
    ) -> Self {
        Self {
            source: RefCell::new(Source::new(arrivals, segment)),
            when_full: arrivals.when_full,
            kept: Cell::new(births.kept_for(worker)),
            births,
            idle: RefCell::default(),
            changed: Notify::new(),
        }
    }

    /// An arrival for a user that is free when the scenario is `elapsed` old.
    pub(super) fn take(&self, elapsed: Nanos) -> Option<Arrival> {
        self.source.borrow_mut().take(elapsed)
    }

    /// Whether no arrival is left.
    pub(super) fn is_over(&self) -> bool {
        self.source.borrow().peek().is_none()
    }

    /// Whether there was somebody else who could have taken an arrival: then it waited for this program and not for a user.
    pub(super) fn has_room(&self) -> bool {
        !self.idle.borrow().is_empty() || self.kept.get().is_some() || self.births.may_be_more()
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

    /// The number of one more user, if there may be one.
    fn one_more(&self) -> Option<u64> {
        self.kept.take().or_else(|| self.births.one())
    }

    /// Takes what is due when the scenario is `elapsed` old and was never begun; returns how many these are.
    fn left_over(&self, elapsed: Nanos) -> u64 {
        let mut source = self.source.borrow_mut();
        std::iter::from_fn(|| source.take(elapsed)).count() as u64
    }
}

/// Hands out the arrivals of a scenario on one worker until none is left or the scenario ends.
pub(super) async fn hand_out(
    users: &Rc<ScenarioUsers>,
    arriving: &Rc<Arriving>,
    context: &Rc<WorkerContext>,
    worker: &Rc<dyn Worker>,
) {
    let mut in_a_row = 0;
    while users.begins() {
        let next = arriving.source.borrow().peek();
        let Some(next) = next else {
            break;
        };
        let Some(due) = users.begin().checked_add(Duration::from_nanos(next.due)) else {
            break;
        };
        if due > context.now() {
            in_a_row = 0;
            users.until(due).await;
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
        } else if let Some(number) = arriving.one_more() {
            let user = User::new(context, number, users);
            if let Some(arrival) = arriving.take(next.due) {
                user.hand(arrival);
            }
            tokio::task::spawn_local(Rc::clone(worker).user(users.scenario(), user));
        } else {
            match arriving.when_full {
                WhenFull::Drop => {
                    if let Some(arrival) = arriving.take(next.due) {
                        context.iteration_dropped(users.slots_at(arrival.due).iterations);
                    }
                }
                // A user that becomes free takes it.
                WhenFull::Wait => arriving.changed.notified().await,
            }
        }
    }
    arriving.end();
}

/// Counts arrivals that were due and never begun, when nothing begins any more.
pub(super) fn count_left_over(
    users: &ScenarioUsers,
    arriving: &Arriving,
    context: &WorkerContext,
) {
    let left_over = arriving.left_over(users.elapsed(context.now()));
    context.iterations_not_started(users.slots_at(Nanos::MAX).iterations, left_over);
}
