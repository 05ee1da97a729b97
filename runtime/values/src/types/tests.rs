//! Types: writing, reading, unifying, fitting.

use super::{Fit, Type, parse};
use crate::json::decode;

fn ty(text: &str) -> Type {
    match text {
        "null" => Type::Null,
        _ => parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}")),
    }
}

#[test]
fn a_type_is_written_as_it_is_read() {
    for text in [
        "string",
        "number",
        "bool",
        "duration",
        "bytes",
        "any",
        "list(string)",
        "set(map(number))",
        "tuple([string, list(any)])",
        "tuple([])",
        "object({})",
        "object({a = string, b-c = optional(number), \"d e\" = bool})",
        "object({a = optional(object({b = string}), {\"b\":\"$${x} %%{y}\"}), c = optional(list(number), [1,2.5])})",
    ] {
        assert_eq!(ty(text).to_string(), text);
    }
}

#[test]
fn spaces_lines_and_colons_do_not_matter() {
    let text = " object( {\n  a : list ( string ) # one\n\n  \"b\" = optional ( duration , \"1m\" ), // two\n} ) ";
    assert_eq!(
        ty(text).to_string(),
        "object({a = list(string), b = optional(duration, \"1m0s\")})"
    );
    assert_eq!(
        ty("object({a = optional(string, null)})").to_string(),
        "object({a = optional(string)})"
    );
}

#[test]
fn what_is_no_type_says_why() {
    let names = "a type is string, number, bool, duration, size, bytes, any, list(..), set(..), map(..), object({..}) or tuple([..])";
    let cases = [
        ("", "expected a type, found the end of the text".to_string()),
        ("str", format!("there is no type `str`: {names}")),
        (
            "list",
            "`list` needs the type of its items in parentheses".to_string(),
        ),
        (
            "map string",
            "`map` needs the type of its items in parentheses".to_string(),
        ),
        (
            "object",
            "`object` needs its attributes in parentheses".to_string(),
        ),
        ("object(string)", "expected `{`, found `s`".to_string()),
        ("tuple(string)", "expected `[`, found `s`".to_string()),
        (
            "tuple([string number])",
            "expected `,` or `]`, found `n`".to_string(),
        ),
        (
            "list(string",
            "expected `)`, found the end of the text".to_string(),
        ),
        (
            "list(string) x",
            "expected the end of the type, found `x`".to_string(),
        ),
        ("\"string\"", "expected a type, found `\"`".to_string()),
        (
            "optional(string)",
            "`optional` stands only around the type of an object's attribute".to_string(),
        ),
        (
            "object({a = string, a = number})",
            "the attribute `a` is written twice".to_string(),
        ),
        (
            "object({a string})",
            "expected `=` after `a`, found `s`".to_string(),
        ),
        (
            "object({a = string b = string})",
            "expected `,`, `}` or a new line, found `b`".to_string(),
        ),
        (
            "object({= string})",
            "expected the name of an attribute or `}`, found `=`".to_string(),
        ),
        (
            "object({a = optional(number, \"x\")})",
            "the default does not fit its type: a number is required, found a string that is no number"
                .to_string(),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).expect_err(text).text(), expected, "{text}");
    }
}

#[test]
fn two_types_come_together_as_in_terraform() {
    let cases = [
        ("string", "string", Some("string")),
        ("number", "string", Some("string")),
        ("bool", "string", Some("string")),
        ("number", "bool", None),
        ("duration", "string", Some("string")),
        ("duration", "number", None),
        ("null", "number", Some("number")),
        ("any", "number", Some("any")),
        ("any", "null", Some("any")),
        ("tuple([string])", "tuple([])", Some("list(string)")),
        (
            "tuple([number])",
            "tuple([string])",
            Some("tuple([string])"),
        ),
        (
            "tuple([number, bool])",
            "tuple([string])",
            Some("list(string)"),
        ),
        ("tuple([number])", "tuple([bool])", None),
        ("tuple([number])", "tuple([bool, bool])", None),
        (
            "list(number)",
            "tuple([string, bool])",
            Some("list(string)"),
        ),
        ("list(number)", "list(string)", Some("list(string)")),
        ("list(number)", "tuple([])", Some("list(number)")),
        ("list(any)", "list(string)", Some("list(any)")),
        ("set(string)", "list(string)", Some("list(string)")),
        ("set(string)", "tuple([number])", Some("set(string)")),
        ("set(number)", "set(string)", Some("set(string)")),
        ("list(string)", "string", None),
        (
            "object({a = number})",
            "object({a = string})",
            Some("object({a = string})"),
        ),
        (
            "object({a = number, b = bool})",
            "object({b = bool, a = string})",
            Some("object({a = string, b = bool})"),
        ),
        (
            "object({a = number})",
            "object({b = string})",
            Some("map(string)"),
        ),
        ("object({a = number})", "object({})", Some("map(number)")),
        ("object({a = number})", "object({b = bool})", None),
        ("object({a = number})", "object({a = bool})", None),
        ("object({a = number})", "map(string)", Some("map(string)")),
        (
            "map(list(number))",
            "map(list(string))",
            Some("map(list(string))"),
        ),
        ("map(string)", "list(string)", None),
        ("object({})", "tuple([])", None),
    ];
    for (a, b, expected) in cases {
        let expected = expected.map(ty);
        assert_eq!(ty(a).unify(&ty(b)), expected, "{a} | {b}");
        let back = ty(b).unify(&ty(a));
        let sorted = |found: Option<Type>| found.map(|found| format!("{:?}", found.parts().len()));
        assert_eq!(sorted(back), sorted(expected), "{b} | {a}");
    }
}

#[test]
fn a_string_among_many_makes_all_of_them_strings() {
    let all = [ty("number"), ty("bool"), ty("null"), ty("string")];
    assert_eq!(Type::unify_all(&all), Some(Type::String));
    assert_eq!(Type::unify_all(&all[..2]), None);
    assert_eq!(Type::unify_all(&[]), Some(Type::Null));
    assert_eq!(
        Type::unify_all(&[Type::Any, Type::Error]),
        Some(Type::Error)
    );
}

#[test]
fn what_fits_where() {
    let never = |text: &str| Fit::Never(text.to_string());
    let cases = [
        ("string", "string", Fit::Same),
        ("any", "list(string)", Fit::Same),
        ("string", "null", Fit::Same),
        ("list(string)", "any", Fit::AtRunTime),
        ("string", "number", Fit::Converts),
        ("string", "duration", Fit::Converts),
        ("string", "bytes", Fit::AtRunTime),
        ("string", "size", Fit::Converts),
        ("number", "string", Fit::AtRunTime),
        ("bool", "string", Fit::AtRunTime),
        ("duration", "string", Fit::AtRunTime),
        ("bytes", "string", Fit::Converts),
        ("size", "string", Fit::AtRunTime),
        ("size", "number", Fit::AtRunTime),
        ("number", "size", Fit::Converts),
        (
            "number",
            "bool",
            never("a number is required, found a bool"),
        ),
        (
            "bool",
            "number",
            never("a bool is required, found a number"),
        ),
        (
            "duration",
            "number",
            never("a duration is required, found a number"),
        ),
        (
            "string",
            "tuple([])",
            never("a string is required, found a tuple([])"),
        ),
        (
            "list(string)",
            "string",
            never("a list(string) is required, found a string"),
        ),
        ("list(string)", "list(number)", Fit::Converts),
        ("list(number)", "list(string)", Fit::AtRunTime),
        (
            "list(number)",
            "list(bool)",
            never("its items: a number is required, found a bool"),
        ),
        ("list(string)", "tuple([string, number])", Fit::Converts),
        (
            "list(number)",
            "tuple([number, bool])",
            never("item 1: a number is required, found a bool"),
        ),
        (
            "list(any)",
            "tuple([number, bool])",
            never("its items have no type in common"),
        ),
        ("list(any)", "tuple([number, string])", Fit::Converts),
        ("list(string)", "set(string)", Fit::Converts),
        ("set(string)", "tuple([string])", Fit::Converts),
        ("map(string)", "object({a = number})", Fit::Converts),
        (
            "map(number)",
            "object({a = bool})",
            never("attribute `a`: a number is required, found a bool"),
        ),
        (
            "map(any)",
            "object({a = bool, b = number})",
            never("its values have no type in common"),
        ),
        ("map(string)", "map(number)", Fit::Converts),
        (
            "map(string)",
            "list(string)",
            never("a map(string) is required, found a list(string)"),
        ),
        (
            "object({a = string})",
            "object({a = number, b = bool})",
            Fit::Converts,
        ),
        (
            "object({a = string, b = optional(bool)})",
            "object({a = string})",
            Fit::Converts,
        ),
        (
            "object({a = string})",
            "object({})",
            never("the attribute `a` is required"),
        ),
        (
            "object({a = number})",
            "object({a = bool})",
            never("attribute `a`: a number is required, found a bool"),
        ),
        ("object({a = string})", "map(string)", Fit::AtRunTime),
        ("tuple([string])", "tuple([number])", Fit::Converts),
        (
            "tuple([string])",
            "tuple([])",
            never("1 item is required, found 0"),
        ),
        (
            "tuple([string])",
            "list(string)",
            never("a tuple([string]) is required, found a list(string)"),
        ),
    ];
    for (to, from, expected) in cases {
        assert_eq!(
            ty(to).accepts(&ty(from)),
            expected,
            "{from} where {to} is wanted"
        );
    }
}

#[test]
fn the_type_of_a_value_is_that_of_its_literal() {
    let value = decode(r#"{"a":[1,"x",null],"b":{"c":true}}"#).unwrap();
    assert_eq!(
        Type::of(&value).to_string(),
        "object({a = tuple([number, string, null]), b = object({c = bool})})"
    );
    let raw =
        crate::Value::Raw(crate::json::RawJson::from_text(crate::json::encode(&value)).unwrap());
    assert_eq!(Type::of(&raw), Type::of(&value));
}
