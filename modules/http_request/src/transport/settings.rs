//! The settings of connections, for every transport.

use crate::http_client::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Names, Tls};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Whether a connection is kept once it has no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// It is closed.
    None,
    /// It waits for the next one.
    Idle,
}

/// Where a url leads: its host, one of IPv6 without brackets, and its port.
pub fn host_and_port(url: &Url) -> (&str, u16) {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (host, url.port_or_known_default().unwrap_or_default())
}

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
    /// Connections may serve more than one request.
    pub keep_alive: bool,
    /// The users of a thread share their connections.
    pub is_shared: bool,
    /// The most connections to a host that they share; `None` if there is no limit.
    pub max_connections: Option<usize>,
    /// Which way connections take.
    pub ways: Ways,
}

/// Which way connections take to their host.
#[derive(Debug)]
pub struct Ways {
    /// The addresses of this host that they begin at, in turn.
    pub local_addresses: Vec<String>,
    /// Hosts, perhaps with a port, and their addresses in place of those that DNS gives.
    pub resolve: Vec<(String, String)>,
    /// How long the addresses of a host are used before its name is looked up again.
    pub dns_ttl: Duration,
    /// The socket in the file system that all of them go to.
    pub unix_socket: Option<PathBuf>,
}

impl Default for Ways {
    /// As DNS says, from addresses that the system chooses.
    fn default() -> Self {
        Self {
            local_addresses: Vec::new(),
            resolve: Vec::new(),
            dns_ttl: DNS_TTL,
            unix_socket: None,
        }
    }
}

/// How long addresses are used if nothing else is said.
const DNS_TTL: Duration = Duration::from_secs(10);

impl Ways {
    /// How names become addresses.
    ///
    /// # Errors
    /// `resolve` holds what is no name or no address.
    pub fn names(&self) -> Result<Names, Fault> {
        let resolve = self.resolve.iter();
        let resolve: Vec<(&str, &str)> = resolve
            .map(|(host, to)| (host.as_str(), to.as_str()))
            .collect();
        let names = Names::new(self.dns_ttl, &resolve);
        names.map_err(|text| Kind::Settings.fault(FaultText::plain("resolve: ").and_text(&text)))
    }

    /// The first input that asks for more than the linked transport of a version does, and what it is for.
    fn special(&self, speak: Speak) -> Option<(&'static str, &'static str)> {
        let resolves = speak == Speak::Http3;
        let (of_own, of_tcp) = (
            "bggo's own transport",
            "HTTP/1.1 and 2 of bggo's own transport",
        );
        let asked = [
            ("local_addresses", of_tcp, !self.local_addresses.is_empty()),
            ("resolve", of_own, !resolves && !self.resolve.is_empty()),
            ("dns_ttl", of_own, !resolves && self.dns_ttl != DNS_TTL),
            ("unix_socket", of_tcp, self.unix_socket.is_some()),
        ];
        let first = asked.iter().find(|(_, _, is_asked)| *is_asked);
        first.map(|(input, what, _)| (*input, *what))
    }
}

impl Settings {
    /// Refuses what no linked transport can do.
    ///
    /// # Errors
    /// The first such input.
    pub(crate) fn check_linked(&self) -> Result<(), Fault> {
        match self.ways.special(self.speak) {
            None => Ok(()),
            Some((input, what)) => Err(Kind::Settings.fault(FaultText::plain(format_args!(
                "{input} is only for {what}: leave it out"
            )))),
        }
    }
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
