//! JSON: order, numbers, escapes, the raw scan.

mod oracle;

use super::{Json, RawJson, decode, encode, encode_hcl, encode_plain};
use crate::convert::convert;
use crate::{Number, Text, Type, Value, literal, ops};
use proptest::prelude::*;

fn plain(text: &str) -> String {
    encode_plain(&decode(text).unwrap())
}

#[test]
fn keys_keep_their_order_and_a_repeated_one_has_its_last_value() {
    assert_eq!(
        plain(r#" { "b" : 1 , "a" : [ ] , "b" : {} } "#),
        r#"{"b":{},"a":[]}"#
    );
    assert_eq!(
        encode(&decode(r#"{"b":1,"a":{"d":1,"c":2}}"#).unwrap()),
        r#"{"a":{"c":2,"d":1},"b":1}"#
    );
}

#[test]
fn many_repeated_keys_are_found_too() {
    let pairs: Vec<String> = (0..40)
        .map(|place| format!("\"k{}\":{place}", place % 20))
        .collect();
    let value = decode(&format!("{{{}}}", pairs.join(","))).unwrap();
    let Value::Object(pairs) = &value else {
        panic!("no object")
    };
    assert_eq!(pairs.len(), 20);
    assert_eq!(value.get("k0"), Some(Value::from(Number::new(20))));
    assert_eq!(value.get("k19"), Some(Value::from(Number::new(39))));
}

#[test]
fn only_terraform_form_escapes_angle_brackets() {
    let value = Value::text("<a>&\u{2028}\"\\\n\u{1}é/");
    assert_eq!(
        encode(&value),
        r#""\u003ca\u003e\u0026\u2028\"\\\n\u0001é/""#
    );
    assert_eq!(encode_plain(&value), "\"<a>&\u{2028}\\\"\\\\\\n\\u0001é/\"");
    assert_eq!(Json(&value).to_string(), encode_plain(&value));
}

#[test]
fn durations_and_bytes_are_strings() {
    let value = Value::from(vec![
        Value::from(std::time::Duration::from_millis(1500)),
        Value::Bytes(vec![0xff, 0, 1].into()),
    ]);
    assert_eq!(encode(&value), r#"["1.5s","/wAB"]"#);
}

#[test]
fn a_raw_number_keeps_its_text_when_passed_on_and_is_plain_when_printed() {
    let raw =
        RawJson::from_text(r#"{"a":1.50,"b":1e400,"c":12,"d":-0.25,"e":1E2,"f":-0}"#).unwrap();
    let body = Value::Raw(raw.clone());
    assert_eq!(
        encode_plain(&body),
        r#"{"a":1.50,"b":1e400,"c":12,"d":-0.25,"e":1E2,"f":-0}"#
    );
    let field = |key| Value::from(raw.field(key).unwrap());
    assert_eq!(field("a").to_string(), "1.5");
    assert_eq!(field("e").to_string(), "100");
    assert_eq!(field("f").to_string(), "0");
    assert_eq!(encode(&field("a")), "1.50");
    assert_eq!(encode(&field("b")), "1e400");
    assert!(matches!(field("c"), Value::Number(_)));
    assert!(matches!(field("d"), Value::Number(_)));
    assert_eq!(field("a"), Value::from(Number::parse("1.5").unwrap()));
    assert_eq!(field("b"), field("b"));
    assert_ne!(field("b"), field("a"));
    let fault = raw.parse().unwrap_err();
    assert_eq!(
        fault.text(),
        "a number of the JSON is out of range (28 digits)"
    );
}

#[test]
fn raw_json_is_read_at_a_path() {
    let raw = RawJson::from_bytes(
        br#"  {"user":{"n\u0061me":"ann","tags":["a","b"],"no":null,"on":true}}  "#,
    )
    .unwrap();
    let user = Value::Raw(raw.clone()).get("user").unwrap();
    assert_eq!(user.get("name"), Some(Value::text("ann")));
    assert_eq!(user.get("no"), Some(Value::Null));
    assert_eq!(user.get("on"), Some(Value::Bool(true)));
    assert_eq!(user.get("absent"), None);
    let tags = user.get("tags").unwrap();
    assert_eq!(tags.at(1), Some(Value::text("b")));
    assert_eq!(tags.at(2), None);
    assert_eq!(tags.get("a"), None);
    assert_eq!(user.at(0), None);
    assert_eq!(raw.field("user").map(Value::from), Some(user));
    assert_eq!(raw.as_str().as_bytes().first(), Some(&b'{'));
}

#[test]
fn a_raw_scalar_is_a_value() {
    let value = |text: &str| Value::from(RawJson::from_text(text).unwrap());
    assert!(value(" null ").is_null());
    assert_eq!(value("\"a\\n\""), Value::text("a\n"));
    assert_eq!(value("false"), Value::Bool(false));
    assert_eq!(value("[]"), Value::list(&[]));
}

#[test]
fn raw_and_read_objects_are_equal_in_any_order() {
    let raw = Value::Raw(RawJson::from_text(r#"{"a":1,"b":[{"c":null}]}"#).unwrap());
    assert_eq!(raw, decode(r#"{"b":[{"c":null}],"a":1.0}"#).unwrap());
    assert_ne!(raw, decode(r#"{"b":[{"c":1}],"a":1}"#).unwrap());
    assert_ne!(raw, Value::Null);
}

#[test]
fn what_is_no_json_says_where() {
    let fault = |text: &str| decode(text).unwrap_err().text().to_string();
    assert_eq!(
        fault("{\"a\":}"),
        "not valid JSON: expected a value at byte 5"
    );
    assert_eq!(
        fault("{\"a\":1 \"b\"}"),
        "not valid JSON: expected `,` or `}` at byte 7"
    );
    assert_eq!(
        fault("1 2"),
        "not valid JSON: something follows the value at byte 2"
    );
    let bytes = RawJson::from_bytes(&[b'"', 0xff, b'"']).unwrap_err();
    assert_eq!(bytes.text(), "not valid JSON: the text is not UTF-8");
}

#[test]
fn a_text_is_kept_to_10_000_levels_and_taken_apart_to_1_000() {
    let arrays = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let objects = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    for nested in [&arrays as &dyn Fn(usize) -> String, &objects] {
        for levels in [63, 64, 65, 128, 129, 200, 1_000] {
            let text = nested(levels);
            assert_eq!(encode_plain(&decode(&text).unwrap()), text);
        }
        let fault = decode(&nested(1_001)).unwrap_err();
        assert_eq!(
            fault.text(),
            "the JSON is nested deeper than 1000 levels, too deep to be taken apart as a whole"
        );
        let text = nested(10_000);
        let raw = RawJson::from_text(text.as_str()).unwrap();
        assert_eq!(raw.parse().unwrap_err(), fault);
        for written in [
            encode(&Value::Raw(raw.clone())),
            encode_plain(&Value::Raw(raw)),
        ] {
            assert_eq!(written, text);
        }
        let fault = RawJson::from_text(nested(10_001)).unwrap_err();
        assert_eq!(fault.text(), "the JSON is nested deeper than 10000 levels");
        assert!(RawJson::from_text(nested(1_000_000)).is_err());
    }
    let mixed = format!("{}1{}", "[{\"a\":[".repeat(100), "]}]".repeat(100));
    assert_eq!(encode_plain(&decode(&mixed).unwrap()), mixed);
    let wrong = mixed.replacen("]}]", "]]]", 1);
    assert!(RawJson::from_text(wrong).is_err());
}

#[test]
fn a_byte_order_mark_before_the_value_is_passed_over() {
    let text = "\u{feff} {\"a\":[1]} ";
    assert_eq!(plain(text), r#"{"a":[1]}"#);
    let raw = RawJson::from_bytes(text.as_bytes()).unwrap();
    assert_eq!(raw.as_str(), r#"{"a":[1]}"#);
    let list = Value::from(raw.field("a").unwrap());
    assert_eq!(list.at(0), Some(Value::number(1)));
    // Anywhere else, and a second one, it is a wrong letter; its place counts the mark.
    assert_eq!(
        decode("\u{feff}\u{feff}1").unwrap_err().text(),
        "not valid JSON: expected a value at byte 3"
    );
    assert!(decode("1\u{feff}").is_err());
}

#[test]
fn what_is_no_json_in_an_answer_is_null_and_says_why_where_it_is_read() {
    let answer = Value::Raw(RawJson::of_answer("{\"a\":}"));
    assert!(answer.is_null() && answer == Value::Null && answer.kind() == "null");
    assert_eq!(
        (encode(&answer), answer.to_string()),
        ("null".into(), String::new())
    );
    assert_eq!(encode_hcl(&answer), "null");
    assert_eq!((answer.get("a"), answer.at(0)), (None, None));
    assert_eq!(answer.settled().as_deref(), Ok(&Value::Null));
    assert_eq!(convert(&answer, &Type::list(Type::Any)), Ok(Value::Null));
    let why = "not valid JSON: expected a value at byte 5";
    let faults = [
        (
            ops::field(&answer, "a"),
            "the attribute `a` of a null value is read",
        ),
        (
            ops::index(&answer, &Value::number(0)),
            "the item 0 of a null value is read",
        ),
        (
            ops::text(&[answer.clone(), "x".into()]),
            "a null value cannot stand in a text",
        ),
        (
            ops::for_list(&answer, &mut |_, _| Ok(None)),
            "a `for` cannot run over null",
        ),
        (ops::not(&answer), "a condition is null"),
    ];
    for (result, text) in faults {
        let fault = result.expect_err(text);
        assert_eq!(fault.to_string(), format!("{text}: {why}"));
    }
    let read = RawJson::of_answer("[1]");
    assert_eq!((read.why_null(), read.as_str()), (None, "[1]"));
    assert_eq!(RawJson::of_answer("null").why_null(), None);
    let object = Value::from(vec![(Text::Static("a"), Value::Bool(true))]);
    let nulls = [answer.clone(), object.clone(), Value::Null];
    let set = crate::convert::as_set(nulls.into());
    assert_eq!(
        set.first(),
        Some(&object),
        "null is last in a set, also with a reason"
    );
    assert_eq!(set.len(), 2);
}

#[test]
fn hcl_is_an_attribute_a_line() {
    let value = decode(r#"{"b":[1,"x${y}"],"a b":{},"c":null,"d":[]}"#).unwrap();
    let expected = "{\n  \"b\" = [\n    1,\n    \"x$${y}\",\n  ]\n  \"a b\" = {}\n  \"c\" = null\n  \"d\" = []\n}";
    assert_eq!(encode_hcl(&value), expected);
    assert_eq!(
        encode_hcl(&Value::Raw(
            RawJson::from_text(encode_plain(&value)).unwrap()
        )),
        expected
    );
}

/// Any JSON value, its keys unique.
fn any_value() -> impl Strategy<Value = Value> {
    let number = (any::<i64>(), 0u32..12)
        .prop_map(|(whole, scale)| Number::parse(&format!("{whole}e-{scale}")).unwrap());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(Value::Number),
        any::<String>().prop_map(Value::from),
        "[${}%\\\\\"\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(|pairs| {
                Value::from(
                    pairs
                        .into_iter()
                        .rev()
                        .map(|(key, value)| (Text::from(key), value))
                        .collect::<Vec<_>>(),
                )
            }),
        ]
    })
}

/// A text of JSON with spaces and unusual numbers in it.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if !quoted && "[]{},:".contains(c) {
            out.extend([' ', c, '\n', '\t']);
        } else {
            out.push(c);
        }
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    out
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        for text in [encode(&value), encode_plain(&value), spaced(&encode_plain(&value))] {
            prop_assert_eq!(&decode(&text).unwrap(), &value);
            prop_assert_eq!(encode_plain(&Value::Raw(RawJson::from_text(text).unwrap())).len(), encode_plain(&value).len());
        }
        prop_assert_eq!(encode_plain(&decode(&encode_plain(&value)).unwrap()), encode_plain(&value));
    }

    #[test]
    fn hcl_reads_back(value in any_value()) {
        // What is written as HCL is a literal when it is read, and so normalised.
        let value = decode(&encode_plain(&value)).unwrap().normalized();
        prop_assert_eq!(literal::value(&encode_hcl(&value)).unwrap(), value);
    }

    #[test]
    fn a_raw_field_is_the_read_field(value in any_value(), key in any::<String>()) {
        let raw = RawJson::from_text(spaced(&encode(&value))).unwrap();
        prop_assert_eq!(raw.field(&key).map(Value::from), value.get(&key));
        if let Value::Object(pairs) = &value {
            for (key, inner) in pairs.iter() {
                let found = Value::from(raw.field(key).unwrap());
                prop_assert_eq!(&found, inner);
                prop_assert_eq!(encode(&found), encode(inner));
            }
        }
        if let Value::List(items) = &value {
            for (place, inner) in items.iter().enumerate() {
                prop_assert_eq!(&Value::from(raw.index(place).unwrap()), inner);
            }
            prop_assert!(raw.index(items.len()).is_none());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), noise in "[\\[\\]{}\",:0-9eE.+tfn\\\\u -]{0,40}") {
        for text in [text, noise] {
            prop_assert_eq!(decode(&text).is_ok() , RawJson::from_text(text.as_str()).is_ok_and(|raw| raw.parse().is_ok()));
        }
    }
}
