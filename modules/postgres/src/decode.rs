//! What stands in a column to a value of the grid, by its type. All columns come as texts.

use crate::types::{self, Form, Type};
use bggo_runtime::contract::{Number, RawJson, Text, Value};
use std::str;

/// The most lists inside of each other that a server makes.
const DEEPEST: usize = 8;

/// The value of a column of a type; `None` is null.
pub(crate) fn column(bytes: Option<&[u8]>, oid: u32) -> Value {
    let Some(bytes) = bytes else {
        return Value::Null;
    };
    let Ok(text) = str::from_utf8(bytes) else {
        // The connection speaks UTF-8, but a database in SQL_ASCII holds what it was given.
        return Value::Bytes(bytes.to_vec().into());
    };
    match types::of_number(oid) {
        Form::One(of) => one(text, of),
        Form::List(of) => list(text, of).unwrap_or_else(|| text_of(text)),
        Form::Unknown => text_of(text),
    }
}

fn text_of(text: &str) -> Value {
    Value::Text(Text::from(text))
}

fn one(text: &str, of: Type) -> Value {
    let made = match of {
        Type::Bool => match text {
            "t" => Some(Value::Bool(true)),
            "f" => Some(Value::Bool(false)),
            _ => None,
        },
        // What is larger or finer than a number of the grid can be, and NaN and infinities, stay texts.
        Type::Whole(..) | Type::Fraction => Number::parse(text).map(Value::Number),
        Type::Bytes => unhex(text).map(|bytes| Value::Bytes(bytes.into())),
        Type::Json => Some(Value::Raw(RawJson::of_answer(text))),
        Type::Timestamp => timestamp(text).map(Value::from),
        Type::TimestampWithZone => timestamp_with_zone(text).map(Value::from),
        Type::Interval | Type::Text => None,
    };
    made.unwrap_or_else(|| text_of(text))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.chunks(2).map(|pair| match pair {
        &[high, low] => u8::try_from(nibble(high)? * 16 + nibble(low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// `2026-11-30 22:49:26.5` to `2026-11-30T22:49:26.5`; `None` of what is in another form, as `infinity`.
fn timestamp(text: &str) -> Option<String> {
    let (date, time) = text.split_once(' ')?;
    let is_date = date.split('-').count() == 3 && is_of(date, "-");
    let is_time = time.split(':').count() == 3 && is_of(time, ":.");
    (is_date && is_time).then(|| format!("{date}T{time}"))
}

/// Whether a text has digits and such signs only.
fn is_of(text: &str, signs: &str) -> bool {
    text.chars()
        .all(|letter| letter.is_ascii_digit() || signs.contains(letter))
}

/// `2026-11-30 22:49:26+00` to `2026-11-30T22:49:26Z`, as RFC 3339 has it.
fn timestamp_with_zone(text: &str) -> Option<String> {
    let at = text
        .rfind(['+', '-'])
        .filter(|at| *at > "2026-11-30".len())?;
    let (local, zone) = text.split_at_checked(at)?;
    let local = timestamp(local)?;
    if !is_of(zone.get(1..)?, ":") {
        return None;
    }
    match zone.len() {
        // Hours alone.
        3 if zone == "+00" => Some(format!("{local}Z")),
        3 => Some(format!("{local}{zone}:00")),
        6 => Some(format!("{local}{zone}")),
        // Offsets with seconds, of times long ago, have no form there.
        _ => None,
    }
}

/// A list as the server writes one; `None` of what is in another form, as with bounds.
fn list(text: &str, of: Type) -> Option<Value> {
    let mut rest = text.strip_prefix('{')?;
    let value = items(&mut rest, of, DEEPEST)?;
    rest.is_empty().then_some(value)
}

/// The items of a list from behind its bracket.
fn items(rest: &mut &str, of: Type, depth: usize) -> Option<Value> {
    let mut values = Vec::new();
    if let Some(behind) = rest.strip_prefix('}') {
        *rest = behind;
        return Some(Value::from(values));
    }
    loop {
        values.push(item(rest, of, depth)?);
        let mut letters = rest.chars();
        let end = letters.next()?;
        *rest = letters.as_str();
        match end {
            ',' => {}
            '}' => return Some(Value::from(values)),
            _ => return None,
        }
    }
}

fn item(rest: &mut &str, of: Type, depth: usize) -> Option<Value> {
    if let Some(behind) = rest.strip_prefix('{') {
        *rest = behind;
        return items(rest, of, depth.checked_sub(1)?);
    }
    if let Some(behind) = rest.strip_prefix('"') {
        let mut text = String::new();
        let mut letters = behind.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => text.push(letters.next()?),
                letter => text.push(letter),
            }
        }
        *rest = letters.as_str();
        return Some(one(&text, of));
    }
    let end = rest.find([',', '}'])?;
    let (text, behind) = rest.split_at_checked(end)?;
    *rest = behind;
    match text {
        "NULL" => Some(Value::Null),
        text => Some(one(text, of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::encode_json;

    fn read(text: &str, of: &str) -> String {
        let oid = types::number(of).unwrap_or(0);
        encode_json(&column(Some(text.as_bytes()), oid))
    }

    #[test]
    fn columns_become_values_of_their_type() {
        for (text, of, expected) in [
            ("t", "bool", "true"),
            ("9223372036854775807", "int8", "9223372036854775807"),
            ("0.10", "numeric", "0.1"),
            ("NaN", "float8", "\"NaN\""),
            ("1e+300", "float8", "\"1e+300\""),
            ("a", "text", "\"a\""),
            ("1", "mood", "\"1\""),
            ("{\"a\": [1]}", "jsonb", "{\"a\":[1]}"),
            (
                "2026-11-30 22:49:26.5",
                "timestamp",
                "\"2026-11-30T22:49:26.5\"",
            ),
            (
                "2026-11-30 22:49:26+00",
                "timestamptz",
                "\"2026-11-30T22:49:26Z\"",
            ),
            (
                "2026-11-30 22:49:26.1-03",
                "timestamptz",
                "\"2026-11-30T22:49:26.1-03:00\"",
            ),
            (
                "2026-11-30 22:49:26+05:30",
                "timestamptz",
                "\"2026-11-30T22:49:26+05:30\"",
            ),
            ("infinity", "timestamptz", "\"infinity\""),
            (
                "0044-03-15 12:00:00+00 BC",
                "timestamptz",
                "\"0044-03-15 12:00:00+00 BC\"",
            ),
            ("{}", "int4[]", "[]"),
            ("{1,NULL,3}", "int4[]", "[1,null,3]"),
            ("{{1,2},{3,4}}", "int4[]", "[[1,2],[3,4]]"),
            (
                r#"{a,"b c","NULL","\"\\"}"#,
                "text[]",
                r#"["a","b c","NULL","\"\\"]"#,
            ),
            ("[0:1]={1,2}", "int4[]", "\"[0:1]={1,2}\""),
            ("{1", "int4[]", "\"{1\""),
            ("{\"1", "int4[]", "\"{\\\"1\""),
            (
                "{{{{{{{{{{1}}}}}}}}}}",
                "int4[]",
                "\"{{{{{{{{{{1}}}}}}}}}}\"",
            ),
        ] {
            assert_eq!(read(text, of), expected, "{text} of {of}");
        }
        assert!(column(None, 23).is_null());
    }

    #[test]
    fn bytes_are_bytes() {
        let bytes = |value: Value| match value {
            Value::Bytes(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!(bytes(column(Some(b"\\x00ff"), 17)), [0, 255]);
        assert_eq!(bytes(column(Some(b"\xff"), 25)), [255]);
        for text in ["\\x0", "\\xzz", "\\000"] {
            assert_eq!(read(text, "bytea"), encode_json(&text_of(text)));
        }
    }
}
