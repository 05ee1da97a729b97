//! Whether the text of a fault may name hosts.

use bggo_runtime::contract::FaultText;
use bggo_wire::Named;
use url::Url;

/// Whether faults of a step with a secret may name hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// They may: the url contains no secret.
    Open,
    /// They may not: the url contains a secret.
    OfSensitiveUrl,
}

impl Hosts {
    /// Host and port: never the path or query.
    pub fn place(self, url: &Url) -> FaultText {
        let text = self.name(url.host_str().unwrap_or("?"));
        match url.port_or_known_default() {
            Some(port) => text.and(format_args!(":{port}")),
            None => text,
        }
    }

    /// The same for connections.
    pub fn named(self) -> Named {
        match self {
            Self::Open => Named::Open,
            Self::OfSensitiveUrl => Named::Secret,
        }
    }

    /// A host's name.
    pub fn name(self, name: &str) -> FaultText {
        match self {
            Self::Open => FaultText::plain(name),
            Self::OfSensitiveUrl => FaultText::value(name),
        }
    }
}
