//! Steps with parts of their own around their attempts: limits, retries, repetitions, and what happens when they fail.
//!
//! In this order:
//!
//! ```text
//! enabled | delay before | deadline( repeat( retry( rate, concurrency, resources, attempt, checks ))) | on_error | delay after
//! ```
//!
//! A step without such parts is driven by [`Iteration::drive`], and pays nothing for them.

use crate::concurrency::{Concurrency, Place, place};
use crate::delay::delay;
use crate::retry::Retry;
use crate::step_limits::{StepRate, limits_of};
use bggo_runtime::parts::{
    At, AttemptOf, Deadline, DrivenStep, Fault, FaultText, Flow, Iteration, Moment, OutputSlot,
    Policy, Ran, Running, Step, Stop, TIMEOUT, Wait, WaitOf,
};
use bggo_values::{Text, Value, duration};
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

/// The kind of failure of a step whose condition did not come to hold.
const REPEAT: &str = "repeat";
/// The kind of failure of a step whose rate has more keys than can be kept apart.
const RATE_LIMIT: &str = "rate_limit";

/// An emitted part of a step: a function of the emitted state of the iteration and of the run of the step.
pub type PartOf<B, T> = for<'t> fn(&'t B, &'t Step<'t>) -> Result<T, Fault>;

/// How a step is repeated.
#[derive(Debug, Clone, Copy)]
pub struct Repeat {
    most: u32,
    every: Duration,
    timeout: Option<Duration>,
}

impl Repeat {
    /// So many times at most, one right after the other.
    pub const fn at_most(most: u32) -> Self {
        Self {
            most,
            every: Duration::ZERO,
            timeout: None,
        }
    }

    /// One begins at the earliest so long after the one before it began.
    #[must_use]
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// All of them together take no longer than this.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// The time limits of a step beside that of one attempt.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeouts {
    start: Option<Duration>,
    queue: Option<Duration>,
    deadline: Option<Duration>,
}

impl Timeouts {
    /// None.
    pub const fn new() -> Self {
        Self {
            start: None,
            queue: None,
            deadline: None,
        }
    }

    /// From the moment when it is due to its begin.
    #[must_use]
    pub const fn start(mut self, limit: Duration) -> Self {
        self.start = Some(limit);
        self
    }

    /// While it waits for its rate and for a place.
    #[must_use]
    pub const fn queue(mut self, limit: Duration) -> Self {
        self.queue = Some(limit);
        self
    }

    /// From the moment when it is due to its end.
    #[must_use]
    pub const fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = Some(limit);
        self
    }
}

/// What a failure of a step ends beside its iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The user.
    User,
    /// The run.
    Run,
}

/// The parts of a step, each of which is there or not.
pub struct StepParts<'s, B> {
    body: &'s B,
    attempt: AttemptOf<B>,
    wait: Option<WaitOf<B>>,
    waits_first: bool,
    enabled: Option<PartOf<B, bool>>,
    delay_before: Option<PartOf<B, Duration>>,
    delay_after: Option<PartOf<B, Duration>>,
    timeouts: Option<PartOf<B, Timeouts>>,
    rate: Option<PartOf<B, (StepRate, Text)>>,
    concurrency: Option<PartOf<B, Concurrency>>,
    retry: Option<PartOf<B, Retry>>,
    repeat: Option<(PartOf<B, Repeat>, PartOf<B, bool>)>,
    collect: Option<PartOf<B, Value>>,
    judged: Option<PartOf<B, Ran>>,
    fallback: Option<PartOf<B, Vec<Value>>>,
    ends: Option<Ends>,
}

impl<'s, B> StepParts<'s, B> {
    /// A step with this attempt in this state of its iteration, and no other part.
    pub fn new(body: &'s B, attempt: AttemptOf<B>) -> Self {
        Self {
            body,
            attempt,
            wait: None,
            waits_first: false,
            enabled: None,
            delay_before: None,
            delay_after: None,
            timeouts: None,
            rate: None,
            concurrency: None,
            retry: None,
            repeat: None,
            collect: None,
            judged: None,
            fallback: None,
            ends: None,
        }
    }

    /// What waits for its resources.
    #[must_use]
    pub fn wait(mut self, wait: WaitOf<B>) -> Self {
        self.wait = Some(wait);
        self
    }

    /// The same, before all other parts, since one of them reads a resource.
    #[must_use]
    pub fn wait_first(mut self, wait: WaitOf<B>) -> Self {
        self.waits_first = true;
        self.wait(wait)
    }

    /// Whether it runs.
    #[must_use]
    pub fn enabled(mut self, enabled: PartOf<B, bool>) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// How long it waits before it is due.
    #[must_use]
    pub fn delay_before(mut self, delay: PartOf<B, Duration>) -> Self {
        self.delay_before = Some(delay);
        self
    }

    /// How long its branch waits behind it.
    #[must_use]
    pub fn delay_after(mut self, delay: PartOf<B, Duration>) -> Self {
        self.delay_after = Some(delay);
        self
    }

    /// Its time limits beside that of one attempt.
    #[must_use]
    pub fn timeouts(mut self, timeouts: PartOf<B, Timeouts>) -> Self {
        self.timeouts = Some(timeouts);
        self
    }

    /// How often an attempt may begin, for a key.
    #[must_use]
    pub fn rate(mut self, rate: PartOf<B, (StepRate, Text)>) -> Self {
        self.rate = Some(rate);
        self
    }

    /// How many attempts may run at once.
    #[must_use]
    pub fn concurrency(mut self, concurrency: PartOf<B, Concurrency>) -> Self {
        self.concurrency = Some(concurrency);
        self
    }

    /// When it is tried again.
    #[must_use]
    pub fn retry(mut self, retry: PartOf<B, Retry>) -> Self {
        self.retry = Some(retry);
        self
    }

    /// How it is repeated, and whether an attempt was the last one.
    #[must_use]
    pub fn repeat(mut self, repeat: PartOf<B, Repeat>, is_over: PartOf<B, bool>) -> Self {
        self.repeat = Some((repeat, is_over));
        self
    }

    /// What of each repetition goes into the output `collected`.
    #[must_use]
    pub fn collect(mut self, collect: PartOf<B, Value>) -> Self {
        self.collect = Some(collect);
        self
    }

    /// What it records, and its checks.
    #[must_use]
    pub fn judged(mut self, judged: PartOf<B, Ran>) -> Self {
        self.judged = Some(judged);
        self
    }

    /// The outputs that stand in for those of a step that failed, as far as they are read.
    #[must_use]
    pub fn fallback(mut self, fallback: PartOf<B, Vec<Value>>) -> Self {
        self.fallback = Some(fallback);
        self
    }

    /// What its failure ends.
    #[must_use]
    pub fn ends(mut self, ends: Ends) -> Self {
        self.ends = Some(ends);
        self
    }
}

/// The same with the type of the state erased, so that what drives a step is compiled once.
trait AnyParts {
    fn attempt<'t>(&'t self, step: &'t Step<'t>) -> Running<'t, Result<Ran, Fault>>;
    fn wait(&self) -> Wait<'_>;
    fn waits_first(&self) -> bool;
    fn enabled(&self, step: &Step<'_>) -> Result<bool, Fault>;
    fn delay_before(&self, step: &Step<'_>) -> Result<Duration, Fault>;
    fn delay_after(&self, step: &Step<'_>) -> Result<Duration, Fault>;
    fn timeouts(&self, step: &Step<'_>) -> Result<Timeouts, Fault>;
    fn rate(&self, step: &Step<'_>) -> Result<Option<(StepRate, Text)>, Fault>;
    fn concurrency(&self, step: &Step<'_>) -> Result<Option<Concurrency>, Fault>;
    fn retry(&self, step: &Step<'_>) -> Result<Option<Retry>, Fault>;
    fn repeat(&self, step: &Step<'_>) -> Result<Option<Repeat>, Fault>;
    fn is_over(&self, step: &Step<'_>) -> Result<bool, Fault>;
    fn collect(&self, step: &Step<'_>) -> Result<Option<Value>, Fault>;
    fn judged(&self, step: &Step<'_>) -> Result<Ran, Fault>;
    fn fallback(&self, step: &Step<'_>) -> Result<Option<Vec<Value>>, Fault>;
    fn ends(&self) -> Option<Ends>;
    fn may_be_tried_again(&self) -> bool;
}

impl<B> StepParts<'_, B> {
    fn part<T>(&self, part: Option<PartOf<B, T>>, step: &Step<'_>) -> Result<Option<T>, Fault> {
        part.map(|part| part(self.body, step)).transpose()
    }
}

impl<B> AnyParts for StepParts<'_, B> {
    fn attempt<'t>(&'t self, step: &'t Step<'t>) -> Running<'t, Result<Ran, Fault>> {
        (self.attempt)(self.body, step)
    }

    fn wait(&self) -> Wait<'_> {
        self.wait.and_then(|wait| wait(self.body))
    }

    fn waits_first(&self) -> bool {
        self.waits_first
    }

    fn enabled(&self, step: &Step<'_>) -> Result<bool, Fault> {
        Ok(self.part(self.enabled, step)?.unwrap_or(true))
    }

    fn delay_before(&self, step: &Step<'_>) -> Result<Duration, Fault> {
        Ok(self.part(self.delay_before, step)?.unwrap_or_default())
    }

    fn delay_after(&self, step: &Step<'_>) -> Result<Duration, Fault> {
        Ok(self.part(self.delay_after, step)?.unwrap_or_default())
    }

    fn timeouts(&self, step: &Step<'_>) -> Result<Timeouts, Fault> {
        Ok(self.part(self.timeouts, step)?.unwrap_or_default())
    }

    fn rate(&self, step: &Step<'_>) -> Result<Option<(StepRate, Text)>, Fault> {
        self.part(self.rate, step)
    }

    fn concurrency(&self, step: &Step<'_>) -> Result<Option<Concurrency>, Fault> {
        self.part(self.concurrency, step)
    }

    fn retry(&self, step: &Step<'_>) -> Result<Option<Retry>, Fault> {
        self.part(self.retry, step)
    }

    fn repeat(&self, step: &Step<'_>) -> Result<Option<Repeat>, Fault> {
        self.part(self.repeat.map(|(repeat, _)| repeat), step)
    }

    fn is_over(&self, step: &Step<'_>) -> Result<bool, Fault> {
        let is_over = self.part(self.repeat.map(|(_, is_over)| is_over), step)?;
        Ok(is_over.unwrap_or(true))
    }

    fn collect(&self, step: &Step<'_>) -> Result<Option<Value>, Fault> {
        self.part(self.collect, step)
    }

    fn judged(&self, step: &Step<'_>) -> Result<Ran, Fault> {
        Ok(self.part(self.judged, step)?.unwrap_or(Ran::Done))
    }

    fn fallback(&self, step: &Step<'_>) -> Result<Option<Vec<Value>>, Fault> {
        self.part(self.fallback, step)
    }

    fn ends(&self) -> Option<Ends> {
        self.ends
    }

    fn may_be_tried_again(&self) -> bool {
        self.retry.is_some()
    }
}

/// The same as [`Iteration::drive`] for a step with further parts.
pub fn drive_in_parts<'s, B>(
    iteration: &'s Iteration<'s>,
    policy: &'s Policy,
    at: At,
    kept: Option<&'s OutputSlot>,
    parts: StepParts<'s, B>,
) -> Running<'s, Flow> {
    run_in_parts(iteration, (policy, at, kept), Box::new(parts))
}

/// The part that is not generic, so it is compiled once.
#[inline(never)]
fn run_in_parts<'s>(
    iteration: &'s Iteration<'s>,
    (policy, at, kept): (&'s Policy, At, Option<&'s OutputSlot>),
    parts: Box<dyn AnyParts + 's>,
) -> Running<'s, Flow> {
    Box::pin(async move {
        let mut after = Duration::ZERO;
        let step = DrivenStep::step(iteration, at, policy, kept);
        let drive = Drive {
            step: &step,
            driven: DrivenStep::of(&step),
            parts: &*parts,
        };
        let result = {
            let work = pin!(drive.whole(&mut after));
            work.await
        };
        drive.end(result)?;
        delay(&step, after).await;
        Ok(())
    })
}

/// A run of a step and its parts.
struct Drive<'d> {
    step: &'d Step<'d>,
    driven: DrivenStep<'d>,
    parts: &'d dyn AnyParts,
}

impl Drive<'_> {
    /// All of a step from the question whether it is enabled to its last attempt. `after` becomes the delay behind it.
    async fn whole(&self, after: &mut Duration) -> Result<Ran, Fault> {
        if let Some(waiting) = self
            .parts
            .waits_first()
            .then(|| self.parts.wait())
            .flatten()
        {
            waiting.await?;
        }
        if !self.parts.enabled(self.step)? {
            return Ok(Ran::Skipped);
        }
        let timeouts = self.parts.timeouts(self.step)?;
        delay(self.step, self.parts.delay_before(self.step)?).await;
        // It is known before the attempts, which may fail or be dropped and be waited for all the same.
        let time = self.parts.delay_after(self.step);
        *after = *time.as_ref().unwrap_or(&Duration::ZERO);
        let due = self.driven.due().unwrap_or_else(|| self.step.now());
        let mut work = pin!(self.rounds((due, timeouts)));
        let ran = match timeouts.deadline {
            Some(limit) => {
                let over = (due, limit);
                let fault = || timeout("deadline", limit);
                self.within(over, work.as_mut(), &fault).await?
            }
            None => work.await?,
        };
        time.map(|_| ran)
    }

    /// Repeats the step until an attempt was the last one.
    async fn rounds(&self, start: (Moment, Timeouts)) -> Result<Ran, Fault> {
        let Some(repeat) = self.parts.repeat(self.step)? else {
            return self.tries(Some(start), start.1).await.map(|_| Ran::Done);
        };
        let mut work = pin!(self.repeated(repeat, start));
        match repeat.timeout {
            Some(limit) => {
                let fault = || {
                    let limit = duration::format(limit);
                    let text = format_args!("its condition did not hold within {limit}");
                    Fault::new(REPEAT, FaultText::plain(text))
                };
                let over = (self.step.now(), limit);
                self.within(over, work.as_mut(), &fault).await
            }
            None => work.await,
        }
    }

    async fn repeated(&self, repeat: Repeat, start: (Moment, Timeouts)) -> Result<Ran, Fault> {
        let mut collected: Option<Vec<Value>> = None;
        for round in 1..=repeat.most {
            let began = self.step.now();
            let of_start = (round == 1).then_some(start);
            let is_over = self.tries(of_start, start.1).await?;
            if let Some(value) = self.parts.collect(self.step)? {
                collected.get_or_insert_default().push(value);
            }
            if is_over {
                if let Some(collected) = collected {
                    self.driven.keep_collected(collected);
                }
                return Ok(Ran::Done);
            }
            let passed = Duration::from_nanos(self.step.now().since(began));
            let rest = repeat.every.saturating_sub(passed);
            if round < repeat.most && !rest.is_zero() {
                self.step.pause(rest).await;
            }
        }
        let times = match repeat.most {
            1 => "attempt".to_owned(),
            most => format!("{most} attempts"),
        };
        let text = format_args!("its condition did not hold after {times}");
        Err(Fault::new(REPEAT, FaultText::plain(text)))
    }

    /// Tries the step until an attempt passes or is not tried again. Whether it was the last one of a step that is repeated.
    async fn tries(
        &self,
        mut start: Option<(Moment, Timeouts)>,
        timeouts: Timeouts,
    ) -> Result<bool, Fault> {
        let first = self.step.now();
        let mut failed = 0_u32;
        let holds_back = self.parts.may_be_tried_again();
        let before = if holds_back {
            self.driven.kept_so_far()
        } else {
            None
        };
        loop {
            self.driven.begins_attempt(holds_back, failed > 0);
            let fault = match self.one(start.take(), timeouts).await {
                Ok(is_over) => return Ok(is_over),
                Err(fault) => fault,
            };
            failed = failed.saturating_add(1);
            let passed = Duration::from_nanos(self.step.now().since(first));
            let retry = match self.parts.retry(self.step) {
                Ok(Some(retry)) => retry,
                Ok(None) => return Err(fault),
                // The attempt has failed already: why it cannot be tried again is the news.
                Err(fault) => return Err(fault),
            };
            let Some(wait) = retry.wait(failed, &fault, passed) else {
                return Err(fault);
            };
            self.driven.forgets_attempt(before.as_deref());
            if !wait.is_zero() {
                self.step.pause(wait).await;
            }
        }
    }

    /// One attempt, with its place among others, and its checks if it was the last one.
    async fn one(
        &self,
        start: Option<(Moment, Timeouts)>,
        timeouts: Timeouts,
    ) -> Result<bool, Fault> {
        let place = match start.and_then(|(due, timeouts)| timeouts.start.map(|limit| (due, limit)))
        {
            Some((due, limit)) => {
                let mut ready = pin!(self.ready(timeouts));
                let fault = || timeout("start", limit);
                self.within((due, limit), ready.as_mut(), &fault).await?
            }
            None => self.ready(timeouts).await?,
        };
        {
            let attempt = pin!(async {
                match self.parts.attempt(self.step).await? {
                    Ran::Done => Ok(()),
                    // `enabled` is no part of this attempt.
                    Ran::Skipped => Ok(()),
                }
            });
            self.driven.limited(attempt).await?;
        }
        drop(place);
        let is_over = self.parts.is_over(self.step)?;
        if is_over {
            self.parts.judged(self.step)?;
        }
        Ok(is_over)
    }

    /// It is its turn, it has a place, and its resources are there.
    async fn ready(&self, timeouts: Timeouts) -> Result<Option<Place>, Fault> {
        let mut queue = pin!(self.queue());
        let place = match timeouts.queue {
            Some(limit) => {
                let fault = || timeout("queue", limit);
                let over = (self.step.now(), limit);
                self.within(over, queue.as_mut(), &fault).await?
            }
            None => queue.await?,
        };
        if let Some(waiting) = self.parts.wait() {
            waiting.await?;
        }
        Ok(place)
    }

    async fn queue(&self) -> Result<Option<Place>, Fault> {
        if let Some((rate, key)) = self.parts.rate(self.step)? {
            let step = std::ptr::from_ref(self.step.info()).addr();
            let limits = limits_of(self.driven);
            let turn = limits.turn(step, &key, rate, self.driven.instant());
            let wait = turn.map_err(|_| {
                let text = "its `rate_limit` has more keys than the 65,536 that can be kept apart";
                Fault::new(RATE_LIMIT, text)
            })?;
            if !wait.is_zero() {
                self.step.pause(wait).await;
            }
        }
        match self.parts.concurrency(self.step)? {
            Some(concurrency) => Ok(Some(place(self.step, concurrency).await)),
            None => Ok(None),
        }
    }

    /// `work`, which fails when so much time has passed since a moment.
    fn within<'w, T>(
        &'w self,
        (from, limit): (Moment, Duration),
        work: Pin<&'w mut (dyn Future<Output = Result<T, Fault>> + 'w)>,
        fault: &'w dyn Fn() -> Fault,
    ) -> Within<'w, T> {
        let mut deadline = self.step.deadline();
        deadline.set(from + limit);
        Within {
            work,
            deadline,
            fault,
            step: self.driven,
        }
    }

    /// Counts the end, with what stands in for a failure and what it ends.
    fn end(&self, result: Result<Ran, Fault>) -> Flow {
        let Err(fault) = result else {
            return self.driven.end(result);
        };
        match self.parts.fallback(self.step) {
            Ok(Some(outputs)) => {
                self.driven.recovers(&fault, outputs);
                return Ok(());
            }
            Ok(None) => {}
            Err(fault) => return self.driven.end(Err(fault)),
        }
        let flow = self.driven.end(Err(fault));
        match self.parts.ends() {
            Some(Ends::User) => self.driven.ends_user(),
            Some(Ends::Run) => self.driven.ends_run(),
            None => return flow,
        }
        Err(Stop)
    }
}

fn timeout(name: &str, limit: Duration) -> Fault {
    let limit = duration::format(limit);
    let text = match name {
        "queue" => format!("it waited for its turn longer than its limit `queue` of {limit}"),
        "start" => format!("it did not begin within its limit `start` of {limit}"),
        name => format!("it took longer than its limit `{name}` of {limit}"),
    };
    Fault::new(TIMEOUT, FaultText::plain(format_args!("{text}")))
}

/// See [`Drive::within`].
struct Within<'w, T> {
    work: Pin<&'w mut (dyn Future<Output = Result<T, Fault>> + 'w)>,
    deadline: Deadline,
    fault: &'w dyn Fn() -> Fault,
    step: DrivenStep<'w>,
}

impl<T> Future for Within<'_, T> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(result) = this.work.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        this.deadline.poll(cx).map(|()| {
            this.step.is_timed_out();
            Err((this.fault)())
        })
    }
}

impl<B> std::fmt::Debug for StepParts<'_, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StepParts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
