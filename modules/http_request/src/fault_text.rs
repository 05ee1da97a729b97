//! The text of a fault, of parts: those that may hold a value of the grid or of an answer, and those that cannot. Until the
//! runtime keeps the parts apart they are one text.

use std::fmt;

/// A text in the making.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FaultText(String);

impl FaultText {
    /// Text that can hold no value.
    pub(crate) fn plain(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    /// Text that may hold a value.
    pub(crate) fn value(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }

    /// More text that can hold no value.
    pub(crate) fn and(self, text: impl fmt::Display) -> Self {
        Self(format!("{}{text}", self.0))
    }

    /// More text that may hold a value.
    pub(crate) fn and_value(self, text: impl fmt::Display) -> Self {
        self.and(text)
    }

    /// All of another text.
    pub(crate) fn and_text(self, other: &Self) -> Self {
        self.and(&other.0)
    }
}

impl From<FaultText> for String {
    fn from(text: FaultText) -> Self {
        text.0
    }
}

impl From<&'static str> for FaultText {
    fn from(text: &'static str) -> Self {
        Self::plain(text)
    }
}
