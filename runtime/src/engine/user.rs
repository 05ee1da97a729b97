//! A virtual user, for the task that runs it: when the next iteration begins, and how it ended.
//!
//! The task is emitted code. It owns the user's assets and is never dropped. A cancellation drops only the iteration inside
//! it, so the code after the iteration, which destroys the assets, always runs:
//!
//! ```text
//! while let Some(begun) = user.next().await {
//!     let flow = { .. user.unless_cancelled(pin!(iteration(..))).await };
//!     user.finish(begun, flow);
//! }
//! scope.destroy().await;
//! ```
//!
//! The futures here are written by hand: an `async fn` would be compiled with the grid, which is not optimised.

use super::arriving::Seat;
use super::scenario_load::Taking;
use super::scenario_users::ScenarioUsers;
use super::timetable::Timetable;
use crate::assets::Scope;
use crate::clock::Moment;
use crate::context::{Cut, IterationEnd, UserContext, WorkerContext};
use crate::flow::{Flow, Running, Stop};
use crate::panic;
use crate::shutdown::Phase;
use crate::step::{Begun, Iteration};
use crate::wakers::Waiting;
use bggo_schedule::{Arrival, Iterations, Nanos};
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

const NANOS_IN_A_SECOND: Nanos = 1_000_000_000;
/// Iterations that a user may run without a wait; then the other users of its thread get their turn.
const IN_A_ROW: u32 = 64;
/// How long these iterations may take, in units of [`TICK`]: a millisecond.
const AT_A_STRETCH: u32 = 977;
/// How long a user whose `vu_setup` failed is away before another one takes its place; then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Of so many bits are the nanoseconds of a unit of time in which a stretch is measured: about a microsecond.
const TICK: u32 = 10;

/// One virtual user.
pub struct User {
    context: UserContext,
    scenario: Rc<ScenarioUsers>,
    stretch: Cell<Stretch>,
    /// The scope that was made last, of the user or of its iteration. Its assets may work while the user waits.
    idle: Cell<Option<Scope>>,
    turns: Turns,
    /// The second of its scenario in which the iteration that began last was due.
    due_in: Cell<u32>,
}

/// How a user comes to its turn.
#[derive(Debug)]
enum Turns {
    /// It begins when it is free.
    WhenFree,
    /// It finds arrivals here.
    Arrivals(Rc<Seat>),
    /// Its profile says when it may begin.
    Timed(Box<Timetable>),
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// Iterations since the user last waited. Eight bytes, because every idle user has one.
#[derive(Debug, Default, Clone, Copy)]
struct Stretch {
    iterations: u32,
    /// When the first of them began, in units of [`TICK`]. The number wraps after an hour; a stretch is far shorter.
    since: u32,
}

impl Stretch {
    /// Counts one more iteration, which begins when the scenario is `elapsed` old. Returns `false` when it is the turn of other
    /// users.
    fn goes_on(&mut self, elapsed: Nanos) -> bool {
        let ticks = (elapsed >> TICK) as u32;
        if self.iterations == 0 {
            self.since = ticks;
        }
        self.iterations += 1;
        self.iterations <= IN_A_ROW && ticks.wrapping_sub(self.since) < AT_A_STRETCH
    }
}

impl User {
    /// Makes a user. It counts as running until it is dropped.
    pub(super) fn new(
        worker: &Rc<WorkerContext>,
        number: u64,
        scenario: &Rc<ScenarioUsers>,
    ) -> Self {
        worker.recorder.user_begins();
        scenario.alive.set(scenario.alive.get() + 1);
        Self {
            context: UserContext::new(Rc::clone(worker), number, scenario.scenario()),
            scenario: Rc::clone(scenario),
            stretch: Cell::default(),
            idle: Cell::default(),
            due_in: Cell::default(),
            turns: match &scenario.load.taking {
                Taking::Arrivals { .. } => Turns::Arrivals(Rc::default()),
                Taking::WhileThere(_) => Turns::Timed(Box::default()),
                Taking::WhenFree(_) if scenario.load.load.pace.is_some() => {
                    Turns::Timed(Box::default())
                }
                Taking::WhenFree(_) => Turns::WhenFree,
            },
        }
    }

    /// Hands over its first arrival.
    pub(super) fn hand(&self, arrival: Arrival) {
        if let Turns::Arrivals(seat) = &self.turns {
            seat.hand(arrival);
        }
    }

    /// The user as its steps see it.
    pub fn context(&self) -> &UserContext {
        &self.context
    }

    /// The iteration that began.
    pub fn iteration<'a>(&'a self, begun: &'a Begun) -> Iteration<'a> {
        Iteration::new(&self.context, begun)
    }

    /// A scope for the assets of this user.
    pub fn scope(&self) -> Scope {
        let scope = Scope::new(self.worker());
        self.idle.set(Some(scope.clone()));
        scope
    }

    /// A scope for the assets of the iteration that began. If the user has a scope, that one must have been made before.
    pub fn iteration_scope(&self) -> Scope {
        let outer = self.idle.take().map(Scope::outermost);
        let scope = Scope::inside(self.worker(), outer);
        self.idle.set(Some(scope.clone()));
        scope
    }

    /// Lets its assets work while it waits.
    pub(super) fn poll_idle(&self, cx: &mut Context<'_>) {
        if let Some(scope) = self.idle.take() {
            scope.poll_idle(cx);
            self.idle.set(Some(scope));
        }
    }

    fn worker(&self) -> &Rc<WorkerContext> {
        self.context.worker()
    }

    /// A phase of it begins now; also says where the slots of its scenario's steps begin.
    pub(super) fn phase_begins(&self) -> (Moment, u32) {
        let now = self.worker().moment();
        let elapsed = self.scenario.elapsed(now);
        (now, self.scenario.slots_at(elapsed).steps)
    }

    /// A phase of it has ended, and with it the scope of that.
    pub(super) fn phase_ends(&self) {
        let scope = self.idle.take().map(Scope::outermost);
        self.idle.set(scope);
        self.stretch.set(Stretch::default());
        // What was due meanwhile waited for the user, and not for this program.
        if let Some(arriving) = self.scenario.arriving() {
            let now = self.worker().moment();
            arriving.note_room(self.scenario.elapsed(now));
        }
    }

    /// Its `vu_setup` failed for the time with this number, from 0: it has counted as a failed iteration. Completes when it is to
    /// begin anew, as another user in its place; with `false` when it is not.
    pub fn is_replaced(&self, attempt: u32) -> Running<'_, bool> {
        let worker = self.worker();
        if self.has_no_row() {
            if matches!(self.turns, Turns::Arrivals(_)) {
                self.leaves_its_turn();
            }
            return Box::pin(std::future::ready(false));
        }
        if self.phase().drops() {
            self.leaves_its_turn();
            return Box::pin(std::future::ready(false));
        }
        let (_, steps) = self.phase_begins();
        worker.user_discarded(self.scenario.iteration_slot(steps));
        if worker.functional || self.context.leaves() {
            self.leaves_its_turn();
            return Box::pin(std::future::ready(false));
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << attempt.min(16));
        let mut until = worker.deadline();
        until.set(worker.moment() + pause.min(LONGEST_PAUSE));
        let mut waiting = Waiting::default();
        Box::pin(std::future::poll_fn(move |cx| {
            let is_over = until.poll(cx).is_ready();
            if is_over || !self.scenario.begins() {
                self.scenario.wake_up(&mut waiting);
                if !is_over {
                    self.leaves_its_turn();
                }
                return Poll::Ready(is_over && self.scenario.begins());
            }
            self.scenario.sleep(&mut waiting, cx);
            Poll::Pending
        }))
    }

    /// The phase of its scenario or of the run, whichever is ahead.
    pub(super) fn phase(&self) -> Phase {
        self.worker()
            .shutdown
            .phase()
            .max(self.scenario.phase.get())
    }

    /// Whether the user is no longer there, and the time that its last iteration had is over; or that of the step of a search
    /// in which its iteration was due.
    fn is_gone(&self, cx: &mut Context<'_>) -> bool {
        let timetable = match &self.turns {
            Turns::Timed(timetable) => timetable,
            Turns::Arrivals(_) => return self.scenario.cuts(self.due_in.get()),
            Turns::WhenFree => return false,
        };
        let Some(at) = timetable.cuts_at() else {
            return false;
        };
        self.wakes_at(at, timetable, cx);
        self.worker().moment() >= at
    }

    /// The user is woken at a moment.
    fn wakes_at(&self, at: Moment, timetable: &Timetable, cx: &Context<'_>) {
        // One that no instant can hold never comes.
        if timetable.wants_alarm(at)
            && let Some(at) = self.worker().instant_of(at)
        {
            self.scenario.alarms.wake_at(at, cx.waker());
        }
    }

    /// Waits for the next iteration; `None` when there is none any more.
    pub fn next(&self) -> Next<'_> {
        Next {
            user: self,
            waiting: Waiting::default(),
        }
    }

    /// Runs `iteration`. If the run is being stopped, this ends with `Stop`, and the caller drops the iteration. A panic of the
    /// iteration is caught here and ends the run, so that the user's assets are still destroyed.
    pub fn unless_cancelled<'a>(
        &'a self,
        iteration: Pin<&'a mut dyn Future<Output = Flow>>,
    ) -> UnlessCancelled<'a> {
        UnlessCancelled {
            iteration,
            user: self,
            waiting: Waiting::default(),
            is_outstanding: false,
        }
    }

    /// Counts the iteration.
    pub fn finish(&self, begun: Begun, flow: Flow) {
        let worker = self.worker();
        let first_slot = self.scenario.iteration_slot(begun.first_slot());
        let cut = self.context.take_cut();
        if cut == Some(Cut::Cancelled) {
            worker.iteration_cancelled(first_slot);
            return;
        }
        let now = worker.just_read().unwrap_or_else(|| worker.moment());
        worker.time_passes();
        let end = IterationEnd {
            first_slot,
            response: begun.due().map(|due| now.since(due)),
            service: now.since(begun.began()),
        };
        let failed_by = begun.failed_by();
        if cut == Some(Cut::TimeIsOver) {
            worker.iteration_cut(&end, failed_by);
            return;
        }
        if flow.is_err() || failed_by.is_some() {
            worker.iteration_failed(&end, failed_by);
        } else {
            worker.iteration_passed(&end);
        }
        self.scenario.ended.set(Some((self.context.number(), now)));
    }
}

impl Drop for User {
    /// The task drops its user at its end, and when it panics outside of an iteration: then the run ends as a bug. (A future
    /// around the task could notice the panic too, but it would cost each idle user 128 bytes.)
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = panic::take_last_message();
            self.worker()
                .panicked(text.as_deref().unwrap_or("a user's task panicked"));
        }
        self.context.forget();
        self.worker().recorder.user_ends();
        let alive = self.scenario.alive.get() - 1;
        self.scenario.alive.set(alive);
        if alive == 0 {
            self.scenario.nobody.notify_one();
        }
    }
}

impl User {
    /// The next arrival for this user: one that was handed to it, or one that is due; else it is idle.
    fn arrival(&self, seat: &Rc<Seat>, now: Moment, cx: &mut Context<'_>) -> Poll<Option<Begun>> {
        let Some(arriving) = self.scenario.arriving() else {
            return Poll::Ready(None);
        };
        if self.has_no_row() {
            self.leaves_its_turn();
            return Poll::Ready(None);
        }
        let elapsed = self.scenario.elapsed(now);
        let handed = seat.take();
        let is_handed = handed.is_some();
        // An idle user takes what it is handed and nothing else: its seat may be handed the next arrival any moment.
        let found = handed.or_else(|| {
            if seat.is_idle() {
                None
            } else {
                arriving.take(elapsed)
            }
        });
        if let Some(arrival) = found {
            self.context.iteration_begins();
            let late = elapsed.saturating_sub(arrival.due);
            let slots = self.scenario.slots_at(arrival.due);
            // What was handed over found a user at once. What this user took itself waited for a user only if there was
            // nobody else to take it; before there could be more users, everything did.
            let (queued, start_error) = if is_handed || arriving.has_room() {
                let queued = arriving.waited_for_room(arrival.due).min(late);
                (queued, late - queued)
            } else {
                (late, 0)
            };
            let started = (slots.iterations, queued, start_error);
            self.worker().iteration_started(started);
            let begun = Begun::late(now, late, slots.steps);
            return Poll::Ready(Some(begun.numbered(Some(arrival.number))));
        }
        if arriving.is_over() {
            return Poll::Ready(None);
        }
        arriving.idle(seat, cx.waker());
        self.waits(cx)
    }

    /// Whether data that it reads have no row for its next iteration.
    pub(super) fn has_no_row(&self) -> bool {
        let rows = &self.scenario.load.rows;
        rows.ends_user(self.context.number(), self.context.begun())
    }

    /// Nothing begins any more: what was handed to it never began.
    fn leaves_its_turn(&self) {
        if let Turns::Arrivals(seat) = &self.turns
            && let Some(arrival) = seat.take()
        {
            let slots = self.scenario.slots_at(arrival.due);
            self.worker().iterations_not_started(slots.iterations, 1);
        }
        // After a signal nobody expects the rest.
        if let Taking::WhenFree(iterations) = &self.scenario.load.taking
            && self.worker().shutdown.phase() == Phase::Running
        {
            let elapsed = self.scenario.elapsed(self.worker().moment());
            self.count_own_left_over(iterations, Duration::from_nanos(elapsed));
        }
    }

    /// Counts iterations of its own that never begin, because the time of its profile is over.
    fn count_own_left_over(&self, iterations: &Iterations, elapsed: Duration) {
        let left_over = iterations.own_left_over(self.context.begun(), elapsed);
        if left_over > 0 {
            let slots = self.scenario.slots_at(Nanos::MAX);
            self.worker()
                .iterations_not_started(slots.iterations, left_over);
        }
    }

    /// It waits for its turn, and lets its assets work.
    fn waits(&self, cx: &mut Context<'_>) -> Poll<Option<Begun>> {
        self.stretch.set(Stretch::default());
        if let Err(text) = panic::caught(|| self.poll_idle(cx)) {
            self.worker().panicked(&text);
            return Poll::Ready(None);
        }
        Poll::Pending
    }

    /// The next iteration of a user that takes one when it is free.
    fn when_free(&self, now: Moment) -> Option<Begun> {
        if self.has_no_row() {
            return None;
        }
        let elapsed = self.scenario.elapsed(now);
        let number = match &self.scenario.load.taking {
            Taking::WhenFree(iterations) => {
                let age = Duration::from_nanos(elapsed);
                match iterations.take(self.context.begun(), age) {
                    Some(taken) => taken.number_of_run,
                    None => {
                        self.count_own_left_over(iterations, age);
                        return None;
                    }
                }
            }
            _ => None,
        };
        self.context.iteration_begins();
        let slots = self.scenario.slots_at(elapsed);
        Some(Begun::when_free(now, slots.steps).numbered(number))
    }

    /// The next iteration of a user whose profile says when it may begin.
    fn timed(&self, timetable: &Timetable, now: Moment) -> Result<Option<Begun>, Moment> {
        if let Taking::WhileThere(ramp) = &self.scenario.load.taking {
            let number = u32::try_from(self.context.number() - 1).unwrap_or(u32::MAX);
            let age = self.scenario.elapsed(now);
            match timetable.stay(ramp, number, age) {
                None => return Ok(None),
                Some((since, _)) if age < since => {
                    return Err(self.worker().moment_of(self.scenario.moment(since)));
                }
                Some((_, until)) => {
                    let is_last = until >= ramp.length();
                    let grace = self.scenario.load.load.graceful_ramp_down;
                    let gone = (!is_last).then(|| self.scenario.moment(until).checked_add(grace));
                    let gone = gone.flatten();
                    timetable.cut_at(gone.map(|gone| self.worker().moment_of(gone)));
                }
            }
        }
        let Some(pace) = self.scenario.load.load.pace else {
            return Ok(self.when_free(now));
        };
        let due = timetable.due(pace, now);
        if due > now {
            let length = self.scenario.load.load.schedule.length();
            let end = length.and_then(|length| self.scenario.begin().checked_add(length));
            match end.map(|end| self.worker().moment_of(end)) {
                // It would begin when none may any more.
                Some(end) if now >= end => return Ok(self.when_free(now)),
                Some(end) => return Err(due.min(end)),
                None => return Err(due),
            }
        }
        Ok(self.when_free(now).map(|begun| {
            timetable.begins(due);
            let late = now.since(due);
            let slot = self.scenario.iteration_slot(begun.first_slot());
            self.worker().iteration_started((slot, 0, late));
            begun.due_before(late)
        }))
    }
}

/// See [`User::next`].
#[derive(Debug)]
pub struct Next<'a> {
    user: &'a User,
    waiting: Waiting,
}

impl Future for Next<'_> {
    type Output = Option<Begun>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Begun>> {
        let user = self.user;
        if user.context.leaves() && user.phase() == Phase::Running {
            user.leaves_its_turn();
            if let Some(arriving) = user.scenario.arriving() {
                arriving.gives_place_back();
            }
            return Poll::Ready(None);
        }
        if user.phase() != Phase::Running {
            user.leaves_its_turn();
            return Poll::Ready(None);
        }
        let now = match user.scenario.ended.take() {
            Some((number, ended)) if number == user.context.number() => ended,
            _ => user.worker().moment(),
        };
        let elapsed = user.scenario.elapsed(now);
        let mut stretch = user.stretch.take();
        if !stretch.goes_on(elapsed) {
            if let Err(text) = panic::caught(|| user.poll_idle(cx)) {
                user.worker().panicked(&text);
                return Poll::Ready(None);
            }
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        user.stretch.set(stretch);
        let turn = match &user.turns {
            Turns::WhenFree => Poll::Ready(user.when_free(now)),
            Turns::Arrivals(seat) => user.arrival(seat, now, cx),
            Turns::Timed(timetable) => match user.timed(timetable, now) {
                Ok(begun) => Poll::Ready(begun),
                Err(at) => {
                    user.scenario.sleep(&mut self.waiting, cx);
                    user.wakes_at(at, timetable, cx);
                    user.waits(cx)
                }
            },
        };
        if let Poll::Ready(Some(begun)) = &turn {
            user.worker().iteration_begins(begun.began());
            let due = begun.due().unwrap_or(begun.began());
            let second = user.scenario.elapsed(due) / NANOS_IN_A_SECOND;
            user.due_in.set(u32::try_from(second).unwrap_or(u32::MAX));
        }
        turn
    }
}

impl Drop for Next<'_> {
    fn drop(&mut self) {
        self.user.scenario.wake_up(&mut self.waiting);
    }
}

/// See [`User::unless_cancelled`].
pub struct UnlessCancelled<'a> {
    iteration: Pin<&'a mut dyn Future<Output = Flow>>,
    user: &'a User,
    waiting: Waiting,
    /// Whether it is counted among those that wait.
    is_outstanding: bool,
}

impl Future for UnlessCancelled<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        if this.user.phase().drops() {
            return this.cut(this.reason());
        }
        this.user.worker().iteration_is_polled();
        let poll = || {
            let polled = this.iteration.as_mut().poll(cx);
            if polled.is_pending() {
                this.user.poll_idle(cx);
            }
            polled
        };
        match panic::caught(poll) {
            Ok(Poll::Ready(flow)) => Poll::Ready(flow),
            Ok(Poll::Pending) => {
                this.user.worker().time_passes();
                if !std::mem::replace(&mut this.is_outstanding, true) {
                    let user = this.user;
                    let outstanding = &user.scenario.outstanding;
                    outstanding.waits(user.due_in.get(), user.worker());
                }
                this.user.stretch.set(Stretch::default());
                if this.user.is_gone(cx) {
                    return this.cut(match this.user.turns {
                        // What a target does not answer in time has failed.
                        Turns::Arrivals(_) => Cut::TimeIsOver,
                        Turns::Timed(_) | Turns::WhenFree => Cut::Cancelled,
                    });
                }
                match this
                    .user
                    .worker()
                    .shutdown
                    .poll_cancelled(&mut this.waiting, cx)
                {
                    Poll::Ready(()) => this.cut(this.reason()),
                    Poll::Pending => Poll::Pending,
                }
            }
            Err(text) => {
                this.user.worker().panicked(&text);
                this.cut(Cut::Cancelled)
            }
        }
    }
}

impl UnlessCancelled<'_> {
    /// Why the phase drops it.
    fn reason(&self) -> Cut {
        match self.user.phase() {
            Phase::TimeIsOver => Cut::TimeIsOver,
            Phase::Running | Phase::Draining | Phase::Cancelled => Cut::Cancelled,
        }
    }

    fn cut(&self, cut: Cut) -> Poll<Flow> {
        self.user.worker().time_passes();
        self.user.context.iteration_is_cut(cut);
        Poll::Ready(Err(Stop))
    }
}

impl Drop for UnlessCancelled<'_> {
    fn drop(&mut self) {
        self.user.worker().shutdown.leave(&mut self.waiting);
        if self.is_outstanding {
            let outstanding = &self.user.scenario.outstanding;
            outstanding.ends(self.user.due_in.get(), self.user.worker());
        }
    }
}
