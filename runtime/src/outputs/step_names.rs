//! What the steps of events are called: with their scenario, and with the phase and the calls of flows by which it came to them.

use super::RunDescription;
use crate::event::{CheckReport, StepReport};
use crate::grid::Scenario;
use crate::info::{Info, Instance};
use crate::metrics::{Layout, RunSlots, layout_of};
use bggo_values::{OrderedPairs, Text};

/// The names of the steps of a run.
#[derive(Debug, Default)]
pub struct StepNames {
    scenarios: &'static [Scenario],
    /// The phase and the calls on the way to each step, from the outermost, by the first slot of the step.
    calls: OrderedPairs<u32, Vec<Text>>,
}

/// A step of which an event tells.
#[derive(Debug, Clone, Copy)]
pub struct Told<'e> {
    info: &'static Info,
    instance: &'e Instance,
    scenario: u32,
    first_slot: u32,
}

impl<'e> From<&'e StepReport> for Told<'e> {
    fn from(end: &'e StepReport) -> Self {
        Self {
            info: end.info,
            instance: &end.instance,
            scenario: end.scenario,
            first_slot: end.first_slot,
        }
    }
}

impl<'e> From<&'e CheckReport> for Told<'e> {
    fn from(report: &'e CheckReport) -> Self {
        Self {
            info: report.info,
            instance: &report.instance,
            scenario: report.scenario,
            first_slot: report.first_slot,
        }
    }
}

impl StepNames {
    /// Those of a run. Steps of warm-ups are called as all others.
    pub fn new(run: &RunDescription) -> Self {
        let slots = RunSlots::new(run.grid, |number| {
            let row = run.grid.scenarios.get(number);
            let mut loads = run.loads.iter();
            let load = loads.find(|load| row.is_some_and(|row| row.name() == load.scenario));
            load.is_some_and(|load| !load.load.warm_up.is_zero())
        });
        let Layout {
            steps,
            warm_up_steps,
            ..
        } = layout_of(run.grid, &slots);
        let mut calls = OrderedPairs::default();
        for step in steps.into_iter().chain(warm_up_steps) {
            if !step.path.is_empty() {
                calls.insert(step.first, step.path);
            }
        }
        Self {
            scenarios: run.grid.scenarios,
            calls,
        }
    }

    /// The name of its scenario, if the grid has several.
    pub fn scenario<'e>(&self, step: impl Into<Told<'e>>) -> Option<&'static str> {
        match self.scenarios {
            [] | [_] => None,
            several => several
                .get(step.into().scenario as usize)
                .map(Scenario::name),
        }
    }

    /// The phase in which it stands, and the steps that call flows on the way to it, from the outermost.
    pub fn calls<'e>(&self, step: impl Into<Told<'e>>) -> &[Text] {
        let calls = self.calls.get(&step.into().first_slot);
        calls.map_or(&[], Vec::as_slice)
    }

    /// The name of its row in the summary: `browse.visit.first.http_request.login`.
    pub fn row<'e>(&self, step: impl Into<Told<'e>>) -> String {
        let step = step.into();
        let calls = self.calls(step).iter().map(Text::as_str);
        let own = step.info.to_string();
        let parts = self
            .scenario(step)
            .into_iter()
            .chain(calls)
            .chain([own.as_str()]);
        parts.collect::<Vec<_>>().join(".")
    }

    /// The same with its instance: `browse.visit.first.http_request.login[3]`.
    pub fn full<'e>(&self, step: impl Into<Told<'e>>) -> String {
        let step = step.into();
        format!("{}{}", self.row(step), step.instance)
    }
}
