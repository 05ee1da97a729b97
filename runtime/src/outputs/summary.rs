//! The end of a run for people: a table of its figures, and the verdict.

use super::checks::{self, Examples};
use super::custom_metrics;
use super::figures::{Figures, Row, Values};
use super::measure::{or_dash, percent, plural, short};
use super::metric_lines;
use super::table;
use super::text::{GREEN, Paint, RED, YELLOW};
use super::thresholds;
use super::writer::LineWriter;
use super::{Conclusion, Output, RunDescription};
use crate::event::{Event, LogLevel};
use crate::exit::Exit;
use crate::grid::Scenario;
use crate::judgement::Second;
use crate::metrics::{Histogram, Layout, MetricLayout, Outcome, Unit, WHOLE};
use std::fmt::Write as _;
use std::time::Duration;

/// Percentiles of the tables, in millionths.
const SHOWN: [u32; 3] = [WHOLE / 2, 950_000, 990_000];

/// A drain that is not worth a word.
const SHORTEST_DRAIN: Duration = Duration::from_millis(50);

/// Writes the summary.
#[derive(Debug)]
pub struct TextSummary {
    lines: LineWriter,
    level: LogLevel,
    paint: Paint,
    examples: Examples,
    /// Those of the grid.
    scenarios: &'static [Scenario],
}

impl TextSummary {
    /// The summary if the level lets it through. Of a run that did not pass the verdict is written at every level.
    pub fn new(lines: LineWriter, level: LogLevel, paint: Paint) -> Self {
        Self {
            lines,
            level,
            paint,
            examples: Examples::default(),
            scenarios: &[],
        }
    }
}

impl Output for TextSummary {
    fn begins(&mut self, run: &RunDescription) {
        self.scenarios = run.grid.scenarios;
    }

    fn event(&mut self, event: &Event) {
        if let Event::Check(report) = event {
            self.examples.keep(report, self.scenarios);
        }
    }

    fn second(&mut self, _: &Second<'_>) {}

    fn ends(&mut self, layout: &Layout, conclusion: &Conclusion<'_>) {
        let has_summary = LogLevel::Info <= self.level;
        if has_summary || conclusion.exit != Exit::Passed {
            let mut figures = Figures::new(
                layout,
                conclusion.total,
                (conclusion.run, conclusion.begins_for),
            );
            self.examples.fill(&mut figures.checks);
            self.lines.put(if has_summary {
                summary(&figures, conclusion, self.paint)
            } else {
                generator(conclusion, self.paint)
                    + &verdict(&figures, conclusion, self.paint)
                    + "\n"
            });
        }
    }
}

/// The whole of it, each line with its line break.
pub fn summary(figures: &Figures, conclusion: &Conclusion<'_>, paint: Paint) -> String {
    let mut text = String::from("\n");
    if conclusion.run.functional {
        text.push_str(&steps(figures));
    } else {
        text.push_str(&load(figures, conclusion.run));
    }
    text.push_str(&checks::lines(&figures.checks));
    text.push_str(&custom_metrics::lines(&figures.custom));
    text.push('\n');
    if !conclusion.run.functional {
        if !conclusion.verdicts.is_empty() {
            text.push_str("thresholds:\n");
            text.push_str(&thresholds::lines(conclusion.verdicts, paint));
        }
        for warning in figures.warnings() {
            let _ = writeln!(text, "{} {warning}", paint.on(YELLOW, "warning:"));
        }
    }
    text.push_str(&generator(conclusion, paint));
    text.push_str(&verdict(figures, conclusion, paint));
    text.push('\n');
    text
}

fn unless_zero(count: u64) -> String {
    if count == 0 {
        String::new()
    } else {
        count.to_string()
    }
}

/// The short table of a functional run. Its times are those of all runs of a step: each is told with its outcome anyway.
fn steps(figures: &Figures) -> String {
    let row = |row: &Row| {
        let mut times = row.passed.clone();
        times.merge(&row.failed);
        let longest = times.time_extremes().map(|(_, longest)| longest);
        vec![
            row.name.clone(),
            row.count().to_string(),
            unless_zero(row.of(Outcome::Failed)),
            unless_zero(row.of(Outcome::Skipped)),
            unless_zero(row.of(Outcome::Cancelled)),
            or_dash(times.mean_time()),
            if row.count() > 1 {
                or_dash(longest)
            } else {
                String::new()
            },
        ]
    };
    let rows: Vec<Vec<String>> = figures.steps.iter().map(row).collect();
    let head = [
        "step",
        "runs",
        "failed",
        "skipped",
        "cancelled",
        "time",
        "longest",
    ];
    table::lines(&head, &rows)
}

/// The summary of a load run.
fn load(figures: &Figures, run: &RunDescription) -> String {
    let is_open = run.is_open();
    let row = |row: &Row| {
        let mut cells = vec![
            row.name.clone(),
            row.count().to_string(),
            format!("{:.1}/s", row.rate()),
            row.of(Outcome::Failed).to_string(),
            unless_zero(row.of(Outcome::Skipped)),
            unless_zero(row.of(Outcome::Cancelled)),
        ];
        let has_response = is_open && row.response.count() > 0;
        cells.extend(times(if has_response {
            &row.response
        } else {
            &row.passed
        }));
        cells
    };
    // The totals stand apart.
    let mut rows: Vec<Vec<String>> = figures.steps.iter().map(row).collect();
    rows.push(Vec::new());
    rows.push(row(&figures.all_steps));
    if figures.scenarios.len() > 1 {
        rows.extend(figures.scenarios.iter().map(row));
    }
    rows.push(row(&figures.iterations));
    let head = [
        "step",
        "count",
        "rate",
        "failed",
        "skipped",
        "cancelled",
        "p50",
        "p95",
        "p99",
        "max",
    ];
    let mut text = table::lines(&head, &rows);
    text.push_str(&trends(figures));
    text.push_str(&metric_lines::lines(figures));
    text.push('\n');
    for row in figures
        .steps
        .iter()
        .filter(|row| row.of(Outcome::Failed) > 0)
    {
        text.push_str(&failures(row));
    }
    text.push_str(&arrivals(figures));
    text.push_str(if is_open {
        "Times are response times of what passed: from the moment at which it was due to the end of the answer.\n"
    } else {
        "Times are service times of what passed: from the moment sent to the end of the answer.\n\
         Users wait for each answer before they go on, so a slow server gets less load.\n"
    });
    text
}

/// What became of arrivals: `arrivals: 5000 due, 4990 began, 10 dropped, ..`, a line a scenario that has any.
fn arrivals(figures: &Figures) -> String {
    let rows = figures.scenarios.iter();
    let rows = rows.filter(|row| row.start_error.count() + row.never_began() > 0);
    let several = figures.scenarios.len() > 1;
    rows.map(|row| {
        let of = if several {
            format!(" of {}", row.scenario)
        } else {
            String::new()
        };
        let began = row.start_error.count();
        let mut text = format!(
            "arrivals{of}: {} due, {began} began",
            began + row.never_began()
        );
        for (outcome, word) in [
            (Outcome::Dropped, "dropped: no user was free"),
            (Outcome::NotStarted, "not started before the end"),
        ] {
            if row.of(outcome) > 0 {
                let _ = write!(text, ", {} {word}", row.of(outcome));
            }
        }
        text.push('\n');
        for (waited, what) in [
            (&row.queued, "waited for a free user"),
            (&row.start_error, "began later than they could have"),
        ] {
            if let [p50, p95, p99, longest] = times(waited).as_slice()
                && waited.count() > 0
            {
                let _ = writeln!(
                    text,
                    "  {what}: p50 {p50}, p95 {p95}, p99 {p99}, max {longest}"
                );
            }
        }
        text
    })
    .collect()
}

/// `p50`, `p95`, `p99`, `max`
fn times(times: &Histogram) -> Vec<String> {
    let mut cells: Vec<String> = SHOWN.map(|at| or_dash(times.time(at))).to_vec();
    cells.push(or_dash(times.time_extremes().map(|(_, longest)| longest)));
    cells
}

/// The table of the trends that manifests declare.
fn trends(figures: &Figures) -> String {
    let trends = figures.metrics();
    let trends = trends.filter_map(|(name, label, values)| match values {
        Values::Trend(values) => Some(trend(&name, label, values)),
        _ => None,
    });
    let rows: Vec<Vec<String>> = trends.collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["metric", "values", "mean", "p50", "p95", "p99", "max"];
    format!("\n{}", table::lines(&head, &rows))
}

fn trend(step: &str, label: &MetricLayout, values: &Histogram) -> Vec<String> {
    let count = values.count().to_string();
    match &label.unit {
        Unit::Time => {
            let name = format!("{step} {}", label.name);
            let mut cells = vec![name, count, or_dash(values.mean_time())];
            cells.extend(times(values));
            cells
        }
        Unit::Other(unit) => {
            let unit = match unit.as_str() {
                "" => String::new(),
                unit => format!(" ({unit})"),
            };
            let mean = values.mean().unwrap_or_default();
            let shown = SHOWN.map(|at| values.quantile(at));
            let largest = values.extremes().map(|(_, largest)| largest);
            let mut cells = vec![
                format!("{step} {}{unit}", label.name),
                count,
                format!("{mean:.1}"),
            ];
            cells.extend(
                shown
                    .into_iter()
                    .chain([largest])
                    .map(|value| value.map_or_else(|| "-".to_owned(), |value| value.to_string())),
            );
            cells
        }
    }
}

/// `failures of http_request.a: 503 of kind status, 2 of kind timeout; they took p50 1.20ms, ..`
fn failures(row: &Row) -> String {
    let kinds = row.kinds().into_iter();
    let kinds: Vec<String> = kinds
        .map(|(kind, count)| format!("{count} of kind {kind}"))
        .collect();
    let mut text = format!("failures of {}: {}", row.name, kinds.join(", "));
    if let [p50, p95, p99, longest] = times(&row.failed).as_slice()
        && row.failed.count() > 0
    {
        let _ = write!(
            text,
            "; they took p50 {p50}, p95 {p95}, p99 {p99}, max {longest}"
        );
    }
    text.push('\n');
    text
}

/// `the generator fell behind: ..` where iterations did not begin in time, with its line break.
fn generator(conclusion: &Conclusion<'_>, paint: Paint) -> String {
    let Some(found) = conclusion.fell_behind else {
        return String::new();
    };
    let colour = match conclusion.exit {
        Exit::Overloaded => RED,
        _ => YELLOW,
    };
    let scenario = match conclusion.run.loads.as_slice() {
        [_] => String::new(),
        _ => format!("{}: ", found.scenario),
    };
    format!("{scenario}{}\n", paint.on(colour, &found.to_string()))
}

/// How the run ended, in one line without its line break.
pub fn verdict(figures: &Figures, conclusion: &Conclusion<'_>, paint: Paint) -> String {
    let whole = if conclusion.run.functional {
        let all = &figures.all_steps;
        let checks = checks::verdict(&figures.checks);
        let checks = checks.map_or_else(String::new, |checks| format!(", {checks}"));
        format!(
            "{}, {} failed{checks}, in {}",
            plural(all.count(), "step", "steps"),
            all.of(Outcome::Failed),
            short(figures.length)
        )
    } else {
        of_load(figures) + &thresholds::failed(conclusion.verdicts)
    };
    let (colour, word) = match conclusion.exit {
        Exit::Passed => (GREEN, "passed"),
        Exit::Interrupted => (YELLOW, "interrupted"),
        Exit::StepFailed | Exit::ThresholdFailed | Exit::Bug | Exit::BadInput => (RED, "failed"),
        Exit::SetUpFailed => (RED, "failed: set-up"),
        Exit::TeardownFailed => (RED, "failed: teardown"),
        Exit::Overloaded => (RED, "not valid"),
        Exit::OutputFailed => (RED, "failed: an output was not written"),
    };
    let left = if conclusion.left {
        " (resources were left behind)"
    } else {
        ""
    };
    format!("{}: {whole}{left}", paint.on(colour, word))
}

/// `20 iterations, 1 failed (5.00 %), 3 cancelled, in 10.0s and 1.20s of drain`
fn of_load(figures: &Figures) -> String {
    let iterations = &figures.iterations;
    let (failed, cancelled) = (
        iterations.of(Outcome::Failed),
        iterations.of(Outcome::Cancelled),
    );
    let mut text = if figures.nothing_ended() {
        "no iteration ended".to_owned()
    } else {
        let never = match iterations.never_began() {
            0 => String::new(),
            never => format!(", {never} never began"),
        };
        format!(
            "{}, {failed} failed{never} ({:.2} %)",
            plural(iterations.count(), "iteration", "iterations"),
            percent(figures.failed(), figures.asked())
        )
    };
    if cancelled > 0 {
        let _ = write!(text, ", {cancelled} cancelled");
    }
    if cancelled > iterations.count() && !figures.nothing_ended() {
        text.push_str(", which is more than ended");
    }
    let drain = figures.drain();
    if drain < SHORTEST_DRAIN {
        let _ = write!(text, ", in {}", short(figures.length));
    } else {
        let (load, drain) = (short(figures.begins_for), short(drain));
        let _ = write!(text, ", in {load} and {drain} of drain");
    }
    text
}
