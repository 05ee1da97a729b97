//! The asset `redis_connection`: a connection to a server, on which the steps of its user have their turns.
//!
//! It is opened when it is created. One that was lost, or whose reply was not waited for, is replaced within the next step, and that is
//! counted: nothing is sent twice, and nothing is made good in silence.

use crate::cluster::{Cluster, SEED};
use crate::command::{put_bytes, put_head};
use crate::outcome;
use crate::positions::Positions;
use crate::redis_command::Error as Of;
use crate::redis_connection::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::reply::Reply;
use crate::scan::{NoReply, Scan};
use crate::url::{Place, Url};
use bggo_runtime::contract::{
    Asset, AssetCx, AssetMetrics, Counter, Fault, Number, Prepare, Text, Value, format_duration,
};
use bggo_wire::{
    Address, Dialer, Home, KeptDeadline, Loan, Named, Rules, Target, Tls, TlsArguments, Trouble,
    Turns, Wire,
};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A connection.
#[derive(Debug)]
pub struct RedisConnection {
    settings: Rc<Settings>,
    named: Named,
    dialer: Dialer,
    home: Home,
    pub(crate) turns: Turns,
    pub(crate) deadline: KeptDeadline,
    pub(crate) positions: Positions,
    server_version: RefCell<Option<Text>>,
    metrics: AssetMetrics,
}

/// All arguments, once each is known.
pub struct Settings {
    place: Place,
    /// Of a cluster: which node has which slot.
    cluster: Option<Cluster>,
    is_secure: bool,
    /// The host that TLS checks in place of that of the node.
    server_name: Option<String>,
    dials: Rc<Rules>,
    connect_timeout: Duration,
    pub(crate) max_reply: usize,
    /// The first commands, as they are sent, and how many replies they have.
    hello: Hello,
}

/// What is said before anything else.
struct Hello {
    /// With HELLO: the newer protocol, who asks and what the connection is called.
    newer: Option<Vec<u8>>,
    /// The same by commands that every server knows: how many there are.
    older: (Vec<u8>, usize),
    /// The command that chooses the database.
    select: Option<Vec<u8>>,
}

impl Settings {
    /// The cluster, if it is one.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }
}

impl fmt::Debug for Settings {
    /// Leaves the first commands out, which hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Asset for RedisConnection {
    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all connections of the thread.
    type Ready = Option<Rc<Settings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(settings(inputs)?.map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        _: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let settings =
            match &*ready {
                Some(settings) => Rc::clone(settings),
                None => Rc::new(settings(&inputs)?.ok_or_else(|| {
                    Kind::Settings.fault("an argument of the connection is missing")
                })?),
            };
        let connection = Self {
            dialer: Dialer::new(&cx, &settings.dials),
            settings,
            named: match cx.info().is_sensitive() {
                true => Named::Secret,
                false => Named::Open,
            },
            home: Home::new(),
            turns: Turns::new(),
            deadline: KeptDeadline::new(),
            positions: Positions::default(),
            server_version: RefCell::default(),
            metrics: cx.metrics(),
        };
        drop(connection.open().await?);
        Ok(connection)
    }

    fn exports(&self) -> Exports {
        let version = self.server_version.borrow().clone();
        Exports {
            server_version: version.map_or(Value::Null, Value::Text),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

impl RedisConnection {
    /// What holds for its exchanges.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The connection, if it is there and can serve. What is read of it has to be asked for within the same poll.
    pub(crate) fn there(&self, cx: &mut Context<'_>) -> Option<Loan<'_>> {
        self.home
            .lend_heard_until(0, cx, |wire| takes_pushes(wire).is_some())
    }

    /// The same for whoever reads it in another poll.
    pub(crate) fn is_there(&self) -> Option<Loan<'_>> {
        self.home.lend_heard(0, |wire| takes_pushes(wire).is_some())
    }

    /// A new connection in place of one that is gone.
    pub(crate) async fn reopen(&self) -> Result<Loan<'_>, Fault> {
        let loan = self.open().await?;
        self.metrics.add(Metric::RECONNECTS, 1);
        Ok(loan)
    }

    async fn open(&self) -> Result<Loan<'_>, Fault> {
        let wire = self.open_apart().await?;
        Ok(self.home.settle(SEED, wire))
    }

    /// A connection to a node of the cluster.
    pub(crate) async fn at_node(&self, cluster: &Cluster, node: u32) -> Result<Loan<'_>, Fault> {
        let idle = self
            .home
            .lend_heard(node, |wire| takes_pushes(wire).is_some());
        if let Some(idle) = idle {
            return Ok(idle);
        }
        let place = cluster.place(node);
        let place = place.as_ref().unwrap_or(&self.settings.place);
        match self.open_to(place).await {
            Ok(wire) => Ok(self.home.settle(node, wire)),
            Err(fault) => {
                cluster.lost();
                Err(fault)
            }
        }
    }

    /// Asks one node after the other which slots the nodes have, until one says so.
    pub(crate) async fn ask_for_slots(&self, cluster: &Cluster) -> Result<(), Fault> {
        let mut failed = None;
        for node in SEED..cluster.count() {
            match self.asks_node(cluster, node).await {
                Ok(()) => return Ok(()),
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        Err(failed.unwrap_or_else(|| Of::Protocol.fault("the cluster has no nodes")))
    }

    async fn asks_node(&self, cluster: &Cluster, node: u32) -> Result<(), Fault> {
        let mut loan = self.at_node(cluster, node).await?;
        let mut slots = Vec::new();
        put(&mut slots, &["CLUSTER", "SLOTS"]);
        let mut learned = None;
        let said = self.say(&mut loan, &slots, 1, |reply| {
            learned = cluster.learn(reply, node);
        });
        match said.await? {
            Some(error) => Err(outcome::refused(&error)),
            None => learned.ok_or_else(|| outcome::no_reply(NoReply)),
        }
    }

    /// Counts on a metric of the connection.
    pub(crate) fn count(&self, metric: Counter, n: u64) {
        self.metrics.add(metric, n);
    }

    /// A new connection that is not this one's, with all that was said to begin with.
    pub(crate) async fn open_apart(&self) -> Result<Wire, Fault> {
        self.open_to(&self.settings.place).await
    }

    /// The same to a node of a cluster: to one that another one named, or to that which has a slot. Gives the number of the node as well.
    pub(crate) async fn open_apart_at(
        &self,
        (cluster, slot): (&Cluster, u16),
        named: Option<u32>,
    ) -> Result<(Wire, u32), Fault> {
        if named.is_none() && cluster.is_stale() {
            // A step may have the connection that is asked.
            let _turn = self.turns.take().await;
            self.ask_for_slots(cluster).await?;
        }
        let node = named.unwrap_or_else(|| cluster.node(slot));
        let place = cluster.place(node);
        let place = place.as_ref().unwrap_or(&self.settings.place);
        let opened = self.open_to(place).await;
        if opened.is_err() {
            cluster.lost();
        }
        Ok((opened?, node))
    }

    /// The same to a node.
    async fn open_to(&self, place: &Place) -> Result<Wire, Fault> {
        let settings = &*self.settings;
        let begun = self.dialer.now();
        let mut limit = self.dialer.deadline();
        limit.set(begun + settings.connect_timeout);
        let mut opening = pin!(self.connect(place));
        let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Pending => limit.poll(cx).map(|()| None),
            Poll::Ready(opened) => Poll::Ready(Some(opened)),
        });
        let Some(opened) = opened.await else {
            let limit = format_duration(settings.connect_timeout);
            let text = format!("no answer to the first commands within {limit}");
            return Err(Kind::Connect.fault(text));
        };
        let wire = opened?;
        self.metrics.add(Metric::CONNECTIONS, 1);
        self.metrics
            .record_time(Metric::CONNECTING, self.dialer.now() - begun);
        Ok(wire)
    }

    async fn connect(&self, place: &Place) -> Result<Wire, Fault> {
        let settings = &*self.settings;
        let secure = match place {
            Place::Host(host, _) if settings.is_secure => {
                Some(settings.server_name.as_deref().unwrap_or(host))
            }
            _ => None,
        };
        let target = Target {
            address: match place {
                Place::Host(name, port) => Address::Host { name, port: *port },
                Place::Unix(path) => Address::Unix(path),
            },
            secure,
            named: self.named,
        };
        let dialled = self.dialer.dial(&target).await;
        let (mut wire, times) = dialled.map_err(|trouble| {
            let fault = match secure {
                // A server that speaks none waits for more of what it takes for a command.
                Some(_) if trouble.connect_limit().is_some() => {
                    let text = trouble.text().clone();
                    trouble.fault(
                        text.and(", TLS included: a server without TLS has a url with redis://"),
                    )
                }
                _ => outcome::broken(&trouble),
            };
            of_asset(fault)
        })?;
        if secure.is_some() {
            self.metrics.record_time(Metric::TLS_HANDSHAKING, times.tls);
        }
        self.greet(&mut wire).await.map_err(of_asset)?;
        Ok(wire)
    }

    /// Says the first commands.
    async fn greet(&self, wire: &mut Wire) -> Result<(), Fault> {
        let hello = &self.settings.hello;
        let mut is_greeted = false;
        if let Some(newer) = &hello.newer {
            let mut version = None;
            let answered = self.say(wire, newer, 1, |reply| {
                let reply = reply.value().ok();
                version = reply
                    .and_then(|reply| reply.get("version"))
                    .and_then(|version| match version {
                        Value::Text(text) => Some(text),
                        _ => None,
                    });
            });
            match answered.await? {
                None => {
                    self.server_version.replace(version);
                    is_greeted = true;
                }
                // It does not know HELLO, or not this version.
                Some(error)
                    if error.starts_with("ERR unknown command") || error.starts_with("NOPROTO") => {
                }
                Some(error) => return Err(outcome::refused(&error)),
            }
        }
        let (older, count) = &hello.older;
        if !is_greeted && *count > 0 {
            let answered = self.say(wire, older, *count, |_| {});
            if let Some(error) = answered.await? {
                return Err(outcome::refused(&error));
            }
        }
        if let Some(select) = &hello.select
            && let Some(error) = self.say(wire, select, 1, |_| {}).await?
        {
            return Err(outcome::refused(&error));
        }
        Ok(())
    }

    /// Sends commands and hears all their replies: the first error of them.
    async fn say(
        &self,
        wire: &mut Wire,
        commands: &[u8],
        count: usize,
        mut heard: impl FnMut(Reply<'_>),
    ) -> Result<Option<String>, Fault> {
        for _ in 0..count {
            wire.owe();
        }
        wire.out().put(commands);
        let of_wire = |trouble| outcome::broken(&trouble);
        wire.flush().await.map_err(of_wire)?;
        let mut error: Option<String> = None;
        for _ in 0..count {
            let end = end_of_reply(wire, self.settings.max_reply).await;
            let end = end.map_err(|fault| self.of_greeting(fault))?;
            let reply = Reply::new(wire.peek().get(..end).unwrap_or_default());
            match reply.error() {
                Some(text) => error = error.or_else(|| Some(text.to_owned())),
                None => heard(reply),
            }
            wire.consume(end);
            wire.paid();
        }
        Ok(error)
    }
}

impl RedisConnection {
    /// A failure while the first commands were said. A server that wants TLS hangs up without a word.
    fn of_greeting(&self, fault: Fault) -> Fault {
        if self.settings.is_secure || fault.kind() != Of::Closed.name() {
            return fault;
        }
        Of::Closed.fault(
            "the server closed the connection before it answered: one with TLS has a url with rediss://",
        )
    }
}

/// Waits until a whole reply has come that somebody asked for: where it ends.
async fn end_of_reply(wire: &mut Wire, most: usize) -> Result<usize, Fault> {
    let mut scan = Scan::default();
    poll_fn(|cx| poll_reply(wire, &mut scan, most, cx)).await
}

/// The same in polls: the scan is that of the reply, and is new behind it.
pub(crate) fn poll_reply(
    wire: &mut Wire,
    scan: &mut Scan,
    most: usize,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Fault>> {
    loop {
        match scan.end(wire.peek()).map_err(outcome::no_reply)? {
            Some(end) => {
                *scan = Scan::default();
                if wire.peek().first() != Some(&b'>') {
                    return Poll::Ready(Ok(end));
                }
                // Nobody asked for it.
                wire.consume(end);
            }
            None => match wire.poll_fill(cx, most) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(outcome::broken(&Trouble::closed()))),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(trouble)) => return Poll::Ready(Err(outcome::broken(&trouble))),
            },
        }
    }
}

/// Takes messages that nobody asked for. `None` if something else came. The beginning of one more may stay.
fn takes_pushes(wire: &mut Wire) -> Option<()> {
    while wire.peek().first().is_some_and(|kind| *kind == b'>') {
        match Scan::default().end(wire.peek()) {
            Ok(Some(end)) => wire.consume(end),
            Ok(None) => return Some(()),
            Err(_) => return None,
        }
    }
    wire.peek().is_empty().then_some(())
}

/// A failure of a step, as one of the asset.
fn of_asset(fault: Fault) -> Fault {
    let kind = match fault.kind() {
        "auth" => Kind::Auth,
        "dns" => Kind::Dns,
        "connect" | "timeout" => Kind::Connect,
        "refused" => Kind::Refused,
        "unreachable" => Kind::Unreachable,
        "local" => Kind::Local,
        "tls" => Kind::Tls,
        "closed" => Kind::Closed,
        "protocol" | "too_large" => Kind::Protocol,
        _ => Kind::ServerError,
    };
    kind.of(fault)
}

/// The settings, if each argument is known.
fn settings(inputs: &Inputs) -> Result<Option<Settings>, Fault> {
    let read = || {
        Some(Known {
            url: inputs.url.known()?,
            username: inputs.username.known()?.as_deref(),
            password: inputs.password.known()?.as_deref(),
            database: *inputs.database.known()?,
            resp: *inputs.resp.known()?,
            client_name: inputs.client_name.known()?,
            connect_timeout: *inputs.connect_timeout.known()?,
            max_reply_size: *inputs.max_reply_size.known()?,
            server_name: inputs.server_name.known()?.as_deref(),
            cluster: *inputs.cluster.known()?,
            tls: TlsArguments {
                ca_file: inputs.ca_file.known()?.as_deref(),
                ca_pem: inputs.ca_pem.known()?.as_deref(),
                client_cert_file: inputs.client_cert_file.known()?.as_deref(),
                client_cert_pem: inputs.client_cert_pem.known()?.as_deref(),
                client_key_file: inputs.client_key_file.known()?.as_deref(),
                client_key_pem: inputs.client_key_pem.known()?.as_deref(),
                insecure_skip_verify: *inputs.insecure_skip_verify.known()?,
            },
        })
    };
    read().map(|known| known.settings()).transpose()
}

/// All arguments as they are given.
struct Known<'a> {
    url: &'a str,
    username: Option<&'a str>,
    password: Option<&'a str>,
    database: Option<Number>,
    resp: Number,
    client_name: &'a str,
    connect_timeout: Duration,
    max_reply_size: u64,
    server_name: Option<&'a str>,
    cluster: bool,
    tls: TlsArguments<'a>,
}

impl Known<'_> {
    fn settings(&self) -> Result<Settings, Fault> {
        let url = Url::read(self.url).ok_or_else(|| {
            Kind::Settings.fault("the url is that of a server of Redis, as redis://host:6379/0")
        })?;
        let username = self.username.or(url.username.as_deref());
        let password = self.password.or(url.password.as_deref());
        if username.is_some() && password.is_none() {
            return Err(Kind::Settings.fault("a user needs a password"));
        }
        let database = match self.database {
            Some(number) => Some(number.to_string()),
            None => url.database.map(|number| number.to_string()),
        };
        let is_secure = url.is_secure && matches!(url.place, Place::Host(..));
        let database = database.filter(|number| number != "0");
        if self.cluster && database.is_some() {
            return Err(Kind::Settings.fault("a cluster has the database 0 alone"));
        }
        let tls = match is_secure {
            true => {
                let settings = self.tls.settings();
                let settings =
                    settings.map_err(|trouble| Kind::Settings.fault(trouble.text().clone()))?;
                Some(Tls::new(&settings).map_err(|text| Kind::Tls.fault(text))?)
            }
            false => None,
        };
        let name = Some(self.client_name).filter(|name| !name.is_empty());
        Ok(Settings {
            cluster: self.cluster.then(|| Cluster::new(url.place.clone())),
            place: url.place,
            is_secure,
            server_name: self.server_name.map(str::to_owned),
            dials: Rc::new(Rules {
                tls,
                connect_limit: Some(self.connect_timeout),
                ..Rules::default()
            }),
            connect_timeout: self.connect_timeout,
            max_reply: usize::try_from(self.max_reply_size).unwrap_or(usize::MAX),
            hello: Hello {
                newer: (self.resp == Number::from(3)).then(|| newer(username, password, name)),
                older: older(username, password, name),
                select: database.map(|number| {
                    let mut select = Vec::new();
                    put(&mut select, &["SELECT", &number]);
                    select
                }),
            },
        })
    }
}

/// HELLO, with who asks and what the connection is called.
fn newer(username: Option<&str>, password: Option<&str>, name: Option<&str>) -> Vec<u8> {
    let mut words = vec!["HELLO", "3"];
    if let Some(password) = password {
        words.extend(["AUTH", username.unwrap_or("default"), password]);
    }
    if let Some(name) = name {
        words.extend(["SETNAME", name]);
    }
    let mut hello = Vec::new();
    put(&mut hello, &words);
    hello
}

/// The same by AUTH and CLIENT SETNAME: how many commands these are.
fn older(username: Option<&str>, password: Option<&str>, name: Option<&str>) -> (Vec<u8>, usize) {
    let (mut commands, mut count) = (Vec::new(), 0);
    if let Some(password) = password {
        let words = ["AUTH"].into_iter().chain(username).chain([password]);
        put(&mut commands, &words.collect::<Vec<_>>());
        count += 1;
    }
    if let Some(name) = name {
        put(&mut commands, &["CLIENT", "SETNAME", name]);
        count += 1;
    }
    (commands, count)
}

fn put(out: &mut Vec<u8>, words: &[&str]) {
    put_head(out, words.len());
    for word in words {
        put_bytes(out, word.as_bytes());
    }
}
