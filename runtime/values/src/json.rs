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
use std::borrow::Cow;

/// Values that are nested deeper are not made: unlike texts they are walked and freed by functions that call themselves, also on
/// threads with a stack of 2 MiB.
const DEEPEST_VALUE: usize = 1_000;

/// Reads JSON. Keys keep their order (a repeated key has its last value); a number has its first 28 digits. A byte-order
/// mark before the value is passed over.
///
/// # Errors
/// When the text is not JSON, is nested deeper than 1,000 levels or holds a number that is out of range.
pub fn decode(text: &str) -> Result<Value, Fault> {
    scan::validate(text)?;
    build(scan::trimmed(text))
}

/// An array or object in the making.
enum Making<'a> {
    List(scan::Items<'a>, Vec<Value>),
    Object(
        std::vec::IntoIter<(Cow<'a, str>, &'a str)>,
        Vec<(Text, Value)>,
    ),
}

/// The value of text that is known to be valid and starts and ends with the value. It takes no more stack for a nested
/// text than for a flat one.
fn build(text: &str) -> Result<Value, Fault> {
    // What is open, each with the key that it has in what is around it.
    let mut around: Vec<(Making<'_>, Text)> = Vec::new();
    let (mut text, mut key) = (text, Text::Static(""));
    loop {
        let mut made = match text.as_bytes().first() {
            Some(bracket @ (b'{' | b'[')) => {
                if around.len() == DEEPEST_VALUE {
                    return Err(Fault::new(format!(
                        "the JSON is nested deeper than {DEEPEST_VALUE} levels, too deep to be taken apart as a whole"
                    )));
                }
                let making = match bracket {
                    b'{' => Making::Object(scan::pairs(text).into_iter(), Vec::new()),
                    _ => Making::List(scan::Items::of(text), Vec::new()),
                };
                around.push((making, std::mem::replace(&mut key, Text::Static(""))));
                None
            }
            _ => Some(scalar(text)?),
        };
        // The next part of what is innermost, once all that is complete was put where it belongs.
        text = loop {
            if let Some(value) = made.take() {
                let key = std::mem::replace(&mut key, Text::Static(""));
                match around.last_mut() {
                    None => return Ok(value),
                    Some((Making::List(_, items), _)) => items.push(value),
                    Some((Making::Object(_, pairs), _)) => pairs.push((key, value)),
                }
            }
            match around.last_mut() {
                Some((Making::List(rest, _), _)) => {
                    if let Some(item) = rest.next() {
                        break item;
                    }
                }
                Some((Making::Object(rest, _), _)) => {
                    if let Some((name, item)) = rest.next() {
                        key = Text::from(name.as_ref());
                        break item;
                    }
                }
                None => {}
            }
            made = around.pop().map(|(making, outer)| {
                key = outer;
                match making {
                    Making::List(_, items) => Value::from(items),
                    Making::Object(_, pairs) => Value::from(pairs),
                }
            });
        };
    }
}

/// The value of a valid text that is neither array nor object.
fn scalar(text: &str) -> Result<Value, Fault> {
    Ok(match text.as_bytes().first() {
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
