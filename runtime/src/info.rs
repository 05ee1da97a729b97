//! What is known of a step and of a resource when the grid is built: statics of the emitted program.

use bggo_values::Text;
use std::fmt;

/// A step.
#[derive(Debug)]
pub struct Info {
    runner: &'static str,
    name: &'static str,
    place: &'static str,
    first_slot: u32,
    slots: u32,
    metrics: &'static [MetricInfo],
    tags: &'static [(&'static str, &'static str)],
    sensitive: bool,
    sensitive_inputs: &'static [&'static str],
}

impl Info {
    /// Step `"runner" "name"`, at a place like `grid.hcl:5`.
    pub const fn new(runner: &'static str, name: &'static str, place: &'static str) -> Self {
        Self {
            runner,
            name,
            place,
            first_slot: 0,
            slots: 3,
            metrics: &[],
            tags: &[],
            sensitive: false,
            sensitive_inputs: &[],
        }
    }

    /// Its place among all figures: response time, service times of what passed and of what failed, then the metrics of its
    /// manifest.
    pub const fn slots(mut self, first: u32, count: u32) -> Self {
        self.first_slot = first;
        self.slots = count;
        self
    }

    /// The metrics of its manifest, in their order.
    pub const fn metrics(mut self, metrics: &'static [MetricInfo]) -> Self {
        self.metrics = metrics;
        self
    }

    /// Labels on its metrics.
    pub const fn tags(mut self, tags: &'static [(&'static str, &'static str)]) -> Self {
        self.tags = tags;
        self
    }

    /// It has a sensitive input: values in texts of its faults are not shown.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Inputs that hold what is sensitive though their manifest does not say so.
    pub const fn sensitive_inputs(mut self, names: &'static [&'static str]) -> Self {
        self.sensitive_inputs = names;
        self
    }

    /// Whether an input that is not sensitive by its manifest holds what the grid calls sensitive.
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

    /// Its labels.
    pub fn labels(&self) -> &'static [(&'static str, &'static str)] {
        self.tags
    }

    /// The first of its slots.
    pub fn first_slot(&self) -> u32 {
        self.first_slot
    }

    /// How many slots it has.
    pub fn slot_count(&self) -> u32 {
        self.slots
    }

    /// Whether values in texts of its faults are kept back.
    pub fn sensitivity(&self) -> Sensitivity {
        Sensitivity::of(self.sensitive)
    }
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.runner, self.name)
    }
}

/// A metric of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricInfo {
    name: &'static str,
    unit: &'static str,
}

impl MetricInfo {
    /// Of this name; `unit` is `time` (its values are microseconds), `bytes` or empty.
    pub const fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its unit, as the manifest writes it.
    pub fn unit(&self) -> &'static str {
        self.unit
    }
}

/// Whether values may be shown of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// They may.
    Open,
    /// It has a sensitive input.
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

/// A resource.
#[derive(Debug)]
pub struct ResourceInfo {
    asset: &'static str,
    name: &'static str,
    place: &'static str,
    lifetime: Lifetime,
    sensitive: bool,
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
        }
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
