//! What a whole run measured: the merge of all its intervals, a row a step.

use super::measure::rate;
use crate::metrics::{Histogram, Interval, Layout, MetricLabel, Outcome, Slot, Times};
use bggo_values::Text;
use std::time::Duration;

/// Failures of a load run that are too many, in percent of its iterations.
pub const TOO_MANY_PERCENT: u64 = 1;

/// One row: a step, all steps, or the iterations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Of what.
    pub name: String,
    /// The labels of a step.
    pub tags: Vec<(Text, Text)>,
    /// Counters and failures by kind.
    pub counts: Slot,
    /// Service times of what passed.
    pub passed: Histogram,
    /// Service times of what failed.
    pub failed: Histogram,
    /// Response times of what passed.
    pub response: Histogram,
    /// The metrics of a step's manifest.
    pub metrics: Vec<(MetricLabel, Histogram)>,
    /// For how long iterations could begin.
    pub begins_for: Duration,
}

impl Row {
    fn named(name: &str, begins_for: Duration) -> Self {
        Self {
            name: name.to_owned(),
            begins_for,
            ..Self::default()
        }
    }

    fn add(&mut self, counts: Option<&Slot>, times: Times<'_>) {
        if let Some(counts) = counts {
            self.counts.merge(counts);
        }
        let all = [
            (&mut self.passed, times.passed),
            (&mut self.failed, times.failed),
            (&mut self.response, times.response),
        ];
        for (sum, times) in all {
            if let Some(times) = times {
                sum.merge(times);
            }
        }
    }

    /// Passed and failed.
    pub fn count(&self) -> u64 {
        self.counts.ended()
    }

    /// That many a second of the time in which iterations could begin.
    pub fn rate(&self) -> f64 {
        rate(self.count(), self.begins_for)
    }

    /// How often something ended with `outcome`.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.counts.count(outcome)
    }

    /// Failures by kind: most frequent first.
    pub fn kinds(&self) -> Vec<(&Text, u64)> {
        let kinds = self.counts.kinds.iter();
        let mut kinds: Vec<_> = kinds.map(|(kind, count)| (kind, *count)).collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        kinds
    }
}

/// A run's figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// How long it was.
    pub length: Duration,
    /// For how long iterations could begin.
    pub begins_for: Duration,
    /// Steps, in the grid's order.
    pub steps: Vec<Row>,
    /// All steps together.
    pub all_steps: Row,
    /// Iterations.
    pub iterations: Row,
}

impl Figures {
    /// Of the merge of all intervals.
    pub fn new(layout: &Layout, total: &Interval, begins_for: Duration) -> Self {
        let mut all_steps = Row::named("all steps", begins_for);
        let mut iterations = Row::named("iterations", begins_for);
        for scenario in &layout.iterations {
            iterations.add(scenario.counts(total), scenario.times(total));
        }
        let steps = layout.steps.iter().map(|step| {
            let (counts, times) = (step.counts(total), step.times(total));
            all_steps.add(counts, times);
            let mut row = Row::named(step.name.as_str(), begins_for);
            row.add(counts, times);
            row.tags.clone_from(&step.tags);
            let metrics = step.measured(total);
            row.metrics = metrics
                .map(|(label, values)| (label.clone(), values.clone()))
                .collect();
            row
        });
        Self {
            steps: steps.collect(),
            length: total.length(),
            begins_for,
            all_steps,
            iterations,
        }
    }

    /// How long iterations went on after none could begin any more.
    pub fn drain(&self) -> Duration {
        self.length.saturating_sub(self.begins_for)
    }

    /// No iteration ran to its end.
    pub fn nothing_ended(&self) -> bool {
        self.iterations.count() == 0
    }

    /// The default threshold of a load run: some iteration ends, and less than 1 % of them fail.
    pub fn threshold_failed(&self) -> bool {
        let failed = self.iterations.of(Outcome::Failed);
        self.nothing_ended()
            || failed > 0 && failed * 100 >= self.iterations.count() * TOO_MANY_PERCENT
    }
}
