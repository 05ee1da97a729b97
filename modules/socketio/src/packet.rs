//! Packets of Socket.IO, protocol 5: what they are, for whom, and what they hold.
//!
//! ```text
//! kind [attachments "-"] [namespace ","] [id] [JSON]      2/chat,7["hello",1]      51-["file",{"_placeholder":true,"num":0}]
//! 0 connect  1 disconnect  2 event  3 ack  4 connect_error  5 binary event  6 binary ack
//! ```

use crate::attachments::put_back;
use crate::malformed::Malformed;
use bggo_runtime::contract::{RawJson, Seq, Text, Value};

/// The most attachments of a packet.
pub(crate) const MOST_ATTACHMENTS: usize = 1_000;
/// Digits of the largest id and the largest count of attachments that are read.
const DIGITS: usize = 18;

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
}

/// A packet of a server, whose attachments may still be missing.
#[derive(Debug)]
pub(crate) struct Packet {
    pub(crate) kind: Kind,
    /// How many attachments follow it. `None` of a kind that has none.
    pub(crate) attachments: Option<usize>,
    /// Of an event: the server wants an ack of this number. Of an ack: what it answers.
    pub(crate) id: Option<u64>,
    payload: Option<RawJson>,
}

/// An event: its name and its arguments.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: Text,
    pub(crate) args: Vec<Value>,
}

impl Packet {
    /// Reads a packet for this namespace.
    ///
    /// # Errors
    /// It is none, or for another namespace.
    pub(crate) fn read(text: &str, namespace: &str) -> Result<Self, Malformed> {
        let mut letters = text.chars();
        let (kind, is_binary) = match letters.next() {
            Some('0') => (Kind::Connect, false),
            Some('1') => (Kind::Disconnect, false),
            Some('2') => (Kind::Event, false),
            Some('3') => (Kind::Ack, false),
            Some('4') => (Kind::ConnectError, false),
            Some('5') => (Kind::Event, true),
            Some('6') => (Kind::Ack, true),
            _ => return Err(Malformed("a packet of Socket.IO came of an unknown kind")),
        };
        let mut rest = letters.as_str();
        let mut attachments = None;
        if is_binary {
            let (count, behind) = digits(rest)?;
            let behind = behind.strip_prefix('-');
            let (Some(count), Some(behind)) = (count, behind) else {
                return Err(Malformed(
                    "a binary packet came that does not say how many attachments it has",
                ));
            };
            let count = usize::try_from(count).ok();
            let count = count.filter(|count| *count <= MOST_ATTACHMENTS);
            let count = count.ok_or(Malformed("a packet came with too many attachments"))?;
            (attachments, rest) = (Some(count), behind);
        }
        let mut named = "/";
        if rest.starts_with('/') {
            (named, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        if named != namespace {
            return Err(Malformed(
                "a packet came of a namespace that nobody connected to",
            ));
        }
        let (id, rest) = digits(rest)?;
        let payload =
            match rest {
                "" => None,
                json => Some(RawJson::from_text(json).map_err(|_| {
                    Malformed("a packet of Socket.IO came whose content is no JSON")
                })?),
            };
        let packet = Self {
            kind,
            attachments,
            id,
            payload,
        };
        packet.check()?;
        Ok(packet)
    }

    /// Whether it holds what its kind holds.
    fn check(&self) -> Result<(), Malformed> {
        let first = |payload: &RawJson| payload.as_str().chars().next();
        let begins = self.payload.as_ref().and_then(first);
        let is_right = match self.kind {
            // An older server says nothing of the user.
            Kind::Connect => matches!(begins, None | Some('{')),
            Kind::Disconnect => begins.is_none(),
            Kind::ConnectError => matches!(begins, Some('{' | '"')),
            Kind::Event => begins == Some('['),
            Kind::Ack => begins == Some('[') && self.id.is_some(),
        };
        match is_right {
            true => Ok(()),
            false => Err(Malformed(
                "a packet of Socket.IO came that does not hold what its kind holds",
            )),
        }
    }

    /// A text of a field of its content.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let field = self.payload.as_ref()?.field(name)?;
        Some(field.string()?.into_owned())
    }

    /// Why the server refused the namespace: its message, and the data beside it.
    pub(crate) fn why_refused(&self) -> String {
        let Some(payload) = &self.payload else {
            return String::new();
        };
        if let Some(text) = payload.string() {
            return text.into_owned();
        }
        let message = self.field("message").unwrap_or_default();
        match payload.field("data") {
            Some(data) if !data.is_null() => format!("{message} {}", data.as_str()),
            _ => message,
        }
    }

    /// Its list of values, with the attachments in their places.
    pub(crate) fn values(&self, attachments: &[Seq<u8>]) -> Result<Vec<Value>, Malformed> {
        let payload = self.payload.as_ref();
        let items = payload.and_then(RawJson::items);
        let items = items.ok_or(Malformed("a packet came without a list of arguments"))?;
        match self.attachments {
            None => Ok(items.map(Value::from).collect()),
            Some(_) => items.map(|item| put_back(&item, attachments)).collect(),
        }
    }

    /// The event that it is.
    pub(crate) fn event(&self, attachments: &[Seq<u8>]) -> Result<Named, Malformed> {
        const WITHOUT: Malformed = Malformed("an event came without a name");
        let mut args = self.values(attachments)?;
        if args.is_empty() {
            return Err(WITHOUT);
        }
        let name = match args.remove(0) {
            Value::Text(name) => name,
            // The reference allows numbers as names.
            Value::Number(number) => Text::from(number.to_string()),
            _ => return Err(WITHOUT),
        };
        Ok(Named { name, args })
    }
}

/// Reads the digits at the beginning of a text. `None` if there are none.
fn digits(text: &str) -> Result<(Option<u64>, &str), Malformed> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(end);
    match digits {
        "" => Ok((None, rest)),
        _ if end > DIGITS => Err(Malformed(
            "a packet of Socket.IO came with too large a number",
        )),
        digits => Ok((digits.parse().ok(), rest)),
    }
}

#[cfg(test)]
mod tests;
