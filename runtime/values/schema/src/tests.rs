//! What fits, and what is said of what does not.

use super::{Fault, Schema, prepared};
use bggo_values::json::{RawJson, decode};
use bggo_values::{Number, Value};

const USER: &str = r##"{
  "$ref": "#/$defs/0",
  "$defs": {
    "0": {
      "type": "object",
      "required": ["id", "name"],
      "properties": {
        "id": { "type": "integer", "minimum": 1 },
        "name": { "type": "string", "pattern": "^(?!x)[a-z]+$" },
        "a/b": { "type": "string" },
        "prices": { "type": "array", "items": { "type": "number", "multipleOf": 0.01 } },
        "friends": { "type": "array", "items": { "$ref": "#/$defs/0" } },
        "by_key": { "additionalProperties": { "type": "integer" } },
        "way": { "oneOf": [{ "properties": { "card": { "minLength": 4 } }, "required": ["card"] }, { "type": "null" }] }
      },
      "additionalProperties": false
    }
  }
}"##;

fn answer(text: &str) -> Value {
    Value::Raw(RawJson::of_answer(text))
}

/// What is said of an answer; nothing of one that fits.
fn said(schema: &Schema, text: &str) -> String {
    let value = answer(text);
    match schema.fits(&value) {
        true => String::new(),
        false => schema.misfit(&value).to_string(),
    }
}

#[test]
fn a_misfit_names_places_and_keywords_and_nothing_of_the_value() {
    let schema = Schema::new(USER);
    let cases = [
        (r#"{"id": 1, "name": "ann"}"#, ""),
        (
            "\u{feff} {\"id\": 1.0, \"name\": \"ann\", \"prices\": [0.29, 19.99]}\n",
            "",
        ),
        ("{\"id\": 9007199254740993, \"name\": \"ann\"}", ""),
        ("[]", "`type` does not hold"),
        ("null", "`type` does not hold"),
        (
            r#"{"id": 0, "name": "ann"}"#,
            "at /id `minimum` does not hold",
        ),
        (
            r#"{"id": 1, "name": "canary!"}"#,
            "at /name `pattern` does not hold",
        ),
        (
            r#"{"id": 1, "name": "xann"}"#,
            "at /name `pattern` does not hold",
        ),
        (
            r#"{"id": 1}"#,
            "`required` does not hold: there is no `name`",
        ),
        (
            r#"{"id": 1, "name": "ann", "canary": "canary"}"#,
            "`additionalProperties` does not hold",
        ),
        (
            r#"{"id": 1, "name": "ann", "a/b": 7}"#,
            "at /a~1b `type` does not hold",
        ),
        (
            r#"{"id": 1, "name": "ann", "prices": [1, 2.005]}"#,
            "at /prices/1 `multipleOf` does not hold",
        ),
        (
            r#"{"id": 1, "name": "ann", "friends": [{"id": 2, "name": "bob"}, {"id": "canary", "name": "eve"}]}"#,
            "at /friends/1/id `type` does not hold",
        ),
        (
            r#"{"id": 1, "name": "ann", "by_key": {"canary": "canary", "4111111111111111": 1}}"#,
            "at /by_key/* `type` does not hold",
        ),
        (
            r#"{"id": 1, "name": "ann", "by_key": {"4111111111111111": "canary"}}"#,
            "at /by_key/* `type` does not hold",
        ),
        (
            r#"{"id": 1, "name": "ann", "way": {"card": "abc"}}"#,
            "at /way `oneOf` does not hold (nearest: at /way/card `minLength` does not hold)",
        ),
        (
            r#"{"id": 0, "name": "", "a/b": 1, "prices": 1, "friends": 1}"#,
            "at /a~1b `type` does not hold; at /friends `type` does not hold; at /id `minimum` does not hold; and 2 more",
        ),
        ("", "not valid JSON: it ends where a value is expected"),
        (
            "<html>canary</html>",
            "not valid JSON: expected a value at byte 0",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(said(&schema, text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_whole_does_not_fit() {
    let schema = Schema::new("true");
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(said(&schema, &nested(100)), "");
    assert_eq!(
        said(&schema, &nested(200)),
        "the JSON cannot be validated: recursion limit exceeded at line 1 column 128"
    );
}

#[test]
fn an_answer_that_may_be_no_json_fits_without_it() {
    static SCHEMA: Schema = Schema::or_no_json(r#"{"type": "object"}"#);
    assert_eq!(said(&SCHEMA, ""), "");
    assert_eq!(said(&SCHEMA, "{}"), "");
    assert_eq!(said(&SCHEMA, "[]"), "`type` does not hold");
}

#[test]
fn a_value_that_is_no_text_of_an_answer_is_validated_too() {
    let schema = Schema::new(USER);
    schema.prepare();
    let good = decode(r#"{"id": 12, "name": "ann", "prices": [0.5]}"#).unwrap();
    assert!(schema.fits(&good), "{}", schema.misfit(&good));
    let bad = decode(r#"{"id": 1.5, "name": "ann", "way": {"card": true}}"#).unwrap();
    assert_eq!(
        schema.misfit(&bad).to_string(),
        "at /id `type` does not hold"
    );
    assert!(!schema.fits(&Value::Number(Number::from(1_u32))));
}

#[test]
fn what_is_no_schema_is_a_fault_with_its_place() {
    let fault = |text: &str| {
        let Fault { at, text } = prepared(text).unwrap_err();
        (at, text)
    };
    let no_pattern = "this is no regular expression that can be searched for";
    let of = |at: &str, text: &str| (at.to_owned(), text.to_owned());
    assert_eq!(
        fault(
            r##"{"$defs": {"0": {"properties": {"a": {"pattern": "(a"}}}}, "$ref": "#/$defs/0"}"##
        ),
        of("/$defs/0/properties/a/pattern", no_pattern)
    );
    assert_eq!(
        fault(r#"{"minLength": "3"}"#),
        of("/minLength", "this is no value of `minLength` in a schema")
    );
    assert_eq!(
        fault(r#"{"enum": 3}"#),
        of("/enum", "this is no value of `enum` in a schema")
    );
}

#[test]
fn a_pattern_that_never_comes_to_an_end_does_not_hold() {
    let schema = Schema::new(r#"{"pattern": "^(?=(a+)+$)b"}"#);
    assert!(!schema.fits(&answer(&format!("\"{}!\"", "a".repeat(60)))));
}
