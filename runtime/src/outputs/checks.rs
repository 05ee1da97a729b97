//! The checks of a run: how often each held, and one example of how each failed.
//!
//! ```text
//! checks
//!   passed  http_request.order "has a body"    1000 of 1000
//!   failed  http_request.order "is created"     975 of 1000 (97.5 %): got 500, grid.hcl:12:3
//! ```

use super::measure::percent;
use crate::event::CheckReport;
use crate::grid::Scenario;
use crate::metrics::{Checked, Interval, Layout};
use bggo_values::{Number, Text, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The longest example that is kept, in characters.
const LONGEST_EXAMPLE: usize = 200;

/// A check of a step in one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRow {
    /// The step's full name.
    pub step_name: String,
    /// The step's name without that of its scenario.
    pub step: Text,
    /// The scenario.
    pub scenario: Text,
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
    fn failed(&self) -> u64 {
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
    let rows = layout.steps.iter().flat_map(|step| {
        let name = layout.full_name(step);
        step.judged(total).map(move |(check, judged)| CheckRow {
            step_name: name.to_string(),
            step: step.name.clone(),
            scenario: step.scenario.clone(),
            check: check.name.clone(),
            required: check.required,
            judged,
            example: None,
        })
    });
    rows.collect()
}

/// The first failure of each check that an output was told of.
#[derive(Debug, Default)]
pub struct Examples(BTreeMap<(String, String, String), Example>);

impl Examples {
    /// Keeps a failure, if it is the first of its check.
    pub fn keep(&mut self, report: &CheckReport, scenarios: &'static [Scenario]) {
        let scenario = scenarios.get(report.scenario as usize);
        let scenario = scenario.map_or("", Scenario::name);
        let check = report.check.name();
        let key = (
            scenario.to_owned(),
            report.info.to_string(),
            check.to_owned(),
        );
        self.0.entry(key).or_insert_with(|| Example {
            text: shortened(&report.text),
            place: report.place.clone(),
        });
    }

    /// Gives each check its example.
    pub fn fill(&self, rows: &mut [CheckRow]) {
        for row in rows {
            let key = (
                row.scenario.to_string(),
                row.step.to_string(),
                row.check.to_string(),
            );
            row.example = self.0.get(&key).cloned();
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_EXAMPLE) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A failure as a line: `http_request.order "is created" failed: got 500, grid.hcl:12:3`.
pub fn line(report: &CheckReport, scenarios: &'static [Scenario]) -> String {
    let (step, check) = (report.full_name(scenarios), report.check.name());
    let reason = match report.text.as_str() {
        "" => String::new(),
        text => format!(": {text}"),
    };
    format!("{step} {check:?} failed{reason}, {}", report.place)
}

/// The part of the summary, each line with its line break, behind an empty one; nothing where there are no checks.
pub fn lines(rows: &[CheckRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nchecks\n");
    let name = |row: &CheckRow| format!("{} {:?}", row.step_name, row.check.as_str());
    let width = rows.iter().map(|row| name(row).chars().count()).max();
    let passed = |row: &CheckRow| row.judged.passed.to_string();
    let digits = rows.iter().map(|row| passed(row).len()).max();
    let (width, digits) = (width.unwrap_or_default(), digits.unwrap_or_default());
    for row in rows {
        let (word, reason) = match (row.judged.of, row.failed()) {
            (0, _) => ("none  ", String::new()),
            (_, 0) => ("passed", String::new()),
            _ => ("failed", format!(" {}", reason(row))),
        };
        let (name, passed, of) = (name(row), passed(row), row.judged.of);
        // A String never refuses what is written to it.
        let _ = writeln!(
            text,
            "  {word}  {name:<width$}  {passed:>digits$} of {of}{reason}"
        );
    }
    text
}

/// `(97.5 %): got 500, grid.hcl:12:3`
fn reason(row: &CheckRow) -> String {
    let share = percent(row.judged.passed, row.judged.of);
    let why = match &row.example {
        Some(Example { text, place }) if text.is_empty() => place.clone(),
        Some(Example { text, place }) => format!("{text}, {place}"),
        // A step that fails judges none of its checks, and is told by itself.
        None => "its step failed".to_owned(),
    };
    format!("({share:.1} %): {why}")
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
