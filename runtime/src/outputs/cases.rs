//! What a run had to prove, as a JUnit file.

use super::file::OutputFile;
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::metrics::{Interval, Layout, Outcome};
use bggo_metrics::report::{Case, Row, Verdict, junit};

/// Writes thresholds and checks of a load run, or steps of a functional one.
#[derive(Debug)]
pub struct JunitFile(OutputFile);

impl JunitFile {
    /// To this file.
    pub fn new(file: OutputFile) -> Self {
        Self(file)
    }
}

impl Output for JunitFile {
    fn begins(&mut self, _: &RunDescription) {}

    fn event(&mut self, _: &Event) {}

    fn interval(&mut self, _: &Layout, _: &Interval) {}

    fn ends(&mut self, conclusion: &Conclusion<'_>) {
        let (run, figures) = (conclusion.described, conclusion.figures);
        self.0
            .put(junit(&run.grid, figures.length, &cases(conclusion)));
        self.0.finish();
    }

    fn trouble(&mut self) -> Option<String> {
        self.0.trouble()
    }
}

/// All that the run had to prove.
pub fn cases(conclusion: &Conclusion<'_>) -> Vec<Case> {
    if conclusion.described.functional {
        let steps = conclusion.figures.steps.iter();
        return steps.map(|row| step(row, conclusion)).collect();
    }
    Vec::new()
}

/// A step of a functional run.
fn step(row: &Row, conclusion: &Conclusion<'_>) -> Case {
    let mut times = row.passed.clone();
    times.merge(&row.failed);
    let verdict = if row.of(Outcome::Failed) > 0 {
        let kinds = row.kinds();
        let why = kinds.iter().map(|(kind, _)| {
            let example = conclusion.examples.of(&row.name, kind);
            example.map_or_else(|| kind.to_string(), str::to_owned)
        });
        Verdict::Failed(why.collect::<Vec<_>>().join("; "))
    } else if row.of(Outcome::Passed) > 0 {
        Verdict::Passed
    } else {
        Verdict::Skipped("it was not run".to_owned())
    };
    Case {
        suite: "steps",
        name: row.name.clone(),
        time: times.time_extremes().map(|(_, longest)| longest),
        verdict,
    }
}
