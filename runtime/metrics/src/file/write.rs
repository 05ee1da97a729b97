//! What a run measured, as the text of its result file: the head, each second, the end.

use super::hdr;
use super::line::{Object, closed};
use super::tags::SlotTags;
use super::{Head, Load, Part, PartEnd};
use crate::address::Quantity;
use crate::condition::{Address, OnFail, Statistic, Subject, Term, Threshold};
use crate::interval::{Histogram, Interval, Scalar, SlotFigures};
use crate::outcome::Outcome;
use crate::report::DescribedLoad;
use crate::search::{SearchEnd, SearchStep, Searched, StepCame};
use crate::verdict::Reading;
use bggo_values::Text;
use bggo_values::base64::to_base64;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// The version of the format.
pub const FORMAT: u64 = 1;
/// The largest sum that is written: 28 digits, as JSON is read here. A run of centuries does not reach it.
const LARGEST_SUM: u128 = 9_999_999_999_999_999_999_999_999_999;

/// Outcomes by name, as [`Outcome::ALL`] orders them.
pub const OUTCOMES: [(Outcome, &str); Outcome::ALL.len()] = [
    (Outcome::Passed, "passed"),
    (Outcome::Failed, "failed"),
    (Outcome::Continued, "continued"),
    (Outcome::Skipped, "skipped"),
    (Outcome::Cancelled, "cancelled"),
    (Outcome::Dropped, "dropped"),
    (Outcome::NotStarted, "not_started"),
];

/// Ends of searches by name.
pub const SEARCH_ENDS: &[(SearchEnd, &str)] = &[
    (SearchEnd::Found, "found"),
    (SearchEnd::BelowStart, "below_start"),
    (SearchEnd::AtLeastMax, "at_least_max"),
    (SearchEnd::LimitOfGenerator, "limit_of_generator"),
    (SearchEnd::Stopped, "stopped"),
];

/// How steps of searches come out, by name.
pub const STEPS_CAME: &[(StepCame, &str)] = &[
    (StepCame::Held, "held"),
    (StepCame::Broke, "broke"),
    (StepCame::NotPutOn, "not_put_on"),
    (StepCame::Unfinished, "unfinished"),
];

/// What figures are, by name.
pub const QUANTITIES: &[(Quantity, &str)] = &[
    (Quantity::Time, "time"),
    (Quantity::Bytes, "bytes"),
    (Quantity::Number, "number"),
    (Quantity::Ratio, "ratio"),
];

/// The lines before the first second.
pub fn head(head: &Head) -> String {
    let object = Object::new()
        .put("format", FORMAT)
        .text("version", &head.version)
        .text("build", &head.build)
        .text("grid", &head.grid)
        .put("seed", head.seed)
        .list("parts", head.parts.iter().map(part))
        .list("loads", head.loads.iter().map(load))
        .list("thresholds", head.thresholds.iter().map(threshold))
        .put(
            "layout",
            format_args!("\"{}\"", to_base64(&head.layout.to_bytes())),
        );
    let mut lines = closed(String::new(), object);
    let begun = head.begun().as_millis();
    let (whole, thousandths) = (begun / 1_000, begun % 1_000);
    // HdrHistogram's readers take times of lines to be since the base time.
    let _ = write!(
        lines,
        "#[Histogram log format version 1.3]\n\
         #[StartTime: {whole}.{thousandths:03} (seconds since epoch)]\n\
         #[BaseTime: {whole}.{thousandths:03} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
    );
    lines
}

fn load(load: &Load) -> String {
    let course = &load.course;
    let object = Object::new()
        .text("scenario", &load.scenario)
        .text("load", &load.exact)
        .put("from", course.from.as_nanos());
    let until = course.until.map(|until| until.as_nanos());
    let object = object.put_some("until", until);
    let object = object.put("has_due_times", course.has_due_times);
    let searches = course.searches.then_some(true);
    object.put_some("searches", searches).done()
}

fn part(part: &Part) -> String {
    Object::new()
        .text("segment", &Text::from(part.share.to_string()))
        .text("run", &part.run)
        .put("begun", part.begun.as_nanos())
        .put("threads", part.threads)
        .list("loads", part.loads.iter().map(described_load))
        .done()
}

fn described_load(load: &DescribedLoad) -> String {
    let object = Object::new()
        .text("scenario", &load.scenario)
        .text("profile", &load.profile)
        .text("words", &load.words)
        .put("is_open", load.is_open)
        .put("users", load.users)
        .put("most_users", load.most_users)
        .put_some("iterations", load.iterations)
        .put_some("expected", load.expected)
        .put("start_after", load.start_after.as_nanos());
    let length = load.length.map(|length| length.as_nanos());
    let warm_up = load.warm_up.as_nanos();
    object
        .put_some("length", length)
        .put_some("warm_up", (warm_up > 0).then_some(warm_up))
        .done()
}

/// The lines of the second with this number.
pub fn second(tags: &SlotTags, number: u32, interval: &Interval) -> String {
    let mut lines = String::new();
    let (from, to) = interval.span.unwrap_or_default();
    let mut slots = Object::new();
    for (slot, figures) in &interval.slots {
        let tag = tags.tag(*slot);
        let histogram = &figures.histogram;
        if !histogram.buckets.is_empty() {
            let (_, largest) = histogram.extremes.unwrap_or_default();
            let _ = writeln!(
                lines,
                "Tag={tag},{},{},{}.{:03},{}",
                seconds(from),
                seconds(to.saturating_sub(from)),
                largest / 1_000_000,
                largest / 1_000 % 1_000,
                hdr::encode(histogram)
            );
        }
        slots = slots.object(&tag, slot_figures(figures));
    }
    let object = Object::new()
        .put("second", number)
        .put("from", from.as_nanos())
        .put("to", to.as_nanos())
        .put_unless_zero("users_begun", interval.users_begun)
        .put_unless_zero("users_ended", interval.users_ended)
        .object("slots", slots);
    closed(lines, object)
}

/// Seconds with three digits behind the point.
fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// What a slot measured, without the counts of its histogram.
fn slot_figures(figures: &SlotFigures) -> Object {
    let mut object = Object::new();
    for (outcome, name) in OUTCOMES {
        object = object.put_unless_zero(name, figures.count(outcome));
    }
    object
        .object("kinds", counts(&figures.kinds))
        .object("values", histogram(&figures.histogram))
        .object("scalar", scalar(&figures.scalar))
        .object("labels", counts(&figures.labels))
}

fn counts(counts: &BTreeMap<Text, u64>) -> Object {
    let counts = counts.iter();
    counts.fold(Object::new(), |object, (name, count)| {
        object.put(name, count)
    })
}

fn histogram(histogram: &Histogram) -> Object {
    let object = sum(Object::new(), histogram.sum);
    extremes(object, histogram.extremes)
}

fn scalar(scalar: &Scalar) -> Object {
    let object = sum(
        Object::new().put_unless_zero("count", scalar.count),
        scalar.sum,
    );
    let object = extremes(object, scalar.extremes);
    match scalar.last {
        Some(last) => object
            .put("last", last.value)
            .put("last_at", last.at)
            .put("last_worker", last.worker),
        None => object,
    }
}

fn sum(object: Object, sum: u128) -> Object {
    match sum {
        0 => object,
        sum => object.put("sum", sum.min(LARGEST_SUM)),
    }
}

fn extremes(object: Object, extremes: Option<(u64, u64)>) -> Object {
    match extremes {
        Some((smallest, largest)) => object.put("min", smallest).put("max", largest),
        None => object,
    }
}

/// The last line: how each part ended, in the order of the head; `None` of one that was cut.
pub fn end(ends: &[Option<PartEnd>]) -> String {
    let ends = ends
        .iter()
        .map(|end| end.as_ref().map_or_else(|| "null".to_owned(), part_end));
    closed(String::new(), Object::new().list("ends", ends))
}

fn part_end(end: &PartEnd) -> String {
    let object = Object::new()
        .put("exit", end.exit)
        .put("begins_for", end.begins_for.as_nanos())
        .put("left", end.left);
    let object = match &end.fell_behind {
        Some(text) => object.text("fell_behind", text),
        None => object,
    };
    let object = match end.searches.as_slice() {
        [] => object,
        searches => object.list("searches", searches.iter().map(searched)),
    };
    object
        .list("examples", end.examples.iter().map(example))
        .done()
}

fn searched(search: &Searched) -> String {
    Object::new()
        .text("scenario", &search.scenario)
        .text("until", &search.until)
        .text("asked", &search.asked)
        .text("end", &Text::Static(name_of(SEARCH_ENDS, search.end)))
        .list("steps", search.steps.iter().map(search_step))
        .done()
}

fn search_step(step: &SearchStep) -> String {
    Object::new()
        .text("rate", &number(step.rate))
        .put("from", step.from.as_nanos())
        .put("to", step.to.as_nanos())
        .text("came", &Text::Static(name_of(STEPS_CAME, step.came)))
        .list("figures", step.readings.iter().map(reading))
        .done()
}

fn reading(reading: &Reading) -> String {
    let object = Object::new().text("figure", &reading.figure).text(
        "quantity",
        &Text::Static(name_of(QUANTITIES, reading.quantity)),
    );
    let values = [("value", reading.value), ("worst", reading.worst)];
    let values = values
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    values
        .fold(object, |object, (key, value)| {
            object.text(key, &number(value))
        })
        .done()
}

/// The shortest decimal that gives the same number.
fn number(number: f64) -> Text {
    Text::from(number.to_string())
}

fn name_of<T: Copy + PartialEq>(names: &[(T, &'static str)], of: T) -> &'static str {
    let mut names = names.iter();
    names
        .find(|(known, _)| *known == of)
        .map_or("", |(_, name)| name)
}

fn example((step, kind, text): (&str, &Text, &str)) -> String {
    Object::new()
        .text("step", &Text::from(step))
        .text("kind", kind)
        .text("text", &Text::from(text))
        .done()
}

fn threshold(threshold: &Threshold) -> String {
    let condition = &threshold.condition;
    let terms: Vec<String> = condition.terms.iter().map(term).collect();
    let on_fail = match threshold.on_fail {
        OnFail::Abort => "abort",
        OnFail::Fail => "fail",
        OnFail::Warn => "warn",
    };
    let object = Object::new()
        .text("name", &threshold.name)
        .text("condition", &condition.text)
        .list("figures", condition.addresses.iter().map(address))
        .text("terms", &Text::from(terms.join(" ")));
    object
        .put_some("over", threshold.over)
        .put("for", threshold.hold)
        .put("after", threshold.after)
        .text("on_fail", &Text::Static(on_fail))
        .done()
}

/// `f0` is the first figure; a bound is the shortest decimal that gives the same number.
fn term(term: &Term) -> String {
    match term {
        Term::Figure(place) => format!("f{place}"),
        Term::Bound(bound) => bound.to_string(),
        Term::Less => "<".to_owned(),
        Term::LessOrEqual => "<=".to_owned(),
        Term::Greater => ">".to_owned(),
        Term::GreaterOrEqual => ">=".to_owned(),
        Term::Equal => "==".to_owned(),
        Term::NotEqual => "!=".to_owned(),
        Term::And => "&&".to_owned(),
        Term::Or => "||".to_owned(),
        Term::Not => "!".to_owned(),
    }
}

fn address(address: &Address) -> String {
    let object = match &address.subject {
        Subject::Run => Object::new(),
        Subject::Scenario(scenario) => Object::new().text("scenario", scenario),
        Subject::Step {
            scenario,
            runner,
            name,
        } => {
            let object = Object::new();
            let object = match scenario {
                Some(scenario) => object.text("scenario", scenario),
                None => object,
            };
            object.text("runner", runner).text("step", name)
        }
        Subject::Flow { flow, step } => {
            let object = Object::new().text("flow", flow);
            match step {
                Some([runner, name]) => object.text("runner", runner).text("step", name),
                None => object,
            }
        }
        Subject::Custom(name) => Object::new().text("custom", name),
    };
    let mut object = object.text("metric", &address.metric);
    if let Some(key) = &address.key {
        object = object.text("key", key);
    }
    let tags = address.tags.iter();
    let tags = tags.fold(Object::new(), |tags, (key, value)| tags.text(key, value));
    object
        .object("tags", tags)
        .text("statistic", &Text::from(statistic(address.statistic)))
        .done()
}

/// A percentile is written in millionths of a whole: `p950000`.
fn statistic(statistic: Statistic) -> String {
    let name = match statistic {
        Statistic::Minimum => "min",
        Statistic::Mean => "mean",
        Statistic::Median => "median",
        Statistic::Maximum => "max",
        Statistic::StandardDeviation => "stddev",
        Statistic::Percentile(millionths) => return format!("p{millionths}"),
        Statistic::Count => "count",
        Statistic::Rate => "rate",
        Statistic::Ratio => "ratio",
        Statistic::Sum => "sum",
        Statistic::Last => "last",
        Statistic::Value => "value",
    };
    name.to_owned()
}
