//! The parts of a typed step that say when it may run, how often, and what happens when it fails.

use bggo_manifest::{Output, Runner};
use bggo_values::Type;

use super::typed_expression::TExpr;

/// The output of a step with `repeat { collect = .. }` that it has beside those of its runner.
pub const COLLECTED: &str = "collected";

/// The parts of a step, each of which is there or not. Most steps have none of them, so the large ones stand elsewhere.
#[derive(Debug, Clone, Default)]
pub struct TParts {
    /// `timeouts.start`, a duration.
    pub start: Option<TExpr>,
    /// `timeouts.queue`, a duration.
    pub queue: Option<TExpr>,
    /// `timeouts.deadline`, a duration.
    pub deadline: Option<TExpr>,
    /// `retry`
    pub retry: Option<Box<TRetry>>,
    /// `repeat`
    pub repeat: Option<Box<TRepeat>>,
    /// `on_error.fallback`: values of outputs, by position in the manifest's outputs.
    pub fallback: Option<Vec<(usize, TExpr)>>,
    /// `on_error.action`, where a failure ends more than the iteration.
    pub ends: Option<TEnds>,
    /// `concurrency`
    pub concurrency: Option<Box<TConcurrency>>,
    /// `rate_limit`
    pub rate_limit: Option<Box<TRateLimit>>,
}

/// What a failure of a step ends beside its iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TEnds {
    /// Its user.
    User,
    /// The run.
    Run,
}

/// `retry`
#[derive(Debug, Clone)]
pub struct TRetry {
    /// A whole number from 1.
    pub attempts: TExpr,
    /// A duration.
    pub max_duration: Option<TExpr>,
    /// Kinds of failure that are tried again; all but `value` where it is absent.
    pub retry_on: Option<Vec<String>>,
    /// Kinds of failure that are not.
    pub abort_on: Vec<String>,
    /// `backoff`
    pub backoff: Option<TBackoff>,
}

/// How the wait between two attempts grows.
#[derive(Debug, Clone)]
pub enum TGrowth {
    /// Not at all.
    Constant,
    /// By its first length.
    Linear,
    /// By this factor, a number.
    Exponential(TExpr),
}

/// How much of a wait is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TJitter {
    /// Nothing.
    None,
    /// All of it.
    Full,
    /// Its second half.
    Equal,
}

/// `backoff`
#[derive(Debug, Clone)]
pub struct TBackoff {
    /// How it grows.
    pub growth: TGrowth,
    /// The first wait, a duration.
    pub initial: TExpr,
    /// The longest wait, a duration.
    pub max: Option<TExpr>,
    /// How much of it is drawn.
    pub jitter: TJitter,
}

/// `repeat`
#[derive(Debug, Clone)]
pub struct TRepeat {
    /// The condition, a bool.
    pub condition: TExpr,
    /// Which value of it ends the repetition: true of `until`, false of `while`.
    pub ends_at: bool,
    /// A whole number from 1; 100 where it is absent.
    pub max_attempts: Option<TExpr>,
    /// A duration.
    pub every: Option<TExpr>,
    /// A duration.
    pub timeout: Option<TExpr>,
    /// What of each attempt goes into the output `collected`.
    pub collect: Option<TExpr>,
}

/// Among which attempts those that run at once are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TAmong {
    /// Those of an iteration.
    Iteration,
    /// Those of a user.
    User,
    /// All.
    Run,
}

/// `concurrency`
#[derive(Debug, Clone)]
pub struct TConcurrency {
    /// A whole number from 1, at most start-bound.
    pub limit: TExpr,
    /// A string.
    pub key: Option<TExpr>,
    /// Among which.
    pub among: TAmong,
    /// Of those that wait, who came last is next; else who came first.
    pub last_first: bool,
}

/// `rate_limit`
#[derive(Debug, Clone)]
pub struct TRateLimit {
    /// A whole number from 1, at most start-bound.
    pub limit: TExpr,
    /// A duration; a second where it is absent.
    pub per: Option<TExpr>,
    /// A whole number from 1; 1 where it is absent.
    pub burst: Option<TExpr>,
    /// A string.
    pub key: Option<TExpr>,
}

impl TParts {
    /// Whether there is none, so that a step is driven without them.
    pub fn is_empty(&self) -> bool {
        self.expressions().is_empty() && self.fallback.is_none() && self.ends.is_none()
    }

    /// It has the output [`COLLECTED`].
    pub fn collects(&self) -> bool {
        let repeat = self.repeat.as_ref();
        repeat.is_some_and(|repeat| repeat.collect.is_some())
    }

    /// It may have more than one attempt.
    pub fn has_attempts(&self) -> bool {
        self.retry.is_some() || self.repeat.is_some()
    }

    /// Every expression in them.
    pub fn expressions(&self) -> Vec<&TExpr> {
        let mut all = self.settings();
        all.extend(self.outputs());
        all
    }

    /// What they decide by: none of these may be null.
    pub fn settings(&self) -> Vec<&TExpr> {
        let mut all: Vec<&TExpr> = Vec::new();
        all.extend(self.start.iter().chain(&self.queue).chain(&self.deadline));
        if let Some(retry) = &self.retry {
            all.push(&retry.attempts);
            all.extend(&retry.max_duration);
            if let Some(backoff) = &retry.backoff {
                all.push(&backoff.initial);
                if let TGrowth::Exponential(factor) = &backoff.growth {
                    all.push(factor);
                }
                all.extend(&backoff.max);
            }
        }
        if let Some(repeat) = &self.repeat {
            all.push(&repeat.condition);
            all.extend(repeat.max_attempts.iter().chain(&repeat.every));
            all.extend(&repeat.timeout);
        }
        if let Some(concurrency) = &self.concurrency {
            all.push(&concurrency.limit);
            all.extend(&concurrency.key);
        }
        if let Some(rate) = &self.rate_limit {
            all.push(&rate.limit);
            all.extend(rate.per.iter().chain(&rate.burst).chain(&rate.key));
        }
        all
    }

    /// What becomes an output of the step.
    pub fn outputs(&self) -> Vec<&TExpr> {
        let repeat = self.repeat.as_ref();
        let collect = repeat.and_then(|repeat| repeat.collect.as_ref());
        let fallback = self.fallback.iter().flatten().map(|(_, value)| value);
        collect.into_iter().chain(fallback).collect()
    }

    /// The same, to be changed.
    pub fn expressions_mut(&mut self) -> Vec<&mut TExpr> {
        let mut all: Vec<&mut TExpr> = Vec::new();
        all.extend(&mut self.start);
        all.extend(&mut self.queue);
        all.extend(&mut self.deadline);
        if let Some(retry) = &mut self.retry {
            all.push(&mut retry.attempts);
            all.extend(&mut retry.max_duration);
            if let Some(backoff) = &mut retry.backoff {
                all.push(&mut backoff.initial);
                if let TGrowth::Exponential(factor) = &mut backoff.growth {
                    all.push(factor);
                }
                all.extend(&mut backoff.max);
            }
        }
        if let Some(repeat) = &mut self.repeat {
            all.push(&mut repeat.condition);
            all.extend(&mut repeat.max_attempts);
            all.extend(&mut repeat.every);
            all.extend(&mut repeat.timeout);
            all.extend(&mut repeat.collect);
        }
        all.extend(self.fallback.iter_mut().flatten().map(|(_, value)| value));
        if let Some(concurrency) = &mut self.concurrency {
            all.push(&mut concurrency.limit);
            all.extend(&mut concurrency.key);
        }
        if let Some(rate) = &mut self.rate_limit {
            all.push(&mut rate.limit);
            all.extend(&mut rate.per);
            all.extend(&mut rate.burst);
            all.extend(&mut rate.key);
        }
        all
    }
}

/// A runner with the output [`COLLECTED`] behind its own.
pub fn collecting(runner: &Runner) -> Runner {
    let mut runner = runner.clone();
    runner.outputs.push(Output {
        name: COLLECTED.to_owned(),
        ty: Type::list(Type::Any),
        type_from: None,
        validated_by: None,
        comes_late: false,
        description: "What `collect` was for each attempt.".to_owned(),
        sensitive: false,
    });
    runner
}
