//! Values of the program (constants) and of the run are the same.

use super::{Seq, Value};
use crate::json::encode_plain;
use crate::{Number, Text};
use proptest::prelude::*;
use std::time::Duration;

const WORDS: Value = Value::list(&[
    Value::Text(Text::Static("a")),
    Value::Number(Number::new(2)),
    Value::Null,
]);
static USER: Value = Value::object(&[
    (Text::Static("name"), Value::Text(Text::Static("ann"))),
    (
        Text::Static("wait"),
        Value::Duration(Duration::from_millis(1500)),
    ),
    (Text::Static("raw"), Value::Bytes(Seq::Static(b"xy"))),
    (
        Text::Static("tags"),
        Value::List(Seq::Static(&[Value::Bool(true)])),
    ),
]);

/// As emitted code writes them: calls only, each level in a constant of its own.
static CALLS: Value = Value::list(
    const {
        &[
            Value::text("a"),
            Value::object(
                const {
                    &[(
                        Text::Static("k"),
                        Value::list(const { &[Value::Bool(true)] }),
                    )]
                },
            ),
        ]
    },
);

fn shared<T: Send + Sync + 'static>(_: &T) {}

#[test]
fn a_constant_equals_what_the_run_makes() {
    let words = Value::from(vec![
        Value::from("a".to_string()),
        Value::from(Number::new(2)),
        Value::Null,
    ]);
    assert_eq!(WORDS, words);
    let user = Value::from(vec![
        (Text::from("tags"), Value::from(vec![Value::from(true)])),
        (Text::from("raw"), Value::Bytes(b"xy".to_vec().into())),
        (Text::from("wait"), Value::from(Duration::from_millis(1500))),
        (Text::from("name"), Value::from(Text::from("ann"))),
    ]);
    assert_eq!(USER, user);
    assert_eq!(
        encode_plain(&USER),
        r#"{"name":"ann","wait":"1.5s","raw":"eHk=","tags":[true]}"#
    );
    shared(&USER);
    assert_eq!(encode_plain(&CALLS), r#"["a",{"k":[true]}]"#);
}

#[test]
fn a_value_fits_in_32_bytes() {
    assert!(size_of::<Value>() <= 32);
}

#[test]
fn unlike_kinds_are_not_equal() {
    let all = [
        Value::Null,
        Value::Bool(true),
        Value::from(Number::new(1)),
        Value::text("1"),
        Value::from(Duration::from_secs(1)),
        Value::Bytes(Seq::Static(b"1")),
        Value::list(&[]),
        Value::object(&[]),
    ];
    for (place, a) in all.iter().enumerate() {
        for (other, b) in all.iter().enumerate() {
            assert_eq!(a == b, place == other, "{a:?} == {b:?}");
        }
    }
}

#[test]
fn a_template_prints_scalars_as_they_are() {
    let shown = [
        (Value::text("a\"b"), "a\"b"),
        (Value::from(Number::parse("1.50").unwrap()), "1.5"),
        (Value::from(false), "false"),
        (Value::from(Duration::from_secs(90)), "1m30s"),
        (Value::Bytes(Seq::Static("é".as_bytes())), "é"),
        (Value::Bytes(Seq::Static(&[0xff])), "\"/w==\""),
        (WORDS, "[\"a\",2,null]"),
        (Value::Null, ""),
    ];
    for (value, expected) in shown {
        assert_eq!(value.to_string(), expected);
    }
}

proptest! {
    #[test]
    fn a_number_made_of_its_parts_is_the_same_early_and_late(whole in any::<i64>(), scale in 0u32..10) {
        let late = Number::parse(&format!("{whole}e-{scale}")).unwrap();
        let (lo, mid, hi, negative, scale) = late.parts();
        let early = Value::Number(Number::from_parts(lo, mid, hi, negative, scale));
        prop_assert_eq!(&early, &Value::from(late));
        prop_assert_eq!(encode_plain(&early), encode_plain(&Value::from(late)));
    }
}
