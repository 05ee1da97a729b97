//! What each slot is called in a result file: the `Tag` of its histograms, which viewers show and choose by.
//!
//! ```text
//! scenario.S.response_time                  iterations of a scenario; queued, start_error
//! scenario.S.step.KIND.NAME.response_time   a step; with its phase and the uses of flows before `step`
//! setup.step.KIND.NAME.response_time        a step of a phase of the whole run
//! scenario.S.step.KIND.NAME.METRIC          a metric of its manifest
//! scenario.S.step.KIND.NAME.checks.CHECK    a check of it
//! scenario.S.custom.METRIC                  a metric of the grid; METRIC[k=v] where steps with unlike tags record it
//! resource.KIND.NAME.METRIC                 a metric of a resource
//! warm_up.scenario.S. ..                    what a scenario measured in its warm-up
//! ```

use crate::layout::{IterationLayout, Layout, MetricLayout, StepLayout};
use crate::slots::{iteration_slot, step_slot, time_slot};
use bggo_values::{OrderedPairs, Text};
#[cfg(feature = "tools")]
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Times of whatever has them, by their slots.
const TIMES: [(u32, &str); 4] = [
    (time_slot::RESPONSE, "response_time"),
    (time_slot::SERVICE, "service_time"),
    (time_slot::FAILED_RESPONSE, "failed_response_time"),
    (time_slot::FAILED_SERVICE, "failed_service_time"),
];

/// The names of slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SlotTags(OrderedPairs<u32, Text>);

impl SlotTags {
    /// Those of all slots of a layout. No two are alike.
    pub fn of(layout: &Layout) -> Self {
        let mut tags = Self::default();
        for (before, steps, iterations, custom) in [
            ("", &layout.steps, &layout.iterations, &layout.custom),
            (
                "warm_up.",
                &layout.warm_up_steps,
                &layout.warm_up_iterations,
                &layout.warm_up_custom,
            ),
        ] {
            for step in steps {
                tags.step(before, step);
            }
            for iteration in iterations {
                tags.iterations(before, iteration);
            }
            for one in custom {
                let qualifier = one.qualifier(custom);
                let (custom, qualifier) = (one, escaped(&qualifier));
                let scenario = of_scenario(&custom.scenario);
                let name = escaped(&custom.metric.name);
                let name = format!("{before}{scenario}custom.{name}{qualifier}");
                tags.put(custom.slot, name);
            }
        }
        for resource in &layout.resources {
            let name = format!("resource.{}", escaped(&resource.name));
            tags.metrics(&name, &resource.metrics, resource.first);
        }
        tags
    }

    fn put(&mut self, slot: u32, name: String) {
        self.0.insert(slot, Text::from(name));
    }

    fn step(&mut self, before: &str, step: &StepLayout) {
        let mut name = format!("{before}{}", of_scenario(&step.scenario));
        for flow in &step.path {
            let _ = write!(name, "{}.", escaped(flow));
        }
        let _ = write!(name, "step.{}", escaped(&step.name));
        for (slot, time) in TIMES {
            self.put(step.first + slot, format!("{name}.{time}"));
        }
        self.metrics(&name, &step.metrics, step_slot::first_metric(step.first));
        for (slot, check) in (step.first_check()..).zip(&step.checks) {
            self.put(slot, format!("{name}.checks.{}", escaped(&check.name)));
        }
    }

    fn iterations(&mut self, before: &str, iterations: &IterationLayout) {
        let name = format!("{before}scenario.{}", escaped(&iterations.scenario));
        let waits = [
            (iteration_slot::QUEUED, "queued"),
            (iteration_slot::START_ERROR, "start_error"),
        ];
        for (slot, time) in TIMES.into_iter().chain(waits) {
            self.put(iterations.first + slot, format!("{name}.{time}"));
        }
    }

    fn metrics(&mut self, name: &str, metrics: &[MetricLayout], first: u32) {
        for (slot, metric) in (first..).zip(metrics) {
            self.put(slot, format!("{name}.{}", escaped(&metric.name)));
        }
    }

    /// The name of a slot; of one that the layout does not know, its number.
    pub fn tag(&self, slot: u32) -> Text {
        let numbered = || Text::from(format!("slot.{slot}"));
        self.0.get(&slot).cloned().unwrap_or_else(numbered)
    }

    /// The slot of each name.
    #[cfg(feature = "tools")]
    pub fn slots(&self) -> BTreeMap<Text, u32> {
        let tags = self.0.as_slice().iter();
        tags.map(|(slot, tag)| (tag.clone(), *slot)).collect()
    }
}

/// How the name of what a scenario measures begins; with nothing where it belongs to the whole run.
fn of_scenario(scenario: &str) -> String {
    match scenario {
        "" => String::new(),
        name => format!("scenario.{}.", escaped(name)),
    }
}

/// A name without what would end a tag or a field: a comma, a space, a line end. They are written as in an address of the web.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_whitespace() || letter.is_control() || matches!(letter, ',' | '%' | '"') {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{CheckLayout, CustomLayout, MetricKind, Unit};

    #[test]
    fn a_name_loses_what_ends_a_field_and_no_two_become_alike() {
        assert_eq!(escaped("a b,c%\n\"é"), "a%20b%2Cc%25%0A%22é");
        assert_ne!(escaped("a b"), escaped("a%20b"));
    }

    #[test]
    fn checks_and_metrics_of_the_grid_have_names_of_their_own() {
        let layout = Layout {
            steps: vec![StepLayout {
                scenario: Text::from("main"),
                path: Vec::new(),
                name: Text::from("noop.a"),
                tags: Vec::new(),
                metrics: Vec::new(),
                checks: vec![CheckLayout {
                    name: Text::from("is there"),
                    required: false,
                }],
                first: 0,
            }],
            custom: vec![CustomLayout {
                scenario: Text::from("main"),
                tags: Vec::new(),
                metric: MetricLayout {
                    name: Text::from("basket"),
                    unit: Unit::Time,
                    kind: MetricKind::Trend,
                    label: None,
                    warning: None,
                    scale: 1,
                    description: None,
                },
                slot: 5,
            }],
            ..Layout::default()
        };
        let tags = SlotTags::of(&layout);
        let check = tags.tag(time_slot::COUNT);
        assert_eq!(
            check.as_str(),
            "scenario.main.step.noop.a.checks.is%20there"
        );
        assert_eq!(tags.tag(5).as_str(), "scenario.main.custom.basket");
    }
}
