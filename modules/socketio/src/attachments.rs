//! Bytes within values: sent as attachments, with a placeholder where each was, and put back where they came.

use crate::malformed::Malformed;
use bggo_runtime::contract::{Number, RawJson, Seq, Text, Value};
use std::borrow::Cow;

/// The attribute that says that an object stands for an attachment.
const PLACEHOLDER: &str = "_placeholder";
/// The one that says which.
const NUMBER: &str = "num";

/// Takes the bytes out of a value, in order, and leaves placeholders.
pub(crate) fn take_out<'v>(value: &'v Value, attachments: &mut Vec<Seq<u8>>) -> Cow<'v, Value> {
    if !has_bytes(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(match value {
        Value::Bytes(bytes) => {
            let number = Number::from(attachments.len() as u64);
            attachments.push(bytes.clone());
            Value::from(vec![
                (Text::Static(PLACEHOLDER), Value::Bool(true)),
                (Text::Static(NUMBER), Value::Number(number)),
            ])
        }
        Value::List(items) => {
            let items = items.iter();
            let items = items.map(|item| take_out(item, attachments).into_owned());
            Value::from(items.collect::<Vec<_>>())
        }
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| {
                let value = take_out(value, attachments).into_owned();
                (name.clone(), value)
            });
            Value::from(pairs.collect::<Vec<_>>())
        }
        other => other.clone(),
    })
}

fn has_bytes(value: &Value) -> bool {
    match value {
        Value::Bytes(_) => true,
        Value::List(items) => items.iter().any(has_bytes),
        Value::Object(pairs) => pairs.iter().any(|(_, value)| has_bytes(value)),
        _ => false,
    }
}

/// Puts the attachments where their placeholders are.
///
/// # Errors
/// A placeholder stands for an attachment that does not exist.
pub(crate) fn put_back(json: &RawJson, attachments: &[Seq<u8>]) -> Result<Value, Malformed> {
    let value = json.parse().map_err(|_| {
        Malformed("an argument with attachments came that is nested too deep, or has a number out of range")
    })?;
    with_attachments(value, attachments)
}

fn with_attachments(value: Value, attachments: &[Seq<u8>]) -> Result<Value, Malformed> {
    Ok(match value {
        Value::List(items) => {
            let items = items.iter();
            let items = items.map(|item| with_attachments(item.clone(), attachments));
            Value::from(items.collect::<Result<Vec<_>, Malformed>>()?)
        }
        Value::Object(pairs) => {
            let is_placeholder =
                |(name, value): &(Text, Value)| **name == *PLACEHOLDER && value.is_true();
            if pairs.iter().any(is_placeholder) {
                return attachment(&pairs, attachments);
            }
            let pairs = pairs.iter().map(|(name, value)| {
                let value = with_attachments(value.clone(), attachments)?;
                Ok((name.clone(), value))
            });
            Value::from(pairs.collect::<Result<Vec<_>, Malformed>>()?)
        }
        other => other,
    })
}

fn attachment(pairs: &[(Text, Value)], attachments: &[Seq<u8>]) -> Result<Value, Malformed> {
    let number = pairs.iter().find(|(name, _)| **name == *NUMBER);
    let number = match number {
        Some((_, Value::Number(number))) => number.as_usize(),
        _ => None,
    };
    let bytes = number.and_then(|number| attachments.get(number));
    let bytes = bytes.ok_or(Malformed(
        "a placeholder came for an attachment that does not exist",
    ))?;
    Ok(Value::Bytes(bytes.clone()))
}
