//! Values of the grid to parameters: texts, as the type of the parameter reads them.

use crate::message::put_parameter;
use crate::postgres_query::Error as Kind;
use crate::types::{self, Form, Type};
use bggo_runtime::contract::{Fault, FaultText, Number, Value, encode_json, format_duration};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// The most bytes of a parameter. A server takes no message over 1 GB.
const LONGEST: usize = 1 << 30;

/// Why a value is none of a type, as the end of a clause.
type Why = &'static str;

/// The text of a value for a parameter of a type; `None` is null. `number` is that of the parameter, from 1, for texts of faults.
///
/// # Errors
/// The value is none of the type.
pub(crate) fn parameter(value: &Value, oid: u32, number: usize) -> Result<Option<Vec<u8>>, Fault> {
    let form = types::of_number(oid);
    let made = match (form, value) {
        // What came as JSON goes as JSON, byte for byte.
        (Form::One(Type::Json), Value::Raw(raw)) if !value.is_null() => {
            Ok(Some(raw.as_str().to_owned()))
        }
        _ => text(value, form),
    };
    let made = made.and_then(|made| match &made {
        Some(text) if text.contains('\0') => Err("a text of the server holds no zero byte"),
        Some(text) if text.len() > LONGEST => Err("it has more than 1 GiB"),
        _ => Ok(made),
    });
    let made = made.map_err(|why| {
        let of = match oid {
            0 => String::new(),
            oid => format!(" of type {}", types::name(oid)),
        };
        Kind::Conversion.fault(FaultText::plain(format_args!(
            "parameter ${number}{of}: {why}"
        )))
    });
    made.map(|text| text.map(String::into_bytes))
}

/// Appends a value as a parameter of a type, its length before it.
///
/// # Errors
/// The value is none of the type.
pub(crate) fn put(
    out: &mut Vec<u8>,
    value: &Value,
    (form, oid): (Form, u32),
    number: usize,
) -> Result<(), Fault> {
    // Keys are whole numbers mostly, so these take no memory of their own.
    if let (Form::One(Type::Whole(least, most)), Value::Number(number)) = (form, value)
        && let Some(whole) = number.as_i64()
        && (least..=most).contains(&whole)
    {
        let at = out.len();
        put_parameter(out, Some(&[]));
        // A vector takes all that is written.
        if write!(out, "{whole}").is_ok()
            && let Ok(length) = u32::try_from(out.len() - at - 4)
            && let Some(place) = out.get_mut(at..at + 4)
        {
            place.copy_from_slice(&length.to_be_bytes());
        }
        return Ok(());
    }
    let text = parameter(value, oid, number)?;
    put_parameter(out, text.as_deref());
    Ok(())
}

/// The text of a column of a row that is copied; `None` is null.
///
/// # Errors
/// The value is none that a column can have.
pub(crate) fn column(value: &Value) -> Result<Option<String>, Why> {
    let form = match value {
        Value::Bytes(_) => Form::One(Type::Bytes),
        _ => Form::Unknown,
    };
    match text(value, form)? {
        Some(text) if text.contains('\0') => Err("a text of the server holds no zero byte"),
        text => Ok(text),
    }
}

/// `None` is null.
fn text(value: &Value, form: Form) -> Result<Option<String>, Why> {
    let value = value
        .settled()
        .map_err(|_| "its JSON holds a number out of range")?;
    let value = &*value;
    if value.is_null() {
        return Ok(None);
    }
    let text = match (form, value) {
        (Form::List(of), Value::List(_)) => {
            let mut text = String::new();
            put_list(&mut text, value, Form::One(of))?;
            text
        }
        (Form::List(_), Value::Text(text)) => text.to_string(),
        (Form::List(_), _) => return Err("a list is expected"),
        (Form::One(of), value) => one(value, of)?,
        (Form::Unknown, Value::List(_)) => {
            let mut text = String::new();
            put_list(&mut text, value, Form::Unknown)?;
            text
        }
        (Form::Unknown, Value::Object(_)) => encode_json(value),
        (Form::Unknown, value) => plain(value)?,
    };
    Ok(Some(text))
}

/// A value of a type that is no list.
fn one(value: &Value, of: Type) -> Result<String, Why> {
    match (of, value) {
        // A string is a JSON text, as for other clients.
        (Type::Json, Value::Text(text)) => Ok(text.to_string()),
        (Type::Json, value) => Ok(encode_json(value)),
        // The server reads what is written in its own form.
        (Type::Bool | Type::Whole(..) | Type::Fraction, Value::Text(text)) => Ok(text.to_string()),
        (Type::Bool, Value::Bool(is)) => Ok(is.to_string()),
        (Type::Bool, _) => Err("a bool is expected"),
        (Type::Whole(least, most), Value::Number(number)) => whole(number, (least, most)),
        (Type::Fraction, Value::Number(number)) => Ok(number.to_string()),
        (Type::Whole(..) | Type::Fraction, _) => Err("a number is expected"),
        (Type::Bytes, Value::Bytes(bytes)) => Ok(hex(bytes)),
        (Type::Bytes, Value::Text(text)) => Ok(hex(text.as_bytes())),
        (Type::Bytes, _) => Err("bytes are expected"),
        (Type::Interval, Value::Duration(time)) => Ok(interval(*time)),
        (Type::Text | Type::Timestamp | Type::TimestampWithZone | Type::Interval, value) => {
            plain(value)
        }
    }
}

fn whole(number: &Number, (least, most): (i64, i64)) -> Result<String, Why> {
    let Some(whole) = number.whole() else {
        return Err("a whole number is expected");
    };
    match whole >= i128::from(least) && whole <= i128::from(most) {
        true => Ok(whole.to_string()),
        false => Err("the number is out of range"),
    }
}

/// A value as a text.
fn plain(value: &Value) -> Result<String, Why> {
    match value {
        Value::Text(text) => Ok(text.to_string()),
        Value::Bool(is) => Ok(is.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Duration(time) => Ok(format_duration(*time)),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err("these bytes are no text"),
        },
        Value::Object(_) => Ok(encode_json(value)),
        Value::List(_) => Err("a list is not expected"),
        Value::Null | Value::Raw(_) => Err("a text is expected"),
    }
}

/// A list as the server writes one: `{1,"a b",NULL,{2}}`.
fn put_list(out: &mut String, list: &Value, of: Form) -> Result<(), Why> {
    let items = list.items().ok_or("a list is expected")?;
    out.push('{');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        // Lists of JSON hold JSON, all others hold lists inside of lists.
        if item.items().is_some() && of != Form::One(Type::Json) {
            put_list(out, item, of)?;
            continue;
        }
        match text(item, of)? {
            None => out.push_str("NULL"),
            Some(text) => {
                out.push('"');
                for letter in text.chars() {
                    if matches!(letter, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(letter);
                }
                out.push('"');
            }
        }
    }
    out.push('}');
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The server counts microseconds.
fn interval(time: Duration) -> String {
    format!("{}.{:06} seconds", time.as_secs(), time.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::{RawJson, Seq};

    fn made(value: &Value, name: &str) -> String {
        let oid = types::number(name).unwrap_or(0);
        match parameter(value, oid, 1) {
            Ok(Some(bytes)) => String::from_utf8(bytes).unwrap(),
            Ok(None) => "null".to_owned(),
            Err(fault) => {
                assert_eq!(fault.kind(), "conversion");
                format!("! {}", fault.text())
            }
        }
    }

    fn number(text: &str) -> Value {
        Number::parse(text).unwrap().into()
    }

    #[test]
    fn values_become_texts_of_the_type_of_the_parameter() {
        let json = |text: &str| Value::Raw(RawJson::from_text(text).unwrap());
        let bytes = Value::Bytes(Seq::Static(b"\x00\xffa"));
        for (value, of, expected) in [
            (number("12"), "int4", "12"),
            (number("12.50"), "numeric", "12.5"),
            (number("12"), "text", "12"),
            (number("12"), "", "12"),
            (Value::Bool(true), "bool", "true"),
            (Value::text("it's"), "text", "it's"),
            (Value::text("2026-11-30"), "timestamptz", "2026-11-30"),
            (Value::text("7"), "int8", "7"),
            (Value::Null, "int4", "null"),
            (bytes.clone(), "bytea", "\\x00ff61"),
            (Value::text("é"), "bytea", "\\xc3a9"),
            (
                Duration::from_millis(1500).into(),
                "interval",
                "1.500000 seconds",
            ),
            (Duration::from_millis(1500).into(), "text", "1.5s"),
            (Value::text("{\"a\":1}"), "jsonb", "{\"a\":1}"),
            (
                json("{\"b\" : 1.0, \"a\":2}"),
                "json",
                "{\"b\" : 1.0, \"a\":2}",
            ),
            (json("\"x\""), "text", "x"),
            (json("null"), "text", "null"),
            (json("[1,2]"), "int4[]", "{\"1\",\"2\"}"),
            (json("[1,[2]]"), "jsonb", "[1,[2]]"),
        ] {
            assert_eq!(made(&value, of), expected, "{value:?} as {of}");
        }
    }

    #[test]
    fn lists_and_objects_have_forms_of_the_server() {
        let list = Value::from(vec![
            Value::text("a\"b\\"),
            Value::Null,
            Value::text(""),
            Value::text("NULL"),
        ]);
        let expected = r#"{"a\"b\\",NULL,"","NULL"}"#;
        assert_eq!(made(&list, "text[]"), expected);
        assert_eq!(made(&list, ""), expected);
        let nested = Value::from(vec![
            Value::from(vec![number("1")]),
            Value::from(Vec::<Value>::new()),
        ]);
        assert_eq!(made(&nested, "int4[]"), r#"{{"1"},{}}"#);
        let object = Value::from(vec![("b".into(), number("1")), ("a".into(), list.clone())]);
        let json = r#"{"b":1,"a":["a\"b\\",null,"","NULL"]}"#;
        assert_eq!(made(&object, "jsonb"), json);
        assert_eq!(made(&object, ""), json);
        assert_eq!(made(&list, "jsonb"), r#"["a\"b\\",null,"","NULL"]"#);
    }

    #[test]
    fn what_does_not_fit_is_refused_before_it_is_sent() {
        for (value, of, expected) in [
            (
                number("32768"),
                "int2",
                "! parameter $1 of type int2: the number is out of range",
            ),
            (
                number("-1"),
                "oid",
                "! parameter $1 of type oid: the number is out of range",
            ),
            (
                number("9223372036854775808"),
                "int8",
                "! parameter $1 of type int8: the number is out of range",
            ),
            (
                number("1.5"),
                "int4",
                "! parameter $1 of type int4: a whole number is expected",
            ),
            (
                Value::Bool(true),
                "int4",
                "! parameter $1 of type int4: a number is expected",
            ),
            (
                number("1"),
                "bool",
                "! parameter $1 of type bool: a bool is expected",
            ),
            (
                number("1"),
                "int4[]",
                "! parameter $1 of type int4[]: a list is expected",
            ),
            (
                Value::from(Vec::<Value>::new()),
                "text",
                "! parameter $1 of type text: a list is not expected",
            ),
            (
                Value::text("a\0b"),
                "text",
                "! parameter $1 of type text: a text of the server holds no zero byte",
            ),
            (
                Value::Bytes(Seq::Static(b"\xff")),
                "text",
                "! parameter $1 of type text: these bytes are no text",
            ),
        ] {
            assert_eq!(made(&value, of), expected);
        }
    }
}
