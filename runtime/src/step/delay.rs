//! Think times: how long a step waits before it begins and after it has ended.

use super::attempt::{AttemptOf, Policy, Ran, Step, WaitOf};
use super::iteration::Iteration;
use super::output::OutputSlot;
use crate::clock::Moment;
use crate::fault::Fault;
use crate::flow::{Flow, Running};
use crate::info::At;
use bggo_values::context::Context;
use std::time::Duration;

/// An emitted delay: a function of the emitted state of the iteration and of the run of the step.
pub type DelayOf<B> = for<'t> fn(&'t B, &'t Step<'t>) -> Result<Duration, Fault>;

/// The parts of a step with a delay behind it: the emitted state, what waits for its resources, its attempt, and the delay.
pub type Delayed<'s, B> = (&'s B, Option<WaitOf<B>>, AttemptOf<B>, DelayOf<B>);

impl Iteration<'_> {
    /// The same as `drive` for a step after which the branch waits, once its end is counted: the steps after it are due when the
    /// delay is over. A step that was not enabled has no delay.
    pub fn drive_with_delay<'s, B>(
        &'s self,
        policy: &'s Policy,
        at: At,
        kept: Option<&'s OutputSlot>,
        (body, wait, attempt, delay): Delayed<'s, B>,
    ) -> Running<'s, Flow> {
        Box::pin(async move {
            let mut after = Duration::ZERO;
            let run = self.run_step(at, policy, kept, async |step| {
                if let Some(waiting) = wait.and_then(|wait| wait(body)) {
                    waiting.await?;
                }
                let ran = attempt(body, step).await?;
                if ran == Ran::Done {
                    after = delay(body, step)?;
                }
                Ok(ran)
            });
            run.await?;
            if !after.is_zero() {
                self.pause(after).await;
                self.set_due(self.due().map(|due| due + after));
            }
            Ok(())
        })
    }

    async fn pause(&self, time: Duration) {
        let mut limit = self.worker().deadline();
        limit.set(self.worker().moment() + time);
        std::future::poll_fn(|cx| limit.poll(cx)).await;
    }
}

impl Step<'_> {
    /// Waits before the step begins. The step is due when the delay is over: it counts in none of its times.
    pub async fn delay(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        let iteration = self.iteration_of();
        iteration.pause(time).await;
        // The first steps of a closed profile are due at no moment.
        iteration.set_due(iteration.due().map(|due: Moment| due + time));
    }
}

/// A delay between two bounds, each as likely as any other. Where the second one is less than the first, it is the first.
pub fn delay_between(context: &Context<'_>, [min, max]: [Duration; 2]) -> Duration {
    let span = max.saturating_sub(min);
    min + span.mul_f64(unit(context))
}

/// A delay with an exponential distribution of this mean: what lies between events that come independently of each other.
pub fn delay_exponential(context: &Context<'_>, mean: Duration) -> Duration {
    // 1 - u is above zero, so its logarithm is finite: at most 37 means.
    mean.mul_f64(-(1.0 - unit(context)).ln())
}

/// A number from 0 to below 1, of 53 random bits.
fn unit(context: &Context<'_>) -> f64 {
    const BITS: u32 = 53;
    let bits = (context.draw() >> (u128::BITS - BITS)) as f64;
    bits / (1_u64 << BITS) as f64
}
