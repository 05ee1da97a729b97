//! The outputs of a step, and why it has none. Those of `setup` and `vu_setup` are kept for whoever reads them later.

use crate::fault::{Fault, FaultText};
use crate::info::{At, Info, Instance};
use bggo_values::json::RawJson;
use bggo_values::{Text, Value};
use std::fmt;

/// A step and its instance, as faults name it. A step without instances takes no memory for one.
#[derive(Debug, Clone)]
pub(crate) struct Whose(&'static Info, Option<Box<Instance>>);

impl Whose {
    /// The one that runs.
    pub(crate) fn new(at: &At) -> Self {
        let instance = at.instance();
        let named = (*instance != Instance::None).then(|| Box::new(instance.clone()));
        Self(at.info(), named)
    }
}

impl fmt::Display for Whose {
    /// The key of an instance is not sensitive: the lines of its step show it, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(info, instance) = self;
        let instance = instance.as_deref().unwrap_or(&Instance::None);
        write!(f, "{info}{instance}")
    }
}

/// The outputs of a step, or why there are none.
#[derive(Debug, Clone, Default)]
pub(crate) enum Outputs {
    /// The step has not run yet.
    #[default]
    None,
    /// The step failed.
    Failed(Whose),
    /// The step was not enabled.
    Skipped(Whose),
    /// The outputs that are read, in the plan's order, of an attempt whose step has not ended yet.
    Offered(Box<[Value]>),
    /// The outputs that are read, in the plan's order, of a step that passed.
    Of(Box<[Value]>),
}

impl Outputs {
    /// Output number `i` of those that are read.
    ///
    /// # Errors
    /// The step did not run, or it failed.
    pub(crate) fn field(&self, i: usize, info: &'static Info) -> Result<Value, Fault> {
        let missing = |text: fmt::Arguments<'_>| Err(Fault::new("value", FaultText::plain(text)));
        match self {
            Self::Of(values) => Ok(values.get(i).cloned().unwrap_or(Value::Null)),
            Self::Skipped(step) => missing(format_args!(
                "step {step} did not run, so it has no output: it was not enabled"
            )),
            Self::Failed(step) => missing(format_args!("step {step} has no output: it failed")),
            Self::None | Self::Offered(_) => {
                missing(format_args!("step {info} has no output: it did not run"))
            }
        }
    }

    /// All outputs as an object; null when the step did not pass. A fault of reading this null names the step.
    pub(crate) fn whole(&self, names: &[&'static str]) -> Value {
        match self {
            Self::Of(values) => object(names, values),
            Self::Failed(step) => null_because(format!("step {step} failed")),
            Self::Skipped(step) => null_because(format!("step {step} was not enabled")),
            Self::None | Self::Offered(_) => Value::Null,
        }
    }
}

/// The outputs of an attempt by their names.
pub(crate) fn object(names: &[&'static str], values: &[Value]) -> Value {
    let pairs = names.iter().zip(values);
    let pairs = pairs.map(|(name, value)| (Text::Static(name), value.clone()));
    Value::Object(pairs.collect::<Vec<_>>().into())
}

fn null_because(why: String) -> Value {
    Value::Raw(RawJson::null_because(why))
}

/// An instance of a step, as an object.
pub fn instance(output: Value) -> Value {
    Value::from(vec![(Text::Static("output"), output)])
}

/// That a step has no such instance.
pub(crate) fn no_instance(i: u32, count: usize, info: &'static Info) -> Fault {
    Fault::new(
        "value",
        FaultText::plain(format_args!(
            "step {info} has {count} instances, there is no "
        ))
        .and_value(format_args!("[{i}]")),
    )
}

/// The place of the instance that a number of the grid names.
///
/// # Errors
/// It is no whole number.
pub fn place_of_index(index: &Value, info: &Info) -> Result<u32, Fault> {
    let Value::Number(number) = index else {
        return Err(Fault::new(
            "value",
            FaultText::plain(format_args!("an index of step {info} is a number")),
        ));
    };
    let place = number.as_u64().and_then(|whole| u32::try_from(whole).ok());
    place.ok_or_else(|| {
        Fault::new(
            "value",
            FaultText::plain(format_args!(
                "an index of step {info} is a whole number from 0, not "
            ))
            .and_value(number),
        )
    })
}

/// The place of the instance of a key, among all keys in which `find` looks for it.
///
/// # Errors
/// There is no such instance.
pub fn place_of_key(
    key: &Value,
    info: &Info,
    find: impl FnOnce(&Text) -> Option<usize>,
) -> Result<u32, Fault> {
    let Value::Text(key) = key else {
        return Err(Fault::new(
            "value",
            FaultText::plain(format_args!("a key of step {info} is a string")),
        ));
    };
    let place = find(key).and_then(|at| u32::try_from(at).ok());
    place.ok_or_else(|| {
        Fault::new(
            "value",
            FaultText::plain(format_args!("step {info} has no instance "))
                .and_value(format_args!("[{:?}]", key.as_str())),
        )
    })
}

/// The outputs of a step, or of one of its instances, that has ended: all threads may read them.
#[derive(Debug, Clone, Default)]
pub struct KeptOutput(Outputs);

impl KeptOutput {
    /// Output number `i` of those that are read.
    ///
    /// # Errors
    /// The step did not run, or it failed.
    pub fn field(&self, i: usize, info: &'static Info) -> Result<Value, Fault> {
        self.0.field(i, info)
    }

    /// All outputs as an object; null when the step did not pass.
    pub fn whole(&self, names: &[&'static str]) -> Value {
        self.0.whole(names)
    }
}

/// The outputs of all instances of a step that has ended; of a step without instances, its only ones.
#[derive(Debug, Clone, Default)]
pub struct KeptOutputs {
    instances: Box<[KeptOutput]>,
    /// What is known of instances that are found when the step begins.
    late: Option<Box<KeptLate>>,
}

/// See [`KeptOutputs`].
#[derive(Debug, Clone)]
struct KeptLate {
    /// Their keys, ascending; none of a `count`.
    keys: Box<[Text]>,
    /// Why there are none, if none were found.
    none: Option<WhyNone>,
}

/// Why a step has no instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNone {
    /// It was not enabled.
    Skipped,
    /// What they are made of could not be computed.
    Failed,
    /// It did not run.
    NotRun,
}

impl WhyNone {
    /// That there is no instance to be read.
    pub fn fault(self, info: &Info) -> Fault {
        let why = match self {
            Self::Skipped => "it was not enabled",
            Self::Failed => "it failed",
            Self::NotRun => "it did not run",
        };
        let text = FaultText::plain(format_args!("step {info} has no instances: {why}"));
        Fault::new("value", text)
    }
}

impl KeptOutputs {
    /// Of a step whose instances have these.
    pub(crate) fn new(outputs: impl Iterator<Item = Outputs>) -> Self {
        Self {
            instances: outputs.map(KeptOutput).collect(),
            late: None,
        }
    }

    /// The same of instances that were found when the step began: by their keys, if they have some; or why there are none.
    #[must_use]
    pub fn found_late(self, keys: Box<[Text]>, none: Option<WhyNone>) -> Self {
        Self {
            late: Some(Box::new(KeptLate { keys, none })),
            ..self
        }
    }

    fn why_none(&self) -> Option<WhyNone> {
        self.late.as_ref().and_then(|late| late.none)
    }

    /// Whether each of its instances has passed.
    pub(crate) fn have_come(&self) -> bool {
        let mut all = self.instances.iter();
        self.why_none().is_none() && all.all(|one| matches!(one.0, Outputs::Of(_)))
    }

    /// Output number `i` of a step without instances.
    ///
    /// # Errors
    /// The step did not run, or it failed.
    pub fn field(&self, i: usize, info: &'static Info) -> Result<Value, Fault> {
        match self.instances.first() {
            Some(only) => only.field(i, info),
            None => Outputs::None.field(i, info),
        }
    }

    /// All outputs of a step without instances, as an object; null when it did not pass.
    pub fn whole(&self, names: &[&'static str]) -> Value {
        self.instances
            .first()
            .map_or(Value::Null, |only| only.whole(names))
    }

    /// Instance number `i`.
    ///
    /// # Errors
    /// There is no such instance.
    pub fn instance(&self, i: u32, info: &'static Info) -> Result<&KeptOutput, Fault> {
        if let Some(none) = self.why_none() {
            return Err(none.fault(info));
        }
        let found = self.instances.get(i as usize);
        found.ok_or_else(|| no_instance(i, self.instances.len(), info))
    }

    /// The instance that a number of the grid names.
    ///
    /// # Errors
    /// It is no whole number, or there is no such instance.
    pub fn index(&self, index: &Value, info: &'static Info) -> Result<&KeptOutput, Fault> {
        self.instance(place_of_index(index, info)?, info)
    }

    /// The instance of a key; `keys` are those of the step's `for_each`, ascending.
    ///
    /// # Errors
    /// There is no such instance.
    pub fn key(
        &self,
        key: &Value,
        keys: &[Text],
        info: &'static Info,
    ) -> Result<&KeptOutput, Fault> {
        let find = |key: &Text| keys.binary_search(key).ok();
        self.instance(place_of_key(key, info, find)?, info)
    }

    /// The instance of a key, of a step whose instances were found when it began.
    ///
    /// # Errors
    /// There is no such instance.
    pub fn late_key(&self, key: &Value, info: &'static Info) -> Result<&KeptOutput, Fault> {
        if let Some(none) = self.why_none() {
            return Err(none.fault(info));
        }
        let keys = self.late.as_ref().map_or(&[][..], |late| &late.keys);
        self.key(key, keys, info)
    }

    /// All instances, of such a step with a `count`. Of one that was not enabled there are none.
    ///
    /// # Errors
    /// They could not be found.
    pub fn late_list(&self, names: &[&'static str], info: &'static Info) -> Result<Value, Fault> {
        match self.why_none() {
            Some(none) if none != WhyNone::Skipped => Err(none.fault(info)),
            _ => Ok(self.list(names)),
        }
    }

    /// All instances by their keys, of such a step with a `for_each`.
    ///
    /// # Errors
    /// They could not be found.
    pub fn late_by_key(&self, names: &[&'static str], info: &'static Info) -> Result<Value, Fault> {
        match self.why_none() {
            Some(none) if none != WhyNone::Skipped => Err(none.fault(info)),
            _ => {
                let keys = self.late.as_ref().map_or(&[][..], |late| &late.keys);
                Ok(self.by_key(keys, names))
            }
        }
    }

    /// All instances of a `count`, each as `{ output = .. }`.
    pub fn list(&self, names: &[&'static str]) -> Value {
        let items = self.instances.iter().map(|one| instance(one.whole(names)));
        Value::from(items.collect::<Vec<Value>>())
    }

    /// All instances of a `for_each` by their keys, each as `{ output = .. }`.
    pub fn by_key(&self, keys: &[Text], names: &[&'static str]) -> Value {
        let pairs = keys.iter().zip(&self.instances);
        let pairs = pairs.map(|(key, one)| (key.clone(), instance(one.whole(names))));
        Value::from(pairs.collect::<Vec<(Text, Value)>>())
    }
}
