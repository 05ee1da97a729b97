//! The value of an expression, in the compiler while it folds and in a compiled grid while it runs.
//!
//! What has to read the JSON of a value first stands in `settled`.

mod settled;

use crate::json::RawJson;
use crate::{Fault, Number, Text};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// A sequence that is cheap to clone: static data of the program, or shared items made at run time.
#[derive(Debug)]
pub enum Seq<T: 'static> {
    /// Data of the program.
    Static(&'static [T]),
    /// Made at run time, shared by its clones.
    Shared(Arc<[T]>),
}

impl<T> Clone for Seq<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Static(items) => Self::Static(items),
            Self::Shared(items) => Self::Shared(Arc::clone(items)),
        }
    }
}

impl<T> Deref for Seq<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Self::Static(items) => items,
            Self::Shared(items) => items,
        }
    }
}

impl<T> From<Vec<T>> for Seq<T> {
    fn from(items: Vec<T>) -> Self {
        Self::Shared(items.into())
    }
}

/// A value. Its static type is known to the compiler; at run time a list, a set and a tuple are all `List`
/// (a set is sorted and without duplicates), a map and an object both `Object`.
/// Every variant can be made in a `const`.
#[derive(Debug, Clone)]
pub enum Value {
    /// The absent value of any type.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A decimal number.
    Number(Number),
    /// A string.
    Text(Text),
    /// A length of time.
    Duration(Duration),
    /// Raw content. (A size in bytes is a `Number`.)
    Bytes(Seq<u8>),
    /// A list, set or tuple.
    List(Seq<Value>),
    /// A map or object: pairs in written order, keys unique.
    Object(Seq<(Text, Value)>),
    /// JSON text of a response, checked to be valid, read at a path only when somebody asks.
    Raw(RawJson),
}

impl Value {
    /// A whole number known when built.
    pub const fn number(whole: i64) -> Self {
        Self::Number(Number::new(whole))
    }

    /// How many values it is made of, itself included, where sixteen bytes of a text count as one; more than `most` if
    /// there are more, however many they are.
    pub fn size(&self, most: usize) -> usize {
        const BYTES: usize = 16;
        let mut open = vec![self];
        let mut size = 0;
        while let Some(value) = open.pop() {
            size += 1;
            match value {
                Self::Text(text) => size += text.len() / BYTES,
                Self::Bytes(bytes) => size += bytes.len() / BYTES,
                Self::Raw(raw) => size += raw.as_str().len() / BYTES,
                Self::List(items) => open.extend(items.iter()),
                Self::Object(pairs) => {
                    for (name, value) in pairs.iter() {
                        size += name.len() / BYTES;
                        open.push(value);
                    }
                }
                _ => {}
            }
            if size > most {
                break;
            }
        }
        size
    }

    /// Whether it is `true`: what an operator that gives a truth value found.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// A text of the program.
    pub const fn text(text: &'static str) -> Self {
        Self::Text(Text::Static(text))
    }

    /// A list of the program. Items that are made by calls need a constant of their own, since a value may have a
    /// destructor: `Value::list(const { &[Value::text("a")] })`.
    pub const fn list(items: &'static [Self]) -> Self {
        Self::List(Seq::Static(items))
    }

    /// An object of the program; its keys must be unique. Its pairs come as the items of `list` do.
    pub const fn object(pairs: &'static [(Text, Self)]) -> Self {
        Self::Object(Seq::Static(pairs))
    }

    /// Whether it is null, also as JSON that was not read yet.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Raw(raw) => raw.is_null(),
            _ => false,
        }
    }

    /// Why it is null although something was there: see [`RawJson::of_answer`].
    pub fn why_null(&self) -> Option<&str> {
        match self {
            Self::Raw(raw) => raw.why_null(),
            _ => None,
        }
    }

    /// A fault of using null, with the reason of the null where it has one.
    pub fn null_fault(&self, text: impl Into<String>) -> Fault {
        let text = text.into();
        match self.why_null() {
            Some(why) => Fault::new(format!("{text}: {why}")),
            None => Fault::new(text),
        }
    }

    /// The attribute or element of this key; `None` when there is none or this is no object.
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Object(pairs) => pairs
                .iter()
                .find(|(name, _)| name.as_str() == key)
                .map(|(_, value)| value.clone()),
            Self::Raw(raw) => raw.field(key).map(Self::from),
            _ => None,
        }
    }

    /// The item at this position; `None` when there is none or this is no list.
    pub fn at(&self, position: usize) -> Option<Self> {
        match self {
            Self::List(items) => items.get(position).cloned(),
            Self::Raw(raw) => raw.index(position).map(Self::from),
            _ => None,
        }
    }

    /// The items of a list, whether its JSON was read yet or not.
    pub fn items(&self) -> Option<Seq<Self>> {
        match self {
            Self::List(items) => Some(items.clone()),
            Self::Raw(raw) => {
                let items = raw.items()?.map(Self::from);
                Some(Seq::from(items.collect::<Vec<_>>()))
            }
            _ => None,
        }
    }

    /// The pairs of an object, whether its JSON was read yet or not.
    pub fn pairs(&self) -> Option<Seq<(Text, Self)>> {
        match self {
            Self::Object(pairs) => Some(pairs.clone()),
            Self::Raw(raw) => {
                let pairs = raw.pairs()?.map(|(key, value)| (key, Self::from(value)));
                Some(Seq::from(pairs.collect::<Vec<_>>()))
            }
            _ => None,
        }
    }

    /// The value with all texts and keys in normal form C; JSON that was not read yet stays as it is. Of keys that become equal
    /// the last one counts.
    pub fn normalized(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.normalized()),
            Self::List(items) => {
                let items = items.iter().cloned().map(Self::normalized);
                Self::from(items.collect::<Vec<_>>())
            }
            Self::Object(pairs) => {
                let mut places: BTreeMap<Text, usize> = BTreeMap::new();
                let mut kept: Vec<(Text, Self)> = Vec::with_capacity(pairs.len());
                for (key, value) in pairs.iter() {
                    let (key, value) = (key.clone().normalized(), value.clone().normalized());
                    match places.get(&key).and_then(|place| kept.get_mut(*place)) {
                        Some(pair) => pair.1 = value,
                        None => {
                            places.insert(key.clone(), kept.len());
                            kept.push((key, value));
                        }
                    }
                }
                Self::from(kept)
            }
            other => other,
        }
    }

    /// The characters, if it is a text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What this is called in a fault: never its content, which may be sensitive.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Duration(_) => "a duration",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Raw(raw) => raw.kind(),
        }
    }
}

/// The pairs in order of their keys.
pub fn by_key(pairs: &[(Text, Value)]) -> Vec<&(Text, Value)> {
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted
}

/// Scalars become what they are; arrays, objects, numbers in an unusual spelling and a null with a reason stay raw.
impl From<RawJson> for Value {
    fn from(raw: RawJson) -> Self {
        if let Some(text) = raw.string() {
            return Self::from(text.into_owned());
        }
        match raw.as_str() {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "null" if raw.why_null().is_none() => Self::Null,
            text => match Number::parse(text).filter(|_| is_plain(text)) {
                Some(number) => Self::Number(number),
                None => Self::Raw(raw),
            },
        }
    }
}

/// Whether a number is written as this language would print it.
fn is_plain(text: &str) -> bool {
    let spelled = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    spelled && text != "-0" && !(text.contains('.') && text.ends_with('0'))
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Self::Text(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::text(value)
    }
}

impl From<Duration> for Value {
    fn from(value: Duration) -> Self {
        Self::Duration(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(items.into())
    }
}

impl From<Vec<(Text, Value)>> for Value {
    fn from(pairs: Vec<(Text, Value)>) -> Self {
        Self::Object(pairs.into())
    }
}

#[cfg(test)]
mod tests;
