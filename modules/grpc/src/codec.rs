//! The messages of a method: what the grid gives to bytes, and bytes to what it reads.

use bggo_protobuf::{Decoder, Encoder, Limits, Skeleton, Table, Wanted};
use bggo_runtime::contract::{Fault, FaultText, Method, Parts, Shape, Value};
use std::sync::Arc;

/// A method with its messages.
#[derive(Debug)]
pub struct Codec {
    pub(crate) method: Method,
    table: Arc<Table>,
}

/// A message that is sent, as far as it is known before.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it, as bytes.
    Known(Vec<u8>),
    /// Its holes are filled each time.
    Holes(Encoder),
    /// It comes as a whole each time.
    Whole,
}

impl Codec {
    /// Reads the messages of a method.
    ///
    /// # Errors
    /// What the compiler wrote is damaged.
    pub(crate) fn new(method: Method) -> Result<Self, Fault> {
        let table = Arc::new(Table::read(method.table)?);
        Ok(Self { method, table })
    }

    /// Prepares a message that is known as far as `shape` says; without one it is the message without fields.
    ///
    /// # Errors
    /// What is known is no such message.
    pub(crate) fn content(&self, shape: Option<&Shape>) -> Result<Content, Fault> {
        let empty = Shape::Known(Value::Null);
        let skeleton = skeleton(shape.unwrap_or(&empty));
        let encoder = Encoder::new(Arc::clone(&self.table), self.table.request(), &skeleton)?;
        Ok(match encoder.known() {
            Some(known) => Content::Known(known.to_vec()),
            None => Content::Holes(encoder),
        })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// It is no such message.
    pub(crate) fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), Fault> {
        Ok(bggo_protobuf::encode(
            &self.table,
            self.table.request(),
            value,
            out,
        )?)
    }

    /// Writes a message of which `parts` came with the run.
    ///
    /// # Errors
    /// It is no such message.
    pub(crate) fn put(
        &self,
        content: &Content,
        parts: Option<Parts<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        match (content, parts) {
            (Content::Known(bytes), _) => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            (Content::Holes(encoder), Some(Parts::Holes(holes))) => Ok(encoder.encode(holes, out)?),
            (_, Some(Parts::Whole(value))) => self.encode(value, out),
            // A null, which stands for the message without fields.
            (Content::Whole, None) => self.encode(&Value::Null, out),
            (Content::Holes(_), None) | (Content::Whole, Some(Parts::Holes(_))) => {
                Err(Fault::new("value", "the holes of a message have no values"))
            }
        }
    }

    /// What reads messages of the server.
    ///
    /// # Errors
    /// What the compiler wrote is damaged.
    pub(crate) fn decoder(&self) -> Result<Decoder, Fault> {
        let table = Arc::clone(&self.table);
        let response = self.table.response();
        Ok(Decoder::new(table, response, &Wanted::All, Limits::USUAL)?)
    }

    /// A message that was sent, for people to see.
    pub(crate) fn sent(&self, bytes: &[u8]) -> Option<Value> {
        let table = Arc::clone(&self.table);
        let request = self.table.request();
        let decoder = Decoder::new(table, request, &Wanted::All, Limits::USUAL).ok()?;
        decoder.decode(bytes).ok()
    }
}

/// The value of a message that came.
///
/// # Errors
/// The bytes are no such message.
pub(crate) fn decode(decoder: &Decoder, bytes: &[u8]) -> Result<Value, Fault> {
    decoder.decode(bytes).map_err(|fault| {
        let [before, value, after] = fault.parts();
        let text = FaultText::plain("a message of the server cannot be read: ");
        let text = text.and(before).and_value(value).and(after);
        crate::grpc_request::Error::Decode.fault(text)
    })
}

fn skeleton(shape: &Shape) -> Skeleton {
    match shape {
        Shape::Known(value) => Skeleton::Known(value.clone()),
        Shape::Hole(number) => Skeleton::Hole(*number),
        Shape::List(items) => Skeleton::List(items.iter().map(skeleton).collect()),
        Shape::Object(pairs) => {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(name, part)| (name.clone(), skeleton(part)));
            Skeleton::Object(pairs.collect())
        }
    }
}
