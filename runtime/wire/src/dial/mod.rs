//! Makes connections: a name becomes addresses, an address a socket, a socket a wire.

mod target;

pub use target::{Address, Named, Target};

use crate::socket::Socket;
use crate::tls::{Sessions, Tls};
use crate::trouble::{Kind, Phase, Trouble};
use crate::wire::Wire;
use bggo_runtime::contract::{AssetCx, FaultText, format_duration};
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

/// What all connections of a resource share on a thread.
#[derive(Debug)]
pub struct Rules {
    /// How TLS is spoken with targets that want it.
    pub tls: Option<Tls>,
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
    /// The TLS sessions of this asset, from its first connection with TLS on.
    sessions: OnceCell<Rc<Sessions>>,
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
            sessions: OnceCell::new(),
        }
    }

    /// TLS from here on, for a protocol that begins without it. It takes the time that it says.
    ///
    /// # Errors
    /// There is no TLS connection. The text says why, but not to whom.
    pub async fn secure(
        &self,
        wire: &mut Wire,
        name: &str,
        named: Named,
    ) -> Result<Duration, Trouble> {
        let Some(tls) = &self.rules.tls else {
            let text = "the client has no settings for TLS";
            return Err(Trouble::new(Kind::Tls, Phase::Tls, text));
        };
        let begun = self.cx.now();
        let sessions = self.sessions.get_or_init(Rc::default);
        wire.secure(tls, sessions, name, named).await?;
        Ok(self.cx.now() - begun)
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
                Socket::Unix(stream.map_err(|error| no_connection(to, &error))?)
            }
            Address::Host { name, port } => {
                let found = tokio::net::lookup_host((name, port)).await;
                let mut addresses = found.map_err(|error| no_connection(to, &error))?;
                times.dns = self.cx.now() - begun;
                let Some(address) = addresses.next() else {
                    let text = to.named.text(name).and(" has no address");
                    return Err(Trouble::new(Kind::Dns, Phase::Dial, text));
                };
                times.address = Some(address);
                let stream = TcpStream::connect(address).await;
                let stream = stream.map_err(|error| no_connection(to, &error))?;
                if self.rules.nodelay {
                    let set = stream.set_nodelay(true);
                    set.map_err(|error| no_connection(to, &error))?;
                }
                Socket::Tcp(stream)
            }
        };
        times.connecting = (self.cx.now() - begun).saturating_sub(times.dns);
        let mut wire = Wire::new(socket);
        if let Some(name) = to.secure {
            let secured = self.secure(&mut wire, name, to.named).await;
            times.tls = secured.map_err(|trouble| {
                trouble.after(&FaultText::plain("no secure connection to ").and_text(&to.place()))
            })?;
        }
        Ok((wire, times))
    }
}

fn no_connection(to: &Target<'_>, error: &std::io::Error) -> Trouble {
    Trouble::of_system(Phase::Dial, error).after(&to.no_connection())
}
