//! BSON -> its elements, and values of those that somebody reads.

use super::{dates, decimal, kind};
use bggo_runtime::contract::{Number, Text, Value, to_base64};
use std::collections::HashMap;

/// The deepest document whose value is read.
const DEEPEST: usize = 100;
/// Keys among which one is looked for one by one.
const FEW: usize = 32;

/// What came is no document, or a deeper one than is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotBson;

/// The elements of a document, without its length and its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a>(&'a [u8]);

/// A key and its value, as they came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    kind: u8,
    /// The key.
    pub(crate) key: &'a [u8],
    value: &'a [u8],
}

impl<'a> Document<'a> {
    /// The document that these bytes begin with, and how long it is.
    pub(crate) fn first(bytes: &'a [u8]) -> Result<(Self, usize), NotBson> {
        let length = length(bytes)?;
        let elements = bytes.get(4..length.checked_sub(1).ok_or(NotBson)?);
        match (elements, bytes.get(length - 1)) {
            (Some(elements), Some(0)) => Ok((Self(elements), length)),
            _ => Err(NotBson),
        }
    }

    /// Of bytes that are one document.
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, NotBson> {
        match Self::first(bytes)? {
            (document, length) if length == bytes.len() => Ok(document),
            _ => Err(NotBson),
        }
    }

    /// How many bytes it has.
    pub(crate) fn size(self) -> usize {
        self.0.len() + 5
    }

    /// Its elements in order. After one that cannot be read there are no others.
    pub(crate) fn elements(self) -> Elements<'a> {
        Elements(self.0)
    }

    /// The element of a key: the first one, of a document that is whole up to there.
    pub(crate) fn get(self, key: &str) -> Option<Element<'a>> {
        let mut elements = self.elements().map_while(Result::ok);
        elements.find(|element| element.key == key.as_bytes())
    }

    /// As an object.
    ///
    /// # Errors
    /// It is none, or too deep.
    pub(crate) fn value(self) -> Result<Value, NotBson> {
        self.object(1)
    }

    fn object(self, depth: usize) -> Result<Value, NotBson> {
        if depth > DEEPEST {
            return Err(NotBson);
        }
        let mut pairs: Vec<(Text, Value)> = Vec::new();
        // Where each key stands, once there are many.
        let mut places: HashMap<Text, usize> = HashMap::new();
        for element in self.elements() {
            let element = element?;
            let key = Text::from(String::from_utf8_lossy(element.key).into_owned());
            let value = element.value_at(depth + 1)?;
            // An object has each key once. A document may have more, of which the last one counts.
            let known = if pairs.len() <= FEW {
                pairs.iter().position(|(known, _)| *known == key)
            } else {
                if places.is_empty() {
                    let keys = pairs.iter().map(|(known, _)| known.clone());
                    places.extend(keys.zip(0..));
                }
                places.get(&key).copied()
            };
            if let Some(pair) = known.and_then(|at| pairs.get_mut(at)) {
                pair.1 = value;
                continue;
            }
            if !places.is_empty() {
                places.insert(key.clone(), pairs.len());
            }
            pairs.push((key, value));
        }
        Ok(Value::from(pairs))
    }

    fn list(self, depth: usize) -> Result<Value, NotBson> {
        if depth > DEEPEST {
            return Err(NotBson);
        }
        let items = self
            .elements()
            .map(|element| element?.value_at(depth + 1))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Value::from(items))
    }
}

/// See [`Document::elements`].
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, NotBson>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, rest) = self.0.split_first()?;
        let element = || {
            let end = rest.iter().position(|byte| *byte == 0).ok_or(NotBson)?;
            let (key, rest) = rest.split_at_checked(end).ok_or(NotBson)?;
            let rest = rest.get(1..).ok_or(NotBson)?;
            let size = size(kind, rest)?;
            let (value, rest) = rest.split_at_checked(size).ok_or(NotBson)?;
            Ok((Element { kind, key, value }, rest))
        };
        Some(match element() {
            Ok((element, rest)) => {
                self.0 = rest;
                Ok(element)
            }
            Err(bad) => {
                self.0 = &[];
                Err(bad)
            }
        })
    }
}

impl<'a> Element<'a> {
    /// The document or list that it is.
    pub(crate) fn document(self) -> Option<Document<'a>> {
        match self.kind {
            kind::DOCUMENT | kind::ARRAY => Document::of(self.value).ok(),
            _ => None,
        }
    }

    /// The whole number that it is; a binary one without a fraction counts.
    pub(crate) fn whole(self) -> Option<i64> {
        match self.kind {
            kind::INT32 => Some(i32::from_le_bytes(self.value.try_into().ok()?).into()),
            kind::INT64 => Some(i64::from_le_bytes(self.value.try_into().ok()?)),
            kind::DOUBLE => {
                let number = f64::from_le_bytes(self.value.try_into().ok()?);
                Number::from_f64(number)?.as_i64()
            }
            _ => None,
        }
    }

    /// Whether it is true, or a number that is not 0.
    pub(crate) fn is_true(self) -> bool {
        match self.kind {
            kind::BOOL => self.value.first() == Some(&1),
            _ => self.whole().is_some_and(|number| number != 0),
        }
    }

    /// The string that it is.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self.kind {
            kind::STRING => std::str::from_utf8(string(self.value)?).ok(),
            _ => None,
        }
    }

    /// The bytes that it is.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self.kind {
            kind::BINARY => self.value.get(5..),
            _ => None,
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// It is none, or too deep.
    pub(crate) fn value(self) -> Result<Value, NotBson> {
        self.value_at(1)
    }

    fn value_at(self, depth: usize) -> Result<Value, NotBson> {
        let value = self.value;
        Ok(match self.kind {
            kind::DOUBLE => double(f64::from_le_bytes(fixed(value)?)),
            kind::STRING => of_text(string(value).ok_or(NotBson)?),
            kind::DOCUMENT => Document::of(value)?.object(depth)?,
            kind::ARRAY => Document::of(value)?.list(depth)?,
            kind::BINARY => binary(value).ok_or(NotBson)?,
            kind::UNDEFINED => extended("$undefined", Value::Bool(true)),
            kind::OBJECT_ID => extended("$oid", hex(value).into()),
            kind::BOOL => match value {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                _ => return Err(NotBson),
            },
            kind::DATE => {
                let millis = i64::from_le_bytes(fixed(value)?);
                let value = match dates::text(millis) {
                    Some(text) => text.into(),
                    None => extended("$numberLong", millis.to_string().into()),
                };
                extended("$date", value)
            }
            kind::NULL => Value::Null,
            kind::REGEX => {
                let mut parts = value.split(|byte| *byte == 0);
                let mut part = || of_text(parts.next().unwrap_or_default());
                let pairs = object([("pattern", part()), ("options", part())]);
                extended("$regularExpression", pairs)
            }
            kind::DB_POINTER => {
                let (name, id) = value
                    .split_at_checked(value.len().saturating_sub(12))
                    .ok_or(NotBson)?;
                let name = of_text(string(name).ok_or(NotBson)?);
                let id = extended("$oid", hex(id).into());
                extended("$dbPointer", object([("$ref", name), ("$id", id)]))
            }
            kind::CODE => extended("$code", of_text(string(value).ok_or(NotBson)?)),
            kind::SYMBOL => extended("$symbol", of_text(string(value).ok_or(NotBson)?)),
            kind::CODE_WITH_SCOPE => {
                let code = value.get(4..).ok_or(NotBson)?;
                let size = size(kind::CODE, code)?;
                let (code, scope) = code.split_at_checked(size).ok_or(NotBson)?;
                let code = of_text(string(code).ok_or(NotBson)?);
                let scope = Document::of(scope)?.object(depth)?;
                object([("$code", code), ("$scope", scope)])
            }
            kind::INT32 => Number::from(i32::from_le_bytes(fixed(value)?)).into(),
            kind::INT64 => Number::new(i64::from_le_bytes(fixed(value)?)).into(),
            kind::TIMESTAMP => {
                let (low, high) = value.split_at_checked(4).ok_or(NotBson)?;
                let part =
                    |bytes| Ok::<_, NotBson>(Number::from(u32::from_le_bytes(fixed(bytes)?)));
                let pairs = object([("t", part(high)?.into()), ("i", part(low)?.into())]);
                extended("$timestamp", pairs)
            }
            kind::DECIMAL => extended("$numberDecimal", decimal::text(fixed(value)?).into()),
            kind::MIN_KEY => extended("$minKey", Value::number(1)),
            kind::MAX_KEY => extended("$maxKey", Value::number(1)),
            _ => return Err(NotBson),
        })
    }
}

/// A length in front of something.
fn length(bytes: &[u8]) -> Result<usize, NotBson> {
    let length = bytes.get(..4).ok_or(NotBson)?;
    usize::try_from(i32::from_le_bytes(fixed(length)?)).map_err(|_| NotBson)
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], NotBson> {
    bytes.try_into().map_err(|_| NotBson)
}

/// How many bytes a value has that stands at the beginning of these.
fn size(kind: u8, bytes: &[u8]) -> Result<usize, NotBson> {
    let more = |least: usize, beside: usize| match length(bytes)? {
        length if length >= least => length.checked_add(beside).ok_or(NotBson),
        _ => Err(NotBson),
    };
    match kind {
        kind::DOUBLE | kind::DATE | kind::TIMESTAMP | kind::INT64 => Ok(8),
        kind::STRING | kind::CODE | kind::SYMBOL => more(1, 4),
        kind::DOCUMENT | kind::ARRAY => more(5, 0),
        kind::BINARY => more(0, 5),
        kind::UNDEFINED | kind::NULL | kind::MIN_KEY | kind::MAX_KEY => Ok(0),
        kind::OBJECT_ID => Ok(12),
        kind::BOOL => Ok(1),
        kind::REGEX => {
            let mut ends = (0..bytes.len()).filter(|at| bytes.get(*at) == Some(&0));
            ends.nth(1).map(|end| end + 1).ok_or(NotBson)
        }
        kind::DB_POINTER => more(1, 16),
        kind::CODE_WITH_SCOPE => more(14, 0),
        kind::INT32 => Ok(4),
        kind::DECIMAL => Ok(16),
        _ => Err(NotBson),
    }
}

/// A string without its length and its end.
fn string(value: &[u8]) -> Option<&[u8]> {
    value.get(4..)?.strip_suffix(&[0])
}

/// A text; bytes if it is no UTF-8.
fn of_text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec().into()),
    }
}

/// A number; extended JSON if it is none that a grid has.
fn double(number: f64) -> Value {
    if let Some(number) = Number::from_f64(number) {
        return Value::Number(number);
    }
    let text = match number {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        number if number.is_nan() => "NaN".to_owned(),
        number => format!("{number:E}"),
    };
    extended("$numberDouble", text.into())
}

fn binary(value: &[u8]) -> Option<Value> {
    let (&subtype, bytes) = value.get(4..)?.split_first()?;
    Some(match subtype {
        kind::GENERIC => Value::Bytes(bytes.to_vec().into()),
        kind::UUID if bytes.len() == 16 => {
            let mut text = hex(bytes);
            for at in [20, 16, 12, 8] {
                text.insert(at, '-');
            }
            extended("$uuid", text.into())
        }
        _ => {
            let bytes = match subtype {
                kind::OLD => bytes.get(4..)?,
                _ => bytes,
            };
            let pairs = object([
                ("base64", to_base64(bytes).into()),
                ("subType", format!("{subtype:02x}").into()),
            ]);
            extended("$binary", pairs)
        }
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn extended(key: &'static str, value: Value) -> Value {
    object([(key, value)])
}

fn object<const N: usize>(pairs: [(&'static str, Value); N]) -> Value {
    let pairs = pairs.map(|(key, value)| (Text::Static(key), value));
    Value::from(Vec::from(pairs))
}
