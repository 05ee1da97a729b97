//! What happens in a run as lines for people.

use super::describe::words;
use super::step_names::StepNames;
use super::writer::LineWriter;
use super::{Conclusion, Output, RunDescription};
use crate::event::{CheckReport, Event, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::info::{ResourceInfo, Sensitivity};
use crate::judgement::Second;
use bggo_metrics::report::measure::{or_dash, plural, short};
use bggo_metrics::report::{GREEN, Paint, RED, YELLOW};

/// Writes begin and events.
#[derive(Debug)]
pub struct TextLines {
    lines: LineWriter,
    level: LogLevel,
    paint: Paint,
    names: StepNames,
}

impl TextLines {
    /// Up to a level.
    pub fn new(lines: LineWriter, level: LogLevel, paint: Paint) -> Self {
        Self {
            lines,
            level,
            paint,
            names: StepNames::default(),
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
        self.names = StepNames::new(run);
        self.put(LogLevel::Info, || begins(run));
        if let Some(line) = replaced(run) {
            self.put(LogLevel::Info, || line);
        }
    }

    fn event(&mut self, event: &Event) {
        self.put(event.level(), || told(event, &self.names, self.paint));
    }

    fn second(&mut self, _: &Second<'_>) {}

    fn ends(&mut self, _: &Conclusion<'_>) {}
}

/// An event, without its line break.
pub fn told(event: &Event, names: &StepNames, paint: Paint) -> String {
    match event {
        Event::Step(end) => step(end, names, paint) + &exchanges(end),
        Event::FirstFailure(end) => format!(
            "{} {}  {} (the first of its kind)",
            paint.on(YELLOW, "failed:"),
            names.full(end),
            reason(end)
        ),
        Event::Check(report) => {
            format!("{} {}", paint.on(YELLOW, "check:"), check(report, names))
        }
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

/// A failure as a line: `http_request.order "is created" failed: got 500, grid.hcl:12:3`.
fn check(report: &CheckReport, names: &StepNames) -> String {
    let (step, check) = (names.full(report), report.check.name());
    let reason = match report.text.as_str() {
        "" => String::new(),
        text => format!(": {text}"),
    };
    format!("{step} {check:?} failed{reason}, {}", report.place)
}

/// The load of the run; of several scenarios each with its name: `browse 50 users for 10s; order 2 users for 10s`.
fn loads(run: &RunDescription) -> String {
    match run.loads.as_slice() {
        [only] => words(&only.load),
        several => {
            let several = several.iter();
            let several = several.map(|one| format!("{} {}", one.scenario, words(&one.load)));
            several.collect::<Vec<_>>().join("; ")
        }
    }
}

fn begins(run: &RunDescription) -> String {
    let name = run.grid.name;
    if run.functional {
        let scenarios = run.grid.scenarios.iter();
        let steps = scenarios.map(|row| {
            let reached = run.grid.reached_by(row);
            let steps = reached.iter().map(|one| one.body.steps().len() as u64);
            steps.sum::<u64>()
        });
        let phases = run.grid.phases.iter().map(|phase| {
            let reached = phase.reached();
            let steps = reached.iter().map(|one| one.body.steps().len() as u64);
            steps.sum::<u64>()
        });
        let steps = steps.chain(phases).sum();
        format!("{name}: {}", plural(steps, "step", "steps"))
    } else {
        format!(
            "{name}: {} on {}",
            loads(run),
            plural(run.threads.into(), "thread", "threads")
        )
    }
}

fn step(end: &StepReport, names: &StepNames, paint: Paint) -> String {
    let name = names.full(end);
    let line = |colour, outcome: &str| {
        // Painted text has bytes without width, so the padding is made outside.
        let pad = " ".repeat(9_usize.saturating_sub(outcome.len()));
        let attempts = match end.attempts {
            0 | 1 => String::new(),
            several => format!("  ({several} attempts)"),
        };
        format!(
            "{}{pad} {name:<32} {:>7}{attempts}",
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
        StepOutcome::Recovered => {
            format!(
                "{}  {} (its fallback stands in)",
                line(YELLOW, "failed"),
                reason(end)
            )
        }
        StepOutcome::FailedAndContinued => {
            format!("{}  {} (the run goes on)", line(RED, "failed"), reason(end))
        }
    }
}

/// What it sent and what came back, each on lines of their own.
fn exchanges(end: &StepReport) -> String {
    end.exchanges.iter().map(Exchange::lines).collect()
}

fn reason(end: &StepReport) -> String {
    match &end.fault {
        Some(fault) => described(fault, end.info.place(), end.info.sensitivity()),
        None => String::new(),
    }
}

/// `connect: connection refused, grid.hcl:5:14`; of what has a sensitive input no value is shown.
pub fn described(fault: &Fault, place: &str, sensitivity: Sensitivity) -> String {
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
        ResourceEvent::SettleFailed { fault } => failed("not settled:", fault),
        ResourceEvent::DestroyFailed { fault } => failed("not destroyed:", fault),
    }
}
