//! Which slot measures what: steps with their own slots, iterations behind them, and what the figures are called.
//!
//! All arithmetic of slots stands here. Whoever reads an [`Interval`] asks the [`Layout`] and sees no number. Texts are owned,
//! so that a layout may come from a file as well as from the grid that is linked.

use super::interval::{Histogram, Interval, Slot};
use crate::grid::Grid;
use crate::info::Info;
use bggo_values::Text;

/// Slots of the iterations of a scenario, behind those of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IterationSlots {
    first: u32,
}

impl IterationSlots {
    /// Behind `steps` slots of steps.
    pub const fn after(steps: u32) -> Self {
        Self { first: steps }
    }

    /// From the moment it began, of iterations that passed. Its counters are the iteration's.
    pub const fn service(self) -> u32 {
        self.first
    }

    /// From the moment it began, of iterations that failed.
    pub const fn failed(self) -> u32 {
        self.first + 1
    }

    /// Slots up to here.
    pub const fn end(self) -> u32 {
        self.first + 2
    }
}

/// Slots of a step, counted from its first one, where its counters stand.
pub mod step_slot {
    /// Response time of what passed, from the moment due.
    pub const RESPONSE: u32 = 0;
    /// Service time of what passed, from the moment sent.
    pub const SERVICE: u32 = 1;
    /// Service time of what failed.
    pub const FAILED: u32 = 2;
    /// The first of the manifest's own metrics.
    pub const METRICS: u32 = 3;
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
    pub fn of(name: &'static str) -> Self {
        match name {
            "time" => Self::Time,
            name => Self::Other(Text::Static(name)),
        }
    }
}

/// A metric: its name and its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricLabel {
    /// `response_time`, or as the manifest calls it.
    pub name: Text,
    /// Its unit.
    pub unit: Unit,
}

/// What is known of the figures of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLayout {
    /// The scenario that it is part of.
    pub scenario: Text,
    /// `kind.name`
    pub name: Text,
    /// The grid's own labels.
    pub tags: Vec<(Text, Text)>,
    /// The metrics of its manifest.
    pub metrics: Vec<MetricLabel>,
    first: u32,
}

impl StepLayout {
    fn new(scenario: &Text, base: u32, info: &Info) -> Self {
        let tags = info.labels().iter();
        let metrics = info.metric_infos().iter().map(|metric| MetricLabel {
            name: Text::Static(metric.name()),
            unit: Unit::of(metric.unit()),
        });
        Self {
            scenario: scenario.clone(),
            name: Text::from(info.to_string()),
            tags: tags
                .map(|(key, value)| (Text::Static(key), Text::Static(value)))
                .collect(),
            metrics: metrics.collect(),
            first: base + info.first_slot(),
        }
    }

    /// Its counters.
    pub fn counts<'a>(&self, interval: &'a Interval) -> Option<&'a Slot> {
        interval.slot(self.first)
    }

    /// Its histograms.
    pub fn times<'a>(&self, interval: &'a Interval) -> Times<'a> {
        let at = |slot: u32| histogram(interval, self.first + slot);
        Times {
            passed: at(step_slot::SERVICE),
            failed: at(step_slot::FAILED),
            response: at(step_slot::RESPONSE),
        }
    }

    /// What each of its own metrics measured, as far as it did.
    pub fn measured<'a>(
        &'a self,
        interval: &'a Interval,
    ) -> impl Iterator<Item = (&'a MetricLabel, &'a Histogram)> {
        let first = self.first + step_slot::METRICS;
        let slots = self.metrics.iter().zip(first..);
        slots.filter_map(move |(metric, slot)| Some((metric, histogram(interval, slot)?)))
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
}

fn histogram(interval: &Interval, slot: u32) -> Option<&Histogram> {
    let slot = interval.slot(slot)?;
    (slot.histogram.count() > 0).then_some(&slot.histogram)
}

/// What is known of the figures of one scenario's iterations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IterationLayout {
    /// The scenario.
    pub scenario: Text,
    slots: IterationSlots,
}

impl IterationLayout {
    /// Their counters.
    pub fn counts<'a>(&self, interval: &'a Interval) -> Option<&'a Slot> {
        interval.slot(self.slots.service())
    }

    /// Their histograms. (No profile of today gives iterations a moment at which they are due.)
    pub fn times<'a>(&self, interval: &'a Interval) -> Times<'a> {
        Times {
            passed: histogram(interval, self.slots.service()),
            failed: histogram(interval, self.slots.failed()),
            response: None,
        }
    }
}

/// What all figures of a run are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Steps, in the order of the report.
    pub steps: Vec<StepLayout>,
    /// Iterations, a row a scenario.
    pub iterations: Vec<IterationLayout>,
}

impl Layout {
    /// Of a grid: of the scenario that stands first in its table, which is the only one that a run has so far.
    pub fn of(grid: &Grid) -> Self {
        let first = grid.scenarios.first();
        let (name, base) = first.map_or(("main", 0), |row| (row.name(), row.first_slot));
        let scenario = Text::Static(name);
        let steps = grid.all_steps();
        Self {
            steps: steps
                .map(|info| StepLayout::new(&scenario, base, info))
                .collect(),
            iterations: vec![IterationLayout {
                scenario,
                slots: IterationSlots::after(grid.step_slots()),
            }],
        }
    }
}
