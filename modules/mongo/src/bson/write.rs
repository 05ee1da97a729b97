//! A value -> BSON.

use super::{extended, kind};
use bggo_runtime::contract::{Fault, FaultText, Number, Text, Value, format_duration};

/// The deepest document that is written: a server takes none that is deeper.
const DEEPEST: usize = 100;

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) FaultText);

impl Bad {
    fn new(text: &'static str) -> Self {
        Self(FaultText::from(text))
    }
}

impl From<Fault> for Bad {
    fn from(fault: Fault) -> Self {
        Self(FaultText::value(fault.text()))
    }
}

const TOO_LONG: &str = "a document has more than 2 GiB";

/// Leaves room for a length, which [`close`] writes: where it is.
pub(crate) fn open(out: &mut Vec<u8>) -> usize {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    at
}

/// Writes the length of everything from `at` to the end.
///
/// # Errors
/// It is too long.
pub(crate) fn close(out: &mut [u8], at: usize) -> Result<(), Bad> {
    let length = i32::try_from(out.len() - at).map_err(|_| Bad::new(TOO_LONG))?;
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// Appends a key, with room for the type of its value in front: where that is.
///
/// # Errors
/// The key holds a zero byte.
fn put_key(out: &mut Vec<u8>, key: &str) -> Result<usize, Bad> {
    if key.contains('\0') {
        return Err(Bad::new("the key of a document holds a zero byte"));
    }
    let at = out.len();
    out.push(0);
    out.extend_from_slice(key.as_bytes());
    out.push(0);
    Ok(at)
}

/// Writes the type of an element.
fn put_type(out: &mut [u8], at: usize, kind: u8) {
    if let Some(place) = out.get_mut(at) {
        *place = kind;
    }
}

/// Appends a key and its value.
///
/// # Errors
/// There is no such value in BSON.
pub(crate) fn element(out: &mut Vec<u8>, key: &str, of: &Value) -> Result<(), Bad> {
    put_element(out, key, of, 1)
}

/// Appends a key and a text.
///
/// # Errors
/// The text is too long.
pub(crate) fn text(out: &mut Vec<u8>, key: &str, of: &str) -> Result<(), Bad> {
    let at = put_key(out, key)?;
    extended::put_string(out, of).ok_or_else(|| Bad::new(TOO_LONG))?;
    put_type(out, at, kind::STRING);
    Ok(())
}

fn put_element(out: &mut Vec<u8>, key: &str, of: &Value, depth: usize) -> Result<(), Bad> {
    let at = put_key(out, key)?;
    let kind = put_value(out, of, depth)?;
    put_type(out, at, kind);
    Ok(())
}

fn put_pairs(out: &mut Vec<u8>, pairs: &[(Text, Value)], depth: usize) -> Result<(), Bad> {
    if depth > DEEPEST {
        return Err(Bad::new("a document is more than 100 levels deep"));
    }
    let at = open(out);
    for (key, value) in pairs {
        put_element(out, key, value, depth + 1)?;
    }
    out.push(0);
    close(out, at)
}

fn put_value(out: &mut Vec<u8>, of: &Value, depth: usize) -> Result<u8, Bad> {
    let too_long = || Bad::new(TOO_LONG);
    Ok(match of {
        Value::Null => kind::NULL,
        Value::Bool(is) => {
            out.push(u8::from(*is));
            kind::BOOL
        }
        Value::Number(number) => return put_number(out, *number),
        Value::Text(text) => {
            extended::put_string(out, text).ok_or_else(too_long)?;
            kind::STRING
        }
        Value::Duration(duration) => {
            extended::put_string(out, &format_duration(*duration)).ok_or_else(too_long)?;
            kind::STRING
        }
        Value::Bytes(bytes) => {
            extended::put_binary(out, kind::GENERIC, bytes).ok_or_else(too_long)?;
            kind::BINARY
        }
        Value::List(items) => {
            if depth > DEEPEST {
                return Err(Bad::new("a document is more than 100 levels deep"));
            }
            let at = open(out);
            for (number, item) in items.iter().enumerate() {
                put_element(out, &number.to_string(), item, depth + 1)?;
            }
            out.push(0);
            close(out, at)?;
            kind::ARRAY
        }
        Value::Object(pairs) => match extended::of(pairs) {
            Some((key, value)) => {
                let text = || {
                    FaultText::plain(format_args!("{key} is not what extended JSON has there: "))
                        .and_value(value)
                };
                extended::put(out, key, value).ok_or_else(|| Bad(text()))?
            }
            None => {
                put_pairs(out, pairs, depth)?;
                kind::DOCUMENT
            }
        },
        Value::Raw(raw) => return put_value(out, &raw.parse().map_err(Fault::from)?, depth),
    })
}

/// A whole number is one of 32 bits if it fits, else of 64; any other is a binary number.
fn put_number(out: &mut Vec<u8>, number: Number) -> Result<u8, Bad> {
    if !number.is_whole() {
        out.extend_from_slice(&number.as_f64().to_le_bytes());
        return Ok(kind::DOUBLE);
    }
    let Some(whole) = number.as_i64() else {
        return Err(Bad::new(
            "a whole number has more than 64 bits: write it as { \"$numberDecimal\" = \"..\" }",
        ));
    };
    match i32::try_from(whole) {
        Ok(small) => {
            out.extend_from_slice(&small.to_le_bytes());
            Ok(kind::INT32)
        }
        Err(_) => {
            out.extend_from_slice(&whole.to_le_bytes());
            Ok(kind::INT64)
        }
    }
}
