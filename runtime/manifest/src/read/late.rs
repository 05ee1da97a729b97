//! What a runner says of results that come after its steps, and of stamps: its metrics for them, and the outputs of such a result; and of
//! steps that wait for others.

use super::fields::Attributes;
use super::reader::Reader;
use crate::model::{Metric, Runner, When};
use crate::standard_metrics::{of_late_results, of_stamps};
use bggo_values::literal::{Block, Item};

impl Reader<'_> {
    /// `stamps = input.NAME`.
    pub(super) fn stamps(&mut self, attributes: &mut Attributes<'_>) -> Option<String> {
        let (item, offset) = attributes.take("stamps")?;
        let name = match item {
            Item::Expression(text, _) => text.strip_prefix("input."),
            Item::Value(_) | Item::Type(_) => None,
        };
        if name.is_none() {
            let text = "`stamps` is the input that says whether messages are stamped: `input.NAME`";
            self.fault(offset, text);
        }
        name.map(str::to_owned)
    }

    /// `lingers = uses.NAME.INPUT`.
    pub(super) fn lingers(&mut self, attributes: &mut Attributes<'_>) -> Option<(String, String)> {
        let (item, offset) = attributes.take("lingers")?;
        let names = match item {
            Item::Expression(text, _) => text
                .strip_prefix("uses.")
                .and_then(|names| names.split_once('.')),
            Item::Value(_) | Item::Type(_) => None,
        };
        if names.is_none() {
            let text = "`lingers` is the input of an asset that says how long a step waits for others: `uses.NAME.INPUT`";
            self.fault(offset, text);
        }
        names.map(|(used, input)| (used.to_owned(), input.to_owned()))
    }

    /// The metrics that a runner has by what it says of itself. They stand before its own, which have other names.
    pub(super) fn standard_metrics(&mut self, block: &Block, runner: &Runner) -> Vec<Metric> {
        let mut metrics = Vec::new();
        if runner.late_result != When::Never {
            metrics.extend(of_late_results());
        } else if let Some(output) = runner.outputs.iter().find(|output| output.comes_late) {
            let text = format!(
                "output `{}` comes late, and the runner has no `late_result`",
                output.name
            );
            self.fault(block.offset, text);
        }
        let mut outputs = runner.outputs.iter();
        if runner.stamps.is_some() && outputs.any(|output| output.name == "stamp") {
            let text =
                "a runner that stamps its messages has no output `stamp`: give it another name";
            self.fault(block.offset, text);
        }
        if runner.reads_stamps {
            metrics.extend(of_stamps());
        }
        for part in block
            .body
            .blocks
            .iter()
            .filter(|part| part.kind == "metric")
        {
            let name = part.labels.first();
            if metrics.iter().any(|metric| Some(&metric.name) == name) {
                let text = "the runner has a metric of this name by its `late_result` or `reads_stamps`: give this one another name";
                self.fault(part.offset, text);
            }
        }
        metrics
    }
}
