//! Which slot measures what, over the whole run, and what the figures are called.
//!
//! ```text
//! steps of each scenario | metrics of resources | iterations of each scenario
//! ```
//!
//! All arithmetic of slots stands here. Whoever reads an [`Interval`] asks the [`Layout`] and sees no number. Texts are owned,
//! so that a layout may come from a file as well as from the grid that is linked.

use super::interval::{Histogram, Interval, Scalar, SlotFigures};
use crate::grid::{Grid, Scenario};
use crate::info::{
    Info, MetricInfo, MetricKind, MetricWarning, ResourceInfo, iteration_slot, time_slot,
};
use bggo_values::Text;
use std::collections::BTreeMap;

/// Slots that the steps of all scenarios take: those of a scenario begin where its row says so.
fn step_slots(grid: &Grid) -> u32 {
    let ends = grid.scenarios.iter().flat_map(|row| {
        let steps = grid.steps_of(row).iter();
        steps.map(|info| row.first_slot + info.first_slot() + info.slot_count())
    });
    ends.max().unwrap_or_default()
}

/// Slots of steps and of resources.
fn slots_before_iterations(grid: &Grid) -> u32 {
    let resources = grid.all_resources().map(|info| {
        let metrics = info.metric_infos().len();
        info.first_metric_slot() + u32::try_from(metrics).unwrap_or(u32::MAX)
    });
    resources.max().unwrap_or_default().max(step_slots(grid))
}

/// The first slot of the iterations of the scenario with this number.
fn first_of_iterations(grid: &Grid, scenario: u32) -> u32 {
    slots_before_iterations(grid) + scenario * iteration_slot::COUNT
}

/// Where the slots of a scenario begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScenarioSlots {
    /// Those of its steps.
    pub steps: u32,
    /// Those of its iterations.
    pub iterations: u32,
}

/// All slots of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSlots {
    /// What each scenario measures.
    pub scenarios: Vec<ScenarioSlots>,
    /// What each scenario measures in its warm-up, if it has one.
    pub warm_ups: Vec<Option<ScenarioSlots>>,
    /// How many there are.
    pub count: u32,
}

impl RunSlots {
    /// Those of a grid of which some scenarios have a warm-up: they have all their slots twice.
    pub fn new(grid: &Grid, has_warm_up: impl Fn(usize) -> bool) -> Self {
        let rows = (0..).zip(grid.scenarios);
        let scenarios = rows.map(|(number, row)| ScenarioSlots {
            steps: row.first_slot,
            iterations: first_of_iterations(grid, number),
        });
        let number = u32::try_from(grid.scenarios.len()).unwrap_or(u32::MAX);
        let mut count = first_of_iterations(grid, number);
        let warm_ups = grid.scenarios.iter().enumerate().map(|(number, row)| {
            if !has_warm_up(number) {
                return None;
            }
            let steps = grid.steps_of(row).iter();
            let ends = steps.map(|info| info.first_slot() + info.slot_count());
            let steps = count;
            let iterations = steps + ends.max().unwrap_or_default();
            count = iterations + iteration_slot::COUNT;
            Some(ScenarioSlots { steps, iterations })
        });
        let warm_ups = warm_ups.collect();
        Self {
            scenarios: scenarios.collect(),
            warm_ups,
            count,
        }
    }
}

/// What the values of a metric are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// Lengths of time, counted in microseconds.
    Time,
    /// Of this name: `bytes`; empty where the values are numbers of something.
    Other(Text),
}

impl Unit {
    /// As a manifest writes it.
    pub fn of(name: Text) -> Self {
        match name.as_str() {
            "time" => Self::Time,
            _ => Self::Other(name),
        }
    }
}

/// What is known of a metric of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricLayout {
    /// As the manifest calls it.
    pub name: Text,
    /// Its unit.
    pub unit: Unit,
    /// What it is.
    pub kind: MetricKind,
    /// What its label is called, if it has one.
    pub label: Option<Text>,
    /// What a load run says of its labels.
    pub warning: Option<LabelWarning>,
}

/// A warning of a load run: too much of a counter has labels that begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelWarning {
    /// How the labels begin.
    pub prefix: Text,
    /// The share of the sum that is not too much, in millionths.
    pub over_millionths: u32,
    /// What is said after the share.
    pub text: Text,
}

impl MetricLayout {
    fn new(info: &MetricInfo, warning: Option<MetricWarning>) -> Self {
        Self {
            name: Text::Static(info.name()),
            unit: Unit::of(Text::Static(info.unit())),
            kind: info.metric_kind(),
            label: info.label_name().map(Text::Static),
            warning: warning.map(|warning| LabelWarning {
                prefix: Text::Static(warning.prefix()),
                over_millionths: warning.over_millionths(),
                text: Text::Static(warning.text()),
            }),
        }
    }

    fn measured<'a>(&self, slot: &'a SlotFigures) -> Option<Measured<'a>> {
        let scalar = &slot.scalar;
        match self.kind {
            MetricKind::Trend => {
                (slot.histogram.count() > 0).then_some(Measured::Trend(&slot.histogram))
            }
            MetricKind::Counter if self.label.is_some() => {
                (!slot.labels.is_empty()).then_some(Measured::Labels(&slot.labels))
            }
            MetricKind::Counter => (scalar.sum() > 0).then_some(Measured::Counter(scalar.sum())),
            MetricKind::Gauge => scalar.last().map(|_| Measured::Gauge(scalar)),
            MetricKind::Rate => (scalar.count() > 0).then_some(Measured::Rate {
                hits: scalar.sum(),
                of: scalar.count(),
            }),
        }
    }
}

/// What a metric measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured<'a> {
    /// The values of a trend.
    Trend(&'a Histogram),
    /// The sum of a counter.
    Counter(u64),
    /// The sums of a counter, by label.
    Labels(&'a BTreeMap<Text, u64>),
    /// The values of a gauge.
    Gauge(&'a Scalar),
    /// Hits of all.
    Rate {
        /// How many were hits.
        hits: u64,
        /// Of how many.
        of: u64,
    },
}

fn all_measured<'a>(
    metrics: &'a [MetricLayout],
    first: u32,
    interval: &'a Interval,
) -> impl Iterator<Item = (&'a MetricLayout, Measured<'a>)> {
    let slots = metrics.iter().zip(first..);
    slots.filter_map(|(metric, slot)| Some((metric, metric.measured(interval.slot(slot)?)?)))
}

/// Labels that a grid gives.
pub type Tags = Vec<(Text, Text)>;

/// Tags of a scenario and of what stands in it: where both have a key, the inner one's value.
fn tags(outer: &[(&'static str, &'static str)], inner: &[(&'static str, &'static str)]) -> Tags {
    let is_hidden = |key: &str| inner.iter().any(|(other, _)| *other == key);
    let outer = outer.iter().filter(|(key, _)| !is_hidden(key));
    outer
        .chain(inner)
        .map(|(key, value)| (Text::Static(key), Text::Static(value)))
        .collect()
}

/// What is known of the figures of one step in one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLayout {
    /// The scenario that it is part of.
    pub scenario: Text,
    /// The uses of flows by which the scenario comes to it, from the outermost; none where the step is the scenario's own.
    pub path: Vec<Text>,
    /// `kind.name`
    pub name: Text,
    /// The grid's own labels, of the scenario and of the step.
    pub tags: Tags,
    /// The metrics of its manifest.
    pub metrics: Vec<MetricLayout>,
    pub(super) first: u32,
}

impl StepLayout {
    fn new(row: &Scenario, info: &Info, first: u32) -> Self {
        let metrics = info.metric_infos().iter();
        Self {
            scenario: Text::Static(row.name()),
            path: Vec::new(),
            name: Text::from(info.to_string()),
            tags: tags(row.tag_list(), info.labels()),
            metrics: metrics
                .map(|metric| MetricLayout::new(metric, info.warning_of(metric)))
                .collect(),
            first: first + info.first_slot(),
        }
    }

    /// Its counters.
    pub fn counts<'a>(&self, interval: &'a Interval) -> Option<&'a SlotFigures> {
        interval.slot(self.first)
    }

    /// Its histograms.
    pub fn times<'a>(&self, interval: &'a Interval) -> Times<'a> {
        times(interval, self.first)
    }

    /// What each of its own metrics measured, as far as it did.
    pub fn measured<'a>(
        &'a self,
        interval: &'a Interval,
    ) -> impl Iterator<Item = (&'a MetricLayout, Measured<'a>)> {
        all_measured(&self.metrics, self.first + time_slot::COUNT, interval)
    }
}

/// Histograms of times, as far as something was measured.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times<'a> {
    /// Service times of what passed.
    pub passed: Option<&'a Histogram>,
    /// Service times of what failed.
    pub failed: Option<&'a Histogram>,
    /// Response times of what passed.
    pub response: Option<&'a Histogram>,
    /// Response times of what failed.
    pub failed_response: Option<&'a Histogram>,
}

fn times(interval: &Interval, first: u32) -> Times<'_> {
    let at = |slot: u32| {
        let slot = interval.slot(first + slot)?;
        (slot.histogram.count() > 0).then_some(&slot.histogram)
    };
    Times {
        passed: at(time_slot::SERVICE),
        failed: at(time_slot::FAILED_SERVICE),
        response: at(time_slot::RESPONSE),
        failed_response: at(time_slot::FAILED_RESPONSE),
    }
}

/// What is known of the figures of one scenario's iterations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IterationLayout {
    /// The scenario.
    pub scenario: Text,
    /// Its labels.
    pub tags: Tags,
    pub(super) first: u32,
}

impl IterationLayout {
    /// Their counters.
    pub fn counts<'a>(&self, interval: &'a Interval) -> Option<&'a SlotFigures> {
        interval.slot(self.first)
    }

    /// Their histograms.
    pub fn times<'a>(&self, interval: &'a Interval) -> Times<'a> {
        times(interval, self.first)
    }

    /// How long arrivals waited for a user, as far as there were any.
    pub fn queued<'a>(&self, interval: &'a Interval) -> Option<&'a Histogram> {
        self.histogram(interval, iteration_slot::QUEUED)
    }

    /// How much later iterations began than they could have, as far as any had a moment of its own.
    pub fn start_error<'a>(&self, interval: &'a Interval) -> Option<&'a Histogram> {
        self.histogram(interval, iteration_slot::START_ERROR)
    }

    fn histogram<'a>(&self, interval: &'a Interval, slot: u32) -> Option<&'a Histogram> {
        let figures = interval.slot(self.first + slot)?;
        (figures.histogram.count() > 0).then_some(&figures.histogram)
    }
}

/// What is known of the metrics of one resource, over all scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceLayout {
    /// `kind.name`
    pub name: Text,
    /// The metrics of its manifest.
    pub metrics: Vec<MetricLayout>,
    pub(super) first: u32,
}

impl ResourceLayout {
    fn new(info: &ResourceInfo) -> Self {
        let metrics = info.metric_infos().iter();
        Self {
            name: Text::from(info.to_string()),
            metrics: metrics
                .map(|metric| MetricLayout::new(metric, info.warning_of(metric)))
                .collect(),
            first: info.first_metric_slot(),
        }
    }

    /// What each of its metrics measured, as far as it did.
    pub fn measured<'a>(
        &'a self,
        interval: &'a Interval,
    ) -> impl Iterator<Item = (&'a MetricLayout, Measured<'a>)> {
        all_measured(&self.metrics, self.first, interval)
    }
}

/// What all figures of a run are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// Steps, in the order of the report: those of a scenario stand together.
    pub steps: Vec<StepLayout>,
    /// Resources whose manifests declare metrics.
    pub resources: Vec<ResourceLayout>,
    /// Iterations, a row a scenario.
    pub iterations: Vec<IterationLayout>,
    /// Steps in the warm-up of their scenario.
    pub warm_up_steps: Vec<StepLayout>,
    /// Iterations of warm-ups.
    pub warm_up_iterations: Vec<IterationLayout>,
}

impl Layout {
    /// Of a grid: all scenarios of its table, of which some have a warm-up.
    pub fn of(grid: &Grid, slots: &RunSlots) -> Self {
        let measured = slots.scenarios.iter().copied().map(Some);
        let (steps, iterations) = rows(grid, measured);
        let (warm_up_steps, warm_up_iterations) = rows(grid, slots.warm_ups.iter().copied());
        let resources = grid.all_resources();
        Self {
            steps,
            resources: resources
                .filter(|info| !info.metric_infos().is_empty())
                .map(ResourceLayout::new)
                .collect(),
            iterations,
            warm_up_steps,
            warm_up_iterations,
        }
    }

    /// What a step is called among all: `browse.http_request.a`, where there are several scenarios, and with the uses of
    /// flows on the way to it.
    pub fn full_name(&self, step: &StepLayout) -> Text {
        let scenario = (self.iterations.len() > 1).then_some(&step.scenario);
        if scenario.is_none() && step.path.is_empty() {
            return step.name.clone();
        }
        let parts = scenario.into_iter().chain(&step.path).chain([&step.name]);
        let parts: Vec<&str> = parts.map(Text::as_str).collect();
        Text::from(parts.join("."))
    }
}

/// Steps and iterations of the scenarios that have slots.
fn rows(
    grid: &Grid,
    slots: impl Iterator<Item = Option<ScenarioSlots>>,
) -> (Vec<StepLayout>, Vec<IterationLayout>) {
    let (mut steps, mut iterations) = (Vec::new(), Vec::new());
    for (row, slots) in grid.scenarios.iter().zip(slots) {
        let Some(slots) = slots else { continue };
        let infos = grid.steps_of(row).iter();
        steps.extend(infos.map(|info| StepLayout::new(row, info, slots.steps)));
        iterations.push(IterationLayout {
            scenario: Text::Static(row.name()),
            tags: tags(row.tag_list(), &[]),
            first: slots.iterations,
        });
    }
    (steps, iterations)
}

#[cfg(test)]
mod tests;
