//! The settings of connections, for every transport.

use crate::http_client::Error as Kind;
use bggo_runtime::contract::Fault;
use bggo_wire::Tls;
use std::net::IpAddr;
use std::time::Duration;
use url::Url;

/// Which version of HTTP is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speak {
    /// HTTP/2 if the server offers it over TLS, else HTTP/1.1.
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 from the first byte.
    Http2,
    /// HTTP/3, by a linked crate.
    Http3,
}

impl Speak {
    /// The protocols that TLS offers (ALPN), best first.
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&str] = match self {
            Self::Auto => &["h2", "http/1.1"],
            Self::Http1 => &["http/1.1"],
            Self::Http2 => &["h2"],
            Self::Http3 => &["h3"],
        };
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }
}

/// The settings of connections, which all clients of a resource share.
#[derive(Debug)]
pub struct Settings {
    /// How TLS is spoken, with its protocols (ALPN). A client that resumes sessions needs a store of its own.
    pub tls: Tls,
    /// The name that TLS asks for in place of the host's.
    pub server_name: Option<String>,
    /// Which version of HTTP.
    pub speak: Speak,
    /// The url of a proxy, which may hold a password.
    pub proxy: Option<String>,
    /// Names, addresses and networks that are reached without it.
    pub no_proxy: Vec<String>,
    /// How long the making of a connection may take.
    pub connect_timeout: Option<Duration>,
    /// An idle connection is closed after this time.
    pub idle_timeout: Duration,
    /// The most idle connections to a host.
    pub max_idle: Option<usize>,
    /// Small pieces are sent at once (TCP_NODELAY).
    pub nodelay: bool,
}

/// The name that TLS asks for, in the form that urls use.
///
/// # Errors
/// It is an address, or no name.
pub fn server_name(name: &str) -> Result<String, Fault> {
    let wrong = || Kind::Settings.fault("server_name is a host's name, not an address");
    let url = Url::parse(&format!("https://{name}/")).map_err(|_| wrong())?;
    let host = url.host_str().unwrap_or("");
    let address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    let alone = url.path() == "/" && url.port().is_none() && url.username().is_empty();
    if host.is_empty() || address || !alone {
        return Err(wrong());
    }
    Ok(host.to_owned())
}
