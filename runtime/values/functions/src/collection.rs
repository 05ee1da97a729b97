//! Functions over lists, sets, maps and objects.

use super::args::{Args, args};
use bggo_values::convert::convert;
use bggo_values::value::by_key;
use bggo_values::{Fault, Number, Text, Type, Value};
use std::collections::BTreeMap;

/// `range` makes no more values than this, as in Terraform.
const LONGEST_RANGE: usize = 1024;

/// How many items, attributes, characters or bytes there are.
///
/// # Errors
/// When the argument has no length.
pub fn length(values: &[Value]) -> Result<Value, Fault> {
    let args = args("length", values, 1, 1)?;
    let value = args.value(0)?;
    let count = if let Value::Text(text) = value {
        super::length::characters(text)
    } else if let Value::Bytes(bytes) = value {
        bytes.len()
    } else if let Some(items) = value.items() {
        items.len()
    } else if let Some(pairs) = value.pairs() {
        pairs.len()
    } else {
        return Err(args.fault(
            0,
            &format!(
                "a list, object or string is required, found {}",
                value.kind()
            ),
        ));
    };
    Ok(Number::from(count).into())
}

/// The items of all lists, one list after the other.
///
/// # Errors
/// Without arguments, or when one is no list.
pub fn concat(values: &[Value]) -> Result<Value, Fault> {
    let args = args("concat", values, 1, usize::MAX)?;
    let mut items = Vec::new();
    for place in 0..args.len() {
        items.extend(args.list(place)?.iter().cloned());
    }
    Ok(Value::from(items))
}

/// Whether a list has an item that equals a value.
///
/// # Errors
/// When the first argument is no list, or the value is null.
pub fn contains(values: &[Value]) -> Result<Value, Fault> {
    let args = args("contains", values, 2, 2)?;
    let (list, value) = (args.list(0)?, args.value(1)?);
    Ok(list.iter().any(|item| item == value).into())
}

/// The items without repeats, each where it was first.
///
/// # Errors
/// When the argument is no list, or its items have no type in common.
pub fn distinct(values: &[Value]) -> Result<Value, Fault> {
    let args = args("distinct", values, 1, 1)?;
    let list = convert(args.value(0)?, &Type::list(Type::Any))
        .map_err(|fault| args.fault(0, fault.text()))?;
    let list = list.items().unwrap_or_else(|| Vec::new().into());
    let mut kept: Vec<Value> = Vec::new();
    for item in list.iter() {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    Ok(Value::from(kept))
}

/// The items of a list and of all lists in it, on one level.
///
/// # Errors
/// When the argument is no list.
pub fn flatten(values: &[Value]) -> Result<Value, Fault> {
    let args = args("flatten", values, 1, 1)?;
    let mut flat = Vec::new();
    spread(&args.list(0)?, &mut flat);
    Ok(Value::from(flat))
}

fn spread(items: &[Value], flat: &mut Vec<Value>) {
    for item in items {
        match item.items() {
            Some(inner) => spread(&inner, flat),
            None => flat.push(item.clone()),
        }
    }
}

/// The keys in order.
///
/// # Errors
/// When the argument is no object or map.
pub fn keys(values: &[Value]) -> Result<Value, Fault> {
    let pairs = args("keys", values, 1, 1)?.object(0)?;
    Ok(Value::from(
        by_key(&pairs)
            .into_iter()
            .map(|(key, _)| Value::Text(key.clone()))
            .collect::<Vec<_>>(),
    ))
}

/// The values in order of their keys.
///
/// # Errors
/// When the argument is no object or map.
pub fn values(values: &[Value]) -> Result<Value, Fault> {
    let pairs = args("values", values, 1, 1)?.object(0)?;
    Ok(Value::from(
        by_key(&pairs)
            .into_iter()
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>(),
    ))
}

/// The value of a key, or the default where there is none.
///
/// # Errors
/// When there is neither, or an argument has the wrong type.
pub fn lookup(values: &[Value]) -> Result<Value, Fault> {
    let args = args("lookup", values, 2, 3)?;
    let map = args.value(0)?;
    if !matches!(map.kind(), "an object") {
        return Err(args.fault(0, &format!("an object is required, found {}", map.kind())));
    }
    let key = args.text(1)?;
    match map.get(&key) {
        Some(value) => Ok(value),
        None if args.len() == 3 => Ok(args.any(2).clone()),
        None => Err(Fault::quoting(
            "argument 2 of `lookup`: the object has no key ",
            &format!("{:?}", key.as_str()),
            ", and there is no default",
        )),
    }
}

/// All attributes of all objects; a later one replaces the value of an earlier one, which keeps its place. Null is empty.
///
/// # Errors
/// When an argument is no object or map.
pub fn merge(values: &[Value]) -> Result<Value, Fault> {
    let args = args("merge", values, 0, usize::MAX)?;
    let mut places: BTreeMap<Text, usize> = BTreeMap::new();
    let mut merged: Vec<(Text, Value)> = Vec::new();
    for place in (0..args.len()).filter(|place| !args.any(*place).is_null()) {
        for (key, value) in args.object(place)?.iter() {
            match places.get(key).and_then(|known| merged.get_mut(*known)) {
                Some(known) => known.1 = value.clone(),
                None => {
                    places.insert(key.clone(), merged.len());
                    merged.push((key.clone(), value.clone()));
                }
            }
        }
    }
    Ok(Value::from(merged))
}

/// Numbers from a start (0) up or down to, but without, a limit, in steps (1 or -1).
///
/// # Errors
/// When a step is zero or leads away from the limit, and for more than 1024 values.
pub fn range(values: &[Value]) -> Result<Value, Fault> {
    let args = args("range", values, 1, 3)?;
    let (start, limit) = match args.len() {
        1 => (Number::ZERO, args.number(0)?),
        _ => (args.number(0)?, args.number(1)?),
    };
    let step = match args.len() {
        3 => range_step(args, &start, &limit)?,
        _ if limit < start => Number::new(-1),
        _ => Number::new(1),
    };
    let mut items = Vec::new();
    let mut next = start;
    while if step.is_negative() {
        next > limit
    } else {
        next < limit
    } {
        if items.len() == LONGEST_RANGE {
            return Err(Fault::new(format!(
                "`range` makes at most {LONGEST_RANGE} values"
            )));
        }
        items.push(Value::Number(next));
        next = next
            .plus(&step)
            .ok_or_else(|| Fault::new("a value of `range` is out of range (28 digits)"))?;
    }
    Ok(Value::from(items))
}

fn range_step(args: Args<'_>, start: &Number, limit: &Number) -> Result<Number, Fault> {
    let step = args.number(2)?;
    if step == Number::ZERO {
        return Err(args.fault(2, "the step must not be zero"));
    }
    if step.is_negative() && start < limit {
        return Err(args.fault(
            2,
            "the step must be positive, since the limit is larger than the start",
        ));
    }
    if !step.is_negative() && start > limit {
        return Err(args.fault(
            2,
            "the step must be negative, since the limit is smaller than the start",
        ));
    }
    Ok(step)
}

/// The first argument that is neither null nor an empty string, in the type that all have in common.
///
/// # Errors
/// When there is none, or the arguments have no type in common.
pub fn coalesce(values: &[Value]) -> Result<Value, Fault> {
    let args = args("coalesce", values, 1, usize::MAX)?;
    let types: Vec<Type> = values.iter().map(Type::of).collect();
    let ty = Type::unify_all(&types)
        .ok_or_else(|| Fault::new("the arguments of `coalesce` have no type in common"))?;
    for place in 0..args.len() {
        let value = args.any(place);
        if value.is_null() {
            continue;
        }
        let value = convert(value, &ty).map_err(|fault| args.fault(place, fault.text()))?;
        if value.as_text() != Some("") {
            return Ok(value);
        }
    }
    Err(Fault::new(
        "every argument of `coalesce` is null or an empty string",
    ))
}
