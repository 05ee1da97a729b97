//! Events as JSON, one object a line. What leaves here is a contract; `docs/output.md` is its page.
//!
//! Every object has `event`. Times are whole microseconds (`_us`) or seconds (`_s`). What does not apply is left out.

use super::{Conclusion, Event, Level, Line, Row};
use crate::engine::{AssetEvent, Ended, Outcome, Run};
use crate::fault::Fault;
use crate::info::ResourceInfo;
use crate::metrics::Counter;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The event as one line.
pub fn render(event: &Event<'_>) -> String {
    let object = match event {
        Event::Begins(run, threads) => begins(run, *threads),
        Event::Step(ended) => step("step", ended),
        Event::FirstFailure(ended, _) => step("first_failure", ended),
        Event::Resource(info, event) => resource(info, event),
        Event::Line(line) => interval(line),
        Event::Ends(conclusion) => summary(conclusion),
        Event::Note(level, text) => {
            json!({ "event": "log", "level": level_name(*level), "text": text })
        }
        Event::Bug(text) => {
            json!({ "event": "log", "level": "error", "kind": "bug", "text": text })
        }
    };
    format!("{object}\n")
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

fn micros(time: Duration) -> Value {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).into()
}

fn seconds(time: Duration) -> Value {
    // Milliseconds are enough, and a sum of floats would print its rounding.
    (time.as_millis() as f64 / 1e3).into()
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
    put(
        &mut object,
        "duration_s",
        run.schedule.length().map(seconds),
    );
    object
}

fn step(event: &str, ended: &Ended<'_>) -> Value {
    let (outcome, fault) = match ended.outcome {
        Outcome::Passed => ("passed", None),
        Outcome::Failed(fault) => ("failed", Some((fault, false))),
        Outcome::FailedAnyway(fault) => ("failed", Some((fault, true))),
        Outcome::Skipped => ("skipped", None),
        Outcome::Cancelled => ("cancelled", None),
    };
    let mut object = json!({
        "event": event,
        "step": format!("{}{}", ended.info, ended.instance),
        "outcome": outcome,
        "vu": ended.vu,
        "iteration": ended.iteration,
    });
    if outcome != "skipped" {
        put(&mut object, "service_us", Some(micros(ended.service)));
    }
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

fn put_fault(object: &mut Value, fault: &Fault, place: &str, sensitive: bool) {
    put(object, "kind", Some(fault.kind()));
    put(object, "text", (!sensitive).then(|| fault.text()));
    put(
        object,
        "place",
        Some(
            fault
                .place()
                .map_or_else(|| place.to_owned(), |place| place.to_string()),
        ),
    );
}

fn resource(info: &ResourceInfo, event: &AssetEvent<'_>) -> Value {
    let (what, took, fault) = match event {
        AssetEvent::Created { took } => ("created", Some(*took), None),
        AssetEvent::Destroyed { took } => ("destroyed", Some(*took), None),
        AssetEvent::CreateFailed { fault } => ("create_failed", None, Some(*fault)),
        AssetEvent::DestroyFailed { fault } => ("destroy_failed", None, Some(*fault)),
    };
    let mut object = json!({ "event": "resource", "resource": info.to_string(), "what": what });
    put(&mut object, "took_us", took.map(micros));
    if let Some(fault) = fault {
        put_fault(&mut object, fault, info.place(), false);
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
        "time_s": seconds(line.at),
        "length_s": seconds(line.length),
        "users": line.users,
        "iterations": line.iterations,
        "failed": line.failed,
        "cancelled": line.cancelled,
        "rate": tenths(line.rate()),
    });
    put(&mut object, "p95_us", line.p95.map(micros));
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
        "rate": tenths(row.rate()),
        "passed": row.of(Counter::Passed),
        "failed": row.of(Counter::Failed),
        "continued": row.of(Counter::Continued),
        "skipped": row.of(Counter::Skipped),
        "cancelled": row.of(Counter::Cancelled),
        "kinds": kinds,
    });
    for (key, quantile) in [
        ("p50_us", 5_000),
        ("p95_us", 9_500),
        ("p99_us", 9_900),
        ("max_us", 10_000),
    ] {
        put(&mut object, key, row.times.time(quantile).map(micros));
    }
    put(&mut object, "mean_us", row.times.mean_time().map(micros));
    object
}

fn summary(conclusion: &Conclusion<'_>) -> Value {
    let Conclusion {
        run,
        total,
        exit,
        left,
    } = conclusion;
    let steps: Map<String, Value> = total
        .steps
        .iter()
        .map(|step| (step.name.clone(), row(step)))
        .collect();
    json!({
        "event": "summary",
        "grid": run.grid.name,
        "exit": exit.code(),
        "left": left,
        "length_s": seconds(total.length),
        "times": "service",
        "iterations": row(&total.iterations),
        "all_steps": row(&total.all_steps),
        "steps": steps,
    })
}
