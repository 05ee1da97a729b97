//! What the users of one scenario share on a worker.

use super::alarms::Alarms;
use super::arriving::{Arriving, More};
use super::outstanding::Outstanding;
use super::scenario_load::{ScenarioLoad, Taking};
use crate::clock::Moment;
use crate::context::WorkerContext;
use crate::metrics::ScenarioSlots;
use crate::shutdown::{Phase, SearchedRate};
use crate::wakers::{Waiting, Wakers};
use bggo_schedule::{Nanos, Segment, nanos};
use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::Context as TaskContext;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What the users of one scenario share on a worker: the iterations that they take, and how many users are left.
#[derive(Debug)]
pub struct ScenarioUsers {
    pub(super) load: ScenarioLoad,
    context: Rc<WorkerContext>,
    pub(super) alarms: Rc<Alarms>,
    /// When the scenario begins.
    begin: Instant,
    began: Moment,
    /// The share of this worker.
    segment: Segment,
    pub(super) phase: Cell<Phase>,
    /// No iteration begins any more.
    stopped: Notify,
    /// It has gone on to another phase.
    goes_on: Notify,
    /// Users that sleep until their turn.
    sleeping: Wakers,
    /// The user whose iteration ended last, and when. Its next iteration begins at the same moment, so the clock is read once
    /// for both.
    pub(super) ended: Cell<Option<(u64, Moment)>>,
    pub(super) alive: Cell<u64>,
    pub(super) nobody: Notify,
    /// What is handed to its users, in an open profile.
    arriving: Option<Rc<Arriving>>,
    /// What was due before this moment, and still runs, is cut.
    cut_before: Cell<Nanos>,
    /// Iterations that wait for something.
    pub(super) outstanding: Outstanding,
}

impl ScenarioUsers {
    /// No users yet, of a load in a run whose clock started at `begin`.
    pub(super) fn new(
        load: ScenarioLoad,
        (context, alarms): (&Rc<WorkerContext>, &Rc<Alarms>),
        begin: Instant,
        (worker, workers): (u32, u32),
    ) -> Self {
        // Several scenarios with one user each are spread over the workers.
        let lane = (worker + load.scenario) % workers.max(1);
        let arriving = match &load.taking {
            Taking::WhenFree(_) | Taking::WhileThere(_) => None,
            Taking::Arrivals {
                arrivals,
                births,
                workers,
            } => (lane < *workers).then(|| {
                let segment = load.segment.worker(lane, *workers);
                let before = segment.of(arrivals.users.into());
                let before = u32::try_from(before).unwrap_or(u32::MAX);
                let births = (births.clone(), before);
                let more = match load.load.schedule.search() {
                    Some(_) => More::Perhaps,
                    None => More::No,
                };
                let share = (segment, lane);
                let arriving = Arriving::new((arrivals, more), births, share, load.seed);
                Rc::new(arriving.ending_before(load.rows.end_of_run()))
            }),
        };
        // Part of a second counts as a whole one, so that nobody seems to have waited longer than it did.
        let start_after = load.load.start_after;
        let before = start_after.as_secs() + u64::from(start_after.subsec_nanos() > 0);
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        // A moment that no clock can hold never comes.
        let begin = begin.checked_add(load.load.start_after).unwrap_or(begin);
        Self {
            arriving,
            cut_before: Cell::new(0),
            outstanding: Outstanding::new(load.slots.iterations, before),
            context: Rc::clone(context),
            alarms: Rc::clone(alarms),
            begin,
            began: context.moment_of(begin),
            segment: load.segment.worker(lane, workers),
            load,
            phase: Cell::default(),
            stopped: Notify::new(),
            goes_on: Notify::new(),
            sleeping: Wakers::default(),
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
    pub(super) fn advance(&self, phase: Phase) {
        if phase > self.phase.get() {
            self.phase.set(phase);
            self.context.shutdown.wake_all();
            self.goes_on.notify_waiters();
        }
        if !self.begins() {
            self.stopped.notify_one();
            self.sleeping.wake();
            if let Some(arriving) = &self.arriving {
                arriving.end();
            }
        }
    }

    /// The scenario goes on with its search on this worker.
    pub(super) fn searches(&self, rate: &SearchedRate) {
        let Some(arriving) = &self.arriving else {
            return;
        };
        if rate.cut_before > self.cut_before.get() {
            self.cut_before.set(rate.cut_before);
            let never_begun = arriving.left_over(rate.cut_before);
            let slots = self.slots_at(Nanos::MAX);
            self.context
                .iterations_not_started(slots.iterations, never_begun);
            self.context.shutdown.wake_all();
        }
        arriving.goes_on(rate);
    }

    /// Whether an iteration that was due in this second of the scenario is cut.
    pub(super) fn cuts(&self, second: u32) -> bool {
        Duration::from_secs(second.into()) < Duration::from_nanos(self.cut_before.get())
    }

    /// Whether iterations may begin.
    pub(super) fn begins(&self) -> bool {
        self.context.shutdown.phase().max(self.phase.get()) == Phase::Running
    }

    /// When the scenario begins.
    pub(super) fn begin(&self) -> Instant {
        self.begin
    }

    /// How old the scenario is, in nanoseconds.
    pub(super) fn elapsed(&self, now: Moment) -> Nanos {
        now.since(self.began)
    }

    /// What is handed to its users, in an open profile.
    pub(super) fn arriving(&self) -> Option<&Rc<Arriving>> {
        self.arriving.as_ref()
    }

    /// Where what is due at a moment of the scenario is counted.
    pub(super) fn slots_at(&self, due: Nanos) -> ScenarioSlots {
        match self.load.warm_up {
            Some(slots) if due < nanos(self.load.load.warm_up) => slots,
            _ => self.load.slots,
        }
    }

    /// Where the slots of its iterations begin, of one whose steps are counted from `steps`.
    pub(super) fn iteration_slot(&self, steps: u32) -> u32 {
        match self.load.warm_up {
            Some(slots) if slots.steps == steps => slots.iterations,
            _ => self.load.slots.iterations,
        }
    }

    /// A moment of the scenario.
    pub(super) fn moment(&self, at: Nanos) -> Instant {
        // One that no clock can hold is a day away, and is asked for again then.
        let day = Duration::from_secs(86_400);
        let at = self.begin.checked_add(Duration::from_nanos(at));
        at.unwrap_or_else(|| self.context.now() + day)
    }

    /// A user sleeps until its turn: it is woken when no iteration may begin any more.
    pub(super) fn sleep(&self, waiting: &mut Waiting, cx: &mut TaskContext<'_>) {
        self.sleeping.wait(waiting, cx);
    }

    /// It sleeps no more.
    pub(super) fn wake_up(&self, waiting: &mut Waiting) {
        if waiting.waits() {
            self.sleeping.leave(waiting);
        }
    }

    /// Completes at a moment, or when no iteration may begin any more.
    pub(super) async fn until(&self, at: Instant) {
        let stopped = pin!(self.stopped.notified());
        if self.begins() {
            futures_util::future::select(stopped, self.alarms.until(at)).await;
        }
    }

    /// Completes when all users that were made are gone.
    pub(super) async fn until_nobody_is_left(&self) {
        while self.alive.get() > 0 {
            self.nobody.notified().await;
        }
    }

    /// Completes when the results of its steps that come after them have come, or when its time is over. Its users are gone, so from
    /// here on the results have the time that running iterations would have had.
    pub(super) async fn until_results_have_come(&self) {
        let all = pin!(self.context.results_to_come.until_none(self.scenario()));
        let over = pin!(self.until_time_is_over());
        let came = futures_util::future::select(all, over);
        // What has not come by then counts as possibly written when its asset drops it.
        let _ = tokio::time::timeout(self.load.load.graceful_stop, came).await;
    }

    /// Completes when iterations that still ran would be dropped.
    async fn until_time_is_over(&self) {
        loop {
            let changed = pin!(self.goes_on.notified());
            if self.phase.get().max(self.context.shutdown.phase()).drops() {
                return;
            }
            futures_util::future::select(changed, self.context.until_cancelled()).await;
        }
    }

    /// How many users this worker makes at the beginning.
    pub(super) fn share(&self) -> u64 {
        self.segment.of(self.load.load.schedule.users().into())
    }

    /// The number, from 1, of a user of this worker.
    pub(super) fn number(&self, ordinal: u64) -> Option<u64> {
        self.segment.nth(ordinal)?.checked_add(1)
    }
}
