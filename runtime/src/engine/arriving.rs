//! The arrivals of an open profile on one worker, and the users that are idle.
//!
//! A user that becomes free takes an arrival that is due by itself; only then it is idle. So nothing is kept for arrivals
//! that wait: they are the next ones of the source.

use super::scenario_load::Births;
use crate::shutdown::SearchedRate;
use bggo_schedule::{Arrival, Arrivals, Nanos, Rate, Segment, Source, WhenFull};
use futures_util::future::select;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use tokio::sync::Notify;

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

    /// Whether its user waits to be handed an arrival.
    pub(super) fn is_idle(&self) -> bool {
        let waker = self.waker.take();
        let is_idle = waker.is_some();
        self.waker.set(waker);
        is_idle
    }

    /// Hands an arrival over, and wakes the user.
    pub(super) fn hand(&self, arrival: Arrival) {
        self.handed.set(Some(arrival));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Whether arrivals may be decided later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    /// All are known beforehand.
    No,
    /// A search decides them.
    Perhaps,
}

/// The arrivals of one scenario on one worker.
#[derive(Debug)]
pub(super) struct Arriving {
    source: RefCell<Source>,
    /// Whether further arrivals may be decided later, by a search.
    more: Cell<bool>,
    /// The rate that it has, of a search.
    rate: RefCell<Arc<Rate>>,
    when_full: WhenFull,
    births: Births,
    /// The number of a user that this worker may make whatever others have made.
    kept: Cell<Option<u64>>,
    /// Users of this worker: those that were made or are kept.
    users: Cell<u32>,
    /// Whether whoever hands out waits because there may be no more users.
    is_full: Cell<bool>,
    /// When it stopped waiting last.
    room_since: Cell<Nanos>,
    idle: RefCell<Vec<Rc<Seat>>>,
    /// A user became idle, or the end has come.
    changed: Notify,
}

impl Arriving {
    /// Those of a worker, whose share of the run is `segment`, and which makes `before` users before the clock starts.
    pub(super) fn new(
        (arrivals, more): (&Arrivals, More),
        (births, before): (Births, u32),
        (segment, worker): (Segment, u32),
        seed: u64,
    ) -> Self {
        Self {
            source: RefCell::new(Source::new(arrivals, segment, seed)),
            more: Cell::new(more == More::Perhaps),
            rate: RefCell::new(Arc::clone(&arrivals.rate)),
            when_full: arrivals.when_full,
            kept: Cell::new(births.kept_for(worker)),
            users: Cell::new(before.max(1)),
            is_full: Cell::new(false),
            room_since: Cell::new(0),
            births,
            idle: RefCell::default(),
            changed: Notify::new(),
        }
    }

    /// The same without what has this number in the run or a higher one.
    pub(super) fn ending_before(self, number: Option<u64>) -> Self {
        if let Some(number) = number {
            self.source.borrow_mut().ends_before(number);
        }
        self
    }

    /// The search of its rate has gone on.
    pub(super) fn goes_on(&self, searched: &SearchedRate) {
        let before = self.rate.replace(Arc::clone(&searched.rate));
        if !Arc::ptr_eq(&before, &searched.rate) {
            let rate = Arc::clone(&searched.rate);
            self.source.borrow_mut().goes_on(rate);
        }
        self.more.set(!searched.is_whole);
        // Whoever hands out looks again.
        self.changed.notify_one();
    }

    /// An arrival for a user that is free when the scenario is `elapsed` old.
    pub(super) fn take(&self, elapsed: Nanos) -> Option<Arrival> {
        let mut source = self.source.borrow_mut();
        let taken = source.take(elapsed)?;
        if source.peek().is_none() {
            // Whoever hands out need not wait for a user any more.
            self.changed.notify_one();
        }
        Some(taken)
    }

    /// The next arrival.
    pub(super) fn peek(&self) -> Option<Arrival> {
        self.source.borrow().peek()
    }

    /// What becomes of an arrival that no user can take.
    pub(super) fn when_full(&self) -> WhenFull {
        self.when_full
    }

    /// The user that became idle last, which is idle no more.
    pub(super) fn last_idle(&self) -> Option<Rc<Seat>> {
        self.idle.borrow_mut().pop()
    }

    /// Completes when a user became idle, when there may be one more, or when there is nothing to be handed out any more.
    pub(super) async fn until_changed(&self) {
        self.is_full.set(true);
        let more = pin!(self.births.until_may_be_more());
        select(pin!(self.changed.notified()), more).await;
        self.is_full.set(false);
    }

    /// Completes when further arrivals may have been decided, or when there is nothing to be handed out any more.
    pub(super) async fn until_decided(&self) {
        self.changed.notified().await;
    }

    /// Whether no arrival is left, and none will be decided.
    pub(super) fn is_over(&self) -> bool {
        !self.more.get() && self.source.borrow().peek().is_none()
    }

    /// Whether it ended before its time, because no row is left for what would come.
    pub(super) fn has_no_rows(&self) -> bool {
        self.source.borrow().is_cut()
    }

    /// Whether there was somebody else who could have taken an arrival: then it waited for this program and not for a user.
    pub(super) fn has_room(&self) -> bool {
        // While nobody could have been made, a place that was given back this moment was none.
        !self.idle.borrow().is_empty()
            || self.kept.get().is_some()
            || (!self.is_full.get() && self.births.may_be_more())
    }

    /// There is room again when the scenario is `elapsed` old.
    pub(super) fn note_room(&self, elapsed: Nanos) {
        self.room_since.set(elapsed);
    }

    /// How long what was due then waited until there was room.
    pub(super) fn waited_for_room(&self, due: Nanos) -> Nanos {
        self.room_since.get().saturating_sub(due)
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
    pub(super) fn one_more(&self) -> Option<u64> {
        self.kept.take().or_else(|| {
            let number = self.births.one()?;
            self.users.set(self.users.get() + 1);
            Some(number)
        })
    }

    /// One of its users is gone, while arrivals go on: another one may have its place.
    pub(super) fn gives_place_back(&self) {
        self.users.set(self.users.get().saturating_sub(1));
        self.births.give_back(1);
        self.changed.notify_one();
    }

    /// All its users are gone: others may have their places.
    pub(super) fn gives_places_back(&self) {
        self.births.give_back(self.users.take());
    }

    /// Takes what is due when the scenario is `elapsed` old and was never begun; returns how many these are.
    pub(super) fn left_over(&self, elapsed: Nanos) -> u64 {
        self.source.borrow_mut().take_all(elapsed)
    }
}
