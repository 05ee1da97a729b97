//! One run of a step. Everything that happens to a step is counted here and nowhere else.

pub(super) mod driven;

use super::iteration::Iteration;
use super::output::OutputSlot;
use crate::clock::Moment;
use crate::context::{CUT, Cut, Deadline, LateResult, Recorded, WorkerContext, metric_methods};
use crate::event::{CheckReport, Event, StepEnd, StepOutcome};
use crate::exchange::{Message, Secrets, Shown, Unmade};
use crate::fault::{Fault, FaultText};
use crate::flow::{Flow, Running, Stop};
use crate::info::{At, CheckInfo, Info, Instance, LabelledCounter, Numbered, OnDemand, step_slot};
use crate::samples::{SampleRows, Sampled};
use bggo_values::Value;
use bggo_values::context::WallClock;
use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The kind of failure of a step whose required check failed.
pub(super) const CHECK: &str = "check";
/// The kind of failure of a step that took longer than its limit.
pub const TIMEOUT: &str = "timeout";

/// What happens when a step is slow or fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policy {
    execution: Option<Duration>,
    continue_on_failure: bool,
}

impl Policy {
    /// No time limit, and a failure ends the iteration.
    pub const fn new() -> Self {
        Self {
            execution: None,
            continue_on_failure: false,
        }
    }

    /// The time limit, from the begin of the step to its end.
    pub const fn execution(mut self, limit: Duration) -> Self {
        self.execution = Some(limit);
        self
    }

    /// A failure is counted, and the iteration goes on.
    pub const fn continue_on_failure(mut self) -> Self {
        self.continue_on_failure = true;
        self
    }
}

/// An attempt, boxed. It is a function of the run of the step, and may be called several times.
type Attempt<'a> = Box<dyn for<'s> FnMut(&'s Step<'a>) -> Running<'s, Result<Ran, Fault>> + 'a>;

impl Iteration<'_> {
    /// Runs a step from its first attempt to its counted end, within the step's time limit. There is no other way to run one.
    /// Getting the assets, computing late inputs and running are all inside the attempt, so each of their faults is counted
    /// here. An attempt may be called again. The outputs of the one that passed ([`Step::keep`]) go to `kept`.
    ///
    /// (It is no `async fn`: every user that waits in a step would keep the arguments twice.)
    pub fn run_step<'s>(
        &'s self,
        at: At,
        policy: &'s Policy,
        kept: Option<&'s OutputSlot>,
        mut attempt: impl AsyncFnMut(&Step<'s>) -> Result<Ran, Fault>,
    ) -> impl Future<Output = Flow> {
        let mut step = self.step(at, policy);
        step.kept = kept;
        // A run that is never polled has not begun, so nothing is counted.
        step.ended.set(true);
        async move {
            step.ended.set(false);
            step.begun.set(step.worker().just_read());
            let result = {
                let work = pin!(attempt(&step));
                // `work` is dropped before the end is counted, so that a cancelled attempt holds no asset any more.
                step.limited(work).await
            };
            step.end(result)
        }
    }

    /// The same for an emitted attempt, which gets `body`, the emitted state of the iteration.
    ///
    /// (The place stands behind the policy: it is dropped, so that each call between its making and this one costs every step
    /// forty lines of code that unwinds.)
    pub fn drive<'s, B>(
        &'s self,
        policy: &'s Policy,
        at: At,
        kept: Option<&'s OutputSlot>,
        (body, attempt): (&'s B, AttemptOf<B>),
    ) -> Running<'s, Flow> {
        self.run_boxed(at, policy, kept, Box::new(move |step| attempt(body, step)))
    }

    /// The same for a step that needs resources: `wait` waits for them before each attempt. They are there in nearly all of them, so
    /// the attempts themselves need no state for the wait, which costs a large grid a sixth of its code.
    pub fn drive_with_resources<'s, B>(
        &'s self,
        policy: &'s Policy,
        at: At,
        kept: Option<&'s OutputSlot>,
        (body, wait, attempt): (&'s B, WaitOf<B>, AttemptOf<B>),
    ) -> Running<'s, Flow> {
        let attempt: Attempt<'s> = Box::new(move |step| match wait(body) {
            None => attempt(body, step),
            Some(waiting) => Box::pin(async move {
                waiting.await?;
                attempt(body, step).await
            }),
        });
        self.run_boxed(at, policy, kept, attempt)
    }

    /// The part of `drive` that is not generic, so it is compiled once.
    #[inline(never)]
    fn run_boxed<'s>(
        &'s self,
        at: At,
        policy: &'s Policy,
        kept: Option<&'s OutputSlot>,
        mut attempt: Attempt<'s>,
    ) -> Running<'s, Flow> {
        Box::pin(self.run_step(at, policy, kept, async move |step| attempt(step).await))
    }

    /// A run of a step, due when the last of its dependencies ended. The tests of a module run one by hand.
    pub fn step<'s>(&'s self, at: At, policy: &'s Policy) -> Step<'s> {
        Step {
            iteration: self,
            at,
            policy,
            begun: Cell::new(None),
            sent: Cell::new(None),
            received: Cell::new(None),
            has_begun: Cell::new(false),
            ended: Cell::new(false),
            judged: Cell::new(false),
            timed_out: Cell::new(false),
            holds_back: Cell::new(false),
            attempts: Cell::new(0),
            kept: None,
        }
    }
}

/// An emitted attempt: a function of the emitted state of the iteration and of the run of the step.
pub type AttemptOf<B> = for<'t> fn(&'t B, &'t Step<'t>) -> Running<'t, Result<Ran, Fault>>;

/// What waits for resources, or `None` if all of them are there.
pub type Wait<'a> = Option<Running<'a, Result<(), Fault>>>;

/// An emitted wait for the resources of a step.
pub type WaitOf<B> = for<'t> fn(&'t B) -> Wait<'t>;

/// What a step records and its checks, once it has run.
pub type Judged<'a> = Box<dyn Fn(&Step<'_>) -> Result<Ran, Fault> + 'a>;

/// How an attempt of a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It ran.
    Done,
    /// It is not enabled.
    Skipped,
}

/// One run of a step. If it is dropped before its end, it counts as cancelled; as failed, if the time to finish was over.
pub struct Step<'a> {
    iteration: &'a Iteration<'a>,
    at: At,
    policy: &'a Policy,
    /// When it began. Before it has begun, the moment from which nothing has happened but its own beginning.
    begun: Cell<Option<Moment>>,
    sent: Cell<Option<Moment>>,
    /// When the last byte of its answer came, if its module says so.
    received: Cell<Option<Moment>>,
    has_begun: Cell<bool>,
    ended: Cell<bool>,
    /// Its checks were judged.
    judged: Cell<bool>,
    /// Its time limit has come, so its attempt is dropped.
    timed_out: Cell<bool>,
    /// What is found out about an attempt counts once it is known that it was the last one.
    holds_back: Cell<bool>,
    /// How many attempts have begun, if there can be several.
    attempts: Cell<u16>,
    /// The slot for its outputs, if some expression reads them.
    kept: Option<&'a OutputSlot>,
}

/// See [`Step::pause`]. Written by hand, for an `async fn` would keep its argument and more beside it.
#[derive(Debug)]
pub struct Pause<'a> {
    limit: Deadline,
    /// When it is over, until the limit stands there.
    then: Option<Moment>,
    /// It is one of a run of a step, and needs nothing of it.
    step: PhantomData<&'a ()>,
}

impl<'a> Pause<'a> {
    /// From now on.
    fn new(worker: &'a WorkerContext, time: Duration) -> Self {
        let now = worker.moment();
        let first = time.checked_sub(Deadline::LAST_MOMENTS);
        let mut limit = worker.deadline();
        limit.set(now + first.unwrap_or(time));
        Self {
            then: first.map(|_| now + time),
            limit,
            step: PhantomData,
        }
    }
}

impl Future for Pause<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.limit.poll(cx));
            let Some(until) = self.then.take() else {
                return Poll::Ready(());
            };
            // How long a limit is counts from the last look at the clock.
            self.limit.look_at_clock();
            self.limit.set(until);
        }
    }
}

impl<'a> Step<'a> {
    /// Bytes of each body that are shown of an exchange that failed under load.
    pub const EXAMPLE_BYTES: usize = Shown::EXAMPLE.body;

    /// Runs an attempt as [`Iteration::run_step`] does.
    #[cfg(test)]
    pub(crate) fn drive<'s>(
        &'s self,
        attempt: &'s mut dyn FnMut() -> Running<'s, Result<Ran, Fault>>,
    ) -> Running<'s, Flow> {
        let mut work = attempt();
        Box::pin(async move {
            let result = self.limited(work.as_mut()).await;
            drop(work);
            self.end(result)
        })
    }

    /// Whether something reads the outputs of this run.
    pub fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    /// Keeps the outputs of an attempt, in the plan's order. Expressions see them when the step has passed. They replace the
    /// outputs of an earlier attempt.
    pub fn keep(&self, values: impl Into<Box<[Value]>>) {
        if let Some(slot) = self.kept {
            slot.offer(values);
        }
    }

    /// Output number `i` of those that are read, of the attempt that has just run: for the checks of the step itself, and for
    /// what it records.
    pub fn output(&self, i: usize) -> Value {
        self.kept.map_or(Value::Null, |slot| slot.own(i))
    }

    /// All outputs of the attempt that has just run, as an object.
    pub fn outputs(&self, names: &[&'static str]) -> Value {
        self.kept.map_or(Value::Null, |slot| slot.own_whole(names))
    }

    /// `work` with the step's time limit, which begins with [`Step::begin`].
    pub(super) fn limited<'s, T>(
        &'s self,
        work: Pin<&'s mut (dyn Future<Output = Result<T, Fault>> + 's)>,
    ) -> Limited<'s, T> {
        Limited {
            work,
            step: self,
            deadline: None,
        }
    }

    /// The step begins: its assets are created, its inputs are known. Its time limit starts here. The code that `module!` makes
    /// calls it. If it did not have to wait for that, it begins when the step before it ended.
    #[doc(hidden)]
    #[inline]
    pub fn begin(&self) {
        if self.has_begun.get() || self.begun.get().is_none() {
            self.begun.set(Some(self.iteration.worker().moment()));
            // What an earlier attempt sent is not the request of this one.
            self.sent.set(None);
            self.received.set(None);
        }
        self.has_begun.set(true);
    }

    /// When it began, if it has.
    #[inline]
    fn begun(&self) -> Option<Moment> {
        self.begun.get().filter(|_| self.has_begun.get())
    }

    /// The step sends its request: service time starts here. Without a call it starts with [`Step::begin`]. Returns this moment,
    /// so that a module that needs it does not read the clock once more.
    #[inline]
    pub fn sent(&self) -> Moment {
        let now = self.now();
        self.sent.set(Some(now));
        now
    }

    /// The time limit that the grid gives to one attempt of it, from its beginning; `None` if there is none. Whatever takes longer is
    /// dropped, so a module needs it only to tell others.
    pub fn time_limit(&self) -> Option<Duration> {
        self.policy.execution
    }

    /// When the iteration began that it belongs to.
    pub fn iteration_began(&self) -> Moment {
        self.iteration.began()
    }

    /// See [`AssetCx::since_1970`].
    ///
    /// [`AssetCx::since_1970`]: crate::assets::AssetCx::since_1970
    pub fn since_1970(&self) -> Duration {
        self.worker().since_epoch()
    }

    /// See [`AssetCx::random`].
    ///
    /// [`AssetCx::random`]: crate::assets::AssetCx::random
    pub fn random(&self) -> u64 {
        self.worker().random()
    }

    /// The same for a request that goes out right when the step begins: the clock is not read once more. A retry reads it.
    #[inline]
    pub fn sent_at_once(&self) -> Moment {
        match self.begun() {
            Some(begun) => {
                self.sent.set(Some(begun));
                begun
            }
            None => self.sent(),
        }
    }

    /// The last byte of the answer came at a moment that was just read: what is measured ends there, and the clock is not read once
    /// more when the step ends. Nothing that takes time may follow. What came before the step began, such as a message that was waiting,
    /// came when it began.
    #[inline]
    pub fn received_at(&self, moment: Moment) {
        let begun = self.begun.get().unwrap_or(moment);
        self.received.set(Some(moment.max(begun)));
    }

    /// The clock of the run: monotonic, the same that measures steps. Each call reads it, which takes about as long as a hundred
    /// instructions: pass on a moment that was just read.
    #[inline]
    pub fn now(&self) -> Moment {
        self.worker().moment()
    }

    /// A time limit for something that this run does, which is not set yet. (An asset keeps one of its own: [`AssetCx::deadline`].)
    ///
    /// [`AssetCx::deadline`]: crate::assets::AssetCx::deadline
    pub fn deadline(&self) -> Deadline {
        self.worker().deadline()
    }

    /// Waits so long, late by at most two milliseconds. A timer takes much memory of a user that waits, so there is one only for the
    /// last moments.
    pub fn pause(&self, time: Duration) -> Pause<'_> {
        Pause::new(self.worker(), time)
    }

    /// Whether what is found out about the attempt does not count yet.
    pub(super) fn holds_back(&self) -> bool {
        self.holds_back.get()
    }

    /// Counts what was recorded in a slot, now or when it is known that this was the last attempt.
    pub(super) fn count(&self, slot: u32, recorded: Recorded) {
        let worker = self.worker();
        if self.holds_back.get() {
            worker.hold(self.address(), slot, recorded);
        } else {
            recorded.count(&worker.recorder, slot);
        }
    }

    /// The same for the failure of a check.
    pub(super) fn tell_of_check(&self, slot: u32, report: CheckReport) {
        let worker = self.worker();
        if self.holds_back.get() {
            worker.hold_check(self.address(), slot, report);
        } else {
            worker.tell(Event::Check(report));
        }
    }

    /// Counts the end. A failure ends the iteration, unless the step has `continue_on_failure`.
    ///
    /// # Errors
    /// [`Stop`] when the iteration ends.
    pub(crate) fn end(&self, result: Result<Ran, Fault>) -> Flow {
        if let (Err(_), Some(slot)) = (&result, self.kept) {
            slot.failed(&self.at);
        }
        match &result {
            Ok(Ran::Done) => {
                if let Some(slot) = self.kept {
                    slot.passed();
                }
                self.book(StepOutcome::Passed, None);
            }
            Ok(Ran::Skipped) => {
                if let Some(slot) = self.kept {
                    slot.skipped(&self.at);
                }
                self.book(StepOutcome::Skipped, None);
            }
            Err(fault) if self.policy.continue_on_failure => {
                self.book(StepOutcome::FailedAndContinued, Some(fault));
            }
            Err(fault) => {
                self.book(StepOutcome::Failed, Some(fault));
                return Err(Stop);
            }
        }
        Ok(())
    }

    metric_methods!();

    /// The result of this run that comes after it, such as the answer to a message that is queued: whoever holds it says how it turned out.
    /// It is for runners with `late_result` in their manifest, and counts as accepted from here on. The end of a scenario waits for it
    /// as long as for its iterations.
    pub fn late_result(&self) -> LateResult {
        let user = self.iteration.user();
        let first = step_slot::first_metric(self.first_slot());
        LateResult::new(user.worker(), self.at.info(), (user.scenario(), first))
    }

    /// Adds to a counter that has a label. A run tells 64 labels of a counter apart; all others count as `other`. Where the step is
    /// among the samples, the label that was added last is the status in its row.
    pub fn add_labelled(&self, metric: LabelledCounter, label: &str, n: u64) {
        let (worker, first) = self.metrics();
        worker.add_labelled(first + metric.number(), label, n);
        if let Some(rows) = &worker.samples {
            self.keep_status(rows, label);
        }
    }

    #[cold]
    fn keep_status(&self, rows: &SampleRows, label: &str) {
        if rows.takes(self.iteration.key(), self.scenario()) {
            rows.keep_status(self.address(), label);
        }
    }

    /// A metric that is measured on demand, if somebody asks for it: a threshold of the run, or its `--metric`. That is known
    /// from the start of the run on, and costs a load and a test.
    #[inline]
    pub fn asks<M: Numbered>(&self, metric: OnDemand<M>) -> Option<M> {
        let (worker, first) = self.metrics();
        let metric = metric.metric();
        let slot = first + metric.number();
        worker.recorder.is_asked(slot).then_some(metric)
    }

    /// The worker and the slot of the first metric.
    #[inline]
    fn metrics(&self) -> (&WorkerContext, u32) {
        (
            self.iteration.worker(),
            step_slot::first_metric(self.first_slot()),
        )
    }

    pub(super) fn iteration_of(&self) -> &'a Iteration<'a> {
        self.iteration
    }

    #[inline]
    pub(super) fn first_slot(&self) -> u32 {
        self.first_slot_of_body() + self.at.info().first_slot()
    }

    /// The first slot of the body that is run.
    pub(super) fn first_slot_of_body(&self) -> u32 {
        self.iteration.first_slot()
    }

    #[inline]
    pub(super) fn worker(&self) -> &WorkerContext {
        self.iteration.worker()
    }

    pub(super) fn instance(&self) -> &Instance {
        self.at.instance()
    }

    /// The number of its scenario in the grid's table.
    pub(super) fn scenario(&self) -> u32 {
        self.iteration.user().scenario()
    }

    /// From here on a failure says nothing of the checks.
    pub(super) fn judges_its_checks(&self) {
        self.judged.set(true);
    }

    /// The number of the instance that runs, from 0.
    pub fn index(&self) -> u32 {
        self.at.number()
    }

    /// The step.
    pub fn info(&self) -> &'static Info {
        self.at.info()
    }

    /// The user's number, from 1.
    pub fn vu(&self) -> u64 {
        self.iteration.user().number()
    }

    /// What an asset that several users share keeps for the user of this step, such as a channel of a connection: `is_it` finds it among
    /// those of its type, and `make` makes it where there is none. It is dropped when the user has gone and no step holds it. That of a
    /// step of `setup` or `teardown` is dropped at the end of the run.
    pub fn of_user<T: Any>(&self, is_it: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Rc<T> {
        self.iteration.user().shared(is_it, make)
    }

    /// The user's iteration, from 0.
    pub fn iteration(&self) -> u64 {
        self.iteration.number()
    }

    /// Whether what this step sends and receives is shown, and how many bytes of each body: so in a functional run, unless the grid says
    /// that the step is sensitive. A module
    /// then hands over each exchange by [`Step::exchanged`], also one that got no answer. Under load the answer is `None`.
    #[inline]
    pub fn shows_exchanges(&self) -> Option<usize> {
        let shown = self.worker().shows_exchanges()?;
        (!self.info().is_withheld()).then_some(shown.body)
    }

    /// Whether an exchange that failed with this kind is shown, and how many bytes of each body. Under load that is so until this
    /// thread has one of its kind. A module that makes the texts only then hands over the exchange by [`Step::exchanged`]
    /// right before it returns the fault. In a functional run the answer is `None`.
    pub fn wants_example(&self, kind: &'static str) -> Option<usize> {
        let shown = self.worker().wants_example(self.first_slot(), kind)?;
        (!self.info().is_withheld()).then_some(shown.body)
    }

    /// Whether the exchange of this run is shown if its checks fail it: under load, until this thread has an example of that. Of a step
    /// without required checks, and in a functional run, the answer is `false`. A module then hands over by [`Step::keep_for_checks`]
    /// what it has, right before it returns the outputs.
    pub fn wants_example_of_check(&self) -> bool {
        let mut checks = self.info().check_infos().iter();
        checks.any(CheckInfo::is_required) && self.wants_example(CHECK).is_some()
    }

    /// Hands over the exchange of a run that has passed so far. `make` makes its messages, with [`Step::EXAMPLE_BYTES`] of each body, and
    /// the secrets that went into them. It is called only if a required check fails, and dropped otherwise.
    pub fn keep_for_checks(
        &self,
        make: impl FnOnce() -> (Message, Option<Message>, Secrets) + 'static,
    ) {
        let worker = self.worker();
        worker.keep_unjudged(self.address(), Unmade::new(make));
    }

    /// The kind of failure with which the run ends while its attempt is dropped: `timeout`, or `cut` where the time to finish was over.
    /// `None` while it runs, and where a cancelled run is dropped, which is no failure. A module that waits asks it in a `drop`, and
    /// hands over the exchange that was not finished, if [`Step::wants_example`] says so.
    pub fn kind_if_dropped(&self) -> Option<&'static str> {
        if self.timed_out.get() {
            return Some(TIMEOUT);
        }
        (self.iteration.user().cut() == Some(Cut::TimeIsOver)).then_some(CUT)
    }

    /// Hands over what was sent and what came back: it is shown if the step fails, or if all is shown. In both messages the
    /// secrets are replaced, and those of the grid's sensitive variables.
    pub fn exchanged(&self, sent: &Message, received: Option<&Message>, secrets: &Secrets) {
        if self.info().is_withheld() {
            return;
        }
        let worker = self.worker();
        let shown = worker.shows_exchanges().unwrap_or(Shown::EXAMPLE);
        worker.keep_exchange((self.address(), shown), (sent, received), secrets);
    }

    /// Writes down how it ended, if its iteration is among those of which that is asked for.
    #[cold]
    fn sample(&self, rows: &SampleRows, end: &StepEnd<'_>, now: Moment) {
        let key = self.iteration.key();
        if rows.takes(key, end.scenario) {
            let worker = self.worker();
            let now = worker.instant_of(now).unwrap_or_else(|| worker.now());
            let at = worker.start.since_epoch(now);
            rows.add(
                end,
                Sampled {
                    key,
                    at,
                    late: self.iteration.lateness(),
                },
            );
        }
    }

    /// A step is not moved while it runs.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn book(&self, outcome: StepOutcome, fault: Option<&Fault>) {
        self.ended.set(true);
        if self.holds_back.get() {
            let (worker, step) = (self.worker(), self.address());
            match outcome {
                StepOutcome::Cancelled => worker.forget_attempt(step),
                _ => worker.settle_held(step),
            }
        }
        let now = self.worker().step_ends(self.received.get());
        let from = self.sent.get().or(self.begun());
        let end = StepEnd {
            info: self.at.info(),
            instance: self.at.instance(),
            scenario: self.iteration.user().scenario(),
            user: self.iteration.user().number(),
            iteration: self.iteration.number(),
            first_slot: self.first_slot(),
            step: self.address(),
            attempts: self.attempts.get(),
            // The due time of the branch that is polled, which is the branch of this step.
            response: self.iteration.due().map(|due| now.since(due)),
            service: from.map(|from| now.since(from)),
            outcome,
            fault,
        };
        if let Some(rows) = &self.iteration.worker().samples {
            self.sample(rows, &end, now);
        }
        if self.judged.get() {
            let failed = fault.map(|fault| (end.first_slot, fault.kind()));
            self.worker().settle_unjudged(end.step, failed);
        }
        let failed = self.iteration.worker().step_ended(&end);
        if let Some(kind) = failed {
            if outcome != StepOutcome::Recovered {
                self.iteration.note_failure(kind);
            }
            if !self.judged.get() {
                self.misses_its_checks();
            }
        }
        // A skipped step does not change the due time of the steps after it.
        if outcome != StepOutcome::Skipped {
            self.iteration.set_due(Some(now));
        }
    }
}

impl std::fmt::Debug for Step<'_> {
    /// Leaves the outputs out, since they may be sensitive.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if self.ended.get() {
            return;
        }
        if self.iteration.user().cut() == Some(Cut::TimeIsOver) {
            let fault = Fault::new(CUT, "it was still running when the time to finish was over");
            self.book(StepOutcome::Cut, Some(&fault));
        } else {
            self.book(StepOutcome::Cancelled, None);
        }
    }
}

/// See [`Step::limited`].
pub struct Limited<'s, T> {
    work: Pin<&'s mut (dyn Future<Output = Result<T, Fault>> + 's)>,
    step: &'s Step<'s>,
    /// Set once the work has to wait.
    deadline: Option<Deadline>,
}

impl<T> Future for Limited<'_, T> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(result) = this.work.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        if !this.step.has_begun.get() {
            // It begins later than the step before it ended.
            this.step.begun.set(None);
        }
        let Some((limit, begun)) = this.step.policy.execution.zip(this.step.begun()) else {
            return Poll::Pending;
        };
        let deadline = this.deadline.get_or_insert_with(|| {
            let mut deadline = this.step.worker().deadline();
            deadline.set(begun + limit);
            deadline
        });
        deadline.poll(cx).map(|()| {
            this.step.timed_out.set(true);
            Err(Fault::new(
                TIMEOUT,
                FaultText::plain(format_args!(
                    "it took longer than its limit of {}",
                    bggo_values::duration::format(limit)
                )),
            ))
        })
    }
}

#[cfg(test)]
mod tests;
