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
use bggo_values::{Number, Text, Value, json};
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
        Event::Note(level, text) => Object::event(level_name(*level)).put("text", text.to_string()),
        Event::Bug(text) => Object::event("error")
            .put("kind", "bug")
            .put("text", text.to_string()),
    };
    format!("{}\n", json::Json(&object.done()))
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

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
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

fn begins(run: &Run, threads: u32) -> Object {
    let total = run.schedule.total().map(Number::from);
    Object::event("start")
        .put("grid", run.grid.name)
        .put("version", run.grid.version)
        .put("run", run.start.run_id().clone())
        .put("functional", run.functional)
        .count("users", run.schedule.users())
        .count("threads", threads)
        .put_some("iterations", total)
        .put_some("duration", run.schedule.length().map(seconds))
}

fn named(event: &'static str, ended: &Ended<'_>) -> Object {
    let object = Object::event(event).put("step", ended.info.to_string());
    match ended.instance {
        Instance::None => object,
        Instance::Index(index) => object.count("instance", index),
        Instance::Key(key) => object.put("instance", key.to_owned()),
    }
}

fn step(ended: &Ended<'_>) -> Object {
    let (outcome, fault) = match ended.outcome {
        Outcome::Passed => ("passed", None),
        Outcome::Failed(fault) => ("failed", Some((fault, false))),
        Outcome::FailedAnyway(fault) => ("failed", Some((fault, true))),
        Outcome::Skipped => ("skipped", None),
        Outcome::Cancelled => ("cancelled", None),
    };
    let took = (outcome != "skipped").then(|| millis(ended.service));
    let object = named("step", ended)
        .put("outcome", outcome)
        .put_some("ms", took)
        .count("vu", ended.vu)
        .count("iteration", ended.iteration);
    match fault {
        Some((fault, continued)) => {
            let (place, sensitive) = (ended.info.place(), ended.info.is_sensitive());
            put_fault(object, fault, place, sensitive).put("continued", continued)
        }
        None => object,
    }
}

fn first_failure(ended: &Ended<'_>, fault: &Fault) -> Object {
    let text = format!(
        "{}{} failed in a new way: {}",
        ended.info,
        ended.instance,
        fault.kind()
    );
    let object = named("warning", ended).put("text", text);
    put_fault(object, fault, ended.info.place(), ended.info.is_sensitive())
}

fn put_fault(object: Object, fault: &Fault, place: &str, sensitive: bool) -> Object {
    let place = fault
        .place()
        .map_or_else(|| place.to_owned(), |place| place.to_string());
    object
        .put("kind", fault.kind().to_owned())
        .put_some("error", (!sensitive).then(|| fault.text().to_owned()))
        .put("place", place)
}

fn resource(info: &ResourceInfo, event: &AssetEvent<'_>) -> Object {
    let (what, took, fault) = match event {
        AssetEvent::Created { took } => ("created", Some(*took), None),
        AssetEvent::Destroyed { took } => ("destroyed", Some(*took), None),
        AssetEvent::CreateFailed { fault } => ("create_failed", None, Some(*fault)),
        AssetEvent::DestroyFailed { fault } => ("destroy_failed", None, Some(*fault)),
    };
    let object = Object::event("resource")
        .put("resource", info.to_string())
        .put("what", what)
        .put_some("ms", took.map(millis));
    match fault {
        Some(fault) => put_fault(object, fault, info.place(), info.is_sensitive()),
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
