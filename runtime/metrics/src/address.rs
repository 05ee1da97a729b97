//! Addresses of figures: what each metric can be asked for, and where a layout has its values.
//!
//! ```text
//! metric of a subject --built_in, FigureKind::of--> Figures: which statistics there are, and what they are (a time, a share, ..)
//! Address + Layout --resolve--> Source: the slots --value--> a number of an interval
//! ```
//!
//! The same rules hold when a grid is built, when a flag is read, and when a result file is judged again.

use crate::condition::{Address, Statistic, Subject};
use crate::interval::{Histogram, Interval, SlotFigures, WHOLE};
use crate::layout::{CustomLayout, Layout, MetricKind, MetricLayout, StepLayout, Tags, Unit};
use crate::nearest::nearest;
use crate::outcome::Outcome;
use crate::slots::{iteration_slot, step_slot, time_slot};
use bggo_values::Text;
use std::borrow::Cow;
use std::fmt;

/// What a figure is, which decides what it may be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// A length of time, in seconds.
    Time,
    /// A size, in bytes.
    Bytes,
    /// A number of things, or of something in a unit that bggo does not know.
    Number,
    /// A share, from 0 to 1.
    Ratio,
}

/// The kind of figures that a metric has, which decides what it can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureKind {
    /// The distribution of values: of times, or of a trend.
    Values(Quantity),
    /// How often something happened.
    Events,
    /// How often something happened, and of how much of all.
    Share,
    /// Hits of all.
    Rate,
    /// The sum of a counter.
    Counter(Quantity),
    /// A value that goes up and down.
    Gauge(Quantity),
    /// One value, which the run finds.
    Found(Quantity),
}

impl FigureKind {
    /// Of a metric of a manifest or of a grid: its kind, and its unit as a manifest writes it.
    pub fn of(kind: MetricKind, unit: &str) -> Self {
        let quantity = match unit {
            "time" => Quantity::Time,
            "bytes" => Quantity::Bytes,
            _ => Quantity::Number,
        };
        match kind {
            MetricKind::Trend => Self::Values(quantity),
            MetricKind::Counter => Self::Counter(quantity),
            MetricKind::Gauge => Self::Gauge(quantity),
            MetricKind::Rate => Self::Rate,
        }
    }

    /// What a statistic of it is; `None` where it has no such statistic.
    pub fn quantity(self, statistic: Statistic) -> Option<Quantity> {
        use Statistic::{
            Count, Last, Maximum, Mean, Median, Minimum, Percentile, Rate, Ratio,
            StandardDeviation, Sum, Value,
        };
        match (self, statistic) {
            (
                Self::Values(quantity),
                Minimum | Mean | Median | Maximum | StandardDeviation | Percentile(_) | Sum,
            )
            | (Self::Counter(quantity), Sum | Count | Rate)
            | (Self::Gauge(quantity), Minimum | Mean | Maximum | Last)
            | (Self::Found(quantity), Value) => Some(quantity),
            (Self::Values(_) | Self::Events | Self::Share | Self::Rate, Count | Rate) => {
                Some(Quantity::Number)
            }
            (Self::Share | Self::Rate, Ratio) => Some(Quantity::Ratio),
            _ => None,
        }
    }

    /// The statistics that it has, as grids write them; `p95` stands for all percentiles.
    pub fn statistics(self) -> &'static [&'static str] {
        match self {
            Self::Values(_) => &[
                "min", "mean", "med", "max", "stddev", "p95", "sum", "count", "rate",
            ],
            Self::Events => &["count", "rate"],
            Self::Share | Self::Rate => &["ratio", "count", "rate"],
            Self::Counter(_) => &["sum", "rate"],
            Self::Gauge(_) => &["min", "mean", "max", "last"],
            Self::Found(_) => &["value"],
        }
    }

    /// What it is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Values(Quantity::Time) => "a metric of times",
            Self::Values(_) => "a trend",
            Self::Events | Self::Share | Self::Counter(_) => "a counter",
            Self::Rate => "a rate",
            Self::Gauge(_) => "a gauge",
            Self::Found(_) => "what a search finds",
        }
    }
}

/// Whether a metric has figures by key: kinds of failure, checks, labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// It has none.
    Never,
    /// A key may stand behind it.
    Perhaps,
    /// It is nothing without a key.
    Always,
}

/// A metric that needs no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// What it can be asked for.
    pub figures: FigureKind,
    /// Whether it has keys.
    pub keyed: Keyed,
}

const fn built_in(name: &'static str, figures: FigureKind, keyed: Keyed) -> BuiltIn {
    BuiltIn {
        name,
        figures,
        keyed,
    }
}

const TIMES: FigureKind = FigureKind::Values(Quantity::Time);

/// What every step measures.
pub const OF_STEP: &[BuiltIn] = &[
    built_in("response_time", TIMES, Keyed::Never),
    built_in("service_time", TIMES, Keyed::Never),
    built_in("started", FigureKind::Events, Keyed::Never),
    built_in("failed", FigureKind::Share, Keyed::Perhaps),
    built_in("skipped", FigureKind::Events, Keyed::Never),
    built_in("checks", FigureKind::Rate, Keyed::Always),
];

/// What the iterations of every scenario measure.
pub const OF_ITERATIONS: &[BuiltIn] = &[
    built_in("response_time", TIMES, Keyed::Never),
    built_in("service_time", TIMES, Keyed::Never),
    built_in("start_error", TIMES, Keyed::Never),
    built_in("queued", TIMES, Keyed::Never),
    built_in("started", FigureKind::Events, Keyed::Never),
    built_in("failed", FigureKind::Share, Keyed::Perhaps),
    built_in("dropped", FigureKind::Share, Keyed::Never),
    built_in("not_started", FigureKind::Share, Keyed::Never),
];

/// The highest rate at which the threshold of a search held, in iterations a second.
pub const HIGHEST_RATE: &str = "highest_rate";

/// It is counted in millionths.
pub(crate) const FOUND_SCALE: f64 = 1e6;

/// What every scenario measures.
pub const OF_SCENARIO: &[BuiltIn] = &{
    let mut all = [built_in(
        HIGHEST_RATE,
        FigureKind::Found(Quantity::Number),
        Keyed::Never,
    ); OF_ITERATIONS.len() + 1];
    let mut at = 0;
    while at < OF_ITERATIONS.len() {
        all[at] = OF_ITERATIONS[at];
        at += 1;
    }
    all
};

impl Subject {
    /// The metrics that it has without a manifest; a metric of a grid has none below it.
    pub fn built_in(&self) -> &'static [BuiltIn] {
        match self {
            Self::Run => OF_ITERATIONS,
            Self::Scenario(_) => OF_SCENARIO,
            Self::Step { .. } | Self::Flow { .. } => OF_STEP,
            Self::Custom(_) => &[],
        }
    }
}

/// Percentiles are told apart to ten-thousandths of a percent.
const DIGITS_OF_PERCENTILE: usize = 6;

impl Statistic {
    /// The one that a grid calls so: `min`, `p95`, `p99_9`.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "min" => Self::Minimum,
            "mean" => Self::Mean,
            "med" => Self::Median,
            "max" => Self::Maximum,
            "stddev" => Self::StandardDeviation,
            "count" => Self::Count,
            "rate" => Self::Rate,
            "ratio" => Self::Ratio,
            "sum" => Self::Sum,
            "last" => Self::Last,
            "value" => Self::Value,
            _ => return percentile(word.strip_prefix('p')?).map(Self::Percentile),
        })
    }
}

/// `95`, `99_9`: more than 0 and less than 100, in millionths of the whole.
fn percentile(digits: &str) -> Option<u32> {
    let (whole, part) = digits.split_once('_').unwrap_or((digits, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || whole.len() > 2 || digits.contains('_') && !is_number(part) {
        return None;
    }
    if whole.len() + part.len() > DIGITS_OF_PERCENTILE || part.len() > 4 {
        return None;
    }
    let millionths = format!("{whole}{part:0<4}").parse().ok()?;
    (0 < millionths && millionths < WHOLE).then_some(millionths)
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minimum => "min",
            Self::Mean => "mean",
            Self::Median => "med",
            Self::Maximum => "max",
            Self::StandardDeviation => "stddev",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Ratio => "ratio",
            Self::Sum => "sum",
            Self::Last => "last",
            Self::Value => "value",
            Self::Percentile(millionths) => {
                let (whole, part) = (millionths / 10_000, millionths % 10_000);
                if part == 0 {
                    return write!(f, "p{whole}");
                }
                let part = format!("{part:04}");
                return write!(f, "p{whole}_{}", part.trim_end_matches('0'));
            }
        })
    }
}

/// As a grid writes it behind `metrics.`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Run => f.write_str("run")?,
            Subject::Scenario(name) => write!(f, "scenario.{name}")?,
            Subject::Step {
                scenario,
                runner,
                name,
            } => {
                if let Some(scenario) = scenario {
                    write!(f, "scenario.{scenario}.step.")?;
                }
                write!(f, "{runner}.{name}")?;
            }
            Subject::Flow { flow, step: None } => write!(f, "flow.{flow}")?,
            Subject::Flow {
                flow,
                step: Some([runner, name]),
            } => write!(f, "flow.{flow}.step.{runner}.{name}")?,
            Subject::Custom(name) => write!(f, "custom.{name}")?,
        }
        if !self.tags.is_empty() {
            let tags = self.tags.iter();
            let tags = tags.map(|(key, value)| format!("{key} = {:?}", value.as_str()));
            write!(f, "[{{ {} }}]", tags.collect::<Vec<_>>().join(", "))?;
        }
        if !self.metric.is_empty() {
            write!(f, ".{}", self.metric)?;
        }
        if let Some(key) = &self.key {
            write!(f, "[{:?}]", key.as_str())?;
        }
        write!(f, ".{}", self.statistic)
    }
}

/// An address that a layout does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What is not there.
    pub text: String,
    /// What was probably meant, or what there is.
    pub hint: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{}: {hint}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for Unknown {}

/// The most names that a hint lists.
const MOST_LISTED: usize = 24;

/// That something is not known, with the nearest known name, or with all known names if they are few.
pub(crate) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Unknown {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    let near = nearest(name, known.iter().copied());
    let listed = known.iter().map(|known| format!("`{known}`"));
    let hint = match near {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() || known.len() > MOST_LISTED => None,
        None => Some(format!(
            "there are {}",
            listed.collect::<Vec<_>>().join(", ")
        )),
    };
    Unknown {
        text: format!("there is no {what} `{name}`"),
        hint,
    }
}

/// Where the values of an address stand, and what is computed of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What the figure is.
    pub quantity: Quantity,
    /// The scenarios whose figures it reads, by their rows in [`Layout::iterations`].
    pub scenarios: Vec<usize>,
    /// The slots that it reads: who keeps intervals for it needs no others.
    pub slots: Vec<u32>,
    statistic: Statistic,
    values: Values,
    /// Values of other units than time are divided by this.
    scale: f64,
}

/// What of the slots is read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    /// Histograms.
    Distribution,
    /// What ended with any of these, of all that ended with any of those.
    Outcomes {
        counted: &'static [Outcome],
        of: &'static [Outcome],
    },
    /// Failures of this kind, of all that ended.
    Failures(Text),
    /// A rate, a counter or a gauge.
    Scalar(FigureKind),
    /// A part of a counter: what has a label like this.
    Label(Text),
}

const ENDED: &[Outcome] = &[Outcome::Passed, Outcome::Failed];
const STARTED: &[Outcome] = &[Outcome::Passed, Outcome::Failed, Outcome::Cancelled];
const DUE: &[Outcome] = &[
    Outcome::Passed,
    Outcome::Failed,
    Outcome::Cancelled,
    Outcome::Dropped,
    Outcome::NotStarted,
];

/// Something that has figures at places of its own: a step in a scenario, the iterations of one, or a metric of the grid in
/// one.
struct Row<'a> {
    scenario: usize,
    first: u32,
    whose: Whose<'a>,
}

/// Whose the figures of a row are.
enum Whose<'a> {
    Iterations,
    /// Its metrics stand behind its first slots.
    Step(&'a StepLayout),
    Custom(&'a CustomLayout),
}

impl Layout {
    /// Where an address has its values.
    ///
    /// # Errors
    /// A name, a statistic or a tag of it that the run does not have, with the nearest one.
    pub fn resolve(&self, address: &Address) -> Result<Source, Unknown> {
        let (rows, (figures, slots, values)) = self.locate(address)?;
        let statistic = address.statistic;
        let Some(quantity) = figures.quantity(statistic) else {
            return Err(no_such_statistic(figures, &statistic.to_string()));
        };
        let mut scenarios: Vec<usize> = rows.iter().map(|row| row.scenario).collect();
        scenarios.dedup();
        Ok(Source {
            quantity,
            scenarios,
            slots,
            statistic,
            values,
            scale: match figures {
                FigureKind::Found(_) => FOUND_SCALE,
                _ => f64::from(scale(&rows)),
            },
        })
    }

    /// Where the metric of an address has its values, whichever statistic is asked for.
    ///
    /// # Errors
    /// A name or a tag of it that the run does not have, with the nearest one.
    pub fn slots_of(&self, address: &Address) -> Result<Vec<u32>, Unknown> {
        let (_, (_, slots, _)) = self.locate(address)?;
        Ok(slots)
    }

    /// Whose figures an address means, and where they stand.
    fn locate(&self, address: &Address) -> Result<(Vec<Row<'_>>, Located), Unknown> {
        let rows = self.rows(&address.subject)?;
        let tagged = rows.into_iter().filter(|row| {
            let tags = self.tags(row);
            address.tags.iter().all(|tag| tags.contains(tag))
        });
        let rows: Vec<Row<'_>> = tagged.collect();
        if rows.is_empty() {
            return Err(Unknown {
                text: format!("nothing that `{address}` names has these tags"),
                hint: None,
            });
        }
        let located = match rows.as_slice() {
            [
                Row {
                    whose: Whose::Custom(custom),
                    ..
                },
                ..,
            ] => of_metric(address, &custom.metric, &rows, |row| Some(row.first))?,
            _ => metric(address, &rows)?,
        };
        Ok((rows, located))
    }

    fn tags<'a>(&'a self, row: &Row<'a>) -> &'a Tags {
        match row.whose {
            Whose::Step(step) => &step.tags,
            Whose::Custom(custom) => &custom.tags,
            Whose::Iterations => &self.iterations[row.scenario].tags,
        }
    }

    /// What a subject stands for.
    fn rows(&self, subject: &Subject) -> Result<Vec<Row<'_>>, Unknown> {
        let iterations = |scenario: usize| Row {
            scenario,
            first: self.iterations[scenario].first,
            whose: Whose::Iterations,
        };
        match subject {
            Subject::Run => Ok((0..self.iterations.len()).map(iterations).collect()),
            Subject::Scenario(name) => Ok(vec![iterations(self.scenario(name)?)]),
            Subject::Step {
                scenario,
                runner,
                name,
            } => {
                let only = scenario.as_ref().map(|name| self.scenario(name));
                let only = only.transpose()?;
                let full = format!("{runner}.{name}");
                let in_scope = self.steps.iter().filter_map(|step| {
                    let at = self.judged_with(&step.scenario)?;
                    // Of one scenario it is a step of its own, and none of a flow.
                    let is_own = only == Some(at) && step.path.is_empty();
                    (only.is_none() || is_own).then_some((at, step))
                });
                let all: Vec<(usize, &StepLayout)> = in_scope.collect();
                let named = all.iter().filter(|(_, step)| step.name.as_str() == full);
                let rows: Vec<Row<'_>> = named
                    .map(|(scenario, step)| Row {
                        scenario: *scenario,
                        first: step.first,
                        whose: Whose::Step(step),
                    })
                    .collect();
                if rows.is_empty() {
                    let known = all.iter().map(|(_, step)| step.name.as_str());
                    let prefix = format!("{runner}.");
                    let of_runner: Vec<&str> = known
                        .clone()
                        .filter_map(|known| known.strip_prefix(prefix.as_str()))
                        .collect();
                    let missing = match of_runner.as_slice() {
                        [] => unknown("step", &full, known),
                        of_runner => unknown("step", name, of_runner.iter().copied()),
                    };
                    let text = format!("there is no step `{full}`");
                    return Err(Unknown { text, ..missing });
                }
                Ok(rows)
            }
            Subject::Flow { flow, step } => self.rows_of_flow(flow, step.as_ref()),
            Subject::Custom(name) => {
                let rows = self.custom.iter().filter_map(|custom| {
                    let scenario = self.judged_with(&custom.scenario)?;
                    (custom.metric.name == *name).then_some(Row {
                        scenario,
                        first: custom.slot,
                        whose: Whose::Custom(custom),
                    })
                });
                let rows: Vec<Row<'_>> = rows.collect();
                if rows.is_empty() {
                    let known = self.custom.iter();
                    let known = known.map(|custom| custom.metric.name.as_str());
                    return Err(unknown("metric of the grid", name, known));
                }
                Ok(rows)
            }
        }
    }

    /// The scenario with which a row is judged: its own, or the first where it belongs to the whole run.
    fn judged_with(&self, scenario: &Text) -> Option<usize> {
        let mut rows = self.iterations.iter();
        rows.position(|row| row.scenario == *scenario || scenario.is_empty())
    }

    /// The steps that call a flow, or a step of the flow in each of its calls.
    fn rows_of_flow(&self, flow: &Text, step: Option<&[Text; 2]>) -> Result<Vec<Row<'_>>, Unknown> {
        let calls = |call: &Text| {
            let name = call.strip_prefix(flow.as_str());
            name.is_some_and(|name| name.starts_with('.'))
        };
        let full = step.map(|[runner, name]| format!("{runner}.{name}"));
        let is_meant = |row: &StepLayout| match &full {
            None => calls(&row.name),
            Some(full) => row.path.last().is_some_and(calls) && row.name.as_str() == full,
        };
        let rows = self.steps.iter().filter_map(|row| {
            let scenario = self.judged_with(&row.scenario)?;
            is_meant(row).then_some(Row {
                scenario,
                first: row.first,
                whose: Whose::Step(row),
            })
        });
        let rows: Vec<Row<'_>> = rows.collect();
        if !rows.is_empty() {
            return Ok(rows);
        }
        let called = self.steps.iter().flat_map(|row| row.path.last());
        if called.clone().any(calls) {
            let inner = self.steps.iter();
            let inner = inner.filter(|row| row.path.last().is_some_and(calls));
            let full = full.unwrap_or_default();
            return Err(unknown("step", &full, inner.map(|row| row.name.as_str())));
        }
        let flows = called.filter_map(|call| Some(call.as_str().split_once('.')?.0));
        Err(unknown("flow", flow, flows))
    }

    fn scenario(&self, name: &Text) -> Result<usize, Unknown> {
        let mut rows = self.iterations.iter();
        rows.position(|row| row.scenario == *name).ok_or_else(|| {
            let known = self.iterations.iter().map(|row| row.scenario.as_str());
            unknown("scenario", name, known)
        })
    }
}

/// What a metric can be asked for, its slots, and what of the slots is read.
type Located = (FigureKind, Vec<u32>, Values);

/// What the metric of an address can be asked for, its slot in each row, and what of the slots is read.
fn metric(address: &Address, rows: &[Row<'_>]) -> Result<Located, Unknown> {
    let name = address.metric.as_str();
    let built_in = address.subject.built_in();
    if let Some(known) = built_in.iter().find(|known| known.name == name) {
        if let (Keyed::Never, Some(key)) = (known.keyed, &address.key) {
            return Err(no_keys(name, key));
        }
        let outcomes = |counted, of| Values::Outcomes { counted, of };
        let (offset, values) = match (name, &address.key) {
            ("response_time", _) => (time_slot::RESPONSE, Values::Distribution),
            ("service_time", _) => (time_slot::SERVICE, Values::Distribution),
            ("queued", _) => (iteration_slot::QUEUED, Values::Distribution),
            ("start_error", _) => (iteration_slot::START_ERROR, Values::Distribution),
            ("started", _) => (0, outcomes(STARTED, DUE)),
            ("failed", None) => (0, outcomes(&[Outcome::Failed], ENDED)),
            ("failed", Some(kind)) => (0, Values::Failures(kind.clone())),
            ("skipped", _) => (0, outcomes(&[Outcome::Skipped], DUE)),
            ("dropped", _) => (0, outcomes(&[Outcome::Dropped], DUE)),
            ("not_started", _) => (0, outcomes(&[Outcome::NotStarted], DUE)),
            (HIGHEST_RATE, _) => (0, Values::Scalar(known.figures)),
            // Only `checks` is left.
            (_, key) => return of_check(key.as_ref().map_or("", Text::as_str), rows),
        };
        let slots = rows.iter().map(|row| row.first + offset);
        return Ok((known.figures, slots.collect(), values));
    }
    let own = |metric: &&MetricLayout| metric.name.as_str() == name;
    let Some(metric) = rows.iter().flat_map(metrics_of_manifest).find(own) else {
        let own = rows.iter().flat_map(metrics_of_manifest);
        let own = own.map(|metric| metric.name.as_str());
        let known = built_in.iter().map(|known| known.name).chain(own);
        return Err(unknown("metric", name, known));
    };
    of_metric(address, metric, rows, |row| {
        let place = metrics_of_manifest(row)
            .iter()
            .position(|metric| own(&metric))?;
        Some(step_slot::first_metric(row.first) + u32::try_from(place).ok()?)
    })
}

/// The same of a metric of a manifest or of the grid, which has its slot in a row where `slot` says.
fn of_metric(
    address: &Address,
    metric: &MetricLayout,
    rows: &[Row<'_>],
    slot: impl Fn(&Row<'_>) -> Option<u32>,
) -> Result<Located, Unknown> {
    let unit = match &metric.unit {
        Unit::Time => "time",
        Unit::Other(name) => name.as_str(),
    };
    let figures = FigureKind::of(metric.kind, unit);
    let values = match (&address.key, &metric.label, metric.kind) {
        (Some(label), Some(_), _) => Values::Label(label.clone()),
        (Some(key), None, _) => return Err(no_keys(&metric.name, key)),
        (None, _, MetricKind::Trend) => Values::Distribution,
        (None, ..) => Values::Scalar(figures),
    };
    Ok((figures, rows.iter().filter_map(slot).collect(), values))
}

/// The same of a check.
fn of_check(name: &str, rows: &[Row<'_>]) -> Result<Located, Unknown> {
    let slots = rows.iter().filter_map(|row| match row.whose {
        Whose::Step(step) => step.check_slot(name),
        _ => None,
    });
    let slots: Vec<u32> = slots.collect();
    if slots.is_empty() {
        let checks = rows.iter().flat_map(|row| match row.whose {
            Whose::Step(step) => step.checks.as_slice(),
            _ => &[],
        });
        return Err(unknown(
            "check",
            name,
            checks.map(|check| check.name.as_str()),
        ));
    }
    Ok((FigureKind::Rate, slots, Values::Scalar(FigureKind::Rate)))
}

/// How many of what is counted make one of the unit.
fn scale(rows: &[Row<'_>]) -> u32 {
    match rows.first().map(|row| &row.whose) {
        Some(Whose::Custom(custom)) => custom.metric.scale,
        _ => 1,
    }
}

/// The metrics of the manifest of a step; iterations have none.
fn metrics_of_manifest<'a>(row: &Row<'a>) -> &'a [MetricLayout] {
    match row.whose {
        Whose::Step(step) => &step.metrics,
        Whose::Iterations | Whose::Custom(_) => &[],
    }
}

/// That a metric has no such statistic.
pub(crate) fn no_such_statistic(figures: FigureKind, word: &str) -> Unknown {
    let listed = figures.statistics().iter().map(|word| format!("`{word}`"));
    Unknown {
        text: format!("{} has no `{word}`", figures.name()),
        hint: Some(format!("it has {}", listed.collect::<Vec<_>>().join(", "))),
    }
}

fn no_keys(metric: &str, key: &str) -> Unknown {
    Unknown {
        text: format!("`{metric}` is not told apart by `[{key:?}]`"),
        hint: None,
    }
}

impl Source {
    /// The figure in an interval: seconds, bytes, a number, or a share from 0 to 1. `None` where nothing was measured of
    /// which it could be computed; nothing counted is 0.
    pub fn value(&self, interval: &Interval) -> Option<f64> {
        let slots: Vec<&SlotFigures> = self
            .slots
            .iter()
            .filter_map(|slot| interval.slot(*slot))
            .collect();
        let sum = |count: &dyn Fn(&SlotFigures) -> u64| -> f64 {
            slots.iter().map(|slot| count(slot)).sum::<u64>() as f64
        };
        let all = |slot: &SlotFigures, outcomes: &[Outcome]| -> u64 {
            outcomes.iter().map(|outcome| slot.count(*outcome)).sum()
        };
        let (count, of) = match &self.values {
            Values::Distribution => return self.of_distribution(&merged(&slots), interval),
            Values::Scalar(FigureKind::Gauge(_) | FigureKind::Found(_)) => {
                return self.of_gauge(&slots);
            }
            Values::Scalar(figures) => {
                let sum = sum(&|slot| slot.scalar.sum() + slot.labels.values().sum::<u64>());
                let count = slots.iter().map(|slot| slot.scalar.count()).sum::<u64>() as f64;
                match (figures, self.statistic) {
                    // The hits of a rate, of all.
                    (FigureKind::Rate, Statistic::Ratio) => (sum, count),
                    (FigureKind::Rate, _) => (count, count),
                    _ => (self.in_unit(sum), count),
                }
            }
            Values::Label(label) => {
                let labels = |slot: &SlotFigures| {
                    let like = slot
                        .labels
                        .iter()
                        .filter(|(known, _)| is_like(known, label));
                    like.map(|(_, sum)| sum).sum()
                };
                (self.in_unit(sum(&labels)), 0.0)
            }
            Values::Failures(kind) => {
                let failures = |slot: &SlotFigures| slot.kinds.get(kind).copied().unwrap_or(0);
                (sum(&failures), sum(&SlotFigures::ended))
            }
            Values::Outcomes { counted, of } => {
                (sum(&|slot| all(slot, counted)), sum(&|slot| all(slot, of)))
            }
        };
        match self.statistic {
            Statistic::Ratio => (of > 0.0).then(|| count / of),
            Statistic::Rate => per_second(count, interval),
            _ => Some(count),
        }
    }

    fn of_distribution(&self, histogram: &Histogram, interval: &Interval) -> Option<f64> {
        let in_unit = |value: u64| self.in_unit(value as f64);
        let is_time = self.quantity == Quantity::Time;
        let quantile = |millionths: u32| {
            if is_time {
                histogram.time(millionths).map(|time| time.as_secs_f64())
            } else {
                histogram.quantile(millionths).map(in_unit)
            }
        };
        let extremes = || {
            if is_time {
                let (least, most) = histogram.time_extremes()?;
                Some((least.as_secs_f64(), most.as_secs_f64()))
            } else {
                let (least, most) = histogram.extremes()?;
                Some((in_unit(least), in_unit(most)))
            }
        };
        match self.statistic {
            Statistic::Minimum => extremes().map(|(least, _)| least),
            Statistic::Maximum => extremes().map(|(_, most)| most),
            Statistic::Mean => histogram.mean().map(|mean| self.in_unit(mean)),
            Statistic::Median => quantile(WHOLE / 2),
            Statistic::Percentile(millionths) => quantile(millionths),
            Statistic::StandardDeviation => {
                let deviation = histogram.standard_deviation();
                deviation.map(|deviation| self.in_unit(deviation))
            }
            Statistic::Sum => {
                let count = histogram.count() as f64;
                Some(self.in_unit(histogram.mean().unwrap_or(0.0) * count))
            }
            Statistic::Count => Some(histogram.count() as f64),
            Statistic::Rate => per_second(histogram.count() as f64, interval),
            Statistic::Ratio | Statistic::Last | Statistic::Value => None,
        }
    }

    fn of_gauge(&self, slots: &[&SlotFigures]) -> Option<f64> {
        let mut whole = slots.first()?.scalar.clone();
        for slot in slots.iter().skip(1) {
            whole.merge(&slot.scalar);
        }
        let value = match self.statistic {
            Statistic::Minimum => whole.extremes()?.0 as f64,
            Statistic::Maximum => whole.extremes()?.1 as f64,
            Statistic::Mean => whole.mean()?,
            _ => whole.last()? as f64,
        };
        Some(self.in_unit(value))
    }

    /// Times are counted in microseconds.
    fn in_unit(&self, value: f64) -> f64 {
        match self.quantity {
            Quantity::Time => value / 1e6,
            _ => value / self.scale,
        }
    }
}

/// Whether a label is the one that is asked for: itself, or of the class `5xx`.
fn is_like(label: &str, asked: &str) -> bool {
    let of_class = |class: &str| {
        label.len() == asked.len()
            && label.starts_with(class)
            && label.bytes().all(|byte| byte.is_ascii_digit())
    };
    label == asked || asked.strip_suffix("xx").is_some_and(of_class)
}

fn per_second(count: f64, interval: &Interval) -> Option<f64> {
    let seconds = interval.length().as_secs_f64();
    (seconds > 0.0).then(|| count / seconds)
}

/// The values of all slots.
fn merged<'a>(slots: &[&'a SlotFigures]) -> Cow<'a, Histogram> {
    let mut histograms = slots.iter().map(|slot| &slot.histogram);
    let Some(first) = histograms.next() else {
        return Cow::Owned(Histogram::default());
    };
    let mut whole = Cow::Borrowed(first);
    for more in histograms {
        whole.to_mut().merge(more);
    }
    whole
}

#[cfg(test)]
mod tests;
