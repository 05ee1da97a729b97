//! Functions that pick from lists, cut them and ask what is in them.

use super::args::{Args, args};
use bggo_values::convert::{convert, to_bool};
use bggo_values::{Fault, Number, Type, Value};

/// Whether every item is true; null is not. Of an empty list it is true.
///
/// # Errors
/// When the argument is no list of bools.
pub fn alltrue(values: &[Value]) -> Result<Value, Fault> {
    let args = args("alltrue", values, 1, 1)?;
    for item in args.list(0)?.iter() {
        if !is_true(args, item)? {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

/// Whether an item is true; null is not. Of an empty list it is false.
///
/// # Errors
/// When the argument is no list of bools.
pub fn anytrue(values: &[Value]) -> Result<Value, Fault> {
    let args = args("anytrue", values, 1, 1)?;
    for item in args.list(0)?.iter() {
        if is_true(args, item)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn is_true(args: Args<'_>, item: &Value) -> Result<bool, Fault> {
    if item.is_null() {
        return Ok(false);
    }
    to_bool(item).map_err(|fault| args.fault(0, fault.text()))
}

/// The items in lists of so many, the last of them perhaps shorter; with 0 all in one.
///
/// # Errors
/// When the first argument is no list or the size no such number.
pub fn chunklist(values: &[Value]) -> Result<Value, Fault> {
    let args = args("chunklist", values, 2, 2)?;
    let list = args.list(0)?;
    let size = args.count(1, usize::MAX)?;
    let size = if size == 0 { list.len().max(1) } else { size };
    let chunks = list.chunks(size).map(|chunk| Value::from(chunk.to_vec()));
    Ok(Value::from(chunks.collect::<Vec<_>>()))
}

/// The first list that is neither null nor empty.
///
/// # Errors
/// When there is none, or an argument is no list.
pub fn coalescelist(values: &[Value]) -> Result<Value, Fault> {
    let args = args("coalescelist", values, 1, usize::MAX)?;
    for place in 0..args.len() {
        if !args.any(place).is_null() && !args.list(place)?.is_empty() {
            return Ok(args.any(place).clone());
        }
    }
    Err(Fault::new(
        "every argument of `coalescelist` is null or an empty list",
    ))
}

/// The texts that are neither null nor empty.
///
/// # Errors
/// When the argument is no list of texts.
pub fn compact(values: &[Value]) -> Result<Value, Fault> {
    let args = args("compact", values, 1, 1)?;
    let list = args.converted(0, &Type::list(Type::String))?;
    let list = list.items().unwrap_or_else(|| Vec::new().into());
    let kept = list
        .iter()
        .filter(|item| item.as_text().is_some_and(|text| !text.is_empty()));
    Ok(Value::from(kept.cloned().collect::<Vec<_>>()))
}

/// The item at a position that goes round: behind the last comes the first.
///
/// # Errors
/// When the list is empty or the position negative.
pub fn element(values: &[Value]) -> Result<Value, Fault> {
    let args = args("element", values, 2, 2)?;
    let list = args.list(0)?;
    let position = args.number(1)?;
    if position.is_negative() {
        return Err(args.fault(1, "the position must not be negative"));
    }
    if list.is_empty() {
        return Err(args.fault(0, "an empty list has no items"));
    }
    let at = args.count(1, usize::MAX)? % list.len();
    Ok(list.get(at).cloned().unwrap_or(Value::Null))
}

/// The position of the first item that equals a value.
///
/// # Errors
/// When there is none, or the value is null.
pub fn index(values: &[Value]) -> Result<Value, Fault> {
    let args = args("index", values, 2, 2)?;
    let (list, value) = (args.list(0)?, args.value(1)?);
    match list.iter().position(|item| item == value) {
        Some(place) => Ok(Number::from(place).into()),
        None => Err(args.fault(1, "the list has no such item")),
    }
}

/// Those items of a first list at whose places a second list has an item that is in a third.
///
/// # Errors
/// When the first two lists differ in length.
pub fn matchkeys(values: &[Value]) -> Result<Value, Fault> {
    let args = args("matchkeys", values, 3, 3)?;
    let (list, keys) = (args.list(0)?, args.list(1)?);
    if list.len() != keys.len() {
        return Err(args.fault(1, "the first two lists must be equally long"));
    }
    // Keys and what is looked for are compared in the type that they have in common.
    let searched = args.list(2)?;
    let all: Vec<Value> = keys.iter().chain(searched.iter()).cloned().collect();
    let all = convert(&Value::from(all), &Type::list(Type::Any))
        .map_err(|fault| args.fault(2, fault.text()))?;
    let all = all.items().unwrap_or_else(|| Vec::new().into());
    let (keys, searched) = all.split_at(keys.len().min(all.len()));
    let kept = list
        .iter()
        .zip(keys)
        .filter(|(_, key)| !key.is_null() && searched.contains(key));
    Ok(Value::from(
        kept.map(|(item, _)| item.clone()).collect::<Vec<_>>(),
    ))
}

/// The only item, or null where there is none.
///
/// # Errors
/// When there are several, or the argument is no list.
pub fn one(values: &[Value]) -> Result<Value, Fault> {
    let args = args("one", values, 1, 1)?;
    let list = args.list(0)?;
    match &list[..] {
        [] => Ok(Value::Null),
        [only] => Ok(only.clone()),
        _ => Err(args.fault(0, "a list, set or tuple of at most one item is required")),
    }
}

/// The items from the last to the first.
///
/// # Errors
/// When the argument is no list.
pub fn reverse(values: &[Value]) -> Result<Value, Fault> {
    let list = args("reverse", values, 1, 1)?.list(0)?;
    Ok(Value::from(list.iter().rev().cloned().collect::<Vec<_>>()))
}

/// The items from a position up to, but without, another.
///
/// # Errors
/// When a position is outside of the list or the second is before the first.
pub fn slice(values: &[Value]) -> Result<Value, Fault> {
    let args = args("slice", values, 3, 3)?;
    let list = args.list(0)?;
    let bounded = |place: usize| {
        let at = args.count(place, usize::MAX)?;
        match at <= list.len() {
            true => Ok(at),
            false => Err(args.fault(
                place,
                &format!(
                    "the position is beyond the end of the list ({} items)",
                    list.len()
                ),
            )),
        }
    };
    let (start, end) = (bounded(1)?, bounded(2)?);
    let Some(items) = list.get(start..end) else {
        return Err(args.fault(2, "the end is before the start"));
    };
    Ok(Value::from(items.to_vec()))
}

/// The texts in order of their characters' numbers.
///
/// # Errors
/// When the argument is no list of texts, or holds null.
pub fn sort(values: &[Value]) -> Result<Value, Fault> {
    let mut texts = args("sort", values, 1, 1)?.texts(0)?;
    texts.sort();
    Ok(Value::from(
        texts.into_iter().map(Value::Text).collect::<Vec<_>>(),
    ))
}
