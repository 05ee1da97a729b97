//! Think times: how long a step waits before it begins and after it has ended.

use bggo_runtime::parts::{DrivenStep, Moment, Step};
use bggo_values::context::Context;
use std::time::Duration;

/// How late a pause ends at most, where the machine is not too busy.
const LATE: Duration = Duration::from_millis(2);

/// Waits before a step begins, or behind one whose end is counted. What comes next in its branch is due when the delay is over: it
/// counts in no time of a step.
pub async fn delay(step: &Step<'_>, time: Duration) {
    if time.is_zero() {
        return;
    }
    let began = step.now();
    step.pause(time).await;
    is_due_after(step, began, time);
}

/// The next step is due so long after it was before, a delay that began at a moment and is over. Up to [`LATE`] that it
/// ended later is the timer's doing, and no time of the target.
fn is_due_after(step: &Step<'_>, began: Moment, delay: Duration) {
    let driven = DrivenStep::of(step);
    // The first steps of a closed profile are due at no moment.
    let Some(due) = driven.due() else { return };
    let took = Duration::from_nanos(step.now().since(began));
    let late = took.saturating_sub(delay).min(LATE);
    driven.set_due(due + delay + late);
}

/// A delay between two bounds, each as likely as any other. Where the second one is less than the first, it is the first.
pub fn delay_between(context: &Context<'_>, [min, max]: [Duration; 2]) -> Duration {
    let span = max.saturating_sub(min);
    min + span.mul_f64(drawn(context))
}

/// A delay with an exponential distribution of this mean: what lies between events that come independently of each other.
pub fn delay_exponential(context: &Context<'_>, mean: Duration) -> Duration {
    // 1 - u is above zero, so its logarithm is finite: at most 37 means.
    mean.mul_f64(-(1.0 - drawn(context)).ln())
}

/// A number from 0 to below 1, of 53 of the bits of a random word.
pub(crate) fn unit(word: u64) -> f64 {
    const BITS: u32 = 53;
    (word >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
}

/// The upper half of what is drawn.
fn drawn(context: &Context<'_>) -> f64 {
    unit((context.draw() >> u64::BITS) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::{PartOf, StepParts, drive_in_parts};
    use bggo_runtime::parts::{At, AttemptOf, Fault, Flow, Info, Policy, Ran, Running, Stop};
    use bggo_runtime::test_support::{TestWorker, due, ms, on_stopped_clock, set_due};

    static FIRST: Info = Info::new("noop", "first", "grid.hcl:1");

    const PLAIN: Policy = Policy::new();

    /// The state of a body whose step takes 10 ms, with these delays around it.
    struct Body {
        before: Duration,
        after: Result<Duration, Fault>,
        end: Result<Ran, Fault>,
    }

    fn attempt<'a>(this: &'a Body, step: &'a Step<'_>) -> Running<'a, Result<Ran, Fault>> {
        Box::pin(async move {
            step.begin();
            tokio::time::sleep(ms(10)).await;
            this.end.clone()
        })
    }

    fn enabled(this: &Body, _: &Step<'_>) -> Result<bool, Fault> {
        Ok(!matches!(this.end, Ok(Ran::Skipped)))
    }

    fn before(this: &Body, _: &Step<'_>) -> Result<Duration, Fault> {
        Ok(this.before)
    }

    fn after(this: &Body, _: &Step<'_>) -> Result<Duration, Fault> {
        this.after.clone()
    }

    /// What came of a step with these delays: whether the branch goes on, after how many milliseconds, and when its next step is
    /// due; with the service time of the step.
    async fn ran(body: Body) -> (Flow, u128, u64, Option<Duration>) {
        ran_with(body, &PLAIN).await
    }

    /// The same with a policy.
    async fn ran_with(body: Body, policy: &Policy) -> (Flow, u128, u64, Option<Duration>) {
        let worker = TestWorker::functional();
        let iteration = worker.iteration(0);
        let begins = worker.context.moment();
        set_due(iteration, begins);
        let parts = StepParts::new(&body, attempt as AttemptOf<_>)
            .enabled(enabled as PartOf<_, _>)
            .delay_before(before as PartOf<_, _>)
            .delay_after(after as PartOf<_, _>);
        let began = worker.began();
        let at = At::step(&FIRST);
        let flow = drive_in_parts(iteration, policy, at, None, parts).await;
        let next = due(iteration).map_or(0, |next| next.since(begins));
        let ends = worker.step_ends();
        let times = ends.first().and_then(|end| end.service);
        let took = worker.context.now().duration_since(began).as_millis();
        (flow, took, next / 1_000_000, times)
    }

    #[test]
    fn delays_count_in_no_time_of_the_step_and_move_what_comes_after_it() {
        on_stopped_clock(async {
            let body = Body {
                before: ms(300),
                after: Ok(ms(2000)),
                end: Ok(Ran::Done),
            };
            let (flow, took, next, times) = ran(body).await;
            // Two pauses, each of which may end two milliseconds late.
            assert!((2310..=2314).contains(&took), "{took}");
            assert!(
                (2310..=u64::try_from(took).unwrap()).contains(&next),
                "{next}"
            );
            assert_eq!(flow, Ok(()));
            assert_eq!(times, Some(ms(10)));
        });
    }

    #[test]
    fn a_step_that_is_skipped_has_no_delay_and_one_that_fails_none_behind_it() {
        on_stopped_clock(async {
            let body = |end| Body {
                before: ms(300),
                after: Ok(ms(2000)),
                end,
            };
            let (flow, took, next, _) = ran(body(Ok(Ran::Skipped))).await;
            assert_eq!((flow, took, next), (Ok(()), 0, 0));
            let (flow, took, ..) = ran(body(Err(Fault::new("status", "no")))).await;
            assert_eq!(flow, Err(Stop));
            assert!((310..=312).contains(&took), "{took}");
        });
    }

    #[test]
    fn the_delay_behind_a_step_that_fails_and_goes_on_is_kept() {
        on_stopped_clock(async {
            const ANYWAY: Policy = Policy::new().continue_on_failure();
            let body = Body {
                before: ms(0),
                after: Ok(ms(2000)),
                end: Err(Fault::new("status", "no")),
            };
            let (flow, took, next, _) = ran_with(body, &ANYWAY).await;
            assert_eq!(flow, Ok(()));
            assert!((2010..=2012).contains(&took), "{took}");
            assert!((2010..=2012).contains(&next), "{next}");
        });
    }

    #[test]
    fn a_delay_hides_nothing_of_what_the_step_was_late_by_before_it() {
        on_stopped_clock(async {
            let worker = TestWorker::functional();
            let iteration = worker.iteration(0);
            let begins = worker.context.moment();
            set_due(iteration, begins);
            tokio::time::sleep(ms(500)).await;
            let began = worker.context.moment();
            let step = iteration.step(At::step(&FIRST), &PLAIN);
            delay(&step, ms(40)).await;
            let late = worker.context.moment().since(began) - 40_000_000;
            let next = due(iteration).map(|next| next.since(begins));
            assert_eq!(next, Some(40_000_000 + late), "the 500 ms stay");
            assert_eq!(DrivenStep::of(&step).end(Ok(Ran::Done)), Ok(()));
        });
    }

    #[test]
    fn a_delay_that_has_no_value_fails_its_step() {
        on_stopped_clock(async {
            let body = Body {
                before: ms(0),
                after: Err(Fault::new("value", "no time")),
                end: Ok(Ran::Done),
            };
            let (flow, took, ..) = ran(body).await;
            assert_eq!((flow, took), (Err(Stop), 10));
        });
    }

    #[test]
    fn drawn_delays_keep_their_bounds_their_mean_and_their_seed() {
        on_stopped_clock(async {
            let worker = TestWorker::functional();
            let (mut between, mut drawn) = (Duration::ZERO, Duration::ZERO);
            const MANY: u32 = 4_000;
            for number in 0..u64::from(MANY) {
                let iteration = worker.iteration(number);
                let context = |call| iteration.function_context(call, 0);
                let time = delay_between(&context(0), [ms(100), ms(300)]);
                assert!((ms(100)..ms(300)).contains(&time), "{time:?}");
                between += time;
                drawn += delay_exponential(&context(1), ms(50));
                let again = worker.iteration(number);
                let again = delay_between(&again.function_context(0, 0), [ms(100), ms(300)]);
                assert_eq!(again, time);
            }
            // Four standard errors are less than this.
            let is_near = |sum: Duration, mean: Duration| (sum / MANY).abs_diff(mean) < mean / 10;
            assert!(is_near(between, ms(200)), "{:?}", between / MANY);
            assert!(is_near(drawn, ms(50)), "{:?}", drawn / MANY);
            let iteration = worker.iteration(0);
            let context = iteration.function_context(0, 0);
            assert_eq!(delay_between(&context, [ms(5), ms(5)]), ms(5));
            assert_eq!(delay_exponential(&context, ms(0)), ms(0));
        });
    }
}
