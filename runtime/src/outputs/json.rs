//! Events as JSON, one object a line. What leaves here is a contract; `docs/output.md` is its page, and a test holds both
//! side by side.
//!
//! Every object has `event`. Lengths of time are milliseconds (`ms`, `_ms`) or seconds. What does not apply is left out.

use super::line::{Line, LinesSoFar};
use super::step_names::StepNames;
use super::writer::LineWriter;
use super::{Conclusion, Output, RunDescription};
use crate::event::{CheckReport, Event, LogLevel, ResourceEvent, StepOutcome, StepReport};
use crate::exchange::Exchange;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::health::{FailedHere, FellBehind};
use crate::info::{Instance, ResourceInfo, Sensitivity};
use crate::judgement::{Came, OnFail, Quantity, Second, State, Verdict};
use crate::metrics::{Histogram, MetricLayout, Outcome, Tags, Unit, WHOLE};
use bggo_metrics::report::{
    Described, DescribedLoad, Examples, Figures, Metrics, Paint, Percentiles, ResourceRow, Row,
    Values, checks, custom_metrics, searches, sum_of_labels, thresholds,
};
use bggo_metrics::{Reading, SearchEnd, Searched, StepCame};
use bggo_values::{Number, Text, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writes an object for all that there is.
#[derive(Debug)]
pub struct JsonLines {
    lines: LineWriter,
    level: LogLevel,
    so_far: LinesSoFar,
    names: StepNames,
}

impl JsonLines {
    /// Up to a level.
    pub fn new(lines: LineWriter, level: LogLevel) -> Self {
        Self {
            lines,
            level,
            so_far: LinesSoFar::default(),
            names: StepNames::default(),
        }
    }

    fn put(&self, level: LogLevel, object: impl FnOnce() -> Object) {
        if level <= self.level {
            self.lines.put(line_of(object()));
        }
    }
}

impl Output for JsonLines {
    fn begins(&mut self, run: &RunDescription) {
        self.names = StepNames::new(run);
        self.put(LogLevel::Info, || begins(run));
    }

    fn event(&mut self, event: &Event) {
        self.put(event.level(), || told(event, &self.names));
    }

    fn second(&mut self, second: &Second<'_>) {
        let line = self.so_far.next(second);
        let failing = second.judged.iter();
        let failing = failing.filter(|one| one.broken_at.is_some() || one.state == State::Fails);
        let failing: Vec<Value> = failing.map(|one| Value::from(one.name.clone())).collect();
        self.put(LogLevel::Info, || {
            let object = live(&line, SystemTime::now());
            object.put_some(
                "thresholds_failing",
                (!failing.is_empty()).then_some(failing),
            )
        });
    }

    fn ends(&mut self, conclusion: &Conclusion<'_>) {
        if LogLevel::Info <= self.level {
            self.put(LogLevel::Info, || summary(conclusion));
        } else if conclusion.exit != Exit::Passed {
            // The summary is left out at this level, but not that the run failed.
            let columns = Percentiles::default();
            let text = conclusion.summary(&columns).verdict(Paint(false));
            self.put(LogLevel::Error, || Object::event("error").put("text", text));
        }
    }
}

/// An object as one line.
pub fn line_of(object: Object) -> String {
    format!("{}\n", json::Json(&object.done()))
}

/// An event.
pub fn told(event: &Event, names: &StepNames) -> Object {
    match event {
        Event::Step(end) => step(end, names),
        Event::FirstFailure(end) => first_failure(end, names),
        Event::Check(report) => check(report, names),
        Event::Resource(info, event) => resource(info, event),
        Event::Message(level, text) => Object::event(level_name(*level)).put("text", text.clone()),
        Event::Panic(text) => Object::event("error")
            .put("kind", "bug")
            .put("text", text.clone()),
    }
}

/// An object in the making; its keys stay in the order in which they came.
#[derive(Default)]
pub struct Object(Vec<(Text, Value)>);

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

/// A number with one digit after the point; null where a number cannot be.
pub fn tenths(number: f64) -> Value {
    let number = Number::from_f64(number).map(|number| number.round(1));
    number.map_or(Value::Null, Value::from)
}

/// The begin of a run.
pub fn begins(run: &RunDescription) -> Object {
    let described = run.described();
    let bounds = (described.iterations(), described.length());
    let scenarios = described.loads.iter().zip(&run.loads);
    let scenarios = scenarios.map(|(one, of)| {
        let object = load(one).put_some("replaces", of.load.replaces);
        object.done()
    });
    let object = put_run(Object::event("start"), &described);
    put_load(object, described.users(), bounds).put("scenarios", scenarios.collect::<Vec<_>>())
}

/// What is run.
fn put_run(object: Object, run: &Described) -> Object {
    object
        .put("grid", run.grid.clone())
        .put("version", run.version.clone())
        .put("run", run.run.clone())
        .put("functional", run.functional)
        .count("threads", run.threads)
        // Not every reader of JSON has whole numbers of 64 bits.
        .put("seed", run.seed.to_string())
        .put_some("segment", run.segment.clone())
}

fn loads(run: &Described) -> Vec<Value> {
    run.loads.iter().map(|one| load(one).done()).collect()
}

/// The load of one scenario.
fn load(load: &DescribedLoad) -> Object {
    let object = Object::default()
        .put("scenario", load.scenario.clone())
        .put("profile", load.profile.clone())
        .put("load", load.words.clone());
    let bounds = (load.iterations, load.length);
    put_load(object, load.users, bounds)
        .count("max_users", load.most_users)
        .put_some("expected_iterations", load.expected.map(Number::from))
        .put_some(
            "start_after",
            (!load.start_after.is_zero()).then(|| seconds(load.start_after)),
        )
}

/// How many users, how many iterations, and for how long.
fn put_load(object: Object, users: u64, bounds: (Option<u64>, Option<Duration>)) -> Object {
    let (total, length) = bounds;
    object
        .count("users", users)
        .put_some("iterations", total.map(Number::from))
        .put_some("duration", length.map(seconds))
}

fn named(event: &'static str, end: &StepReport, names: &StepNames) -> Object {
    let object = Object::event(event)
        .put_some("scenario", names.scenario(end))
        .put("step", end.info.to_string());
    put_instance(object, &end.instance).put_some("path", path(names.calls(end)))
}

fn check(report: &CheckReport, names: &StepNames) -> Object {
    let object = Object::event("check")
        .put_some("scenario", names.scenario(report))
        .put("step", report.info.to_string());
    put_instance(object, &report.instance)
        .put_some("path", path(names.calls(report)))
        .put("check", report.check.name())
        .put("required", report.check.is_required())
        .put("text", report.text.clone())
        .put("place", report.place.clone())
        .count("vu", report.user)
        .count("iteration", report.iteration)
}

/// The calls of flows on the way to a step, if there are any.
fn path(calls: &[Text]) -> Option<Vec<Value>> {
    let path = calls.iter().cloned().map(Value::Text);
    (!calls.is_empty()).then(|| path.collect())
}

fn put_instance(object: Object, instance: &Instance) -> Object {
    match instance {
        Instance::None => object,
        Instance::Index(index) => object.count("instance", *index),
        Instance::Key(key) => object.put("instance", key.clone()),
    }
}

fn step(end: &StepReport, names: &StepNames) -> Object {
    let outcome = match end.outcome {
        StepOutcome::Passed => "passed",
        StepOutcome::Failed
        | StepOutcome::FailedAndContinued
        | StepOutcome::Recovered
        | StepOutcome::Cut => "failed",
        StepOutcome::Skipped => "skipped",
        StepOutcome::Cancelled => "cancelled",
    };
    let took = end.service.filter(|_| outcome != "skipped").map(millis);
    let object = named("step", end, names)
        .put("outcome", outcome)
        .put_some("ms", took)
        .put_some(
            "attempts",
            (end.attempts > 1).then(|| Number::from(u64::from(end.attempts))),
        )
        .count("vu", end.user)
        .count("iteration", end.iteration);
    let object = put_exchanges(object, &end.exchanges);
    match &end.fault {
        Some(fault) => put_fault(object, fault, end.info.place(), end.info.sensitivity())
            .put("continued", end.outcome == StepOutcome::FailedAndContinued)
            .put_some(
                "recovered",
                (end.outcome == StepOutcome::Recovered).then_some(true),
            ),
        None => object,
    }
}

/// What it sent and what came back, if that is shown.
fn put_exchanges(object: Object, exchanges: &[Exchange]) -> Object {
    let all = exchanges.iter().map(|one| {
        Object::default()
            .put("sent", one.sent.clone())
            .put_some("received", one.received.clone())
            .done()
    });
    let all: Vec<Value> = all.collect();
    object.put_some("exchanges", (!all.is_empty()).then_some(all))
}

fn first_failure(end: &StepReport, names: &StepNames) -> Object {
    let Some(fault) = &end.fault else {
        return named("warning", end, names);
    };
    let text = format!("{} failed in a new way: {}", names.full(end), fault.kind());
    let object = named("warning", end, names).put("text", text);
    let object = put_exchanges(object, &end.exchanges);
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
        ResourceEvent::SettleFailed { fault } => ("settle_failed", None, Some(fault)),
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

/// What a second measured, at this moment.
pub fn live(line: &Line, now: SystemTime) -> Object {
    let steps = line.steps.iter();
    Object::event("interval")
        .count("second", line.number)
        .put("at", unix(now))
        .put("elapsed", seconds(line.at))
        .count("users", line.users)
        .count("iterations", line.iterations)
        .put("rate", tenths(line.rate()))
        .count("failed", line.failed)
        .count("cancelled", line.cancelled)
        .count("dropped", line.dropped)
        .put_some("p95_ms", line.p95().map(millis))
        .put(
            "steps",
            counts(steps.map(|(name, count)| (name.clone(), *count))),
        )
}

/// Names of the figures of times, for each sort of times.
struct TimeNames {
    percentiles: [(&'static str, u32); 5],
    min: &'static str,
    max: &'static str,
    mean: &'static str,
}

const P50: u32 = WHOLE / 2;
const P90: u32 = 900_000;
const P95: u32 = 950_000;
const P99: u32 = 990_000;
const P99_9: u32 = 999_000;

const PASSED: TimeNames = TimeNames {
    percentiles: [
        ("p50_ms", P50),
        ("p90_ms", P90),
        ("p95_ms", P95),
        ("p99_ms", P99),
        ("p99_9_ms", P99_9),
    ],
    min: "min_ms",
    max: "max_ms",
    mean: "mean_ms",
};
const FAILED: TimeNames = TimeNames {
    percentiles: [
        ("failed_p50_ms", P50),
        ("failed_p90_ms", P90),
        ("failed_p95_ms", P95),
        ("failed_p99_ms", P99),
        ("failed_p99_9_ms", P99_9),
    ],
    min: "failed_min_ms",
    max: "failed_max_ms",
    mean: "failed_mean_ms",
};
const RESPONSE: TimeNames = TimeNames {
    percentiles: [
        ("response_p50_ms", P50),
        ("response_p90_ms", P90),
        ("response_p95_ms", P95),
        ("response_p99_ms", P99),
        ("response_p99_9_ms", P99_9),
    ],
    min: "response_min_ms",
    max: "response_max_ms",
    mean: "response_mean_ms",
};

const FAILED_RESPONSE: TimeNames = TimeNames {
    percentiles: [
        ("failed_response_p50_ms", P50),
        ("failed_response_p90_ms", P90),
        ("failed_response_p95_ms", P95),
        ("failed_response_p99_ms", P99),
        ("failed_response_p99_9_ms", P99_9),
    ],
    min: "failed_response_min_ms",
    max: "failed_response_max_ms",
    mean: "failed_response_mean_ms",
};

fn times(object: Object, names: &TimeNames, times: &Histogram) -> Object {
    let extremes = times.time_extremes();
    let percentiles = names.percentiles.iter();
    percentiles
        .fold(object, |object, (key, at)| {
            object.put_some(key, times.time(*at).map(millis))
        })
        .put_some(names.min, extremes.map(|(shortest, _)| millis(shortest)))
        .put_some(names.max, extremes.map(|(_, longest)| millis(longest)))
        .put_some(names.mean, times.mean_time().map(millis))
}

fn row(object: Object, row: &Row) -> Object {
    let object = object
        .count("count", row.count())
        .count("failed", row.of(Outcome::Failed))
        .count("continued", row.of(Outcome::Continued))
        .count("skipped", row.of(Outcome::Skipped))
        .count("cancelled", row.of(Outcome::Cancelled))
        .put("rate", tenths(row.rate()))
        .put("failures", failures(row));
    let object = times(object, &PASSED, &row.passed);
    let object = times(object, &FAILED, &row.failed);
    let object = times(object, &RESPONSE, &row.response);
    let object = times(object, &FAILED_RESPONSE, &row.failed_response);
    object.put_some("arrivals", arrivals(row))
}

/// What became of iterations that were due, where that was at moments of their own or some never began.
fn arrivals(row: &Row) -> Option<Value> {
    let due = row.due();
    (due > 0).then(|| {
        let waits = |histogram| times(Object::default(), &PASSED, histogram).done();
        Object::default()
            .count("due", due)
            .count("began", row.began)
            .count("dropped", row.of(Outcome::Dropped))
            .count("not_started", row.of(Outcome::NotStarted))
            .put("queued", waits(&row.queued))
            .put("start_error", waits(&row.start_error))
            .done()
    })
}

fn put_tags(object: Object, tags: &Tags) -> Object {
    if tags.is_empty() {
        return object;
    }
    let tags = tags.iter();
    let tags = tags.map(|(key, value)| (key.clone(), Value::Text(value.clone())));
    object.put("tags", Value::from(tags.collect::<Vec<_>>()))
}

fn put_metrics(object: Object, metrics: &Metrics) -> Object {
    if metrics.is_empty() {
        return object;
    }
    let metrics = metrics.iter();
    let metrics = metrics.map(|(label, values)| (label.name.clone(), metric(label, values)));
    object.put("metrics", Value::from(metrics.collect::<Vec<_>>()))
}

fn step_row(step: &Row) -> Object {
    let object = Object::default()
        .put("step", step.step.clone())
        .put_some("scenario", in_scenario(step))
        .put_some("path", path(&step.path));
    put_metrics(put_tags(row(object, step), &step.tags), &step.metrics)
}

/// The scenario of a step; none where it belongs to the whole run.
fn in_scenario(step: &Row) -> Option<String> {
    (!step.scenario.is_empty()).then(|| step.scenario.clone())
}

fn scenario_row(scenario: &Row) -> Object {
    let object = Object::default().put("scenario", scenario.scenario.clone());
    put_tags(row(object, scenario), &scenario.tags)
}

fn resource_row(resource: &ResourceRow) -> Object {
    let object = Object::default().put("resource", resource.name.clone());
    put_metrics(object, &resource.metrics)
}

/// A metric of a manifest's own.
fn metric(label: &MetricLayout, values: &Values) -> Value {
    let number = |value: u64| Value::from(Number::from(value));
    let named = |kind: &'static str| {
        let unit = match &label.unit {
            Unit::Time => Text::Static("ms"),
            Unit::Other(unit) => unit.clone(),
        };
        Object::default().put("kind", kind).put("unit", unit)
    };
    // A time is counted in microseconds.
    let in_unit = |value: u64| match label.unit {
        Unit::Time => thousandths(value.into()),
        Unit::Other(_) => number(value),
    };
    match values {
        Values::Trend(values) => trend(named("trend"), &label.unit, values),
        Values::Counter(sum) => named("counter").put("sum", in_unit(*sum)),
        Values::Labels(sums) => {
            let all = sum_of_labels(sums);
            let each = sums.iter().map(|(name, sum)| (name.clone(), in_unit(*sum)));
            named("counter")
                .put("sum", in_unit(all))
                .put_some("label", label.label.clone())
                .put("labels", Value::from(each.collect::<Vec<_>>()))
        }
        Values::Gauge(values) => {
            let extremes = values.extremes();
            let mean = values.mean().map(|mean| match label.unit {
                Unit::Time => tenths(mean / 1e3),
                Unit::Other(_) => tenths(mean),
            });
            named("gauge")
                .count("count", values.count())
                .put_some("last", values.last().map(in_unit))
                .put_some("min", extremes.map(|(smallest, _)| in_unit(smallest)))
                .put_some("max", extremes.map(|(_, largest)| in_unit(largest)))
                .put_some("mean", mean)
        }
        Values::Rate { hits, of } => named("rate")
            .count("hits", *hits)
            .count("of", *of)
            .put("percent", thousandths_of_percent(*hits, *of)),
    }
    .done()
}

fn trend(object: Object, unit: &Unit, values: &Histogram) -> Object {
    let object = object.count("count", values.count());
    if *unit == Unit::Time {
        return times(object, &PASSED, values);
    }
    let percentiles = [
        ("p50", P50),
        ("p90", P90),
        ("p95", P95),
        ("p99", P99),
        ("p99_9", P99_9),
    ];
    let number = |value: u64| Value::from(Number::from(value));
    let extremes = values.extremes();
    percentiles
        .into_iter()
        .fold(object, |object, (key, at)| {
            object.put_some(key, values.quantile(at).map(number))
        })
        .put_some("min", extremes.map(|(smallest, _)| number(smallest)))
        .put_some("max", extremes.map(|(_, largest)| number(largest)))
        .put_some("mean", values.mean().map(tenths))
}

fn thousandths_of_percent(hits: u64, of: u64) -> Value {
    thousandths(u128::from(hits) * 100_000 / u128::from(of.max(1)))
}

fn failures(row: &Row) -> Value {
    let kinds = row.kinds().into_iter();
    counts(kinds)
}

/// The end of a run: the object of `--summary-json` as well.
pub fn summary(conclusion: &Conclusion<'_>) -> Object {
    let (run, figures, exit) = (conclusion.described, conclusion.figures, conclusion.exit);
    let steps = figures.steps.iter().map(|step| step_row(step).done());
    let scenarios = figures.scenarios.iter();
    let scenarios = scenarios.map(|scenario| {
        let warm_up = figures.warm_up(&scenario.scenario);
        let warm_up = warm_up.map(|warm_up| row(Object::default(), warm_up).done());
        scenario_row(scenario).put_some("warm_up", warm_up).done()
    });
    let resources = figures.resources.iter();
    let resources: Vec<Value> = resources.map(|row| resource_row(row).done()).collect();
    let thresholds = conclusion.verdicts.iter();
    let thresholds: Vec<Value> = thresholds.map(|one| threshold(one).done()).collect();
    let searches = conclusion.searches.iter();
    let searches: Vec<Value> = searches.map(|one| searched(one).done()).collect();
    let warnings = warnings(figures, run).into_iter();
    let warnings: Vec<Value> = warnings.map(|text| Value::Text(text.into())).collect();
    let examples = examples(conclusion.examples);
    let checks = checks::values(&figures.checks);
    let has_metrics = !figures.custom.is_empty();
    let metrics = has_metrics.then(|| custom_metrics::values(&figures.custom));
    put_run(Object::event("summary"), run)
        .put("loads", loads(run))
        .put("seconds", seconds(figures.length))
        .put("load_seconds", seconds(figures.begins_for))
        .put("drain_seconds", seconds(figures.drain()))
        .put("times", if run.is_open() { "response" } else { "service" })
        .put(
            "iterations",
            row(Object::default(), &figures.iterations).done(),
        )
        .put("failures", failures(&figures.all_steps))
        .put_some("examples", (!examples.is_empty()).then_some(examples))
        .put(
            "all_steps",
            row(Object::default(), &figures.all_steps).done(),
        )
        .put("scenarios", scenarios.collect::<Vec<_>>())
        .put("steps", steps.collect::<Vec<_>>())
        .put_some("resources", (!resources.is_empty()).then_some(resources))
        .put_some("checks", (!checks.is_empty()).then_some(checks))
        .put_some("metrics", metrics)
        .put_some("thresholds", (!thresholds.is_empty()).then_some(thresholds))
        .put_some("searches", (!searches.is_empty()).then_some(searches))
        .put_some(
            "fell_behind",
            conclusion
                .fell_behind
                .map(|found| fell_behind(found).done()),
        )
        .put_some(
            "failed_here",
            conclusion
                .failed_here
                .map(|found| failed_here(found).done()),
        )
        .put("verdict", verdict(exit, figures))
        .put_some("warnings", (!warnings.is_empty()).then_some(warnings))
        .count("exit", u32::from(exit.code()))
        .put("left_behind", conclusion.left)
}

/// A text of each failure that was kept.
fn examples(examples: &Examples) -> Vec<Value> {
    let all = examples.iter().map(|(step, kind, text)| {
        let object = Object::default()
            .put("step", step.to_owned())
            .put("kind", kind.clone())
            .put("error", text.to_owned());
        match examples.exchange_of(step, kind) {
            Some((sent, received)) => object
                .put("sent", sent.to_owned())
                .put_some("received", received.map(str::to_owned)),
            None => object,
        }
        .done()
    });
    all.collect()
}

/// How a threshold came out.
fn threshold(verdict: &Verdict) -> Object {
    let on_fail = match verdict.on_fail {
        OnFail::Abort => "abort",
        OnFail::Fail => "fail",
        OnFail::Warn => "warn",
    };
    let came = match verdict.came {
        Came::Held => "held",
        Came::Broken => "broken",
        Came::NeverMeasured => "never_measured",
        Came::LeftOut => "left_out",
    };
    let remarks = verdict.remarks.iter();
    let remarks: Vec<Value> = remarks
        .map(|remark| Value::from(thresholds::said(*remark)))
        .collect();
    Object::default()
        .put("threshold", verdict.name.clone())
        .put("asked", verdict.asked.clone())
        .put("came", came)
        .put("on_fail", on_fail)
        .put("failed", verdict.fails())
        .put("figures", readings(&verdict.readings))
        .put_some("worst_second", verdict.worst_at.map(Number::from))
        .put_some("broken_second", verdict.broken_at.map(Number::from))
        .put("aborted", verdict.aborted)
        .put_some("remarks", (!remarks.is_empty()).then_some(remarks))
}

/// The figures that a threshold reads.
fn readings(readings: &[Reading]) -> Vec<Value> {
    let all = readings.iter().map(|reading| {
        Object::default()
            .put("figure", reading.figure.clone())
            .put("unit", unit_of(reading.quantity))
            .put_some("value", reading.value.and_then(Number::from_f64))
            .put_some("worst", reading.worst.and_then(Number::from_f64))
            .done()
    });
    all.collect()
}

/// What a search found.
fn searched(search: &Searched) -> Object {
    let end = match search.end {
        SearchEnd::Found => "found",
        SearchEnd::BelowStart => "below_start",
        SearchEnd::AtLeastMax => "at_least_max",
        SearchEnd::LimitOfGenerator => "limit_of_generator",
        SearchEnd::Stopped => "stopped",
    };
    let steps = search.steps.iter().map(|step| {
        let came = match step.came {
            StepCame::Held => "held",
            StepCame::Broke => "broke",
            StepCame::NotPutOn => "not_put_on",
            StepCame::Unfinished => "unfinished",
        };
        Object::default()
            .put_some("rate", Number::from_f64(step.rate))
            .put("came", came)
            .put("from_seconds", seconds(step.from))
            .put("to_seconds", seconds(step.to))
            .put("figures", readings(&step.readings))
            .done()
    });
    Object::default()
        .put("scenario", search.scenario.clone())
        .put("until", search.until.clone())
        .put("asked", search.asked.clone())
        .put("end", end)
        .put_some("highest_rate", search.held().and_then(Number::from_f64))
        .put_some("broke_at", search.broke().and_then(Number::from_f64))
        .put("failed", search.fails())
        .put("text", searches::answer(search))
        .put("steps", steps.collect::<Vec<_>>())
}

/// What the values of a figure are.
fn unit_of(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Time => "s",
        Quantity::Bytes => "bytes",
        Quantity::Ratio => "share",
        Quantity::Number => "",
    }
}

/// What a load run says of its own figures.
fn warnings(figures: &Figures, run: &Described) -> Vec<String> {
    if run.functional {
        return Vec::new();
    }
    figures.warnings()
}

/// Where the schedule was held worst.
fn fell_behind(found: &FellBehind) -> Object {
    Object::default()
        .put("scenario", found.scenario.clone())
        .put("from_seconds", seconds(found.from))
        .put("start_error_p99_ms", millis(found.p99))
        .put("start_error_max_ms", millis(found.latest))
        .put("text", found.to_string())
}

/// Iterations that failed by this host.
fn failed_here(found: &FailedHere) -> Object {
    Object::default()
        .count("failed", found.failed)
        .count("of", found.asked)
        .put("text", found.to_string())
}

/// The verdict as one word or two.
pub fn verdict(exit: Exit, figures: &Figures) -> &'static str {
    match exit {
        Exit::Passed => "passed",
        Exit::Interrupted => "interrupted",
        Exit::SetUpFailed => "set-up failed",
        Exit::TeardownFailed => "teardown failed",
        Exit::ThresholdFailed if figures.nothing_ended() => "nothing ended",
        Exit::ThresholdFailed => "threshold failed",
        Exit::Bug => "bug",
        Exit::Overloaded => "not valid",
        Exit::OutputFailed => "output failed",
        Exit::StepFailed | Exit::BadInput => "failed",
    }
}
