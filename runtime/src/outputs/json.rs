//! Events as JSON, one object a line. What leaves here is a contract; `docs/output.md` is its page, and a test holds both
//! side by side.
//!
//! Every object has `event`. Lengths of time are milliseconds (`ms`, `_ms`) or seconds. What does not apply is left out.

use super::{Conclusion, Entry, Line, Row, RunDescription};
use crate::event::{Event, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::info::{Instance, ResourceInfo, Sensitivity};
use crate::metrics::Counter;
use bggo_values::{Number, Text, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The entry as one line.
pub fn render(entry: &Entry<'_>) -> String {
    let object = match entry {
        Entry::Begins(run) => begins(run),
        Entry::Event(event) => told(event),
        Entry::Line(line) => interval(line),
        Entry::Ends(conclusion) => summary(conclusion),
    };
    format!("{}\n", json::Json(&object.done()))
}

fn told(event: &Event) -> Object {
    match event {
        Event::Step(end) => step(end),
        Event::FirstFailure(end) => first_failure(end),
        Event::Resource(info, event) => resource(info, event),
        Event::Message(level, text) => Object::event(level_name(*level)).put("text", text.clone()),
        Event::Panic(text) => Object::event("error")
            .put("kind", "bug")
            .put("text", text.clone()),
    }
}

/// An object in the making; its keys stay in the order in which they came.
#[derive(Default)]
struct Object(Vec<(Text, Value)>);

impl Object {
    fn event(name: &'static str) -> Self {
        Self::default().put("event", name)
    }

    fn put(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((Text::Static(key), value.into()));
        self
    }

    fn put_some(self, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    /// How often something happened.
    fn count(self, key: &'static str, count: impl Into<Number>) -> Self {
        self.put(key, Value::Number(count.into()))
    }

    fn done(self) -> Value {
        Value::from(self.0)
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warning",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
    }
}

fn millis(time: Duration) -> Value {
    // Microseconds are what is measured.
    thousandths(time.as_micros())
}

fn seconds(time: Duration) -> Value {
    thousandths(time.as_millis())
}

fn thousandths(count: u128) -> Value {
    let count = Number::from(u64::try_from(count).unwrap_or(u64::MAX));
    Value::from(count.over(&Number::from(1000_u32)).unwrap_or(count))
}

fn unix(at: SystemTime) -> Value {
    seconds(at.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn tenths(rate: f64) -> Value {
    let rate = Number::from_f64(rate).map(|rate| rate.round(1));
    rate.map_or(Value::Null, Value::from)
}

fn begins(run: &RunDescription) -> Object {
    let total = run.schedule.total().map(Number::from);
    Object::event("start")
        .put("grid", run.grid.name)
        .put("version", run.grid.version)
        .put("run", run.run_id.clone())
        .put("functional", run.functional)
        .count("users", run.schedule.users())
        .count("threads", run.threads)
        .put_some("iterations", total)
        .put_some("duration", run.schedule.length().map(seconds))
}

fn named(event: &'static str, end: &StepReport) -> Object {
    let object = Object::event(event).put("step", end.info.to_string());
    match &end.instance {
        Instance::None => object,
        Instance::Index(index) => object.count("instance", *index),
        Instance::Key(key) => object.put("instance", key.clone()),
    }
}

fn step(end: &StepReport) -> Object {
    let outcome = match end.outcome {
        StepOutcome::Passed => "passed",
        StepOutcome::Failed | StepOutcome::FailedAndContinued => "failed",
        StepOutcome::Skipped => "skipped",
        StepOutcome::Cancelled => "cancelled",
    };
    let took = (outcome != "skipped").then(|| millis(end.service));
    let object = named("step", end)
        .put("outcome", outcome)
        .put_some("ms", took)
        .count("vu", end.user)
        .count("iteration", end.iteration);
    match &end.fault {
        Some(fault) => put_fault(object, fault, end.info.place(), end.info.sensitivity())
            .put("continued", end.outcome == StepOutcome::FailedAndContinued),
        None => object,
    }
}

fn first_failure(end: &StepReport) -> Object {
    let Some(fault) = &end.fault else {
        return named("warning", end);
    };
    let text = format!(
        "{}{} failed in a new way: {}",
        end.info,
        end.instance,
        fault.kind()
    );
    let object = named("warning", end).put("text", text);
    put_fault(object, fault, end.info.place(), end.info.sensitivity())
}

fn put_fault(object: Object, fault: &Fault, place: &str, sensitivity: Sensitivity) -> Object {
    let place = fault
        .place()
        .map_or_else(|| place.to_owned(), |place| place.to_string());
    object
        .put("kind", fault.kind().to_owned())
        .put("error", fault.shown(sensitivity).into_owned())
        .put("place", place)
}

fn resource(info: &ResourceInfo, event: &ResourceEvent) -> Object {
    let (what, took, fault) = match event {
        ResourceEvent::Created { took } => ("created", Some(*took), None),
        ResourceEvent::Destroyed { took } => ("destroyed", Some(*took), None),
        ResourceEvent::CreateFailed { fault } => ("create_failed", None, Some(fault)),
        ResourceEvent::DestroyFailed { fault } => ("destroy_failed", None, Some(fault)),
    };
    let object = Object::event("resource")
        .put("resource", info.to_string())
        .put("what", what)
        .put_some("ms", took.map(millis));
    match fault {
        Some(fault) => put_fault(object, fault, info.place(), info.sensitivity()),
        None => object,
    }
}

/// Counts by name.
fn counts<K: Into<Text>, N: Into<Number>>(counts: impl IntoIterator<Item = (K, N)>) -> Value {
    let pairs = counts
        .into_iter()
        .map(|(name, count)| (name.into(), Value::Number(count.into())));
    Value::from(pairs.collect::<Vec<_>>())
}

fn interval(line: &Line) -> Object {
    let steps = line.steps.iter();
    Object::event("interval")
        .count("second", line.number)
        .put("at", unix(line.taken))
        .put("elapsed", seconds(line.at))
        .count("users", line.users)
        .count("iterations", line.iterations)
        .put("rate", tenths(line.rate()))
        .count("failed", line.failed)
        .count("cancelled", line.cancelled)
        .put_some("p95_ms", line.p95.map(millis))
        .put(
            "steps",
            counts(steps.map(|(name, count)| (name.clone(), *count))),
        )
}

fn row(object: Object, row: &Row) -> Object {
    let object = object
        .count("count", row.count())
        .count("failed", row.of(Counter::Failed))
        .count("continued", row.of(Counter::Continued))
        .count("skipped", row.of(Counter::Skipped))
        .count("cancelled", row.of(Counter::Cancelled))
        .put("rate", tenths(row.rate()))
        .put("failures", failures(row));
    let quantiles = [
        ("p50_ms", 5_000),
        ("p95_ms", 9_500),
        ("p99_ms", 9_900),
        ("max_ms", 10_000),
    ];
    quantiles
        .into_iter()
        .fold(object, |object, (key, quantile)| {
            object.put_some(key, row.times.time(quantile).map(millis))
        })
        .put_some("mean_ms", row.times.mean_time().map(millis))
}

fn failures(row: &Row) -> Value {
    let kinds = row.kinds().into_iter();
    counts(kinds.map(|(kind, count)| (kind.to_owned(), count)))
}

fn summary(conclusion: &Conclusion<'_>) -> Object {
    let Conclusion {
        run,
        total,
        exit,
        left,
    } = conclusion;
    let steps = total.steps.iter().map(|step| {
        let named = Object::default().put("step", step.name.clone());
        row(named, step).done()
    });
    Object::event("summary")
        .put("grid", run.grid.name)
        .put("seconds", seconds(total.length))
        .put("times", "service")
        .put(
            "iterations",
            row(Object::default(), &total.iterations).done(),
        )
        .put("failures", failures(&total.all_steps))
        .put("all_steps", row(Object::default(), &total.all_steps).done())
        .put("steps", steps.collect::<Vec<_>>())
        .put("verdict", verdict(*exit))
        .count("exit", u32::from(exit.code()))
        .put("left_behind", *left)
}

fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Passed => "passed",
        Exit::Interrupted => "interrupted",
        Exit::SetUpFailed => "set-up failed",
        Exit::TeardownFailed => "teardown failed",
        Exit::ThresholdFailed => "threshold failed",
        Exit::Bug => "bug",
        Exit::StepFailed | Exit::BadInput => "failed",
    }
}
