//! What a step sends: a text, JSON or bytes, of which exactly one is given.

use crate::session::{Content, Message, Outgoing, Packed};
use bggo_runtime::contract::{Fault, RawJson, Text, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// The content of a message, early or late.
#[derive(Debug)]
pub(crate) enum Given<'a> {
    Text(Cow<'a, str>),
    Binary(&'a [u8]),
}

impl<'a> Given<'a> {
    /// The one that is given.
    ///
    /// # Errors
    /// None is.
    pub(crate) fn one(
        text: Option<Cow<'a, str>>,
        json: Option<Cow<'a, str>>,
        binary: Option<&'a [u8]>,
    ) -> Result<Self, Fault> {
        match (text.or(json), binary) {
            (Some(text), _) => Ok(Self::Text(text)),
            (None, Some(bytes)) => Ok(Self::Binary(bytes)),
            (None, None) => Err(Fault::missing("text")),
        }
    }

    /// The same, for longer than the inputs live.
    pub(crate) fn into_fixed(self) -> Fixed {
        match self {
            Self::Text(text) => Fixed {
                is_text: true,
                bytes: text.into_owned().into_bytes().into(),
                packed: Packed::new(),
            },
            Self::Binary(bytes) => Fixed {
                is_text: false,
                bytes: bytes.into(),
                packed: Packed::new(),
            },
        }
    }

    /// As it is sent.
    pub(crate) fn outgoing(&self) -> Outgoing<'_> {
        match self {
            Self::Text(text) => Outgoing {
                is_text: true,
                bytes: text.as_bytes(),
            },
            Self::Binary(bytes) => Outgoing {
                is_text: false,
                bytes,
            },
        }
    }
}

/// A content that is the same in all runs of a step. It is compressed once, for the first session that compresses.
#[derive(Debug)]
pub(crate) struct Fixed {
    is_text: bool,
    bytes: Box<[u8]>,
    pub(crate) packed: Packed,
}

impl Fixed {
    /// As it is sent.
    pub(crate) fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            is_text: self.is_text,
            bytes: &self.bytes,
        }
    }
}

/// Which outputs of a message are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) message: bool,
    pub(crate) json: bool,
    pub(crate) binary: bool,
}

/// The outputs of a message: its text, its JSON, its bytes.
pub(crate) fn outputs(message: Option<&Message>, reads: Reads) -> (Value, Value, Value) {
    let mut made = (Value::Null, Value::Null, Value::Null);
    match message.map(|message| &message.content) {
        Some(Content::Text(text)) => {
            if reads.json {
                let shared: Arc<str> = match text {
                    Text::Shared(text) => Arc::clone(text),
                    Text::Static(text) => Arc::from(*text),
                };
                made.1 = Value::Raw(RawJson::of_answer(shared));
            }
            if reads.message {
                made.0 = text.clone().into();
            }
        }
        Some(Content::Binary(bytes)) if reads.binary => made.2 = Value::Bytes(bytes.clone()),
        Some(Content::Binary(_)) | None => {}
    }
    made
}

/// A message as a value: a string, or bytes.
pub(crate) fn value(message: &Message) -> Value {
    match &message.content {
        Content::Text(text) => text.clone().into(),
        Content::Binary(bytes) => Value::Bytes(bytes.clone()),
    }
}
