//! The connections of one client: made, lent, used again, looked after while they are idle.

mod begun;
mod upgrade;

pub(crate) use self::begun::{Begun, Head, NoAnswer};
pub(crate) use self::upgrade::{Asked, Trust};

use super::compose::{Parts, put_parts};
use super::counted::Counted;
use super::driving::{Driving, HasWaited, wait};
use super::http1::{self, Http1Failure, Sending};
use super::http2::{self, Session};
use super::incoming::Incoming;
use super::message::{Outgoing, Template, Unanswered, Unread};
use super::settings::{Keeps, Settings, Speak, host_and_port, server_name};
use crate::fault;
use crate::fields::Fields;
use crate::http_client::{Error as Kind, Metric};
use crate::phases::Connection;
use crate::request;
use bggo_runtime::contract::{AssetCx, AssetMetrics, Deadline, Fault, FaultText, Moment};
use bggo_wire::{
    Address, Buf, Dialer, Home, Line, Loan, Look, Opening, Proxy, Rules, Sources, Target, Tls, Wire,
};
use http::Method;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::ops::Deref;
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use url::Url;

/// How often the idle connections are looked at that several users share.
const LOOK: Duration = Duration::from_secs(1);
/// From this rest on the system is asked whether an idle connection is still there, before it takes what must not be sent twice. To
/// ask costs a system call, and a server seldom closes a connection right behind its answer.
const RESTED: Duration = Duration::from_millis(1);

/// What all clients of a resource share on a thread.
pub(crate) struct Connections {
    rules: Rc<Rules>,
    /// What TLS asks for in place of the host.
    server_name: Option<String>,
    speak: Speak,
    idle_timeout: Duration,
    max_idle: usize,
    keep_alive: bool,
    /// The most connections to a server, if several users share them.
    max_connections: usize,
    /// What all connections go to in place of their host.
    unix_socket: Option<PathBuf>,
    servers: RefCell<Vec<Server>>,
    /// How TLS is spoken on connections that are to be upgraded.
    upgrades: OnceCell<Option<Tls>>,
    /// The same where the certificates of servers are not verified.
    unverified_upgrades: OnceCell<Option<Tls>>,
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
    sessions: RefCell<Sessions>,
    dialer: Dialer,
    opened: Cell<u64>,
    /// Until the next idle connection has rested for too long. It is set from the first time on that there is one.
    rested: Cell<Option<Deadline>>,
    /// If all users of the thread share it.
    of_all: Option<Box<OfAll>>,
}

/// Connections of HTTP/2. Most clients have none, and each client has the place.
#[derive(Default)]
struct Sessions(
    #[expect(
        clippy::box_collection,
        reason = "the place of a list is three times as large"
    )]
    Option<Box<Vec<Rc<Session>>>>,
);

impl Sessions {
    fn push(&mut self, session: Rc<Session>) {
        self.0.get_or_insert_default().push(session);
    }

    fn retain(&mut self, keeps: impl FnMut(&Rc<Session>) -> bool) {
        if let Some(sessions) = &mut self.0 {
            sessions.retain(keeps);
        }
    }
}

impl Deref for Sessions {
    type Target = [Rc<Session>];

    fn deref(&self) -> &[Rc<Session>] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

/// What a pool has that all users of a thread share.
struct OfAll {
    driving: Rc<Driving>,
    metrics: AssetMetrics,
    /// The servers that did not take HTTP/2 when it was offered.
    only_http1: RefCell<Vec<u32>>,
}

/// What somebody finds who waits for a connection.
enum Found<'c> {
    Connection(Connected<'c>),
    /// It may open one.
    Room(Opening),
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
        let ways = settings.ways;
        let local: Vec<&str> = ways.local_addresses.iter().map(String::as_str).collect();
        let sources = Sources::new(&local).map_err(|text| named("local_addresses", &text))?;
        let names = ways.names()?;
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
                meter: Rc::default(),
                names,
                sources,
            }),
            idle_timeout: settings.idle_timeout,
            max_idle: settings.max_idle.unwrap_or(usize::MAX),
            keep_alive: settings.keep_alive,
            max_connections: settings.max_connections.unwrap_or(usize::MAX),
            unix_socket: ways.unix_socket,
            servers: RefCell::default(),
            upgrades: OnceCell::new(),
            unverified_upgrades: OnceCell::new(),
        })
    }

    /// Where connections to a host go.
    fn address<'a>(&'a self, name: &'a str, port: u16) -> Address<'a> {
        match &self.unix_socket {
            Some(path) => Address::Unix(path),
            None => Address::Host { name, port },
        }
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
        (method, url, target): (&Method, &Url, Option<&str>),
        fields: &Fields,
        size: u64,
    ) -> Template {
        let mut bytes = Buf::new();
        let parts = Parts {
            method,
            url,
            target,
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
            rested: Cell::default(),
            of_all: None,
        }
    }

    /// One that all users of the thread share, looked after by a task.
    pub(super) fn shared(cx: &AssetCx, shared: &Rc<Connections>, driving: &Rc<Driving>) -> Self {
        Self {
            home: Home::shared(),
            of_all: Some(Box::new(OfAll {
                driving: Rc::clone(driving),
                metrics: cx.metrics(),
                only_http1: RefCell::default(),
            })),
            ..Self::new(cx, shared)
        }
    }

    pub(super) fn take_counted(&self) -> Counted {
        Counted {
            opened: self.opened.take(),
            traffic: self.dialer.take_traffic(),
            ends: self.home.take_counts(),
        }
    }

    /// Whether there is something to look after between requests, and beside them.
    pub(super) fn has_idle_work(&self) -> bool {
        self.home.has_idle() || !self.sessions.borrow().is_empty()
    }

    /// Closes the idle connections that the other end has closed, and drives those of HTTP/2.
    pub(super) fn poll_idle(&self, cx: &mut Context<'_>) {
        self.home.poll_idle(cx);
        self.keep_sessions(|session| {
            session.drive(cx);
            !session.is_over()
        });
        self.poll_rested(cx);
    }

    /// The same for a pool that all users of the thread share. Connections of HTTP/1 are looked at once a second.
    pub(super) fn poll_driven(&self, cx: &mut Context<'_>) {
        self.keep_sessions(|session| {
            session.drive_shared(cx);
            !session.is_over()
        });
        let mut next_look = self.rested.take();
        self.look_at_driven(&mut next_look, cx);
        self.rested.set(next_look);
    }

    fn look_at_driven(&self, next_look: &mut Option<Deadline>, cx: &mut Context<'_>) {
        loop {
            if let Some(limit) = next_look
                && limit.poll(cx).is_pending()
            {
                return;
            }
            self.home.poll_idle(&mut Context::from_waker(Waker::noop()));
            let now = self.dialer.now();
            self.close_rested(now);
            if !self.has_idle_work() {
                *next_look = None;
                self.home.watch(cx.waker());
                return;
            }
            let limit = next_look.get_or_insert_with(|| self.dialer.deadline());
            limit.set(now + LOOK.min(self.shared.idle_timeout));
        }
    }

    /// Forgets sessions; what waits for a connection to their servers may open one.
    fn keep_sessions(&self, mut keeps: impl FnMut(&Session) -> bool) {
        let mut gone = Vec::new();
        self.sessions.borrow_mut().retain(|session| {
            let keeps = keeps(session);
            if !keeps {
                // Who found it here and has not opened its request yet looks for another one.
                session.retire();
                gone.push(session.server);
            }
            keeps
        });
        for server in gone {
            if let Some(line) = self.home.line(server) {
                line.call_next();
            }
        }
    }

    /// Closes the connections that have rested for too long, and waits for the next one.
    fn poll_rested(&self, cx: &mut Context<'_>) {
        let mut rested = self.rested.take();
        self.look_at_rested(&mut rested, cx);
        self.rested.set(rested);
    }

    fn look_at_rested(&self, rested: &mut Option<Deadline>, cx: &mut Context<'_>) {
        loop {
            if let Some(limit) = rested
                && limit.poll(cx).is_pending()
            {
                return;
            }
            let Some(next) = self.close_rested(self.dialer.now()) else {
                *rested = None;
                return;
            };
            let limit = rested.get_or_insert_with(|| self.dialer.deadline());
            limit.set(next);
        }
    }

    /// Closes the connections that have rested for too long: when the next one will have, if there is one.
    fn close_rested(&self, now: Moment) -> Option<Moment> {
        let timeout = self.shared.idle_timeout;
        let next = self.home.close_rested(timeout, now);
        self.keep_sessions(|session| session.rested(now) < timeout);
        let sessions = self.sessions.borrow();
        let of_sessions = sessions.iter();
        let of_sessions = of_sessions.map(|session| timeout.saturating_sub(session.rested(now)));
        let of_sessions = of_sessions.min().map(|left| now + left);
        [next, of_sessions].into_iter().flatten().min()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
    ) -> Result<Incoming<'c>, Unanswered> {
        let server = self.server(outgoing);
        let loan = match self.lend_unless_waited_for(server, outgoing, None) {
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

    fn server(&self, outgoing: &Outgoing<'_>) -> u32 {
        match outgoing.template {
            Some(template) => template.server,
            None => self.shared.server(outgoing.url),
        }
    }

    fn unanswered(
        &self,
        lost: Http1Failure,
        outgoing: &Outgoing<'_>,
        (server, was_reused): (u32, bool),
    ) -> Unanswered {
        let mut unread = Unread::No;
        if was_reused && lost.is_closed_before_answer() {
            // The connection that was idle for the shortest time was closed, so the others are as well.
            self.home.close(server);
            unread = Unread::Perhaps;
        }
        Unanswered {
            fault: lost.fault(outgoing),
            unread,
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
            // The server ends a connection when it likes; nothing was sent on it. One that had served is gone for good, so there
            // are fewer of them each time.
            let may_look = on == Connection::Reused || !std::mem::replace(&mut is_second, true);
            if lost.found_no_room() && may_look {
                self.retires(&session);
                if let Connected::Http2(next) = self.connect(server, outgoing).await? {
                    session = next;
                    continue;
                }
            }
            return Err(self.unanswered_by(&session, lost, outgoing));
        }
    }

    /// A session takes no more requests.
    fn retires(&self, session: &Session) {
        session.retire();
        self.keep_sessions(|known| !known.is_over() && !known.is_left_by_its_user());
    }

    fn unanswered_by(
        &self,
        session: &Session,
        lost: http2::Http2Failure,
        outgoing: &Outgoing<'_>,
    ) -> Unanswered {
        let unread = lost.unread();
        if unread.ends_connection() || lost.found_no_room() {
            self.retires(session);
        }
        Unanswered {
            was_sent: lost.was_sent(),
            unread,
            fault: lost.fault(outgoing),
        }
    }

    /// A session of HTTP/2 with a server that is there already, or a new connection.
    async fn connect<'c>(
        &'c self,
        server: u32,
        outgoing: &Outgoing<'_>,
    ) -> Result<Connected<'c>, Unanswered> {
        let opening = match self.home.line(server) {
            Some(line) => match self.wait(&line, server, outgoing).await {
                Found::Connection(connection) => return Ok(connection),
                Found::Room(opening) => Some(opening),
            },
            None => {
                // What came since it was used last may say that it is over.
                let look = |cx: &mut Context<'_>| self.session(server, outgoing.now, cx);
                if let Some(session) = poll_fn(|cx| Poll::Ready(look(cx))).await {
                    return Ok(Connected::Http2(session));
                }
                None
            }
        };
        let wire = self.dial(outgoing).await?;
        self.opened.set(self.opened.get() + 1);
        let is_secure = outgoing.url.scheme() == "https";
        let speaks_2 = match self.shared.speak {
            Speak::Http1 | Speak::Http3 => false,
            Speak::Http2 => true,
            Speak::Auto => is_secure && wire.alpn() == Some(b"h2"),
        };
        if !speaks_2 {
            if let Some(of_all) = &self.of_all {
                of_all.only_http1.borrow_mut().push(server);
            }
            // As long as it is being made it counts as one.
            let loan = self.home.settle(server, wire);
            drop(opening);
            return Ok(Connected::Http1(loan));
        }
        let keeps = if self.shared.max_idle == 0 {
            Keeps::None
        } else {
            Keeps::Idle
        };
        let session = Session::begin(server, wire, keeps, outgoing.now);
        self.sessions.borrow_mut().push(Rc::clone(&session));
        if let (Some(of_all), Some(line)) = (&self.of_all, self.home.line(server)) {
            session.share(line, &of_all.driving);
        }
        drop(opening);
        Ok(Connected::Http2(session))
    }

    /// Waits for a connection that several users share, or for room to open one.
    async fn wait<'c>(
        &'c self,
        line: &Rc<Line>,
        server: u32,
        outgoing: &Outgoing<'_>,
    ) -> Found<'c> {
        let begun = outgoing.now;
        let look = |outgoing: &Outgoing<'_>| self.look(line, server, outgoing);
        let (found, has_waited) = wait(line, outgoing, look).await;
        if let (Some(of_all), HasWaited::Yes) = (&self.of_all, has_waited) {
            let waited = self.dialer.now() - begun;
            of_all.metrics.record_time(Metric::CONNECTION_WAIT, waited);
        }
        found
    }

    /// What there is for a request at the moment.
    fn look<'c>(
        &'c self,
        line: &Rc<Line>,
        server: u32,
        outgoing: &Outgoing<'_>,
    ) -> Option<Found<'c>> {
        if let Some(loan) = self.lend(server, outgoing, None) {
            return Some(Found::Connection(Connected::Http1(loan)));
        }
        // A task drives it, so no waker has to be kept.
        let mut cx = Context::from_waker(Waker::noop());
        if let Some(session) = self.session(server, outgoing.now, &mut cx) {
            return Some(Found::Connection(Connected::Http2(session)));
        }
        let sessions = self.sessions.borrow();
        let mut sessions = sessions.iter().filter(|session| session.server == server);
        let open = line.in_use() + sessions.clone().count();
        // What is new may turn out to have room for many requests.
        let mut is_any_new = || line.opening() > 0 || sessions.any(|session| session.is_new());
        let has_room = open < self.shared.max_connections
            && (!self.may_share_one(server, outgoing) || !is_any_new());
        has_room.then(|| Found::Room(Opening::new(line)))
    }

    /// Whether a connection to the server may carry many requests at once.
    fn may_share_one(&self, server: u32, outgoing: &Outgoing<'_>) -> bool {
        let may_be_2 = match self.shared.speak {
            Speak::Http1 | Speak::Http3 => false,
            Speak::Http2 => true,
            Speak::Auto => outgoing.url.scheme() == "https",
        };
        let of_all = self.of_all.as_ref();
        let is_known = of_all.is_some_and(|of| of.only_http1.borrow().contains(&server));
        may_be_2 && self.shared.keep_alive && !is_known
    }

    /// A session with a server that may take another request.
    fn session(&self, server: u32, now: Moment, cx: &mut Context<'_>) -> Option<Rc<Session>> {
        let idle_timeout = self.shared.idle_timeout;
        let has_task = self.of_all.is_some();
        self.keep_sessions(|session| {
            if !has_task {
                session.drive(cx);
            }
            !session.is_over() && session.rested(now) <= idle_timeout
        });
        if !self.shared.keep_alive {
            return None;
        }
        let sessions = self.sessions.borrow();
        let mut of_server = sessions.iter().filter(|session| session.server == server);
        of_server.find(|session| session.has_room()).cloned()
    }

    /// An idle connection to a server, unless somebody waits for one.
    fn lend_unless_waited_for(
        &self,
        server: u32,
        outgoing: &Outgoing<'_>,
        cx: Option<&mut Context<'_>>,
    ) -> Option<Loan<'_>> {
        if self.of_all.is_some()
            && let Some(line) = self.home.line(server)
            && line.is_waited_for()
        {
            return None;
        }
        self.lend(server, outgoing, cx)
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
                Some(cx) if look(outgoing.method, rested) == Look::Told => loan.is_quiet_until(cx),
                Some(_) => loan.is_quiet(Look::Ask),
                // The request may have waited since the clock was read, so the rest is not known.
                None => loan.is_quiet(look(outgoing.method, Duration::MAX)),
            };
            if is_quiet {
                return Some(loan);
            }
            loan.gone();
        }
    }

    async fn dial(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Fault> {
        let url = outgoing.url;
        let (name, port) = host_and_port(url);
        let server_name = self.shared.server_name.as_deref();
        let target = Target {
            address: self.shared.address(name, port),
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

/// How closely a connection is looked at that has rested for so long: what is not sent twice must not meet one that is closed by now.
fn look(method: &Method, rested: Duration) -> Look {
    if method.is_idempotent() || rested < RESTED {
        Look::Told
    } else {
        Look::Ask
    }
}

/// What is wrong with an input.
fn named(input: &str, text: &FaultText) -> Fault {
    let says = FaultText::plain(format_args!("{input}: ")).and_text(text);
    Kind::Settings.fault(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_asked_for_what_is_not_sent_twice_once_a_connection_has_rested() {
        let just_before = RESTED - Duration::from_nanos(1);
        for method in [Method::POST, Method::PATCH] {
            assert_eq!(look(&method, Duration::ZERO), Look::Told);
            assert_eq!(look(&method, just_before), Look::Told);
            assert_eq!(look(&method, RESTED), Look::Ask);
            assert_eq!(look(&method, Duration::MAX), Look::Ask);
        }
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            assert_eq!(look(&method, Duration::MAX), Look::Told);
        }
    }
}
