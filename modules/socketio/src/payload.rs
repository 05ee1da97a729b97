//! An event or an acknowledgement that is sent: its arguments as JSON, made once for all users, and in front of it what differs between
//! them.

use crate::attachments::take_out;
use crate::engine::MESSAGE;
use bggo_runtime::contract::{Seq, Value, encode_json};
use std::fmt::Write;

/// An event without the namespace and the number of its ack.
#[derive(Debug)]
pub(crate) struct Payload {
    /// That of the event; an acknowledgement has none.
    pub(crate) name: String,
    /// A list of its name, if it has one, and its arguments.
    pub(crate) json: String,
    pub(crate) attachments: Vec<Seq<u8>>,
}

/// What a payload is sent as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// An event, with the number of its ack if one is asked for.
    Event(Option<u64>),
    /// The ack of an event of the server that has this number.
    Ack(u64),
}

/// The arguments with which a step acknowledges an event.
#[derive(Debug)]
pub(crate) struct Acknowledgement(pub(crate) Payload);

impl Acknowledgement {
    pub(crate) fn new(args: &[Value]) -> Self {
        let mut attachments = Vec::new();
        let json = list(None, args, &mut attachments);
        Self(Payload {
            name: String::new(),
            json,
            attachments,
        })
    }
}

impl Payload {
    pub(crate) fn new(name: &str, args: &[Value]) -> Self {
        let mut attachments = Vec::new();
        let first = Value::from(name.to_owned());
        let json = list(Some(&first), args, &mut attachments);
        Self {
            name: name.to_owned(),
            json,
            attachments,
        }
    }

    /// As it is sent in a namespace. Its attachments follow.
    pub(crate) fn packet(&self, namespace: &str, kind: Kind) -> String {
        let room = self.json.len() + namespace.len() + 32;
        let mut packet = String::with_capacity(room);
        packet.push(MESSAGE);
        let (plain, binary, id) = match kind {
            Kind::Event(id) => ('2', '5', id),
            Kind::Ack(id) => ('3', '6', Some(id)),
        };
        match self.attachments.len() {
            0 => packet.push(plain),
            count => {
                // A String refuses nothing that is written to it.
                let _ = write!(packet, "{binary}{count}-");
            }
        }
        put_namespace(&mut packet, namespace);
        if let Some(id) = id {
            let _ = write!(packet, "{id}");
        }
        packet.push_str(&self.json);
        packet
    }
}

/// A list of the first item, if there is one, and the others as JSON, whose bytes become attachments.
fn list(first: Option<&Value>, others: &[Value], attachments: &mut Vec<Seq<u8>>) -> String {
    let mut json = String::from("[");
    for item in first.into_iter().chain(others) {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&encode_json(&take_out(item, attachments)));
    }
    json.push(']');
    json
}

/// The packet that asks to be let into a namespace.
pub(crate) fn connect(namespace: &str, auth: Option<&str>) -> String {
    let mut packet = String::from(MESSAGE);
    packet.push('0');
    put_namespace(&mut packet, namespace);
    packet.push_str(auth.unwrap_or_default());
    packet
}

/// The packet that says goodbye to a namespace.
pub(crate) fn disconnect(namespace: &str) -> String {
    let mut packet = String::from(MESSAGE);
    packet.push('1');
    put_namespace(&mut packet, namespace);
    packet
}

/// The main namespace goes without saying.
fn put_namespace(packet: &mut String, namespace: &str) {
    if namespace != "/" {
        packet.push_str(namespace);
        packet.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Packet;
    use bggo_runtime::contract::{Text, decode_json};

    #[test]
    fn packets_are_written_as_the_examples_of_the_protocol() {
        let plain = Payload::new("foo", &[]);
        assert_eq!(plain.packet("/", Kind::Event(None)), r#"42["foo"]"#);
        assert_eq!(
            plain.packet("/admin", Kind::Event(Some(12))),
            r#"42/admin,12["foo"]"#
        );
        let args = [
            decode_json(r#"{"a":[1,null]}"#).unwrap(),
            Value::text("b\""),
        ];
        let event = Payload::new("f\"o", &args);
        assert_eq!(
            event.packet("/", Kind::Event(Some(0))),
            r#"420["f\"o",{"a":[1,null]},"b\""]"#
        );
        let acks = Acknowledgement::new(&args);
        assert_eq!(
            acks.0.packet("/admin", Kind::Ack(7)),
            r#"43/admin,7[{"a":[1,null]},"b\""]"#
        );
        let nothing = Acknowledgement::new(&[]).0;
        assert_eq!(nothing.packet("/", Kind::Ack(0)), "430[]");
        let bytes = Acknowledgement::new(&[Value::Bytes(b"x".to_vec().into())]).0;
        assert_eq!(
            bytes.packet("/", Kind::Ack(1)),
            r#"461-1[{"_placeholder":true,"num":0}]"#
        );
        assert_eq!(connect("/", None), "40");
        assert_eq!(connect("/admin", Some(r#"{"t":1}"#)), r#"40/admin,{"t":1}"#);
        assert_eq!(disconnect("/"), "41");
        assert_eq!(disconnect("/admin"), "41/admin,");
    }

    #[test]
    fn bytes_become_attachments_and_come_back() {
        let bytes = |bytes: &[u8]| Value::Bytes(Seq::from(bytes.to_vec()));
        let args = [
            bytes(b"one"),
            Value::from(vec![(
                Text::Static("deep"),
                Value::from(vec![bytes(b"two")]),
            )]),
        ];
        let event = Payload::new("file", &args);
        let packet = event.packet("/", Kind::Event(Some(3)));
        assert_eq!(
            packet,
            r#"452-3["file",{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1}]}]"#
        );
        let read = Packet::read(&packet[1..], "/").unwrap();
        let named = read.event(&event.attachments).unwrap();
        assert_eq!(Value::from(named.args), Value::from(args.to_vec()));
    }
}
