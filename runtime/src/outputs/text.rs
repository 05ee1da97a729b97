//! What happens in a run as lines for people, and a live line for each second of load.

use super::checks;
use super::line::{Line, LinesSoFar};
use super::measure::{or_dash, plural, short};
use super::writer::LineWriter;
use super::{Conclusion, Output, RunDescription};
use crate::event::{Event, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::fault::Fault;
use crate::grid::Scenario;
use crate::info::{ResourceInfo, Sensitivity};
use crate::judgement::Second;
use crate::metrics::Layout;
use bggo_schedule::{Load, Schedule};
use std::fmt::Write as _;
use std::time::Duration;

/// Whether colours are used.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

/// A stretch of time whose rate is not shown when it is shorter.
const SHORTEST: Duration = Duration::from_millis(500);

pub const RED: u8 = 31;
pub const GREEN: u8 = 32;
pub const YELLOW: u8 = 33;

impl Paint {
    /// `text` in a colour.
    pub fn on(self, colour: u8, text: &str) -> String {
        if self.0 {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Writes begin, events and live lines.
#[derive(Debug)]
pub struct TextLines {
    lines: LineWriter,
    level: LogLevel,
    paint: Paint,
    so_far: LinesSoFar,
    /// Those of the grid.
    scenarios: &'static [Scenario],
}

impl TextLines {
    /// Up to a level.
    pub fn new(lines: LineWriter, level: LogLevel, paint: Paint) -> Self {
        Self {
            lines,
            level,
            paint,
            so_far: LinesSoFar::default(),
            scenarios: &[],
        }
    }

    fn put(&self, level: LogLevel, line: impl FnOnce() -> String) {
        if level <= self.level {
            self.lines.put(line() + "\n");
        }
    }
}

impl Output for TextLines {
    fn begins(&mut self, run: &RunDescription) {
        self.scenarios = run.grid.scenarios;
        self.put(LogLevel::Info, || begins(run));
        if let Some(line) = replaced(run) {
            self.put(LogLevel::Info, || line);
        }
    }

    fn event(&mut self, event: &Event) {
        self.put(event.level(), || told(event, self.scenarios, self.paint));
    }

    fn second(&mut self, second: &Second<'_>) {
        let line = self.so_far.next(second);
        self.put(LogLevel::Info, || live(&line));
    }

    fn ends(&mut self, _: &Layout, _: &Conclusion<'_>) {}
}

/// An event, without its line break.
pub fn told(event: &Event, scenarios: &'static [Scenario], paint: Paint) -> String {
    match event {
        Event::Step(end) => step(end, scenarios, paint),
        Event::FirstFailure(end) => format!(
            "{} {}  {} (the first of its kind)",
            paint.on(YELLOW, "failed:"),
            end.full_name(scenarios),
            reason(end)
        ),
        Event::Check(report) => format!(
            "{} {}",
            paint.on(YELLOW, "check:"),
            checks::line(report, scenarios)
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

/// `1 user`, `50 users for 10s`, `50 users, 1000 iterations`.
fn load(load: &Load) -> String {
    let schedule = &load.schedule;
    let mut text = match schedule {
        Schedule::Open(arrivals) => format!(
            "up to {}",
            plural(arrivals.max_users.into(), "user", "users")
        ),
        Schedule::Ramping(ramp) => format!("up to {}", plural(ramp.most().into(), "user", "users")),
        Schedule::Closed(closed) => plural(closed.users.into(), "user", "users"),
    };
    let length = schedule.length().map(bggo_values::duration::format);
    let total = schedule.total();
    let total = total.map(|total| plural(total, "iteration", "iterations"));
    match (schedule, total, length) {
        // The iterations are what was asked for, and the time is only the most that they may take.
        (Schedule::Closed(_), Some(total), Some(length)) => {
            let _ = write!(text, ", {total}, at most {length}");
        }
        (_, total, length) => {
            if let Some(length) = length {
                let _ = write!(text, " for {length}");
            }
            if let Some(total) = total {
                let _ = write!(text, ", {total}");
            }
        }
    }
    text
}

/// That flags replace what the grid declares, a line a scenario.
fn replaced(run: &RunDescription) -> Option<String> {
    let loads = run.loads.iter();
    let lines = loads.filter_map(|one| {
        let declared = one.load.replaces?;
        Some(format!(
            "flags replace the declared load of {}: {} instead of {declared}",
            one.scenario, one.load.profile
        ))
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The load of the run; of several scenarios each with its name: `browse 50 users for 10s; order 2 users for 10s`.
fn loads(run: &RunDescription) -> String {
    match run.loads.as_slice() {
        [only] => load(&only.load),
        several => {
            let several = several.iter();
            let several = several.map(|one| format!("{} {}", one.scenario, load(&one.load)));
            several.collect::<Vec<_>>().join("; ")
        }
    }
}

fn begins(run: &RunDescription) -> String {
    let name = run.grid.name;
    if run.functional {
        let scenarios = run.grid.scenarios.iter();
        let steps = scenarios.map(|row| run.grid.steps_of(row).len() as u64);
        let steps = steps.sum();
        format!("{name}: {}", plural(steps, "step", "steps"))
    } else {
        format!(
            "{name}: {} on {}",
            loads(run),
            plural(run.threads.into(), "thread", "threads")
        )
    }
}

fn step(end: &StepReport, scenarios: &'static [Scenario], paint: Paint) -> String {
    let name = end.full_name(scenarios);
    let line = |colour, outcome: &str| {
        // Painted text has bytes without width, so the padding is made outside.
        let pad = " ".repeat(9_usize.saturating_sub(outcome.len()));
        format!(
            "{}{pad} {name:<32} {:>7}",
            paint.on(colour, outcome),
            or_dash(end.service)
        )
    };
    match end.outcome {
        StepOutcome::Passed => line(GREEN, "passed"),
        StepOutcome::Skipped => format!("{}   {name}", paint.on(YELLOW, "skipped")),
        StepOutcome::Cancelled => line(YELLOW, "cancelled"),
        StepOutcome::Failed | StepOutcome::Cut => {
            format!("{}  {}", line(RED, "failed"), reason(end))
        }
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

/// A live line, without its line break.
pub fn live(line: &Line) -> String {
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
