//! Extended JSON: objects of one `$` key, for the types of BSON that a grid has no values of. `{ "$oid" = "507f191e810c19729de860ea" }` is an ObjectId.

use super::kind;
use super::{dates, decimal};
use bggo_runtime::contract::{Text, Value, from_base64};

/// What the one key of such an object may be.
const KEYS: &[&str] = &[
    "$binary",
    "$code",
    "$date",
    "$maxKey",
    "$minKey",
    "$numberDecimal",
    "$numberDouble",
    "$numberInt",
    "$numberLong",
    "$oid",
    "$regularExpression",
    "$symbol",
    "$timestamp",
    "$undefined",
    "$uuid",
];

/// Whether an object of this one key is a value of another type.
pub(crate) fn is_key(key: &str) -> bool {
    key.starts_with('$') && KEYS.contains(&key)
}

/// The key and the value of an object that is a value of another type.
pub(super) fn of(pairs: &[(Text, Value)]) -> Option<(&str, &Value)> {
    match pairs {
        [(key, value)] if is_key(key) => Some((key, value)),
        _ => None,
    }
}

/// Appends such a value: its type, or `None` if it is none of its key.
pub(super) fn put(out: &mut Vec<u8>, key: &str, value: &Value) -> Option<u8> {
    Some(match key {
        "$oid" => {
            let digits = value.as_text().filter(|text| text.len() == 24)?;
            put_hex(out, digits)?;
            kind::OBJECT_ID
        }
        "$date" => {
            let millis = match value {
                Value::Text(text) => dates::millis(text)?,
                other => whole(other)?,
            };
            out.extend_from_slice(&millis.to_le_bytes());
            kind::DATE
        }
        "$numberInt" => {
            let number = i32::try_from(whole(value)?).ok()?;
            out.extend_from_slice(&number.to_le_bytes());
            kind::INT32
        }
        "$numberLong" => {
            out.extend_from_slice(&whole(value)?.to_le_bytes());
            kind::INT64
        }
        "$numberDouble" => {
            let number = match value {
                Value::Number(number) => number.as_f64(),
                other => double(other.as_text()?)?,
            };
            out.extend_from_slice(&number.to_le_bytes());
            kind::DOUBLE
        }
        "$numberDecimal" => {
            let bytes = match value {
                Value::Number(number) => decimal::read(&number.to_string())?,
                other => decimal::read(other.as_text()?)?,
            };
            out.extend_from_slice(&bytes);
            kind::DECIMAL
        }
        "$binary" => {
            let subtype = match value.get("subType")? {
                Value::Number(number) => u8::try_from(number.as_u64()?).ok()?,
                other => u8::from_str_radix(other.as_text()?, 16).ok()?,
            };
            let bytes = from_base64(value.get("base64")?.as_text()?)?;
            put_binary(out, subtype, &bytes)?;
            kind::BINARY
        }
        "$uuid" => {
            let digits = value.as_text()?.replace('-', "");
            if digits.len() != 32 {
                return None;
            }
            out.extend_from_slice(&16_i32.to_le_bytes());
            out.push(kind::UUID);
            put_hex(out, &digits)?;
            kind::BINARY
        }
        "$timestamp" => {
            for part in ["i", "t"] {
                let number = u32::try_from(whole(&value.get(part)?)?).ok()?;
                out.extend_from_slice(&number.to_le_bytes());
            }
            kind::TIMESTAMP
        }
        "$regularExpression" => {
            for part in ["pattern", "options"] {
                let part = value.get(part)?;
                let text = part.as_text().filter(|text| !text.contains('\0'))?;
                out.extend_from_slice(text.as_bytes());
                out.push(0);
            }
            kind::REGEX
        }
        "$code" => {
            put_string(out, value.as_text()?)?;
            kind::CODE
        }
        "$symbol" => {
            put_string(out, value.as_text()?)?;
            kind::SYMBOL
        }
        "$undefined" => kind::UNDEFINED,
        "$minKey" => kind::MIN_KEY,
        "$maxKey" => kind::MAX_KEY,
        _ => return None,
    })
}

/// Appends a string with its length and its end.
pub(super) fn put_string(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let length = i32::try_from(text.len()).ok()?.checked_add(1)?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    Some(())
}

/// Appends bytes of a subtype.
pub(super) fn put_binary(out: &mut Vec<u8>, subtype: u8, bytes: &[u8]) -> Option<()> {
    let length = i32::try_from(bytes.len()).ok()?;
    if subtype == kind::OLD {
        out.extend_from_slice(&length.checked_add(4)?.to_le_bytes());
        out.push(subtype);
        out.extend_from_slice(&length.to_le_bytes());
    } else {
        out.extend_from_slice(&length.to_le_bytes());
        out.push(subtype);
    }
    out.extend_from_slice(bytes);
    Some(())
}

fn put_hex(out: &mut Vec<u8>, digits: &str) -> Option<()> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    for pair in digits.as_bytes().chunks(2) {
        let [high, low] = pair else { return None };
        out.push(digit(high)? << 4 | digit(low)?);
    }
    Some(())
}

/// A whole number: itself, its text, or `{ "$numberLong" = "5" }`.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::Text(text) => text.parse().ok(),
        other => whole_text(&other.get("$numberLong")?),
    }
}

fn whole_text(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        other => other.as_text()?.parse().ok(),
    }
}

fn double(text: &str) -> Option<f64> {
    match text {
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        other => other.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}
