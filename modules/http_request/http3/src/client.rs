//! The connections of one client.

use crate::endpoints::Endpoints;
use crate::exchange::{Asked, exchange};
use crate::fault;
use crate::room::{Room, Server, Stream, open_at_once};
use crate::session::{Keeps, Rest, Session};
use crate::tls::{self, Secured};
use bggo_module_http_request::http_client::{Error as Kind, Metric};
use bggo_module_http_request::http_request;
use bggo_module_http_request::link::{
    Linked, OpenedBody, Remote, Reply, Request, Settings, Unanswered, host_and_port, of_dial,
    server_name,
};
use bggo_runtime::contract::{AssetCx, AssetMetrics, Fault, Moment, Prepare, Running};
use bggo_wire::{Address, Dialer, Named, Phase, Rules, Target, Trouble};
use quinn::Connection;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::{pending, poll_fn};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long a server may take for its first word before it is asked whether anybody is there.
const SOON: Duration = Duration::from_millis(250);

/// What the clients of a resource share on a thread.
pub(crate) struct Shared {
    endpoints: Rc<Endpoints>,
    /// The settings that were seen last, and what is made of them.
    checked: RefCell<Option<(Rc<Settings>, Rc<Common>)>>,
}

/// What clients with the same settings share.
struct Common {
    rules: Rc<Rules>,
    /// What TLS asks for in place of the host.
    server_name: Option<String>,
}

/// The connections of one client, or of all clients of a thread.
pub(crate) struct Client {
    endpoints: Rc<Endpoints>,
    settings: Rc<Settings>,
    common: Rc<Common>,
    dialer: Dialer,
    secured: OnceCell<Secured>,
    metrics: AssetMetrics,
    servers: RefCell<Vec<Rc<Server>>>,
    sessions: RefCell<Vec<Rc<Session>>>,
    dialling: RefCell<Vec<Rc<Dialling>>>,
    opened: Cell<u64>,
}

/// A connection that is being made: requests that come meanwhile wait for it.
struct Dialling {
    server: Rc<Server>,
    named: Named,
    made: tokio::sync::OnceCell<Result<Rc<Session>, Trouble>>,
}

/// Somebody waits for a connection that is being made.
struct Joined<'a> {
    dialling: Rc<Dialling>,
    all: &'a RefCell<Vec<Rc<Dialling>>>,
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        // Beside this one only the list holds it, so everybody else has given up.
        let is_alone = Rc::strong_count(&self.dialling) == 2;
        if is_alone || self.dialling.made.initialized() {
            let mut all = self.all.borrow_mut();
            all.retain(|known| !Rc::ptr_eq(known, &self.dialling));
        }
    }
}

/// Where a request goes.
struct Ready {
    session: Rc<Session>,
    /// Its stream, where requests share the connection.
    stream: Option<Stream>,
    /// When it could begin.
    begins: Moment,
}

impl Shared {
    /// For one thread, with the task that ends its connections.
    pub(crate) fn new(cx: &Prepare<'_>) -> Result<Self, Fault> {
        let (endpoints, keeping) = Endpoints::new();
        cx.spawn("connections of HTTP/3", keeping)?;
        Ok(Self {
            endpoints: Rc::new(endpoints),
            checked: RefCell::default(),
        })
    }

    /// What is made of settings. Most clients of a thread have the same.
    fn common(&self, settings: &Rc<Settings>) -> Result<Rc<Common>, Fault> {
        let mut checked = self.checked.borrow_mut();
        if let Some((known, common)) = &*checked
            && Rc::ptr_eq(known, settings)
        {
            return Ok(Rc::clone(common));
        }
        if settings.proxy.is_some() {
            return Err(Kind::Settings.fault("HTTP/3 goes through no proxy"));
        }
        tls::check(settings)?;
        let name = settings.server_name.as_deref();
        let common = Rc::new(Common {
            rules: Rc::new(Rules {
                connect_limit: settings.connect_timeout,
                names: settings.ways.names()?,
                ..Rules::default()
            }),
            server_name: name.map(server_name).transpose()?,
        });
        *checked = Some((Rc::clone(settings), Rc::clone(&common)));
        Ok(common)
    }
}

impl Linked for Shared {
    fn open(&self, cx: &AssetCx, settings: &Rc<Settings>) -> Result<Rc<dyn Remote>, Fault> {
        let common = self.common(settings)?;
        Ok(Rc::new(Client {
            endpoints: Rc::clone(&self.endpoints),
            settings: Rc::clone(settings),
            dialer: Dialer::new(cx, &common.rules),
            common,
            secured: OnceCell::new(),
            metrics: cx.metrics(),
            servers: RefCell::default(),
            sessions: RefCell::default(),
            dialling: RefCell::default(),
            opened: Cell::new(0),
        }))
    }
}

impl Client {
    /// Sends a request and waits for the head of its answer.
    async fn sent(&self, mut request: Request<'_>) -> Result<Box<dyn Reply>, Unanswered> {
        if request.url.scheme() != "https" {
            let text = "HTTP/3 needs https, and the url begins with http://";
            return Err(http_request::Error::Request.fault(text).into());
        }
        let mut body = std::mem::replace(&mut request.body, OpenedBody::None);
        let asked = Asked::of(&request);
        let mut is_second = false;
        loop {
            let Ready {
                session,
                stream,
                begins,
            } = self.ready(&asked).await?;
            let lost = match exchange(&session, (stream, begins), &asked, &mut body).await {
                Ok(answer) => return Ok(Box::new(answer)),
                Err(lost) => lost,
            };
            if lost.unread.ends_connection() || lost.found_no_room() {
                session.retire();
            }
            // The server closed a new connection before anything was sent on it.
            if lost.found_no_room() && !std::mem::replace(&mut is_second, true) {
                continue;
            }
            return Err(Unanswered {
                was_sent: lost.was_sent,
                unread: lost.unread,
                fault: lost.fault(&session, &asked),
            });
        }
    }

    /// A connection to the host of a request with room for it: one that is there, or a new one.
    async fn ready(&self, asked: &Asked<'_>) -> Result<Ready, Fault> {
        let server = self.server(host_and_port(asked.url));
        let mut waited = None;
        let found = match self.keeps() {
            Keeps::None => self.own(&server, asked, &mut waited).await,
            Keeps::Idle => self.found(&server, asked, &mut waited).await,
        };
        if let Some(until) = waited.filter(|_| self.settings.is_shared) {
            let waited = until - asked.now;
            self.metrics.record_time(Metric::CONNECTION_WAIT, waited);
        }
        let (session, stream) =
            found.map_err(|trouble| of_dial(&trouble, asked.url, asked.hosts))?;
        Ok(Ready {
            session,
            stream,
            begins: waited.unwrap_or(asked.now),
        })
    }

    /// A connection for one request. If it has to wait for room, `waited` is when that was over.
    async fn own(
        &self,
        server: &Rc<Server>,
        asked: &Asked<'_>,
        waited: &mut Option<Moment>,
    ) -> Result<(Rc<Session>, Option<Stream>), Trouble> {
        let is_full = !server.has_room();
        let room = server.room().await;
        if is_full {
            *waited = Some(asked.asking.now());
        }
        let named = asked.hosts.named();
        let session = self.dial((server, room), named, asked).await?;
        Ok((session, None))
    }

    /// A stream on a connection that requests share. If it has to wait for others, `waited` is when that was over.
    async fn found(
        &self,
        server: &Rc<Server>,
        asked: &Asked<'_>,
        waited: &mut Option<Moment>,
    ) -> Result<(Rc<Session>, Option<Stream>), Trouble> {
        // Who waits is first.
        let mut may_look = !server.is_waited_for();
        loop {
            if may_look {
                if let Some((session, stream)) = self.at_once(server, waited.unwrap_or(asked.now)) {
                    return Ok((session, Some(stream)));
                }
                if self.may_dial(server) {
                    self.dialled(server, asked, waited).await?;
                    continue;
                }
            }
            may_look = true;
            let turn = server.turn().await;
            let mut found = None;
            if !self.may_dial(server) {
                let sessions = self.known(server);
                let of_sessions = sessions.iter().map(|session| &session.connection);
                let connections: Vec<_> = of_sessions.collect();
                if let Some((nth, stream)) = turn.stream(&connections).await {
                    let session = sessions.into_iter().nth(nth);
                    found = session.map(|session| (session, Some(stream)));
                }
            }
            *waited = Some(asked.asking.now());
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    fn server(&self, (host, port): (&str, u16)) -> Rc<Server> {
        let mut servers = self.servers.borrow_mut();
        let is_it = |known: &&Rc<Server>| known.port == port && known.host == host;
        if let Some(known) = servers.iter().find(is_it) {
            return Rc::clone(known);
        }
        let server = Rc::new(Server::new((host, port), self.settings.max_connections));
        servers.push(Rc::clone(&server));
        server
    }

    /// A stream on a connection that is there.
    fn at_once(&self, server: &Rc<Server>, now: Moment) -> Option<(Rc<Session>, Stream)> {
        let idle_timeout = self.settings.idle_timeout;
        let mut sessions = self.sessions.borrow_mut();
        sessions.retain(|session| !session.is_over() && session.rested(now) <= idle_timeout);
        let mut of_server = sessions
            .iter()
            .filter(|session| Rc::ptr_eq(&session.server, server));
        of_server.find_map(|session| {
            // The server closes a connection when it likes; nothing was sent on it.
            let stream = open_at_once(&session.connection)?.ok()?;
            Some((Rc::clone(session), stream))
        })
    }

    /// The connections to a server.
    fn known(&self, server: &Rc<Server>) -> Vec<Rc<Session>> {
        let sessions = self.sessions.borrow();
        let of_server = sessions
            .iter()
            .filter(|session| Rc::ptr_eq(&session.server, server) && !session.is_over());
        of_server.cloned().collect()
    }

    /// Whether a connection is being made, or may be. None is where one has no request and takes none: its server has not said yet
    /// how many it takes, and another one would say no more.
    fn may_dial(&self, server: &Rc<Server>) -> bool {
        let dialling = self.dialling.borrow();
        let is_being_made = dialling
            .iter()
            .any(|known| Rc::ptr_eq(&known.server, server));
        is_being_made
            || server.has_room() && !self.known(server).iter().any(|session| session.is_idle())
    }

    /// A new connection. Requests that come while it is made wait for the same one.
    async fn dialled(
        &self,
        server: &Rc<Server>,
        asked: &Asked<'_>,
        waited: &mut Option<Moment>,
    ) -> Result<(), Trouble> {
        let joined = Joined {
            dialling: self.dialling(server, asked.hosts.named()),
            all: &self.dialling,
        };
        let named = joined.dialling.named;
        let mut dials = false;
        let first = async || {
            dials = true;
            let room = server.room().await;
            self.dial((server, room), named, asked).await
        };
        let made = joined.dialling.made.get_or_init(first).await.clone();
        if !dials {
            *waited = Some(asked.asking.now());
        }
        match made {
            // What is wrong is told with the host's name though this request keeps it back, or the other way round: it finds out itself.
            Err(_) if named != asked.hosts.named() => Ok(()),
            made => made.map(drop),
        }
    }

    fn keeps(&self) -> Keeps {
        match self.settings.max_idle {
            Some(0) => Keeps::None,
            _ => Keeps::Idle,
        }
    }

    /// The connection that is being made, or a new one. One whose troubles name the host otherwise is taken where it has the last room.
    fn dialling(&self, server: &Rc<Server>, named: Named) -> Rc<Dialling> {
        let mut all = self.dialling.borrow_mut();
        let is_it = |known: &&Rc<Dialling>| {
            Rc::ptr_eq(&known.server, server) && (known.named == named || !server.has_room())
        };
        if let Some(known) = all.iter().find(is_it) {
            return Rc::clone(known);
        }
        let dialling = Rc::new(Dialling {
            server: Rc::clone(server),
            named,
            made: tokio::sync::OnceCell::new(),
        });
        all.push(Rc::clone(&dialling));
        dialling
    }

    async fn dial(
        &self,
        (server, room): (&Rc<Server>, Option<Room>),
        named: Named,
        asked: &Asked<'_>,
    ) -> Result<Rc<Session>, Trouble> {
        let (host, port) = (server.host.as_str(), server.port);
        let target = Target {
            address: Address::Host { name: host, port },
            secure: Some(self.common.server_name.as_deref().unwrap_or(host)),
            named,
        };
        let connect = |to| self.connect(to, target.secure.unwrap_or(host), named);
        let (connection, dialled) = self.dialer.dial_by(&target, connect).await?;
        asked.phases.dialled(dialled);
        let keeps = self.keeps();
        let rest = Rest {
            limit: self.settings.idle_timeout,
            deadline: self.dialer.deadline(),
        };
        let session = Session::begin(
            (server, room),
            (connection, asked.now),
            (keeps, rest),
            self.endpoints.tasks(),
        );
        let session = session
            .await
            .map_err(|error| fault::of_dial(&error, None, named).after(&target.no_connection()))?;
        self.opened.set(self.opened.get() + 1);
        if keeps == Keeps::Idle {
            self.sessions.borrow_mut().push(Rc::clone(&session));
        }
        Ok(session)
    }

    /// A connection to an address.
    async fn connect(
        &self,
        to: SocketAddr,
        name: &str,
        named: Named,
    ) -> Result<Connection, Trouble> {
        let endpoint = self.endpoints.to(to)?;
        let secured = self.secured()?;
        let connecting = endpoint.connect_with(secured.config.clone(), to, name);
        let mut connecting = pin!(connecting.map_err(|error| fault::of_begin(&error))?);
        let mut refusal = pin!(refusal(to));
        poll_fn(|cx| {
            if let Poll::Ready(made) = connecting.as_mut().poll(cx) {
                return Poll::Ready(made.map_err(|error| {
                    let certificate = secured.take_wrong(name);
                    fault::of_dial(&error, certificate.as_ref(), named)
                }));
            }
            refusal.as_mut().poll(cx).map(Err)
        })
        .await
    }

    fn secured(&self) -> Result<&Secured, Trouble> {
        if let Some(secured) = self.secured.get() {
            return Ok(secured);
        }
        let made = Secured::new(&self.settings);
        let made = made.map_err(|words| Trouble::new(bggo_wire::Kind::Tls, Phase::Tls, words))?;
        Ok(self.secured.get_or_init(|| made))
    }
}

impl Remote for Client {
    fn send<'a>(&'a self, request: Request<'a>) -> Running<'a, Result<Box<dyn Reply>, Unanswered>> {
        Box::pin(self.sent(request))
    }

    fn take_opened(&self) -> u64 {
        self.opened.take()
    }

    fn hear_of_closed(&self) -> Running<'_, ()> {
        Box::pin(async {
            if !self.sessions.borrow().is_empty() {
                // After the first turn the sockets are read, after the second their connections know what came.
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            }
        })
    }
}

/// Why nobody answers at an address, if its host says so. The sockets of QUIC do not hear that, for they have no other end, so a
/// socket of its own asks if the server does not answer soon.
async fn refusal(to: SocketAddr) -> Trouble {
    tokio::time::sleep(SOON).await;
    match ask(to).await {
        Err(error) => Trouble::of_system(Phase::Dial, &error),
        // Somebody is there.
        Ok(()) => pending().await,
    }
}

async fn ask(to: SocketAddr) -> io::Result<()> {
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await?;
    socket.connect(to).await?;
    // It is no QUIC, so who speaks that drops it.
    socket.send(&[]).await?;
    socket.recv(&mut [0]).await.map(drop)
}
