//! What the crate `bggo-parts` does with a run of a step that has parts around its attempts. Authors of modules do not see it.

use super::{Limited, Policy, Ran, Step};
use crate::clock::Moment;
use crate::context::WorkerContext;
use crate::event::StepOutcome;
use crate::extension::{RunExtension, WorkerExtension};
use crate::fault::Fault;
use crate::flow::Flow;
use crate::info::At;
use crate::step::iteration::Iteration;
use crate::step::output::OutputSlot;
use bggo_schedule::Segment;
use bggo_values::Value;
use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

/// A run of a step, which may have several attempts.
#[derive(Debug, Clone, Copy)]
pub struct DrivenStep<'s>(&'s Step<'s>);

impl<'s> DrivenStep<'s> {
    /// A run of a step with a slot for its outputs, for the first attempt right after the step before it.
    pub fn step(
        iteration: &'s Iteration<'s>,
        at: At,
        policy: &'s Policy,
        kept: Option<&'s OutputSlot>,
    ) -> Step<'s> {
        let mut step = iteration.step(at, policy);
        step.kept = kept;
        step.begun.set(step.worker().just_read());
        step
    }

    /// This run of a step.
    pub fn of(step: &'s Step<'s>) -> Self {
        Self(step)
    }

    fn worker(self) -> &'s WorkerContext {
        self.0.worker()
    }

    /// One more attempt of a step that may have several. With `holds_back` what it finds out counts once it is known that it was
    /// the last one; with `is_retry` it follows one that failed.
    pub fn begins_attempt(self, holds_back: bool, is_retry: bool) {
        let step = self.0;
        let attempts = step.attempts.get().saturating_add(1);
        step.attempts.set(attempts);
        step.holds_back.set(holds_back);
        if is_retry {
            step.iteration.user().tries_again();
        }
        if attempts > 1 {
            step.has_begun.set(false);
            step.begun.set(None);
            step.sent.set(None);
            step.received.set(None);
            step.judged.set(false);
            step.timed_out.set(false);
        }
        if !step.info().attempt_infos().is_empty() {
            let (worker, first) = step.metrics();
            let slot = first + u32::try_from(step.info().metric_infos().len()).unwrap_or(u32::MAX);
            worker.recorder.add(slot, 1);
            if is_retry {
                worker.recorder.add(slot + 1, 1);
            }
        }
    }

    /// `work` with the time limit of one attempt.
    pub fn limited<T>(
        self,
        work: Pin<&'s mut (dyn Future<Output = Result<T, Fault>> + 's)>,
    ) -> Limited<'s, T> {
        self.0.limited(work)
    }

    /// A limit of it has come while its attempt runs, or before it began.
    pub fn is_timed_out(self) {
        self.0.timed_out.set(true);
    }

    /// The outputs of the attempt that has just run, for one that may take their place and fail.
    pub fn kept_so_far(self) -> Option<Box<[Value]>> {
        self.0.kept.and_then(OutputSlot::offered)
    }

    /// An attempt failed and is tried again: what it has found does not count, and its outputs are what they were `before`.
    pub fn forgets_attempt(self, before: Option<&[Value]>) {
        self.worker().forget_attempt(self.0.address());
        if let Some(slot) = self.0.kept {
            match before {
                Some(values) => slot.offer(values),
                None => slot.clear(),
            }
        }
    }

    /// The output `collected` stands behind all others.
    pub fn keep_collected(self, collected: Vec<Value>) {
        if let Some(slot) = self.0.kept {
            slot.push(Value::from(collected));
        }
    }

    /// Counts the end of a step that failed, with outputs that stand in for its own.
    pub fn recovers(self, fault: &Fault, outputs: Vec<Value>) {
        if let Some(slot) = self.0.kept {
            slot.offer(outputs);
            slot.passed();
        }
        self.0.book(StepOutcome::Recovered, Some(fault));
    }

    /// Counts the end. A failure ends the iteration, unless the step has `continue_on_failure`.
    ///
    /// # Errors
    /// [`Stop`](crate::flow::Stop) when the iteration ends.
    pub fn end(self, result: Result<Ran, Fault>) -> Flow {
        self.0.end(result)
    }

    /// Its user begins no further iteration.
    pub fn ends_user(self) {
        self.0.iteration.user_leaves();
    }

    /// Its failure ends the run.
    pub fn ends_run(self) {
        self.worker().ends_run(self.0.info());
    }

    /// When the next step of its branch is due: before it has ended, this one. `None` for the first steps of a closed profile.
    pub fn due(self) -> Option<Moment> {
        self.0.iteration.due()
    }

    /// Sets when the next step of its branch is due.
    pub fn set_due(self, due: Moment) {
        self.0.iteration.set_due(Some(due));
    }

    /// The number of its scenario in the grid's table.
    pub fn scenario(self) -> u32 {
        self.0.scenario()
    }

    /// The first slot of the body that is run, which tells calls of a flow apart.
    pub fn first_slot_of_body(self) -> u32 {
        self.0.first_slot_of_body()
    }

    /// The clock of its worker, for moments that threads compare.
    pub fn instant(self) -> Instant {
        self.worker().now()
    }

    /// Which part of the run is its worker's.
    pub fn segment(self) -> Segment {
        self.worker().segment
    }

    /// What all threads of the run share.
    pub fn of_run(self) -> &'s RunExtension {
        &self.worker().run_extension
    }

    /// What the users of its worker share.
    pub fn of_worker(self) -> &'s WorkerExtension {
        &self.worker().extension
    }
}
