//! Values, types, conversions and operators of the grid language.
//!
//! The compiler folds constants with this crate and a compiled grid computes with it, so each function and
//! operator has one implementation. No I/O but the environment (`env`), no clock, no async.

pub mod base64;
pub mod calendar;
pub mod context;
pub mod convert;
pub mod duration;
pub mod fault;
pub mod json;
pub mod literal;
pub mod number;
pub mod ops;
pub mod ordered;
pub mod split_mix;
pub mod text;
pub mod types;
pub mod value;

pub use fault::Fault;
pub use number::Number;
pub use ordered::OrderedPairs;
pub use text::Text;
pub use types::{Field, NamedType, Type};
pub use value::{Seq, Value};
