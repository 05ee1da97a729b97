//! The asset `http_client`: connections, cookies and settings that requests share. By default each virtual user has one.
//!
//! `prepare` reads files and configures TLS once on each thread; the clients of the users share that.

use crate::cookies::Jar;
use crate::decompress::ACCEPTED;
use crate::fault::unreadable_file;
use crate::fields::{Fields, name};
use crate::http_client::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::request;
use crate::transport::link::{Link, Linked};
use crate::transport::{
    Connections, Settings, Shared, SharedPool, SharedRemote, Speak, Transport, Ways,
};
use bggo_runtime::contract::{
    Asset, AssetCx, AssetMetrics, Deadline, Early, Fault, FaultText, Number, Prepare, Step, Text,
    Value,
};
use bggo_wire::{Counts, Pem, Tls, TlsIdentity, TlsSettings, TlsVersion, Traffic};
use http::header::HeaderValue;
use std::cell::{Cell, OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// The User-Agent of a client whose grid sets none.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("bggo/", env!("CARGO_PKG_VERSION")));

/// A client: connections, cookies and settings, like a browser.
pub struct HttpClient {
    pub(crate) common: Rc<Common>,
    pub(crate) transport: Transport,
    /// Its cookies, from the first one on that is kept.
    pub(crate) jar: OnceCell<Box<RefCell<Jar>>>,
    metrics: AssetMetrics,
    /// The time limit of a request that is over, for the next one.
    deadline: Cell<Option<Deadline>>,
}

/// The settings that every exchange needs. A request may set some of them itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Defaults {
    pub(crate) timeout: Duration,
    pub(crate) follows: bool,
    pub(crate) max_redirects: usize,
    pub(crate) decompresses: bool,
    /// The largest body that is kept, in bytes, as received and decompressed.
    pub(crate) max_body: u64,
}

/// What all clients of a resource share on a thread.
pub struct Ready {
    /// Made once; `None` if an argument differs between users.
    common: Option<Rc<Common>>,
    /// A transport that the grid asks for by the value of an argument.
    linked: Option<Rc<dyn Linked>>,
}

/// What clients share that have the same arguments.
pub(crate) struct Common {
    pub(crate) connections: Shared,
    /// Whether cookies are kept.
    pub(crate) cookies: bool,
    /// Headers of every request.
    pub(crate) fields: Fields,
    pub(crate) exchange: Defaults,
}

impl HttpClient {
    /// The User-Agent of its requests if it is text, for other modules that use the client.
    pub fn user_agent(&self) -> Option<&str> {
        self.common.fields.get(name::USER_AGENT)?.to_str().ok()
    }

    /// Whether it has a sensitive argument, which may be in its headers.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.metrics.info().is_sensitive()
    }

    /// The largest body that its steps keep, in bytes, for other modules that use the client.
    pub fn max_body_size(&self) -> u64 {
        self.common.exchange.max_body
    }

    /// A time limit for a request, which is not set.
    pub(crate) fn deadline(&self, step: &Step<'_>) -> Deadline {
        let kept = self.deadline.take();
        kept.unwrap_or_else(|| step.deadline())
    }

    /// The request is over.
    pub(crate) fn keep_deadline(&self, mut deadline: Deadline) {
        deadline.clear();
        self.deadline.set(Some(deadline));
    }

    /// Counts what happened to connections since the last request ended.
    pub(crate) fn count_connections(&self) {
        let counted = self.transport.take_counted();
        let metrics = &self.metrics;
        if counted.traffic != Traffic::default() {
            metrics.add(Metric::BYTES_OUT, counted.traffic.sent);
            metrics.add(Metric::BYTES_IN, counted.traffic.received);
        }
        if counted.opened > 0 {
            metrics.add(Metric::CONNECTIONS, counted.opened);
        }
        let ends = counted.ends;
        if ends != Counts::default() {
            metrics.add(Metric::POISONED, ends.poisoned);
            metrics.add(Metric::LEFTOVER, ends.leftover);
            metrics.add(Metric::GONE, ends.gone);
        }
    }
}

impl Asset for HttpClient {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    type Ready = Ready;
    type Exports = Exports;

    fn prepare(cx: &Prepare<'_>, inputs: &Inputs) -> Result<Ready, Fault> {
        check_limits(inputs)?;
        let linked = link(inputs)?.map(|link| (link.prepare)(cx)).transpose()?;
        let linked = linked.map(Rc::from);
        Ok(Ready {
            common: common(inputs, linked.as_ref(), Some(cx))?.map(Rc::new),
            linked,
        })
    }

    async fn create(cx: AssetCx, ready: Rc<Ready>, _: Uses, inputs: Inputs) -> Result<Self, Fault> {
        if let Some(common) = &ready.common {
            return Common::client(common, &cx);
        }
        match common(&inputs, ready.linked.as_ref(), None)? {
            Some(common) => Common::client(&Rc::new(common), &cx),
            None => Err(Kind::Settings.fault("an argument of the client is missing")),
        }
    }

    fn exports(&self) -> Exports {
        Exports {}
    }

    fn has_idle_work(&self) -> bool {
        self.transport.has_idle_work()
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.transport.poll_idle(cx);
    }

    async fn destroy(self) -> Result<(), Fault> {
        // Its idle connections close with it.
        self.count_connections();
        Ok(())
    }
}

impl Common {
    fn client(common: &Rc<Self>, cx: &AssetCx) -> Result<HttpClient, Fault> {
        Ok(HttpClient {
            metrics: cx.metrics(),
            transport: Transport::new(cx, &common.connections)?,
            jar: OnceCell::new(),
            common: Rc::clone(common),
            deadline: Cell::default(),
        })
    }
}

/// Refuses known counts that are no whole numbers.
fn check_limits(inputs: &Inputs) -> Result<(), Fault> {
    let counts = [
        ("max_redirects", inputs.max_redirects.known().copied()),
        ("max_body_size", inputs.max_body_size.known().copied()),
        (
            "max_idle_connections",
            inputs.max_idle_connections.known().copied().flatten(),
        ),
        (
            "max_connections",
            inputs.max_connections.known().copied().flatten(),
        ),
    ];
    for (input, number) in counts {
        number
            .map(|number| count(input, number))
            .transpose()
            .map_err(|text| Kind::Settings.fault(text))?;
    }
    Ok(())
}

/// The crate that the arguments link; `None` if it is not needed. They are known when the grid is built.
fn link(inputs: &Inputs) -> Result<Option<&'static Link>, Fault> {
    let is =
        |input: &Early<Text>, value: &str| input.known().is_some_and(|known| **known == *value);
    let linked = if is(&inputs.transport, "reqwest") {
        inputs.transport_link
    } else if is(&inputs.http_version, "3") {
        inputs.http_version_link
    } else {
        return Ok(None);
    };
    let without = || Kind::Settings.fault("the program does not hold this transport");
    linked.map(Some).ok_or_else(without)
}

/// The shared parts; `None` if an argument is not known yet. `cx` is the thread, if that is prepared now.
fn common(
    inputs: &Inputs,
    linked: Option<&Rc<dyn Linked>>,
    cx: Option<&Prepare<'_>>,
) -> Result<Option<Common>, Fault> {
    let Some(known) = known(inputs) else {
        return Ok(None);
    };
    check_limits(inputs)?;
    let mut headers = Fields::default();
    headers.set(name::USER_AGENT, AGENT);
    if let Some(agent) = known.user_agent {
        let agent = HeaderValue::from_str(agent).map_err(|_| {
            Kind::Settings.fault("user_agent holds what no header can, such as a line break")
        })?;
        headers.set(name::USER_AGENT, agent);
    }
    if known.compression {
        headers.set(name::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
    }
    if !known.keep_alive {
        headers.set(name::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(named) = known.headers {
        let wrong = |text: FaultText| Kind::Settings.fault(text);
        request::add_headers(&mut headers, named, wrong)?;
        request::no_transfer_encoding(&headers).map_err(wrong)?;
        if headers.contains(name::CONTENT_LENGTH) {
            return Err(Kind::Settings.fault(
                "Content-Length cannot be the same for all requests; leave the header out, the right one is sent",
            ));
        }
    }
    let is_shared = known.connections == "shared";
    let speak = match known.http_version {
        "1.1" => Speak::Http1,
        "2" => Speak::Http2,
        "3" => Speak::Http3,
        _ => Speak::Auto,
    };
    let tls = Tls::new(&TlsSettings {
        ca: one_of("ca_file", known.ca_file, "ca_pem", known.ca_pem)?,
        identity: identity(&known)?,
        insecure: known.insecure_skip_verify,
        any_host: false,
        binds: false,
        oldest: TlsVersion::of_number(known.min_tls_version),
        newest: TlsVersion::of_number(known.max_tls_version),
        cipher_suites: texts(known.cipher_suites),
        protocols: speak.protocols(),
    })
    .map_err(|text| Kind::Tls.fault(text))?;
    let settings = Settings {
        tls,
        server_name: known.server_name.map(str::to_owned),
        speak,
        proxy: known.proxy.map(str::to_owned),
        no_proxy: texts(known.no_proxy),
        connect_timeout: known.connect_timeout,
        idle_timeout: known.idle_timeout,
        max_idle: max_idle(&known)?,
        nodelay: known.tcp_nodelay,
        keep_alive: known.keep_alive,
        is_shared,
        max_connections: if is_shared {
            own_share(&known, cx)?
        } else {
            None
        },
        ways: ways(&known)?,
    };
    let exchange = Defaults {
        timeout: known.timeout,
        follows: known.follow_redirects,
        max_redirects: count("max_redirects", known.max_redirects)
            .map_err(|text| Kind::Settings.fault(text))?,
        decompresses: known.compression,
        max_body: count("max_body_size", known.max_body_size)
            .map_err(|text| Kind::Settings.fault(text))? as u64,
    };
    Ok(Some(Common {
        connections: match linked {
            None if is_shared => Shared::Pool(pool(settings, cx)?),
            None => Shared::Own(Rc::new(Connections::new(settings)?)),
            Some(_) if is_shared && speak != Speak::Http3 => {
                return Err(Kind::Settings.fault(
                    "connections are shared by bggo's own code alone: leave out connections, or the transport",
                ));
            }
            Some(linked) => {
                settings.check_linked()?;
                if is_shared {
                    Shared::LinkedPool(SharedRemote::new(linked, settings))
                } else {
                    Shared::Linked(Rc::clone(linked), Rc::new(settings))
                }
            }
        },
        cookies: known.cookies,
        fields: headers,
        exchange,
    }))
}

/// A whole number from 0.
pub(crate) fn count(input: &str, number: Number) -> Result<usize, FaultText> {
    number.as_usize().ok_or_else(|| {
        FaultText::plain(format_args!("{input} is a whole number from 0, found ")).and_value(number)
    })
}

/// The most connections to a host of this thread, whose users share them; `None` if there is no limit.
fn own_share(known: &Known<'_>, cx: Option<&Prepare<'_>>) -> Result<Option<usize>, Fault> {
    let wrong = |text: FaultText| Kind::Settings.fault(text);
    let cx = cx.ok_or_else(alike)?;
    let Some(most) = known.max_connections else {
        return Ok(None);
    };
    let most = count("max_connections", most).map_err(wrong)?;
    let own = cx.share(most as u64);
    if own == 0 {
        return Err(wrong(FaultText::plain(format_args!(
            "max_connections = {most} is too few, since each thread of the run needs one at least: raise it, or run with fewer --threads"
        ))));
    }
    Ok(Some(usize::try_from(own).unwrap_or(usize::MAX)))
}

/// The pool that all users of a thread share.
fn pool(settings: Settings, cx: Option<&Prepare<'_>>) -> Result<SharedPool, Fault> {
    let pool = SharedPool::new(Connections::new(settings)?);
    let cx = cx.ok_or_else(alike)?;
    cx.spawn("shared connections", pool.task())?;
    Ok(pool)
}

fn alike() -> Fault {
    Kind::Settings.fault(
        "connections are shared by clients that are alike, so with connections = \"shared\" each argument must be known when the run starts",
    )
}

/// The most idle connections to a host.
fn max_idle(known: &Known<'_>) -> Result<Option<usize>, Fault> {
    if !known.keep_alive {
        return Ok(Some(0));
    }
    let most = known.max_idle_connections;
    let most = most.map(|most| count("max_idle_connections", most));
    most.transpose().map_err(|text| Kind::Settings.fault(text))
}

/// Which way connections take.
fn ways(known: &Known<'_>) -> Result<Ways, Fault> {
    let resolve = match known.resolve.map(Value::settled).transpose()? {
        None => Vec::new(),
        Some(map) => match &*map {
            Value::Object(pairs) => {
                let pairs = pairs.iter().filter(|(_, value)| !value.is_null());
                let texts = pairs.map(|(host, to)| (host.to_string(), to.to_string()));
                texts.collect()
            }
            other => {
                return Err(Kind::Settings.fault(FaultText::plain(format_args!(
                    "resolve is a map of strings, found {}",
                    other.kind()
                ))));
            }
        },
    };
    Ok(Ways {
        local_addresses: texts(known.local_addresses),
        resolve,
        dns_ttl: known.dns_ttl,
        unix_socket: known.unix_socket.map(PathBuf::from),
    })
}

fn texts(list: Option<&Value>) -> Vec<String> {
    match list {
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        _ => Vec::new(),
    }
}

fn identity(known: &Known<'_>) -> Result<Option<TlsIdentity>, Fault> {
    let chain = one_of(
        "client_cert_file",
        known.client_cert_file,
        "client_cert_pem",
        known.client_cert_pem,
    )?;
    let key = one_of(
        "client_key_file",
        known.client_key_file,
        "client_key_pem",
        known.client_key_pem,
    )?;
    match (chain, key) {
        (Some(chain), Some(key)) => Ok(Some(TlsIdentity { chain, key })),
        (None, None) => Ok(None),
        _ => {
            Err(Kind::Tls.fault("a client's certificate needs its key, and a key its certificate"))
        }
    }
}

/// The text of a file, or the text that the grid gives itself.
fn one_of(
    file_input: &str,
    file: Option<&str>,
    text_input: &str,
    text: Option<&str>,
) -> Result<Option<Pem>, Fault> {
    match (file, text) {
        (Some(_), Some(_)) => Err(Kind::Tls.fault(FaultText::plain(format_args!(
            "one of {file_input} and {text_input} may be given"
        )))),
        (Some(path), None) => {
            // Editors of some systems begin a file with a byte-order mark, which is no part of its text.
            let read =
                std::fs::read_to_string(path).map(|text| match text.strip_prefix('\u{feff}') {
                    Some(rest) => rest.to_owned(),
                    None => text,
                });
            let read = read.map(|text| Some(Pem::from(text).of_file(path)));
            read.map_err(|error| {
                let no_text = error.kind() == std::io::ErrorKind::InvalidData;
                Kind::Tls.fault(if no_text {
                    FaultText::plain(format_args!("the {file_input} "))
                        .and_value(path)
                        .and(" is no text; certificates and keys are PEM")
                } else {
                    unreadable_file(file_input, path, &error)
                })
            })
        }
        (None, text) => Ok(text.map(|text| Pem::from(text.to_owned()))),
    }
}

/// All arguments, once each is known.
struct Known<'a> {
    timeout: Duration,
    connect_timeout: Option<Duration>,
    follow_redirects: bool,
    max_redirects: Number,
    cookies: bool,
    headers: Option<&'a Value>,
    user_agent: Option<&'a str>,
    compression: bool,
    max_body_size: Number,
    http_version: &'a str,
    proxy: Option<&'a str>,
    no_proxy: Option<&'a Value>,
    ca_file: Option<&'a str>,
    ca_pem: Option<&'a str>,
    client_cert_file: Option<&'a str>,
    client_key_file: Option<&'a str>,
    client_cert_pem: Option<&'a str>,
    client_key_pem: Option<&'a str>,
    insecure_skip_verify: bool,
    server_name: Option<&'a str>,
    min_tls_version: &'a str,
    max_tls_version: &'a str,
    cipher_suites: Option<&'a Value>,
    connections: &'a str,
    max_connections: Option<Number>,
    keep_alive: bool,
    local_addresses: Option<&'a Value>,
    resolve: Option<&'a Value>,
    dns_ttl: Duration,
    unix_socket: Option<&'a str>,
    max_idle_connections: Option<Number>,
    idle_timeout: Duration,
    tcp_nodelay: bool,
}

fn known(inputs: &Inputs) -> Option<Known<'_>> {
    Some(Known {
        timeout: *inputs.timeout.known()?,
        connect_timeout: *inputs.connect_timeout.known()?,
        follow_redirects: *inputs.follow_redirects.known()?,
        max_redirects: *inputs.max_redirects.known()?,
        cookies: *inputs.cookies.known()?,
        headers: inputs.headers.known()?.as_ref(),
        user_agent: inputs.user_agent.known()?.as_deref(),
        compression: *inputs.compression.known()?,
        max_body_size: *inputs.max_body_size.known()?,
        http_version: inputs.http_version.known()?,
        proxy: inputs.proxy.known()?.as_deref(),
        no_proxy: inputs.no_proxy.known()?.as_ref(),
        ca_file: inputs.ca_file.known()?.as_deref(),
        ca_pem: inputs.ca_pem.known()?.as_deref(),
        client_cert_file: inputs.client_cert_file.known()?.as_deref(),
        client_key_file: inputs.client_key_file.known()?.as_deref(),
        client_cert_pem: inputs.client_cert_pem.known()?.as_deref(),
        client_key_pem: inputs.client_key_pem.known()?.as_deref(),
        insecure_skip_verify: *inputs.insecure_skip_verify.known()?,
        server_name: inputs.server_name.known()?.as_deref(),
        min_tls_version: inputs.min_tls_version.known()?,
        max_tls_version: inputs.max_tls_version.known()?,
        cipher_suites: inputs.cipher_suites.known()?.as_ref(),
        connections: inputs.connections.known()?,
        max_connections: *inputs.max_connections.known()?,
        keep_alive: *inputs.keep_alive.known()?,
        local_addresses: inputs.local_addresses.known()?.as_ref(),
        resolve: inputs.resolve.known()?.as_ref(),
        dns_ttl: *inputs.dns_ttl.known()?,
        unix_socket: inputs.unix_socket.known()?.as_deref(),
        max_idle_connections: *inputs.max_idle_connections.known()?,
        idle_timeout: *inputs.idle_timeout.known()?,
        tcp_nodelay: *inputs.tcp_nodelay.known()?,
    })
}
