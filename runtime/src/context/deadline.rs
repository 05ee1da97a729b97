//! Time limits of a worker: there are many, they are set again and again, and hardly one is ever reached.
//!
//! ```text
//! Deadline -set-> a place in the wheel of Deadlines <-turned by- one task of the worker, which sleeps from bucket to bucket
//!          '----> tokio's timer, if it is less than 100 ms away
//! ```
//!
//! The wheel has a bucket for each tick of about 8.4 ms. A place stands in one bucket at most, the one of its moment or an earlier
//! one. So a place that is set to a later moment stays where it is, and is moved when its bucket comes; and one that is set to
//! none stays until then as well. A request whose limit is not reached costs no more than that its moment is written down.

use crate::clock::{Clock, Moment};
use crate::task;
use bggo_schedule::Nanos;
use futures_util::future::select;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::Sleep;

/// A tick has so many bits of nanoseconds: 8.39 ms.
const TICK: u32 = 23;
/// Buckets of the wheel. A place whose moment is further away than one turn (34 s) is looked at once a turn.
const BUCKETS: u32 = 4096;
/// What is closer than this takes tokio's timer, which is late by at most two milliseconds.
const SHORT: Nanos = 100_000_000;
/// Places that are looked at before the other tasks of the thread get their turn.
const AT_ONCE: u32 = 4096;

/// Number of a place.
type Key = u32;
/// No place: the first one of the wheel, which nobody is given.
const NOWHERE: Key = 0;

/// Instead of the tick of a place: it has none.
const UNSET: u32 = 0;
/// Instead of the tick of a place: its moment has passed.
const PASSED: u32 = 1;
/// The tick at which the clock of the worker begins.
const FIRST: u32 = 2;

/// A time limit that is set, taken back and set again, for one operation after the other. It belongs to its worker thread, and
/// holds a place there as long as it lives, so keep it with what it is a limit of.
///
/// It is never early. A limit of 100 ms or more is late by at most 17 ms, and costs no timer, no allocation and no system call;
/// a shorter one is a timer of its own, and late by at most two milliseconds. (How long it is counts from the last look at the
/// clock of the run.)
pub struct Deadline {
    all: Rc<Deadlines>,
    kept: Kept,
}

/// Where a deadline is kept. Eight bytes, because every idle user has some.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// It was never set.
    Nowhere,
    /// In the wheel.
    Place(Key),
    /// The number of a timer, and whether it is set.
    Timer(u32, IsSet),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IsSet {
    No,
    Yes,
}

impl Deadline {
    /// A limit that is set when so much is left is exact, and one that is so much before a moment never comes behind it.
    pub(crate) const LAST_MOMENTS: Duration = Duration::from_millis(80);

    pub(super) fn new(all: &Rc<Deadlines>) -> Self {
        Self {
            all: Rc::clone(all),
            kept: Kept::Nowhere,
        }
    }

    /// It passes at a moment of the clock of the run; whatever it was before.
    pub fn set(&mut self, at: Moment) {
        if at.since(self.all.clock.last()) < SHORT {
            self.set_timer(at);
            return;
        }
        let key = match self.kept {
            Kept::Place(key) => key,
            Kept::Nowhere | Kept::Timer(..) => {
                let key = self.all.wheel.borrow_mut().take();
                self.kept = Kept::Place(key);
                key
            }
        };
        self.all.set(key, at);
    }

    /// Looks at the clock of the run, from which it counts how far away a moment is that is set.
    pub(crate) fn look_at_clock(&self) {
        self.all.clock.now();
    }

    /// It does not pass until it is set again.
    pub fn clear(&mut self) {
        match &mut self.kept {
            Kept::Nowhere => {}
            Kept::Place(key) => self.all.wheel.borrow_mut().place(*key).due = UNSET,
            Kept::Timer(_, is_set) => *is_set = IsSet::No,
        }
    }

    /// Whether it has passed, until it is set again. The waker is kept where the answer is no: that of the last call is woken. A
    /// deadline that is not set wakes nobody.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.kept {
            Kept::Place(key) => self.all.poll(*key, cx),
            Kept::Timer(number, IsSet::Yes) => self.all.poll_timer(*number, cx),
            Kept::Nowhere | Kept::Timer(_, IsSet::No) => Poll::Pending,
        }
    }

    #[cold]
    fn set_timer(&mut self, at: Moment) {
        // One that no instant can hold is not this close.
        let Some(at) = self.all.clock.instant_of(at) else {
            return;
        };
        if let Kept::Timer(number, is_set) = &mut self.kept {
            self.all.with_timer(*number, |sleep| sleep.reset(at.into()));
            *is_set = IsSet::Yes;
            return;
        }
        self.leave();
        let sleep = Box::pin(tokio::time::sleep_until(at.into()));
        let number = self.all.timers.borrow_mut().insert(Some(sleep));
        // More than four billion of them would not fit into memory.
        self.kept = Kept::Timer(number as u32, IsSet::Yes);
    }

    /// Gives its place back.
    fn leave(&mut self) {
        // What is dropped here is not while it is borrowed: with a waker its task may go, and with that other deadlines.
        match std::mem::replace(&mut self.kept, Kept::Nowhere) {
            Kept::Nowhere => {}
            Kept::Place(key) => {
                let waker = self.all.wheel.borrow_mut().give_back(key);
                drop(waker);
            }
            Kept::Timer(number, _) => {
                let timer = self.all.timers.borrow_mut().try_remove(number as usize);
                drop(timer);
            }
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline")
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

/// The deadlines of a worker.
#[derive(Debug)]
pub(super) struct Deadlines {
    clock: Rc<Clock>,
    wheel: RefCell<Wheel>,
    /// The timers of those that are not in the wheel. One is away while it is polled.
    timers: RefCell<Slab<Option<Pin<Box<Sleep>>>>>,
    /// The first tick for which the task that turns the wheel is to be woken.
    wakes_for: Cell<u32>,
    /// A place stands before that tick.
    changed: Notify,
    /// The task that turns the wheel is there.
    is_turned: Cell<bool>,
}

impl Deadlines {
    pub(super) fn new(clock: &Rc<Clock>) -> Self {
        Self {
            clock: Rc::clone(clock),
            wheel: RefCell::default(),
            timers: RefCell::default(),
            wakes_for: Cell::new(u32::MAX),
            changed: Notify::new(),
            is_turned: Cell::new(false),
        }
    }

    fn set(self: &Rc<Self>, key: Key, at: Moment) {
        let due = tick_not_before(at);
        let mut wheel = self.wheel.borrow_mut();
        let place = wheel.place(key);
        place.due = due;
        if place.queued == UNSET || place.queued > due {
            drop(wheel);
            self.queue(key, due);
        }
    }

    /// Puts a place into the bucket of its tick, out of a later one if it stands there.
    #[cold]
    #[inline(never)]
    fn queue(self: &Rc<Self>, key: Key, due: u32) {
        let tick = {
            let mut wheel = self.wheel.borrow_mut();
            wheel.unqueue(key);
            if wheel.queued == 0 {
                // It was not turned while it was empty.
                wheel.passed = wheel.passed.max(tick_passed(self.clock.last()));
            }
            wheel.queue(key, due)
        };
        if tick < self.wakes_for.get() {
            self.wakes_for.set(tick);
            self.changed.notify_one();
        }
        if !self.is_turned.replace(true) {
            task::spawn(Box::pin(Rc::clone(self).turn()));
        }
    }

    fn poll(&self, key: Key, cx: &mut Context<'_>) -> Poll<()> {
        let mut wheel = self.wheel.borrow_mut();
        let place = wheel.place(key);
        match place.due {
            PASSED => return Poll::Ready(()),
            UNSET => return Poll::Pending,
            _ => {}
        }
        let is_kept = place.waker.as_ref();
        if !is_kept.is_some_and(|waker| waker.will_wake(cx.waker())) {
            let old = place.waker.replace(cx.waker().clone());
            drop(wheel);
            // Not while the wheel is borrowed, as in `Deadline::leave`.
            drop(old);
        }
        Poll::Pending
    }

    fn poll_timer(&self, number: u32, cx: &mut Context<'_>) -> Poll<()> {
        self.with_timer(number, |sleep| sleep.poll(cx))
            .unwrap_or(Poll::Pending)
    }

    /// Does something with a timer, which is not borrowed meanwhile: with an old waker its task may go, and with that other deadlines.
    fn with_timer<T>(&self, number: u32, what: impl FnOnce(Pin<&mut Sleep>) -> T) -> Option<T> {
        let take = |timer: &mut Option<_>| timer.take();
        let number = number as usize;
        let mut sleep = self.timers.borrow_mut().get_mut(number).and_then(take)?;
        let done = what(sleep.as_mut());
        if let Some(place) = self.timers.borrow_mut().get_mut(number) {
            *place = Some(sleep);
        }
        Some(done)
    }

    /// Turns the wheel. It never completes: while no place stands in it, nothing wakes it.
    async fn turn(self: Rc<Self>) {
        let _turned = Turned(&self.is_turned);
        loop {
            let next = self.wheel.borrow().next();
            self.wakes_for.set(next.unwrap_or(u32::MAX));
            let Some(tick) = next else {
                self.changed.notified().await;
                continue;
            };
            let sleep = async {
                match self.begin_of(tick) {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            select(pin!(self.changed.notified()), pin!(sleep)).await;
            self.pass().await;
        }
    }

    /// Empties the buckets whose ticks have come.
    async fn pass(&self) {
        let now = tick_passed(self.clock.now());
        loop {
            for _ in 0..AT_ONCE {
                // The wheel is not borrowed while a waker runs.
                let looked = self.wheel.borrow_mut().look(now);
                match looked {
                    Looked::Passed(waker) => waker.wake(),
                    Looked::Nobody => {}
                    Looked::Done => return,
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// When a tick begins; `None` if no instant can tell.
    fn begin_of(&self, tick: u32) -> Option<Instant> {
        let ticks = u64::from(tick.saturating_sub(FIRST));
        self.clock.instant_after(ticks << TICK)
    }
}

/// The first tick that begins at a moment or after it.
fn tick_not_before(at: Moment) -> u32 {
    tick(Clock::nanos_at(at).saturating_add((1 << TICK) - 1) >> TICK)
}

/// The last tick that has begun at a moment.
fn tick_passed(at: Moment) -> u32 {
    tick(Clock::nanos_at(at) >> TICK)
}

/// A tick from the beginning of the clock, as places have them. (The last one comes after 416 days.)
fn tick(number: u64) -> u32 {
    u32::try_from(number.saturating_add(FIRST.into())).unwrap_or(u32::MAX - 1)
}

/// As long as it is there, the wheel is turned.
struct Turned<'a>(&'a Cell<bool>);

impl Drop for Turned<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// A place of the wheel.
#[derive(Debug, Default)]
struct Place {
    /// The tick at which it passes, or [`UNSET`] or [`PASSED`].
    due: u32,
    /// The tick in whose bucket it stands; `UNSET` if in none.
    queued: u32,
    /// The place behind it in its bucket, whose last one is followed by the first; or the next one that is free.
    next: Key,
    /// The place before it in its bucket.
    previous: Key,
    waker: Option<Waker>,
}

/// What became of the place that was looked at.
enum Looked {
    /// Its moment has passed: somebody is to be woken.
    Passed(Waker),
    /// Nobody is to be woken.
    Nobody,
    /// All buckets up to now are empty.
    Done,
}

/// Buckets of places in the order of their ticks.
#[derive(Debug)]
struct Wheel {
    /// All places, of which the first is [`NOWHERE`]. There are as many as there were at a time.
    places: Vec<Place>,
    /// The first place that is free.
    free: Key,
    /// The first place of each bucket. The ticks of all that are not empty lie within one turn, so each is of one tick.
    first: Box<[Key; BUCKETS as usize]>,
    /// A bit for each bucket: there is something in it.
    filled: [u64; BUCKETS as usize / 64],
    /// The buckets of all ticks up to this one are empty.
    passed: u32,
    /// How many places stand in buckets.
    queued: u32,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            places: vec![Place::default()],
            free: NOWHERE,
            first: Box::new([NOWHERE; BUCKETS as usize]),
            filled: [0; BUCKETS as usize / 64],
            passed: FIRST,
            queued: 0,
        }
    }
}

impl Wheel {
    /// A place. Every key comes from [`Self::take`], and places never go away, so there is one for it.
    fn place(&mut self, key: Key) -> &mut Place {
        &mut self.places[key as usize]
    }

    /// A place for a new deadline. (More than four billion of them would not fit into memory.)
    fn take(&mut self) -> Key {
        match self.free {
            NOWHERE => {
                if self.places.len() == self.places.capacity() {
                    // Each waiting user has a place or two: twice as many as are needed would be memory of each of them.
                    self.places.reserve_exact(self.places.len() / 8 + 64);
                }
                self.places.push(Place::default());
                (self.places.len() - 1) as Key
            }
            key => {
                self.free = std::mem::take(&mut self.place(key).next);
                key
            }
        }
    }

    /// The place of a deadline that is gone. Returns its waker.
    fn give_back(&mut self, key: Key) -> Option<Waker> {
        self.unqueue(key);
        let free = std::mem::replace(&mut self.free, key);
        let place = self.place(key);
        place.due = UNSET;
        place.next = free;
        place.waker.take()
    }

    /// Puts a place at the end of the bucket of a tick, or of the last tick of this turn. Returns the tick.
    fn queue(&mut self, key: Key, due: u32) -> u32 {
        let (least, most) = (
            self.passed.saturating_add(1),
            self.passed.saturating_add(BUCKETS - 1),
        );
        let tick = due.clamp(least, most);
        let bucket = bucket(tick);
        let first = self.first[bucket];
        let (next, previous) = if first == NOWHERE {
            self.first[bucket] = key;
            self.filled[bucket / 64] |= 1 << (bucket % 64);
            (key, key)
        } else {
            let last = std::mem::replace(&mut self.place(first).previous, key);
            self.place(last).next = key;
            (first, last)
        };
        let place = self.place(key);
        (place.next, place.previous) = (next, previous);
        place.queued = tick;
        self.queued += 1;
        tick
    }

    /// Takes a place out of its bucket, if it stands in one.
    fn unqueue(&mut self, key: Key) {
        let place = self.place(key);
        let (next, previous) = (place.next, place.previous);
        let tick = std::mem::replace(&mut place.queued, UNSET);
        if tick == UNSET {
            return;
        }
        self.queued -= 1;
        let bucket = bucket(tick);
        if next == key {
            self.first[bucket] = NOWHERE;
            self.filled[bucket / 64] &= !(1 << (bucket % 64));
            return;
        }
        self.place(next).previous = previous;
        self.place(previous).next = next;
        if self.first[bucket] == key {
            self.first[bucket] = next;
        }
    }

    /// The first tick in whose bucket is something.
    fn next(&self) -> Option<u32> {
        if self.queued == 0 {
            return None;
        }
        let begin = bucket(self.passed + 1);
        let words = self.filled.len();
        // The word of the first bucket comes last once more, for the buckets before it.
        (0..=words).find_map(|nth| {
            let word = (begin / 64 + nth) % words;
            let mut bits = self.filled[word];
            if nth == 0 {
                bits &= u64::MAX << (begin % 64);
            }
            let found = word * 64 + bits.trailing_zeros() as usize;
            let ahead = (found + BUCKETS as usize - begin) % BUCKETS as usize;
            (bits != 0).then_some(self.passed + 1 + ahead as u32)
        })
    }

    /// Looks at one place whose tick has come: its moment has passed, or it goes to its new bucket, or to none.
    fn look(&mut self, now: u32) -> Looked {
        let Some(tick) = self.next().filter(|tick| *tick <= now) else {
            self.passed = self.passed.max(now);
            return Looked::Done;
        };
        self.passed = tick - 1;
        let key = self.first[bucket(tick)];
        self.unqueue(key);
        let place = self.place(key);
        match place.due {
            UNSET | PASSED => Looked::Nobody,
            due if due <= now => {
                place.due = PASSED;
                place.waker.take().map_or(Looked::Nobody, Looked::Passed)
            }
            due => {
                self.queue(key, due);
                Looked::Nobody
            }
        }
    }
}

/// The bucket of a tick: always one of the wheel's.
fn bucket(tick: u32) -> usize {
    (tick % BUCKETS) as usize
}

#[cfg(test)]
mod tests;
