//! A service of the tests, as the compiler gives it to a program, and its messages as bytes.
//!
//! ```proto
//! message Ask { string name = 1; int32 count = 2; bytes load = 3; }
//! message Answer { string text = 1; int32 number = 2; }
//! ```

use bggo_protobuf::schema::{Field, Form, Kind, Label, Message, Schema, json_name};
use bggo_runtime::contract::{Method, Shape, Text, Value};
use std::sync::LazyLock;

/// The table of both messages.
static TABLE: LazyLock<&'static [u8]> = LazyLock::new(|| {
    let field = |name: &'static str, number, kind| Field {
        name: Text::Static(name),
        json_name: Text::from(json_name(name)),
        number,
        kind,
        label: Label::Implicit,
        oneof: None,
    };
    let message = |name: &'static str, fields| Message {
        name: Text::Static(name),
        form: Form::Object,
        fields,
        oneofs: Vec::new(),
    };
    let schema = Schema {
        messages: vec![
            message(
                "shop.Ask",
                vec![
                    field("name", 1, Kind::String),
                    field("count", 2, Kind::Int32),
                    field("load", 3, Kind::Bytes),
                ],
            ),
            message(
                "shop.Answer",
                vec![
                    field("text", 1, Kind::String),
                    field("number", 2, Kind::Int32),
                ],
            ),
        ],
        enums: Vec::new(),
        request: 0,
        response: 1,
    };
    bggo_protobuf::write(&schema).leak()
});

fn method(name: &'static str, client_streams: bool, server_streams: bool) -> Method {
    Method {
        name,
        client_streams,
        server_streams,
        table: *TABLE,
    }
}

/// One message each way.
pub fn unary() -> Method {
    method("shop.Shop/Unary", false, false)
}

/// Several messages of the client.
pub fn collect() -> Method {
    method("shop.Shop/Collect", true, false)
}

/// Several messages of the server.
pub fn list() -> Method {
    method("shop.Shop/List", false, true)
}

/// Several each way.
pub fn talk() -> Method {
    method("shop.Shop/Talk", true, true)
}

/// An Ask as a value.
pub fn ask(name: &str, count: i64) -> Value {
    Value::from(vec![
        (Text::Static("name"), Value::from(name.to_owned())),
        (Text::Static("count"), Value::number(count)),
    ])
}

/// The same, known before it is sent.
pub fn known_ask(name: &str, count: i64) -> Shape {
    Shape::Known(ask(name, count))
}

/// An Ask as bytes: what is zero is not sent.
pub fn ask_bytes(name: &str, count: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    if !name.is_empty() {
        bytes.extend([0x0a, u8::try_from(name.len()).unwrap()]);
        bytes.extend(name.as_bytes());
    }
    if count > 0 {
        assert!(count < 128);
        bytes.extend([0x10, count]);
    }
    bytes
}

/// An Answer with a text, as bytes.
pub fn answer(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x0a];
    let mut length = text.len();
    while length >= 128 {
        bytes.push((length % 128) as u8 | 0x80);
        length /= 128;
    }
    bytes.push(length as u8);
    bytes.extend(text.as_bytes());
    bytes
}

/// The text of an Answer that was read.
pub fn text(value: &Value) -> String {
    value.get("text").expect("an answer").to_string()
}
