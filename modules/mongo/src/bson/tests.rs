//! What is written is read by the crate `bson` as it was meant, and the other way round.

use super::*;
use bggo_runtime::contract::{Number, Text, Value, decode_json, encode_json};
use proptest::prelude::*;
use std::str::FromStr;

/// How many inputs a test tries: `MUTATIONS` asks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var("MUTATIONS").ok();
    let cases = asked.and_then(|text| text.parse().ok()).unwrap_or(10_000);
    ProptestConfig::with_cases(cases)
}

fn written(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    document(&mut out, value).unwrap();
    out
}

fn document(out: &mut Vec<u8>, value: &Value) -> Result<(), Bad> {
    let at = open(out);
    for (key, value) in value
        .pairs()
        .unwrap_or(bggo_runtime::contract::Seq::Static(&[]))
        .iter()
    {
        element(out, key, value)?;
    }
    out.push(0);
    close(out, at)
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::number),
        any::<i8>().prop_map(|number| Value::number(number.into())),
        any::<i16>().prop_map(|number| Number::from_f64(f64::from(number) + 0.5).unwrap().into()),
        ".{0,8}".prop_map(|text: String| Value::from(text)),
        prop::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            objects(inner),
        ]
    })
}

fn objects(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(("[a-zé.]{0,3}", inner), 0..5).prop_map(|pairs| {
        let mut unique: Vec<(Text, Value)> = Vec::new();
        for (key, value) in pairs {
            if unique.iter().all(|(known, _)| **known != *key) {
                unique.push((Text::from(key), value));
            }
        }
        Value::from(unique)
    })
}

/// Values of the types that extended JSON is for.
fn others() -> impl Strategy<Value = bson::Bson> {
    use bson::spec::BinarySubtype;
    use bson::{Binary, Bson, DateTime, Decimal128, Regex, Timestamp};
    let subtype = prop_oneof![
        Just(BinarySubtype::Generic),
        Just(BinarySubtype::BinaryOld),
        Just(BinarySubtype::Md5),
        Just(BinarySubtype::UserDefined(200)),
    ];
    prop_oneof![
        any::<[u8; 12]>().prop_map(|id| Bson::ObjectId(bson::oid::ObjectId::from_bytes(id))),
        any::<i64>().prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        (0_i64..1 << 41).prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        (any::<u32>(), any::<u32>())
            .prop_map(|(time, increment)| Bson::Timestamp(Timestamp { time, increment })),
        ("-?[0-9]{1,34}", -6176_i32..=6111).prop_map(|(digits, exponent)| {
            Bson::Decimal128(Decimal128::from_str(&format!("{digits}E{exponent}")).unwrap())
        }),
        Just(Bson::Decimal128(Decimal128::from_str("-Infinity").unwrap())),
        (subtype, prop::collection::vec(any::<u8>(), 0..8))
            .prop_map(|(subtype, bytes)| Bson::Binary(Binary { subtype, bytes })),
        any::<[u8; 16]>().prop_map(|bytes| Bson::Binary(Binary {
            subtype: BinarySubtype::Uuid,
            bytes: bytes.to_vec(),
        })),
        ("[a-z.é]{0,4}", "[a-z]{0,2}").prop_map(|(pattern, options)| {
            Bson::RegularExpression(Regex {
                pattern: pattern.try_into().unwrap(),
                options: options.try_into().unwrap(),
            })
        }),
        "[a-z]{0,4}".prop_map(Bson::JavaScriptCode),
        "[a-z]{0,4}".prop_map(Bson::Symbol),
        prop_oneof![
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(1e300),
            Just(-2.5e-7)
        ]
        .prop_map(Bson::Double),
        Just(Bson::Undefined),
        Just(Bson::MinKey),
        Just(Bson::MaxKey),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn another_reader_reads_what_is_written(value in objects(values())) {
        let bytes = written(&value);
        let mut rest = &bytes[..];
        let document = bson::Document::from_reader(&mut rest).unwrap();
        prop_assert!(rest.is_empty());
        let mut again = Vec::new();
        document.to_writer(&mut again).unwrap();
        prop_assert_eq!(&again, &bytes);
        let read = Document::of(&bytes).unwrap().value().unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(encode_json(&read), encode_json(&value));
    }

    #[test]
    fn what_another_one_writes_is_the_same_when_it_is_written_back(other in others()) {
        let mut bytes = Vec::new();
        bson::doc! { "a": [other.clone()], "b": other }.to_writer(&mut bytes).unwrap();
        let value = Document::of(&bytes).unwrap().value().unwrap();
        prop_assert_eq!(written(&value), bytes, "{}", encode_json(&value));
    }

    #[test]
    fn no_bytes_are_too_wild_to_read(value in objects(values()), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = written(&value);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok((document, length)) = Document::first(&bytes) {
            prop_assert!(length <= bytes.len());
            // A value or none: no panic.
            let _ = document.value();
            prop_assert!(document.elements().count() <= bytes.len());
        }
        prop_assert!(Document::first(&bytes[..at]).is_err());
    }
}

fn json(text: &str) -> Value {
    decode_json(text).unwrap()
}

#[test]
fn what_bson_has_no_value_for_is_told() {
    let mut deep = Value::Null;
    for _ in 0..120 {
        deep = Value::from(vec![deep]);
    }
    let deep = Value::from(vec![(Text::Static("a"), deep)]);
    let large = json(r#"{"a": 99999999999999999999}"#);
    for (value, words) in [
        (deep, "100 levels"),
        (large, "64 bits"),
        (json(r#"{"a": {"$oid": "xyz"}}"#), "$oid"),
        (json(r#"{"a": {"$date": "yesterday"}}"#), "$date"),
        (json(r#"{"a": {"$numberInt": 5000000000}}"#), "$numberInt"),
        (json(r#"{"a\u0000b": 1}"#), "zero byte"),
    ] {
        let bad = document(&mut Vec::new(), &value).unwrap_err();
        let fault = bggo_runtime::contract::Fault::new("argument", bad.0);
        assert!(fault.text().contains(words), "{words}: {}", fault.text());
    }
}

#[test]
fn operators_are_documents_and_no_other_types() {
    let query = json(r#"{"a": {"$gt": 1}, "b": {"$regex": "x"}, "c": {"$oid": "1", "d": 2}}"#);
    let read = Document::of(&written(&query)).unwrap().value().unwrap();
    assert_eq!(read, query);
}

#[test]
fn a_document_that_is_too_deep_is_not_read() {
    let mut bytes = vec![5, 0, 0, 0, 0];
    for _ in 0..150 {
        let length = i32::try_from(bytes.len() + 8).unwrap();
        bytes = [&length.to_le_bytes()[..], b"\x03a\0", &bytes, b"\0"].concat();
    }
    assert_eq!(Document::of(&bytes).unwrap().value(), Err(NotBson));
}
