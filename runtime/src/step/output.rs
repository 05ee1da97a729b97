//! Outputs of the steps of one iteration, and its locals. Only outputs that some expression reads are kept. Each iteration has
//! its own.

use crate::fault::{Fault, FaultText};
use crate::info::{At, Info, Instance};
use bggo_values::json::RawJson;
use bggo_values::{Text, Value};
use std::cell::{OnceCell, RefCell};
use std::fmt;

/// The outputs of one step, or of one of its instances.
#[derive(Debug, Default)]
pub struct OutputSlot(RefCell<Outputs>);

/// A step and its instance, as faults name it. A step without instances takes no memory for one.
#[derive(Debug)]
struct Whose(&'static Info, Option<Box<Instance>>);

impl Whose {
    fn new(at: &At) -> Self {
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
#[derive(Debug, Default)]
enum Outputs {
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

impl OutputSlot {
    /// Takes the outputs of an attempt, in the plan's order. They replace earlier ones, and can be read when the step has
    /// passed.
    pub fn offer(&self, values: impl Into<Box<[Value]>>) {
        self.0.replace(Outputs::Offered(values.into()));
    }

    /// Output number `i` of an attempt whose step has not ended yet.
    pub(crate) fn own(&self, i: usize) -> Value {
        match &*self.0.borrow() {
            Outputs::Offered(values) => values.get(i).cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        }
    }

    /// All outputs of such an attempt, as an object.
    pub(crate) fn own_whole(&self, names: &[&'static str]) -> Value {
        match &*self.0.borrow() {
            Outputs::Offered(values) => object(names, values),
            _ => Value::Null,
        }
    }

    /// The outputs of such an attempt.
    pub(crate) fn offered(&self) -> Option<Box<[Value]>> {
        match &*self.0.borrow() {
            Outputs::Offered(values) => Some(values.clone()),
            _ => None,
        }
    }

    /// One more output of such an attempt, behind the others.
    pub(crate) fn push(&self, value: Value) {
        let mut values = self.offered().unwrap_or_default().into_vec();
        values.push(value);
        self.offer(values);
    }

    /// No attempt has given outputs.
    pub(crate) fn clear(&self) {
        self.0.replace(Outputs::None);
    }

    /// The step passed.
    pub(crate) fn passed(&self) {
        let mut outputs = self.0.borrow_mut();
        if let Outputs::Offered(values) = &mut *outputs {
            *outputs = Outputs::Of(std::mem::take(values));
        }
    }

    /// The step failed: drops the offered outputs.
    pub(crate) fn failed(&self, at: &At) {
        self.0.replace(Outputs::Failed(Whose::new(at)));
    }

    /// The step was not enabled.
    pub(crate) fn skipped(&self, at: &At) {
        self.0.replace(Outputs::Skipped(Whose::new(at)));
    }

    /// Output number `i` of those that are read.
    ///
    /// # Errors
    /// The step did not run, or it failed.
    pub fn field(&self, i: usize, info: &'static Info) -> Result<Value, Fault> {
        let missing =
            |text: std::fmt::Arguments<'_>| Err(Fault::new("value", FaultText::plain(text)));
        match &*self.0.borrow() {
            Outputs::Of(values) => Ok(values.get(i).cloned().unwrap_or(Value::Null)),
            Outputs::Skipped(step) => missing(format_args!(
                "step {step} did not run, so it has no output: it was not enabled"
            )),
            Outputs::Failed(step) => missing(format_args!("step {step} has no output: it failed")),
            Outputs::None | Outputs::Offered(_) => {
                missing(format_args!("step {info} has no output: it did not run"))
            }
        }
    }

    /// All outputs as an object; null when the step did not pass. A fault of reading this null names the step.
    pub fn whole(&self, names: &[&'static str]) -> Value {
        match &*self.0.borrow() {
            Outputs::Of(values) => object(names, values),
            Outputs::Failed(step) => null_because(format!("step {step} failed")),
            Outputs::Skipped(step) => null_because(format!("step {step} was not enabled")),
            Outputs::None | Outputs::Offered(_) => Value::Null,
        }
    }
}

fn object(names: &[&'static str], values: &[Value]) -> Value {
    let pairs = names.iter().zip(values);
    let pairs = pairs.map(|(name, value)| (Text::Static(name), value.clone()));
    Value::Object(pairs.collect::<Vec<_>>().into())
}

fn null_because(why: String) -> Value {
    Value::Raw(RawJson::null_because(why))
}

/// The outputs of all instances of a step.
#[derive(Debug)]
pub struct OutputSlots(Box<[OutputSlot]>);

impl OutputSlots {
    /// For `count` instances.
    pub fn new(count: u32) -> Self {
        Self((0..count).map(|_| OutputSlot::default()).collect())
    }

    /// Instance number `i`.
    ///
    /// # Errors
    /// There is no such instance.
    pub fn instance(&self, i: u32, info: &'static Info) -> Result<&OutputSlot, Fault> {
        self.0.get(i as usize).ok_or_else(|| {
            Fault::new(
                "value",
                FaultText::plain(format_args!(
                    "step {info} has {} instances, there is no ",
                    self.0.len()
                ))
                .and_value(format_args!("[{i}]")),
            )
        })
    }

    /// Where instance number `i` keeps its outputs.
    pub fn nth(&self, i: u32) -> Option<&OutputSlot> {
        self.0.get(i as usize)
    }

    /// The instance that a number of the grid names.
    ///
    /// # Errors
    /// It is no whole number, or there is no such instance.
    pub fn index(&self, index: &Value, info: &'static Info) -> Result<&OutputSlot, Fault> {
        self.instance(number_of_instance(index, info)?, info)
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
    ) -> Result<&OutputSlot, Fault> {
        let find = |key: &Text| keys.binary_search(key).ok();
        self.instance(number_of_key(key, info, find)?, info)
    }

    /// All instances of a `count`, each as `{ output = .. }`.
    pub fn list(&self, names: &[&'static str]) -> Value {
        let items: Vec<Value> = self.iter().map(|slot| instance(slot, names)).collect();
        Value::from(items)
    }

    /// All instances of a `for_each` by their keys, each as `{ output = .. }`.
    pub fn by_key(&self, keys: &[Text], names: &[&'static str]) -> Value {
        let pairs: Vec<(Text, Value)> = keys
            .iter()
            .zip(self)
            .map(|(key, slot)| (key.clone(), instance(slot, names)))
            .collect();
        Value::from(pairs)
    }

    /// All of them in order.
    pub fn iter(&self) -> std::slice::Iter<'_, OutputSlot> {
        self.0.iter()
    }
}

/// The number of the instance that a number of the grid names.
pub(super) fn number_of_instance(index: &Value, info: &Info) -> Result<u32, Fault> {
    let Value::Number(number) = index else {
        let text = FaultText::plain(format_args!("an index of step {info} is a number"));
        return Err(Fault::new("value", text));
    };
    let whole = number.as_u64().and_then(|whole| u32::try_from(whole).ok());
    whole.ok_or_else(|| {
        let text = format_args!("an index of step {info} is a whole number from 0, not ");
        Fault::new("value", FaultText::plain(text).and_value(number))
    })
}

/// The number of the instance of a key, among all keys in which `find` looks for it.
pub(super) fn number_of_key(
    key: &Value,
    info: &Info,
    find: impl FnOnce(&Text) -> Option<usize>,
) -> Result<u32, Fault> {
    let Value::Text(key) = key else {
        let text = FaultText::plain(format_args!("a key of step {info} is a string"));
        return Err(Fault::new("value", text));
    };
    let found = find(key).and_then(|at| u32::try_from(at).ok());
    found.ok_or_else(|| {
        let text = FaultText::plain(format_args!("step {info} has no instance "));
        Fault::new(
            "value",
            text.and_value(format_args!("[{:?}]", key.as_str())),
        )
    })
}

/// An instance as an object with its output.
pub(super) fn instance(slot: &OutputSlot, names: &[&'static str]) -> Value {
    Value::from(vec![(Text::Static("output"), slot.whole(names))])
}

impl<'a> IntoIterator for &'a OutputSlots {
    type Item = &'a OutputSlot;
    type IntoIter = std::slice::Iter<'a, OutputSlot>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Locals of one binding time, each computed at most once.
#[derive(Debug)]
pub struct Memo(Box<[OnceCell<Result<Value, Fault>>]>);

impl Memo {
    /// Room for `count` locals.
    pub fn new(count: usize) -> Self {
        Self(std::iter::repeat_with(OnceCell::new).take(count).collect())
    }

    /// Local `i`. The first caller computes it; a fault is kept like a value.
    ///
    /// # Errors
    /// What `compute` says.
    pub fn get(
        &self,
        i: usize,
        compute: &mut dyn FnMut() -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        match self.0.get(i) {
            Some(cell) => cell.get_or_init(compute).clone(),
            None => compute(),
        }
    }
}

#[cfg(test)]
mod tests;
