//! Whether texts of faults may name hosts, and how they do.

use bggo_runtime::contract::FaultText;
use std::fmt::Display;

/// Whether the texts of faults may name hosts. They may not where the name comes from a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// They may.
    Open,
    /// They are kept back where secrets are.
    Secret,
}

impl Named {
    /// A host's name in a text.
    pub fn text(self, name: impl Display) -> FaultText {
        match self {
            Self::Open => FaultText::plain(name),
            Self::Secret => FaultText::value(name),
        }
    }

    /// Host and port in a text.
    pub(crate) fn place(self, host: &str, port: u16) -> FaultText {
        if host.contains(':') {
            self.text(format_args!("[{host}]"))
        } else {
            self.text(host)
        }
        .and(format_args!(":{port}"))
    }
}
