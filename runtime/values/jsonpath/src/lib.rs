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
use std::cell::RefCell;

/// Most bytes of JSON that are read.
const MOST_BYTES: usize = 16 << 20;

/// Most bytes of JSON whose parts are kept: they take many times as much.
const MOST_KEPT: usize = 1 << 20;

/// A value, and the copy of it that is searched.
type Read = (Value, Json);

thread_local! {
    /// What was read last, by its text. A step asks the same answer several things, one after the other.
    static LAST: RefCell<Option<(String, Read)>> = const { RefCell::new(None) };
}

/// Searches JSON, which is read once for all questions that follow each other on a thread.
fn with_text<T>(
    text: &str,
    read: impl FnOnce() -> Result<Value, Fault>,
    search: impl FnOnce(&Read) -> T,
) -> Result<T, Fault> {
    let read = || {
        let value = read()?;
        let json = json(&value);
        Ok((value, json))
    };
    if text.len() > MOST_KEPT {
        return read().map(|read| search(&read));
    }
    LAST.with_borrow_mut(|last| {
        if let Some((known, found)) = last
            && known == text
        {
            return Ok(search(found));
        }
        let (_, found) = last.insert((text.to_owned(), read()?));
        Ok(search(found))
    })
}

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
    let search = |(value, json): &Read| {
        let found = path.query_located(json);
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
        Value::from(parts.collect::<Vec<_>>())
    };
    let too_long = || args.fault(0, "the JSON is longer than 16 MiB");
    let found = match args.any(0) {
        Value::Text(text) if text.len() > MOST_BYTES => return Err(too_long()),
        Value::Raw(raw) if raw.as_str().len() > MOST_BYTES => return Err(too_long()),
        Value::Text(text) => {
            let read = || RawJson::from_text(text.as_str()).and_then(|raw| raw.parse());
            with_text(text.as_str(), read, search)
        }
        Value::Raw(raw) => with_text(raw.as_str(), || raw.parse(), search),
        other => Ok(search(&(other.clone(), json(other)))),
    };
    found.map_err(|fault| args.fault(0, fault.text()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_its_own_in_any_order_and_of_any_size() {
        let found = |text: &str, path: &str| {
            let values = [Value::from(text.to_owned()), Value::from(path.to_owned())];
            jsonpath(&values).map(|found| found.to_string())
        };
        let large = format!("{{\"a\": 3, \"b\": \"{}\"}}", "x".repeat(MOST_KEPT));
        for _ in 0..2 {
            assert_eq!(found("{\"a\": 1}", "$.a").unwrap(), "[1]");
            assert_eq!(found("{\"a\": 1}", "$.b").unwrap(), "[]");
            assert!(found("{\"a\"", "$.a").is_err());
            assert_eq!(found("{\"a\": 2}", "$.a").unwrap(), "[2]");
            assert_eq!(found(&large, "$.a").unwrap(), "[3]");
        }
    }
}
