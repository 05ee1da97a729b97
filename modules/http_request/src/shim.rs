//! shim
use std::fmt;
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultText(String);
impl FaultText {
    pub fn plain(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }
    pub fn value(text: impl fmt::Display) -> Self {
        Self(text.to_string())
    }
    pub fn and(self, text: impl fmt::Display) -> Self {
        Self(format!("{}{text}", self.0))
    }
    pub fn and_value(self, text: impl fmt::Display) -> Self {
        Self(format!("{}{text}", self.0))
    }
    pub fn and_text(self, other: &Self) -> Self {
        Self(format!("{}{}", self.0, other.0))
    }
}
impl From<FaultText> for String {
    fn from(t: FaultText) -> String {
        t.0
    }
}
impl From<&'static str> for FaultText {
    fn from(t: &'static str) -> Self {
        Self(t.to_owned())
    }
}
