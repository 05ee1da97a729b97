//! JSON text to values: of a whole text, and of a part that was kept raw.

use super::{RawJson, scan};
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

/// An array or object that is being read: what is left of its text, and the values that were read.
enum Open<'a> {
    List(scan::Items<'a>, Vec<Value>),
    Object(
        std::vec::IntoIter<(Cow<'a, str>, &'a str)>,
        Vec<(Text, Value)>,
    ),
}

/// The value of text that is known to be valid and starts and ends with the value. It takes no more stack for a nested
/// text than for a flat one.
fn build(text: &str) -> Result<Value, Fault> {
    // From the outermost, each with the key that it has in the one around it.
    let mut around: Vec<(Open<'_>, Text)> = Vec::new();
    let (mut text, mut key) = (text, Text::Static(""));
    loop {
        let mut made = match text.as_bytes().first() {
            Some(bracket @ (b'{' | b'[')) => {
                if around.len() == DEEPEST_VALUE {
                    return Err(Fault::new(format!(
                        "the JSON is nested deeper than {DEEPEST_VALUE} levels, too deep to be taken apart as a whole"
                    )));
                }
                let open = match bracket {
                    b'{' => Open::Object(scan::pairs(text).into_iter(), Vec::new()),
                    _ => Open::List(scan::Items::of(text), Vec::new()),
                };
                around.push((open, std::mem::replace(&mut key, Text::Static(""))));
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
                    Some((Open::List(_, items), _)) => items.push(value),
                    Some((Open::Object(_, pairs), _)) => pairs.push((key, value)),
                }
            }
            match around.last_mut() {
                Some((Open::List(rest, _), _)) => {
                    if let Some(item) = rest.next() {
                        break item;
                    }
                }
                Some((Open::Object(rest, _), _)) => {
                    if let Some((name, item)) = rest.next() {
                        key = Text::from(name.as_ref());
                        break item;
                    }
                }
                None => {}
            }
            made = around.pop().map(|(open, outer)| {
                key = outer;
                match open {
                    Open::List(_, items) => Value::from(items),
                    Open::Object(_, pairs) => Value::from(pairs),
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

impl RawJson {
    /// The value, if it is neither array nor object nor a number that is not exact in 28 digits.
    pub fn scalar(&self) -> Option<Value> {
        match self.first() {
            b'{' | b'[' => None,
            b'-' | b'0'..=b'9' => Number::parse(self.as_str()).map(Value::Number),
            _ => scalar(self.as_str()).ok(),
        }
    }

    /// The whole value, all levels.
    ///
    /// # Errors
    /// When a number is out of range.
    pub fn parse(&self) -> Result<Value, Fault> {
        build(self.as_str())
    }
}
