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

/// `[index]`: of a list by position, of an object by key. The index itself may be data and so is not named in a fault.
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
                return Err(Fault::new("the index of a list must be a whole number"));
            }
            let length = value.items().map_or(0, |items| items.len());
            Err(Fault::new(match length {
                0 => "the index is out of range: the list is empty".to_string(),
                1 => "the index is out of range: the list has 1 item".to_string(),
                _ => format!("the index is out of range: the list has {length} items"),
            }))
        }
        "an object" => {
            let key = convert::to_text(by).map_err(|_| {
                Fault::new(format!(
                    "the key of an object must be a string, found {}",
                    by.kind()
                ))
            })?;
            value
                .get(&key)
                .ok_or_else(|| Fault::new("the object has no such key"))
        }
        "null" => Err(value.null_fault("an item of a null value is read")),
        kind => Err(Fault::new(format!(
            "an item of {kind} is read: only lists and objects have items"
        ))),
    }
}
