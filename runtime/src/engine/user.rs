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

use super::arriving::{Arriving, Seat};
use super::scenario_load::{ScenarioLoad, Taking};
use crate::assets::Scope;
use crate::context::{IterationEnd, UserContext, WorkerContext};
use crate::flow::{Flow, Stop};
use crate::panic;
use crate::schedule::{Arrival, Segment};
use crate::shutdown::Phase;
use crate::step::{Begun, Iteration};
use crate::wakers::Waiting;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Iterations that a user may run without a wait; then the other users of its thread get their turn.
const IN_A_ROW: u32 = 64;
/// Microseconds that these iterations may take.
const AT_A_STRETCH: u32 = 1_000;

/// What the users of one scenario share on a worker: the iterations that they take, and how many users are left.
#[derive(Debug)]
pub struct ScenarioUsers {
    load: ScenarioLoad,
    begin: Instant,
    phase: Cell<Phase>,
    /// The user whose iteration ended last, and when. Its next iteration begins at the same moment, so the clock is read once
    /// for both.
    ended: Cell<Option<(u64, Instant)>>,
    alive: Cell<u64>,
    nobody: Notify,
    /// What is handed to its users, in an open profile.
    arriving: Option<Rc<Arriving>>,
}

impl ScenarioUsers {
    /// No users yet, of a load that began at `begin`.
    pub fn new(load: ScenarioLoad, begin: Instant, (worker, workers): (u32, u32)) -> Self {
        let arriving = match &load.iterations {
            Taking::WhenFree(_) => None,
            Taking::Arrivals(arrivals, births) => {
                let segment = Segment::WHOLE.worker(worker, workers);
                Some(Rc::new(Arriving::new(arrivals, births.clone(), segment)))
            }
        };
        Self {
            arriving,
            load,
            begin,
            phase: Cell::default(),
            ended: Cell::new(None),
            alive: Cell::new(0),
            nobody: Notify::new(),
        }
    }

    /// The number of the scenario.
    pub(super) fn scenario(&self) -> u32 {
        self.load.scenario
    }

    /// The scenario goes on to `phase` on this worker.
    pub(super) fn advance(&self, phase: Phase, worker: &WorkerContext) {
        if phase > self.phase.get() {
            self.phase.set(phase);
            worker.shutdown.wake_all();
        }
        if let Some(arriving) = &self.arriving
            && !self.begins(worker)
        {
            arriving.end();
        }
    }

    /// Whether iterations may begin.
    pub(super) fn begins(&self, worker: &WorkerContext) -> bool {
        worker.shutdown.phase().max(self.phase.get()) == Phase::Running
    }

    /// When the clock started.
    pub(super) fn begin(&self) -> Instant {
        self.begin
    }

    /// What is handed to its users, in an open profile.
    pub(super) fn arriving(&self) -> Option<&Rc<Arriving>> {
        self.arriving.as_ref()
    }

    /// Where the slots of its iterations begin.
    pub(super) fn iteration_slot(&self) -> u32 {
        self.load.iteration_slot
    }

    /// Completes when all users that were made are gone.
    pub(super) async fn until_nobody_is_left(&self) {
        while self.alive.get() > 0 {
            self.nobody.notified().await;
        }
    }
}

/// One virtual user.
pub struct User {
    context: UserContext,
    scenario: Rc<ScenarioUsers>,
    stretch: Cell<Stretch>,
    /// The scope that was made last, of the user or of its iteration. Its assets may work while the user waits.
    idle: Cell<Option<Scope>>,
    /// Where it finds its arrivals, in an open profile.
    seat: Option<Rc<Seat>>,
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
    /// When the first of them began, in microseconds of the run. The number wraps after an hour; a stretch is far shorter.
    since: u32,
}

impl Stretch {
    /// Counts one more iteration, which begins when the run is `elapsed` old. Returns `false` when it is the turn of other users.
    fn goes_on(&mut self, elapsed: Duration) -> bool {
        let micros = elapsed.as_micros() as u32;
        if self.iterations == 0 {
            self.since = micros;
        }
        self.iterations += 1;
        self.iterations <= IN_A_ROW && micros.wrapping_sub(self.since) < AT_A_STRETCH
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
            seat: scenario.arriving.as_ref().map(|_| Rc::default()),
        }
    }

    /// Hands over its first arrival.
    pub(super) fn hand(&self, arrival: Arrival) {
        if let Some(seat) = &self.seat {
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
    fn poll_idle(&self, cx: &mut Context<'_>) {
        if let Some(scope) = self.idle.take() {
            scope.poll_idle(cx);
            self.idle.set(Some(scope));
        }
    }

    fn worker(&self) -> &Rc<WorkerContext> {
        self.context.worker()
    }

    /// The phase of its scenario or of the run, whichever is ahead.
    fn phase(&self) -> Phase {
        self.worker()
            .shutdown
            .phase()
            .max(self.scenario.phase.get())
    }

    /// Waits for the next iteration; `None` when there is none any more.
    pub fn next(&self) -> Next<'_> {
        Next { user: self }
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
        }
    }

    /// Counts the iteration.
    pub fn finish(&self, begun: Begun, flow: Flow) {
        let worker = self.worker();
        let first_slot = self.scenario.load.iteration_slot;
        if self.context.take_cut() {
            worker.iteration_cancelled(first_slot);
            return;
        }
        let now = worker.now();
        let end = IterationEnd {
            first_slot,
            response: begun.due().map(|due| now.saturating_duration_since(due)),
            service: now.saturating_duration_since(begun.began()),
        };
        let failed_by = begun.failed_by();
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
    fn arrival(&self, now: Instant, cx: &mut Context<'_>) -> Poll<Option<Begun>> {
        let (Some(seat), Some(arriving)) = (&self.seat, &self.scenario.arriving) else {
            return Poll::Ready(None);
        };
        let begin = self.scenario.begin;
        let elapsed = now.saturating_duration_since(begin);
        let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        if let Some(arrival) = seat.take().or_else(|| arriving.take(elapsed)) {
            self.context.iteration_begins();
            let late = elapsed.saturating_sub(arrival.due);
            let begun = Begun::late(now, late, self.scenario.load.first_slot);
            return Poll::Ready(Some(begun.numbered(Some(arrival.number))));
        }
        if arriving.is_over() {
            return Poll::Ready(None);
        }
        arriving.idle(seat, cx.waker());
        self.stretch.set(Stretch::default());
        if let Err(text) = panic::caught(|| self.poll_idle(cx)) {
            self.worker().panicked(&text);
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}

/// See [`User::next`].
#[derive(Debug)]
pub struct Next<'a> {
    user: &'a User,
}

impl Future for Next<'_> {
    type Output = Option<Begun>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Begun>> {
        let user = self.user;
        if user.phase() != Phase::Running {
            return Poll::Ready(None);
        }
        let now = match user.scenario.ended.take() {
            Some((number, ended)) if number == user.context.number() => ended,
            _ => user.worker().now(),
        };
        let elapsed = now.saturating_duration_since(user.scenario.begin);
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
        let load = &user.scenario.load;
        let iterations = match &load.iterations {
            Taking::WhenFree(iterations) => iterations,
            Taking::Arrivals(..) => return user.arrival(now, cx),
        };
        Poll::Ready(iterations.take(elapsed).map(|taken| {
            user.context.iteration_begins();
            Begun::when_free(now, load.first_slot).numbered(taken.number_of_run)
        }))
    }
}

/// See [`User::unless_cancelled`].
pub struct UnlessCancelled<'a> {
    iteration: Pin<&'a mut dyn Future<Output = Flow>>,
    user: &'a User,
    waiting: Waiting,
}

impl Future for UnlessCancelled<'_> {
    type Output = Flow;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow> {
        let this = &mut *self;
        if this.user.phase() == Phase::Cancelled {
            return this.cut();
        }
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
                this.user.stretch.set(Stretch::default());
                match this
                    .user
                    .worker()
                    .shutdown
                    .poll_cancelled(&mut this.waiting, cx)
                {
                    Poll::Ready(()) => this.cut(),
                    Poll::Pending => Poll::Pending,
                }
            }
            Err(text) => {
                this.user.worker().panicked(&text);
                this.cut()
            }
        }
    }
}

impl UnlessCancelled<'_> {
    fn cut(&self) -> Poll<Flow> {
        self.user.context.iteration_is_cut();
        Poll::Ready(Err(Stop))
    }
}

impl Drop for UnlessCancelled<'_> {
    fn drop(&mut self) {
        self.user.worker().shutdown.leave(&mut self.waiting);
    }
}
