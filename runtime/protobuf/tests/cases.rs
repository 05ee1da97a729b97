//! Values and bytes one by one: what they are, and what is said where they are wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod samples;

use std::time::Duration;

use bggo_protobuf::{Decoder, Encoder, Limits, Skeleton, Wanted, encode};
use bggo_values::{Fault, Seq, Text, Value};
use samples::{message, number, object, shown, table};

fn bytes_of(name: &str, value: &Value) -> Result<Vec<u8>, Fault> {
    let table = table(&message(name));
    let mut out = Vec::new();
    encode(&table, table.request(), value, &mut out)?;
    Ok(out)
}

fn value_of(name: &str, bytes: &[u8]) -> Result<Value, Fault> {
    let table = table(&message(name));
    let root = table.request();
    Decoder::new(table, root, &Wanted::All, Limits::USUAL)?.decode(bytes)
}

fn text(text: &'static str) -> Value {
    Value::text(text)
}

fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::from(items.to_vec())
}

#[test]
fn a_message_has_the_bytes_of_the_format() {
    let echo = object([
        ("text", text("hi")),
        ("id", Value::number(150)),
        ("marks", list([Value::number(1), Value::number(-1)])),
        ("place", object([("name", text("x"))])),
    ]);
    let expected = [
        &[0x0a, 2, b'h', b'i', 0x10, 0x96, 1][..],
        &[0x22, 11, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        &[0x2a, 3, 0x1a, 1, b'x'],
    ];
    assert_eq!(bytes_of("sample.Echo", &echo).unwrap(), expected.concat());
    let again = value_of("sample.Echo", &expected.concat()).unwrap();
    let place = "{east=0, name=\"x\", north=0}";
    let expected = format!("{{id=150, marks=[1, -1], place={place}, text=\"hi\", urgent=false}}");
    assert_eq!(shown(&again), expected);
}

#[test]
fn what_was_not_sent_is_null_or_empty() {
    let all = value_of("sample.All", b"").unwrap();
    let null = [
        "inner",
        "perhaps",
        "perhaps_text",
        "text",
        "message",
        "small",
        "yes",
        "far",
    ];
    for name in null {
        assert!(matches!(all.get(name), Some(Value::Null)), "{name}");
    }
    assert_eq!(shown(&all.get("colour").unwrap()), "\"COLOUR_NONE\"");
    assert_eq!(shown(&all.get("numbers").unwrap()), "[]");
    assert_eq!(shown(&all.get("counts").unwrap()), "{}");
    let old = value_of("old.Old", b"").unwrap();
    assert_eq!(
        shown(&old),
        "{id=null, inner=null, kind=null, kinds={}, loose=[], name=null, packed=[]}"
    );
    // With presence, zero is sent.
    let zero = object([
        ("perhaps", Value::number(0)),
        ("an_int32", Value::number(0)),
    ]);
    assert_eq!(bytes_of("sample.All", &zero).unwrap(), [0x90, 1, 0]);
    assert_eq!(
        bytes_of("sample.All", &object([("text", text(""))])).unwrap(),
        [0xca, 2, 0]
    );
    assert_eq!(bytes_of("sample.All", &Value::Null).unwrap(), []);
}

#[test]
fn names_of_enums_have_aliases_and_numbers_without_a_name() {
    let colour = |value: Value| {
        let bytes = bytes_of("sample.All", &object([("colour", value)])).unwrap();
        shown(
            &value_of("sample.All", &bytes)
                .unwrap()
                .get("colour")
                .unwrap(),
        )
    };
    assert_eq!(colour(text("ROUGE")), "\"RED\"");
    assert_eq!(colour(Value::number(-2)), "\"BLUE\"");
    assert_eq!(colour(Value::number(99)), "99");
}

#[test]
fn known_types_are_values_of_their_own() {
    let value = object([
        ("at", text("2024-02-29T13:34:56.5+01:00")),
        ("length", Value::Duration(Duration::from_millis(1500))),
        (
            "object",
            object([("a", list([Value::Null, number("1.5"), Value::Bool(true)]))]),
        ),
        ("any", text("x")),
        ("list", list([])),
        ("text", text("")),
        ("number", Value::number(0)),
        (
            "lengths",
            object([("back", text("-2s")), ("on", text("1m"))]),
        ),
        ("values", object([("none", Value::Null)])),
    ]);
    let bytes = bytes_of("sample.Known", &value).unwrap();
    let again = value_of("sample.Known", &bytes).unwrap();
    let expected = "{any=\"x\", at=\"2024-02-29T12:34:56.500Z\", bytes=null, doubles=[], length=1.5s, \
        lengths={back=\"-2s\", on=60s}, list=[], null=\"NULL_VALUE\", number=0, object={a=[null, 1.5, true]}, \
        packed=null, text=\"\", times=[], truth=null, values={none=null}}";
    assert_eq!(shown(&again), expected);
}

#[test]
fn values_may_be_said_as_loosely_as_elsewhere() {
    let value = object([
        ("anInt64", text("-12")),
        ("aString", Value::number(7)),
        ("aBool", text("true")),
        ("someBytes", text("é")),
        ("maybe", text("json")),
        ("aDouble", text("1e300")),
        ("byNumber", object([("-3", object([]))])),
    ]);
    let again = value_of("sample.All", &bytes_of("sample.All", &value).unwrap()).unwrap();
    let found = [
        "an_int64",
        "a_string",
        "a_bool",
        "some_bytes",
        "perhaps_text",
        "a_double",
    ];
    let found = found.map(|name| shown(&again.get(name).unwrap()));
    assert_eq!(
        found,
        [
            "-12",
            "\"7\"",
            "true",
            "bytes[195, 169]",
            "\"json\"",
            "1e300"
        ]
    );
    assert!(again.get("by_number").unwrap().get("-3").is_some());
    // JSON of an answer, that was not read yet.
    let raw = bggo_values::json::RawJson::from_text(
        r#"{"a_string":"x","inner":{"texts":["y"]},"a_double":1e2}"#,
    );
    let raw = bytes_of("sample.All", &Value::Raw(raw.unwrap())).unwrap();
    let again = value_of("sample.All", &raw).unwrap();
    assert_eq!(shown(&again.get("a_double").unwrap()), "100");
    assert_eq!(
        shown(&again.get("inner").unwrap().get("texts").unwrap()),
        "[\"y\"]"
    );
}

#[test]
fn faults_say_where_and_keep_the_value_apart() {
    let secret = || text("hunter2");
    let cases = [
        (object([("an_int32", secret())]), "`an_int32`: ", "hunter2"),
        (
            object([("inners", list([object([]), object([("a_bool", secret())])]))]),
            "`inners[1].a_bool`: ",
            "hunter2",
        ),
        (
            object([("counts", object([("key", secret())]))]),
            "`counts[..]`: ",
            "hunter2",
        ),
        (
            object([("by_number", object([("x", object([]))]))]),
            "`by_number[..]`: ",
            "x",
        ),
        (
            object([("colour", secret())]),
            "`colour`: the enum `sample.Colour` has no value ",
            "hunter2",
        ),
        (
            object([("a_uint32", Value::number(-1))]),
            "`a_uint32`: expected a whole number from 0 to 4294967295, found ",
            "-1",
        ),
        (
            object([("inner", object([("nme", Value::Null)]))]),
            "`inner`: the message `sample.All` has no field ",
            "nme",
        ),
    ];
    for (value, before, quoted) in cases {
        let fault = bytes_of("sample.All", &value).unwrap_err();
        let [first, middle, last] = fault.parts();
        assert!(first.starts_with(before), "{fault}");
        // Some quote nothing at all.
        assert!(middle.is_empty() || middle.contains(quoted), "{fault}");
        assert!(!first.contains(quoted) || quoted == "x", "{fault}");
        assert!(!last.contains(quoted), "{fault}");
    }
    let cases = [
        (
            object([("inner", text("x"))]),
            "`inner`: expected an object for the message `sample.All`, found a string",
        ),
        (
            object([("texts", text("x"))]),
            "`texts`: expected a list, found a string",
        ),
        (
            object([("counts", list([]))]),
            "`counts`: expected an object for a map, found a list",
        ),
        (
            object([("texts", list([Value::Null]))]),
            "`texts[0]`: null cannot be sent as an item of a list or a map",
        ),
        (
            object([("numbers", list([Value::Null]))]),
            "`numbers[0]`: null cannot be sent as an item of a list or a map",
        ),
        (
            object([("text", text("a")), ("small", object([]))]),
            "only one of `text` and `small` can be given",
        ),
        (
            object([("a_bool", Value::Null), ("aBool", Value::Bool(true))]),
            "`a_bool`: the field is given by both of its names",
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(bytes_of("sample.All", &value).unwrap_err().text(), expected);
    }
    let fault = bytes_of("old.Old", &object([("inner", object([]))])).unwrap_err();
    assert_eq!(
        fault.text(),
        "`id`: the field is required, and it is null or missing"
    );
    let fault = bytes_of("sample.Known", &object([("at", text("today"))])).unwrap_err();
    assert_eq!(fault.parts()[1], "\"today\"");
}

#[test]
fn nothing_is_written_where_a_value_is_wrong() {
    let table = table(&message("sample.All"));
    let mut out = vec![1, 2];
    let value = object([("a_string", text("x")), ("texts", list([Value::Null]))]);
    assert!(encode(&table, 0, &value, &mut out).is_err());
    let skeleton = Skeleton::Object(vec![
        (Text::from("a_string"), Skeleton::Known(text("x"))),
        (Text::from("an_int32"), Skeleton::Hole(0)),
    ]);
    let encoder = Encoder::new(table, 0, &skeleton).unwrap();
    assert!(encoder.encode(&[text("x")], &mut out).is_err());
    assert!(encoder.encode(&[], &mut out).is_err());
    assert_eq!(out, [1, 2]);
}

#[test]
fn holes_are_told_by_their_way_and_watched_for_oneofs() {
    let named = |name: &str, part| (Text::from(name), part);
    let skeleton = Skeleton::Object(vec![
        named(
            "inners",
            Skeleton::List(vec![Skeleton::Object(vec![named(
                "a_bool",
                Skeleton::Hole(0),
            )])]),
        ),
        named(
            "inner",
            Skeleton::Object(vec![
                named("text", Skeleton::Hole(1)),
                named("number", Skeleton::Hole(2)),
            ]),
        ),
    ]);
    let encoder = Encoder::new(table(&message("sample.All")), 0, &skeleton).unwrap();
    let encode = |holes: [Value; 3]| {
        let mut out = Vec::new();
        encoder.encode(&holes, &mut out).map(|()| out)
    };
    let fault = |holes| encode(holes).unwrap_err().text().to_owned();
    let (yes, one) = (Value::Bool(true), Value::number(1));
    assert!(fault([text("x"), Value::Null, Value::Null]).starts_with("`inners[0].a_bool`: "));
    let both = fault([yes.clone(), text("x"), one.clone()]);
    assert_eq!(
        both,
        "`inner`: only one of `text` and `number` can be given"
    );
    let sent = encode([yes, Value::Null, one]).unwrap();
    let again = value_of("sample.All", &sent).unwrap();
    assert_eq!(
        shown(&again.get("inner").unwrap().get("number").unwrap()),
        "1"
    );
    // What is known is judged at once.
    let wrong = Skeleton::Object(vec![named(
        "inners",
        Skeleton::List(vec![Skeleton::Object(vec![
            named("a_bool", Skeleton::Hole(0)),
            named("colour", Skeleton::Known(text("GREEN"))),
        ])]),
    )]);
    let fault = Encoder::new(table(&message("sample.All")), 0, &wrong).unwrap_err();
    assert!(
        fault.text().starts_with("`inners[0].colour`: the enum"),
        "{fault}"
    );
}

#[test]
fn only_what_is_wanted_is_read() {
    let table = table(&message("sample.All"));
    let wanted = |names: Vec<(&'static str, Wanted)>| {
        let names = names
            .into_iter()
            .map(|(name, inner)| (Text::from(name), inner));
        Wanted::Fields(names.collect())
    };
    let value = object([
        ("a_string", text("x")),
        ("an_int32", Value::number(5)),
        (
            "inner",
            object([("a_string", text("y")), ("texts", list([text("z")]))]),
        ),
        (
            "inners",
            list([object([
                ("colour", text("RED")),
                ("a_bool", Value::Bool(true)),
            ])]),
        ),
        ("text", text("chosen")),
    ]);
    let mut bytes = bytes_of("sample.All", &value).unwrap();
    // What nobody wants may even be no UTF-8.
    bytes.extend([0x72, 1, 0xff]);
    let asked = wanted(vec![
        ("an_int32", Wanted::All),
        ("inner", wanted(vec![("texts", Wanted::All)])),
        ("inners", wanted(vec![("colour", Wanted::All)])),
        ("number", Wanted::All),
    ]);
    let decoder = Decoder::new(table.clone(), 0, &asked, Limits::USUAL).unwrap();
    assert_eq!(
        shown(&decoder.decode(&bytes).unwrap()),
        "{an_int32=5, inner={texts=[\"z\"]}, inners=[{colour=\"RED\"}], number=null}"
    );
    // A member of a oneof that is not wanted replaces the one that is.
    bytes = bytes_of("sample.All", &object([("number", Value::number(3))])).unwrap();
    assert!(shown(&decoder.decode(&bytes).unwrap()).contains("number=3"));
    bytes.extend([0xca, 2, 0]);
    assert!(shown(&decoder.decode(&bytes).unwrap()).contains("number=null"));
    let nothing = Decoder::new(table.clone(), 0, &wanted(Vec::new()), Limits::USUAL).unwrap();
    assert_eq!(shown(&nothing.decode(&bytes).unwrap()), "{}");
    let unknown = Decoder::new(table, 0, &wanted(vec![("nme", Wanted::All)]), Limits::USUAL);
    assert_eq!(
        unknown.unwrap_err().text(),
        "the message `sample.All` has no field `nme`"
    );
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let table = table(&message("sample.All"));
    let limited = |limits| Decoder::new(table.clone(), 0, &Wanted::All, limits).unwrap();
    let nested = |levels: usize| {
        let mut nested = Vec::new();
        for _ in 1..levels {
            let mut outer = vec![0x8a, 1];
            prost::encode_length_delimiter(nested.len(), &mut outer).unwrap();
            outer.extend(&nested);
            nested = outer;
        }
        nested
    };
    let usual = limited(Limits::USUAL);
    assert!(usual.decode(&nested(100)).is_ok());
    let deeper = nested(101);
    let fault = usual.decode(&deeper).unwrap_err();
    assert!(
        fault.text().ends_with("the message is nested too deep"),
        "{fault}"
    );
    // A thousand empty messages are 2,000 bytes, and many values.
    let many = [0xd2, 1, 0].repeat(1000);
    let few = limited(Limits {
        values: 10_000,
        ..Limits::USUAL
    });
    let fault = few.decode(&many).unwrap_err();
    assert!(
        fault.text().ends_with("the message holds too many values"),
        "{fault}"
    );
    assert!(usual.decode(&many).is_ok());
    let packed = [&[0xda, 1, 0xe8, 7][..], &[1; 1000]].concat();
    assert!(
        limited(Limits {
            values: 999,
            ..Limits::USUAL
        })
        .decode(&packed)
        .is_err()
    );
    // A struct in a struct in a struct.
    let mut value = Value::Null;
    for _ in 0..200 {
        value = Value::from(vec![value]);
    }
    let fault = bytes_of("sample.Known", &object([("any", value)])).unwrap_err();
    assert!(
        fault.text().ends_with("the message is nested too deep"),
        "{}",
        fault.text().len()
    );
}

#[test]
fn malformed_bytes_say_in_which_field() {
    let cases: [(&[u8], &str); 7] = [
        (&[0x80], "the bytes end in the middle of a field"),
        (
            &[0x09, 1],
            "`a_double`: the bytes end in the middle of a field",
        ),
        (
            &[0x72, 2, 0xc3, 0x28],
            "`a_string`: the bytes of a string are no UTF-8",
        ),
        (
            &[0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
            "`an_int32`: a varint is longer than 64 bits",
        ),
        (&[0x07], "the bytes hold a tag that cannot be"),
        (
            &[0x8a, 1, 2, 0x70, 1],
            "`inner.a_string`: expected bytes with a length, found a varint",
        ),
        (
            &[0xd2, 1, 2, 0x68, 0x80],
            "`inners[0].a_bool`: the bytes end in the middle of a field",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(
            value_of("sample.All", bytes).unwrap_err().text(),
            expected,
            "{bytes:?}"
        );
    }
    let at = [&[0x0a, 11, 0x08][..], &[0xff; 9], &[1]].concat();
    assert!(
        value_of("sample.Known", &at).is_ok(),
        "one second before 1970"
    );
    let at = [&[0x0a, 2, 0x10][..], &[0xff]].concat();
    assert!(
        value_of("sample.Known", &at)
            .unwrap_err()
            .text()
            .starts_with("`at`: ")
    );
    assert!(matches!(
        value_of("sample.All", &[0x7a, 1, 7])
            .unwrap()
            .get("some_bytes"),
        Some(Value::Bytes(Seq::Shared(_)))
    ));
}
