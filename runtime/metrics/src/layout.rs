//! Which slot measures what, over the whole run, and what the figures are called.
//!
//! Whoever reads an [`Interval`] asks the [`Layout`] and sees no number. Texts are owned, so that a layout may come from a
//! file as well as from the grid that is linked.

use crate::interval::{Histogram, Interval, Scalar, SlotFigures};
use crate::slots::{iteration_slot, step_slot, time_slot};
use bggo_values::Text;
use std::collections::BTreeMap;

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Values of which percentiles are asked, such as times and sizes.
    Trend,
    /// A sum.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// How many of all are hits.
    Rate,
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
    /// How many of what is counted make one of its unit. 1 for the metrics of manifests, which are whole numbers; a metric of
    /// a grid has fractions, and is counted in thousandths where its scale is 1,000.
    pub scale: u32,
    /// What a grid says of its metric.
    pub description: Option<Text>,
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
    /// What the slot of this metric measured, if it did.
    pub fn measured<'a>(&self, slot: &'a SlotFigures) -> Option<Measured<'a>> {
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

/// What is known of a check of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLayout {
    /// Its name.
    pub name: Text,
    /// The step fails where it fails.
    pub required: bool,
}

/// How often something was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// How often it held.
    pub passed: u64,
    /// Of how many times.
    pub of: u64,
}

/// What is known of the figures of one step in one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLayout {
    /// The scenario that it is part of; empty where it belongs to the whole run.
    pub scenario: Text,
    /// The phase in which it stands, if it stands in none of the scenario's iterations, and the uses of flows on the way to it,
    /// from the outermost; none where the step is the scenario's own.
    pub path: Vec<Text>,
    /// `kind.name`
    pub name: Text,
    /// The grid's own labels, of the scenario and of the step.
    pub tags: Tags,
    /// The metrics of its manifest.
    pub metrics: Vec<MetricLayout>,
    /// The checks that the grid gives it.
    pub checks: Vec<CheckLayout>,
    /// The first of its slots.
    pub first: u32,
}

impl StepLayout {
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
        all_measured(&self.metrics, step_slot::first_metric(self.first), interval)
    }

    /// How often each of its checks held, also where none was judged. Their slots stand behind those of its metrics.
    pub fn judged<'a>(
        &'a self,
        interval: &'a Interval,
    ) -> impl Iterator<Item = (&'a CheckLayout, Checked)> {
        let slots = self.checks.iter().zip(self.first_check()..);
        slots.map(|(check, slot)| {
            let judged = interval.slot(slot).map(|slot| Checked {
                passed: slot.scalar.sum(),
                of: slot.scalar.count(),
            });
            (check, judged.unwrap_or_default())
        })
    }
}

impl StepLayout {
    /// The slot of its first check, if it has checks.
    pub(crate) fn first_check(&self) -> u32 {
        step_slot::first_check(self.first, self.metrics.len())
    }

    /// The slot of the check of this name: a rate.
    pub fn check_slot(&self, name: &str) -> Option<u32> {
        let mut slots = self.checks.iter().zip(self.first_check()..);
        slots
            .find(|(check, _)| check.name.as_str() == name)
            .map(|(_, slot)| slot)
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
    /// The first of its slots.
    pub first: u32,
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
    /// The first of its slots.
    pub first: u32,
}

impl ResourceLayout {
    /// What each of its metrics measured, as far as it did.
    pub fn measured<'a>(
        &'a self,
        interval: &'a Interval,
    ) -> impl Iterator<Item = (&'a MetricLayout, Measured<'a>)> {
        all_measured(&self.metrics, self.first, interval)
    }
}

/// What is known of a metric of the grid in one scenario that records it, by steps that have the same tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomLayout {
    /// The scenario.
    pub scenario: Text,
    /// The labels of the scenario and of the steps that record it.
    pub tags: Tags,
    /// The metric.
    pub metric: MetricLayout,
    /// Its slot.
    pub slot: u32,
}

impl CustomLayout {
    /// What tells it from the others of its metric in its scenario: `[team=a]` of its tags; nothing where it is the only one.
    pub fn qualifier(&self, all: &[Self]) -> String {
        let is_other = |other: &&Self| {
            other.scenario == self.scenario
                && other.metric.name == self.metric.name
                && other.slot != self.slot
        };
        if !all.iter().any(|other| is_other(&other)) {
            return String::new();
        }
        bracketed(&self.tags)
    }

    /// What was recorded of it, if something was.
    pub fn measured<'a>(&'a self, interval: &'a Interval) -> Option<Measured<'a>> {
        self.metric.measured(interval.slot(self.slot)?)
    }
}

/// What was recorded of a metric of the grid, over all scenarios.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomFigures<'a> {
    /// The metric.
    pub metric: &'a MetricLayout,
    /// All that was recorded.
    pub all: SlotFigures,
    /// What was recorded under each set of tags.
    pub by_tags: Vec<(&'a Tags, SlotFigures)>,
}

/// `[kind=read,team=a]`
pub fn bracketed(tags: &Tags) -> String {
    let pairs = tags.iter().map(|(key, value)| format!("{key}={value}"));
    format!("[{}]", pairs.collect::<Vec<_>>().join(","))
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
    /// Metrics of the grid, each in every scenario that records it.
    pub custom: Vec<CustomLayout>,
    /// The same in the warm-up of their scenario.
    pub warm_up_custom: Vec<CustomLayout>,
}

impl Layout {
    /// The metrics of the grid, each with what all scenarios recorded of it; only those of which something was recorded.
    pub fn custom_figures(&self, interval: &Interval) -> Vec<CustomFigures<'_>> {
        let mut all: Vec<CustomFigures<'_>> = Vec::new();
        for custom in &self.custom {
            let Some(slot) = interval.slot(custom.slot) else {
                continue;
            };
            let mut known = all.iter_mut();
            let known = known.find(|known| known.metric.name == custom.metric.name);
            let Some(known) = known else {
                all.push(CustomFigures {
                    metric: &custom.metric,
                    all: slot.clone(),
                    by_tags: vec![(&custom.tags, slot.clone())],
                });
                continue;
            };
            known.all.merge(slot);
            let mut alike = known.by_tags.iter_mut();
            match alike.find(|(tags, _)| **tags == custom.tags) {
                Some((_, figures)) => figures.merge(slot),
                None => known.by_tags.push((&custom.tags, slot.clone())),
            }
        }
        all
    }

    /// What a step is called among all: `browse.http_request.a`, where there are several scenarios, and with the uses of
    /// flows on the way to it.
    pub fn full_name(&self, step: &StepLayout) -> Text {
        let scenario = (self.iterations.len() > 1).then_some(&step.scenario);
        // What belongs to the whole run stands in no scenario.
        let scenario = scenario.filter(|name| !name.is_empty());
        if scenario.is_none() && step.path.is_empty() {
            return step.name.clone();
        }
        let parts = scenario.into_iter().chain(&step.path).chain([&step.name]);
        let parts: Vec<&str> = parts.map(Text::as_str).collect();
        Text::from(parts.join("."))
    }
}
