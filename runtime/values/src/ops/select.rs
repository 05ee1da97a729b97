//! `.name` and `[index]`.

use crate::convert::{self, to_number};
use crate::{Fault, Value};

/// `.name`.
///
/// # Errors
/// When there is no such attribute, or the value is null or no object.
pub fn field(value: &Value, name: &str) -> Result<Value, Fault> {
    if let Some(found) = value.get(name) {
        return Ok(found);
    }
    Err(match value.kind() {
        "an object" => Fault::new(format!("there is no attribute `{name}`")),
        "null" => value.null_fault(format!("the attribute `{name}` of a null value is read")),
        kind => Fault::new(format!(
            "the attribute `{name}` of {kind} is read: only objects have attributes"
        )),
    })
}

/// `.name` of an object that need not have it: then it is null.
///
/// # Errors
/// When the value is null or has no attributes.
pub fn field_or_null(value: &Value, name: &str) -> Result<Value, Fault> {
    match value.get(name) {
        None if value.kind() == "an object" => Ok(Value::Null),
        Some(found) => Ok(found),
        None => field(value, name),
    }
}

/// `[index]`: of a list by position, of an object by key. A fault names the index or key that is not there.
///
/// # Errors
/// When there is no such item, or the value is null or has none.
pub fn index(value: &Value, by: &Value) -> Result<Value, Fault> {
    if by.is_null() {
        return Err(Fault::new("the index is null"));
    }
    match value.kind() {
        "a list" => {
            let number = to_number(by).map_err(|_| {
                Fault::new(format!(
                    "the index of a list must be a number, found {}",
                    by.kind()
                ))
            })?;
            if let Some(found) = number.as_usize().and_then(|position| value.at(position)) {
                return Ok(found);
            }
            if !number.is_whole() {
                let after = " of a list must be a whole number";
                return Err(Fault::quoting("the index ", &number.to_string(), after));
            }
            let length = value.items().map_or(0, |items| items.len());
            let has = match length {
                0 => "is empty".to_owned(),
                1 => "has 1 item".to_owned(),
                _ => format!("has {length} items"),
            };
            let after = format!(" is out of range: the list {has}");
            Err(Fault::quoting("the index ", &number.to_string(), &after))
        }
        "an object" => {
            let key = convert::to_text(by).map_err(|_| {
                Fault::new(format!(
                    "the key of an object must be a string, found {}",
                    by.kind()
                ))
            })?;
            value.get(&key).ok_or_else(|| {
                Fault::quoting("the object has no key ", &format!("{:?}", key.as_str()), "")
            })
        }
        "null" => {
            let shown = match by {
                Value::Number(number) => number.to_string(),
                by => convert::to_text(by).map_or_else(
                    |_| by.kind().to_owned(),
                    |key| format!("{:?}", key.as_str()),
                ),
            };
            let why = value.why_null();
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            let after = format!(" of a null value is read{why}");
            Err(Fault::quoting("the item ", &shown, &after))
        }
        kind => Err(Fault::new(format!(
            "an item of {kind} is read: only lists and objects have items"
        ))),
    }
}
