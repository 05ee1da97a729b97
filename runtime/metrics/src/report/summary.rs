//! The end of a run for people, on one screen: verdict, load, times, answers, failures, what else was measured, and how well
//! the load was put on.

use super::checks;
use super::columns::Percentiles;
use super::custom_metrics;
use super::described::{Described, DescribedLoad};
use super::examples::Examples;
use super::figures::{Figures, Row};
use super::measure::{self, or_dash, percent, plural, rate, short};
use super::metric_lines;
use super::paint::{GREEN, Paint, RED, YELLOW};
use super::searches;
use super::table::{self, bounded, folded};
use super::thresholds;
use crate::interval::Histogram;
use crate::outcome::Outcome;
use crate::search::Searched;
use crate::verdict::Verdict;
use bggo_values::Text;
use std::fmt::Write as _;
use std::time::Duration;

/// Rows of steps in a table; more are only counted.
const MOST_ROWS: usize = 12;
/// Failures in their list.
const MOST_FAILURES: usize = 8;
/// By which steps are chosen where there are more.
const P95: u32 = 950_000;
/// A drain that is not worth a word.
const SHORTEST_DRAIN: Duration = Duration::from_millis(50);

/// A wait for a free user that is not worth a line.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It passed.
    Passed,
    /// A signal ended it.
    Interrupted,
    /// It failed.
    Failed,
    /// A panic ended it.
    Bug,
    /// Something could not be made.
    SetUpFailed,
    /// Something could not be destroyed.
    TeardownFailed,
    /// The load was not put on as it was asked for.
    Overloaded,
    /// A file could not be written.
    OutputFailed,
}

/// All that a summary is made of.
#[derive(Debug, Clone)]
pub struct Summary<'a> {
    /// How the run was started.
    pub run: &'a Described,
    /// What it measured.
    pub figures: &'a Figures,
    /// How it ended.
    pub ending: Ending,
    /// How its thresholds came out.
    pub verdicts: &'a [Verdict],
    /// What searches for the highest rate found.
    pub searches: &'a [Searched],
    /// Where the load was not put on in time, and why, if it was not.
    pub fell_behind: Option<String>,
    /// It was left before everything was destroyed.
    pub left: bool,
    /// A text of each failure.
    pub examples: &'a Examples,
    /// Columns of the tables.
    pub percentiles: &'a Percentiles,
}

impl Summary<'_> {
    /// The whole of it, each line with its line break.
    pub fn text(&self, paint: Paint) -> String {
        if self.run.functional {
            let figures = self.figures;
            let parts = [
                self.steps(),
                checks::lines(&figures.checks, paint),
                custom_metrics::lines(&figures.custom, self.percentiles),
                self.verdict(paint) + "\n",
            ];
            joined(&parts)
        } else {
            self.of_load(paint)
        }
    }

    /// The short table of a functional run. Its times are those of all runs of a step: each is told with its outcome anyway.
    fn steps(&self) -> String {
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
        let rows: Vec<Vec<String>> = self.figures.steps.iter().map(row).collect();
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

    fn of_load(&self, paint: Paint) -> String {
        let verdict = format!("{}{}", self.short_verdict(paint), self.left());
        let verdict: Vec<String> = verdict.split(' ').map(str::to_owned).collect();
        let mut text = format!("\n{}", folded(("", "  "), " ", &verdict));
        if let Some(found) = self.late(paint) {
            text.push_str(&found);
            text.push('\n');
        }
        for warning in self.figures.warnings() {
            // As long as it is: whoever looks for a warning finds it in one line.
            let _ = writeln!(text, "{} {warning}", paint.on(YELLOW, "warning:"));
        }
        let parts = [
            self.load(),
            searches::lines(self.searches, paint),
            self.times(),
            metric_lines::labelled(self.figures),
            self.failures(paint),
            self.thresholds(paint),
            checks::lines(&self.figures.checks, paint),
            custom_metrics::lines(&self.figures.custom, self.percentiles),
            metric_lines::others(self.figures, self.percentiles),
            self.own_health(),
        ];
        text.push_str(&joined(&parts));
        text
    }

    /// What was asked for, and what was got: some lines a scenario.
    fn load(&self) -> String {
        let run = self.run;
        let mut parts = vec![short(self.figures.begins_for)];
        let drain = self.figures.drain();
        if drain >= SHORTEST_DRAIN {
            parts.push(format!("then {} of drain", short(drain)));
        }
        parts.push(plural(run.threads.into(), "thread", "threads"));
        parts.push(format!("seed {}", run.seed));
        if let Some(segment) = &run.segment {
            parts.push(format!("share {segment} of the load"));
        }
        let mut text = folded(("load: ", "  "), ", ", &parts);
        for load in &run.loads {
            let words = [format!("{} {}", load.profile, load.words)];
            let begin = format!("  {}: ", load.scenario);
            text.push_str(&folded((&begin, "    "), "", &words));
            let mut rows = self.figures.scenarios.iter();
            let row = rows.find(|row| row.scenario == load.scenario.as_str());
            let Some(row) = row else { continue };
            let warm_up = self.figures.warm_up(&load.scenario);
            let asked = asked(load, row, warm_up);
            if !asked.is_empty() {
                text.push_str(&folded(("    ", "    "), ", ", &asked));
            }
            text.push_str(&folded(("    ", "    "), ", ", &got(load, row, warm_up)));
            if let Some(warm_up) = warm_up {
                let begin = format!("    its warm-up of {}, apart: ", short(load.warm_up));
                text.push_str(&folded((&begin, "    "), ", ", &ended(warm_up)));
            }
            let longest = row.queued.time_extremes().map(|(_, longest)| longest);
            if longest.is_some_and(|longest| longest >= SHORTEST_WAIT) {
                let begin = "    waited for a free user: ";
                text.push_str(&folded((begin, "      "), ", ", &self.waits(&row.queued)));
            }
        }
        text
    }

    /// `p50 0us`, `p99 1.20ms`, `max 5.00ms`
    fn waits(&self, times: &Histogram) -> Vec<String> {
        let heads = self.percentiles.heads();
        let cells = heads.zip(self.percentiles.times(times));
        cells.map(|(head, cell)| format!("{head} {cell}")).collect()
    }

    /// Response and service times of iterations and steps, and times of those that failed apart.
    fn times(&self) -> String {
        let figures = self.figures;
        let mut rows: Vec<&Row> = vec![&figures.iterations];
        if figures.scenarios.len() > 1 {
            rows.extend(&figures.scenarios);
        }
        let steps = slowest(&figures.steps);
        rows.extend(&steps);
        let blocks: [(&str, Pick); 4] = [
            ("response times", |row| &row.response),
            ("service times", |row| &row.passed),
            ("response times of failures", |row| &row.failed_response),
            ("service times of failures", |row| &row.failed),
        ];
        let is_open = self.run.is_open();
        let mut head: Vec<&str> = Vec::new();
        let mut lines: Vec<Vec<String>> = Vec::new();
        for (title, pick) in blocks {
            let measured = |row: &&&Row| pick(row).count() > 0;
            let mut shown: Vec<&&Row> = rows.iter().filter(measured).collect();
            if title == "service times" {
                // Those that measured nothing stand here, so that none is forgotten.
                shown = rows.iter().collect();
            }
            // A closed load has response times only of steps behind others: they are in JSON.
            if shown.is_empty() || title.starts_with("response") && !is_open {
                continue;
            }
            if head.is_empty() {
                head = vec![title, "count"];
            } else {
                lines.push(vec![title.to_owned()]);
            }
            lines.extend(shown.into_iter().map(|row| {
                let count = pick(row).count();
                let mut cells = vec![format!("  {}", row.name), count.to_string()];
                cells.extend(self.percentiles.times(pick(row)));
                cells
            }));
        }
        head.extend(self.percentiles.heads());
        let mut text = table::lines(&head, &lines);
        let more = figures.steps.len() - steps.len();
        if more > 0 {
            let _ = writeln!(
                text,
                "  … {} in --summary-json: these are the slowest by p95",
                plural(more as u64, "more step", "more steps")
            );
        }
        if self.run.loads.iter().any(|load| !load.is_open) {
            text.push_str(
                "in a closed load users wait for each answer: a slow target gets less load\n",
            );
        }
        let skipped = figures.steps.iter();
        let skipped = skipped.filter(|row| row.of(Outcome::Skipped) > 0);
        let skipped: Vec<String> = skipped
            .map(|row| format!("{} {}", row.name, row.of(Outcome::Skipped)))
            .collect();
        if !skipped.is_empty() {
            text.push_str(&folded(
                ("skipped: ", "  "),
                ", ",
                &bounded(skipped, MOST_ROWS),
            ));
        }
        text
    }

    /// Failures of steps by kind, the most frequent first, each with the text of one.
    fn failures(&self, paint: Paint) -> String {
        let steps = self.figures.steps.iter();
        let mut all: Vec<(&Row, Text, u64)> = Vec::new();
        let mut add = |row, (kind, count)| {
            let place = all.partition_point(|(_, _, known)| *known >= count);
            all.insert(place, (row, kind, count));
        };
        for row in steps {
            row.kinds().into_iter().for_each(|kind| add(row, kind));
        }
        let outside = self.figures.iterations.kinds().into_iter();
        // What failed outside of all steps is a failure of the iteration alone.
        let outside = outside.filter(|(kind, _)| kind.as_str() == "no_failed_step");
        outside.for_each(|kind| add(&self.figures.iterations, kind));
        if all.is_empty() {
            return String::new();
        }
        let more = all.len().saturating_sub(MOST_FAILURES);
        all.truncate(MOST_FAILURES);
        let digits = all
            .iter()
            .map(|(_, _, count)| count.to_string().len())
            .max()
            .unwrap_or_default();
        let mut text = format!("{}\n", paint.on(RED, "failures"));
        for (row, kind, count) in all {
            let _ = writeln!(text, "  {count:>digits$}  {kind}  {}", row.name);
            if let Some(example) = self.examples.of(&row.name, &kind) {
                let indent = " ".repeat(4 + digits);
                let words: Vec<String> = example.split(' ').map(str::to_owned).collect();
                text.push_str(&folded((&indent, &indent), " ", &words));
            }
        }
        if more > 0 {
            let _ = writeln!(text, "  … {more} more in --summary-json");
        }
        text
    }

    /// How the thresholds came out.
    fn thresholds(&self, paint: Paint) -> String {
        if self.verdicts.is_empty() {
            return String::new();
        }
        format!("thresholds\n{}", thresholds::lines(self.verdicts, paint))
    }

    /// How exactly the load was put on: what is the doing of this program and its host, not of the target.
    fn own_health(&self) -> String {
        let scenarios = self.figures.scenarios.iter();
        let late: Vec<&Row> = scenarios
            .filter(|row| row.start_error.count() > 0)
            .collect();
        if late.is_empty() {
            return String::new();
        }
        let mut text = String::from("own health\n");
        for row in &late {
            let of = if late.len() > 1 {
                format!(" of {}", row.scenario)
            } else {
                String::new()
            };
            let begin = format!("  starts{of} late by: ");
            text.push_str(&folded(
                (&begin, "    "),
                ", ",
                &self.waits(&row.start_error),
            ));
        }
        text
    }

    /// How the run ended, in one line without its line break; behind another one if the load was not put on in time.
    pub fn verdict(&self, paint: Paint) -> String {
        let short = self.short_verdict(paint);
        let drain = self.figures.drain();
        let took = if self.run.functional || drain < SHORTEST_DRAIN {
            format!("in {}", measure::short(self.figures.length))
        } else {
            let load = measure::short(self.figures.begins_for);
            format!("in {load} and {} of drain", measure::short(drain))
        };
        let late = self.late(paint);
        let late = late.map_or_else(String::new, |late| format!("{late}\n"));
        format!("{late}{short}, {took}{}", self.left())
    }

    /// That the load was not put on in time.
    fn late(&self, paint: Paint) -> Option<String> {
        let colour = match self.ending {
            Ending::Overloaded => RED,
            _ => YELLOW,
        };
        Some(paint.on(colour, self.fell_behind.as_ref()?))
    }

    /// The same without how long it took.
    fn short_verdict(&self, paint: Paint) -> String {
        let why = if self.run.functional {
            let all = &self.figures.all_steps;
            let steps = plural(all.count(), "step", "steps");
            let checks = checks::verdict(&self.figures.checks);
            let checks = checks.map_or_else(String::new, |checks| format!(", {checks}"));
            format!("{steps}, {} failed{checks}", all.of(Outcome::Failed))
        } else {
            why(self.figures)
                + &thresholds::failed(self.verdicts)
                + &searches::failed(self.searches)
        };
        let (colour, word) = match self.ending {
            Ending::Passed => (GREEN, "passed"),
            Ending::Interrupted => (YELLOW, "interrupted"),
            Ending::Failed => (RED, "failed"),
            Ending::Bug => (RED, "failed: a panic"),
            Ending::SetUpFailed => (RED, "failed: set-up"),
            Ending::TeardownFailed => (RED, "failed: teardown"),
            Ending::Overloaded => (RED, "not valid"),
            Ending::OutputFailed => (RED, "failed: an output was not written"),
        };
        format!("{}: {why}", paint.on(colour, word))
    }

    fn left(&self) -> &'static str {
        if self.left {
            " (resources were left behind)"
        } else {
            ""
        }
    }
}

type Pick = fn(&Row) -> &Histogram;

/// Parts that have a line, each behind an empty one.
fn joined(parts: &[String]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.fold(String::new(), |all, part| all + "\n" + part)
}

fn unless_zero(count: u64) -> String {
    if count == 0 {
        String::new()
    } else {
        count.to_string()
    }
}

/// The steps that are shown: of many the slowest by p95, in the order of the grid.
fn slowest(steps: &[Row]) -> Vec<&Row> {
    let slowness = |row: &Row| {
        let times = if row.response.count() > 0 {
            &row.response
        } else {
            &row.passed
        };
        times.time(P95)
    };
    if steps.len() <= MOST_ROWS {
        return steps.iter().collect();
    }
    let mut chosen: Vec<(Option<Duration>, usize)> = Vec::new();
    for (number, row) in steps.iter().enumerate() {
        let slowness = slowness(row);
        let place = chosen.partition_point(|(known, _)| *known >= slowness);
        chosen.insert(place, (slowness, number));
        chosen.truncate(MOST_ROWS);
    }
    let is_chosen = |number: usize| chosen.iter().any(|(_, one)| *one == number);
    let rows = steps.iter().enumerate();
    let rows = rows.filter(|(number, _)| is_chosen(*number));
    rows.map(|(_, row)| row).collect()
}

/// What the load asked for, its warm-up included: `asked 15000 (500.0/s), began 14990, 10 dropped: no user was free`.
fn asked(load: &DescribedLoad, row: &Row, warm_up: Option<&Row>) -> Vec<String> {
    let both = |count: &dyn Fn(&Row) -> u64| count(row) + warm_up.map_or(0, count);
    let about = if load.expected.is_some() {
        "about "
    } else {
        ""
    };
    let asked = load.iterations.or(load.expected);
    let mut parts = Vec::new();
    if let Some(asked) = asked {
        let length = load.length.unwrap_or_default();
        let a_second = if load.is_open && !length.is_zero() {
            format!(" ({:.1}/s)", rate(asked, length))
        } else {
            String::new()
        };
        parts.push(format!("asked {about}{asked}{a_second}"));
    }
    if load.is_open {
        let due = both(&Row::due);
        if asked != Some(due) {
            parts.push(format!("due {due} by the end"));
        }
        parts.push(format!("began {}", both(&|row| row.began)));
        for (outcome, words) in [
            (Outcome::Dropped, "dropped: no user was free"),
            (Outcome::NotStarted, "not started before the end"),
        ] {
            let count = both(&|row| row.of(outcome));
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
    }
    parts
}

/// What was got: that, and how many never began where the load asks for a number of them.
fn got(load: &DescribedLoad, row: &Row, warm_up: Option<&Row>) -> Vec<String> {
    let mut parts = ended(row);
    let begun = row.begun() + warm_up.map_or(0, Row::begun);
    let asked = load.iterations.filter(|_| !load.is_open);
    if let Some(left) = asked.map(|asked| asked.saturating_sub(begun))
        && left > 0
    {
        parts.push(format!("{left} never began"));
    }
    parts
}

/// `ended 14990 (499.7/s), 3 failed, 1 cancelled`
fn ended(row: &Row) -> Vec<String> {
    let rate = row.rate();
    let mut parts = vec![format!("ended {} ({rate:.1}/s)", row.count())];
    for (outcome, word) in [
        (Outcome::Failed, "failed"),
        (Outcome::Cancelled, "cancelled"),
    ] {
        if row.of(outcome) > 0 {
            parts.push(format!("{} {word}", row.of(outcome)));
        }
    }
    parts
}

/// `20 iterations, 1 failed (5.00 %), 3 cancelled`
fn why(figures: &Figures) -> String {
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
    text
}

#[cfg(test)]
mod tests;
