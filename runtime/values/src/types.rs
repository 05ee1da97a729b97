//! The types of the grid language and how they are written.

use crate::Text;

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
    /// Raw bytes or a size.
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
    /// The type of the literal `null`, which fits every type.
    Null,
    /// An expression that has a reported error: fits everything, silences follow-on errors. Only in the compiler.
    Error,
}

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
