//! What the grid gives for a load, and what is wrong with it.

use super::profile::Field;
use bggo_values::Value;

/// A field with its value. Null counts as absent.
#[derive(Debug, Clone)]
pub(super) struct Given<P> {
    pub(super) field: Field,
    /// Absent while it is known only when the program starts.
    pub(super) value: Option<Value>,
    pub(super) place: P,
}

/// A block `stage`.
#[derive(Debug, Clone)]
pub(super) struct GivenStage<P> {
    pub(super) place: P,
    pub(super) fields: Vec<Given<P>>,
}

/// Something that is wrong with a declared load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong<P> {
    /// What kind of mistake it is.
    pub kind: Mistake,
    /// Where.
    pub place: P,
    /// One line.
    pub text: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// Kinds of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// A field or a stage is missing.
    Missing,
    /// `pace` where iterations begin by the clock.
    PaceOfOpen,
    /// A value that cannot be, alone or beside another one.
    Value,
}
