//! The connections of one client.

use crate::endpoints::Endpoints;
use crate::exchange::{Asked, exchange};
use crate::fault;
use crate::session::{Keeps, Session};
use crate::tls::{self, Secured};
use bggo_module_http_request::http_client::Error as Kind;
use bggo_module_http_request::http_request;
use bggo_module_http_request::link::{
    Body, Linked, Remote, Reply, Request, Settings, Unanswered, host_and_port, of_dial, server_name,
};
use bggo_runtime::contract::{AssetCx, Fault, Moment, Prepare, Running};
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

/// The connections of one client.
pub(crate) struct Client {
    endpoints: Rc<Endpoints>,
    settings: Rc<Settings>,
    common: Rc<Common>,
    dialer: Dialer,
    secured: OnceCell<Secured>,
    sessions: RefCell<Vec<Rc<Session>>>,
    dialling: RefCell<Vec<Rc<Dialling>>>,
    opened: Cell<u64>,
}

/// A connection that is being made: requests that come meanwhile wait for it.
struct Dialling {
    host: String,
    port: u16,
    named: Named,
    made: tokio::sync::OnceCell<Result<Rc<Session>, Trouble>>,
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
                ..Rules::default()
            }),
            server_name: name.map(server_name).transpose()?,
        });
        *checked = Some((Rc::clone(settings), Rc::clone(&common)));
        Ok(common)
    }
}

impl Linked for Shared {
    fn open(&self, cx: &AssetCx, settings: &Rc<Settings>) -> Result<Box<dyn Remote>, Fault> {
        let common = self.common(settings)?;
        Ok(Box::new(Client {
            endpoints: Rc::clone(&self.endpoints),
            settings: Rc::clone(settings),
            dialer: Dialer::new(cx, &common.rules),
            common,
            secured: OnceCell::new(),
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
        let mut body = std::mem::replace(&mut request.body, Body::None);
        let asked = Asked::of(&request);
        let mut is_second = false;
        loop {
            let session = self.session(&asked).await?;
            let lost = match exchange(&session, &asked, &mut body).await {
                Ok(answer) => return Ok(Box::new(answer)),
                Err(lost) => lost,
            };
            if lost.was_stale || lost.found_no_room() {
                session.retire();
            }
            // The server closes a connection when it likes; nothing was sent on it.
            if lost.found_no_room() && !std::mem::replace(&mut is_second, true) {
                continue;
            }
            return Err(Unanswered {
                was_sent: lost.was_sent,
                was_stale: lost.was_stale,
                fault: lost.fault(&session, &asked),
            });
        }
    }

    /// A connection to the host of a request: one that is there, or a new one.
    async fn session(&self, asked: &Asked<'_>) -> Result<Rc<Session>, Fault> {
        let (host, port) = host_and_port(asked.url);
        let keeps = self.keeps() == Keeps::Idle;
        if keeps && let Some(session) = self.known((host, port), asked.now) {
            return Ok(session);
        }
        let named = asked.hosts.named();
        let made = if keeps {
            let dialling = self.dialling((host, port), named);
            let first = async || self.dial((host, port), named, asked).await;
            let made = dialling.made.get_or_init(first).await.clone();
            let mut all = self.dialling.borrow_mut();
            all.retain(|known| !Rc::ptr_eq(known, &dialling));
            made
        } else {
            self.dial((host, port), named, asked).await
        };
        made.map_err(|trouble| of_dial(&trouble, asked.url, asked.hosts))
    }

    fn keeps(&self) -> Keeps {
        match self.settings.max_idle {
            Some(0) => Keeps::None,
            _ => Keeps::Idle,
        }
    }

    fn known(&self, (host, port): (&str, u16), now: Moment) -> Option<Rc<Session>> {
        let mut sessions = self.sessions.borrow_mut();
        let idle_timeout = self.settings.idle_timeout;
        sessions.retain(|session| !session.is_over() && session.rested(now) <= idle_timeout);
        let found = sessions
            .iter()
            .find(|session| session.port == port && session.host == host);
        found.cloned()
    }

    fn dialling(&self, (host, port): (&str, u16), named: Named) -> Rc<Dialling> {
        let mut all = self.dialling.borrow_mut();
        let is_it = |known: &&Rc<Dialling>| {
            known.port == port && known.host == host && known.named == named
        };
        if let Some(known) = all.iter().find(is_it) {
            return Rc::clone(known);
        }
        let dialling = Rc::new(Dialling {
            host: host.to_owned(),
            port,
            named,
            made: tokio::sync::OnceCell::new(),
        });
        all.push(Rc::clone(&dialling));
        dialling
    }

    async fn dial(
        &self,
        (host, port): (&str, u16),
        named: Named,
        asked: &Asked<'_>,
    ) -> Result<Rc<Session>, Trouble> {
        let target = Target {
            address: Address::Host { name: host, port },
            secure: Some(self.common.server_name.as_deref().unwrap_or(host)),
            named,
        };
        let connect = |to| self.connect(to, target.secure.unwrap_or(host), named);
        let (connection, dialled) = self.dialer.dial_by(&target, connect).await?;
        asked.phases.dialled(dialled);
        let keeps = self.keeps();
        let session = Session::begin(
            (host, port),
            (connection, asked.now),
            keeps,
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
