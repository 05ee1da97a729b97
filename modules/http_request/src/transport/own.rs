//! The connections of one client: made, lent, used again, looked after while they are idle.

mod upgrade;

pub(crate) use self::upgrade::Asked;

use super::compose::{Parts, put_parts};
use super::http1::{self, Exchange, Lost, Sending};
use super::http2::{self, Keeps, Session};
use super::incoming::Incoming;
use super::message::{Hears, Outgoing, Template, Unanswered};
use super::settings::{Settings, Speak, server_name};
use crate::fault;
use crate::fields::Fields;
use crate::http_client::Error as Kind;
use crate::phases::Connection;
use crate::request;
use bggo_http1::Head;
use bggo_runtime::contract::{AssetCx, Fault, FaultText, Moment};
use bggo_wire::{Address, Buf, Dialer, Home, Loan, Look, Proxy, Rules, Target, Tls, Wire};
use http::Method;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use url::Url;

/// What all clients of a resource share on a thread.
pub(crate) struct Connections {
    rules: Rc<Rules>,
    /// What TLS asks for in place of the host.
    server_name: Option<String>,
    speak: Speak,
    idle_timeout: Duration,
    max_idle: usize,
    servers: RefCell<Vec<Server>>,
    /// How TLS is spoken on connections that are to be upgraded.
    upgrades: OnceCell<Option<Tls>>,
}

/// A server, by what makes a connection to it another than one to the next.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    is_secure: bool,
    host: String,
    port: u16,
}

/// The connections of one client.
pub(crate) struct Pool {
    shared: Rc<Connections>,
    home: Home,
    /// Connections of HTTP/2.
    sessions: RefCell<Vec<Rc<Session>>>,
    dialer: Dialer,
    opened: Cell<u64>,
}

/// A request that was appended to an idle connection. It is driven by whoever polls it.
pub(crate) struct Begun<'c> {
    pool: &'c Pool,
    server: u32,
    loan: Loan<'c>,
    exchange: Exchange,
}

/// What a request is sent on.
enum Connected<'c> {
    Http1(Loan<'c>),
    Http2(Rc<Session>),
}

impl Connections {
    /// # Errors
    /// A proxy or a name that makes no sense.
    pub(crate) fn new(settings: Settings) -> Result<Self, Fault> {
        let wrong = |text: FaultText| Kind::Settings.fault(text);
        let no_proxy: Vec<&str> = settings.no_proxy.iter().map(String::as_str).collect();
        let proxy = settings.proxy.as_deref();
        let proxy = proxy.map(|url| Proxy::new(url, &no_proxy)).transpose();
        Ok(Self {
            server_name: settings
                .server_name
                .as_deref()
                .map(server_name)
                .transpose()?,
            speak: settings.speak,
            rules: Rc::new(Rules {
                tls: Some(settings.tls),
                proxy: proxy.map_err(wrong)?,
                connect_limit: settings.connect_timeout,
                nodelay: settings.nodelay,
                ..Rules::default()
            }),
            idle_timeout: settings.idle_timeout,
            max_idle: settings.max_idle.unwrap_or(usize::MAX),
            servers: RefCell::default(),
            upgrades: OnceCell::new(),
        })
    }

    /// The proxy that requests to a url go to whole: without TLS it needs no tunnel.
    fn proxy_of_requests(&self, url: &Url) -> Option<&Proxy> {
        if self.rules.proxy.is_none() || url.scheme() == "https" {
            return None;
        }
        let (host, port) = host_and_port(url);
        let proxy = self.rules.proxy_for(host, port);
        proxy.filter(|proxy| proxy.takes_requests())
    }

    /// The number of a url's server on this thread.
    fn server(&self, url: &Url) -> u32 {
        let is_secure = url.scheme() == "https";
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let mut servers = self.servers.borrow_mut();
        let is_it = |known: &Server| {
            known.port == port && known.is_secure == is_secure && known.host == host
        };
        let at = servers.iter().position(is_it).unwrap_or_else(|| {
            servers.push(Server {
                is_secure,
                host: host.to_owned(),
                port,
            });
            servers.len() - 1
        });
        at as u32
    }

    /// The head of requests that are all alike.
    pub(crate) fn template(
        &self,
        (method, url): (&Method, &Url),
        fields: &Fields,
        size: u64,
    ) -> Template {
        let mut bytes = Buf::new();
        let parts = Parts {
            method,
            url,
            fields,
            size,
            proxy: self.proxy_of_requests(url),
        };
        put_parts(&mut bytes, &parts);
        Template::new(self.server(url), bytes.bytes(), fields)
    }
}

impl Pool {
    pub(super) fn new(cx: &AssetCx, shared: &Rc<Connections>) -> Self {
        Self {
            dialer: Dialer::new(cx, &shared.rules),
            shared: Rc::clone(shared),
            home: Home::new(),
            sessions: RefCell::default(),
            opened: Cell::new(0),
        }
    }

    pub(super) fn take_opened(&self) -> u64 {
        self.opened.take()
    }

    /// Whether there is something to look after between requests, and beside them.
    pub(super) fn has_idle_work(&self) -> bool {
        self.home.has_idle() || !self.sessions.borrow().is_empty()
    }

    /// Closes the idle connections that the other end has closed, and drives those of HTTP/2.
    pub(super) fn poll_idle(&self, cx: &mut Context<'_>) {
        self.home.poll_idle(cx);
        let mut sessions = self.sessions.borrow_mut();
        sessions.retain(|session| {
            session.drive(cx);
            !session.is_over()
        });
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Incoming<'c>, Unanswered> {
        let server = self.server(outgoing);
        let loan = match self.lend(server, outgoing, None) {
            Some(loan) => loan,
            // Boxed: most requests have a connection, and carry no room for the making of one.
            None => match Box::pin(self.connect(server, outgoing)).await? {
                Connected::Http1(loan) => loan,
                Connected::Http2(session) => {
                    return Box::pin(self.send_http2(session, server, outgoing)).await;
                }
            },
        };
        let body = match outgoing.payload.whole() {
            Some(bytes) => Sending::Bytes(bytes),
            None => Sending::of(Box::pin(outgoing.payload.open()).await?),
        };
        if outgoing.template.is_none() {
            request::check_length(outgoing.fields, body.size())?;
        }
        let was_reused = loan.is_reused();
        let (phases, now) = (outgoing.hears.phases, outgoing.hears.now());
        phases.begins(now, Connection::of(was_reused));
        let proxy = self.shared.proxy_of_requests(outgoing.url);
        let exchanged = http1::exchange(loan, (outgoing, proxy), body, self.shared.max_idle).await;
        let reply = exchanged.map_err(|lost| self.unanswered(lost, outgoing, (server, was_reused)));
        reply.map(Incoming::Http1)
    }

    /// Begins a request on an idle connection. `None` if there is none, or if the request takes more than to append its bytes.
    pub(super) fn begin<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
        cx: &mut Context<'_>,
    ) -> Option<Begun<'c>> {
        let body = outgoing.payload.whole()?;
        if !Exchange::takes(outgoing, body)
            || outgoing.template.is_none()
                && request::check_length(outgoing.fields, body.len() as u64).is_err()
        {
            return None;
        }
        let server = self.server(outgoing);
        let mut loan = self.lend(server, outgoing, Some(cx))?;
        let on = Connection::of(loan.is_reused());
        outgoing.hears.phases.begins(outgoing.now, on);
        let proxy = self.shared.proxy_of_requests(outgoing.url);
        Some(Begun {
            exchange: Exchange::begin(&mut loan, (outgoing, proxy), body),
            loan,
            server,
            pool: self,
        })
    }

    fn server(&self, outgoing: &Outgoing<'_>) -> u32 {
        match outgoing.template {
            Some(template) => template.server,
            None => self.shared.server(outgoing.url),
        }
    }

    fn unanswered(
        &self,
        lost: Lost,
        outgoing: &Outgoing<'_>,
        (server, was_reused): (u32, bool),
    ) -> Unanswered {
        let was_stale = was_reused && lost.is_closed_before_answer();
        if was_stale {
            // The connection that was idle for the shortest time was closed, so the others are as well.
            self.home.close(server);
        }
        Unanswered {
            fault: lost.fault(outgoing),
            was_stale,
            was_sent: true,
        }
    }

    async fn send_http2<'c>(
        &'c self,
        mut session: Rc<Session>,
        server: u32,
        outgoing: &Outgoing<'_>,
    ) -> Result<Incoming<'c>, Unanswered> {
        let mut is_second = false;
        loop {
            let on = Connection::of(session.has_served());
            let now = match on {
                Connection::Reused => outgoing.now,
                _ => outgoing.hears.now(),
            };
            outgoing.hears.phases.begins(now, on);
            let lost = match http2::exchange(&session, outgoing).await {
                Ok(reply) => return Ok(Incoming::Http2(reply)),
                Err(lost) => lost,
            };
            let was_stale = lost.is_stale();
            if was_stale || lost.found_no_room() {
                let mut sessions = self.sessions.borrow_mut();
                sessions.retain(|known| !Rc::ptr_eq(known, &session));
            }
            // The server ends a connection when it likes; nothing was sent on it.
            if lost.found_no_room()
                && !std::mem::replace(&mut is_second, true)
                && let Connected::Http2(next) = self.connect(server, outgoing).await?
            {
                session = next;
                continue;
            }
            return Err(Unanswered {
                was_sent: lost.was_sent(),
                was_stale,
                fault: lost.fault(outgoing),
            });
        }
    }

    /// A session of HTTP/2 with a server that is there already, or a new connection.
    async fn connect<'c>(
        &'c self,
        server: u32,
        outgoing: &Outgoing<'_>,
    ) -> Result<Connected<'c>, Unanswered> {
        // What came since it was used last may say that it is over.
        let found = poll_fn(|cx| Poll::Ready(self.session(server, outgoing.now, cx))).await;
        if let Some(session) = found {
            return Ok(Connected::Http2(session));
        }
        let wire = self.dial(outgoing).await?;
        self.opened.set(self.opened.get() + 1);
        let is_secure = outgoing.url.scheme() == "https";
        let speaks_2 = match self.shared.speak {
            Speak::Http1 => false,
            Speak::Http2 => true,
            Speak::Auto => is_secure && wire.alpn() == Some(b"h2"),
        };
        if !speaks_2 {
            return Ok(Connected::Http1(self.home.settle(server, wire)));
        }
        let keeps = if self.shared.max_idle == 0 {
            Keeps::None
        } else {
            Keeps::Idle
        };
        let session = Session::begin(server, wire, keeps, outgoing.now);
        self.sessions.borrow_mut().push(Rc::clone(&session));
        Ok(Connected::Http2(session))
    }

    /// A session with a server that may take another request.
    fn session(&self, server: u32, now: Moment, cx: &mut Context<'_>) -> Option<Rc<Session>> {
        let mut sessions = self.sessions.borrow_mut();
        let idle_timeout = self.shared.idle_timeout;
        sessions.retain(|session| {
            session.drive(cx);
            !session.is_over() && session.rested(now) <= idle_timeout
        });
        let found = sessions.iter().find(|session| session.server == server);
        found.cloned()
    }

    /// An idle connection to a server. With a context the request is sent and its answer is waited for within the same poll.
    fn lend(
        &self,
        server: u32,
        outgoing: &Outgoing<'_>,
        mut cx: Option<&mut Context<'_>>,
    ) -> Option<Loan<'_>> {
        loop {
            let mut loan = self.home.lend(server)?;
            let rested = loan.rested(outgoing.now);
            if rested > self.shared.idle_timeout {
                loan.spent();
                continue;
            }
            let is_quiet = match &mut cx {
                // What is not sent twice must not meet a connection that is closed by now, so the system is asked.
                _ if !outgoing.method.is_idempotent() => loan.is_quiet(Look::Ask),
                Some(cx) => loan.is_quiet_until(cx),
                None => loan.is_quiet(Look::Told),
            };
            if is_quiet {
                return Some(loan);
            }
            loan.spent();
        }
    }

    async fn dial(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Fault> {
        let url = outgoing.url;
        let (name, port) = host_and_port(url);
        let server_name = self.shared.server_name.as_deref();
        let target = Target {
            address: Address::Host { name, port },
            secure: (url.scheme() == "https").then(|| server_name.unwrap_or(name)),
            named: outgoing.hosts.named(),
        };
        let dialled = match self.shared.proxy_of_requests(url) {
            Some(proxy) => self.dialer.dial_proxy(proxy).await,
            None => self.dialer.dial(&target).await,
        };
        match dialled {
            Ok((wire, dialled)) => {
                outgoing.hears.phases.dialled(dialled);
                Ok(wire)
            }
            Err(trouble) => Err(fault::of_dial(&trouble, url, outgoing.hosts)),
        }
    }
}

impl<'c> Begun<'c> {
    /// Sends the request and waits for the head of its answer, which stays where it is.
    pub(crate) fn poll(
        &mut self,
        hears: &Hears<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Head, Lost>> {
        self.exchange.poll(&mut self.loan, hears, cx)
    }

    /// The answer, from its body on: its head came.
    pub(crate) fn answer(self, head: Head, hears: &Hears<'_>) -> Incoming<'c> {
        let made = self.exchange.head(&self.loan, &head, hears);
        let max_idle = self.pool.shared.max_idle;
        Incoming::Http1(self.exchange.reply(self.loan, (head, made), max_idle))
    }

    /// Why no answer came.
    #[cold]
    pub(crate) fn lost(self, lost: Lost, outgoing: &Outgoing<'_>) -> Unanswered {
        let was_reused = self.loan.is_reused();
        self.pool
            .unanswered(lost, outgoing, (self.server, was_reused))
    }
}

/// Where a url leads: one of IPv6 without its brackets.
fn host_and_port(url: &Url) -> (&str, u16) {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (host, url.port_or_known_default().unwrap_or_default())
}
