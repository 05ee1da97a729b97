//! What one second of a load run measured, for its line.

use crate::judgement::Second;
use crate::metrics::{Histogram, Outcome, SlotFigures};
use bggo_metrics::report::measure::rate;
use bggo_values::Text;
use std::time::Duration;

/// Percentile of the lines, in millionths.
pub const P95: u32 = 950_000;

/// What lines count on from one to the next.
#[derive(Debug, Default)]
pub struct LinesSoFar {
    users: u64,
    /// Full names of the steps, in the grid's order; made for the first line.
    steps: Vec<Text>,
}

/// One live line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The number of the second, from 1.
    pub number: u32,
    /// Since the start of the run.
    pub at: Duration,
    /// How long the stretch of time is.
    pub length: Duration,
    /// Users that are there at its end.
    pub users: u64,
    /// Iterations that ended in it.
    pub iterations: u64,
    /// Iterations of a warm-up that ended in it, beside these.
    pub warm_up: u64,
    /// How many of `iterations` failed.
    pub failed: u64,
    /// Iterations that were cancelled in it.
    pub cancelled: u64,
    /// Arrivals that were dropped in it.
    pub dropped: u64,
    /// How long iterations that passed took: their response times, or service times of a closed load.
    pub times: Histogram,
    /// Steps that ended in it: full name and count, in the grid's order.
    pub steps: Vec<(Text, u64)>,
}

impl LinesSoFar {
    /// The line of the next second.
    pub fn next(&mut self, second: &Second<'_>) -> Line {
        let (layout, interval) = (second.layout, second.interval);
        self.users = (self.users + interval.users_begun).saturating_sub(interval.users_ended);
        let (mut iterations, mut times) = (SlotFigures::default(), Histogram::default());
        for scenario in &layout.iterations {
            if let Some(counts) = scenario.counts(interval) {
                iterations.merge(counts);
            }
            let measured = scenario.times(interval);
            // What was due at a moment of its own took as long as it kept its caller waiting.
            if let Some(passed) = measured.response.or(measured.passed) {
                times.merge(passed);
            }
        }
        let warm_ups = layout.warm_up_iterations.iter();
        let warm_up = warm_ups.map(|scenario| {
            let counts = scenario.counts(interval);
            counts.map_or(0, SlotFigures::ended)
        });
        if self.steps.is_empty() {
            let names = layout.steps.iter().map(|step| layout.full_name(step));
            self.steps = names.collect();
        }
        let steps = self.steps.iter().zip(&layout.steps).map(|(name, step)| {
            let ended = step.counts(interval).map_or(0, SlotFigures::ended);
            (name.clone(), ended)
        });
        Line {
            number: second.number,
            at: interval.end(),
            length: interval.length(),
            users: self.users,
            iterations: iterations.ended(),
            warm_up: warm_up.sum(),
            failed: iterations.count(Outcome::Failed),
            cancelled: iterations.count(Outcome::Cancelled),
            dropped: iterations.count(Outcome::Dropped),
            times,
            steps: steps.collect(),
        }
    }
}

impl Line {
    /// 95 % of the iterations that passed took at most this long.
    pub fn p95(&self) -> Option<Duration> {
        self.times.time(P95)
    }

    /// Iterations a second.
    pub fn rate(&self) -> f64 {
        rate(self.iterations, self.length)
    }
}
