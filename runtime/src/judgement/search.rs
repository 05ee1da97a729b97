//! A search for the highest rate at which a threshold holds: the seconds of a scenario -> what it does next.
//!
//! ```text
//! holds a rate --the threshold breaks, or the time is over--> drains --nothing is outstanding--> the next rate, or the end
//! ```
//!
//! Each step is judged as if it were a run of its own, so nothing of the step before is in its windows. Steps begin and end
//! with whole seconds of the run, since seconds are what is judged.

use super::{Judge, Order};
use crate::metrics::{Interval, Layout};
use crate::shutdown::SearchedRate;
use bggo_metrics::report::searches;
use bggo_metrics::{
    Came, Course, OnFail, Outcome, SearchEnd, SearchStep, Searched, StepCame, Threshold, Unknown,
    Verdict,
};
use bggo_schedule::{Bracket, DueSoFar, GrowingRate, Load, Nanos, Rate, Search};
use bggo_values::Text;
use std::sync::Arc;
use std::time::Duration;

/// Seconds between a decision and what follows from it: all workers know of it by then.
const AHEAD: u32 = 2;

/// What becomes of a search where this host does not put on a rate in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overload {
    /// It ends: what is measured then says nothing of the target.
    Ends,
    /// It goes on: whoever started the run allows that.
    IsAllowed,
}

/// What is searched for, and where.
#[derive(Debug, Clone)]
pub struct SearchOf {
    /// The number of the scenario in the grid's table.
    pub scenario: u32,
    /// Its name.
    pub name: Text,
    /// Its load.
    pub load: Load,
    /// The seed of its arrivals by chance.
    pub seed: u64,
    /// The threshold that ends a step.
    pub until: Threshold,
    /// What becomes of it where this host does not put on a rate in time.
    pub overload: Overload,
    /// What must be known of the scenarios of the run.
    pub courses: Vec<Option<Course>>,
}

/// A search that goes on.
#[derive(Debug)]
pub struct RateSearch {
    of: SearchOf,
    search: Search,
    growing: GrowingRate,
    /// The rate as far as it is decided.
    rate: Arc<Rate>,
    due: DueSoFar,
    known: Bracket,
    step: Step,
    state: State,
    steps: Vec<SearchStep>,
}

/// What is measured of a rate.
#[derive(Debug)]
struct Step {
    /// In millionths of an iteration a unit of time.
    rate: u64,
    from: Duration,
    to: Duration,
    judge: Judge,
    measured: Interval,
    /// How it came out, if that was clear before its end.
    came: Option<StepCame>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Iterations are due at the rate of the step.
    Holding,
    /// So many iterations were due. They have until then to end.
    Draining {
        due: u64,
        until: Duration,
    },
    /// Those that were still running are cut. Nobody waits longer than until then.
    Cutting {
        due: u64,
        until: Duration,
    },
    Over(SearchEnd),
}

/// What follows from a second of a search.
#[derive(Debug, Default)]
pub struct Follows {
    /// What the workers are told.
    pub order: Option<Order>,
    /// A step that came out.
    pub decided: Option<SearchStep>,
    /// A line about it.
    pub said: Option<String>,
}

/// What is known of a run at the end of a second.
#[derive(Debug, Clone, Copy)]
pub struct SecondOf<'a> {
    /// Its number.
    pub number: u32,
    /// What the figures are.
    pub layout: &'a Layout,
    /// What was measured in it.
    pub interval: &'a Interval,
    /// All that was measured.
    pub total: &'a Interval,
    /// For how long the oldest iteration of each scenario has waited.
    pub outstanding: &'a [Option<Duration>],
    /// Whether this host did not put on the load of the scenario in time.
    pub fell_behind: bool,
}

impl RateSearch {
    /// One that begins with the run.
    ///
    /// # Errors
    /// Figures that the threshold asks for, and the run does not have.
    pub fn new(mut of: SearchOf, layout: &Layout) -> Result<Option<Self>, Vec<Unknown>> {
        let Some(search) = of.load.schedule.search().cloned() else {
            return Ok(None);
        };
        // A broken threshold ends a step, and not the run.
        of.until.on_fail = OnFail::Fail;
        let from = of.load.start_after;
        let step = Step::new(&of, layout, (search.start, from, search.hold))?;
        let Ok(growing) = search.first_step() else {
            // Its numbers were judged when the load was read.
            return Ok(None);
        };
        Ok(Some(Self {
            growing,
            rate: Arc::clone(&search.arrivals.rate),
            due: DueSoFar::new(search.arrivals.spread, of.seed),
            known: Bracket::default(),
            step,
            state: State::Holding,
            steps: Vec::new(),
            search,
            of,
        }))
    }

    /// The number of the scenario.
    pub fn scenario(&self) -> u32 {
        self.of.scenario
    }

    /// The rate that is put on when the run is so old, in iterations a second; none between two steps.
    pub fn tried(&self, at: Duration) -> Option<f64> {
        let is_on = self.state == State::Holding && self.step.from < at && at <= self.step.to;
        is_on.then(|| self.search.a_second(self.step.rate))
    }

    /// A second is over.
    pub fn second(&mut self, second: &SecondOf<'_>) -> Follows {
        if matches!(self.state, State::Over(_)) {
            return Follows::default();
        }
        let now = Duration::from_secs(second.number.into());
        self.step.judge.outstanding(second.outstanding.to_vec());
        self.step.judge.second(second.number, second.interval);
        self.step.measured.merge(second.interval);
        match self.state {
            State::Holding => self.holding(second, now),
            State::Draining { due, until } => {
                if self.has_ended(due, second) {
                    return self.step_is_over(second);
                }
                if now < until {
                    return Follows::default();
                }
                let until = now + Duration::from_secs(AHEAD.into());
                self.state = State::Cutting { due, until };
                let rate = SearchedRate {
                    cut_before: self.nanos(now),
                    ..self.known_rate()
                };
                let text = format!(
                    "search of {}: iterations that were still running have failed: --graceful-stop is over",
                    self.of.name
                );
                Follows {
                    said: Some(text),
                    ..self.ordered(rate)
                }
            }
            State::Cutting { due, until } if now >= until || self.has_ended(due, second) => {
                self.step_is_over(second)
            }
            State::Cutting { .. } | State::Over(_) => Follows::default(),
        }
    }

    /// The run ends before the search is over.
    pub fn stops(&mut self) {
        if matches!(self.state, State::Over(_)) {
            return;
        }
        let step = self.finished_step(StepCame::Unfinished);
        self.steps.push(step);
        self.state = State::Over(SearchEnd::Stopped);
    }

    /// What was found.
    pub fn searched(&self) -> Searched {
        let verdict = self.step.verdict();
        Searched {
            scenario: self.of.name.clone(),
            until: self.search.until.clone(),
            asked: verdict.map_or(Text::Static(""), |verdict| verdict.asked),
            end: match self.state {
                State::Over(end) => end,
                _ => SearchEnd::Stopped,
            },
            steps: self.steps.clone(),
        }
    }

    fn holding(&mut self, second: &SecondOf<'_>, now: Duration) -> Follows {
        let mut follows = Follows::default();
        let is_broken = || {
            let mut judged = self.step.judge.judged().iter();
            judged.any(|one| one.broken_at.is_some())
        };
        let came = if second.fell_behind && self.of.overload == Overload::Ends {
            Some(StepCame::NotPutOn)
        } else {
            is_broken().then_some(StepCame::Broke)
        };
        if self.step.came.is_none() && came.is_some() {
            self.step.came = came;
            let soon = Duration::from_secs(u64::from(second.number) + u64::from(AHEAD));
            if soon < self.step.to
                && let Ok(rate) = self.growing.cut(self.nanos(soon))
            {
                self.step.to = soon;
                self.step.judge.stops(soon);
                self.rate = Arc::new(rate);
                follows = self.ordered(self.known_rate());
            }
        }
        if now >= self.step.to {
            self.state = State::Draining {
                due: self.due.count(&self.rate),
                until: self.step.to.saturating_add(self.of.load.graceful_stop),
            };
            if let State::Draining { due, .. } = self.state
                && self.has_ended(due, second)
            {
                return self.step_is_over(second);
            }
        }
        follows
    }

    /// Whether all iterations that were due have ended, or will never begin.
    fn has_ended(&self, due: u64, second: &SecondOf<'_>) -> bool {
        let row = second.layout.iterations.get(self.of.scenario as usize);
        let counts = row.and_then(|row| row.counts(second.total));
        let ended = counts.map_or(0, |counts| {
            let outcomes = [
                Outcome::Passed,
                Outcome::Failed,
                Outcome::Cancelled,
                Outcome::Dropped,
                Outcome::NotStarted,
            ];
            outcomes.iter().map(|outcome| counts.count(*outcome)).sum()
        });
        ended >= due
    }

    /// Decides how the step came out, and what is tried next.
    fn step_is_over(&mut self, second: &SecondOf<'_>) -> Follows {
        let step = self.finished_step(StepCame::Broke);
        let rate = self.step.rate;
        let end = match step.came {
            StepCame::Held => {
                self.known.held = Some(rate);
                None
            }
            StepCame::Broke => {
                self.known.broke = Some(rate);
                None
            }
            StepCame::NotPutOn => Some(SearchEnd::LimitOfGenerator),
            StepCame::Unfinished => Some(SearchEnd::Stopped),
        };
        let said = searches::said(&self.of.name, &step);
        self.steps.push(step.clone());
        let next = match end {
            Some(end) => Err(end),
            None => self.next_step(second),
        };
        let order = match next {
            Ok(()) => self.known_rate(),
            Err(end) => {
                self.state = State::Over(end);
                SearchedRate {
                    is_whole: true,
                    ..self.known_rate()
                }
            }
        };
        Follows {
            decided: Some(step),
            said: Some(said),
            ..self.ordered(order)
        }
    }

    /// Begins the next step.
    fn next_step(&mut self, second: &SecondOf<'_>) -> Result<(), SearchEnd> {
        let Some(rate) = self.search.next(self.known) else {
            return Err(match (self.known.held, self.known.broke) {
                (None, _) => SearchEnd::BelowStart,
                (Some(_), None) => SearchEnd::AtLeastMax,
                (Some(_), Some(_)) => SearchEnd::Found,
            });
        };
        let from = Duration::from_secs(u64::from(second.number) + u64::from(AHEAD));
        // What the first step could be judged by, and what it could be computed with, all others can.
        let step = Step::new(&self.of, second.layout, (rate, from, self.search.hold))
            .map_err(|_| SearchEnd::Stopped)?;
        let appended = self
            .growing
            .append(self.nanos(from), rate, self.search.hold)
            .map_err(|_| SearchEnd::Stopped)?;
        self.step = step;
        self.rate = Arc::new(appended);
        self.state = State::Holding;
        Ok(())
    }

    /// The step as far as it went; `undecided` is how it came out if the threshold does not say that it held.
    fn finished_step(&self, undecided: StepCame) -> SearchStep {
        let verdict = self.step.verdict();
        let held = verdict.as_ref().is_some_and(|one| one.came == Came::Held);
        let came = match (self.step.came, undecided) {
            (_, StepCame::Unfinished) => StepCame::Unfinished,
            (Some(came), _) => came,
            (None, _) if held => StepCame::Held,
            (None, undecided) => undecided,
        };
        SearchStep {
            rate: self.search.a_second(self.step.rate),
            from: self.step.from,
            to: self.step.to,
            came,
            readings: verdict.map_or_else(Vec::new, |verdict| verdict.readings),
        }
    }

    fn known_rate(&self) -> SearchedRate {
        SearchedRate {
            rate: Arc::clone(&self.rate),
            is_whole: false,
            cut_before: 0,
        }
    }

    fn ordered(&self, rate: SearchedRate) -> Follows {
        Follows {
            order: Some(Order::Search(self.of.scenario, rate)),
            ..Follows::default()
        }
    }

    /// A moment of the run as one of the scenario.
    fn nanos(&self, at: Duration) -> Nanos {
        let since = at.saturating_sub(self.of.load.start_after);
        bggo_schedule::nanos(since)
    }
}

impl Step {
    fn new(
        of: &SearchOf,
        layout: &Layout,
        (rate, from, hold): (u64, Duration, Nanos),
    ) -> Result<Self, Vec<Unknown>> {
        let to = from.saturating_add(Duration::from_nanos(hold));
        let rows = (0..).zip(&of.courses);
        let courses = rows.map(|(row, course)| {
            let course = (*course)?;
            let until = course.until.filter(|_| row != of.scenario);
            Some(Course {
                from: course.from.max(from),
                until: Some(until.map_or(to, |until| until.min(to))),
                ..course
            })
        });
        let courses: Vec<Option<Course>> = courses.collect();
        Ok(Self {
            rate,
            from,
            to,
            judge: Judge::new(vec![of.until.clone()], layout, &courses)?,
            measured: Interval::default(),
            came: None,
        })
    }

    fn verdict(&self) -> Option<Verdict> {
        let mut verdicts = self.judge.end(&self.measured, self.to).into_iter();
        verdicts.next()
    }
}

/// Whether a search leaves open how the target does, because this host could not go on. What it found is still true; but
/// where that is nothing, or a threshold failed, this host may be the reason.
pub fn is_limited(search: &Searched, threshold_failed: bool) -> bool {
    let is_limit = search.end == SearchEnd::LimitOfGenerator;
    is_limit && (threshold_failed || search.held().is_none())
}

#[cfg(test)]
mod tests;
