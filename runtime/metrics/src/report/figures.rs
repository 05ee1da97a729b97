//! What a whole run measured: the merge of all its intervals, a row a step.

use super::checks::{self, CheckRow};
use super::custom_metrics::{self, CustomRow};
use super::described::Described;
use super::measure::{percent, rate};
use crate::interval::{Histogram, Interval, Scalar, SlotFigures, WHOLE};
use crate::layout::{IterationLayout, LabelWarning, Layout, Measured, MetricLayout, Tags, Times};
use crate::outcome::Outcome;
use bggo_values::Text;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a metric of a manifest measured in the whole run.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Of a trend.
    Trend(Histogram),
    /// Of a counter.
    Counter(u64),
    /// Of a counter by label: the largest first.
    Labels(Vec<(Text, u64)>),
    /// Of a gauge.
    Gauge(Scalar),
    /// Of a rate.
    Rate {
        /// How many were hits.
        hits: u64,
        /// Of how many.
        of: u64,
    },
}

impl Values {
    fn of(measured: Measured<'_>) -> Self {
        match measured {
            Measured::Trend(values) => Self::Trend(values.clone()),
            Measured::Counter(sum) => Self::Counter(sum),
            Measured::Labels(sums) => Self::Labels(largest_of(sums)),
            Measured::Gauge(values) => Self::Gauge(values.clone()),
            Measured::Rate { hits, of } => Self::Rate { hits, of },
        }
    }
}

/// Counts that come in the order of their names, the largest first. Those of one size stay in that order.
pub(super) fn largest_first(counts: impl IntoIterator<Item = (Text, u64)>) -> Vec<(Text, u64)> {
    let mut all: Vec<(Text, u64)> = Vec::new();
    for (name, count) in counts {
        let place = all.partition_point(|(_, known)| *known >= count);
        all.insert(place, (name, count));
    }
    all
}

fn largest_of(counts: &BTreeMap<Text, u64>) -> Vec<(Text, u64)> {
    largest_first(counts.iter().map(|(name, count)| (name.clone(), *count)))
}

/// The sum over all labels, which stops at the largest number.
pub fn sum_of_labels<'a>(sums: impl IntoIterator<Item = &'a (Text, u64)>) -> u64 {
    let sums = sums.into_iter().map(|(_, sum)| *sum);
    sums.fold(0, u64::saturating_add)
}

/// Metrics of a manifest that measured something.
pub type Metrics = Vec<(MetricLayout, Values)>;

fn metrics<'a>(measured: impl Iterator<Item = (&'a MetricLayout, Measured<'a>)>) -> Metrics {
    measured
        .map(|(metric, values)| (metric.clone(), Values::of(values)))
        .collect()
}

/// A resource whose metrics measured something.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceRow {
    /// `kind.name`
    pub name: Text,
    /// Its metrics.
    pub metrics: Metrics,
}

/// One row: a step, all steps, or iterations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Of what: a step's full name.
    pub name: String,
    /// The name of a step without that of its scenario.
    pub step: String,
    /// The scenario of a step or of iterations; empty where there are several.
    pub scenario: String,
    /// The uses of flows by which the scenario comes to a step.
    pub path: Vec<Text>,
    /// The labels of a step or a scenario.
    pub tags: Tags,
    /// Counters and failures by kind.
    pub counts: SlotFigures,
    /// Service times of what passed.
    pub passed: Histogram,
    /// Service times of what failed.
    pub failed: Histogram,
    /// Response times of what passed.
    pub response: Histogram,
    /// Response times of what failed.
    pub failed_response: Histogram,
    /// How long arrivals waited for a user.
    pub queued: Histogram,
    /// How much later iterations began than they could have.
    pub start_error: Histogram,
    /// Iterations that began, of scenarios some of whose iterations were due at moments of their own or never began.
    pub began: u64,
    /// The metrics of a step's manifest.
    pub metrics: Metrics,
    /// For how long iterations could begin.
    pub begins_for: Duration,
}

impl Row {
    fn named(name: String, begins_for: Duration) -> Self {
        Self {
            name,
            begins_for,
            ..Self::default()
        }
    }

    fn add(&mut self, counts: Option<&SlotFigures>, times: Times<'_>) {
        if let Some(counts) = counts {
            self.counts.merge(counts);
        }
        let all = [
            (&mut self.passed, times.passed),
            (&mut self.failed, times.failed),
            (&mut self.response, times.response),
            (&mut self.failed_response, times.failed_response),
        ];
        for (sum, times) in all {
            if let Some(times) = times {
                sum.merge(times);
            }
        }
    }

    fn add_waits(&mut self, (queued, start_error): (Option<&Histogram>, Option<&Histogram>)) {
        for (sum, times) in [
            (&mut self.queued, queued),
            (&mut self.start_error, start_error),
        ] {
            if let Some(times) = times {
                sum.merge(times);
            }
        }
    }

    /// Iterations that were due and did not begin.
    pub fn never_began(&self) -> u64 {
        self.of(Outcome::Dropped) + self.of(Outcome::NotStarted)
    }

    /// Iterations that were due: those that began, and those that did not.
    pub fn due(&self) -> u64 {
        self.began + self.never_began()
    }

    /// Iterations that began, as [`Row::began`] has them, of the row of one scenario.
    fn begun_of_due(&self) -> u64 {
        // A closed profile without a pace notes no beginnings, and its iterations that never began are known at its end.
        match self.start_error.count() {
            0 if self.never_began() > 0 => self.begun(),
            noted => noted,
        }
    }

    /// Those that ended or were cancelled.
    pub fn begun(&self) -> u64 {
        self.count() + self.of(Outcome::Cancelled)
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
    pub fn kinds(&self) -> Vec<(Text, u64)> {
        largest_of(&self.counts.kinds)
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
    /// Iterations of all scenarios.
    pub iterations: Row,
    /// Iterations of each scenario, in the order of the grid's table.
    pub scenarios: Vec<Row>,
    /// Iterations in the warm-up of each scenario that has one: no other row counts them.
    pub warm_ups: Vec<Row>,
    /// Resources.
    pub resources: Vec<ResourceRow>,
    /// Checks of steps, in the grid's order.
    pub checks: Vec<CheckRow>,
    /// Metrics of the grid, over all scenarios.
    pub custom: Vec<CustomRow>,
    /// What the host had none left of, so that steps failed: a sentence with the cure for each. Only a program that has run
    /// knows.
    pub host_lacked: Vec<String>,
}

impl Figures {
    /// Of the merge of all intervals of a run in which iterations could begin for `begins_for`.
    pub fn new(
        layout: &Layout,
        total: &Interval,
        (run, begins_for): (&Described, Duration),
    ) -> Self {
        let counts_for = run.counts_for(begins_for);
        let mut all_steps = Row::named("all steps".to_owned(), counts_for);
        let mut iterations = Row::named("iterations".to_owned(), counts_for);
        let scenarios = layout.iterations.iter().map(|scenario| {
            let counts_for = run.begins_for(&scenario.scenario, begins_for);
            let row = of_scenario(scenario, total, counts_for);
            iterations.add(Some(&row.counts), scenario.times(total));
            iterations.add_waits((Some(&row.queued), Some(&row.start_error)));
            iterations.began += row.began;
            row
        });
        let scenarios: Vec<Row> = scenarios.collect();
        let warm_ups = layout.warm_up_iterations.iter().filter_map(|scenario| {
            let load = run.load(&scenario.scenario)?;
            let length = begins_for.saturating_sub(load.start_after);
            Some(of_scenario(scenario, total, length.min(load.warm_up)))
        });
        let warm_ups = warm_ups.collect();
        let steps = layout.steps.iter().map(|step| {
            let (counts, times) = (step.counts(total), step.times(total));
            all_steps.add(counts, times);
            let scenario = scenarios
                .iter()
                .find(|row| row.scenario == step.scenario.as_str());
            let begins_for = scenario.map_or(begins_for, |row| row.begins_for);
            let mut row = Row::named(layout.full_name(step).to_string(), begins_for);
            row.add(counts, times);
            row.step = step.name.to_string();
            row.scenario = step.scenario.to_string();
            row.path.clone_from(&step.path);
            row.tags.clone_from(&step.tags);
            row.metrics = metrics(step.measured(total));
            row
        });
        let steps = steps.collect();
        let resources = layout.resources.iter().map(|resource| ResourceRow {
            name: resource.name.clone(),
            metrics: metrics(resource.measured(total)),
        });
        Self {
            steps,
            length: total.length(),
            begins_for,
            all_steps,
            iterations,
            scenarios,
            warm_ups,
            resources: resources.filter(|row| !row.metrics.is_empty()).collect(),
            checks: checks::rows(layout, total),
            custom: custom_metrics::rows(layout, total),
            host_lacked: Vec::new(),
        }
    }

    /// All metrics that measured something, each with the name of its step or resource.
    pub fn metrics(&self) -> impl Iterator<Item = (String, &MetricLayout, &Values)> {
        let steps = self
            .steps
            .iter()
            .map(|row| (row.name.clone(), &row.metrics));
        let resources = self.resources.iter();
        let resources = resources.map(|row| {
            let name = format!("resource.{}", row.name);
            (name, &row.metrics)
        });
        let mut all = Vec::new();
        for (name, metrics) in steps.chain(resources) {
            for (metric, values) in metrics {
                all.push((name.clone(), metric, values));
            }
        }
        all.into_iter()
    }

    /// What the host lacked, and what looks wrong in the labels of a counter:
    /// `http_request.order: 12.3 % of 9990 answers had status 5xx, and ..`.
    pub fn warnings(&self) -> Vec<String> {
        let warning = |(name, metric, values): (String, &MetricLayout, &Values)| {
            let (Some(warning), Values::Labels(sums)) = (&metric.warning, values) else {
                return None;
            };
            too_many(warning, sums).map(|text| format!("{name}: {text}"))
        };
        let mut warnings = self.host_lacked.clone();
        warnings.extend(self.metrics().filter_map(warning));
        warnings
    }

    /// How long iterations went on after none could begin any more.
    pub fn drain(&self) -> Duration {
        self.length.saturating_sub(self.begins_for)
    }

    /// Iterations in the warm-up of a scenario, if it has one.
    pub fn warm_up(&self, scenario: &str) -> Option<&Row> {
        self.warm_ups.iter().find(|row| row.scenario == scenario)
    }

    /// No iteration ran to its end.
    pub fn nothing_ended(&self) -> bool {
        self.iterations.count() == 0
    }

    /// Iterations that failed, or were due and never began.
    pub fn failed(&self) -> u64 {
        self.iterations.of(Outcome::Failed) + self.iterations.never_began()
    }

    /// Iterations that ended, or were due and never began.
    pub fn asked(&self) -> u64 {
        self.iterations.count() + self.iterations.never_began()
    }
}

/// What iterations of a scenario measured that could begin for so long.
fn of_scenario(scenario: &IterationLayout, total: &Interval, begins_for: Duration) -> Row {
    let name = format!("iterations of {}", scenario.scenario);
    let mut row = Row::named(name, begins_for);
    row.add(scenario.counts(total), scenario.times(total));
    row.add_waits((scenario.queued(total), scenario.start_error(total)));
    row.began = row.begun_of_due();
    row.scenario = scenario.scenario.to_string();
    row.tags.clone_from(&scenario.tags);
    row
}

/// `12.3 % of 9990 answers had status 5xx`, if that is more than may be.
fn too_many(warning: &LabelWarning, sums: &[(Text, u64)]) -> Option<String> {
    let prefix = warning.prefix.as_str();
    let all = sum_of_labels(sums);
    let found = sums.iter();
    let found = found.filter(|(label, _)| label.as_str().starts_with(prefix));
    let found = sum_of_labels(found);
    let limit = u128::from(all) * u128::from(warning.over_millionths);
    let is_over = u128::from(found) * u128::from(WHOLE) > limit;
    is_over.then(|| {
        let share = percent(found, all);
        format!("{share:.1} % of {all} {}", warning.text)
    })
}
