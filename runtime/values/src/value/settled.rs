//! A value with its JSON read: the value itself, its length, and whether it equals another.

use super::by_key;
use crate::{Fault, Text, Value};
use std::borrow::Cow;

impl Value {
    /// This value with its JSON read: anything but `Raw`, at the outermost level.
    ///
    /// # Errors
    /// When the JSON holds a number that is out of range.
    pub fn settled(&self) -> Result<Cow<'_, Self>, Fault> {
        match self {
            Self::Raw(raw) => raw.parse().map(Cow::Owned),
            other => Ok(Cow::Borrowed(other)),
        }
    }

    /// Characters of a text, bytes, items of a list, keys of an object; `None` for what has no length.
    pub fn length(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(items) => Some(items.len()),
            Self::Object(pairs) => Some(pairs.len()),
            Self::Raw(raw) => raw.parse().ok()?.length(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Duration(_) => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Raw(a), Self::Raw(b)) => match (a.parse(), b.parse()) {
                (Ok(a), Ok(b)) => a == b,
                // A number out of range equals only its own text.
                _ => a.as_str() == b.as_str(),
            },
            (Self::Raw(raw), plain) | (plain, Self::Raw(raw)) => {
                raw.parse().is_ok_and(|value| value == *plain)
            }
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a[..] == b[..],
            (Self::List(a), Self::List(b)) => a[..] == b[..],
            (Self::Object(a), Self::Object(b)) => same_pairs(a, b),
            _ => false,
        }
    }
}

/// Objects are equal when each key has an equal value, in whatever order.
fn same_pairs(a: &[(Text, Value)], b: &[(Text, Value)]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.iter().zip(b).all(|(x, y)| x.0 == y.0) {
        return a.iter().zip(b).all(|(x, y)| x.1 == y.1);
    }
    by_key(a)
        .into_iter()
        .zip(by_key(b))
        .all(|(x, y)| x.0 == y.0 && x.1 == y.1)
}
