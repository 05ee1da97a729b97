//! A computed value as what carries an input: a null input is absent, and a required one must be there.

use crate::fault::Fault;
use bggo_values::{Number, Text, Value, convert};
use std::time::Duration;

/// A text.
///
/// # Errors
/// It is null, or no text can be made of it.
pub fn text(value: &Value, input: &str) -> Result<Text, Fault> {
    there(value, input)?;
    Ok(convert::to_text(value)?)
}

/// A text that may be absent.
///
/// # Errors
/// No text can be made of it.
pub fn optional_text(value: &Value) -> Result<Option<Text>, Fault> {
    if value.is_null() {
        Ok(None)
    } else {
        Ok(Some(convert::to_text(value)?))
    }
}

/// A number.
///
/// # Errors
/// It is null, or no number.
pub fn number(value: &Value, input: &str) -> Result<Number, Fault> {
    there(value, input)?;
    Ok(convert::to_number(value)?)
}

/// A number that may be absent.
///
/// # Errors
/// It is no number.
pub fn optional_number(value: &Value) -> Result<Option<Number>, Fault> {
    if value.is_null() {
        Ok(None)
    } else {
        Ok(Some(convert::to_number(value)?))
    }
}

/// A truth value.
///
/// # Errors
/// It is null, or no truth value.
pub fn bool(value: &Value, input: &str) -> Result<bool, Fault> {
    there(value, input)?;
    Ok(convert::to_bool(value)?)
}

/// A truth value that may be absent.
///
/// # Errors
/// It is no truth value.
pub fn optional_bool(value: &Value) -> Result<Option<bool>, Fault> {
    if value.is_null() {
        Ok(None)
    } else {
        Ok(Some(convert::to_bool(value)?))
    }
}

/// A length of time.
///
/// # Errors
/// It is null, or no length of time.
pub fn duration(value: &Value, input: &str) -> Result<Duration, Fault> {
    optional_duration(value)?.ok_or_else(|| Fault::missing(input))
}

/// A length of time that may be absent.
///
/// # Errors
/// It is no length of time.
pub fn optional_duration(value: &Value) -> Result<Option<Duration>, Fault> {
    match convert::convert(value, &bggo_values::Type::Duration)? {
        Value::Duration(time) => Ok(Some(time)),
        _ => Ok(None),
    }
}

/// Any value that is not null.
///
/// # Errors
/// It is null.
pub fn value(value: Value, input: &str) -> Result<Value, Fault> {
    there(&value, input)?;
    Ok(value)
}

/// A value that may be absent.
pub fn optional_value(value: Value) -> Option<Value> {
    (!value.is_null()).then_some(value)
}

/// A time limit: more than nothing.
///
/// # Errors
/// It is null, no length of time, or zero.
pub fn limit(value: &Value) -> Result<Duration, Fault> {
    let time = duration(value, "execution")?;
    if time.is_zero() {
        Err(Fault::new("value", "a time limit is more than zero"))
    } else {
        Ok(time)
    }
}

fn there(value: &Value, input: &str) -> Result<(), Fault> {
    if value.is_null() {
        Err(Fault::missing(input))
    } else {
        Ok(())
    }
}
