//! Events as JSON, one object a line. What leaves here is a contract; `docs/output.md` is its page, and a test holds both
//! side by side.
//!
//! Every object has `event`. Lengths of time are milliseconds (`ms`, `_ms`) or seconds. What does not apply is left out.

use super::{Conclusion, Event, Level, Line, Row};
use crate::engine::{AssetEvent, Ended, Outcome, Run};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::info::{Instance, ResourceInfo};
use crate::metrics::Counter;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The event as one line.
pub fn render(event: &Event<'_>) -> String {
    let object = match event {
        Event::Begins(run, threads) => begins(run, *threads),
        Event::Step(ended) => step(ended),
        Event::FirstFailure(ended, fault) => first_failure(ended, fault),
        Event::Resource(info, event) => resource(info, event),
        Event::Line(line) => interval(line),
        Event::Ends(conclusion) => summary(conclusion),
        Event::Note(level, text) => json!({ "event": level_name(*level), "text": text }),
        Event::Bug(text) => json!({ "event": "error", "kind": "bug", "text": text }),
    };
    format!("{object}\n")
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

fn millis(time: Duration) -> Value {
    // Microseconds are what is measured; more digits would be the rounding of floats.
    (time.as_micros() as f64 / 1e3).into()
}

fn seconds(time: Duration) -> Value {
    (time.as_millis() as f64 / 1e3).into()
}

fn unix(at: SystemTime) -> Value {
    seconds(at.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn tenths(rate: f64) -> Value {
    ((rate * 10.0).round() / 10.0).into()
}

fn put(object: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(object), Some(value)) = (object, value) {
        object.insert(key.to_owned(), value.into());
    }
}

fn begins(run: &Run, threads: u32) -> Value {
    let mut object = json!({
        "event": "start",
        "grid": run.grid.name,
        "version": run.grid.version,
        "run": run.start.run_id().as_str(),
        "functional": run.functional,
        "users": run.schedule.users(),
        "threads": threads,
    });
    put(&mut object, "iterations", run.schedule.total());
    put(&mut object, "duration", run.schedule.length().map(seconds));
    object
}

fn named(event: &str, ended: &Ended<'_>) -> Value {
    let mut object = json!({ "event": event, "step": ended.info.to_string() });
    match ended.instance {
        Instance::None => {}
        Instance::Index(index) => put(&mut object, "instance", Some(index)),
        Instance::Key(key) => put(&mut object, "instance", Some(key)),
    }
    object
}

fn step(ended: &Ended<'_>) -> Value {
    let (outcome, fault) = match ended.outcome {
        Outcome::Passed => ("passed", None),
        Outcome::Failed(fault) => ("failed", Some((fault, false))),
        Outcome::FailedAnyway(fault) => ("failed", Some((fault, true))),
        Outcome::Skipped => ("skipped", None),
        Outcome::Cancelled => ("cancelled", None),
    };
    let mut object = named("step", ended);
    put(&mut object, "outcome", Some(outcome));
    if outcome != "skipped" {
        put(&mut object, "ms", Some(millis(ended.service)));
    }
    put(&mut object, "vu", Some(ended.vu));
    put(&mut object, "iteration", Some(ended.iteration));
    if let Some((fault, continued)) = fault {
        put_fault(
            &mut object,
            fault,
            ended.info.place(),
            ended.info.is_sensitive(),
        );
        put(&mut object, "continued", Some(continued));
    }
    object
}

fn first_failure(ended: &Ended<'_>, fault: &Fault) -> Value {
    let mut object = named("warning", ended);
    let text = format!(
        "{}{} failed in a new way: {}",
        ended.info,
        ended.instance,
        fault.kind()
    );
    put(&mut object, "text", Some(text));
    put_fault(
        &mut object,
        fault,
        ended.info.place(),
        ended.info.is_sensitive(),
    );
    object
}

fn put_fault(object: &mut Value, fault: &Fault, place: &str, sensitive: bool) {
    put(object, "kind", Some(fault.kind()));
    put(object, "error", (!sensitive).then(|| fault.text()));
    let place = fault
        .place()
        .map_or_else(|| place.to_owned(), |place| place.to_string());
    put(object, "place", Some(place));
}

fn resource(info: &ResourceInfo, event: &AssetEvent<'_>) -> Value {
    let (what, took, fault) = match event {
        AssetEvent::Created { took } => ("created", Some(*took), None),
        AssetEvent::Destroyed { took } => ("destroyed", Some(*took), None),
        AssetEvent::CreateFailed { fault } => ("create_failed", None, Some(*fault)),
        AssetEvent::DestroyFailed { fault } => ("destroy_failed", None, Some(*fault)),
    };
    let mut object = json!({ "event": "resource", "resource": info.to_string(), "what": what });
    put(&mut object, "ms", took.map(millis));
    if let Some(fault) = fault {
        put_fault(&mut object, fault, info.place(), info.is_sensitive());
    }
    object
}

fn interval(line: &Line) -> Value {
    let steps: Map<String, Value> = line
        .steps
        .iter()
        .map(|(name, count)| (name.clone(), (*count).into()))
        .collect();
    let mut object = json!({
        "event": "interval",
        "second": line.number,
        "at": unix(line.taken),
        "elapsed": seconds(line.at),
        "users": line.users,
        "iterations": line.iterations,
        "rate": tenths(line.rate()),
        "failed": line.failed,
        "cancelled": line.cancelled,
    });
    put(&mut object, "p95_ms", line.p95.map(millis));
    put(&mut object, "steps", Some(steps));
    object
}

fn row(row: &Row) -> Value {
    let kinds: Map<String, Value> = row
        .kinds()
        .into_iter()
        .map(|(kind, count)| (kind.to_owned(), count.into()))
        .collect();
    let mut object = json!({
        "count": row.count(),
        "failed": row.of(Counter::Failed),
        "continued": row.of(Counter::Continued),
        "skipped": row.of(Counter::Skipped),
        "cancelled": row.of(Counter::Cancelled),
        "rate": tenths(row.rate()),
        "failures": kinds,
    });
    for (key, quantile) in [
        ("p50_ms", 5_000),
        ("p95_ms", 9_500),
        ("p99_ms", 9_900),
        ("max_ms", 10_000),
    ] {
        put(&mut object, key, row.times.time(quantile).map(millis));
    }
    put(&mut object, "mean_ms", row.times.mean_time().map(millis));
    object
}

fn step_row(step: &Row) -> Value {
    let mut object = json!({ "step": step.name });
    if let (Value::Object(object), Value::Object(figures)) = (&mut object, row(step)) {
        object.extend(figures);
    }
    object
}

fn summary(conclusion: &Conclusion<'_>) -> Value {
    let Conclusion {
        run,
        total,
        exit,
        left,
    } = conclusion;
    let all = row(&total.all_steps);
    json!({
        "event": "summary",
        "grid": run.grid.name,
        "seconds": seconds(total.length),
        "times": "service",
        "iterations": row(&total.iterations),
        "failures": all["failures"],
        "all_steps": all,
        "steps": total.steps.iter().map(step_row).collect::<Vec<_>>(),
        "verdict": verdict(*exit),
        "exit": exit.code(),
        "left_behind": left,
    })
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
