//! The status of a call: what the server says of it in the end.

use bggo_http2::Head;
use bggo_protobuf::schema::{Field, Form, Kind, Label, Message, Schema, json_name};
use bggo_protobuf::{Decoder, Limits, Table, Wanted};
use bggo_runtime::contract::{Text, Value, from_base64};
use std::sync::Arc;

/// A status by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

/// Names of codes, as gRPC writes them and as kinds of failure.
const NAMES: [(&str, &str); 17] = [
    ("OK", "ok"),
    ("CANCELLED", "cancelled"),
    ("UNKNOWN", "unknown"),
    ("INVALID_ARGUMENT", "invalid_argument"),
    ("DEADLINE_EXCEEDED", "deadline_exceeded"),
    ("NOT_FOUND", "not_found"),
    ("ALREADY_EXISTS", "already_exists"),
    ("PERMISSION_DENIED", "permission_denied"),
    ("RESOURCE_EXHAUSTED", "resource_exhausted"),
    ("FAILED_PRECONDITION", "failed_precondition"),
    ("ABORTED", "aborted"),
    ("OUT_OF_RANGE", "out_of_range"),
    ("UNIMPLEMENTED", "unimplemented"),
    ("INTERNAL", "internal"),
    ("UNAVAILABLE", "unavailable"),
    ("DATA_LOSS", "data_loss"),
    ("UNAUTHENTICATED", "unauthenticated"),
];

impl Code {
    pub(crate) const OK: Self = Self(0);
    pub(crate) const DEADLINE_EXCEEDED: Self = Self(4);
    const UNKNOWN: Self = Self(2);

    fn names(self) -> (&'static str, &'static str) {
        let known = NAMES.get(self.0 as usize).copied();
        // A number that nobody has given a name.
        known.unwrap_or(("UNKNOWN", "unknown"))
    }

    /// As gRPC writes it: `NOT_FOUND`.
    pub(crate) fn name(self) -> &'static str {
        self.names().0
    }

    /// The kind of failure: `not_found`.
    pub(crate) fn kind(self) -> &'static str {
        self.names().1
    }

    /// What a status of HTTP comes to, where the server says none of gRPC.
    pub(crate) fn of_http(status: u16) -> Self {
        Self(match status {
            400 => 13,
            401 => 16,
            403 => 7,
            404 => 12,
            429 | 502..=504 => 14,
            _ => 2,
        })
    }

    /// What trailers say; `None` if they say none.
    pub(crate) fn read(trailers: &Head) -> Option<Self> {
        let text = trailers.get("grpc-status")?;
        let number = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        Some(number.map_or(Self::UNKNOWN, Self))
    }
}

/// The message beside a status, whose percent signs stand for bytes.
pub(crate) fn message(trailers: &Head) -> String {
    let coded = trailers.get("grpc-message").unwrap_or_default();
    let mut bytes = Vec::with_capacity(coded.len());
    let mut rest = coded;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let pair = rest
            .first_chunk::<2>()
            .and_then(|pair| str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match pair {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = rest.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The details beside a status: objects of a `type` and the bytes of its `value`. What cannot be read is none.
pub(crate) fn details(trailers: &Head) -> Value {
    let coded = trailers.get("grpc-status-details-bin");
    let read = coded.and_then(bytes_of).and_then(|bytes| {
        let table = Arc::new(Table::of(status_schema()).ok()?);
        let decoder = Decoder::new(table, 0, &Wanted::All, Limits::USUAL).ok()?;
        decoder.decode(&bytes).ok()?.get("details")?.items()
    });
    let items = read.map(|items| items.to_vec()).unwrap_or_default();
    let objects = items.into_iter().map(|item| {
        let url = item.get("type_url").unwrap_or(Value::Null).to_string();
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        Value::from(vec![
            (Text::Static("type"), Value::from(name)),
            (
                Text::Static("value"),
                item.get("value").unwrap_or(Value::Null),
            ),
        ])
    });
    objects.collect::<Vec<_>>().into()
}

/// `google.rpc.Status`, and `google.protobuf.Any` as the two fields that it has.
fn status_schema() -> Schema {
    let field = |name: &'static str, number, kind, label| Field {
        name: Text::Static(name),
        json_name: Text::from(json_name(name)),
        number,
        kind,
        label,
        oneof: None,
    };
    let message = |name: &'static str, fields| Message {
        name: Text::Static(name),
        form: Form::Object,
        fields,
        oneofs: Vec::new(),
    };
    Schema {
        messages: vec![
            message(
                "google.rpc.Status",
                vec![
                    field("code", 1, Kind::Int32, Label::Implicit),
                    field("message", 2, Kind::String, Label::Implicit),
                    field("details", 3, Kind::Message(1), Label::Repeated),
                ],
            ),
            message(
                "google.protobuf.Any",
                vec![
                    field("type_url", 1, Kind::String, Label::Implicit),
                    field("value", 2, Kind::Bytes, Label::Implicit),
                ],
            ),
        ],
        enums: Vec::new(),
        request: 0,
        response: 0,
    }
}

/// The bytes of Base64, whose padding may be left out.
fn bytes_of(text: &[u8]) -> Option<Vec<u8>> {
    let letters = str::from_utf8(text).ok()?.trim_end_matches('=');
    let padding = letters.len().next_multiple_of(4) - letters.len();
    from_base64(&format!("{letters}{}", "=".repeat(padding)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_http2::{Asking, Block, Connection, Keeping, Rules};

    /// A head with these fields, as a server sends it.
    pub(crate) fn head(fields: &[(&str, &str)]) -> Head {
        let limits = bggo_http2::Limits {
            fields: 100,
            bytes: 10_000,
        };
        let rules = Rules {
            limits,
            stream_window: 65_535,
            connection_window: 65_535,
        };
        let mut connection = Connection::new(rules, &mut Vec::new());
        let asking = Asking {
            block: [&[0x82, 0x86, 0x84], &[]],
            has_body: false,
            is_head: false,
        };
        connection.open(&asking, &mut Vec::new()).unwrap();
        let mut block = Block::new();
        for (name, value) in fields {
            block.field(name.as_bytes(), value.as_bytes(), Keeping::Allowed);
        }
        let block = [b"\x88", block.bytes()].concat();
        let length = u32::try_from(block.len()).unwrap().to_be_bytes();
        let mut bytes = b"\0\0\0\x04\0\0\0\0\0".to_vec();
        bytes.extend([&length[1..], &[1, 5, 0, 0, 0, 1], &block].concat());
        let mut head = Head::new();
        let mut at = 0;
        while at < bytes.len() {
            at += connection.receive(&bytes[at..], &mut head).unwrap().taken;
        }
        head
    }

    #[test]
    fn codes_have_names() {
        let code = |text| Code::read(&head(&[("grpc-status", text)]));
        assert_eq!(code("0"), Some(Code::OK));
        assert_eq!(code("5").unwrap().name(), "NOT_FOUND");
        assert_eq!(code("16").unwrap().kind(), "unauthenticated");
        assert_eq!(code("99").unwrap().kind(), "unknown");
        assert_eq!(code("x"), Some(Code::UNKNOWN));
        assert_eq!(Code::read(&head(&[])), None);
        assert_eq!(Code::of_http(503).name(), "UNAVAILABLE");
        assert_eq!(Code::of_http(404).name(), "UNIMPLEMENTED");
        assert_eq!(Code::of_http(418).name(), "UNKNOWN");
    }

    #[test]
    fn the_bytes_of_a_message_stand_behind_percent_signs() {
        let said = |text| message(&head(&[("grpc-message", text)]));
        assert_eq!(said("none of %C3%bc 100% or %zz"), "none of ü 100% or %zz");
        assert_eq!(said("%"), "%");
        assert_eq!(message(&head(&[])), "");
    }

    #[test]
    fn details_are_types_and_bytes() {
        // google.rpc.Status { code: 3, details: [Any { type_url: "type.googleapis.com/a.B", value: "\x01\x02" }] }
        let coded = "CAMaHQoXdHlwZS5nb29nbGVhcGlzLmNvbS9hLkISAgEC";
        let told = details(&head(&[("grpc-status-details-bin", coded)]));
        let first = told.at(0).unwrap();
        assert_eq!(first.get("type").unwrap().to_string(), "a.B");
        let Some(Value::Bytes(bytes)) = first.get("value") else {
            panic!("no bytes");
        };
        assert_eq!(&*bytes, [1, 2]);
        assert!(told.at(1).is_none());
        for text in ["", "!!", "CAMaHQ"] {
            let none = details(&head(&[("grpc-status-details-bin", text)]));
            assert!(none.at(0).is_none(), "{text}");
        }
    }
}
