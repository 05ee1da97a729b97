//! The end of a run: as text on stderr, and as an object in a file.

use super::file::OutputFile;
use super::json;
use super::writer::LineWriter;
use super::{Conclusion, Output, RunDescription};
use crate::event::{Event, LogLevel};
use crate::exit::Exit;
use crate::judgement::Second;
use bggo_metrics::report::{Paint, Percentiles};

/// Writes the summary.
#[derive(Debug)]
pub struct TextSummary {
    lines: LineWriter,
    level: LogLevel,
    paint: Paint,
    percentiles: Percentiles,
}

impl TextSummary {
    /// The summary if the level lets it through. Of a run that did not pass the verdict is written at every level.
    pub fn new(
        lines: LineWriter,
        level: LogLevel,
        (paint, percentiles): (Paint, Percentiles),
    ) -> Self {
        Self {
            lines,
            level,
            paint,
            percentiles,
        }
    }
}

impl Output for TextSummary {
    fn begins(&mut self, _: &RunDescription) {}

    fn event(&mut self, _: &Event) {}

    fn second(&mut self, _: &Second<'_>) {}

    fn ends(&mut self, conclusion: &Conclusion<'_>) {
        let summary = conclusion.summary(&self.percentiles);
        if LogLevel::Info <= self.level {
            self.lines.put(summary.text(self.paint));
        } else if conclusion.exit != Exit::Passed {
            self.lines.put(summary.verdict(self.paint) + "\n");
        }
    }
}

/// Writes the summary as one object of JSON to a file.
#[derive(Debug)]
pub struct SummaryFile(OutputFile);

impl SummaryFile {
    /// To this file.
    pub fn new(file: OutputFile) -> Self {
        Self(file)
    }
}

impl Output for SummaryFile {
    fn begins(&mut self, _: &RunDescription) {}

    fn event(&mut self, _: &Event) {}

    fn second(&mut self, _: &Second<'_>) {}

    fn ends(&mut self, conclusion: &Conclusion<'_>) {
        self.0.put(json::line_of(json::summary(conclusion)));
        self.0.finish();
    }

    fn trouble(&mut self) -> Option<String> {
        self.0.trouble()
    }
}
