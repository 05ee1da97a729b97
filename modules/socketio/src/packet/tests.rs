//! Packets as the pages of the protocol show them, and what is none.

use super::*;
use bggo_runtime::contract::encode_json;

fn read(text: &str) -> Packet {
    Packet::read(text, "/").unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

fn json(args: &[Value]) -> String {
    encode_json(&Value::from(args.to_vec()))
}

fn bytes(bytes: &[u8]) -> Seq<u8> {
    Seq::from(bytes.to_vec())
}

#[test]
fn the_examples_of_the_protocol_are_read() {
    let connected = read(r#"0{"sid":"oSO0OpakMV_3jnilAAAA"}"#);
    assert_eq!(connected.kind, Kind::Connect);
    assert_eq!(
        connected.field("sid").as_deref(),
        Some("oSO0OpakMV_3jnilAAAA")
    );
    assert_eq!(read("0").kind, Kind::Connect);
    assert_eq!(read("1").kind, Kind::Disconnect);

    let event = read(r#"2["foo"]"#);
    assert_eq!(
        (event.kind, event.id, event.attachments),
        (Kind::Event, None, None)
    );
    let named = event.event(&[]).unwrap();
    assert_eq!((&*named.name, named.args.len()), ("foo", 0));

    let asks = read(r#"212["foo",{"a":1},[2]]"#);
    assert_eq!(asks.id, Some(12));
    assert_eq!(json(&asks.event(&[]).unwrap().args), r#"[{"a":1},[2]]"#);

    let ack = read(r#"312["bar"]"#);
    assert_eq!((ack.kind, ack.id), (Kind::Ack, Some(12)));
    assert_eq!(json(&ack.values(&[]).unwrap()), r#"["bar"]"#);
    assert_eq!(json(&read("30[]").values(&[]).unwrap()), "[]");
}

#[test]
fn a_packet_says_for_which_namespace_it_is() {
    let of = |text| Packet::read(text, "/admin");
    assert_eq!(of(r#"0/admin,{"sid":"x"}"#).unwrap().kind, Kind::Connect);
    assert_eq!(of("0/admin").unwrap().kind, Kind::Connect);
    assert_eq!(of("1/admin,").unwrap().kind, Kind::Disconnect);
    assert_eq!(of(r#"2/admin,7["a"]"#).unwrap().id, Some(7));
    let binary = of(r#"51-/admin,7["a",{"_placeholder":true,"num":0}]"#).unwrap();
    assert_eq!((binary.id, binary.attachments), (Some(7), Some(1)));
    for text in [
        r#"2["a"]"#,
        r#"2/other,["a"]"#,
        "1",
        "1/admin2,",
        "2/Admin,[\"a\"]",
    ] {
        assert!(of(text).is_err(), "{text}");
    }
}

#[test]
fn attachments_are_put_back_where_they_were() {
    let event = read(
        r#"52-["file",{"_placeholder":true,"num":1},{"deep":[{"num":0,"_placeholder":true}]}]"#,
    );
    assert_eq!(event.attachments, Some(2));
    let named = event.event(&[bytes(b"zero"), bytes(b"one")]).unwrap();
    assert!(matches!(&named.args[0], Value::Bytes(bytes) if **bytes == *b"one"));
    let deep = named.args[1].get("deep").unwrap().at(0).unwrap();
    assert!(matches!(deep, Value::Bytes(bytes) if *bytes == *b"zero"));

    let ack = read(r#"61-3[{"_placeholder":true,"num":0}]"#);
    let values = ack.values(&[bytes(b"x")]).unwrap();
    assert!(matches!(&values[..], [Value::Bytes(bytes)] if **bytes == *b"x"));
    // Without attachments nothing is a placeholder.
    let event = read(r#"2["file",{"_placeholder":true,"num":0}]"#);
    let named = event.event(&[]).unwrap();
    assert_eq!(json(&named.args), r#"[{"_placeholder":true,"num":0}]"#);
    assert_eq!(read(r#"50-["none"]"#).event(&[]).unwrap().args.len(), 0);
}

#[test]
fn placeholders_of_attachments_that_do_not_exist_are_refused() {
    for text in [
        r#"51-["a",{"_placeholder":true,"num":1}]"#,
        r#"51-["a",{"_placeholder":true,"num":-1}]"#,
        r#"51-["a",{"_placeholder":true,"num":"0"}]"#,
        r#"51-["a",{"_placeholder":true,"num":0.5}]"#,
        r#"51-["a",{"_placeholder":true}]"#,
        r#"51-[{"_placeholder":true,"num":0}]"#,
    ] {
        assert!(read(text).event(&[bytes(b"x")]).is_err(), "{text}");
    }
}

#[test]
fn why_a_namespace_is_refused_is_its_message_and_its_data() {
    let why = |text| read(text).why_refused();
    assert_eq!(why(r#"4{"message":"not authorized"}"#), "not authorized");
    assert_eq!(
        why(r#"4{"message":"no","data":{"code":7}}"#),
        r#"no {"code":7}"#
    );
    assert_eq!(why(r#"4{"message":"no","data":null}"#), "no");
    assert_eq!(why(r#"4"Invalid namespace""#), "Invalid namespace");
    assert_eq!(why("4{}"), "");
}

#[test]
fn what_is_no_packet_is_refused() {
    let deep = format!("2{}", "[".repeat(100_000));
    for text in [
        "",
        "7",
        "x",
        "\u{fc}",
        // Without content, or with the wrong one.
        "2",
        "20",
        "2{}",
        "2\"a\"",
        "3[]",
        "3",
        "4",
        "4[]",
        "0[]",
        "0\"a\"",
        "1[]",
        // No JSON.
        "2[",
        "2[\"a\"",
        "2[\"a\"]x",
        "2nonsense",
        &deep,
        // Counts of attachments.
        "5[\"a\"]",
        "5-[\"a\"]",
        "51[\"a\"]",
        "5a-[\"a\"]",
        "51001-[\"a\"]",
        "599999999999999999999999-[\"a\"]",
        // Ids.
        "299999999999999999999999[\"a\"]",
        "2-1[\"a\"]",
    ] {
        assert!(Packet::read(text, "/").is_err(), "{text}");
    }
    for text in ["2[]", "2[null]", "2[{}]", "2[[]]", "2[true]"] {
        assert!(read(text).event(&[]).is_err(), "{text}");
    }
    // The reference sends numbers as names where a server says so.
    assert_eq!(&*read("2[7]").event(&[]).unwrap().name, "7");
}

#[test]
fn the_most_attachments_are_taken() {
    assert_eq!(read("51000-[\"a\"]").attachments, Some(MOST_ATTACHMENTS));
}
