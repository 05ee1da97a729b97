//! The checks of a run: how often each held, and one example of how each failed.
//!
//! ```text
//! checks
//!   failed  http_request.order "is created"     975 of 1000 (97.5 %)
//!           got 500, grid.hcl:12:3
//!   passed  http_request.order "has a body"    1000 of 1000
//! ```

use super::examples::Examples;
use super::measure::percent;
use super::paint::{GREEN, Paint, RED, YELLOW};
use super::table::{cut, folded};
use crate::interval::Interval;
use crate::layout::{Checked, Layout};
use bggo_values::{Number, Text, Value};
use std::fmt::Write as _;

/// Checks that are shown; of more those that held are only counted.
const MOST: usize = 12;
/// The longest name of a step and its check.
const LONGEST_NAME: usize = 44;

/// A check of a step in one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRow {
    /// The step's full name.
    pub step_name: String,
    /// The step's name without that of its scenario.
    pub step: Text,
    /// The scenario.
    pub scenario: Text,
    /// The uses of flows by which the scenario comes to the step.
    pub path: Vec<Text>,
    /// The check.
    pub check: Text,
    /// The step fails where it fails.
    pub required: bool,
    /// How often it held.
    pub judged: Checked,
    /// How it failed, and where it is written.
    pub example: Option<Example>,
}

impl CheckRow {
    /// How often it failed.
    pub fn failed(&self) -> u64 {
        self.judged.of.saturating_sub(self.judged.passed)
    }
}

/// One failure of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    text: String,
    place: String,
}

/// The checks of all steps, in the grid's order.
pub fn rows(layout: &Layout, total: &Interval) -> Vec<CheckRow> {
    let mut rows = Vec::new();
    for step in &layout.steps {
        let name = layout.full_name(step);
        rows.extend(step.judged(total).map(|(check, judged)| CheckRow {
            step_name: name.to_string(),
            step: step.name.clone(),
            scenario: step.scenario.clone(),
            path: step.path.clone(),
            check: check.name.clone(),
            required: check.required,
            judged,
            example: None,
        }));
    }
    rows
}

/// Gives each check the example that was kept of it.
pub fn fill(rows: &mut [CheckRow], examples: &Examples) {
    for row in rows {
        let example = examples.of_check(&row.step_name, &row.check);
        row.example = example.map(|(text, place)| Example {
            text: text.to_owned(),
            place: place.to_owned(),
        });
    }
}

/// The part of the summary, each line with its line break; nothing where there are no checks. Those that failed come first.
pub fn lines(rows: &[CheckRow], paint: Paint) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = String::from("checks\n");
    let (failed, other): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.failed() > 0);
    let shown: Vec<&CheckRow> = failed.into_iter().chain(other).take(MOST).collect();
    let name = |row: &CheckRow| {
        let name = format!("{} {:?}", row.step_name, row.check.as_str());
        cut(&name, LONGEST_NAME)
    };
    let width = shown.iter().map(|row| name(row).chars().count()).max();
    let passed = |row: &CheckRow| row.judged.passed.to_string();
    let digits = shown.iter().map(|row| passed(row).len()).max();
    let (width, digits) = (width.unwrap_or_default(), digits.unwrap_or_default());
    for row in shown {
        let (colour, word) = match (row.judged.of, row.failed()) {
            (0, _) => (YELLOW, "none"),
            (_, 0) => (GREEN, "passed"),
            _ => (RED, "failed"),
        };
        // Painted text has bytes without width, so the padding is made outside.
        let pad = " ".repeat(8 - word.len());
        let (name, passed, of) = (name(row), passed(row), row.judged.of);
        let line = format!("{name:<width$}  {passed:>digits$} of {of}");
        let begin = format!("  {}{pad}", paint.on(colour, word));
        if row.failed() > 0 {
            let share = percent(row.judged.passed, row.judged.of);
            // A String never refuses what is written to it.
            let _ = writeln!(text, "{begin}{line} ({share:.1} %)");
            let words: Vec<String> = reason(row).split(' ').map(str::to_owned).collect();
            text.push_str(&folded(("          ", "          "), " ", &words));
        } else {
            let _ = writeln!(text, "{begin}{line}");
        }
    }
    let more = rows.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(text, "  … {more} more in --summary-json");
    }
    text
}

/// `got 500, grid.hcl:12:3`
pub fn reason(row: &CheckRow) -> String {
    match &row.example {
        Some(Example { text, place }) if text.is_empty() => place.clone(),
        Some(Example { text, place }) => format!("{text}, {place}"),
        // A step that fails judges none of its checks, and is told by itself.
        None => "its step failed".to_owned(),
    }
}

/// `1 of 2 checks failed`, if one did: what the verdict of a functional run says.
pub fn verdict(rows: &[CheckRow]) -> Option<String> {
    let judged = rows.iter().filter(|row| row.judged.of > 0).count();
    let failed = rows.iter().filter(|row| row.failed() > 0).count();
    let word = if judged == 1 { "check" } else { "checks" };
    (failed > 0).then(|| format!("{failed} of {judged} {word} failed"))
}

/// The checks as a list of objects.
pub fn values(rows: &[CheckRow]) -> Vec<Value> {
    let rows = rows.iter().map(|row| {
        let mut pairs = vec![
            (Text::Static("scenario"), Value::Text(row.scenario.clone())),
            (Text::Static("step"), Value::Text(row.step.clone())),
            (Text::Static("check"), Value::Text(row.check.clone())),
            (Text::Static("required"), Value::Bool(row.required)),
            (Text::Static("passed"), number(row.judged.passed)),
            (Text::Static("of"), number(row.judged.of)),
        ];
        if !row.path.is_empty() {
            let path = row.path.iter().cloned().map(Value::Text);
            let path = Value::from(path.collect::<Vec<_>>());
            pairs.push((Text::Static("path"), path));
        }
        if let Some(Example { text, place }) = &row.example {
            let example = vec![
                (Text::Static("text"), Value::Text(text.clone().into())),
                (Text::Static("place"), Value::Text(place.clone().into())),
            ];
            pairs.push((Text::Static("example"), Value::from(example)));
        }
        Value::from(pairs)
    });
    rows.collect()
}

fn number(count: u64) -> Value {
    Value::Number(Number::from(count))
}

#[cfg(test)]
mod tests;
