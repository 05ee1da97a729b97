//! What is wrong with what the other end sent, and the code with which the session is closed for it.

/// A message or frame that the protocol forbids, or that is too large. Its text is a clause of our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Against the rules of frames.
    Protocol(&'static str),
    /// More bytes than a message may have.
    TooLarge,
    /// A text that is no UTF-8.
    InvalidUtf8,
}

impl Violation {
    /// The close code of RFC 6455, section 7.4.1.
    pub(crate) const fn close_code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::TooLarge => 1009,
            Self::InvalidUtf8 => 1007,
        }
    }
}
