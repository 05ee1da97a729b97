//! Names of metrics as the flag `--metric` writes them -> the slots in which a layout has them.
//!
//! `http_request.home.sending` is a metric of a step in all scenarios that have it, and
//! `scenario.buyers.step.http_request.home.sending` of that in one. It is the address of a threshold without a statistic.

use crate::address::Unknown;
use crate::condition::{Address, Statistic, Subject};
use crate::layout::Layout;
use bggo_values::Text;
use std::fmt;

/// A metric of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricName {
    text: String,
    address: Address,
}

impl MetricName {
    /// Reads a text.
    ///
    /// # Errors
    /// It names no metric of a step, with what to write.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let names: Vec<&str> = text.split('.').collect();
        let is_name = |name: &&str| {
            let mut letters = name.chars();
            !name.is_empty() && letters.all(|one| one.is_alphanumeric() || "_-".contains(one))
        };
        let step = |scenario, runner, name| Subject::Step {
            scenario,
            runner: Text::from(runner),
            name: Text::from(name),
        };
        let (subject, metric) = match *names.as_slice() {
            [runner, name, metric] => (step(None, runner, name), metric),
            ["scenario", scenario, "step", runner, name, metric] => {
                (step(Some(Text::from(scenario)), runner, name), metric)
            }
            ["flow", flow, "step", runner, name, metric] => {
                let flow = Text::from(flow);
                let step = Some([runner, name].map(Text::from));
                (Subject::Flow { flow, step }, metric)
            }
            _ => return Err(wanted(text)),
        };
        if !names.iter().all(is_name) {
            return Err(wanted(text));
        }
        Ok(Self {
            text: text.to_owned(),
            address: Address {
                subject,
                metric: Text::from(metric),
                key: None,
                tags: Vec::new(),
                // None is asked for; every metric has figures of some sort.
                statistic: Statistic::Count,
            },
        })
    }

    /// Where a layout has it.
    ///
    /// # Errors
    /// There is no such step or metric, with the nearest one.
    pub fn slots(&self, layout: &Layout) -> Result<Vec<u32>, Unknown> {
        layout.slots_of(&self.address)
    }
}

/// As it is written.
impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn wanted(text: &str) -> String {
    let names: Vec<&str> = text.split('.').collect();
    let is_statistic = |word: &str| Statistic::of_word(word).is_some();
    if let [.., metric, last] = names.as_slice()
        && names.len() > 3
        && is_statistic(last)
        && !is_statistic(metric)
    {
        return format!("a metric is named without a statistic: leave out `.{last}`");
    }
    "expected a metric of a step, such as `http_request.home.sending`, or `scenario.buyers.step.http_request.home.sending` of one scenario".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{MetricKind, MetricLayout, StepLayout, Unit};
    use crate::{IterationLayout, time_slot};

    fn layout() -> Layout {
        let metric = |name: &'static str, kind| MetricLayout {
            name: Text::Static(name),
            unit: Unit::Time,
            kind,
            label: None,
            warning: None,
            scale: 1,
            description: None,
        };
        let step = |scenario: &'static str, first| StepLayout {
            scenario: Text::Static(scenario),
            path: Vec::new(),
            name: Text::Static("http_request.home"),
            tags: Vec::new(),
            metrics: vec![
                metric("waiting", MetricKind::Trend),
                metric("open", MetricKind::Gauge),
            ],
            checks: Vec::new(),
            first,
        };
        let iterations = |scenario: &'static str, first| IterationLayout {
            scenario: Text::Static(scenario),
            tags: Vec::new(),
            first,
        };
        Layout {
            steps: vec![step("browse", 0), step("buy", 10)],
            iterations: vec![iterations("browse", 20), iterations("buy", 26)],
            ..Layout::default()
        }
    }

    fn slots(text: &str) -> Result<Vec<u32>, String> {
        let name = MetricName::read(text)?;
        name.slots(&layout()).map_err(|unknown| unknown.to_string())
    }

    #[test]
    fn a_metric_of_a_step_has_its_slots_in_each_scenario() {
        let own = time_slot::COUNT;
        assert_eq!(slots("http_request.home.waiting"), Ok(vec![own, 10 + own]));
        assert_eq!(
            slots(" http_request.home.open "),
            Ok(vec![own + 1, 11 + own])
        );
        let of_one = "scenario.buy.step.http_request.home.waiting";
        assert_eq!(slots(of_one), Ok(vec![10 + own]));
        assert_eq!(MetricName::read(of_one).unwrap().to_string(), of_one);
    }

    #[test]
    fn what_names_no_metric_is_refused_with_the_nearest_name() {
        let wanted = wanted("");
        for (text, said) in [
            (
                "http_request.home.waitin",
                "there is no metric `waitin`: did you mean `waiting`?",
            ),
            (
                "http_request.hom.waiting",
                "there is no step `http_request.hom`: did you mean `home`?",
            ),
            (
                "scenario.bye.step.http_request.home.waiting",
                "there is no scenario `bye`: there are `browse`, `buy`",
            ),
            (
                "http_request.home.waiting.p95",
                "a metric is named without a statistic: leave out `.p95`",
            ),
            ("waiting", &wanted),
            ("", &wanted),
            ("http_request..waiting", &wanted),
            ("http_request.home.waiting[\"a\"]", &wanted),
            ("http_request.home.waiting < 3ms", &wanted),
            ("run.response_time", &wanted),
        ] {
            assert_eq!(slots(text), Err(said.to_owned()), "{text}");
        }
    }
}
