//! Values as the validator takes them.

use bggo_values::value::by_key;
use bggo_values::{Number, Value};
use serde_json::{Map, Value as Json};

/// A value as JSON. That of an answer is still its text, which is read once.
///
/// # Errors
/// The text is nested too deep, or a number in it is out of range; the reason holds nothing of it.
pub fn json(value: &Value) -> Result<Json, String> {
    match value {
        Value::Raw(raw) => serde_json::from_str(raw.as_str())
            .map_err(|error| format!("the JSON cannot be validated: {error}")),
        other => Ok(made(other)),
    }
}

fn made(value: &Value) -> Json {
    if let Some(items) = value.items() {
        return Json::Array(items.iter().map(made).collect());
    }
    if let Some(pairs) = value.pairs() {
        let pairs = by_key(&pairs).into_iter();
        let pairs = pairs.map(|(key, value)| (key.to_string(), made(value)));
        return Json::Object(pairs.collect::<Map<_, _>>());
    }
    match value {
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(number) => of_number(number),
        Value::Raw(raw) => serde_json::from_str(raw.as_str()).unwrap_or(Json::Null),
        value if value.is_null() => Json::Null,
        other => Json::String(other.to_string()),
    }
}

fn of_number(number: &Number) -> Json {
    match number.as_i64() {
        Some(whole) => Json::from(whole),
        None => Json::from(number.as_f64()),
    }
}
