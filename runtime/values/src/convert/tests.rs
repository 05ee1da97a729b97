//! Conversions, with values that were read and with raw JSON.

use super::{convert, to_bytes};
use crate::json::{RawJson, encode_plain};
use crate::{Value, literal, types};

fn converted(value: &Value, ty: &str) -> Result<String, String> {
    let ty = types::parse(ty).unwrap();
    convert(value, &ty)
        .map(|value| encode_plain(&value))
        .map_err(|fault| fault.to_string())
}

/// The same result for the value as a literal and as JSON of a response.
fn check(value: &str, ty: &str, expected: Result<&str, &str>) {
    let read = literal::value(value).unwrap_or_else(|fault| panic!("{value}: {fault}"));
    let raw = Value::Raw(RawJson::from_text(encode_plain(&read)).unwrap());
    let expected = expected.map(str::to_string).map_err(str::to_string);
    assert_eq!(converted(&read, ty), expected, "{value} as {ty}");
    assert_eq!(converted(&raw, ty), expected, "raw {value} as {ty}");
}

#[test]
fn scalars() {
    check("1.50", "string", Ok("\"1.5\""));
    check("true", "string", Ok("\"true\""));
    check("\"12.0\"", "number", Ok("12"));
    check("\"true\"", "bool", Ok("true"));
    check("\"0\"", "bool", Ok("false"));
    check("null", "number", Ok("null"));
    check("\"1m30s\"", "duration", Ok("\"1m30s\""));
    check("\"10MiB\"", "size", Ok("10485760"));
    check("512", "size", Ok("512"));
    check("{a = 1}", "any", Ok("{\"a\":1}"));
    check("[]", "string", Err("a string is required, found a list"));
    check(
        "\"x\"",
        "number",
        Err("a number is required, found a string that is no number"),
    );
    check(
        "\"1e99\"",
        "number",
        Err("the number is out of range (28 digits)"),
    );
    check("true", "number", Err("a number is required, found a bool"));
    check(
        "\"yes\"",
        "bool",
        Err("a bool is required, found a string that is neither \"true\" nor \"false\""),
    );
    check("1", "bool", Err("a bool is required, found a number"));
    check(
        "\"10\"",
        "duration",
        Err(
            "a duration is required, like \"1m30s\" or \"250ms\": its units are d (24 hours), h, m, s, ms, us and ns",
        ),
    );
    check(
        "\"999999d\"",
        "duration",
        Err("a duration is 292 years (106751d) at most, found a longer one"),
    );
    check(
        "10",
        "duration",
        Err("a duration is required, found a number"),
    );
    check(
        "\"ten\"",
        "size",
        Err("a size is required, like \"10MiB\" or \"512\""),
    );
    check(
        "-1",
        "size",
        Err("a size is a whole number of bytes, not negative"),
    );
    check("{}", "size", Err("a size is required, found an object"));
    check("\"10MiB\"", "bytes", Ok("\"MTBNaUI=\""));
    check("null", "bytes", Ok("null"));
    check("512", "bytes", Err("bytes are required, found a number"));
    check("{}", "bytes", Err("bytes are required, found an object"));
}

#[test]
fn lists_sets_and_tuples() {
    check(
        "[1, \"a\", true]",
        "list(string)",
        Ok("[\"1\",\"a\",\"true\"]"),
    );
    check("[1, \"2\"]", "list(number)", Ok("[1,2]"));
    check("[1, \"a\"]", "list(any)", Ok("[\"1\",\"a\"]"));
    check(
        "[[1], [\"a\", \"b\"]]",
        "list(any)",
        Ok("[[\"1\"],[\"a\",\"b\"]]"),
    );
    check("[3, 20, 1, 3]", "set(number)", Ok("[1,3,20]"));
    check("[3, 20, 1]", "set(string)", Ok("[\"1\",\"20\",\"3\"]"));
    check(
        "[{b = 1}, {a = 2}, {b = 1.0}]",
        "set(map(number))",
        Ok("[{\"a\":2},{\"b\":1}]"),
    );
    check(
        "[true, null, false, null]",
        "set(bool)",
        Ok("[false,true,null]"),
    );
    check("[1, \"x\"]", "tuple([string, string])", Ok("[\"1\",\"x\"]"));
    check(
        "[1, \"x\"]",
        "list(number)",
        Err("item 1: a number is required, found a string that is no number"),
    );
    check(
        "[[true]]",
        "list(list(number))",
        Err("item 0: item 0: a number is required, found a bool"),
    );
    check(
        "[1, true]",
        "list(any)",
        Err("the items have no type in common"),
    );
    check(
        "{}",
        "list(string)",
        Err("a list is required, found an object"),
    );
    check(
        "\"a\"",
        "set(string)",
        Err("a set is required, found a string"),
    );
    check("[1]", "tuple([])", Err("0 items are required, found 1"));
    check(
        "[true]",
        "tuple([number])",
        Err("item 0: a number is required, found a bool"),
    );
}

#[test]
fn maps_and_objects() {
    check(
        "{b = 1, a = \"x\"}",
        "map(string)",
        Ok("{\"b\":\"1\",\"a\":\"x\"}"),
    );
    check(
        "{b = 1, a = \"x\"}",
        "map(any)",
        Ok("{\"b\":\"1\",\"a\":\"x\"}"),
    );
    check(
        "{c = 1, b = 2, a = 3}",
        "object({a = string, b = number})",
        Ok("{\"b\":2,\"a\":\"3\"}"),
    );
    check(
        "{a = 1}",
        "object({a = number, b = optional(string)})",
        Ok("{\"a\":1,\"b\":null}"),
    );
    check(
        "{}",
        "object({a = optional(duration, \"90s\"), b = optional(list(number), [1])})",
        Ok("{\"a\":\"1m30s\",\"b\":[1]}"),
    );
    check(
        "{a = null}",
        "object({a = optional(number, 5)})",
        Ok("{\"a\":5}"),
    );
    check("{a = null}", "object({a = number})", Ok("{\"a\":null}"));
    check(
        "{a = {}}",
        "object({a = object({b = optional(number, 1)})})",
        Ok("{\"a\":{\"b\":1}}"),
    );
    check(
        "{}",
        "object({a = number})",
        Err("the attribute `a` is required"),
    );
    check(
        "{a = true}",
        "object({a = number})",
        Err("attribute `a`: a number is required, found a bool"),
    );
    check(
        "{secret = true}",
        "map(number)",
        Err("a value of the map: a number is required, found a bool"),
    );
    check(
        "{a = 1, b = true}",
        "map(any)",
        Err("the values have no type in common"),
    );
    check("[]", "map(string)", Err("a map is required, found a list"));
    check(
        "\"a\"",
        "object({})",
        Err("an object is required, found a string"),
    );
}

#[test]
fn bytes_are_a_string_when_they_are_utf_8() {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec().into());
    assert_eq!(converted(&bytes(b"ab"), "string"), Ok("\"ab\"".to_string()));
    let fault = "a string is required, found bytes that are not UTF-8".to_string();
    assert_eq!(converted(&bytes(&[0xff]), "string"), Err(fault));
    assert_eq!(
        converted(&bytes(&[0xff]), "bytes"),
        Ok("\"/w==\"".to_string())
    );
}

#[test]
fn the_bytes_of_a_text_are_shared_with_it() {
    let text = Value::from("512 é".to_string());
    let bytes = to_bytes(&text).unwrap();
    assert_eq!(&*bytes, "512 é".as_bytes());
    assert_eq!(bytes.as_ptr(), text.as_text().unwrap().as_ptr());
    assert_eq!(to_bytes(&Value::text("a")).unwrap()[..], *b"a");
}

#[test]
fn what_fits_already_is_shared() {
    let value = literal::value("[{a = 1}]").unwrap();
    let ty = types::parse("list(object({a = number}))").unwrap();
    let (Value::List(before), Value::List(after)) = (&value, convert(&value, &ty).unwrap()) else {
        panic!("no lists")
    };
    assert!(std::ptr::eq(before.as_ptr(), after.as_ptr()));
}
