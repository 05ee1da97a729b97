//! Outputs of the steps of one iteration, and its locals. Only outputs that some expression reads are kept. Each iteration has
//! its own.

use crate::fault::Fault;
use crate::info::{At, Info};
use crate::step_outputs::{
    KeptOutputs, Outputs, Whose, instance, no_instance, object, place_of_index, place_of_key,
};
use bggo_values::{Text, Value};
use std::cell::{OnceCell, RefCell};

/// The outputs of one step, or of one of its instances.
#[derive(Debug, Default)]
pub struct OutputSlot(RefCell<Outputs>);

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
        self.0.borrow().field(i, info)
    }

    /// All outputs as an object; null when the step did not pass. A fault of reading this null names the step.
    pub fn whole(&self, names: &[&'static str]) -> Value {
        self.0.borrow().whole(names)
    }

    /// Its outputs as they are now, for whoever reads them when this run is over.
    pub fn kept(&self) -> KeptOutputs {
        KeptOutputs::new(std::iter::once(self.0.borrow().clone()))
    }
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
        let found = self.0.get(i as usize);
        found.ok_or_else(|| no_instance(i, self.0.len(), info))
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
    ) -> Result<&OutputSlot, Fault> {
        let find = |key: &Text| keys.binary_search(key).ok();
        self.instance(place_of_key(key, info, find)?, info)
    }

    /// Their outputs as they are now, for whoever reads them when this run is over.
    pub fn kept(&self) -> KeptOutputs {
        KeptOutputs::new(self.0.iter().map(|slot| slot.0.borrow().clone()))
    }

    /// All instances of a `count`, each as `{ output = .. }`.
    pub fn list(&self, names: &[&'static str]) -> Value {
        let items: Vec<Value> = self
            .iter()
            .map(|slot| instance(slot.whole(names)))
            .collect();
        Value::from(items)
    }

    /// All instances of a `for_each` by their keys, each as `{ output = .. }`.
    pub fn by_key(&self, keys: &[Text], names: &[&'static str]) -> Value {
        let pairs: Vec<(Text, Value)> = keys
            .iter()
            .zip(self)
            .map(|(key, slot)| (key.clone(), instance(slot.whole(names))))
            .collect();
        Value::from(pairs)
    }

    /// All of them in order.
    pub fn iter(&self) -> std::slice::Iter<'_, OutputSlot> {
        self.0.iter()
    }
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
