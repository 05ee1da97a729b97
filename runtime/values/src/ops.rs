//! Operators and forms of the language over values: called by emitted code, and by the compiler when it folds.
//!
//! None is generic: a compiled grid calls them, it does not compile them again.

mod arithmetic;
mod forms;
mod redact;
mod select;

pub use arithmetic::{add, div, greater, greater_eq, less, less_eq, mul, neg, rem, sub};
pub use forms::{ListBody, ObjectBody, for_list, for_object, iterate, splat};
pub use redact::{SENSITIVE, redact};
pub use select::{field, field_or_null, index};

use crate::text::{Joined, joins_what_is_before};
use crate::{Fault, Value, convert};
use std::fmt;

/// `==`; of unlike types it is false.
pub fn equal(a: &Value, b: &Value) -> Value {
    Value::Bool(a == b)
}

/// `!=`.
pub fn not_equal(a: &Value, b: &Value) -> Value {
    Value::Bool(a != b)
}

/// `!`.
///
/// # Errors
/// As `truth`.
pub fn not(value: &Value) -> Result<Value, Fault> {
    truth(value).map(|value| Value::Bool(!value))
}

/// A condition, or an operand of `&&`, `||` and `!`.
///
/// # Errors
/// When it is null or no bool (the texts of bools count).
pub fn truth(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(value) => Ok(*value),
        _ if value.is_null() => Err(value.null_fault("a condition is null")),
        _ => convert::to_bool(value).map_err(|_| {
            Fault::new(format!(
                "a condition must be a bool, found {}",
                value.kind()
            ))
        }),
    }
}

/// What stands in a hole of a text.
#[derive(Clone, Copy)]
pub struct Hole<'a>(&'a Value);

impl fmt::Display for Hole<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)
    }
}

/// The value as part of a text.
///
/// # Errors
/// When it is null or has no text form.
pub fn hole(value: &Value) -> Result<Hole<'_>, Fault> {
    let texts = match value {
        Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Duration(_) => true,
        Value::Bytes(bytes) => std::str::from_utf8(bytes).is_ok(),
        Value::Raw(_) => !matches!(value.kind(), "null" | "a list" | "an object"),
        Value::Null | Value::List(_) | Value::Object(_) => false,
    };
    if texts {
        Ok(Hole(value))
    } else if value.is_null() {
        Err(value.null_fault("a null value cannot stand in a text"))
    } else if let Value::Bytes(_) = value {
        Err(Fault::new(
            "bytes that are not UTF-8 cannot stand in a text",
        ))
    } else {
        Err(Fault::new(format!(
            "{} cannot stand in a text: use jsonencode",
            value.kind()
        )))
    }
}

/// The value itself, if it can stand in a text with other parts.
///
/// # Errors
/// As [`hole`].
pub fn printable(value: Value) -> Result<Value, Fault> {
    hole(&value)?;
    Ok(value)
}

/// The parts of a template as one text.
///
/// # Errors
/// As `hole`.
pub fn text(parts: &[Value]) -> Result<Value, Fault> {
    let mut joined = Joined::default();
    for part in parts {
        joined.push(&hole(part)?);
    }
    Ok(Value::from(joined.finish()))
}

/// The parts of a template, all of them printable, that display as the text that [`text`] makes of them.
#[derive(Clone, Copy)]
pub struct Template<'a>(pub &'a [Value]);

impl fmt::Display for Template<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.iter().skip(1).any(begins_with_a_mark) {
            let mut joined = Joined::default();
            for part in self.0 {
                joined.push(part);
            }
            return f.write_str(&joined.finish());
        }
        self.0
            .iter()
            .try_for_each(|part| fmt::Display::fmt(part, f))
    }
}

/// Whether the text of a value may join what stands before it.
fn begins_with_a_mark(value: &Value) -> bool {
    match value {
        Value::Text(text) => joins_what_is_before(text),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).is_ok_and(joins_what_is_before),
        Value::Raw(raw) => raw.string().is_some_and(|text| joins_what_is_before(&text)),
        // Digits, words and brackets.
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Duration(_)
        | Value::List(_)
        | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests;
