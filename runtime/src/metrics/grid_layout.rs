//! The slots of a run, and the layout that says what they are: of the grid that is linked.
//!
//! ```text
//! steps of each scenario, then its metrics | the same of each phase | metrics of resources | iterations of each scenario
//! ```
//!
//! All arithmetic of slots stands here.

use crate::grid::{Grid, Reached, RunPhase, Scenario};
use crate::info::{BodyMetric, CheckInfo, Info, MetricInfo, MetricWarning, ResourceInfo};
use bggo_metrics::{
    CheckLayout, CustomLayout, IterationLayout, LabelWarning, Layout, MetricLayout, ResourceLayout,
    StepLayout, Tags, Unit, iteration_slot,
};
use bggo_values::Text;
use std::ops::Range;

/// Slots that the steps and the metrics of all scenarios take: those of a scenario begin where its row says so.
fn step_slots(grid: &Grid) -> u32 {
    let rows = grid.scenarios.iter();
    let ends = rows.map(|row| row.first_slot + body_slots(grid, row));
    let phases = grid.phases.iter();
    let phases = phases.map(|phase| phase.first_slot + slots_of(&phase.reached()));
    ends.chain(phases).max().unwrap_or_default()
}

/// Slots of the body that a scenario runs.
fn body_slots(grid: &Grid, row: &Scenario) -> u32 {
    slots_of(&grid.reached_by(row))
}

/// Slots of a body with all that it comes to.
fn slots_of(reached: &[Reached]) -> u32 {
    let ends = reached.iter().map(|reached| {
        let steps = reached.body.steps().iter();
        let steps = steps.map(|info| info.first_slot() + info.slot_count());
        let metrics = reached.body.custom_metrics().iter();
        let ends = steps.chain(metrics.map(|metric| metric.slot() + 1));
        reached.first_slot + ends.max().unwrap_or_default()
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
            let steps = count;
            let iterations = steps + body_slots(grid, row);
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

    /// These slots of scenarios, and those that stand for them in their warm-ups.
    pub fn with_warm_ups(&self, grid: &Grid, slots: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let rows = grid.scenarios.iter().zip(&self.warm_ups);
        let warm_ups = rows.filter_map(|(row, warm_up)| {
            let from = row.first_slot;
            Some((from..from + body_slots(grid, row), warm_up.as_ref()?.steps))
        });
        let warm_ups: Vec<(Range<u32>, u32)> = warm_ups.collect();
        let mut both = Vec::new();
        for slot in slots {
            both.push(slot);
            let found = warm_ups.iter().find(|(steps, _)| steps.contains(&slot));
            both.extend(found.map(|(steps, first)| first + slot - steps.start));
        }
        both
    }
}

/// The slots of all metrics that are measured on demand, outside of warm-ups.
pub fn slots_on_demand(grid: &Grid) -> Vec<u32> {
    let mut slots = Vec::new();
    let rows = grid.scenarios.iter();
    let rows = rows.map(|row| (row.first_slot, grid.reached_by(row)));
    let phases = grid.phases.iter();
    let phases = phases.map(|phase| (phase.first_slot, phase.reached()));
    for (first, all) in rows.chain(phases) {
        for reached in all {
            for info in reached.body.steps() {
                let first = first + reached.first_slot + info.first_metric_slot();
                let metrics = (first..).zip(info.metric_infos());
                let on_demand = metrics.filter(|(_, metric)| metric.is_on_demand());
                slots.extend(on_demand.map(|(slot, _)| slot));
            }
        }
    }
    slots
}

/// The layout of a grid: all scenarios of its table, of which some have a warm-up.
pub fn layout_of(grid: &Grid, slots: &RunSlots) -> Layout {
    let measured = || slots.scenarios.iter().copied().map(Some);
    let warm_ups = || slots.warm_ups.iter().copied();
    let (of_scenarios, iterations) = rows(grid, measured());
    let mut steps = of_phases(grid, RunPhase::is_setup);
    steps.extend(of_scenarios);
    steps.extend(of_phases(grid, |phase| !phase.is_setup()));
    let mut custom_rows = custom(grid, measured());
    for phase in grid.phases {
        let of = of_phase(grid, phase);
        for reached in phase.reached() {
            let first = phase.first_slot + reached.first_slot;
            let metrics = reached.body.custom_metrics().iter();
            custom_rows.extend(metrics.map(|metric| custom_layout(of, metric, first)));
        }
    }
    let (warm_up_steps, warm_up_iterations) = rows(grid, warm_ups());
    let resources = grid.all_resources();
    Layout {
        steps,
        resources: resources
            .filter(|info| !info.metric_infos().is_empty())
            .map(resource_layout)
            .collect(),
        iterations,
        warm_up_steps,
        warm_up_iterations,
        custom: custom_rows,
        warm_up_custom: custom(grid, warm_ups()),
    }
}

/// Steps of what runs once, of one kind.
fn of_phases(grid: &Grid, is_wanted: impl Fn(&RunPhase) -> bool) -> Vec<StepLayout> {
    let mut steps = Vec::new();
    for phase in grid.phases.iter().filter(|phase| is_wanted(phase)) {
        let of = of_phase(grid, phase);
        for reached in &phase.reached() {
            let infos = reached.body.steps().iter();
            steps.extend(infos.map(|info| step_layout(of, (reached, info), phase.first_slot)));
        }
    }
    steps
}

/// The metrics of the grid in the scenarios that have slots.
fn custom(grid: &Grid, slots: impl Iterator<Item = Option<ScenarioSlots>>) -> Vec<CustomLayout> {
    let rows = grid.scenarios.iter().zip(slots);
    let mut all = Vec::new();
    for (row, slots) in rows {
        let Some(slots) = slots else { continue };
        for reached in grid.reached_by(row) {
            let first = slots.steps + reached.first_slot;
            let metrics = reached.body.custom_metrics().iter();
            all.extend(metrics.map(|metric| custom_layout(of_row(row), metric, first)));
        }
    }
    all
}

/// A scenario, by its name and its labels. What belongs to the whole run has neither.
type Of = (&'static str, &'static [(&'static str, &'static str)]);

fn of_row(row: &'static Scenario) -> Of {
    (row.name(), row.tag_list())
}

fn of_phase(grid: &Grid, phase: &RunPhase) -> Of {
    let row = phase
        .scenario
        .and_then(|number| grid.scenarios.get(number as usize));
    row.map_or(("", &[]), of_row)
}

fn custom_layout((scenario, labels): Of, metric: &BodyMetric, first: u32) -> CustomLayout {
    CustomLayout {
        scenario: Text::Static(scenario),
        tags: tags(labels, metric.labels()),
        metric: metric_layout(metric.info(), None),
        slot: first + metric.slot(),
    }
}

fn check_layout(check: &CheckInfo) -> CheckLayout {
    CheckLayout {
        name: Text::Static(check.name()),
        required: check.is_required(),
    }
}

fn metric_layout(info: &MetricInfo, warning: Option<MetricWarning>) -> MetricLayout {
    MetricLayout {
        name: Text::Static(info.name()),
        unit: Unit::of(Text::Static(info.unit())),
        kind: info.metric_kind(),
        label: info.label_name().map(Text::Static),
        warning: warning.map(|warning| LabelWarning {
            prefix: Text::Static(warning.prefix()),
            over_millionths: warning.over_millionths(),
            text: Text::Static(warning.text()),
        }),
        scale: info.scale_of(),
        description: info.said_of().map(Text::Static),
    }
}

/// Tags of a scenario and of what stands in it: where both have a key, the inner one's value.
fn tags(outer: &[(&'static str, &'static str)], inner: &[(&'static str, &'static str)]) -> Tags {
    let is_hidden = |key: &str| inner.iter().any(|(other, _)| *other == key);
    let outer = outer.iter().filter(|(key, _)| !is_hidden(key));
    outer
        .chain(inner)
        .map(|(key, value)| (Text::Static(key), Text::Static(value)))
        .collect()
}

fn step_layout(
    (scenario, labels): Of,
    (reached, info): (&Reached, &Info),
    first: u32,
) -> StepLayout {
    let metrics = info.metric_infos().iter().chain(info.attempt_infos());
    StepLayout {
        scenario: Text::Static(scenario),
        path: reached.path.clone(),
        name: Text::from(info.to_string()),
        tags: tags(labels, info.labels()),
        metrics: metrics
            .map(|metric| metric_layout(metric, info.warning_of(metric)))
            .collect(),
        checks: info.check_infos().iter().map(check_layout).collect(),
        first: first + reached.first_slot + info.first_slot(),
    }
}

fn resource_layout(info: &ResourceInfo) -> ResourceLayout {
    let metrics = info.metric_infos().iter();
    ResourceLayout {
        name: Text::from(info.to_string()),
        metrics: metrics
            .map(|metric| metric_layout(metric, info.warning_of(metric)))
            .collect(),
        first: info.first_metric_slot(),
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
        for reached in &grid.reached_by(row) {
            let infos = reached.body.steps().iter();
            steps.extend(infos.map(|info| step_layout(of_row(row), (reached, info), slots.steps)));
        }
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
