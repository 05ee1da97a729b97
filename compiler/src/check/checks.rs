//! The checks of a step and what it records: conditions, messages and values, computed once the step has run.

use std::collections::BTreeMap;

use bggo_values::ops::SENSITIVE;
use bggo_values::{Type, Value};

use crate::diagnostics::{codes, nearest};
use crate::resolve::model::{MetricId, StepId};
use crate::source::Span;
use crate::syntax::decl::{Attribute, CheckDecl};

use super::expression::context::{Checker, constant};
use super::sensitivity::{self, without_sensitive};
use super::typed::{TCheck, TExpr, TJudged, TKind, TRecord};

impl Checker<'_> {
    /// The checks of a step: of its schema, then those that are written, in their order.
    pub(super) fn checks(&mut self, id: StepId) -> Vec<TCheck> {
        let step = self.declarations.step(id);
        let mut checks = self.validations(id);
        let mut names: BTreeMap<String, Span> = BTreeMap::new();
        names.extend(checks.iter().map(|check| (check.name.clone(), check.span)));
        for check in &step.checks {
            let name = check.name.text.clone();
            let first = *names.entry(name).or_insert(check.name.span);
            if first != check.name.span {
                let text = format!("the step has two checks \"{}\"", check.name.text);
                self.error(codes::DUPLICATE_CHECK, check.name.span, text)
                    .label(first, "first here");
            }
        }
        let written = step.checks.iter();
        checks.extend(written.filter_map(|check| self.check(check)));
        checks
    }

    fn check(&mut self, check: &CheckDecl) -> Option<TCheck> {
        let condition = check.condition.as_ref().map(|expr| self.condition(expr));
        // The message is computed only where the check fails.
        let message = check.error_message.as_ref();
        let message = message.map(|expr| {
            self.perhaps(true, |checker| {
                let message = checker.infer(expr);
                checker.convert(message, &Type::String, "`error_message`")
            })
        });
        let required = check.required.as_ref();
        let required = required.and_then(|expr| self.known(expr, &Type::Bool, "`required`"));
        let condition = condition.filter(|condition| !condition.is_error())?;
        let expressions = std::iter::once(&condition).chain(&message);
        let sensitive = sensitivity::reads_secret(expressions, &self.locals);
        let message = message.filter(|message| !message.is_null());
        let message = message.map(|message| self.fold(shown(message)));
        Some(TCheck {
            name: check.name.text.clone(),
            span: check.span,
            judged: TJudged::Condition { condition, message },
            required: matches!(required, Some(Value::Bool(true))),
            sensitive,
        })
    }

    /// What a step records, in written order.
    pub(super) fn records(&mut self, id: StepId) -> Vec<TRecord> {
        let block = self.declarations.step(id).record.as_ref();
        let attributes = block.map_or(&[][..], |block| &block.attributes);
        let records = attributes.iter();
        records.filter_map(|record| self.record(record)).collect()
    }

    fn record(&mut self, record: &Attribute) -> Option<TRecord> {
        let name = &record.name;
        let Some(metric) = self.metric_called(&name.text) else {
            self.infer(&record.value);
            if !self.declarations.may_declare("metric", &[&name.text]) {
                let names = self.declarations.metrics.iter();
                let near =
                    nearest::advice(&name.text, names.map(|metric| metric.name.text.as_str()));
                let declare = format!(
                    "declare it: `metric \"{}\" {{ kind = \"counter\" }}`",
                    name.text
                );
                let text = format!("the grid has no metric `{}`", name.text);
                self.error(codes::UNKNOWN_CUSTOM_METRIC, name.span, text)
                    .advise(near.unwrap_or(declare.into()));
            }
            return None;
        };
        self.recorded.insert(metric);
        let ty = self.metrics[metric.0].ty();
        let what = format!(
            "a value of the {} `{}`",
            self.metrics[metric.0].kind.name(),
            name.text
        );
        let value = self.infer_wanted(&record.value, &ty);
        let is_duration = value.constant().is_some_and(is_text_of_duration);
        let value = self.convert(value, &ty, &what);
        if value.is_error() {
            if let (true, Type::Number, Some(problem)) =
                (is_duration, ty, self.problems.list.last_mut())
            {
                problem.hint("the metric of a duration has `unit = \"time\"`");
            }
            return None;
        }
        // A bool says as little as a check does.
        if ty != Type::Bool && value.sensitivity.any() {
            let text = format!("{what} must not be sensitive: a metric is shown");
            self.error(codes::INVALID_VALUE, value.span, text);
            return None;
        }
        self.representable(&value, metric, &what);
        Some(TRecord { metric, value })
    }

    /// A value that is known already must be one that the metric takes.
    fn representable(&mut self, value: &TExpr, metric: MetricId, what: &str) {
        let largest = self.metrics[metric.0].largest();
        if let Some(Value::Number(number)) = value.constant()
            && (number.is_negative() || number.as_f64() > largest)
        {
            let text = format!("{what} lies between 0 and {largest}, found {number}");
            self.error(codes::INVALID_VALUE, value.span, text);
        }
    }

    fn metric_called(&self, name: &str) -> Option<MetricId> {
        let mut metrics = self.metrics.iter();
        metrics.position(|metric| metric.name == name).map(MetricId)
    }
}

/// Whether it is a text such as `"300ms"`.
fn is_text_of_duration(value: &Value) -> bool {
    let text = value.as_text().unwrap_or_default();
    bggo_values::duration::parse(text).is_some()
}

/// A message without what is sensitive in it.
fn shown(message: TExpr) -> TExpr {
    match message.kind {
        TKind::Template(_) => without_sensitive(message),
        _ if message.sensitivity.any() => {
            constant(Value::text(SENSITIVE), Type::String, message.span)
        }
        _ => message,
    }
}
