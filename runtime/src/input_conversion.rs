//! Converts a computed value to the Rust type of an input. A null input is absent; a required one must not be null.

use crate::fault::{Fault, FaultText, Place, Placed};
use bggo_values::{Fault as ValueFault, Number, Seq, Text, Value, convert, json, ops};
use std::time::Duration;

/// A text.
///
/// # Errors
/// It is null, or no text can be made of it.
pub fn text(value: &Value, input: &str) -> Result<Text, Fault> {
    require_non_null(value, input)?;
    Ok(convert::to_text(value)?)
}

/// A text of a value that may fault.
///
/// # Errors
/// The fault of its computation, or it is null, or no text can be made of it. All get this place.
pub fn text_at(
    value: impl Placed<Value>,
    input: &str,
    place: &'static Place,
) -> Result<Text, Fault> {
    text(&value.at(place)?, input).at(place)
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

/// A text that may be absent, of a value that may fault.
///
/// # Errors
/// The fault of its computation, or no text can be made of it. Both get this place.
pub fn optional_text_at(
    value: impl Placed<Value>,
    place: &'static Place,
) -> Result<Option<Text>, Fault> {
    optional_text(&value.at(place)?).at(place)
}

/// A value that becomes a part of a text.
///
/// # Errors
/// The fault of its computation, or it cannot be a part of a text. Both get this place.
pub fn printable(value: impl Placed<Value>, place: &'static Place) -> Result<Value, Fault> {
    ops::printable(value.at(place)?).at(place)
}

/// A number.
///
/// # Errors
/// It is null, or no number.
pub fn number(value: &Value, input: &str) -> Result<Number, Fault> {
    require_non_null(value, input)?;
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
    require_non_null(value, input)?;
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

/// A whole number from 1.
///
/// # Errors
/// It is null, or no such number.
pub fn whole(value: &Value, input: &str) -> Result<u32, Fault> {
    let number = number(value, input)?;
    let whole = number.as_u64().and_then(|whole| u32::try_from(whole).ok());
    whole.filter(|whole| *whole > 0).ok_or_else(|| {
        let text = format_args!("`{input}` is a whole number from 1 to {}, found ", u32::MAX);
        Fault::new("value", FaultText::plain(text).and_value(number))
    })
}

/// A number from 1.
///
/// # Errors
/// It is null, or no such number.
pub fn factor(value: &Value, input: &str) -> Result<f64, Fault> {
    let number = number(value, input)?;
    let factor = number.as_f64();
    if factor < 1.0 {
        let text = format_args!("`{input}` is 1 at least, found ");
        return Err(Fault::new(
            "value",
            FaultText::plain(text).and_value(number),
        ));
    }
    Ok(factor)
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

/// A number of bytes.
///
/// # Errors
/// It is null, or no size.
pub fn size(value: &Value, input: &str) -> Result<u64, Fault> {
    require_non_null(value, input)?;
    Ok(convert::to_size(value)?)
}

/// A number of bytes that may be absent.
///
/// # Errors
/// It is no size.
pub fn optional_size(value: &Value) -> Result<Option<u64>, Fault> {
    if value.is_null() {
        Ok(None)
    } else {
        Ok(Some(convert::to_size(value)?))
    }
}

/// Raw content.
///
/// # Errors
/// It is null, or neither bytes nor a text.
pub fn bytes(value: &Value, input: &str) -> Result<Seq<u8>, Fault> {
    require_non_null(value, input)?;
    Ok(convert::to_bytes(value)?)
}

/// Raw content that may be absent.
///
/// # Errors
/// It is neither bytes nor a text.
pub fn optional_bytes(value: &Value) -> Result<Option<Seq<u8>>, Fault> {
    if value.is_null() {
        Ok(None)
    } else {
        Ok(Some(convert::to_bytes(value)?))
    }
}

/// Any value that is not null.
///
/// # Errors
/// It is null.
pub fn value(value: Value, input: &str) -> Result<Value, Fault> {
    require_non_null(&value, input)?;
    Ok(value)
}

/// A value of any type, of a computation that may fault.
///
/// # Errors
/// The fault of its computation, or it is null. Both get this place.
pub fn value_at(
    value: impl Placed<Value>,
    input: &str,
    place: &'static Place,
) -> Result<Value, Fault> {
    self::value(value.at(place)?, input).at(place)
}

/// A value that may be absent: nothing if it is null.
pub fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

/// A value that may be absent.
pub fn optional_value(value: Value) -> Option<Value> {
    (!value.is_null()).then_some(value)
}

/// The value of an input of a flow that has a default, which null stands for.
pub fn or_default(value: Value, default: impl FnOnce() -> Value) -> Value {
    if value.is_null() { default() } else { value }
}

/// JSON text of any value that is not null.
///
/// # Errors
/// It is null.
pub fn json(value: &Value, input: &str) -> Result<Text, Fault> {
    require_non_null(value, input)?;
    Ok(Text::from(json::encode_plain(value)))
}

/// JSON text of a value that may be absent.
pub fn optional_json(value: &Value) -> Option<Text> {
    (!value.is_null()).then(|| Text::from(json::encode_plain(value)))
}

/// A time limit, longer than zero.
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

fn require_non_null(value: &Value, input: &str) -> Result<(), Fault> {
    if value.is_null() {
        Err(Fault::missing(input))
    } else {
        Ok(())
    }
}

/// `count.index`
pub fn index(index: u32) -> Value {
    Value::Number(Number::from(index))
}

/// Key number `index` of a step's `for_each`, as `each.key`.
pub fn key(keys: &[Text], index: u32) -> Value {
    keys.get(index as usize)
        .map_or(Value::Null, |key| Value::Text(key.clone()))
}

/// Value number `index` of a step's `for_each`, as `each.value`.
pub fn nth(values: &'static [Value], index: u32) -> Value {
    values.get(index as usize).cloned().unwrap_or(Value::Null)
}

/// The arguments of a call whose last one is spread by `...`.
///
/// # Errors
/// The last one is no list.
pub fn spread(first: &[Value], last: &Value) -> Result<Vec<Value>, ValueFault> {
    let mut arguments = first.to_vec();
    if matches!(last.settled()?.as_ref(), Value::Object(_)) {
        return Err(ValueFault::new("`...` spreads a list, not an object"));
    }
    ops::iterate(last, &mut |_, value| {
        arguments.push(value.clone());
        Ok(())
    })?;
    Ok(arguments)
}

/// A computed key of an object.
///
/// # Errors
/// It is null, or no text can be made of it.
pub fn object_key(value: &Value) -> Result<Text, ValueFault> {
    if value.is_null() {
        Err(ValueFault::new("a key of an object is null"))
    } else {
        convert::to_text(value)
    }
}

/// An object with computed keys; of two equal ones the later wins.
pub fn object(pairs: Vec<(Text, Value)>) -> Value {
    let mut kept: Vec<(Text, Value)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        match kept.iter_mut().find(|(known, _)| *known == key) {
            Some(place) => place.1 = value,
            None => kept.push((key, value)),
        }
    }
    Value::from(kept)
}

/// Joins the parts of a long list: emitted code writes it in several functions.
pub fn items(parts: Vec<Vec<Value>>) -> Vec<Value> {
    joined(parts)
}

/// Joins the parts of a long object: emitted code writes it in several functions.
pub fn pairs(parts: Vec<Vec<(Text, Value)>>) -> Vec<(Text, Value)> {
    joined(parts)
}

fn joined<T>(parts: Vec<Vec<T>>) -> Vec<T> {
    let mut all = Vec::new();
    for part in parts {
        all.extend(part);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    static HERE: Place = Place::new("grid.hcl", 4, 9);
    static CLOSER: Place = Place::new("grid.hcl", 4, 17);

    #[test]
    fn one_place_serves_the_computation_and_the_conversion() {
        let null: Result<Value, ValueFault> = Ok(Value::Null);
        let failed: Result<Value, ValueFault> = Err(ValueFault::new("failed"));
        for fault in [
            text_at(null.clone(), "url", &HERE).err(),
            text_at(failed.clone(), "url", &HERE).err(),
            optional_text_at(failed.clone(), &HERE).err(),
            value_at(null.clone(), "url", &HERE).err(),
            value_at(failed, "url", &HERE).err(),
        ] {
            assert_eq!(fault.and_then(|fault| fault.place()), Some(HERE));
        }
        assert_eq!(optional_text_at(null, &HERE).ok(), Some(None));
    }

    #[test]
    fn a_closer_place_stays() {
        let failed: Result<Value, Fault> = Err(ValueFault::new("failed")).at(&CLOSER);
        let fault = value_at(failed, "url", &HERE).err();
        assert_eq!(fault.and_then(|fault| fault.place()), Some(CLOSER));
    }

    #[test]
    fn null_is_not_present() {
        assert_eq!(present(&Value::Null), None);
        assert_eq!(present(&Value::Bool(false)), Some(&Value::Bool(false)));
    }
}
