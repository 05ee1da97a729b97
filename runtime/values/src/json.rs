//! JSON: text to values, values to text, and text that is kept as it came and read at a path when somebody asks.
//!
//! Written here and not taken from a crate because three things must agree that libraries keep apart: numbers keep their
//! text, keys keep their order, and a response is validated once and then only skipped through.

mod raw;
mod scan;
mod write;

pub use raw::RawJson;
pub use write::{Json, Shown, encode, encode_hcl, encode_plain};

pub(crate) use write::quoted_hcl;

use crate::{Fault, Number, Text, Value};

/// Reads JSON. Keys keep their order (a repeated key has its last value); a number has its first 28 digits.
///
/// # Errors
/// When the text is not JSON, is nested deeper than 128 levels or holds a number that is out of range.
pub fn decode(text: &str) -> Result<Value, Fault> {
    scan::validate(text)?;
    build(text.trim_matches(scan::is_space_char))
}

/// The value of text that is known to be valid and starts and ends with the value.
fn build(text: &str) -> Result<Value, Fault> {
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let pairs = scan::pairs(text);
            let pairs: Result<Vec<(Text, Value)>, Fault> = pairs
                .into_iter()
                .map(|(key, value)| Ok((Text::from(key.as_ref()), build(value)?)))
                .collect();
            Value::Object(pairs?.into())
        }
        Some(b'[') => Value::List(
            scan::Items::of(text)
                .map(build)
                .collect::<Result<Vec<_>, _>>()?
                .into(),
        ),
        Some(b'"') => Value::from(scan::unquote(text).into_owned()),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') | None => Value::Null,
        Some(_) => Value::Number(
            Number::parse_rounded(text)
                .ok_or_else(|| Fault::new("a number of the JSON is out of range (28 digits)"))?,
        ),
    })
}

#[cfg(test)]
mod tests;
