//! Where a connection goes, and how texts of faults name that place.

use bggo_runtime::contract::FaultText;
use std::fmt::Display;
use std::path::Path;

/// Where a connection goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The other end.
    pub address: Address<'a>,
    /// The name that TLS asks for and checks: that of the host as a rule. Without one there is no TLS.
    pub secure: Option<&'a str>,
    /// Whether texts of faults may name it.
    pub named: Named,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub enum Address<'a> {
    /// A host by its name or address, and a port.
    Host {
        /// The name or address. One of IPv6 stands without brackets.
        name: &'a str,
        /// The port.
        port: u16,
    },
    /// A socket in the file system.
    Unix(&'a Path),
}

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

impl Target<'_> {
    /// Host and port, or the path.
    pub fn place(&self) -> FaultText {
        match self.address {
            Address::Host { name, port } => self.named.place(name, port),
            Address::Unix(path) => self.named.text(path.display()),
        }
    }

    /// The beginning of a text that says why there is no connection.
    pub(crate) fn no_connection(&self) -> FaultText {
        FaultText::plain("no connection to ").and_text(&self.place())
    }
}
