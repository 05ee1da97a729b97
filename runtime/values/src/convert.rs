//! A value as another type: Terraform's conversions, durations and sizes from their texts, and the bytes of a text.
//!
//! A fault names what was found by its kind only: the value may be sensitive.

use crate::{Fault, Number, Seq, Text, Type, Value, duration};
use std::cmp::Ordering;
use std::sync::Arc;

/// The value as this type. Null is null of every type; what already fits is shared, not copied.
///
/// # Errors
/// When the value is no such thing.
pub fn convert(value: &Value, to: &Type) -> Result<Value, Fault> {
    if fits(value, to) {
        return Ok(value.clone());
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    match to {
        Type::Any | Type::Named(_) | Type::Null | Type::Error => Ok(value.clone()),
        Type::String => to_text(value).map(Value::Text),
        Type::Number => to_number(value).map(Value::Number),
        Type::Bool => to_bool(value).map(Value::Bool),
        Type::Duration => to_duration(value),
        Type::Size => to_size(value).map(|size| Value::Number(Number::from(size))),
        Type::Bytes => to_bytes(value).map(Value::Bytes),
        Type::List(item) => to_items(value, item, to).map(Value::from),
        Type::Set(item) => to_items(value, item, to).map(|items| Value::List(as_set(items))),
        Type::Map(item) => to_map(value, item, to),
        Type::Tuple(items) => to_tuple(value, items, to),
        Type::Object(_) => to_object(value, to),
    }
}

/// Whether it is of this type already. A list is never known to be a set without a look at all its items.
fn fits(value: &Value, to: &Type) -> bool {
    match (value, to) {
        (Value::Null, _) | (_, Type::Any | Type::Error | Type::Null) => true,
        (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::Text(_), Type::String)
        | (Value::Duration(_), Type::Duration)
        | (Value::Bytes(_), Type::Bytes) => true,
        (Value::List(items), Type::List(item)) => {
            **item != Type::Any && items.iter().all(|value| fits(value, item))
        }
        (Value::Object(pairs), Type::Map(item)) => {
            **item != Type::Any && pairs.iter().all(|(_, value)| fits(value, item))
        }
        (Value::List(items), Type::Tuple(types)) => {
            items.len() == types.len() && items.iter().zip(types).all(|(value, ty)| fits(value, ty))
        }
        (Value::Object(pairs), Type::Object(fields)) => {
            pairs.len() == fields.len()
                && fields.iter().all(|field| {
                    let found = pairs.iter().find(|(name, _)| *name == field.name);
                    found.is_some_and(|(_, value)| {
                        fits(value, &field.ty) && !(value.is_null() && field.optional.is_some())
                    })
                })
        }
        _ => false,
    }
}

fn wrong(to: &Type, value: &Value) -> Fault {
    let needed = match to {
        Type::List(_) | Type::Tuple(_) => "a list".to_string(),
        Type::Set(_) => "a set".to_string(),
        Type::Map(_) => "a map".to_string(),
        Type::Object(_) => "an object".to_string(),
        _ => return Fault::new(to.required(value.kind())),
    };
    Fault::new(format!("{needed} is required, found {}", value.kind()))
}

/// The value as a string.
///
/// # Errors
/// When it has no text form.
pub fn to_text(value: &Value) -> Result<Text, Fault> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) | Value::Duration(_) => Ok(Text::from(value.to_string())),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Text::from(text)),
            Err(_) => Err(Fault::new(
                "a string is required, found bytes that are not UTF-8",
            )),
        },
        Value::Raw(raw)
            if raw.kind() != "a list" && raw.kind() != "an object" && !raw.is_null() =>
        {
            Ok(Text::from(value.to_string()))
        }
        _ => Err(wrong(&Type::String, value)),
    }
}

/// The value as a number: a number, or the text of one.
///
/// # Errors
/// When it is none, or out of range.
pub fn to_number(value: &Value) -> Result<Number, Fault> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Text(text) => match Number::parse_rounded(text) {
            Some(number) => Ok(number),
            None if Number::is_number(text) => {
                Err(Fault::new("the number is out of range (28 digits)"))
            }
            None => Err(Fault::new(
                "a number is required, found a string that is no number",
            )),
        },
        Value::Raw(raw) if raw.kind() == "a string" || raw.kind() == "a number" => {
            to_number(&raw.parse()?)
        }
        _ => Err(wrong(&Type::Number, value)),
    }
}

/// The value as a bool: a bool, or the text of one.
///
/// # Errors
/// When it is none.
pub fn to_bool(value: &Value) -> Result<bool, Fault> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::Text(text) => match text.as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Fault::new(
                "a bool is required, found a string that is neither \"true\" nor \"false\"",
            )),
        },
        Value::Raw(raw) if raw.kind() == "a string" || raw.kind() == "a bool" => {
            to_bool(&raw.parse()?)
        }
        _ => Err(wrong(&Type::Bool, value)),
    }
}

fn to_duration(value: &Value) -> Result<Value, Fault> {
    match value.settled()?.as_ref() {
        Value::Text(text) => match duration::parse(text) {
            Some(duration) => Ok(Value::Duration(duration)),
            None if duration::is_too_long(text) => Err(Fault::new(
                "a duration is 292 years (106751d) at most, found a longer one",
            )),
            None => Err(Fault::new(format!(
                "a duration is required, like \"1m30s\" or \"250ms\": its units are {}",
                duration::UNITS_IN_WORDS
            ))),
        },
        _ => Err(wrong(&Type::Duration, value)),
    }
}

/// The value as a size in bytes: a whole number, or a text like `10MiB`.
///
/// # Errors
/// When it is none.
pub fn to_size(value: &Value) -> Result<u64, Fault> {
    match value.settled()?.as_ref() {
        Value::Number(number) => number
            .as_u64()
            .ok_or_else(|| Fault::new("a size is a whole number of bytes, not negative")),
        Value::Text(text) => duration::parse_size(text)
            .ok_or_else(|| Fault::new("a size is required, like \"10MiB\" or \"512\"")),
        _ => Err(wrong(&Type::Size, value)),
    }
}

/// The value as bytes: bytes, or the UTF-8 of a text, which is shared and not copied.
///
/// # Errors
/// When it is neither.
pub fn to_bytes(value: &Value) -> Result<Seq<u8>, Fault> {
    match value.settled()?.as_ref() {
        Value::Bytes(bytes) => Ok(bytes.clone()),
        Value::Text(Text::Static(text)) => Ok(Seq::Static(text.as_bytes())),
        Value::Text(Text::Shared(text)) => Ok(Seq::Shared(Arc::clone(text).into())),
        _ => Err(wrong(&Type::Bytes, value)),
    }
}

fn inside<T>(result: Result<T, Fault>, what: impl FnOnce() -> String) -> Result<T, Fault> {
    result.map_err(|fault| Fault::new(format!("{}: {fault}", what())))
}

fn to_items(value: &Value, item: &Type, to: &Type) -> Result<Vec<Value>, Fault> {
    let items = value.items().ok_or_else(|| wrong(to, value))?;
    let common;
    let item = if *item == Type::Any {
        // `any` as an item's type stands for one type that all of them have.
        let types: Vec<Type> = items.iter().map(Type::of).collect();
        common = Type::unify_all(&types)
            .ok_or_else(|| Fault::new("the items have no type in common"))?;
        &common
    } else {
        item
    };
    let each = items.iter().enumerate();
    each.map(|(place, value)| inside(convert(value, item), || format!("item {place}")))
        .collect()
}

fn to_map(value: &Value, item: &Type, to: &Type) -> Result<Value, Fault> {
    let pairs = value.pairs().ok_or_else(|| wrong(to, value))?;
    let common;
    let item = if *item == Type::Any {
        let types: Vec<Type> = pairs.iter().map(|(_, value)| Type::of(value)).collect();
        common = Type::unify_all(&types)
            .ok_or_else(|| Fault::new("the values have no type in common"))?;
        &common
    } else {
        item
    };
    // A key of a map may be data and so is not named; one of an object type stands in the grid.
    let converted: Result<Vec<_>, _> = pairs
        .iter()
        .map(|(key, value)| {
            Ok((
                key.clone(),
                inside(convert(value, item), || "a value of the map".to_string())?,
            ))
        })
        .collect();
    converted.map(Value::from)
}

fn to_tuple(value: &Value, types: &[Type], to: &Type) -> Result<Value, Fault> {
    let items = value.items().ok_or_else(|| wrong(to, value))?;
    if items.len() != types.len() {
        return Err(Fault::new(Type::other_length(types.len(), items.len())));
    }
    let each = items.iter().zip(types).enumerate();
    let converted: Result<Vec<_>, _> = each
        .map(|(place, (value, ty))| inside(convert(value, ty), || format!("item {place}")))
        .collect();
    converted.map(Value::from)
}

/// Attributes stay in written order, unknown ones are left out, absent optional ones follow in the type's order.
fn to_object(value: &Value, to: &Type) -> Result<Value, Fault> {
    let Type::Object(fields) = to else {
        return Err(wrong(to, value));
    };
    let Some(pairs) = value.pairs() else {
        return Err(wrong(to, value));
    };
    let mut converted: Vec<(Text, Value)> = Vec::with_capacity(fields.len());
    for (name, value) in pairs.iter() {
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            continue;
        };
        let value = match &field.optional {
            Some(default) if value.is_null() => convert(&default.value()?, &field.ty)?,
            _ => inside(convert(value, &field.ty), || format!("attribute `{name}`"))?,
        };
        converted.push((name.clone(), value));
    }
    for field in fields {
        if converted.iter().any(|(name, _)| *name == field.name) {
            continue;
        }
        match &field.optional {
            Some(default) => {
                converted.push((field.name.clone(), convert(&default.value()?, &field.ty)?))
            }
            None => {
                return Err(Fault::new(format!(
                    "the attribute `{}` is required",
                    field.name
                )));
            }
        }
    }
    Ok(Value::from(converted))
}

/// Sorted as Terraform sorts a set, without repeats.
pub(crate) fn as_set(mut items: Vec<Value>) -> Seq<Value> {
    items.sort_by(order);
    items.dedup();
    items.into()
}

/// Bools, numbers, durations, texts, then the rest by their JSON, and null last.
fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::Duration(_) => 3,
        Value::Text(_) => 4,
        value if value.is_null() => 6,
        _ => 5,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        _ if rank(a) == 5 && rank(b) == 5 => crate::json::encode(a).cmp(&crate::json::encode(b)),
        _ => rank(a).cmp(&rank(b)),
    }
}

#[cfg(test)]
mod tests;
