//! `retry`: whether a step that failed is tried again, and how long it waits before that.

use crate::delay::unit;
use bggo_runtime::parts::Fault;
use bggo_values::context::Context;
use bggo_values::split_mix::{GAMMA, mix};
use std::time::Duration;

/// The kind of failure of an expression without a value, which another attempt would not have either.
const VALUE: &str = "value";

/// How long a step waits between two attempts.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    growth: Growth,
    initial: Duration,
    most: Duration,
    jitter: Jitter,
}

/// How a wait grows with each attempt that failed.
#[derive(Debug, Clone, Copy)]
enum Growth {
    Constant,
    Linear,
    Exponential(f64),
}

/// How much of a wait is drawn.
#[derive(Debug, Clone, Copy)]
enum Jitter {
    None,
    /// All of it.
    Full(u64),
    /// Its second half.
    Equal(u64),
}

impl Backoff {
    const fn new(growth: Growth, initial: Duration) -> Self {
        Self {
            growth,
            initial,
            most: Duration::MAX,
            jitter: Jitter::None,
        }
    }

    /// Always as long.
    pub const fn constant(initial: Duration) -> Self {
        Self::new(Growth::Constant, initial)
    }

    /// Longer by `initial` each time.
    pub const fn linear(initial: Duration) -> Self {
        Self::new(Growth::Linear, initial)
    }

    /// So many times as long each time.
    pub const fn exponential(initial: Duration, factor: f64) -> Self {
        Self::new(Growth::Exponential(factor), initial)
    }

    /// Not longer than this.
    #[must_use]
    pub const fn at_most(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }

    /// Each wait is drawn between nothing and its length.
    #[must_use]
    pub fn full_jitter(mut self, context: &Context<'_>) -> Self {
        self.jitter = Jitter::Full(context.draw() as u64);
        self
    }

    /// Each wait is drawn between half of its length and the whole.
    #[must_use]
    pub fn equal_jitter(mut self, context: &Context<'_>) -> Self {
        self.jitter = Jitter::Equal(context.draw() as u64);
        self
    }

    /// How long the step waits when `failed` of its attempts have failed, one at least.
    fn after(&self, failed: u32) -> Duration {
        let before = failed.saturating_sub(1);
        let whole = match self.growth {
            Growth::Constant => self.initial,
            Growth::Linear => self.initial.saturating_mul(failed),
            Growth::Exponential(factor) => {
                let power = i32::try_from(before).unwrap_or(i32::MAX);
                let seconds = self.initial.as_secs_f64() * factor.powi(power);
                // Beyond all durations, or no number: as long as it may be.
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
        };
        let whole = whole.min(self.most);
        match self.jitter {
            Jitter::None => whole,
            Jitter::Full(seed) => whole.mul_f64(drawn(seed, failed)),
            Jitter::Equal(seed) => whole.mul_f64(0.5 + drawn(seed, failed) / 2.0),
        }
    }
}

/// A number from 0 to below 1, number `n` of a seed.
fn drawn(seed: u64, n: u32) -> f64 {
    unit(mix(seed.wrapping_add(GAMMA.wrapping_mul(u64::from(n)))))
}

/// When a step that failed is tried again.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    attempts: u32,
    max_duration: Option<Duration>,
    retry_on: Option<&'static [&'static str]>,
    abort_on: &'static [&'static str],
    backoff: Option<Backoff>,
}

impl Retry {
    /// So many attempts in all, the first one included. Every kind of failure but `value` is tried again, at once.
    pub const fn attempts(attempts: u32) -> Self {
        Self {
            attempts,
            max_duration: None,
            retry_on: None,
            abort_on: &[],
            backoff: None,
        }
    }

    /// No attempt begins later than this after the first one.
    #[must_use]
    pub const fn max_duration(mut self, longest: Duration) -> Self {
        self.max_duration = Some(longest);
        self
    }

    /// Only these kinds of failure are tried again.
    #[must_use]
    pub const fn retry_on(mut self, kinds: &'static [&'static str]) -> Self {
        self.retry_on = Some(kinds);
        self
    }

    /// These kinds of failure are not tried again.
    #[must_use]
    pub const fn abort_on(mut self, kinds: &'static [&'static str]) -> Self {
        self.abort_on = kinds;
        self
    }

    /// How long it waits between two attempts.
    #[must_use]
    pub const fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// How long the step waits before it is tried again; `None` if it is not. So many attempts have failed, the last of them with
    /// `fault`, and so much time has passed since the first one began.
    pub(crate) fn wait(&self, failed: u32, fault: &Fault, passed: Duration) -> Option<Duration> {
        if failed >= self.attempts || !self.takes(fault.kind()) {
            return None;
        }
        let wait = self
            .backoff
            .map_or(Duration::ZERO, |backoff| backoff.after(failed));
        let is_late = |longest| passed.saturating_add(wait) > longest;
        (!self.max_duration.is_some_and(is_late)).then_some(wait)
    }

    /// Whether failures of this kind are tried again.
    fn takes(&self, kind: &str) -> bool {
        let named = match self.retry_on {
            Some(kinds) => kinds.contains(&kind),
            None => kind != VALUE,
        };
        named && !self.abort_on.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::test_support::{TestWorker, ms, on_stopped_clock};

    fn waits(backoff: Backoff) -> Vec<u128> {
        (1..=5).map(|n| backoff.after(n).as_millis()).collect()
    }

    #[test]
    fn a_wait_grows_as_its_strategy_says_up_to_its_limit() {
        assert_eq!(waits(Backoff::constant(ms(50))), [50, 50, 50, 50, 50]);
        assert_eq!(waits(Backoff::linear(ms(50))), [50, 100, 150, 200, 250]);
        let doubling = Backoff::exponential(ms(50), 2.0);
        assert_eq!(waits(doubling), [50, 100, 200, 400, 800]);
        assert_eq!(waits(doubling.at_most(ms(300))), [50, 100, 200, 300, 300]);
        assert_eq!(
            Backoff::exponential(ms(50), 10.0).after(u32::MAX),
            Duration::MAX
        );
    }

    #[test]
    fn jitter_stays_within_its_bounds_and_follows_the_seed() {
        on_stopped_clock(async {
            let worker = TestWorker::functional();
            let draw = |number, equal| {
                let iteration = worker.iteration(number);
                let context = iteration.function_context(0, 0);
                let backoff = Backoff::constant(ms(1000));
                let backoff = match equal {
                    true => backoff.equal_jitter(&context),
                    false => backoff.full_jitter(&context),
                };
                waits(backoff)
            };
            let mut all = std::collections::BTreeSet::new();
            for number in 0..200 {
                let (full, equal) = (draw(number, false), draw(number, true));
                assert!(full.iter().all(|wait| *wait < 1000), "{full:?}");
                let bounds = 500..1000;
                assert!(equal.iter().all(|wait| bounds.contains(wait)), "{equal:?}");
                assert_eq!(full, draw(number, false));
                all.extend(full);
            }
            assert!(all.len() > 500, "a thousand waits: {}", all.len());
            assert!(all.first() < Some(&20) && all.last() > Some(&980));
        });
    }

    #[test]
    fn what_is_tried_again_and_until_when() {
        let (refused, late) = (Fault::new("connect", "no"), Fault::new("timeout", "late"));
        let value = Fault::new("value", "none");
        let wait = |retry: Retry, failed, fault: &Fault, passed| {
            retry.wait(failed, fault, passed).map(|it| it.as_millis())
        };
        let plain = Retry::attempts(3);
        assert_eq!(wait(plain, 1, &refused, ms(0)), Some(0));
        assert_eq!(wait(plain, 2, &late, ms(0)), Some(0));
        assert_eq!(wait(plain, 3, &late, ms(0)), None);
        assert_eq!(wait(plain, 1, &value, ms(0)), None);
        let named = plain.retry_on(&["timeout", "value"]);
        assert_eq!(wait(named, 1, &refused, ms(0)), None);
        assert_eq!(wait(named, 1, &value, ms(0)), Some(0));
        let without = plain.abort_on(&["connect"]);
        assert_eq!(wait(without, 1, &refused, ms(0)), None);
        assert_eq!(wait(without, 1, &late, ms(0)), Some(0));
        let bounded = plain
            .backoff(Backoff::constant(ms(100)))
            .max_duration(ms(1000));
        assert_eq!(wait(bounded, 1, &late, ms(900)), Some(100));
        assert_eq!(wait(bounded, 1, &late, ms(901)), None);
    }
}
