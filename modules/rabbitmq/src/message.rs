//! A message that came: its method, its header and its body, as the server sent them.

use crate::codec::content;
use crate::method::{Envelope, Method};
use crate::properties::{self, shown, size_of_body};
use bggo_runtime::contract::{Moment, Text, Value};

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    /// The payload of the method, of the header, and the body.
    bytes: Vec<u8>,
    header: usize,
    body: usize,
    /// When its last bytes were read.
    pub(crate) came: Option<Moment>,
}

/// A message that has not come whole.
#[derive(Debug)]
pub(crate) struct Partial {
    message: Message,
    /// Bytes of the body that are missing. `None` before its header came.
    missing: Option<usize>,
}

/// Why a message cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoMessage {
    /// Its parts do not fit.
    Broken,
    /// It has more bytes than are taken.
    TooLarge,
}

impl Partial {
    /// Begins with the payload of its method.
    pub(crate) fn new(method: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(method.len() + 128);
        bytes.extend_from_slice(method);
        Self {
            message: Message {
                header: bytes.len(),
                body: bytes.len(),
                bytes,
                came: None,
            },
            missing: None,
        }
    }

    /// Takes the header of a message whose body has at most so many bytes.
    ///
    /// # Errors
    /// It is none, came already, or announces more.
    pub(crate) fn take_header(&mut self, header: &[u8], most: usize) -> Result<(), NoMessage> {
        let size = size_of_body(header).ok_or(NoMessage::Broken)?;
        let size = usize::try_from(size).map_err(|_| NoMessage::TooLarge)?;
        if self.missing.replace(size).is_some() {
            return Err(NoMessage::Broken);
        }
        if size > most {
            return Err(NoMessage::TooLarge);
        }
        let message = &mut self.message;
        message.bytes.reserve(header.len() + size);
        message.bytes.extend_from_slice(header);
        message.body = message.bytes.len();
        Ok(())
    }

    /// Takes a part of the body.
    ///
    /// # Errors
    /// There is no header, or more came than it says.
    pub(crate) fn take_body(&mut self, part: &[u8]) -> Result<(), NoMessage> {
        let missing = self.missing.ok_or(NoMessage::Broken)?;
        let left = missing.checked_sub(part.len()).ok_or(NoMessage::Broken)?;
        self.missing = Some(left);
        self.message.bytes.extend_from_slice(part);
        Ok(())
    }

    /// The message, if it has come whole.
    pub(crate) fn whole(self) -> Result<Message, Self> {
        match self.missing {
            Some(0) => Ok(self.message),
            _ => Err(self),
        }
    }
}

impl Message {
    /// What the server said of it.
    pub(crate) fn method(&self) -> Option<Method<'_>> {
        Method::read(self.bytes.get(..self.header)?)
    }

    /// Where it comes from, if it was delivered or got.
    pub(crate) fn envelope(&self) -> Option<Envelope<'_>> {
        match self.method()? {
            Method::Deliver { envelope, .. } | Method::Got { envelope, .. } => Some(envelope),
            _ => None,
        }
    }

    fn header(&self) -> &[u8] {
        self.bytes.get(self.header..self.body).unwrap_or_default()
    }

    /// Its body.
    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }

    /// Its bytes in memory.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The number that its server gave to its delivery on its channel.
    pub(crate) fn tag(&self) -> u64 {
        self.envelope().map_or(0, |envelope| envelope.tag)
    }

    /// Whether it was delivered before.
    pub(crate) fn is_redelivered(&self) -> bool {
        self.envelope().is_some_and(|envelope| envelope.redelivered)
    }

    /// Its correlation id, if it has one.
    pub(crate) fn correlation_id(&self) -> Option<&[u8]> {
        properties::correlation_id(self.header())
    }

    /// Its stamp, if it has one.
    pub(crate) fn stamp(&self) -> Option<Vec<u8>> {
        properties::stamp(self.header())
    }

    /// As an output. `delivery_tag` is what the runner `rabbitmq_ack` takes.
    pub(crate) fn value(&self, delivery_tag: Value) -> Value {
        let (exchange, routing_key) = match self.envelope() {
            Some(envelope) => (shown(envelope.exchange), shown(envelope.routing_key)),
            None => (Value::Null, Value::Null),
        };
        Value::from(vec![
            (Text::Static("body"), content(self.body())),
            (
                Text::Static("properties"),
                properties::read(self.header()).unwrap_or(Value::Null),
            ),
            (Text::Static("exchange"), exchange),
            (Text::Static("routing_key"), routing_key),
            (
                Text::Static("redelivered"),
                Value::Bool(self.is_redelivered()),
            ),
            (Text::Static("delivery_tag"), delivery_tag),
        ])
    }
}
