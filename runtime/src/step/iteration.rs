//! One iteration of one virtual user: the values that expressions and steps read from it, and when its next step is due.

use crate::clock::Moment;
use crate::context::{Asker, UserContext, WorkerContext};
use crate::start::Start;
use crate::step_outputs::KeptOutputs;
use bggo_schedule::{Mix, Nanos};
use bggo_values::context::{Context, Draws, IterationKey, Site};
use bggo_values::split_mix::{GAMMA, mix};
use bggo_values::{Number, Value};
use std::cell::Cell;
use std::num::NonZeroU64;
use std::rc::Rc;

/// An iteration that began.
#[derive(Debug)]
#[must_use = "an iteration that began is finished with `User::finish`"]
pub struct Begun {
    /// When it began.
    began: Moment,
    /// Nanoseconds from the moment when it was due to its begin, plus one; `None` if the load profile gives it no such moment.
    /// (Plus one, so that the field takes 8 bytes: every idle user has one.)
    late: Option<NonZeroU64>,
    /// Its number in the whole run, plus one, if the load profile numbers iterations so.
    number_of_run: Option<NonZeroU64>,
    /// Where the slots of its scenario begin.
    first_slot: u32,
    /// The number of its first kind of failure, plus one; 0 if no step failed.
    failed_by: Cell<u16>,
    /// Which phase it is, if it is none of the iterations: 0.
    phase: u16,
}

impl Begun {
    /// An iteration of a closed profile, which begins when its user is free.
    pub fn when_free(began: Moment, first_slot: u32) -> Self {
        Self {
            began,
            late: None,
            number_of_run: None,
            first_slot,
            failed_by: Cell::new(0),
            phase: 0,
        }
    }

    /// The phase with this number, above 0, in the place of an iteration.
    pub(crate) fn of_phase(began: Moment, first_slot: u32, phase: u16) -> Self {
        Self {
            phase,
            ..Self::when_free(began, first_slot)
        }
    }

    /// An iteration of an open profile, which was due `late` nanoseconds before it began.
    pub fn late(began: Moment, late: u64, first_slot: u32) -> Self {
        Self::when_free(began, first_slot).due_before(late)
    }

    /// The same with its number in the whole run, if the load profile numbers iterations so.
    pub fn numbered(self, number_of_run: Option<u64>) -> Self {
        Self {
            number_of_run: number_of_run.and_then(|number| NonZeroU64::new(number + 1)),
            ..self
        }
    }

    /// The same, due so many nanoseconds before it began.
    pub(crate) fn due_before(self, late: u64) -> Self {
        Self {
            late: NonZeroU64::new(late.saturating_add(1)),
            ..self
        }
    }

    /// Where the slots of its scenario begin.
    pub(crate) fn first_slot(&self) -> u32 {
        self.first_slot
    }

    /// When it began.
    pub(crate) fn began(&self) -> Moment {
        self.began
    }

    /// When it was due, if the load profile says so.
    pub(crate) fn due(&self) -> Option<Moment> {
        Some(self.began.before(self.lateness()?))
    }

    /// How much later it began than it was due, if the load profile gives it such a moment.
    pub(crate) fn lateness(&self) -> Option<Nanos> {
        self.late.map(|late| late.get() - 1)
    }

    /// The number of its first kind of failure, also if the iteration went on after it.
    pub(crate) fn failed_by(&self) -> Option<usize> {
        usize::from(self.failed_by.get()).checked_sub(1)
    }
}

/// One iteration of one user.
#[derive(Debug)]
pub struct Iteration<'a> {
    user: &'a UserContext,
    begun: &'a Begun,
    /// When the next step of the branch that is polled is due: when the last of its dependencies has ended.
    due: Cell<Option<Moment>>,
    /// How many values each random function has drawn, and by which calls of flows it came to the body that it runs.
    draws: Draws,
}

impl<'a> Iteration<'a> {
    /// The iteration that `user` has begun.
    pub fn new(user: &'a UserContext, begun: &'a Begun) -> Self {
        Self {
            user,
            begun,
            due: Cell::new(begun.due()),
            draws: Draws::new(),
        }
    }

    /// A phase of `user` in the place of an iteration: what it draws no iteration draws.
    pub(crate) fn of_phase(user: &'a UserContext, begun: &'a Begun) -> Self {
        Self {
            user,
            begun,
            due: Cell::new(None),
            draws: Draws::in_flow(path_of_phase(begun.phase)),
        }
    }

    /// The outputs of step `i` of `setup` among those that something reads later.
    pub fn of_setup(&self, i: usize) -> &'a KeptOutputs {
        self.start().of_setup(i)
    }

    /// Whether step `i` of `setup` has passed.
    pub fn has_set_up(&self, i: usize) -> bool {
        self.start().has_set_up(i)
    }

    /// The outputs of step `i` of the user's `vu_setup` among those that something reads later.
    pub fn of_vu_setup(&self, i: usize) -> Rc<KeptOutputs> {
        self.user.of_vu_setup(i)
    }

    /// The same iteration as a flow sees it that a step of it calls, where `begun` is what [`Iteration::begun_for_call`] gave.
    /// The first steps of the flow are due when the call is.
    pub(super) fn called<'c>(&self, begun: &'c Begun, path: u64) -> Iteration<'c>
    where
        'a: 'c,
    {
        Iteration {
            user: self.user,
            begun,
            due: Cell::new(self.due.get()),
            draws: Draws::in_flow(path),
        }
    }

    /// The iteration with its slots as a flow counts them, whose own begin at `first_slot`, counted from the first one of the
    /// body that is run.
    pub(super) fn begun_for_call(&self, first_slot: u32) -> Begun {
        Begun {
            first_slot: self.begun.first_slot + first_slot,
            failed_by: Cell::new(0),
            ..*self.begun
        }
    }

    /// A call has ended: the first failure in it is one of the iteration.
    pub(super) fn note_failure_of_call(&self, begun: &Begun) {
        if let Some(kind) = begun.failed_by() {
            self.note_failure(kind);
        }
    }

    /// A hash of the calls on the way to a flow, the last of which is one whose slots begin at `first_slot`, of an instance of
    /// its step.
    pub(super) fn path_of_call(&self, first_slot: u32, instance: u32) -> u64 {
        let call = u64::from(first_slot) << 32 | u64::from(instance);
        mix((self.draws.path() ^ call).wrapping_add(GAMMA))
    }

    /// The user's number, as `vu.id`.
    pub fn vu(&self) -> Value {
        Value::Number(Number::from(self.user.number()))
    }

    /// The user's iteration, as `vu.iteration`.
    pub fn iteration(&self) -> Value {
        Value::Number(Number::from(self.user.iteration()))
    }

    /// `scenario.iteration`: its number in the whole run where the load profile numbers iterations so, else that of its user.
    pub fn iteration_of_scenario(&self) -> Value {
        let (IterationKey::Run(number) | IterationKey::User { nth: number, .. }) = self.key();
        Value::Number(Number::from(number))
    }

    /// The number of its scenario in the grid's table.
    pub fn scenario(&self) -> u32 {
        self.user.scenario()
    }

    /// `run.id`
    pub fn run_id(&self) -> Value {
        Value::Text(self.worker().start.run_id().clone())
    }

    /// Variables, and locals that are known at start.
    pub fn start(&self) -> &'a Start {
        &self.user.worker().start
    }

    /// The worker that it runs on.
    #[inline]
    pub fn worker(&self) -> &'a Rc<WorkerContext> {
        self.user.worker()
    }

    /// Its user.
    #[inline]
    pub fn user(&self) -> &'a UserContext {
        self.user
    }

    /// The iteration's number among those of its user, from 0.
    pub fn number(&self) -> u64 {
        self.user.iteration()
    }

    /// The user and its iteration, for a request for an asset.
    pub fn asker(&self) -> Asker {
        self.user.asker()
    }

    /// The key of this iteration, which no other iteration of its scenario has.
    pub fn key(&self) -> IterationKey {
        match self.begun.number_of_run {
            Some(number) => IterationKey::Run(number.get() - 1),
            None => IterationKey::User {
                user: self.user.number(),
                nth: self.user.iteration(),
            },
        }
    }

    /// Its number in the whole run, if the load profile numbers iterations so.
    pub(super) fn number_of_run(&self) -> Option<u64> {
        self.begun.number_of_run.map(|number| number.get() - 1)
    }

    /// Which of several flows this iteration runs: by its number in the run, else by its number among those of its user, where
    /// each user begins at another place. Each call of a mix, and each instance of it, begins at a place of its own.
    pub fn choice(&self, mix: &Mix) -> usize {
        self.choice_of(mix, self.draws.path())
    }

    /// The same of the call with this path.
    pub(super) fn choice_of(&self, mix: &Mix, path: u64) -> usize {
        let number = match self.key() {
            IterationKey::Run(number) => number,
            IterationKey::User { user, nth } => user.wrapping_add(nth),
        };
        mix.choice(number.wrapping_add(path))
    }

    /// The context of a function that is random or reads the clock: for call number `call` of the grid, in this instance of
    /// its step.
    pub fn function_context(&self, call: u32, instance: u32) -> Context<'_> {
        Context {
            seed: self.start().seed(),
            scenario: self.user.scenario(),
            iteration: self.key(),
            site: Site {
                path: self.draws.path(),
                call,
                instance,
            },
            draws: &self.draws,
            clock: &**self.user.worker(),
        }
    }

    /// The same for a local, which has one value in an iteration, whichever flow reads it first.
    pub fn context_of_local(&self, call: u32) -> Context<'_> {
        let mut context = self.function_context(call, 0);
        context.site.path = path_of_phase(self.begun.phase);
        context
    }

    /// The first slot of the body that is run. The slots of its steps are relative to it.
    #[inline]
    pub(crate) fn first_slot(&self) -> u32 {
        self.begun.first_slot
    }

    /// When the next step of the branch that is being polled is due; `None` for the first steps of a closed profile.
    pub(crate) fn due(&self) -> Option<Moment> {
        self.due.get()
    }

    /// When it began.
    pub(crate) fn began(&self) -> Moment {
        self.begun.began
    }

    /// How much later it began than it was due, if the load profile gives it such a moment.
    pub(crate) fn lateness(&self) -> Option<Nanos> {
        self.begun.lateness()
    }

    /// Sets when the steps are due that are polled from now on.
    pub(crate) fn set_due(&self, due: Option<Moment>) {
        self.due.set(due);
    }

    /// All steps of its body but those that always run have ended: these are due now.
    pub fn always_begins(&self) {
        self.due.set(Some(self.user.worker().moment()));
    }

    /// Its user begins no further iteration.
    pub(super) fn user_leaves(&self) {
        self.user.leave();
    }

    /// A step of it failed; `kind` is the number of the kind of failure. Only the first one is kept.
    pub(crate) fn note_failure(&self, kind: usize) {
        if self.begun.failed_by.get() == 0 {
            let kind = u16::try_from(kind).unwrap_or(u16::MAX - 1);
            self.begun.failed_by.set(kind + 1);
        }
    }
}

/// The part of the address of a random value that tells a phase from iterations, which have 0.
fn path_of_phase(phase: u16) -> u64 {
    match phase {
        0 => 0,
        phase => mix(u64::from(phase).wrapping_mul(GAMMA)),
    }
}
