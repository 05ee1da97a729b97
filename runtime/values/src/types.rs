//! The types of the grid language, how they are written, and how they come together.

mod fit;
mod text;
mod unify;

pub use fit::Fit;
pub use text::parse;

use crate::{Fault, Text, Value, json};

/// A static type. `Display` writes it as a grid would (`list(string)`, `object({a = number})`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// Decimal of 28 significant digits.
    Number,
    /// Truth value.
    Bool,
    /// Length of time.
    Duration,
    /// A number of bytes, as a limit or a length: the value is a whole number that is not negative.
    Size,
    /// Raw content. A text that stands where bytes are wanted is its UTF-8.
    Bytes,
    /// Ordered items of one type.
    List(Box<Type>),
    /// Distinct items of one type, in order of value.
    Set(Box<Type>),
    /// Text keys to values of one type.
    Map(Box<Type>),
    /// Named attributes in written order.
    Object(Vec<Field>),
    /// Items each of its own type.
    Tuple(Vec<Type>),
    /// Known only at run time.
    Any,
    /// What a document describes, such as the schema of an answer: a program treats it as `any`. Only in the compiler, which
    /// opens one level of it at a time, so that types may hold themselves.
    Named(NamedType),
    /// The type of the literal `null`, which fits every type.
    Null,
    /// An expression that has a reported error: fits everything, silences follow-on errors. Only in the compiler.
    Error,
}

/// A type of a document, by its place there.
#[derive(Debug, Clone)]
pub struct NamedType {
    /// How people see it.
    pub name: Text,
    /// Which document.
    pub document: u32,
    /// Which of the types of this document.
    pub node: u32,
}

impl PartialEq for NamedType {
    fn eq(&self, other: &Self) -> bool {
        (self.document, self.node) == (other.document, other.node)
    }
}

impl Eq for NamedType {}

/// An attribute of an object type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Text,
    /// Its type.
    pub ty: Type,
    /// `Some` for `optional(T)` / `optional(T, default)`: the value when the attribute is absent (null without a default).
    pub optional: Option<OptionalDefault>,
}

/// The default of an optional attribute, kept comparable as its JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalDefault(pub Option<Text>);

impl OptionalDefault {
    /// The value of an attribute that is absent.
    ///
    /// # Errors
    /// Never for a default that `parse` read.
    pub fn value(&self) -> Result<Value, Fault> {
        self.0
            .as_ref()
            .map_or(Ok(Value::Null), |text| json::decode(text))
    }
}

impl Field {
    /// An attribute that must be there.
    pub fn required(name: &'static str, ty: Type) -> Self {
        Self {
            name: Text::Static(name),
            ty,
            optional: None,
        }
    }

    /// An attribute that may be absent: it has this default then, given as JSON.
    pub fn optional(name: &'static str, ty: Type, default: Option<&'static str>) -> Self {
        Self {
            name: Text::Static(name),
            ty,
            optional: Some(OptionalDefault(default.map(Text::Static))),
        }
    }
}

impl Type {
    /// The type that a word alone names.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "string" => Self::String,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "duration" => Self::Duration,
            "size" => Self::Size,
            "bytes" => Self::Bytes,
            "any" => Self::Any,
            _ => return None,
        })
    }

    /// A list of this.
    pub fn list(item: Type) -> Self {
        Self::List(Box::new(item))
    }

    /// A set of this.
    pub fn set(item: Type) -> Self {
        Self::Set(Box::new(item))
    }

    /// A map to this.
    pub fn map(item: Type) -> Self {
        Self::Map(Box::new(item))
    }

    /// The type that a literal of this value has: tuples and objects, never lists and maps.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::Text(_) => Self::String,
            Value::Duration(_) => Self::Duration,
            Value::Bytes(_) => Self::Bytes,
            Value::List(items) => Self::tuple_of(items),
            Value::Object(pairs) => Self::object_of(pairs),
            Value::Raw(raw) => match (value.items(), value.pairs()) {
                (Some(items), _) => Self::tuple_of(&items),
                (_, Some(pairs)) => Self::object_of(&pairs),
                _ => raw.scalar().map_or(Self::Number, |value| Self::of(&value)),
            },
        }
    }

    /// How many types it is made of, itself included; one more than `most` if there are more, however many they are.
    pub fn size(&self, most: usize) -> usize {
        let mut open = vec![self];
        let mut size = 0;
        while let Some(ty) = open.pop() {
            size += 1;
            if size > most {
                break;
            }
            match ty {
                Self::List(item) | Self::Set(item) | Self::Map(item) => open.push(item),
                Self::Object(fields) => open.extend(fields.iter().map(|field| &field.ty)),
                Self::Tuple(items) => open.extend(items),
                _ => {}
            }
        }
        size
    }

    fn tuple_of(items: &[Value]) -> Self {
        Self::Tuple(items.iter().map(Self::of).collect())
    }

    fn object_of(pairs: &[(Text, Value)]) -> Self {
        let field = |(name, value): &(Text, Value)| Field {
            name: name.clone(),
            ty: Self::of(value),
            optional: None,
        };
        Self::Object(pairs.iter().map(field).collect())
    }
}

#[cfg(test)]
mod tests;
