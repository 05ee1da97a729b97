//! Where a connection goes, and how texts of faults name that place.

use crate::named::Named;
use bggo_runtime::contract::FaultText;
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

impl Target<'_> {
    /// Host and port, or the path.
    pub fn place(&self) -> FaultText {
        match self.address {
            Address::Host { name, port } => self.named.place(name, port),
            Address::Unix(path) => self.named.text(path.display()),
        }
    }

    /// The beginning of a text that says why there is no connection.
    pub fn no_connection(&self) -> FaultText {
        FaultText::plain("no connection to ").and_text(&self.place())
    }
}

/// A host that was written with or without a port: `shop.test`, `shop.test:443`, `::1`, `[::1]:443`. `None` if it is neither.
pub(super) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(inner) = text.strip_prefix('[') {
        let (host, behind) = inner.split_once(']')?;
        match behind {
            "" => (host, None),
            behind => (host, Some(behind.strip_prefix(':')?)),
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        }
    };
    let port = match port {
        None => None,
        // `parse` would take a plus sign.
        Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(port.parse().ok().filter(|port| *port > 0)?)
        }
        Some(_) => return None,
    };
    (!host.is_empty()).then_some((host, port))
}

/// Whether a host can stand in a request: all else would end a line or a name there.
pub(super) fn is_host(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_stands_with_or_without_a_port() {
        for (text, expected) in [
            ("shop.test", Some(("shop.test", None))),
            ("shop.test:443", Some(("shop.test", Some(443)))),
            ("10.0.0.1:80", Some(("10.0.0.1", Some(80)))),
            ("::1", Some(("::1", None))),
            ("[::1]", Some(("::1", None))),
            ("[::1]:443", Some(("::1", Some(443)))),
            ("", None),
            (":80", None),
            ("shop.test:", None),
            ("shop.test:0", None),
            ("shop.test:+1", None),
            ("shop.test:65536", None),
            ("shop.test:http", None),
            ("[::1", None),
            ("[::1]443", None),
        ] {
            assert_eq!(host_and_port(text), expected, "{text}");
        }
    }
}
