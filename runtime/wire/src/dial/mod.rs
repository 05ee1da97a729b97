//! Makes connections: a name becomes addresses, an address a socket, a socket a wire.

use crate::socket::Socket;
use crate::trouble::{Kind, Phase, Trouble};
use crate::wire::Wire;
use bggo_runtime::contract::{AssetCx, FaultText, format_duration};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// What all connections of a resource share on a thread.
#[derive(Debug)]
pub struct Rules {
    /// How long connecting may take, from the name to the last word of TLS.
    pub connect_limit: Option<Duration>,
    /// Whether small messages are sent at once (TCP_NODELAY).
    pub nodelay: bool,
}

/// Makes the connections of one asset.
#[derive(Debug)]
pub struct Dialer {
    cx: AssetCx,
    rules: Rc<Rules>,
}

/// Where a connection goes.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The other end.
    pub address: Address<'a>,
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
    pub fn text(self, name: impl std::fmt::Display) -> FaultText {
        match self {
            Self::Open => FaultText::plain(name),
            Self::Secret => FaultText::value(name),
        }
    }
}

/// How long the parts of a dial took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialled {
    /// Until the name had an address; zero if the thread knew it.
    pub dns: Duration,
    /// From there until the connection stood, proxies included.
    pub connecting: Duration,
    /// From there until TLS was agreed on; zero without TLS.
    pub tls: Duration,
    /// The address that answered: that of the proxy if there is one.
    pub address: Option<SocketAddr>,
}

impl Dialer {
    /// For one asset.
    pub fn new(cx: &AssetCx, rules: &Rc<Rules>) -> Self {
        Self {
            cx: cx.clone(),
            rules: Rc::clone(rules),
        }
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// There is no way there, or it took too long.
    pub async fn dial(&self, to: &Target<'_>) -> Result<(Wire, Dialled), Trouble> {
        let Some(limit) = self.rules.connect_limit else {
            return self.connect(to).await;
        };
        match tokio::time::timeout(limit, self.connect(to)).await {
            Ok(dialled) => dialled,
            Err(_) => {
                let words = FaultText::plain("connecting to ").and_text(&to.place());
                let limit = format_duration(limit);
                let text = words.and(format_args!(" took longer than {limit}"));
                Err(Trouble::new(Kind::Connect, Phase::Dial, text))
            }
        }
    }

    async fn connect(&self, to: &Target<'_>) -> Result<(Wire, Dialled), Trouble> {
        let begun = self.cx.now();
        let mut times = Dialled::default();
        let socket = match to.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                Socket::Unix(stream.map_err(|error| to.no_connection(&error))?)
            }
            Address::Host { name, port } => {
                let found = tokio::net::lookup_host((name, port)).await;
                let mut addresses = found.map_err(|error| to.no_connection(&error))?;
                times.dns = self.cx.now() - begun;
                let Some(address) = addresses.next() else {
                    let text = to.named.text(name).and(" has no address");
                    return Err(Trouble::new(Kind::Dns, Phase::Dial, text));
                };
                times.address = Some(address);
                let stream = TcpStream::connect(address).await;
                let stream = stream.map_err(|error| to.no_connection(&error))?;
                if self.rules.nodelay {
                    let set = stream.set_nodelay(true);
                    set.map_err(|error| to.no_connection(&error))?;
                }
                Socket::Tcp(stream)
            }
        };
        times.connecting = (self.cx.now() - begun).saturating_sub(times.dns);
        Ok((Wire::new(socket), times))
    }
}

impl Target<'_> {
    /// Host and port, or the path.
    pub fn place(&self) -> FaultText {
        match self.address {
            Address::Host { name, port } if name.contains(':') => self
                .named
                .text(format_args!("[{name}]"))
                .and(format_args!(":{port}")),
            Address::Host { name, port } => self.named.text(name).and(format_args!(":{port}")),
            Address::Unix(path) => self.named.text(path.display()),
        }
    }

    fn no_connection(&self, error: &std::io::Error) -> Trouble {
        let words = FaultText::plain("no connection to ").and_text(&self.place());
        Trouble::of_system(Phase::Dial, error).after(&words)
    }
}
