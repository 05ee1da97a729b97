//! Outputs that several runners have, as values.

use bggo_module_http_request::Answer;
use bggo_runtime::contract::{Number, Value};

/// A field of an answer, or null.
pub(crate) fn field(answer: &Answer, name: &str) -> Value {
    text(answer.field(name))
}

/// A text, or null.
pub(crate) fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| Value::from(text.to_owned()))
}

/// A whole number.
pub(crate) fn number(number: u64) -> Value {
    Value::Number(Number::from(number))
}

/// The status of an answer.
pub(crate) fn status(answer: &Answer) -> Value {
    number(answer.status().into())
}
