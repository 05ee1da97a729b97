//! The thresholds that a load run has without being asked: on failures, and on answers that look wrong where the grid does not
//! say which ones pass.
//!
//! They are data like those of a grid, so that whoever judges a result file again judges by the same. Their figures have no
//! address in the language, so they are found here.

use crate::address::Quantity;
use crate::condition::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
use crate::interval::{Interval, SlotFigures};
use crate::layout::{Layout, MetricLayout};
use crate::outcome::Outcome;
use crate::slots::{LATE_METRICS, step_slot};
use bggo_values::Text;

/// The name of the metric of all that failed, or was due and never began, of all that ended or never began.
const FAILURES: &str = "failures";
/// The name of the metric of all results that came later and were failures, or never came, of all that were to come later.
const UNDELIVERED: &str = LATE_METRICS[2];
/// The share of iterations that is too much if it fails, unless the run is told another one.
pub const MOST_FAILED: f64 = 0.01;

/// The thresholds that a load run has beside the `declared` ones.
///
/// That on failures is left out where a declared one reads failures of the run, or of each of the `scenarios` that run, unless
/// `max_failed` asks for it. `max_failed` is a share from 0 to 1.
pub fn implicit_thresholds(
    declared: &[Threshold],
    layout: &Layout,
    scenarios: &[Text],
    max_failed: Option<f64>,
) -> Vec<Threshold> {
    let limit = max_failed.unwrap_or(MOST_FAILED);
    let addresses = || declared.iter().flat_map(|one| &one.condition.addresses);
    let reads = |subject: &Subject| {
        let mut reads = addresses();
        reads.any(|address| address.subject == *subject && is_of_failures(address))
    };
    let each = |scenario: &Text| reads(&Subject::Scenario(scenario.clone()));
    let is_replaced = reads(&Subject::Run) || !scenarios.is_empty() && scenarios.iter().all(each);
    let mut all = Vec::new();
    if max_failed.is_some() || !is_replaced {
        all.push(threshold((FAILURES, FAILURES), None, limit));
    }
    let is_asked = addresses().any(is_of_late_results);
    if !is_asked && late_results(layout).next().is_some() {
        all.push(threshold((UNDELIVERED, UNDELIVERED), None, limit));
    }
    let mut known: Vec<(Text, String)> = Vec::new();
    for (metric, _) in warned(layout) {
        let found = (metric.name.clone(), class(metric));
        let is_asked = addresses().any(|address| is_of_labels(address, metric));
        if !is_asked && !known.contains(&found) {
            let name = format!("{} {}", found.0, found.1);
            let key = Text::from(found.1.clone());
            all.push(threshold((&name, found.0.as_str()), Some(key), limit));
            known.push(found);
        }
    }
    all
}

/// Whether it reads all that failed. One that reads what was dropped, or failures of one kind, leaves the others to nobody.
fn is_of_failures(address: &Address) -> bool {
    address.metric.as_str() == "failed" && address.key.is_none()
}

/// Whether it reads how results turned out that came later.
fn is_of_late_results(address: &Address) -> bool {
    let metric = address.metric.as_str();
    metric == LATE_METRICS[1] || metric == UNDELIVERED
}

/// The slot of the first metric of each step whose results may come later.
fn late_results(layout: &Layout) -> impl Iterator<Item = u32> {
    let is_late = |metrics: &[MetricLayout]| {
        let names = metrics.iter().map(|metric| metric.name.as_str());
        names.take(LATE_METRICS.len()).eq(LATE_METRICS)
    };
    let steps = layout.steps.iter();
    let steps = steps.filter(move |step| is_late(&step.metrics));
    steps.map(|step| step_slot::first_metric(step.first))
}

/// Whether it reads labels that a metric warns of.
fn is_of_labels(address: &Address, metric: &MetricLayout) -> bool {
    let prefix = metric.warning.as_ref().map_or("", |one| &one.prefix);
    let key = address.key.as_ref();
    address.metric == metric.name && key.is_some_and(|key| key.starts_with(prefix))
}

fn threshold((name, metric): (&str, &str), key: Option<Text>, limit: f64) -> Threshold {
    let percent = format!("{:.4}", limit * 100.0);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    Threshold {
        name: Text::from(name.to_owned()),
        condition: Condition {
            addresses: vec![Address {
                subject: Subject::Run,
                metric: Text::from(metric.to_owned()),
                key,
                tags: Vec::new(),
                statistic: Statistic::Ratio,
            }],
            // Where nothing may fail, nothing fails.
            terms: vec![
                Term::Figure(0),
                Term::Bound(limit),
                if limit > 0.0 {
                    Term::Less
                } else {
                    Term::LessOrEqual
                },
            ],
            text: Text::from(if limit > 0.0 {
                format!("less than {percent} %")
            } else {
                "none".to_owned()
            }),
        },
        over: None,
        hold: 0,
        after: 0,
        on_fail: OnFail::Fail,
    }
}

/// Metrics of steps that warn of some labels, each with its slot.
fn warned(layout: &Layout) -> impl Iterator<Item = (&MetricLayout, u32)> {
    layout.steps.iter().flat_map(|step| {
        let slots = step_slot::first_metric(step.first)..;
        let metrics = step.metrics.iter().zip(slots);
        metrics.filter(|(metric, _)| metric.warning.is_some())
    })
}

/// What the labels are called that a metric warns of: `5xx` of those that begin with `5`.
fn class(metric: &MetricLayout) -> String {
    let prefix = metric.warning.as_ref().map_or("", |one| &one.prefix);
    match prefix.as_bytes() {
        [digit] if digit.is_ascii_digit() => format!("{prefix}xx"),
        _ => format!("{prefix}*"),
    }
}

/// A figure that only an implicit threshold reads: a share.
#[derive(Debug, Clone, PartialEq)]
pub enum Implicit {
    /// Of what was asked for, what failed or never began; over the slots of iterations.
    Failures(Vec<u32>),
    /// Of the results that were to come later, what failed or never came: for each step the slots of what it accepted, of what failed
    /// and of what never came.
    LateResults(Vec<u32>),
    /// Of what was counted in these slots, what has labels that begin like this.
    Labels {
        /// The slots.
        slots: Vec<u32>,
        /// The beginning of the labels.
        prefix: Text,
    },
}

impl Implicit {
    /// The one that an address stands for, if it does.
    pub fn of(address: &Address, layout: &Layout) -> Option<Self> {
        if address.subject != Subject::Run || address.statistic != Statistic::Ratio {
            return None;
        }
        if address.metric.as_str() == FAILURES && address.key.is_none() {
            let rows = layout.iterations.iter();
            return Some(Self::Failures(rows.map(|row| row.first).collect()));
        }
        if address.metric.as_str() == UNDELIVERED && address.key.is_none() {
            let slots = late_results(layout).flat_map(|first| [first, first + 2, first + 3]);
            return Some(Self::LateResults(slots.collect()));
        }
        let key = address.key.as_ref()?;
        let is_meant =
            |metric: &MetricLayout| metric.name == address.metric && class(metric) == key.as_str();
        let meant = warned(layout).filter(|(metric, _)| is_meant(metric));
        let (metrics, slots): (Vec<&MetricLayout>, Vec<u32>) = meant.unzip();
        let warning = metrics.first()?.warning.as_ref()?;
        Some(Self::Labels {
            slots,
            prefix: warning.prefix.clone(),
        })
    }

    /// What it is.
    pub const QUANTITY: Quantity = Quantity::Ratio;

    /// The slots that it reads.
    pub fn slots(&self) -> &[u32] {
        match self {
            Self::Failures(slots) | Self::LateResults(slots) | Self::Labels { slots, .. } => slots,
        }
    }

    /// Its share in an interval; `None` if nothing was counted.
    pub fn value(&self, interval: &Interval) -> Option<f64> {
        let slots = self.slots().iter().enumerate();
        let slots = slots.filter_map(|(at, slot)| Some((at, interval.slot(*slot)?)));
        let (mut some, mut of) = (0, 0);
        for (at, slot) in slots {
            let (more, more_of) = self.shares(at, slot);
            some += more;
            of += more_of;
        }
        (of > 0).then(|| some as f64 / of as f64)
    }

    /// What a slot adds to both, of which this is the position among those that are read.
    fn shares(&self, at: usize, slot: &SlotFigures) -> (u64, u64) {
        match self {
            Self::Failures(_) => {
                let never = slot.count(Outcome::Dropped) + slot.count(Outcome::NotStarted);
                (slot.count(Outcome::Failed) + never, slot.ended() + never)
            }
            Self::LateResults(_) => {
                let labelled = slot.labels.values();
                let labelled = labelled.fold(0_u64, |sum, n| sum.saturating_add(*n));
                let counted = u64::try_from(slot.scalar.sum).unwrap_or(u64::MAX);
                match at % 3 {
                    0 => (0, counted),
                    _ => (counted.saturating_add(labelled), 0),
                }
            }
            Self::Labels { prefix, .. } => {
                let sum = |wanted: &dyn Fn(&str) -> bool| {
                    let labels = slot.labels.iter();
                    let labels = labels.filter(|(label, _)| wanted(label));
                    labels.fold(0_u64, |sum, (_, n)| sum.saturating_add(*n))
                };
                (
                    sum(&|label| label.starts_with(prefix.as_str())),
                    sum(&|_| true),
                )
            }
        }
    }

    /// How whoever reads of the broken threshold changes it.
    pub fn advice(&self) -> Text {
        Text::Static(match self {
            Self::Failures(_) => {
                "--max-failed changes the limit, and so does a `threshold` on metrics.run.failed"
            }
            Self::LateResults(_) => {
                "--max-failed changes the limit, and so does a `threshold` on `undelivered` of the step"
            }
            Self::Labels { .. } => {
                "arguments of the steps, such as expect_status, say which of them pass; --max-failed changes the limit"
            }
        })
    }
}
