//! The parts of JSON that a JSONPath (RFC 9535) finds.
//!
//! The search runs over a copy in which numbers are binary, as the standard's comparisons need no more. What it finds is
//! then taken from the value itself, so that numbers keep their text.

use bggo_functions::args::args;
use bggo_values::json::RawJson;
use bggo_values::value::by_key;
use bggo_values::{Fault, Number, Value};
use serde_json::{Map, Value as Json};
use serde_json_path::JsonPath;

/// Most bytes of JSON that are read.
const MOST_BYTES: usize = 16 << 20;

/// All parts of a value that a path finds, in its order. A text is read as JSON first.
///
/// # Errors
/// When the path is not valid, or the text is no JSON or longer than 16 MiB.
pub fn jsonpath(values: &[Value]) -> Result<Value, Fault> {
    let args = args("jsonpath", values, 2, 2)?;
    let path = args.pattern(1)?;
    let path = JsonPath::parse(&path).map_err(|error| {
        let why = match error.message() {
            "parser error" => "a step of it cannot be read",
            message => message,
        };
        let after = format!(" (at character {})", error.position() + 1);
        Fault::quoting(
            "argument 2 of `jsonpath`: the path is not valid: ",
            why,
            &after,
        )
    })?;
    let value = match args.any(0) {
        Value::Text(text) if text.len() > MOST_BYTES => {
            return Err(args.fault(0, "the JSON is longer than 16 MiB"));
        }
        Value::Text(text) => {
            let raw = RawJson::from_text(text.as_str());
            raw.and_then(|raw| raw.parse())
        }
        Value::Raw(raw) if raw.as_str().len() > MOST_BYTES => {
            return Err(args.fault(0, "the JSON is longer than 16 MiB"));
        }
        Value::Raw(raw) => raw.parse(),
        other => Ok(other.clone()),
    };
    let value = value.map_err(|fault| args.fault(0, fault.text()))?;
    let json = json(&value);
    let found = path.query_located(&json);
    let parts = found.locations().map(|location| {
        location.iter().fold(value.clone(), |at, element| {
            let below = match (element.as_name(), element.as_index()) {
                (Some(name), _) => at.get(name),
                (_, Some(place)) => at.at(place),
                _ => None,
            };
            // The copy has the same names and places, so there is always one.
            below.unwrap_or(Value::Null)
        })
    });
    Ok(Value::from(parts.collect::<Vec<_>>()))
}

fn json(value: &Value) -> Json {
    if let Some(items) = value.items() {
        return Json::Array(items.iter().map(json).collect());
    }
    if let Some(pairs) = value.pairs() {
        let pairs = by_key(&pairs).into_iter();
        let pairs = pairs.map(|(key, value)| (key.to_string(), json(value)));
        return Json::Object(pairs.collect::<Map<_, _>>());
    }
    match value {
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(number) => of_number(number),
        // A number of a response whose text is kept.
        Value::Raw(raw) => match raw.as_str().parse::<f64>() {
            Ok(number) => Json::from(number),
            Err(_) => Json::Null,
        },
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
