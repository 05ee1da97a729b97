//! The value of an expression, in the compiler while it folds and in a compiled grid while it runs.

use crate::json::RawJson;
use crate::{Number, Text};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// A sequence that is cheap to clone: static data of the program, or shared items made at run time.
#[derive(Debug)]
pub enum Seq<T: 'static> {
    /// Data of the program.
    Static(&'static [T]),
    /// Made at run time, shared by its clones.
    Shared(Arc<[T]>),
}

impl<T> Clone for Seq<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Static(items) => Self::Static(items),
            Self::Shared(items) => Self::Shared(Arc::clone(items)),
        }
    }
}

impl<T> Deref for Seq<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Self::Static(items) => items,
            Self::Shared(items) => items,
        }
    }
}

impl<T> From<Vec<T>> for Seq<T> {
    fn from(items: Vec<T>) -> Self {
        Self::Shared(items.into())
    }
}

/// A value. Its static type is known to the compiler; at run time a list, a set and a tuple are all `List`
/// (a set is sorted and without duplicates), a map and an object both `Object`.
/// Every variant can be made in a `const`.
#[derive(Debug, Clone)]
pub enum Value {
    /// The absent value of any type.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A decimal number.
    Number(Number),
    /// A string.
    Text(Text),
    /// A length of time.
    Duration(Duration),
    /// A size or raw content in bytes.
    Bytes(Seq<u8>),
    /// A list, set or tuple.
    List(Seq<Value>),
    /// A map or object: pairs in written order, keys unique.
    Object(Seq<(Text, Value)>),
    /// JSON text of a response, checked to be valid, read at a path only when somebody asks.
    Raw(RawJson),
}
