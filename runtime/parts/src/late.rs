//! Instances of a step that are known only when it begins: how many there are, their keys and values, and what they leave
//! behind.

use bggo_runtime::parts::{
    At, Fault, FaultText, Flow, Info, Iteration, KeptOutputs, OutputSlot, OutputSlots, Policy, Ran,
    RunInstance, Running, WhyNone, each, instance, place_of_index, place_of_key,
};
use bggo_values::{Text, Value};
use std::cell::{Cell, OnceCell};

/// The most instances of one step.
const MOST: u32 = 1_000_000;

/// How many instances run at the same time, unless the step says it.
const AT_ONCE: u32 = 100;

/// What a body holds of a step whose instances are known late.
#[derive(Debug, Default)]
pub struct LateInstances {
    with_outputs: bool,
    /// How many of them run at the same time, where that is known late.
    at_once: Cell<Option<u32>>,
    found: OnceCell<Box<Found>>,
}

#[derive(Debug)]
enum Found {
    /// These instances.
    Some {
        elements: Elements,
        outputs: OutputSlots,
    },
    /// None, since the step was not enabled.
    Skipped,
    /// None, since what they are made of could not be computed.
    Failed,
}

#[derive(Debug)]
enum Elements {
    /// Of a `count`.
    Numbers(u32),
    /// Of a `for_each`: keys with their values, by ascending keys.
    Keys(Vec<(Text, Value)>),
}

impl Elements {
    fn count(&self) -> u32 {
        match self {
            Elements::Numbers(count) => *count,
            Elements::Keys(pairs) => u32::try_from(pairs.len()).unwrap_or(u32::MAX),
        }
    }
}

impl LateInstances {
    /// Nothing reads an output of them, so nothing is kept for each.
    pub fn new() -> Self {
        Self::default()
    }

    /// Each of them has a place for its outputs.
    pub fn with_outputs() -> Self {
        Self {
            with_outputs: true,
            ..Self::default()
        }
    }

    /// So many of them run at the same time at most.
    pub fn at_once(&self, most: u32) {
        self.at_once.set(Some(most));
    }

    /// As many instances as this number says.
    ///
    /// # Errors
    /// It is null, negative, no whole number, or too large.
    pub fn count(&self, count: &Value) -> Result<Ran, Fault> {
        let Value::Number(number) = count else {
            let fault = count.null_fault("`count` must be a number, found null");
            return Err(Fault::from(fault));
        };
        let whole = number.as_u64();
        let wrong = match whole.and_then(|whole| u32::try_from(whole).ok()) {
            Some(whole) if whole <= MOST => {
                self.found(Elements::Numbers(whole));
                return Ok(Ran::Done);
            }
            _ if number.is_negative() => FaultText::plain("`count` must not be negative, found "),
            _ if !number.is_whole() => FaultText::plain("`count` must be a whole number, found "),
            _ => FaultText::plain(format_args!("`count` is at most {MOST}, found ")),
        };
        Err(Fault::new("value", wrong.and_value(number)))
    }

    /// An instance for each element of a map or an object.
    ///
    /// # Errors
    /// It is something else, or has too many elements.
    pub fn map(&self, over: &Value) -> Result<Ran, Fault> {
        let Some(pairs) = over.pairs() else {
            return Err(not_over(over));
        };
        let pairs = pairs.iter().cloned().collect();
        self.keys(pairs)
    }

    /// An instance for each item of a set of strings.
    ///
    /// # Errors
    /// It is null, an item of it is no string, or it has too many.
    pub fn set(&self, over: &Value) -> Result<Ran, Fault> {
        let Some(items) = over.items() else {
            return Err(not_over(over));
        };
        let mut pairs = Vec::with_capacity(items.len());
        for item in items.iter() {
            let Value::Text(key) = item.settled()?.into_owned() else {
                let text = FaultText::plain("`for_each` runs over strings, found ");
                let text = text.and(item.kind()).and(" in the set");
                return Err(Fault::new("value", text));
            };
            pairs.push((key.clone(), Value::Text(key)));
        }
        self.keys(pairs)
    }

    /// (An object has no key twice, and a set no item.)
    fn keys(&self, mut pairs: Vec<(Text, Value)>) -> Result<Ran, Fault> {
        if pairs.len() > MOST as usize {
            let found = pairs.len();
            let text = format_args!("`for_each` has at most {MOST} keys, found {found}");
            return Err(Fault::new("value", FaultText::plain(text)));
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        self.found(Elements::Keys(pairs));
        Ok(Ran::Done)
    }

    fn found(&self, elements: Elements) {
        let kept = if self.with_outputs {
            elements.count()
        } else {
            0
        };
        let outputs = OutputSlots::new(kept);
        self.settle(Found::Some { elements, outputs });
    }

    /// A step runs once in a body, so what was found stays.
    fn settle(&self, found: Found) {
        let _ = self.found.set(Box::new(found));
    }

    fn elements(&self) -> Option<&Elements> {
        match self.found.get()?.as_ref() {
            Found::Some { elements, .. } => Some(elements),
            Found::Skipped | Found::Failed => None,
        }
    }

    fn outputs(&self) -> Option<&OutputSlots> {
        match self.found.get()?.as_ref() {
            Found::Some { outputs, .. } => Some(outputs),
            Found::Skipped | Found::Failed => None,
        }
    }

    fn pair(&self, index: u32) -> Option<&(Text, Value)> {
        match self.elements()? {
            Elements::Numbers(_) => None,
            Elements::Keys(pairs) => pairs.get(index as usize),
        }
    }

    /// The key of instance number `index`, as `each.key`.
    pub fn key_of(&self, index: u32) -> Value {
        let pair = self.pair(index);
        pair.map_or(Value::Null, |(key, _)| Value::Text(key.clone()))
    }

    /// Its value, as `each.value`.
    pub fn value_of(&self, index: u32) -> Value {
        let pair = self.pair(index);
        pair.map_or(Value::Null, |(_, value)| value.clone())
    }

    /// The step and its instance number `index`.
    pub fn at(&self, info: &'static Info, index: u32) -> At {
        match self.pair(index) {
            Some((key, _)) => At::key(info, key.clone(), index),
            None => At::index(info, index),
        }
    }

    /// Where instance number `index` keeps its outputs.
    pub fn nth(&self, index: u32) -> Option<&OutputSlot> {
        self.outputs()?.nth(index)
    }

    /// The instance of a `count` that a number of the grid names.
    ///
    /// # Errors
    /// It is no whole number, there is no such instance, or none has run.
    pub fn index(&self, index: &Value, info: &'static Info) -> Result<&OutputSlot, Fault> {
        let number = place_of_index(index, info)?;
        self.there(info)?.1.instance(number, info)
    }

    /// The instance of a `for_each` that has this key.
    ///
    /// # Errors
    /// There is no such instance, or none has run.
    pub fn key(&self, key: &Value, info: &'static Info) -> Result<&OutputSlot, Fault> {
        let (elements, outputs) = self.there(info)?;
        let find = |key: &Text| match elements {
            Elements::Numbers(_) => None,
            Elements::Keys(pairs) => pairs.binary_search_by(|(known, _)| known.cmp(key)).ok(),
        };
        outputs.instance(place_of_key(key, info, find)?, info)
    }

    fn there(&self, info: &Info) -> Result<(&Elements, &OutputSlots), Fault> {
        let why = match self.found.get().map(Box::as_ref) {
            Some(Found::Some { elements, outputs }) => return Ok((elements, outputs)),
            Some(Found::Skipped) => WhyNone::Skipped,
            Some(Found::Failed) => WhyNone::Failed,
            None => WhyNone::NotRun,
        };
        Err(why.fault(info))
    }

    /// Their outputs as they are now, for whoever reads them when this run is over.
    pub fn kept(&self) -> KeptOutputs {
        let none = match self.found.get().map(Box::as_ref) {
            Some(Found::Some { elements, outputs }) => {
                let keys = match elements {
                    Elements::Numbers(_) => Box::default(),
                    Elements::Keys(pairs) => pairs.iter().map(|(key, _)| key.clone()).collect(),
                };
                return outputs.kept().found_late(keys, None);
            }
            Some(Found::Skipped) => WhyNone::Skipped,
            Some(Found::Failed) => WhyNone::Failed,
            None => WhyNone::NotRun,
        };
        KeptOutputs::default().found_late(Box::default(), Some(none))
    }

    /// All instances of a `count`, each as `{ output = .. }`. Of a step that was not enabled there are none.
    ///
    /// # Errors
    /// They could not be found.
    pub fn list(&self, names: &[&'static str], info: &'static Info) -> Result<Value, Fault> {
        if self.is_skipped() {
            return Ok(Value::list(&[]));
        }
        Ok(self.there(info)?.1.list(names))
    }

    /// The same of a `for_each`, by their keys.
    ///
    /// # Errors
    /// They could not be found.
    pub fn by_key(&self, names: &[&'static str], info: &'static Info) -> Result<Value, Fault> {
        let mut all: Vec<(Text, Value)> = Vec::new();
        if !self.is_skipped()
            && let (Elements::Keys(pairs), outputs) = self.there(info)?
        {
            let slots = pairs.iter().zip(outputs);
            all.extend(slots.map(|((key, _), slot)| (key.clone(), instance(slot.whole(names)))));
        }
        Ok(Value::from(all))
    }

    fn is_skipped(&self) -> bool {
        matches!(self.found.get().map(Box::as_ref), Some(Found::Skipped))
    }
}

fn not_over(over: &Value) -> Fault {
    let text = "`for_each` runs over a map or a set of strings, found ";
    match over.kind() {
        "null" => Fault::from(over.null_fault(format!("{text}null"))),
        "a list" => {
            let cure = ": write `toset(..)` around it";
            let text = FaultText::plain(text).and("a list").and(cure);
            Fault::new("value", text)
        }
        kind => Fault::new("value", FaultText::plain(text).and(kind)),
    }
}

/// Runs the instances of a step that are known late: finds them by `find`, then runs each, at most 100 at the same time
/// unless `find` says another number. A step that is not enabled, and one whose instances cannot be found, is counted once.
pub fn each_late<'s>(
    iteration: &'s Iteration<'s>,
    (policy, at): (&'s Policy, At),
    (late, find): (&'s LateInstances, Running<'s, Result<Ran, Fault>>),
    instance: RunInstance<'s>,
) -> Running<'s, Flow> {
    Box::pin(async move {
        let found = find.await;
        if found.is_ok()
            && let Some(elements) = late.elements()
        {
            let at_once = late.at_once.get().unwrap_or(AT_ONCE);
            return each(iteration, 0, elements.count(), Some(at_once), instance).await;
        }
        late.settle(match &found {
            Ok(_) => Found::Skipped,
            Err(_) => Found::Failed,
        });
        let found = &found;
        iteration
            .run_step(at, policy, None, async move |_| found.clone())
            .await
    })
}

#[cfg(test)]
mod tests;
