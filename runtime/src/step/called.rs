//! A flow that a step calls: its steps are prepared for each call, and it runs in the iteration of whoever calls it.

use super::attempt::{Policy, Step};
use super::iteration::{Begun, Iteration};
use crate::fault::{Fault, FaultText};
use crate::flow::Flow;
use bggo_schedule::Mix;
use std::time::Duration;

/// The kind of failure of a step whose flow did not come to its end, since a step of it failed.
const FLOW: &str = "flow";

/// The prepared steps of a flow, for one call of it.
#[derive(Debug)]
pub struct Called<S> {
    /// In a box: flows in flows would make the state of a worker too large for the stack on which it is made.
    steps: Box<S>,
    policy: Policy,
    /// Why no call can run.
    refused: Option<Fault>,
}

impl<S> Called<S> {
    /// A call with these steps.
    pub fn new(steps: Box<S>, policy: Policy) -> Self {
        Self {
            steps,
            policy,
            refused: None,
        }
    }

    /// The time limit, if the call has one that is known only when the program starts.
    #[must_use]
    pub fn execution(mut self, limit: Result<Duration, Fault>) -> Self {
        match limit {
            Ok(limit) => self.policy = self.policy.execution(limit),
            Err(fault) => self.refused = Some(fault),
        }
        self
    }

    /// What happens when the call is slow or fails.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The steps of a call that begins.
    ///
    /// # Errors
    /// Its time limit could not be computed.
    pub fn begin(&self) -> Result<&S, Fault> {
        match &self.refused {
            Some(fault) => Err(fault.clone()),
            None => Ok(&self.steps),
        }
    }
}

/// A call of a flow that has begun.
#[derive(Debug)]
pub struct Call {
    begun: Begun,
    path: u64,
}

impl<'a> Step<'a> {
    /// The step begins, and with it a call of a flow whose slots begin at `first_slot`, counted from the first one of the
    /// body of the step.
    pub fn call(&self, first_slot: u32) -> Call {
        self.begin();
        let iteration = self.iteration_of();
        Call {
            begun: iteration.begun_for_call(first_slot),
            path: iteration.path_of_call(first_slot, self.index()),
        }
    }

    /// Which flow the mix chooses in a call that has not begun: what others are handed need not be computed.
    pub fn choice_of_call(&self, first_slot: u32, mix: &Mix) -> usize {
        let iteration = self.iteration_of();
        iteration.choice_of(mix, iteration.path_of_call(first_slot, self.index()))
    }

    /// The iteration as the flow sees it.
    pub fn in_call<'c>(&self, call: &'c Call) -> Iteration<'c>
    where
        'a: 'c,
    {
        self.iteration_of().called(&call.begun, call.path)
    }

    /// The flow has ended.
    ///
    /// # Errors
    /// A step of it failed, so it did not come to its end.
    pub fn called(&self, call: &Call, flow: Flow) -> Result<(), Fault> {
        self.iteration_of().note_failure_of_call(&call.begun);
        flow.map_err(|_| Fault::new(FLOW, FaultText::plain(format_args!("a step of it failed"))))
    }
}
