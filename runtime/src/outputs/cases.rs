//! What a run had to prove, as a JUnit file.

use super::file::OutputFile;
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::judgement::{Came, OnFail, Second, Verdict};
use crate::metrics::Outcome;
use bggo_metrics::report::checks::{CheckRow, reason};
use bggo_metrics::report::{Case, CaseResult, Row, junit, thresholds};

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

    fn second(&mut self, _: &Second<'_>) {}

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
    let checks = conclusion.figures.checks.iter().map(check);
    if conclusion.described.functional {
        let steps = conclusion.figures.steps.iter();
        let steps = steps.map(|row| step(row, conclusion));
        return steps.chain(checks).collect();
    }
    let thresholds = conclusion.verdicts.iter().map(threshold);
    thresholds.chain(checks).collect()
}

/// A check: it failed if it failed once, and was not judged if its step never came to it.
fn check(row: &CheckRow) -> Case {
    let result = match (row.judged.of, row.failed()) {
        (0, _) => CaseResult::Skipped("it was never judged".to_owned()),
        (_, 0) => CaseResult::Passed,
        (of, failed) => CaseResult::Failed(format!("{failed} of {of} failed: {}", reason(row))),
    };
    Case {
        suite: "checks",
        name: format!("{}: {}", row.step_name, row.check),
        time: None,
        result,
    }
}

/// A threshold of a load run.
fn threshold(verdict: &Verdict) -> Case {
    let said = std::iter::once(verdict.asked.to_string()).chain(thresholds::parts(verdict));
    let said = said.collect::<Vec<_>>().join("; ");
    let result = match (verdict.came, verdict.on_fail) {
        (Came::Held, _) => CaseResult::Passed,
        (Came::LeftOut, _) => CaseResult::Skipped(said),
        (Came::Broken | Came::NeverMeasured, OnFail::Warn) => {
            CaseResult::Skipped(format!("warning: {said}"))
        }
        (Came::Broken | Came::NeverMeasured, OnFail::Abort | OnFail::Fail) => {
            CaseResult::Failed(said)
        }
    };
    Case {
        suite: "thresholds",
        name: verdict.name.to_string(),
        time: None,
        result,
    }
}

/// A step of a functional run.
fn step(row: &Row, conclusion: &Conclusion<'_>) -> Case {
    let mut times = row.passed.clone();
    times.merge(&row.failed);
    let result = if row.of(Outcome::Failed) > 0 {
        let kinds = row.kinds();
        let why = kinds.iter().map(|(kind, _)| {
            let example = conclusion.examples.of(&row.name, kind);
            example.map_or_else(|| kind.to_string(), str::to_owned)
        });
        CaseResult::Failed(why.collect::<Vec<_>>().join("; "))
    } else if row.of(Outcome::Passed) > 0 {
        CaseResult::Passed
    } else {
        CaseResult::Skipped("it was not run".to_owned())
    };
    Case {
        suite: "steps",
        name: row.name.clone(),
        time: times.time_extremes().map(|(_, longest)| longest),
        result,
    }
}
