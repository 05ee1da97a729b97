//! Events as lines for people.

use super::measure::{or_dash, percent, plural, short};
use super::summary::TOO_MANY_PERCENT;
use super::{Conclusion, Entry, Line, Row, RunDescription, Summary, table};
use crate::event::{Event, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::info::{ResourceInfo, Sensitivity};
use crate::metrics::Counter;
use std::fmt::Write as _;
use std::time::Duration;

/// Whether colours are used.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

/// A stretch of time whose rate is not shown when it is shorter.
const SHORTEST: Duration = Duration::from_millis(500);

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;

impl Paint {
    fn on(self, colour: u8, text: &str) -> String {
        if self.0 {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The entry's lines, each ending in a line break.
pub fn render(entry: &Entry<'_>, paint: Paint) -> String {
    let mut text = match entry {
        Entry::Begins(run) => begins(run),
        Entry::Event(event) => told(event, paint),
        Entry::Line(line) => live(line),
        Entry::Ends(conclusion) => return ends(conclusion, paint),
    };
    text.push('\n');
    text
}

fn told(event: &Event, paint: Paint) -> String {
    match event {
        Event::Step(end) => step(end, paint),
        Event::FirstFailure(end) => format!(
            "{} {}{}  {} (the first of its kind)",
            paint.on(YELLOW, "failed:"),
            end.info,
            end.instance,
            reason(end)
        ),
        Event::Resource(info, event) => resource(info, event, paint),
        Event::Message(LogLevel::Error, text) => format!("{} {text}", paint.on(RED, "error:")),
        Event::Message(LogLevel::Warn, text) => format!("{} {text}", paint.on(YELLOW, "warning:")),
        Event::Message(LogLevel::Info | LogLevel::Debug, text) => text.clone(),
        Event::Panic(text) => format!(
            "{} {text}\nThis is a bug in bggo or in a module of this grid, not in the grid: please report it.",
            paint.on(RED, "panic:")
        ),
    }
}

/// `one user`, `50 users for 10s`, `50 users, 1000 iterations`.
fn load(run: &RunDescription) -> String {
    let mut text = plural(run.schedule.users().into(), "user", "users");
    if let Some(length) = run.schedule.length() {
        let _ = write!(text, " for {}", bggo_values::duration::format(length));
    }
    if let Some(total) = run.schedule.total() {
        let _ = write!(text, ", {}", plural(total, "iteration", "iterations"));
    }
    text
}

fn begins(run: &RunDescription) -> String {
    let name = run.grid.name;
    if run.functional {
        let steps = run.grid.all_steps().count() as u64;
        format!("{name}: {}", plural(steps, "step", "steps"))
    } else {
        format!(
            "{name}: {} on {}",
            load(run),
            plural(run.threads.into(), "thread", "threads")
        )
    }
}

fn step(end: &StepReport, paint: Paint) -> String {
    let name = format!("{}{}", end.info, end.instance);
    let line = |colour, outcome: &str| {
        // Painted text has bytes without width, so the padding is made outside.
        let pad = " ".repeat(9_usize.saturating_sub(outcome.len()));
        format!(
            "{}{pad} {name:<32} {:>7}",
            paint.on(colour, outcome),
            short(end.service)
        )
    };
    match end.outcome {
        StepOutcome::Passed => line(GREEN, "passed"),
        StepOutcome::Skipped => format!("{}   {name}", paint.on(YELLOW, "skipped")),
        StepOutcome::Cancelled => line(YELLOW, "cancelled"),
        StepOutcome::Failed => format!("{}  {}", line(RED, "failed"), reason(end)),
        StepOutcome::FailedAndContinued => {
            format!("{}  {} (the run goes on)", line(RED, "failed"), reason(end))
        }
    }
}

fn reason(end: &StepReport) -> String {
    match &end.fault {
        Some(fault) => described(fault, end.info.place(), end.info.sensitivity()),
        None => String::new(),
    }
}

/// `connect: connection refused, grid.hcl:5:14`; of what has a sensitive input no value is shown.
fn described(fault: &Fault, place: &str, sensitivity: Sensitivity) -> String {
    let text = fault.shown(sensitivity);
    match fault.place() {
        Some(place) => format!("{}: {text}, {place}", fault.kind()),
        None => format!("{}: {text}, {place}", fault.kind()),
    }
}

fn resource(info: &ResourceInfo, event: &ResourceEvent, paint: Paint) -> String {
    let failed = |what: &str, fault: &Fault| {
        let reason = described(fault, info.place(), info.sensitivity());
        format!("{} resource.{info}  {reason}", paint.on(RED, what))
    };
    match event {
        ResourceEvent::Created { took } => format!("created   resource.{info} in {}", short(*took)),
        ResourceEvent::Destroyed { took } => {
            format!("destroyed resource.{info} in {}", short(*took))
        }
        ResourceEvent::CreateFailed { fault } => failed("not created:", fault),
        ResourceEvent::DestroyFailed { fault } => failed("not destroyed:", fault),
    }
}

fn live(line: &Line) -> String {
    // The rest of a second that is left at the end is too short to say anything of a second.
    let rate = if line.length < SHORTEST {
        "-".to_owned()
    } else {
        format!("{:.1}/s", line.rate())
    };
    // Each number stands beside its word, and words stand below each other.
    let mut text = format!(
        "{:>7.1}s  users {:<5} iterations {:<7} rate {rate:<10} failed {:<6} p95 {}",
        line.at.as_secs_f64(),
        line.users,
        line.iterations,
        line.failed,
        or_dash(line.p95)
    );
    if line.cancelled > 0 {
        let _ = write!(text, "  cancelled {}", line.cancelled);
    }
    text
}

fn ends(conclusion: &Conclusion<'_>, paint: Paint) -> String {
    let mut text = String::from("\n");
    if conclusion.run.functional {
        text.push_str(&steps(conclusion.total));
    } else {
        text.push_str(&figures(conclusion.total));
    }
    text.push('\n');
    text.push_str(&verdict(conclusion, paint));
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

/// The short table of a functional run.
fn steps(total: &Summary) -> String {
    let rows: Vec<Vec<String>> = total
        .steps
        .iter()
        .map(|row| {
            vec![
                row.name.clone(),
                row.count().to_string(),
                unless_zero(row.of(Counter::Failed)),
                unless_zero(row.of(Counter::Skipped)),
                unless_zero(row.of(Counter::Cancelled)),
                or_dash(row.times.mean_time()),
                if row.count() > 1 {
                    or_dash(row.times.time(10_000))
                } else {
                    String::new()
                },
            ]
        })
        .collect();
    table::lines(
        &[
            "step",
            "runs",
            "failed",
            "skipped",
            "cancelled",
            "time",
            "longest",
        ],
        &rows,
    )
}

/// The summary of a load run.
fn figures(total: &Summary) -> String {
    let row = |row: &Row| {
        vec![
            row.name.clone(),
            row.count().to_string(),
            format!("{:.1}/s", row.rate()),
            row.of(Counter::Failed).to_string(),
            unless_zero(row.of(Counter::Skipped)),
            unless_zero(row.of(Counter::Cancelled)),
            or_dash(row.times.time(5_000)),
            or_dash(row.times.time(9_500)),
            or_dash(row.times.time(9_900)),
            or_dash(row.times.time(10_000)),
        ]
    };
    // The totals stand apart.
    let mut rows: Vec<Vec<String>> = total.steps.iter().map(row).collect();
    rows.push(Vec::new());
    rows.extend([&total.all_steps, &total.iterations].map(row));
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
    text.push('\n');
    for row in total.steps.iter().filter(|row| row.of(Counter::Failed) > 0) {
        let kinds: Vec<String> = row
            .kinds()
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        let _ = writeln!(text, "failures of {}: {}", row.name, kinds.join(", "));
    }
    text.push_str(
        "Times are service times: from the moment sent to the end of the answer.\n\
         Users wait for each answer before they go on, so a slow server gets less load.\n",
    );
    text
}

fn verdict(conclusion: &Conclusion<'_>, paint: Paint) -> String {
    let Conclusion {
        run,
        total,
        exit,
        left,
    } = conclusion;
    let took = short(total.length);
    let failed = total.iterations.of(Counter::Failed);
    let whole = if run.functional {
        let steps = total.all_steps.count();
        format!(
            "{}, {} failed, in {took}",
            plural(steps, "step", "steps"),
            total.all_steps.of(Counter::Failed)
        )
    } else {
        let share = percent(failed, total.iterations.count());
        let limit = if *exit == Exit::ThresholdFailed {
            format!("; the limit is {TOO_MANY_PERCENT} %")
        } else {
            String::new()
        };
        format!(
            "{}, {failed} failed ({share:.2} %{limit}), in {took}",
            plural(total.iterations.count(), "iteration", "iterations")
        )
    };
    let (colour, word) = match exit {
        Exit::Passed => (GREEN, "passed"),
        Exit::Interrupted => (YELLOW, "interrupted"),
        Exit::StepFailed | Exit::ThresholdFailed | Exit::Bug | Exit::BadInput => (RED, "failed"),
        Exit::SetUpFailed => (RED, "failed: set-up"),
        Exit::TeardownFailed => (RED, "failed: teardown"),
    };
    let left = if *left {
        " (resources were left behind)"
    } else {
        ""
    };
    format!("{}: {whole}{left}", paint.on(colour, word))
}
