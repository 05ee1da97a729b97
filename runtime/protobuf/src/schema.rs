//! Messages and enums as plain data: what a table is written from, and what is read from it.

use bggo_values::Text;

/// The messages that a method can reach. The numbers in `request`, `response`, and in `Kind` are places in these lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The messages, each once.
    pub messages: Vec<Message>,
    /// The enums, each once.
    pub enums: Vec<Enum>,
    /// What is sent.
    pub request: u32,
    /// What comes back.
    pub response: u32,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The full name, without a dot before it.
    pub name: Text,
    /// What it is as a value.
    pub form: Form,
    /// The fields in the order in which they are declared. Of a form that is neither an object nor a wrapper none are kept.
    pub fields: Vec<Field>,
    /// The names of its oneofs; those that only stand for `optional` are none.
    pub oneofs: Vec<Text>,
}

/// What a message is as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An object.
    Object,
    /// `google.protobuf.Timestamp`: a text by RFC 3339.
    Timestamp,
    /// `google.protobuf.Duration`: a duration.
    Duration,
    /// One of the wrappers: the value of its only field.
    Wrapper,
    /// `google.protobuf.Struct`: an object of any values.
    Struct,
    /// `google.protobuf.Value`: any value.
    Any,
    /// `google.protobuf.ListValue`: a list of any values.
    List,
}

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: Text,
    /// The name in JSON.
    pub json_name: Text,
    /// The number, from 1.
    pub number: u32,
    /// The type; of a map that of its values.
    pub kind: Kind,
    /// How often it may be there.
    pub label: Label,
    /// The place of its oneof in the message's list.
    pub oneof: Option<u32>,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are those of the language")]
pub enum Kind {
    Double,
    Float,
    Int64,
    Uint64,
    Int32,
    Fixed64,
    Fixed32,
    Bool,
    String,
    Bytes,
    Uint32,
    Sfixed32,
    Sfixed64,
    Sint32,
    Sint64,
    /// The enum at this place.
    Enum(u32),
    /// The message at this place.
    Message(u32),
}

/// How often a field may be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Always there: what is not sent is zero, false or empty.
    Implicit,
    /// There or not.
    Optional,
    /// It must be sent.
    Required,
    /// A list whose items are sent one by one.
    Repeated,
    /// A list of numbers that are sent as one.
    Packed,
    /// A map with keys of this type.
    Map(Kind),
}

/// An enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enum {
    /// The full name, without a dot before it.
    pub name: Text,
    /// Names and numbers in the order in which they are declared. Of two names of one number the first is read.
    pub values: Vec<(Text, i32)>,
}

impl Form {
    /// What the message of this full name is.
    pub fn of(name: &str) -> Self {
        match name.strip_prefix("google.protobuf.") {
            Some("Timestamp") => Self::Timestamp,
            Some("Duration") => Self::Duration,
            Some("Struct") => Self::Struct,
            Some("Value") => Self::Any,
            Some("ListValue") => Self::List,
            Some(
                "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value"
                | "UInt32Value" | "BoolValue" | "StringValue" | "BytesValue",
            ) => Self::Wrapper,
            _ => Self::Object,
        }
    }

    /// Whether a table keeps the fields of such a message.
    pub fn has_fields(self) -> bool {
        matches!(self, Self::Object | Self::Wrapper)
    }
}

impl Kind {
    /// Whether several of it can be sent as one.
    pub fn is_packable(self) -> bool {
        !matches!(self, Self::String | Self::Bytes | Self::Message(_))
    }

    /// Whether it may be the key of a map.
    pub fn is_key(self) -> bool {
        !matches!(
            self,
            Self::Double | Self::Float | Self::Bytes | Self::Enum(_) | Self::Message(_)
        )
    }
}

/// The name that a field has in JSON if its file gives it none: underscores go, and the letters behind them become large.
pub fn json_name(name: &str) -> String {
    let mut json = String::with_capacity(name.len());
    let mut is_first_of_word = false;
    for letter in name.chars() {
        match letter {
            '_' => is_first_of_word = true,
            letter if is_first_of_word => {
                json.push(letter.to_ascii_uppercase());
                is_first_of_word = false;
            }
            letter => json.push(letter),
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_json_have_no_underscores() {
        let cases = [
            ("a", "a"),
            ("user_id", "userId"),
            ("_x", "X"),
            ("a__b_", "aB"),
            ("Foo_bar", "FooBar"),
            ("a_1b", "a1b"),
        ];
        for (name, json) in cases {
            assert_eq!(json_name(name), json, "{name}");
        }
    }
}
