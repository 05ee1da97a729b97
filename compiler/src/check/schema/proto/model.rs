//! Messages, enums and methods with their names resolved, whether they come from texts or from a descriptor set.

use bggo_protobuf::schema::{Form, Kind, Label};
use bggo_values::Type;

use crate::source::Span;

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Message {
    /// The full name, without a dot before it.
    pub(in crate::check) name: String,
    /// What it is as a value.
    pub(in crate::check) form: Form,
    /// In the order in which they are declared.
    pub(in crate::check) fields: Vec<Field>,
    /// The names of its oneofs.
    pub(in crate::check) oneofs: Vec<String>,
    /// Its comment.
    pub(in crate::check) doc: Option<String>,
    /// Its name, where its text is known.
    pub(in crate::check) at: Option<Span>,
}

/// A field. The places in `kind` are those of the files that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Field {
    /// The name.
    pub(in crate::check) name: String,
    /// The name in JSON.
    pub(in crate::check) json_name: String,
    /// The number.
    pub(in crate::check) number: u32,
    /// The type; of a map that of its values.
    pub(in crate::check) kind: Kind,
    /// How often it may be there.
    pub(in crate::check) label: Label,
    /// The place of its oneof in the message's list.
    pub(in crate::check) oneof: Option<u32>,
    /// Its comment.
    pub(in crate::check) doc: Option<String>,
    /// Its name, where its text is known.
    pub(in crate::check) at: Option<Span>,
}

/// An enum.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Enum {
    /// The full name, without a dot before it.
    pub(in crate::check) name: String,
    /// Names and numbers in the order in which they are declared.
    pub(in crate::check) values: Vec<(String, i32)>,
    /// Its name, where its text is known.
    pub(in crate::check) at: Option<Span>,
}

/// A method of a service.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) struct Method {
    /// `package.Service/Method`.
    pub(in crate::check) path: String,
    /// The place of the message that is sent.
    pub(in crate::check) request: u32,
    /// The place of the message that comes back.
    pub(in crate::check) response: u32,
    /// The client sends a list of messages.
    pub(in crate::check) streams_requests: bool,
    /// The server answers with a list of messages.
    pub(in crate::check) streams_responses: bool,
    /// Its comment.
    pub(in crate::check) doc: Option<String>,
    /// Its name, where its text is known.
    pub(in crate::check) at: Option<Span>,
}

/// What one value of a field is in the language.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum Holds {
    /// A value of a type of the language.
    Plain(Type),
    /// The name of a value of the enum at this place.
    Enum(u32),
    /// An object by the message at this place.
    Message(u32),
}

impl Field {
    /// Whether it is a list.
    pub(in crate::check) fn is_list(&self) -> bool {
        matches!(self.label, Label::Repeated | Label::Packed)
    }

    /// Whether it is an object with any keys.
    pub(in crate::check) fn is_map(&self) -> bool {
        matches!(self.label, Label::Map(_))
    }
}

/// What a value of this kind is; `messages` are those that the kind has its place in.
pub(super) fn holds(kind: Kind, messages: &[Message]) -> Holds {
    let plain = Holds::Plain;
    match kind {
        Kind::Bool => plain(Type::Bool),
        Kind::String => plain(Type::String),
        Kind::Bytes => plain(Type::Bytes),
        Kind::Enum(place) => Holds::Enum(place),
        Kind::Message(place) => {
            let Some(message) = messages.get(place as usize) else {
                return plain(Type::Any);
            };
            match message.form {
                Form::Object => Holds::Message(place),
                Form::Timestamp => plain(Type::String),
                Form::Duration => plain(Type::Duration),
                Form::Struct => plain(Type::map(Type::Any)),
                Form::Any => plain(Type::Any),
                Form::List => plain(Type::list(Type::Any)),
                Form::Wrapper => match message.fields.first() {
                    Some(wrapped) => holds(wrapped.kind, &[]),
                    None => plain(Type::Any),
                },
            }
        }
        _ => plain(Type::Number),
    }
}
