//! Makes connections: a name becomes addresses, an address a socket, a socket a wire, perhaps through a proxy.

mod kept_names;
mod names;
mod proxy;
mod race;
mod sources;
mod target;
mod unix;

pub use self::kept_names::{KeptNames, MOST_NAMES};
pub use self::names::Names;
pub use self::proxy::Proxy;
pub use self::sources::Sources;
pub use self::target::{Address, Target};

use self::race::race;
use crate::meter::{Meter, Traffic};
use crate::named::Named;
use crate::socket::Socket;
use crate::tls::{Sessions, Tls};
use crate::trouble::{Kind, Phase, Trouble};
use crate::wire::Wire;
use bggo_runtime::contract::{
    AssetClock, AssetCx, Deadline, FaultText, Moment, Running, format_duration,
};
use std::cell::OnceCell;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;

/// What all connections of a resource share on a thread.
#[derive(Debug)]
pub struct Rules {
    /// How TLS is spoken with targets that want it, and with a proxy that does.
    pub tls: Option<Tls>,
    /// How names become addresses.
    pub names: Names,
    /// The local addresses that connections begin at.
    pub sources: Sources,
    /// What connections to hosts go through.
    pub proxy: Option<Proxy>,
    /// How long connecting may take, from the name to the last word of TLS.
    pub connect_limit: Option<Duration>,
    /// Whether small messages are sent at once (TCP_NODELAY).
    pub nodelay: bool,
    /// Counts what connections carry.
    pub meter: Rc<Meter>,
}

/// A connection that is being made. (It is boxed where it is made: an `async fn` is compiled once more in each crate that calls it.)
pub type Dialling<'a> = Running<'a, Result<(Wire, Dialled), Trouble>>;

/// Makes the connections of one asset.
#[derive(Debug)]
pub struct Dialer {
    clock: AssetClock,
    rules: Rc<Rules>,
    /// How TLS is spoken with hosts, if not as the rules say. Few say so, and each user has the place.
    tls: Option<Box<Tls>>,
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
    /// The address that answered: that of the proxy if there is one. A unix socket has none.
    pub address: Option<SocketAddr>,
}

impl Default for Rules {
    /// Straight to the host, from an address that the system chooses, without a limit, small messages at once.
    fn default() -> Self {
        Self {
            tls: None,
            names: Names::default(),
            sources: Sources::default(),
            proxy: None,
            connect_limit: None,
            nodelay: true,
            meter: Rc::default(),
        }
    }
}

impl Rules {
    /// The proxy that connections to a host go through.
    pub fn proxy_for(&self, host: &str, port: u16) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| proxy.serves(host, port))
    }
}

impl Dialer {
    /// For one asset: a dialer keeps the TLS sessions of its asset.
    pub fn new(cx: &AssetCx, rules: &Rc<Rules>) -> Self {
        Self {
            clock: cx.clock(),
            rules: Rc::clone(rules),
            tls: None,
            sessions: OnceCell::new(),
        }
    }

    /// The same that speaks TLS with hosts in another way, such as with [other protocols](Tls::with_protocols). Both have the
    /// same sessions.
    #[must_use]
    pub fn with_tls(&self, tls: &Tls) -> Self {
        Self {
            clock: self.clock.clone(),
            rules: Rc::clone(&self.rules),
            tls: Some(Box::new(tls.clone())),
            sessions: OnceCell::from(Rc::clone(self.sessions())),
        }
    }

    /// The rules that it follows.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What connections of its rules carried since this was asked last, of any dialer that follows them: whoever asks counts it for
    /// all.
    pub fn take_traffic(&self) -> Traffic {
        self.rules.meter.take()
    }

    /// The clock of the run.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// A time limit for what becomes of its connections, which is not set yet.
    pub fn deadline(&self) -> Deadline {
        self.clock.deadline()
    }

    /// TLS from here on, for a protocol that begins without it, as by STARTTLS. `name` is what the server's certificate has to be
    /// for. What was appended is sent before. It takes the time that it says.
    ///
    /// # Errors
    /// There is no TLS connection, and this one is of no use any more: the rules say nothing of TLS, the server's certificate is
    /// not trusted, or bytes stand in [`Wire::peek`], which nobody secured. The text says why, but not to whom.
    pub async fn secure(
        &self,
        wire: &mut Wire,
        name: &str,
        named: Named,
    ) -> Result<Duration, Trouble> {
        let tls = self.tls()?;
        let begun = self.clock.now();
        wire.secure(tls, self.sessions(), name, named).await?;
        Ok(self.clock.now() - begun)
    }

    /// Makes a connection, with TLS if the target says so. Where there is a proxy for the host, it is asked for a tunnel.
    ///
    /// # Errors
    /// There is no way there, or it took too long.
    pub fn dial<'a>(&'a self, to: &'a Target<'_>) -> Dialling<'a> {
        Box::pin(async move {
            let made = self.limited(pin!(self.to_target(to))).await;
            made.unwrap_or_else(|limit| Err(over(limit, &to.place())))
        })
    }

    /// Makes a connection to a proxy itself, for requests that go whole to it ([`Proxy::takes_requests`]).
    ///
    /// # Errors
    /// There is no way there, or it took too long.
    pub fn dial_proxy<'a>(&'a self, proxy: &'a Proxy) -> Dialling<'a> {
        Box::pin(async move {
            let made = self.limited(pin!(self.reach(proxy, None))).await;
            made.unwrap_or_else(|limit| Err(over(limit, &proxy.named())))
        })
    }

    /// Makes a connection to a host, of a transport that brings its own: `connect` makes one to an address. Names, the choice among
    /// several addresses, the limit and texts are the same as of [`Self::dial`]; there is no proxy.
    ///
    /// # Errors
    /// There is no way there, or it took too long.
    #[doc(hidden)]
    pub async fn dial_by<T, F>(
        &self,
        to: &Target<'_>,
        connect: impl Fn(SocketAddr) -> F,
    ) -> Result<(T, Dialled), Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let Address::Host { name, port } = to.address else {
            let text = "a path leads to no host";
            return Err(Trouble::new(Kind::Unreachable, Phase::Dial, text));
        };
        let dial = async {
            let mut begun = self.clock.now();
            let mut times = Dialled::default();
            let found = self.rules.names.addresses(name, port, to.named).await?;
            if found.waited {
                times.dns = self.lap(&mut begun);
            }
            let made = race(&found, port, connect).await;
            let (made, address) = made.map_err(|trouble| {
                let words = match trouble.phase() {
                    Phase::Tls => {
                        FaultText::plain("no secure connection to ").and_text(&to.place())
                    }
                    _ => to.no_connection(),
                };
                trouble.after(&words)
            })?;
            times.address = Some(address);
            times.connecting = self.lap(&mut begun);
            Ok((made, times))
        };
        let made = self.limited(pin!(dial)).await;
        made.unwrap_or_else(|limit| Err(over(limit, &to.place())))
    }

    /// What comes of a dial within the limit, or the limit.
    async fn limited<T>(&self, dial: Pin<&mut impl Future<Output = T>>) -> Result<T, Duration> {
        match self.rules.connect_limit {
            None => Ok(dial.await),
            Some(limit) => tokio::time::timeout(limit, dial).await.map_err(|_| limit),
        }
    }

    /// A connection to a target, with TLS where it wants that.
    async fn to_target(&self, to: &Target<'_>) -> Result<(Wire, Dialled), Trouble> {
        let (mut wire, mut times) = self.connect(to).await?;
        if let Some(name) = to.secure {
            let secured = Box::pin(self.secure(&mut wire, name, to.named)).await;
            times.tls = secured.map_err(|trouble| {
                trouble.after(&FaultText::plain("no secure connection to ").and_text(&to.place()))
            })?;
        }
        Ok((wire, times))
    }

    async fn connect(&self, to: &Target<'_>) -> Result<(Wire, Dialled), Trouble> {
        match to.address {
            Address::Unix(path) => {
                let begun = self.clock.now();
                let stream = unix::connect(path).await;
                let stream = stream.map_err(|trouble| trouble.after(&to.no_connection()))?;
                let times = Dialled {
                    connecting: self.clock.now() - begun,
                    ..Dialled::default()
                };
                Ok((Wire::new(Socket::Unix(stream), &self.rules.meter), times))
            }
            Address::Host { name, port } => match self.rules.proxy_for(name, port) {
                None => match self.host(name, port, to.named).await {
                    Err(trouble) if trouble.kind() == Kind::Dns => Err(trouble),
                    Err(trouble) => Err(trouble.after(&to.no_connection())),
                    Ok(made) => Ok(made),
                },
                // Boxed, since connections without a proxy need not be as large.
                Some(proxy) => Box::pin(self.through(proxy, to, (name, port))).await,
            },
        }
    }

    /// A connection to a host through a proxy.
    async fn through(
        &self,
        proxy: &Proxy,
        to: &Target<'_>,
        host: (&str, u16),
    ) -> Result<(Wire, Dialled), Trouble> {
        let begun = self.clock.now();
        let reach = async || self.reach(proxy, Some(to)).await;
        let made = proxy.tunnel(to, host, &self.rules.names, reach).await;
        let (wire, mut times) = made?;
        times.connecting = (self.clock.now() - begun).saturating_sub(times.dns);
        // That of the proxy was a part of connecting.
        times.tls = Duration::ZERO;
        Ok((wire, times))
    }

    /// A connection to a proxy, on the way to a host or for its own sake.
    async fn reach(
        &self,
        proxy: &Proxy,
        to: Option<&Target<'_>>,
    ) -> Result<(Wire, Dialled), Trouble> {
        let (host, port) = proxy.address();
        let made = self.host(host, port, Named::Secret).await;
        let made = made.map_err(|trouble| {
            let words = match to {
                None => FaultText::plain("no connection to "),
                Some(to) => to.no_connection().and(": no connection to "),
            };
            let trouble = trouble.after(&words.and_text(&proxy.named()));
            match trouble.kind() {
                // Whoever reads `refused` would look for it at the host.
                Kind::Refused | Kind::Unreachable | Kind::Reset => trouble.with_kind(Kind::Connect),
                _ => trouble,
            }
        });
        let (mut wire, mut times) = made?;
        if proxy.is_secure() {
            let secured = self.secure_proxy(proxy, &mut wire);
            times.tls = Box::pin(secured).await.map_err(|trouble| {
                let words = FaultText::plain("no secure connection to ");
                let words = words.and_text(&proxy.named());
                match to {
                    None => trouble.after(&words),
                    Some(to) => trouble.after(&words).after(&to.no_connection()),
                }
            })?;
        }
        Ok((wire, times))
    }

    /// TLS with a proxy itself.
    async fn secure_proxy(&self, proxy: &Proxy, wire: &mut Wire) -> Result<Duration, Trouble> {
        let (host, _) = proxy.address();
        let tls = proxy.tls(self.tls()?);
        let begun = self.clock.now();
        wire.secure(tls, self.sessions(), host, Named::Secret)
            .await?;
        Ok(self.clock.now() - begun)
    }

    /// A connection straight to a host.
    async fn host(&self, name: &str, port: u16, named: Named) -> Result<(Wire, Dialled), Trouble> {
        let mut begun = self.clock.now();
        let mut times = Dialled::default();
        let found = self.rules.names.addresses(name, port, named).await?;
        if found.waited {
            times.dns = self.lap(&mut begun);
        }
        let sources = &self.rules.sources;
        let (stream, address) = race(&found, port, |to| sources.connect(to)).await?;
        self.set(&stream)?;
        times.address = Some(address);
        times.connecting = self.lap(&mut begun);
        Ok((Wire::new(Socket::Tcp(stream), &self.rules.meter), times))
    }

    fn set(&self, stream: &TcpStream) -> Result<(), Trouble> {
        if !self.rules.nodelay {
            return Ok(());
        }
        let set = stream.set_nodelay(true);
        set.map_err(|error| Trouble::of_system(Phase::Dial, &error))
    }

    fn tls(&self) -> Result<&Tls, Trouble> {
        let without = "the client has no settings for TLS";
        let tls = self.tls.as_deref().or(self.rules.tls.as_ref());
        tls.ok_or_else(|| Trouble::new(Kind::Tls, Phase::Tls, without))
    }

    fn sessions(&self) -> &Rc<Sessions> {
        self.sessions.get_or_init(Rc::default)
    }

    /// The time since `begun`, which becomes now.
    fn lap(&self, begun: &mut Moment) -> Duration {
        let now = self.clock.now();
        now - std::mem::replace(begun, now)
    }
}

/// A dial took longer than its limit.
fn over(limit: Duration, place: &FaultText) -> Trouble {
    let text = FaultText::plain("connecting to ").and_text(place);
    let words = format_duration(limit);
    let text = text.and(format_args!(" took longer than {words}"));
    Trouble::new(Kind::Connect, Phase::Dial, text).by_connect_limit(limit)
}

#[cfg(test)]
mod tests;
