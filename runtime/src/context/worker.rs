//! What the users, steps and assets of one worker thread share, and how what happens to them is counted and reported.

use super::deadline::{Deadline, Deadlines};
use super::exchanges::{KeptExchanges, Others};
use super::held::{Held, Recorded};
use super::results_to_come::ResultsToCome;
use crate::clock::{Clock, Moment};
use crate::event::{CheckReport, Event, EventSink, LogLevel, ResourceEvent, StepEnd, StepOutcome};
use crate::exchange::{Exchange, Message, Secrets, Shown, Unmade};
use crate::exit::ExitCauses;
use crate::extension::{RunExtension, WorkerExtension};
use crate::fault::Fault;
use crate::info::{Info, Lifetime, ResourceInfo, iteration_slot, time_slot};
use crate::metrics::{AskedSlots, KnownNames, Outcome, Recorder};
use crate::panic;
use crate::samples::{SampleRows, Sampling};
use crate::shutdown::{Phase, ShutdownSignal, UntilCancelled};
use crate::start::{Start, random};
use crate::step_outputs::KeptOutputs;
use bggo_schedule::{Nanos, Segment};
use bggo_values::context::WallClock;
use bggo_values::split_mix::{GAMMA, mix};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The kind of failure of a step or resource that panicked.
const BUG: &str = "bug";
/// The kind of failure of what was still running when its time was over.
pub(crate) const CUT: &str = "cut";
/// The kind of failure of an iteration in which no step failed.
const NO_STEP: &str = "no_failed_step";

/// The kind of failure of a user whose `vu_setup` failed.
const NOT_SET_UP: &str = "vu_setup";

/// Outputs of steps of a `vu_setup`, by their numbers. There are few of them.
type KeptByUser = Vec<(usize, Rc<KeptOutputs>)>;
/// What shared assets keep for a user.
type SharedOfUser = Vec<Rc<dyn Any>>;

/// What the users, steps and assets of one thread share. Held as `Rc<WorkerContext>` by every user.
#[derive(Debug)]
pub struct WorkerContext {
    /// Variables and what is computed from them once.
    pub start: Arc<Start>,
    /// Number of the worker, from 0.
    pub index: u32,
    /// Which part of the run is this worker's.
    pub(crate) segment: Segment,
    /// No load: each step is reported, and assets are destroyed after their last user.
    pub functional: bool,
    pub(crate) recorder: Recorder,
    pub(crate) shutdown: ShutdownSignal,
    causes: Arc<ExitCauses>,
    pub(crate) names: KnownNames,
    events: Arc<dyn EventSink>,
    clock: Rc<Clock>,
    pub(super) deadlines: Rc<Deadlines>,
    /// What is known of the time without a look at the clock.
    reading: Cell<Reading>,
    /// Failures that this thread has reported, by slot and kind. Under load further ones are only counted.
    told: RefCell<HashSet<(u32, usize)>>,
    /// Writes down the steps of a share of all iterations, if that is asked for.
    pub(crate) samples: Option<SampleRows>,
    /// How much is shown of what the steps of a functional run send and receive; `None`: only of those that fail.
    trace: Option<Shown>,
    exchanges: KeptExchanges,
    /// What the `vu_setup` of each user has given, by scenario and user; empty in most grids.
    of_users: RefCell<HashMap<(u32, u64), KeptByUser>>,
    /// What shared assets keep for each user, by scenario and user; empty in most grids.
    shared_of_users: RefCell<HashMap<(u32, u64), SharedOfUser>>,
    /// What attempts that may be tried again have found, by the address of their step.
    held: RefCell<HashMap<usize, Held>>,
    pub(crate) run_extension: Arc<RunExtension>,
    pub(crate) extension: WorkerExtension,
    /// The state of [`Self::random`].
    random: Cell<u64>,
    /// Results of steps that come after them and have not come.
    pub(crate) results_to_come: ResultsToCome,
    /// Failed creations that this thread has reported, by resource and kind.
    told_of_resources: RefCell<HashSet<(usize, usize)>>,
}

/// The parts of a [`WorkerContext`].
pub(crate) struct WorkerContextParts {
    pub start: Arc<Start>,
    pub index: u32,
    pub segment: Segment,
    pub functional: bool,
    pub trace: Option<Shown>,
    pub samples: Option<Sampling>,
    pub recorder: Recorder,
    pub names: KnownNames,
    pub events: Arc<dyn EventSink>,
    pub causes: Arc<ExitCauses>,
    pub run_extension: Arc<RunExtension>,
}

/// What is known of the time without a look at the clock, which takes a tenth of the shortest iteration. Where a step ends and
/// another one begins, or its iteration ends, and nothing lies between, the clock is read once for both.
#[derive(Debug, Clone, Copy, Default)]
enum Reading {
    /// No iteration is polled.
    #[default]
    Outside,
    /// An iteration is polled, and something has happened since the clock was read.
    Old,
    /// It is this moment.
    At(Moment),
}

/// The end of an iteration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IterationEnd {
    /// The first slot of its scenario's iterations, where their counters stand.
    pub first_slot: u32,
    /// From the moment due to the end; `None` where the load profile gives it no such moment.
    pub response: Option<Nanos>,
    /// From its beginning to its end.
    pub service: Nanos,
}

impl WorkerContext {
    pub(crate) fn new(parts: WorkerContextParts) -> Self {
        let WorkerContextParts {
            start,
            index,
            segment,
            functional,
            trace,
            samples,
            recorder,
            names,
            events,
            causes,
            run_extension,
        } = parts;
        let clock = Rc::new(Clock::new());
        Self {
            start,
            index,
            segment,
            functional,
            recorder,
            shutdown: ShutdownSignal::default(),
            causes,
            names,
            events,
            deadlines: Rc::new(Deadlines::new(&clock)),
            clock,
            reading: Cell::default(),
            told: RefCell::default(),
            trace,
            samples: samples.map(SampleRows::new),
            exchanges: KeptExchanges::default(),
            of_users: RefCell::default(),
            shared_of_users: RefCell::default(),
            held: RefCell::default(),
            run_extension,
            extension: WorkerExtension::default(),
            random: Cell::new(random()),
            results_to_come: ResultsToCome::default(),
            told_of_resources: RefCell::default(),
        }
    }

    /// Keeps the outputs of a step of the `vu_setup` of a user, by the number of the step.
    pub(super) fn keep_of_user(&self, user: (u32, u64), (i, outputs): (usize, Rc<KeptOutputs>)) {
        let mut users = self.of_users.borrow_mut();
        let kept = users.entry(user).or_default();
        match kept.iter_mut().find(|(number, _)| *number == i) {
            Some((_, before)) => *before = outputs,
            None => kept.push((i, outputs)),
        }
    }

    /// A user has gone.
    pub(super) fn forget_user(&self, user: (u32, u64)) {
        let mut users = self.of_users.borrow_mut();
        if !users.is_empty() {
            users.remove(&user);
        }
        // It is dropped when nothing is borrowed any more: what drops may ask for more.
        let shared = self.shared_of_users.borrow_mut().remove(&user);
        drop(shared);
    }

    /// What a shared asset keeps for a user, or what it makes now.
    pub(super) fn shared_of_user<T: Any>(
        &self,
        user: (u32, u64),
        is_it: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Rc<T> {
        let found = self.shared_of_users.borrow().get(&user).and_then(|kept| {
            kept.iter()
                .filter_map(|one| Rc::clone(one).downcast::<T>().ok())
                .find(|one| is_it(one))
        });
        found.unwrap_or_else(|| {
            let made = Rc::new(make());
            let mut users = self.shared_of_users.borrow_mut();
            users.entry(user).or_default().push(Rc::clone(&made) as _);
            made
        })
    }

    /// Whether nothing is kept of any user.
    #[cfg(test)]
    pub(crate) fn has_forgotten_all_users(&self) -> bool {
        self.of_users.borrow().is_empty()
    }

    /// What was kept so; none where it was not.
    pub(super) fn kept_of_user(&self, user: (u32, u64), i: usize) -> Rc<KeptOutputs> {
        let users = self.of_users.borrow();
        let mut kept = users.get(&user).map_or(&[][..], Vec::as_slice).iter();
        let kept = kept.find(|(number, _)| *number == i);
        kept.map_or_else(Rc::default, |(_, outputs)| Rc::clone(outputs))
    }

    /// Counts a user whose `vu_setup` failed as a failed iteration; `first_slot` is that of its scenario's iterations.
    pub(crate) fn user_discarded(&self, first_slot: u32) {
        self.recorder
            .failed(first_slot, self.names.kind(NOT_SET_UP));
    }

    /// The same, in a run that asks for some metrics.
    pub(super) fn asked(self, asked: AskedSlots) -> Self {
        Self {
            recorder: self.recorder.asked(asked),
            ..self
        }
    }

    /// The clock. (Tokio's, so that tests can stop it; it is the system's monotonic clock otherwise.)
    pub fn now(&self) -> Instant {
        self.clock.read()
    }

    /// A time limit of something on this worker, which is not set yet.
    pub fn deadline(&self) -> Deadline {
        Deadline::new(&self.deadlines)
    }

    /// The same, as a moment of this worker.
    pub fn moment(&self) -> Moment {
        self.clock.now()
    }

    /// An instant as a moment of this worker.
    pub(crate) fn moment_of(&self, instant: Instant) -> Moment {
        self.clock.at(instant)
    }

    /// A moment of this worker as an instant; `None` of one that an instant cannot hold.
    pub(crate) fn instant_of(&self, moment: Moment) -> Option<Instant> {
        self.clock.instant_of(moment)
    }

    /// An iteration of a user begins, and nothing else happens until its first step begins.
    pub(crate) fn iteration_begins(&self, at: Moment) {
        self.reading.set(Reading::At(at));
    }

    /// An iteration is polled.
    pub(crate) fn iteration_is_polled(&self) {
        if matches!(self.reading.get(), Reading::Outside) {
            self.reading.set(Reading::Old);
        }
    }

    /// What follows takes time, or others have their turn.
    pub(crate) fn time_passes(&self) {
        self.reading.set(Reading::Outside);
    }

    /// A step of the iteration that is polled ends now, or at a moment that was just read.
    pub(crate) fn step_ends(&self, just_read: Option<Moment>) -> Moment {
        let now = just_read.unwrap_or_else(|| self.moment());
        if !matches!(self.reading.get(), Reading::Outside) {
            self.reading.set(Reading::At(now));
        }
        now
    }

    /// The clock as it was read last, if nothing that takes time has happened since. What follows takes time.
    pub(crate) fn just_read(&self) -> Option<Moment> {
        match self.reading.get() {
            Reading::At(moment) => {
                self.reading.set(Reading::Old);
                Some(moment)
            }
            Reading::Outside | Reading::Old => None,
        }
    }

    /// Counts the end of a step; in a functional run it is reported too. Returns the number of its kind of failure.
    pub(crate) fn step_ended(&self, end: &StepEnd<'_>) -> Option<usize> {
        let first = end.first_slot;
        let mut failed = None;
        match end.outcome {
            StepOutcome::Skipped => self.recorder.count(first, Outcome::Skipped),
            StepOutcome::Cancelled => self.recorder.count(first, Outcome::Cancelled),
            StepOutcome::Passed => {
                self.recorder.count(first, Outcome::Passed);
                if let Some(service) = end.service {
                    self.recorder.nanos(first + time_slot::SERVICE, service);
                }
                if let Some(response) = end.response {
                    self.recorder.nanos(first + time_slot::RESPONSE, response);
                }
            }
            StepOutcome::Failed | StepOutcome::FailedAndContinued | StepOutcome::Recovered => {
                failed = Some(self.step_failed(end));
            }
            StepOutcome::Cut => failed = Some(self.step_cut(end)),
        }
        if self.functional {
            let mut report = end.report();
            let exchanges = self.exchanges.take(end.step);
            if failed.is_some() || self.trace.is_some() {
                report.exchanges = exchanges;
            }
            self.events.tell(Event::Step(report));
        }
        failed
    }

    /// How much is shown of what a step sends and receives: in a functional run of all of it, since the step may still fail.
    #[inline]
    pub(crate) fn shows_exchanges(&self) -> Option<Shown> {
        self.functional.then(|| self.trace.unwrap_or(Shown::FAILED))
    }

    /// How much is shown of the exchange that failed so: under load that of the first failure of a kind on this thread.
    pub(crate) fn wants_example(&self, first_slot: u32, kind: &'static str) -> Option<Shown> {
        if self.functional {
            return None;
        }
        let kind = self.names.kind(kind);
        (!self.told.borrow().contains(&(first_slot, kind))).then_some(Shown::EXAMPLE)
    }

    /// Keeps what a running step, which has this address, sent and received.
    pub(crate) fn keep_exchange(
        &self,
        (step, shown): (usize, Shown),
        sides: (&Message, Option<&Message>),
        secrets: &Secrets,
    ) {
        let exchange = Exchange::new(sides, [self.start.secrets(), secrets], shown);
        let others = if self.functional {
            Others::AreRunning
        } else {
            Others::HavePassed
        };
        self.exchanges.keep(step, exchange, others);
    }

    /// Keeps what an attempt of the step with this address recorded, until it is known that it was the last one.
    pub(crate) fn hold(&self, step: usize, slot: u32, recorded: Recorded) {
        let mut held = self.held.borrow_mut();
        held.entry(step).or_default().record(slot, recorded);
    }

    /// The same with the failure of a check.
    pub(crate) fn hold_check(&self, step: usize, slot: u32, report: CheckReport) {
        let mut held = self.held.borrow_mut();
        held.entry(step).or_default().tell(slot, report);
    }

    /// What the last attempt of a step has found counts.
    pub(crate) fn settle_held(&self, step: usize) {
        let held = self.held.borrow_mut().remove(&step);
        if let Some(held) = held {
            let is_told = |slot| self.tells_of_check(slot);
            held.settle(&self.recorder, is_told, |event| self.tell(event));
        }
    }

    /// Another attempt takes the place of what a step has found, sent and received.
    pub(crate) fn forget_attempt(&self, step: usize) {
        self.held.borrow_mut().remove(&step);
        self.exchanges.take_unjudged(step);
        if !self.functional {
            self.exchanges.take(step);
        }
    }

    /// A failure of this step ends the run. On this worker nothing begins from here on; the control thread tells the others.
    pub(crate) fn ends_run(&self, step: &Info) {
        self.shutdown.advance(Phase::Draining);
        self.causes.ended_by(step.to_string());
    }

    /// Keeps the exchange of a step whose checks are judged next.
    pub(crate) fn keep_unjudged(&self, step: usize, exchange: Unmade) {
        self.exchanges.keep_unjudged(step, exchange);
    }

    /// The checks of this step were judged; `failed` is the kind of its failure, if they failed it. Then its exchange is shown as
    /// those of other failures are.
    pub(crate) fn settle_unjudged(&self, step: usize, failed: Option<(u32, &'static str)>) {
        let unjudged = self.exchanges.take_unjudged(step);
        let (Some(exchange), Some((first_slot, kind))) = (unjudged, failed) else {
            return;
        };
        if let Some(shown) = self.wants_example(first_slot, kind) {
            let (sent, received, secrets) = exchange.made();
            self.keep_exchange((step, shown), (&sent, received.as_ref()), &secrets);
        }
    }

    fn step_failed(&self, end: &StepEnd<'_>) -> usize {
        let goes_on = [StepOutcome::FailedAndContinued, StepOutcome::Recovered];
        if goes_on.contains(&end.outcome) {
            self.recorder.count(end.first_slot, Outcome::Continued);
        }
        // A step that failed before it began has no service time.
        if let Some(service) = end.service {
            let first = end.first_slot;
            self.recorder
                .nanos(first + time_slot::FAILED_SERVICE, service);
            if let Some(response) = end.response {
                self.recorder
                    .nanos(first + time_slot::FAILED_RESPONSE, response);
            }
        }
        self.failure(end)
    }

    /// It has failed, and whoever waited for it has waited for this long at least. So its age counts among the response times,
    /// or those that took longest would be left out of them.
    fn step_cut(&self, end: &StepEnd<'_>) -> usize {
        let first = end.first_slot;
        if let Some(service) = end.service {
            self.recorder
                .nanos(first + time_slot::FAILED_SERVICE, service);
        }
        if let Some(response) = end.response {
            self.recorder.nanos(first + time_slot::RESPONSE, response);
        }
        self.failure(end)
    }

    /// Counts a failure by its kind and tells it, if it is news. Returns the number of its kind.
    fn failure(&self, end: &StepEnd<'_>) -> usize {
        let kind = self.names.kind(end.fault.map_or(BUG, Fault::kind));
        self.recorder.failed(end.first_slot, kind);
        if let Some(limit) = end.fault.and_then(Fault::host_limit) {
            self.causes.lacked.add(limit);
        }
        if self.functional {
            if end.outcome != StepOutcome::Recovered {
                self.causes.step_failed();
            }
        } else if self.told.borrow_mut().insert((end.first_slot, kind)) {
            let mut report = end.report();
            report.exchanges = self.exchanges.take(end.step);
            self.events.tell(Event::FirstFailure(report));
        }
        kind
    }

    /// A result that comes after its step has failed: `slot` is that of the metric which counts it.
    pub(super) fn undelivered(&self, step: &Info, slot: u32, fault: &Fault) {
        self.add_labelled(slot, fault.kind(), 1);
        self.is_lost(step, (slot, "not delivered"), fault);
    }

    /// What a step handed over is lost, or may be: a functional run fails and tells each, a load run tells the first of its kind on each thread.
    pub(super) fn is_lost(&self, step: &Info, (slot, what): (u32, &str), fault: &Fault) {
        if self.functional {
            self.causes.step_failed();
        } else if !(self.told.borrow_mut()).insert((slot, self.names.kind(fault.kind()))) {
            return;
        }
        let text = fault.shown(step.sensitivity());
        let (kind, place) = (fault.kind(), step.place());
        let text = format!("step.{step}: {what}: {kind}: {text}, {place}");
        self.events.tell(Event::Message(LogLevel::Error, text));
    }

    /// Whether the failure of a check is told: always in a functional run, and once by this thread under load.
    pub(crate) fn tells_of_check(&self, slot: u32) -> bool {
        // No step has its counters in the slot of a check, so the kind tells nothing apart.
        self.functional || self.told.borrow_mut().insert((slot, 0))
    }

    /// Reports an event.
    pub(crate) fn tell(&self, event: Event) {
        self.events.tell(event);
    }

    /// Counts the end of an iteration that passed.
    pub(crate) fn iteration_passed(&self, end: &IterationEnd) {
        self.recorder.count(end.first_slot, Outcome::Passed);
        self.recorder
            .nanos(end.first_slot + time_slot::SERVICE, end.service);
        if let Some(response) = end.response {
            self.recorder
                .nanos(end.first_slot + time_slot::RESPONSE, response);
        }
    }

    /// Counts the end of an iteration that failed; `kind` is the kind of failure of the step that was the reason.
    pub(crate) fn iteration_failed(&self, end: &IterationEnd, kind: Option<usize>) {
        let first = end.first_slot;
        self.recorder
            .nanos(first + time_slot::FAILED_SERVICE, end.service);
        if let Some(response) = end.response {
            self.recorder
                .nanos(first + time_slot::FAILED_RESPONSE, response);
        }
        let kind = kind.unwrap_or_else(|| self.names.kind(NO_STEP));
        self.recorder.failed(first, kind);
    }

    /// Counts an iteration whose time was over: it has failed, and its age counts among the response times.
    pub(crate) fn iteration_cut(&self, end: &IterationEnd, kind: Option<usize>) {
        let first = end.first_slot;
        self.recorder
            .nanos(first + time_slot::FAILED_SERVICE, end.service);
        if let Some(response) = end.response {
            self.recorder.nanos(first + time_slot::RESPONSE, response);
        }
        let kind = kind.unwrap_or_else(|| self.names.kind(CUT));
        self.recorder.failed(first, kind);
    }

    /// Counts an iteration that was dropped.
    pub(crate) fn iteration_cancelled(&self, first_slot: u32) {
        self.recorder.count(first_slot, Outcome::Cancelled);
    }

    /// Counts that an iteration began which was due at a moment of its own: how long it waited for a user, and then for this
    /// program, in nanoseconds.
    pub(crate) fn iteration_started(&self, (first_slot, queued, start_error): (u32, Nanos, Nanos)) {
        self.recorder
            .nanos(first_slot + iteration_slot::QUEUED, queued);
        self.recorder
            .nanos(first_slot + iteration_slot::START_ERROR, start_error);
    }

    /// Counts arrivals that were due and never began.
    pub(crate) fn iterations_not_started(&self, first_slot: u32, n: u64) {
        let outcome = Outcome::NotStarted;
        self.recorder.count_many(first_slot, outcome, n);
    }

    /// Counts an arrival that was dropped: no user could take it.
    pub(crate) fn iteration_dropped(&self, first_slot: u32) {
        self.recorder.count(first_slot, Outcome::Dropped);
    }

    /// Adds to a counter that has a label.
    pub(crate) fn add_labelled(&self, slot: u32, label: &str, n: u64) {
        let number = self.names.label(slot, label);
        self.recorder.add_labelled(slot, number, n);
    }

    /// Whether running iterations are dropped.
    pub fn cancelled(&self) -> bool {
        self.shutdown.phase().drops()
    }

    /// Completes when running iterations are to be dropped.
    pub fn until_cancelled(&self) -> UntilCancelled<'_> {
        self.shutdown.until_cancelled()
    }

    /// Reports an event of a resource. A failed creation at scope `run` ends the run with exit 100. After a failed destruction
    /// the run ends with exit 101.
    pub(crate) fn resource_event(&self, info: &'static ResourceInfo, event: ResourceEvent) {
        match &event {
            ResourceEvent::CreateFailed { .. } if info.lifetime() == Lifetime::Run => {
                self.causes.set_up_failed();
            }
            ResourceEvent::DestroyFailed { .. } => self.causes.teardown_failed(),
            ResourceEvent::CreateFailed { .. }
            | ResourceEvent::SettleFailed { .. }
            | ResourceEvent::Created { .. }
            | ResourceEvent::Destroyed { .. } => {}
        }
        if let ResourceEvent::CreateFailed { fault }
        | ResourceEvent::SettleFailed { fault }
        | ResourceEvent::DestroyFailed { fault } = &event
            && fault.kind() == BUG
        {
            self.panicked(&panic::take_last_message().unwrap_or_else(|| fault.to_string()));
        }
        if self.is_news(info, &event) {
            self.events.tell(Event::Resource(info, event));
        }
    }

    /// Says what looks wrong.
    pub(crate) fn warns(&self, text: String) {
        self.events.tell(Event::Message(LogLevel::Warn, text));
    }

    /// Reports tasks of what was prepared that did not end: the run ends with exit 101.
    pub(crate) fn prepared_did_not_end(&self, fault: &Fault) {
        self.causes.teardown_failed();
        let text = format!("a module did not end what it had prepared on a thread: {fault}");
        self.events.tell(Event::Message(LogLevel::Error, text));
    }

    /// Whether the event is reported. Under load a failed creation is tried again in each iteration, so each kind of failure is
    /// reported once, as for steps.
    fn is_news(&self, info: &'static ResourceInfo, event: &ResourceEvent) -> bool {
        match event {
            ResourceEvent::CreateFailed { fault } | ResourceEvent::SettleFailed { fault }
                if !self.functional =>
            {
                let kind = self.names.kind(fault.kind());
                let resource = std::ptr::from_ref(info).addr();
                self.told_of_resources.borrow_mut().insert((resource, kind))
            }
            _ => true,
        }
    }

    /// A panic was caught: the run ends with the exit code of a bug. This worker stops at once; otherwise its users would panic
    /// again and again until the control thread stops the run.
    pub(crate) fn panicked(&self, text: &str) {
        self.shutdown.advance(Phase::Cancelled);
        self.causes.bug();
        self.events.tell(Event::Panic(text.to_owned()));
    }
}

impl WorkerContext {
    /// A random number that no seed repeats.
    pub(crate) fn random(&self) -> u64 {
        let next = self.random.get().wrapping_add(GAMMA);
        self.random.set(next);
        mix(next)
    }
}

impl WallClock for WorkerContext {
    /// The clock of the run: the time when it was started, plus what the worker's clock has counted since.
    fn since_epoch(&self) -> Duration {
        self.start.since_epoch(self.now())
    }
}
