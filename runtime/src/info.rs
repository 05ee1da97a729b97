//! What is known of a step and of a resource when the grid is built: statics of the emitted program.

use crate::place::Place;
pub use bggo_metrics::{MetricKind, iteration_slot, step_slot, time_slot};
use bggo_values::Text;
use std::fmt;
use std::ops::Range;

/// A step.
#[derive(Debug)]
pub struct Info {
    runner: &'static str,
    name: &'static str,
    place: &'static str,
    first_slot: u32,
    slots: u32,
    metrics: &'static [MetricInfo],
    without_warning: &'static [&'static str],
    tags: &'static [(&'static str, &'static str)],
    checks: &'static [CheckInfo],
    counts_attempts: bool,
    sensitive: bool,
    withheld: bool,
    sensitive_inputs: &'static [&'static str],
}

/// What counts attempts, behind the metrics of the manifest of a step that may have several.
static ATTEMPTS: [MetricInfo; 2] = [
    MetricInfo::new("attempts", "").kind(MetricKind::Counter),
    MetricInfo::new("retries", "").kind(MetricKind::Counter),
];

impl Info {
    /// Step `"runner" "name"`, at a place like `grid.hcl:5`.
    pub const fn new(runner: &'static str, name: &'static str, place: &'static str) -> Self {
        Self {
            runner,
            name,
            place,
            first_slot: 0,
            slots: time_slot::COUNT,
            metrics: &[],
            without_warning: &[],
            tags: &[],
            checks: &[],
            counts_attempts: false,
            sensitive: false,
            withheld: false,
            sensitive_inputs: &[],
        }
    }

    /// Its metric slots: those of its times, then the metrics of its manifest, then its checks.
    pub const fn slots(mut self, slots: Range<u32>) -> Self {
        self.first_slot = slots.start;
        self.slots = slots.end - slots.start;
        self
    }

    /// The metrics of its manifest, in their order.
    pub const fn metrics(mut self, metrics: &'static [MetricInfo]) -> Self {
        self.metrics = metrics;
        self
    }

    /// Metrics of its manifest of which a run does not warn: the grid has settled it by an argument.
    pub const fn without_warning(mut self, metrics: &'static [&'static str]) -> Self {
        self.without_warning = metrics;
        self
    }

    /// Labels on its metrics.
    pub const fn tags(mut self, tags: &'static [(&'static str, &'static str)]) -> Self {
        self.tags = tags;
        self
    }

    /// The checks that the grid gives it.
    pub const fn checks(mut self, checks: &'static [CheckInfo]) -> Self {
        self.checks = checks;
        self
    }

    /// It may have several attempts, which are counted: in slots behind the metrics of its manifest.
    pub const fn counts_attempts(mut self) -> Self {
        self.counts_attempts = true;
        self
    }

    /// It has a sensitive input: the texts of its faults show no values.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// The grid says that it is sensitive: nothing of what it sends and receives is shown.
    pub const fn withheld(mut self) -> Self {
        self.withheld = true;
        self
    }

    /// Whether nothing of what it sends and receives is shown.
    pub(crate) const fn is_withheld(&self) -> bool {
        self.withheld
    }

    /// Inputs with a sensitive value that the manifest does not declare sensitive.
    pub const fn sensitive_inputs(mut self, names: &'static [&'static str]) -> Self {
        self.sensitive_inputs = names;
        self
    }

    /// Whether this input has a sensitive value although the manifest does not declare it sensitive.
    pub fn is_input_sensitive(&self, name: &str) -> bool {
        self.sensitive_inputs.contains(&name)
    }

    /// The kind of runner.
    pub fn runner(&self) -> &'static str {
        self.runner
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it is written.
    pub fn place(&self) -> &'static str {
        self.place
    }

    /// The metrics of its manifest.
    pub fn metric_infos(&self) -> &'static [MetricInfo] {
        self.metrics
    }

    /// What counts its attempts, in slots behind those of its metrics; empty where it has only one.
    pub(crate) fn attempt_infos(&self) -> &'static [MetricInfo] {
        if self.counts_attempts { &ATTEMPTS } else { &[] }
    }

    /// How many of its slots lie between those of its times and its checks.
    pub(crate) fn metric_count(&self) -> usize {
        self.metrics.len() + self.attempt_infos().len()
    }

    /// The checks that the grid gives it.
    pub fn check_infos(&self) -> &'static [CheckInfo] {
        self.checks
    }

    /// What a load run says of the labels of a metric, if it does.
    pub fn warning_of(&self, metric: &MetricInfo) -> Option<MetricWarning> {
        metric.warning_unless_in(self.without_warning)
    }

    /// Its labels.
    pub fn labels(&self) -> &'static [(&'static str, &'static str)] {
        self.tags
    }

    /// The first of its slots.
    pub fn first_slot(&self) -> u32 {
        self.first_slot
    }

    /// The slot of its first metric.
    pub fn first_metric_slot(&self) -> u32 {
        step_slot::first_metric(self.first_slot)
    }

    /// How many slots it has.
    pub fn slot_count(&self) -> u32 {
        self.slots
    }

    /// Whether the texts of its faults hide values.
    pub fn sensitivity(&self) -> Sensitivity {
        Sensitivity::of(self.sensitive)
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.runner, self.name)
    }
}

/// A check of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckInfo {
    name: &'static str,
    place: Place,
    required: bool,
    sensitive: bool,
}

impl CheckInfo {
    /// A check of this name.
    pub const fn new(name: &'static str, place: Place) -> Self {
        Self {
            name,
            place,
            required: false,
            sensitive: false,
        }
    }

    /// The step fails where it fails.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// It reads something sensitive: the texts of its faults show no values.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where it is written.
    pub fn place(&'static self) -> &'static Place {
        &self.place
    }

    /// Whether the step fails where it fails.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Whether the texts of its faults hide values.
    pub fn sensitivity(&self) -> Sensitivity {
        Sensitivity::of(self.sensitive)
    }
}

/// A metric of the grid in a body that records it. Steps with unlike tags record it apart.
#[derive(Debug)]
pub struct BodyMetric {
    info: &'static MetricInfo,
    slot: u32,
    tags: &'static [(&'static str, &'static str)],
}

impl BodyMetric {
    /// The metric has this slot, counted from the first one of the body: it stands behind those of the steps.
    pub const fn new(info: &'static MetricInfo, slot: u32) -> Self {
        Self {
            info,
            slot,
            tags: &[],
        }
    }

    /// The labels of the steps that record it.
    pub const fn tags(mut self, tags: &'static [(&'static str, &'static str)]) -> Self {
        self.tags = tags;
        self
    }

    /// Its labels.
    pub fn labels(&self) -> &'static [(&'static str, &'static str)] {
        self.tags
    }

    /// The metric.
    pub fn info(&self) -> &'static MetricInfo {
        self.info
    }

    /// Its slot, counted from the first one of the body.
    pub fn slot(&self) -> u32 {
        self.slot
    }
}

/// A metric of a manifest, or of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricInfo {
    name: &'static str,
    unit: &'static str,
    kind: MetricKind,
    label: Option<&'static str>,
    warning: Option<MetricWarning>,
    on_demand: bool,
    scale: u32,
    description: Option<&'static str>,
}

impl MetricInfo {
    /// A trend of this name; `unit` is `time` (its values are microseconds), `bytes` or empty.
    pub const fn new(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            kind: MetricKind::Trend,
            label: None,
            warning: None,
            on_demand: false,
            scale: 1,
            description: None,
        }
    }

    /// One of its unit is so many of what is counted: thousandths where this is 1,000. At least 1.
    pub const fn scale(mut self, scale: u32) -> Self {
        self.scale = scale;
        self
    }

    /// What the grid says of it.
    pub const fn description(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// What the grid says of it, if it says something.
    pub fn said_of(&self) -> Option<&'static str> {
        self.description
    }

    /// It is of this kind.
    pub const fn kind(mut self, kind: MetricKind) -> Self {
        self.kind = kind;
        self
    }

    /// A counter whose sum is told apart by a label of this name.
    pub const fn label(mut self, label: &'static str) -> Self {
        self.label = Some(label);
        self
    }

    /// What a load run says of its labels.
    pub const fn warning(mut self, warning: MetricWarning) -> Self {
        self.warning = Some(warning);
        self
    }

    /// It is measured only where somebody asks for it.
    pub const fn on_demand(mut self) -> Self {
        self.on_demand = true;
        self
    }

    /// Whether it is measured only where somebody asks for it.
    pub fn is_on_demand(&self) -> bool {
        self.on_demand
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its unit, as the manifest writes it.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// What it is.
    pub fn metric_kind(&self) -> MetricKind {
        self.kind
    }

    /// How many of what is counted make one of its unit.
    pub fn scale_of(&self) -> u32 {
        self.scale
    }

    /// The name of its label, if it has one.
    pub fn label_name(&self) -> Option<&'static str> {
        self.label
    }

    /// What a load run says of its labels, unless its name is among those of which it does not.
    fn warning_unless_in(&self, without: &[&str]) -> Option<MetricWarning> {
        self.warning.filter(|_| !without.contains(&self.name))
    }
}

/// A warning of a load run: too much of a counter has labels that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricWarning {
    prefix: &'static str,
    over_millionths: u32,
    text: &'static str,
}

impl MetricWarning {
    /// When labels that begin with `prefix` have more than `over_millionths` of the sum: `text` goes on after the share, as
    /// in `http_request.order: 12.3 % of 9990 ` and then `answers had status 5xx`.
    pub const fn new(prefix: &'static str, over_millionths: u32, text: &'static str) -> Self {
        Self {
            prefix,
            over_millionths,
            text,
        }
    }

    /// How the labels begin.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// The share that is not too much, in millionths.
    pub fn over_millionths(&self) -> u32 {
        self.over_millionths
    }

    /// What is said after the share.
    pub fn text(&self) -> &'static str {
        self.text
    }
}

/// Numbers of metrics, each a type of its own, so that nothing is recorded that the metric is not.
macro_rules! metric_numbers {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(u32);

        impl $name {
            /// The metric with this number in its manifest, from 0.
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// Its number in its manifest, from 0.
            pub const fn number(self) -> u32 {
                self.0
            }
        }

        impl Numbered for $name {
            fn number(self) -> u32 {
                self.0
            }
        }
    )*};
}

/// A metric of a manifest, of whatever kind.
pub trait Numbered: Copy {
    /// Its number in its manifest, from 0.
    fn number(self) -> u32;
}

/// A metric of a manifest that is measured only where somebody asks for it: [`Step::asks`] gives the metric itself, so what
/// nobody asks for cannot be recorded.
///
/// [`Step::asks`]: crate::step::Step::asks
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnDemand<M>(M);

impl<M: Copy> OnDemand<M> {
    /// The metric, measured on demand.
    pub const fn new(metric: M) -> Self {
        Self(metric)
    }

    /// The metric, for somebody who knows that it is asked for.
    pub(crate) fn metric(self) -> M {
        self.0
    }
}

metric_numbers! {
    /// A trend of a manifest.
    Trend
    /// A counter of a manifest, without a label.
    Counter
    /// A gauge of a manifest.
    Gauge
    /// A rate of a manifest.
    Rate
    /// A counter of a manifest that has a label.
    LabelledCounter
}

/// Whether the values of a step or a resource may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// They may be shown.
    Open,
    /// It has a sensitive input, so they may not.
    Sensitive,
}

impl Sensitivity {
    pub(crate) const fn of(sensitive: bool) -> Self {
        if sensitive {
            Self::Sensitive
        } else {
            Self::Open
        }
    }
}

/// Which instance of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instance {
    /// The step has no instances.
    None,
    /// Of `count`.
    Index(u32),
    /// Of `for_each`.
    Key(Text),
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) => write!(f, "[{:?}]", key.as_str()),
        }
    }
}

/// How long an asset lives, from wide to narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifetime {
    /// One for the whole run, shared by all threads.
    Run,
    /// One a worker thread.
    Worker,
    /// One a virtual user.
    Vu,
    /// One an iteration.
    Iteration,
}

impl fmt::Display for Lifetime {
    /// As a grid writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run => "run",
            Self::Worker => "worker",
            Self::Vu => "vu",
            Self::Iteration => "iteration",
        })
    }
}

/// A resource.
#[derive(Debug)]
pub struct ResourceInfo {
    asset: &'static str,
    name: &'static str,
    place: &'static str,
    lifetime: Lifetime,
    sensitive: bool,
    metrics: &'static [MetricInfo],
    without_warning: &'static [&'static str],
    first_slot: u32,
}

impl ResourceInfo {
    /// Resource `"asset" "name"`, at a place like `grid.hcl:5`.
    pub const fn new(asset: &'static str, name: &'static str, place: &'static str) -> Self {
        Self {
            asset,
            name,
            place,
            lifetime: Lifetime::Vu,
            sensitive: false,
            metrics: &[],
            without_warning: &[],
            first_slot: 0,
        }
    }

    /// The metrics of its manifest, in their order.
    pub const fn metrics(mut self, metrics: &'static [MetricInfo]) -> Self {
        self.metrics = metrics;
        self
    }

    /// Metrics of its manifest of which a run does not warn: the grid has settled it by an argument.
    pub const fn without_warning(mut self, metrics: &'static [&'static str]) -> Self {
        self.without_warning = metrics;
        self
    }

    /// What a load run says of the labels of a metric, if it does.
    pub fn warning_of(&self, metric: &MetricInfo) -> Option<MetricWarning> {
        metric.warning_unless_in(self.without_warning)
    }

    /// The slot of its first metric among all of the run: behind those of the steps of all scenarios.
    pub const fn first_slot(mut self, first_slot: u32) -> Self {
        self.first_slot = first_slot;
        self
    }

    /// The metrics of its manifest.
    pub fn metric_infos(&self) -> &'static [MetricInfo] {
        self.metrics
    }

    /// The slot of its first metric.
    pub fn first_metric_slot(&self) -> u32 {
        self.first_slot
    }

    /// How long it lives.
    pub const fn scope(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// It has a sensitive input: values in texts of its faults are not shown.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Whether texts of its faults are kept back.
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// The same, for what shows a fault.
    pub fn sensitivity(&self) -> Sensitivity {
        Sensitivity::of(self.sensitive)
    }

    /// Where it is written.
    pub fn place(&self) -> &'static str {
        self.place
    }

    /// How long it lives.
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }
}

impl fmt::Display for ResourceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.asset, self.name)
    }
}

/// A step, or one of its instances.
#[derive(Debug, Clone)]
pub struct At {
    info: &'static Info,
    instance: Instance,
    number: u32,
}

impl At {
    /// A step without instances.
    pub const fn step(info: &'static Info) -> Self {
        Self {
            info,
            instance: Instance::None,
            number: 0,
        }
    }

    /// An instance of `count`.
    pub const fn index(info: &'static Info, index: u32) -> Self {
        Self {
            info,
            instance: Instance::Index(index),
            number: index,
        }
    }

    /// The instance of `for_each` that has this key and this number, from 0.
    pub const fn key(info: &'static Info, key: Text, index: u32) -> Self {
        Self {
            info,
            instance: Instance::Key(key),
            number: index,
        }
    }

    /// The instance of `for_each` with the key number `index`.
    pub fn nth(info: &'static Info, keys: &[Text], index: u32) -> Self {
        match keys.get(index as usize) {
            Some(key) => Self::key(info, key.clone(), index),
            None => Self::index(info, index),
        }
    }

    /// The step.
    pub fn info(&self) -> &'static Info {
        self.info
    }

    /// Which instance.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The number of the instance, from 0.
    pub fn number(&self) -> u32 {
        self.number
    }
}
