//! What a `.proto` file says, before its names mean anything.

use std::ops::Range;

use crate::diagnostics::Hint;

/// A piece of a file's text, in bytes.
pub(super) type At = Range<u32>;

/// Something that is wrong in a file.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) at: At,
    pub(super) text: String,
    pub(super) hint: Option<Box<Hint>>,
    /// More places of the same file.
    pub(super) labels: Vec<(At, String)>,
}

impl Fault {
    pub(super) fn new(at: At, text: impl Into<String>) -> Self {
        Self {
            at,
            text: text.into(),
            hint: None,
            labels: Vec::new(),
        }
    }

    pub(super) fn advise(mut self, hint: impl Into<Option<Hint>>) -> Self {
        self.hint = hint.into().map(Box::new);
        self
    }

    pub(super) fn hint(self, words: impl Into<String>) -> Self {
        self.advise(Hint::from(words.into()))
    }

    pub(super) fn label(mut self, at: At, text: impl Into<String>) -> Self {
        self.labels.push((at, text.into()));
        self
    }
}

/// A name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) at: At,
}

/// A number and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: i64,
    pub(super) at: At,
}

/// Which rules a file is written by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Syntax {
    /// `proto2`, and a file that says nothing.
    #[default]
    Two,
    /// `proto3`.
    Three,
}

/// A file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) syntax: Syntax,
    pub(super) package: Option<Name>,
    pub(super) imports: Vec<Import>,
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
    pub(super) services: Vec<Service>,
    pub(super) extends: Vec<Extend>,
}

/// A file that another one reads.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) path: Name,
    /// Whoever imports the file sees this one, too.
    pub(super) is_public: bool,
    /// It may be missing.
    pub(super) is_weak: bool,
}

#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: Name,
    pub(super) doc: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) oneofs: Vec<Oneof>,
    pub(super) messages: Vec<Message>,
    pub(super) enums: Vec<Enum>,
    pub(super) extends: Vec<Extend>,
    pub(super) reserved: Reserved,
    /// Numbers that are left to extensions.
    pub(super) extensions: Vec<Numbers>,
}

/// Numbers and names that nothing may have.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    pub(super) numbers: Vec<Numbers>,
    pub(super) names: Vec<Name>,
}

/// From one number to another one, both counted.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) at: At,
}

#[derive(Debug)]
pub(super) struct Oneof {
    pub(super) name: Name,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) label: Option<(Label, At)>,
    pub(super) ty: Type,
    pub(super) name: Name,
    pub(super) number: Numbered,
    pub(super) options: Options,
    /// Its place in the message's list.
    pub(super) oneof: Option<usize>,
    pub(super) doc: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Optional,
    Required,
    Repeated,
}

/// A type as it is written.
#[derive(Debug, Clone)]
pub(super) enum Type {
    /// A word such as `int32`, or the name of a message or an enum.
    Named(Name),
    /// The types of keys and of values.
    Map(Name, Name),
}

/// The options of a field that say something of its bytes or of its names.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) packed: Option<(bool, At)>,
    pub(super) json_name: Option<Name>,
    pub(super) default: Option<At>,
}

#[derive(Debug)]
pub(super) struct Enum {
    pub(super) name: Name,
    pub(super) values: Vec<EnumValue>,
    pub(super) allows_alias: bool,
    pub(super) reserved: Reserved,
}

#[derive(Debug)]
pub(super) struct EnumValue {
    pub(super) name: Name,
    pub(super) number: Numbered,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: Name,
    pub(super) methods: Vec<Method>,
}

#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: Name,
    pub(super) request: Name,
    pub(super) response: Name,
    /// The client sends a list of messages.
    pub(super) streams_requests: bool,
    /// The server answers with a list of messages.
    pub(super) streams_responses: bool,
    pub(super) doc: Option<String>,
}

/// Fields that are added to a message from outside.
#[derive(Debug)]
pub(super) struct Extend {
    pub(super) of: Name,
    pub(super) fields: Vec<Field>,
}
