//! What goes wrong while values are computed: one clause, no place (whoever calls knows the place).

use std::fmt;

/// A value fault: division by zero, an index out of range, a conversion that is not possible, a null operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<str>);

impl Fault {
    /// A fault with its text: one short clause without a full stop.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into_boxed_str())
    }

    /// The clause.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}
