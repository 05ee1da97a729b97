//! Whether the names of hosts may stand in the text of a fault.

use bggo_runtime::contract::FaultText;
use url::Url;

/// Whether the names of hosts may be shown of a step with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// The secret is elsewhere: they say where something happened.
    Open,
    /// The url itself holds what is sensitive.
    OfSensitiveUrl,
}

impl Hosts {
    /// Host and port: never the path or query.
    pub(crate) fn place(self, url: &Url) -> FaultText {
        let text = self.name(url.host_str().unwrap_or("?"));
        match url.port_or_known_default() {
            Some(port) => text.and(format_args!(":{port}")),
            None => text,
        }
    }

    /// A host's name.
    pub(crate) fn name(self, name: &str) -> FaultText {
        match self {
            Self::Open => FaultText::plain(name),
            Self::OfSensitiveUrl => FaultText::value(name),
        }
    }
}
