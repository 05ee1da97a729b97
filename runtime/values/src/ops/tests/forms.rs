//! `for`, splats, `try`, `can` and what covers the sensitive.

use super::{raw, read, shown};
use crate::json::encode_plain;
use crate::ops::{field, for_list, for_object, iterate, mul, redact, rem, splat};
use crate::{Fault, Number, Value};

#[test]
fn iteration_goes_by_position_or_by_key() {
    let seen = |over: &Value| {
        let mut seen = Vec::new();
        let result = iterate(over, &mut |key, value| {
            seen.push(format!("{key}={value}"));
            Ok(())
        });
        result
            .map(|()| seen.join(" "))
            .map_err(|fault| fault.to_string())
    };
    for make in [read as fn(&str) -> Value, |text| raw(&read(text))] {
        assert_eq!(seen(&make("[5, \"x\"]")), Ok("0=5 1=x".to_string()));
        assert_eq!(seen(&make("{b = 1, a = 2}")), Ok("a=2 b=1".to_string()));
        assert_eq!(
            seen(&make("null")),
            Err("a `for` cannot run over null".to_string())
        );
        assert_eq!(
            seen(&make("\"x\"")),
            Err("a `for` runs over a list, set, map or object, not over a string".to_string())
        );
    }
    let stopped = iterate(&read("[1, 2]"), &mut |_, _| Err(Fault::new("stop")));
    assert_eq!(stopped.unwrap_err().text(), "stop");
}

#[test]
fn for_makes_lists_and_objects() {
    let odd = for_list(&read("[1, 2, 3]"), &mut |_, value| {
        let keep = rem(value, &Value::from(Number::new(2)))? != read("0");
        Ok(keep.then(|| value.clone()))
    });
    assert_eq!(shown(odd), "[1,3]");
    let by_value = |over: &str, grouped: bool| {
        shown(for_object(&read(over), grouped, &mut |key, value| {
            Ok(Some((value.clone(), key.clone())))
        }))
    };
    assert_eq!(
        by_value("{b = 1, a = true}", false),
        r#"{"true":"a","1":"b"}"#
    );
    assert_eq!(
        by_value("[\"x\", \"y\", \"x\"]", true),
        r#"{"x":[0,2],"y":[1]}"#
    );
    assert_eq!(by_value("[]", true), "{}");
    let twice = "! a `for` object has two items with the key \"x\": write `...` after the value to group them";
    assert_eq!(by_value("[\"x\", \"x\"]", false), twice);
    assert_eq!(
        by_value("[null]", false),
        "! a key of a `for` object is null"
    );
    assert_eq!(
        by_value("[[1]]", true),
        "! a key of a `for` object must be a string, found a list"
    );
    assert_eq!(
        shown(for_object(&read("[1]"), false, &mut |_, _| Ok(None))),
        "{}"
    );
}

#[test]
fn splats() {
    let doubled = |over: &Value| {
        shown(splat(over, &mut |item| {
            mul(item, &Value::from(Number::new(2)))
        }))
    };
    for make in [read as fn(&str) -> Value, |text| raw(&read(text))] {
        assert_eq!(doubled(&make("[1, 2]")), "[2,4]");
        assert_eq!(doubled(&make("null")), "[]");
        assert_eq!(doubled(&make("3")), "[6]");
        assert_eq!(
            doubled(&make("[true]")),
            "! the left operand of `*`: a number is required, found a bool"
        );
    }
    assert_eq!(
        shown(splat(&read("{a = 1}"), &mut |item| field(item, "a"))),
        "[1]"
    );
}

#[test]
fn what_is_sensitive_is_covered() {
    let value =
        read("{user = \"ann\", password = \"x\", list = [{a = 1, b = 2}, {a = 3}], none = null}");
    let covered = |paths: &[&[&str]]| encode_plain(&redact(&value, paths));
    assert_eq!(covered(&[]), encode_plain(&value));
    assert_eq!(covered(&[&[]]), "\"(sensitive value)\"");
    assert_eq!(
        covered(&[&["password"], &["list", "*", "a"], &["absent"]]),
        r#"{"user":"ann","password":"(sensitive value)","list":[{"a":"(sensitive value)","b":2},{"a":"(sensitive value)"}],"none":null}"#
    );
    assert_eq!(
        covered(&[&["list", "1"], &["*", "0"]]),
        covered(&[&["list", "*"]])
    );
    assert_eq!(
        redact(&raw(&value), &[&["list"], &["password"]]),
        redact(&value, &[&["password"], &["list"]])
    );
}
