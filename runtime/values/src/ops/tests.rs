//! Operators and forms, each with values that were read and with raw JSON.

mod forms;

use super::{
    Template, add, div, equal, field, greater, greater_eq, hole, index, less, less_eq, mul, neg,
    not, not_equal, rem, sub, text, truth,
};
use crate::json::{RawJson, encode_plain};
use crate::{Fault, Seq, Value, literal};
use std::time::Duration;

fn read(text: &str) -> Value {
    literal::value(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// The value as it comes out of a response.
fn raw(value: &Value) -> Value {
    Value::Raw(RawJson::from_text(encode_plain(value)).unwrap())
}

fn shown(result: Result<Value, Fault>) -> String {
    match result {
        Ok(value) => encode_plain(&value),
        Err(fault) => format!("! {fault}"),
    }
}

type Unary = fn(&Value) -> Result<Value, Fault>;
type Binary = fn(&Value, &Value) -> Result<Value, Fault>;

fn same(a: &Value, b: &Value) -> Result<Value, Fault> {
    Ok(equal(a, b))
}

fn unlike(a: &Value, b: &Value) -> Result<Value, Fault> {
    Ok(not_equal(a, b))
}

#[test]
fn binary_operators() {
    let range = "is out of range (28 digits)";
    let cases: &[(&str, Binary, &str, &str)] = &[
        ("0.1", add, "0.2", "0.3"),
        ("9223372036854775807", add, "1", "9223372036854775808"),
        ("\"2\"", add, "1", "3"),
        (
            "9999999999999999999999999999",
            add,
            "1",
            &format!("! the result of `+` {range}"),
        ),
        (
            "\"a\"",
            add,
            "1",
            "! the left operand of `+`: a number is required, found a string that is no number",
        ),
        ("1", add, "null", "! the right operand of `+` is null"),
        ("null", add, "1", "! the left operand of `+` is null"),
        (
            "1",
            add,
            "[]",
            "! the right operand of `+`: a number is required, found a list",
        ),
        ("1", sub, "2.5", "-1.5"),
        (
            "1",
            sub,
            "true",
            "! the right operand of `-`: a number is required, found a bool",
        ),
        ("\"2\"", mul, "3", "6"),
        ("1.5", mul, "1.5", "2.25"),
        ("1e20", mul, "1e20", &format!("! the result of `*` {range}")),
        ("1", div, "3", "0.3333333333333333333333333333"),
        ("1", div, "4", "0.25"),
        ("6", div, "3", "2"),
        ("1", div, "0", "! division by zero"),
        (
            "1",
            div,
            "{}",
            "! the right operand of `/`: a number is required, found an object",
        ),
        ("-5", rem, "3", "-2"),
        ("5", rem, "-3", "2"),
        ("5.5", rem, "2", "1.5"),
        ("5", rem, "0", "! division by zero"),
        ("1", less, "2", "true"),
        ("\"10\"", less, "9", "false"),
        ("2", less, "2", "false"),
        ("2", less_eq, "2.0", "true"),
        ("3", greater, "2", "true"),
        ("2", greater, "2", "false"),
        ("2", greater_eq, "2", "true"),
        (
            "true",
            less,
            "2",
            "! the left operand of `<`: a number is required, found a bool",
        ),
        ("1", less_eq, "null", "! the right operand of `<=` is null"),
        (
            "\"a\"",
            greater,
            "\"b\"",
            "! the left operand of `>`: a number is required, found a string that is no number",
        ),
        (
            "1",
            greater_eq,
            "[]",
            "! the right operand of `>=`: a number is required, found a list",
        ),
        ("1", same, "1.0", "true"),
        ("1", same, "\"1\"", "false"),
        ("null", same, "null", "true"),
        ("null", same, "\"\"", "false"),
        ("[1, {a = 1, b = 2}]", same, "[1, {b = 2, a = 1}]", "true"),
        ("[1, 2]", same, "[2, 1]", "false"),
        ("{a = 1}", same, "{a = 1, b = null}", "false"),
        ("{a = 1}", unlike, "{a = 2}", "true"),
        ("\"a\"", unlike, "\"a\"", "false"),
    ];
    for (a, operator, b, expected) in cases {
        let (x, y) = (read(a), read(b));
        for (x, y) in [
            (x.clone(), y.clone()),
            (raw(&x), y.clone()),
            (x.clone(), raw(&y)),
            (raw(&x), raw(&y)),
        ] {
            assert_eq!(shown(operator(&x, &y)), *expected, "{a} and {b}");
        }
    }
}

#[test]
fn durations_compare_by_length() {
    let (short, long) = (
        Value::from(Duration::from_millis(900)),
        Value::from(Duration::from_secs(1)),
    );
    assert_eq!(shown(less(&short, &long)), "true");
    assert_eq!(shown(greater_eq(&short, &long)), "false");
    assert_eq!(
        shown(add(&short, &long)),
        "! the left operand of `+`: a number is required, found a duration"
    );
    assert_eq!(
        shown(less(&short, &read("1"))),
        "! the left operand of `<`: a number is required, found a duration"
    );
}

#[test]
fn unary_operators_and_conditions() {
    let cases: &[(Unary, &str, &str)] = &[
        (neg, "1.5", "-1.5"),
        (neg, "\"-2\"", "2"),
        (neg, "null", "! the operand of `-` is null"),
        (
            neg,
            "true",
            "! the operand of `-`: a number is required, found a bool",
        ),
        (not, "true", "false"),
        (not, "\"false\"", "true"),
        (not, "1", "! a condition must be a bool, found a number"),
        (not, "null", "! a condition is null"),
        (not, "\"x\"", "! a condition must be a bool, found a string"),
        (not, "[]", "! a condition must be a bool, found a list"),
    ];
    for (operator, value, expected) in cases {
        assert_eq!(shown(operator(&read(value))), *expected, "{value}");
        assert_eq!(
            shown(operator(&raw(&read(value)))),
            *expected,
            "raw {value}"
        );
    }
    assert_eq!(truth(&read("\"1\"")), Ok(true));
}

#[test]
fn attributes_and_items() {
    let cases: &[(&str, Result<&str, &str>, &str)] = &[
        ("{a = {b = 1}}", Ok("a"), "{\"b\":1}"),
        ("{a = null}", Ok("a"), "null"),
        ("{a = 1}", Ok("b"), "! there is no attribute `b`"),
        (
            "null",
            Ok("b"),
            "! the attribute `b` of a null value is read",
        ),
        (
            "[1]",
            Ok("b"),
            "! the attribute `b` of a list is read: only objects have attributes",
        ),
        (
            "\"x\"",
            Ok("b"),
            "! the attribute `b` of a string is read: only objects have attributes",
        ),
        ("[1, 2, 3]", Err("1"), "2"),
        ("[1, 2, 3]", Err("\"2\""), "3"),
        (
            "[1, 2, 3]",
            Err("3"),
            "! the index 3 is out of range: the list has 3 items",
        ),
        (
            "[1]",
            Err("-1"),
            "! the index -1 is out of range: the list has 1 item",
        ),
        (
            "[]",
            Err("0"),
            "! the index 0 is out of range: the list is empty",
        ),
        (
            "[1]",
            Err("0.5"),
            "! the index 0.5 of a list must be a whole number",
        ),
        (
            "[1]",
            Err("true"),
            "! the index of a list must be a number, found a bool",
        ),
        (
            "[1]",
            Err("\"a\""),
            "! the index of a list must be a number, found a string",
        ),
        ("[1]", Err("null"), "! the index is null"),
        ("{a = 1}", Err("\"a\""), "1"),
        ("{\"1\" = 5}", Err("1"), "5"),
        ("{a = 1}", Err("\"b\""), "! the object has no key \"b\""),
        (
            "{a = 1}",
            Err("[]"),
            "! the key of an object must be a string, found a list",
        ),
        ("null", Err("0"), "! the item 0 of a null value is read"),
        (
            "null",
            Err("\"eu\""),
            "! the item \"eu\" of a null value is read",
        ),
        (
            "\"abc\"",
            Err("0"),
            "! an item of a string is read: only lists and objects have items",
        ),
    ];
    for (value, by, expected) in cases {
        for over in [read(value), raw(&read(value))] {
            let found = match by {
                Ok(name) => field(&over, name),
                Err(by) => index(&over, &read(by)),
            };
            assert_eq!(shown(found), *expected, "{value} {by:?}");
        }
    }
}

#[test]
fn a_template_displays_as_the_text_of_its_parts() {
    let cases: &[&[Value]] = &[
        &[],
        &[Value::text("caf"), read("1.50"), raw(&read("\"x\""))],
        &[Value::text("\u{301}"), Value::text("e\u{301}")],
        &[Value::text("cafe"), Value::text("\u{301}!")],
        &[Value::text("cafe"), raw(&read("\"\u{301}!\""))],
        &[
            Value::text("e"),
            Value::text(""),
            Value::Bytes(Seq::Static("\u{301}".as_bytes())),
        ],
        &[Value::text("/"), Value::text("\u{301}\u{316}")],
        &[read("true"), Value::text("\u{301}")],
    ];
    for parts in cases {
        let text = text(parts).unwrap();
        assert_eq!(Value::from(Template(parts).to_string()), text);
    }
    assert_eq!(Template(cases[4]).to_string(), "caf\u{e9}!");
    assert_eq!(Template(cases[7]).to_string(), "tru\u{e9}");
}

#[test]
fn texts() {
    let parts = [
        read("\"a\""),
        read("1.50"),
        read("true"),
        Value::from(Duration::from_secs(90)),
        raw(&read("2")),
    ];
    assert_eq!(shown(text(&parts)), "\"a1.5true1m30s2\"");
    assert_eq!(
        hole(&read("\"x\"")).map(|hole| hole.to_string()),
        Ok("x".to_string())
    );
    let fault = |value: &Value| hole(value).err().map(|fault| fault.to_string());
    for value in [read("null"), raw(&read("null"))] {
        assert_eq!(
            fault(&value).as_deref(),
            Some("a null value cannot stand in a text")
        );
    }
    for value in [read("[1]"), raw(&read("[1]"))] {
        assert_eq!(
            fault(&value).as_deref(),
            Some("a list cannot stand in a text: use jsonencode")
        );
    }
    assert_eq!(
        fault(&read("{}")).as_deref(),
        Some("an object cannot stand in a text: use jsonencode")
    );
    let bytes = Value::Bytes(vec![0xff].into());
    assert_eq!(
        fault(&bytes).as_deref(),
        Some("bytes that are not UTF-8 cannot stand in a text")
    );
}
