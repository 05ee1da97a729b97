//! `for` and splats. The bodies come as `dyn FnMut`, so that no grid compiles these loops again.

use crate::convert::to_text;
use crate::value::by_key;
use crate::{Fault, Number, Text, Value};

/// The body of a list's `for`: of key and value an item, or `None` when `if` filtered it.
pub type ListBody<'a> = dyn FnMut(&Value, &Value) -> Result<Option<Value>, Fault> + 'a;

/// The body of an object's `for`: of key and value a pair, or `None` when `if` filtered it.
pub type ObjectBody<'a> = dyn FnMut(&Value, &Value) -> Result<Option<(Value, Value)>, Fault> + 'a;

/// Calls `each` with key (or position) and value: lists in order, objects in order of their keys.
///
/// A set is a list here: where the static type is a set, the compiler names the value for both.
///
/// # Errors
/// When the value is null or holds nothing to run over, and the first fault of `each`.
pub fn iterate(
    over: &Value,
    each: &mut dyn FnMut(&Value, &Value) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if let Some(items) = over.items() {
        for (place, item) in items.iter().enumerate() {
            each(&Value::Number(Number::from(place)), item)?;
        }
        return Ok(());
    }
    if let Some(pairs) = over.pairs() {
        for (key, value) in by_key(&pairs) {
            each(&Value::Text(key.clone()), value)?;
        }
        return Ok(());
    }
    match over.kind() {
        "null" => Err(over.null_fault("a `for` cannot run over null")),
        kind => Err(Fault::new(format!(
            "a `for` runs over a list, set, map or object, not over {kind}"
        ))),
    }
}

/// `[for k, v in over : body]`; a body that gives `None` was filtered by `if`.
///
/// # Errors
/// As `iterate`.
pub fn for_list(over: &Value, body: &mut ListBody<'_>) -> Result<Value, Fault> {
    let mut items = Vec::new();
    iterate(over, &mut |key, value| {
        items.extend(body(key, value)?);
        Ok(())
    })?;
    Ok(Value::from(items))
}

/// `{for k, v in over : key => value}`, and with `grouped` the form that ends in `...`: values of one key become a list.
///
/// # Errors
/// As `iterate`; when a key is null or no text; without `grouped`, when a key comes twice.
pub fn for_object(over: &Value, grouped: bool, body: &mut ObjectBody<'_>) -> Result<Value, Fault> {
    let mut keys = std::collections::BTreeMap::new();
    let mut found: Vec<(Text, Vec<Value>)> = Vec::new();
    iterate(over, &mut |key, value| {
        let Some((key, value)) = body(key, value)? else {
            return Ok(());
        };
        if key.is_null() {
            return Err(Fault::new("a key of a `for` object is null"));
        }
        let key = to_text(&key).map_err(|_| {
            Fault::new(format!(
                "a key of a `for` object must be a string, found {}",
                key.kind()
            ))
        })?;
        match keys.get(&key).copied() {
            None => {
                keys.insert(key.clone(), found.len());
                found.push((key, vec![value]));
            }
            Some(place) if grouped => {
                if let Some((_, values)) = found.get_mut(place) {
                    values.push(value);
                }
            }
            Some(_) => {
                return Err(Fault::quoting(
                    "a `for` object has two items with the key ",
                    &format!("{:?}", key.as_str()),
                    ": write `...` after the value to group them",
                ));
            }
        }
        Ok(())
    })?;
    let single = |mut values: Vec<Value>| {
        if grouped {
            Value::from(values)
        } else {
            values.pop().unwrap_or(Value::Null)
        }
    };
    Ok(Value::from(
        found
            .into_iter()
            .map(|(key, values)| (key, single(values)))
            .collect::<Vec<_>>(),
    ))
}

/// `over[*]...`: each item of a list; of null nothing, and anything else is the one item.
///
/// # Errors
/// The first fault of `each`.
pub fn splat(
    over: &Value,
    each: &mut dyn FnMut(&Value) -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    if over.is_null() {
        return Ok(Value::list(&[]));
    }
    let items: Result<Vec<Value>, Fault> = match over.items() {
        Some(items) => items.iter().map(each).collect(),
        None => each(over).map(|item| vec![item]),
    };
    items.map(Value::from)
}
