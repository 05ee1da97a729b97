//! `metric` blocks, and the `warning` that a labelled counter may hold.

use super::fields::Attributes;
use super::names::is_name;
use super::reader::Reader;
use crate::model::{Input, Metric, MetricKind, MetricWarning};
use bggo_values::Value;
use bggo_values::literal::{Block, Item};

/// Millionths of the whole in a hundredth of it.
const MILLIONTHS_OF_A_PERCENT: u32 = 10_000;

/// Metrics that a step has by itself where it may have several attempts.
const OF_ATTEMPTS: [&str; 2] = ["attempts", "retries"];

/// Whose metrics they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Runner,
    Asset,
}

impl Reader<'_> {
    /// The metrics of a runner or an asset that has these inputs.
    pub(super) fn metrics(&mut self, block: &Block, owner: Owner, inputs: &[Input]) -> Vec<Metric> {
        let blocks = block.body.blocks.iter();
        let blocks = blocks.filter(|part| part.kind == "metric");
        blocks
            .filter_map(|part| self.metric(part, owner, inputs))
            .collect()
    }

    fn metric(&mut self, block: &Block, owner: Owner, inputs: &[Input]) -> Option<Metric> {
        let name = self.name(block);
        if owner == Owner::Runner && OF_ATTEMPTS.contains(&name.as_str()) {
            let text = format!(
                "`{name}` is a metric of every step that is tried again: give this one another name"
            );
            self.fault(block.offset, text);
        }
        let mut attributes = Attributes::of(&block.body, block.offset);
        let kind = self.metric_kind(&mut attributes);
        let unit = self.placed_text(&mut attributes, "unit");
        let label = self.placed_text(&mut attributes, "label");
        let description = self.text(&mut attributes, "description");
        let on_demand_at = attributes.place("on_demand").unwrap_or(block.offset);
        let on_demand = self.flag(&mut attributes, "on_demand");
        self.rest(attributes, "a metric");
        let warning = self.warning(block, inputs);
        if let (Some(MetricKind::Rate), Some((_, offset))) = (kind, &unit) {
            self.fault(*offset, "a rate is a share and has no `unit`");
        }
        if let (Some(kind), Some((label, offset))) = (kind, &label) {
            if kind != MetricKind::Counter {
                let text = format!("only a counter has a `label`, not a {}", kind.name());
                self.fault(*offset, text);
            } else if !is_name(label) {
                self.fault(*offset, format!("`{label}` is no name: lower case letters, digits and `_`, beginning with a letter"));
            }
        }
        if on_demand && owner == Owner::Asset {
            self.fault(
                on_demand_at,
                "only a metric of a runner is measured `on_demand`: nothing asks for one of an asset",
            );
        }
        // What is wrong with the kind or the label has been said.
        let sums_apart = kind == Some(MetricKind::Counter) && label.is_some();
        if let (Some(_), Some((_, offset)), false) = (kind, &warning, sums_apart) {
            self.fault(
                *offset,
                "a `warning` is for a counter with a `label`: it looks at the labels",
            );
        }
        if let (Some((_, offset)), true) = (&warning, on_demand) {
            self.fault(
                *offset,
                "a `warning` looks at a metric of every run, and this one is `on_demand`",
            );
        }
        Some(Metric {
            name,
            kind: kind?,
            unit: unit.map(|(unit, _)| unit).unwrap_or_default(),
            label: label.map(|(label, _)| label),
            warning: warning.and_then(|(warning, _)| warning),
            on_demand,
            description,
        })
    }

    fn metric_kind(&mut self, attributes: &mut Attributes<'_>) -> Option<MetricKind> {
        let known = [
            MetricKind::Counter,
            MetricKind::Gauge,
            MetricKind::Rate,
            MetricKind::Trend,
        ];
        let (found, offset) = match attributes.take("kind") {
            Some((Item::Value(Value::Text(text)), offset)) => {
                let found = known.into_iter().find(|kind| kind.name() == text.as_str());
                (found, offset)
            }
            Some((_, offset)) => (None, offset),
            None => (None, attributes.offset()),
        };
        if found.is_none() {
            self.fault(
                offset,
                "the `kind` of a metric is \"counter\", \"gauge\", \"rate\" or \"trend\"",
            );
        }
        found
    }

    /// A string, with its place.
    fn placed_text(
        &mut self,
        attributes: &mut Attributes<'_>,
        name: &str,
    ) -> Option<(String, usize)> {
        let offset = attributes.place(name)?;
        Some((self.text(attributes, name), offset))
    }

    /// The `warning` block of a metric, with its place; `None` inside of it where it is not whole.
    fn warning(
        &mut self,
        metric: &Block,
        inputs: &[Input],
    ) -> Option<(Option<MetricWarning>, usize)> {
        let mut found = None;
        for block in &metric.body.blocks {
            if block.kind != "warning" {
                let text = format!("a metric has a `warning` block, not `{}`", block.kind);
                self.fault(block.offset, text);
            } else if found.is_some() {
                self.fault(block.offset, "a metric has one `warning`");
            } else {
                found = Some((self.one_warning(block, inputs), block.offset));
            }
        }
        found
    }

    fn one_warning(&mut self, block: &Block, inputs: &[Input]) -> Option<MetricWarning> {
        if !block.labels.is_empty() {
            self.fault(block.offset, "a `warning` has no label");
        }
        let mut attributes = Attributes::of(&block.body, block.offset);
        let prefix = self.text(&mut attributes, "prefix");
        let over = self.share(&mut attributes);
        let unless_at = attributes.place("unless").unwrap_or(block.offset);
        let unless = self.texts(&mut attributes, "unless");
        let text = self.text(&mut attributes, "text");
        self.rest(attributes, "a warning");
        for name in &unless {
            match inputs.iter().find(|input| input.name == *name) {
                None => self.fault(unless_at, format!("there is no input `{name}`")),
                Some(input) if !input.may_be_absent() => {
                    let text = format!(
                        "input `{name}` is always there: `unless` is about those that may be absent"
                    );
                    self.fault(unless_at, text);
                }
                Some(_) => {}
            }
        }
        for (value, name) in [(&prefix, "prefix"), (&text, "text")] {
            if value.is_empty() {
                self.fault(block.offset, format!("a `warning` needs its `{name}`"));
            }
        }
        Some(MetricWarning {
            prefix,
            over: over?,
            unless,
            text,
        })
    }

    /// `over = "0.5%"`, in millionths of the whole.
    fn share(&mut self, attributes: &mut Attributes<'_>) -> Option<u32> {
        let (share, offset) = match attributes.take("over") {
            Some((Item::Value(Value::Text(text)), offset)) => (millionths(text.as_str()), offset),
            Some((_, offset)) => (None, offset),
            None => (None, attributes.offset()),
        };
        if share.is_none() {
            self.fault(
                offset,
                "`over` is a share below 100% with at most four decimals, such as \"1%\" or \"0.5%\"",
            );
        }
        share
    }
}

/// `0.5%` to 5,000 millionths.
fn millionths(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?.trim_end();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || whole.len() > 2 || decimals.len() > 4 {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let decimals: u32 = format!("{decimals:0<4}").parse().ok()?;
    Some(whole * MILLIONTHS_OF_A_PERCENT + decimals)
}

#[cfg(test)]
mod tests;
