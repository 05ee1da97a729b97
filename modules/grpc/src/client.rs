//! The asset `grpc_client`: a connection to a server, on which the calls of its user go side by side.
//!
//! It connects when it is created. A connection that was lost or that its server ends is replaced within the next call, and that is
//! counted: nothing is made good in silence.

use crate::channel::{Channel, ChannelRules};
use crate::framing::Compression;
use crate::grpc_client::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::head::{self, OfClient};
use bggo_runtime::contract::{
    Asset, AssetClock, AssetCx, AssetMetrics, Fault, FaultText, Prepare, Value,
};
use bggo_wire::{
    Address, Dialer, KeptDeadline, Named, Rules, Target, Tls, TlsArguments, TlsSettings, Trouble,
};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Mutex;

/// A client.
#[derive(Debug)]
pub struct GrpcClient(Rc<Core>);

/// What a client is, for its task as well if it has one.
#[derive(Debug)]
struct Core {
    settings: Rc<Settings>,
    named: Named,
    dialer: Dialer,
    /// The last one takes calls; the others have some that are not over.
    channels: RefCell<Vec<Rc<Channel>>>,
    /// Only one connects at a time.
    connecting: Mutex<()>,
    clock: AssetClock,
    metrics: AssetMetrics,
    /// The task that looks after the connections, if there is one.
    task: RefCell<Option<Waker>>,
    is_ending: Cell<bool>,
    deadline: KeptDeadline,
}

/// All arguments, once each is known.
#[derive(Debug)]
pub struct Settings {
    place: Place,
    pub(crate) heads: OfClient,
    /// What TLS checks, if it is spoken.
    secure: Option<String>,
    dials: Rc<Rules>,
    channels: ChannelRules,
    /// How long a call without a deadline may take.
    pub(crate) timeout: Duration,
}

/// Where the server is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Host(String, u16),
    Unix(PathBuf),
}

/// Whether a call had to wait for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    There,
    Made,
}

impl Asset for GrpcClient {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all clients of the thread.
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
        let settings = match &*ready {
            Some(settings) => Rc::clone(settings),
            None => Rc::new(
                settings(&inputs)?
                    .ok_or_else(|| Kind::Settings.fault("an argument of the client is missing"))?,
            ),
        };
        let core = Rc::new(Core {
            dialer: Dialer::new(&cx, &settings.dials),
            settings,
            named: match cx.info().is_sensitive() {
                true => Named::Secret,
                false => Named::Open,
            },
            channels: RefCell::default(),
            connecting: Mutex::new(()),
            clock: cx.clock(),
            metrics: cx.metrics(),
            task: RefCell::default(),
            is_ending: Cell::new(false),
            deadline: KeptDeadline::new(),
        });
        core.connect().await?;
        if cx.may_spawn() {
            // Users come and go, so none of them looks after it.
            let of_task = Rc::clone(&core);
            let looks_after = poll_fn(move |cx| {
                if of_task.is_ending.get() {
                    return Poll::Ready(());
                }
                of_task.task.replace(Some(cx.waker().clone()));
                of_task.poll_idle(cx);
                Poll::Pending
            });
            cx.spawn("connection", looks_after)?;
        }
        Ok(Self(core))
    }

    fn exports(&self) -> Exports {
        Exports {}
    }

    fn has_idle_work(&self) -> bool {
        let channels = self.0.channels.borrow();
        channels.iter().any(|channel| channel.has_idle_work())
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.0.poll_idle(cx);
    }

    async fn destroy(self) -> Result<(), Fault> {
        // Its connections close with it.
        self.0.is_ending.set(true);
        self.0.channels.take();
        self.0.wake_task();
        Ok(())
    }
}

impl GrpcClient {
    /// What holds for its calls.
    pub(crate) fn settings(&self) -> &Rc<Settings> {
        &self.0.settings
    }

    /// The deadline of one step after the other.
    pub(crate) fn deadline(&self) -> &KeptDeadline {
        &self.0.deadline
    }

    /// A connection that takes calls: the one that is there, or a new one.
    ///
    /// # Errors
    /// There is none, and a new one cannot be made.
    pub(crate) async fn channel(&self) -> Result<(Rc<Channel>, Found), Fault> {
        let core = &self.0;
        if let Some(channel) = core.current().await {
            return Ok((channel, Found::There));
        }
        // It happens seldom, so calls hold no place for it.
        let channel = Box::pin(core.reconnect()).await?;
        Ok((channel, Found::Made))
    }
}

impl Core {
    /// A new connection, if no other call makes one meanwhile.
    async fn reconnect(&self) -> Result<Rc<Channel>, Fault> {
        let _turn = self.connecting.lock().await;
        if let Some(channel) = self.current().await {
            return Ok(channel);
        }
        let channel = self.connect().await?;
        self.metrics.add(Metric::RECONNECTS, 1);
        Ok(channel)
    }

    /// The connection that takes calls, if there is one.
    async fn current(&self) -> Option<Rc<Channel>> {
        let last = self.channels.borrow().last().map(Rc::clone)?;
        poll_fn(|cx| Poll::Ready(last.takes_calls(cx)))
            .await
            .then_some(last)
    }

    async fn connect(&self) -> Result<Rc<Channel>, Fault> {
        let settings = &*self.settings;
        let begun = self.clock.now();
        let target = Target {
            address: match &settings.place {
                Place::Host(name, port) => Address::Host { name, port: *port },
                Place::Unix(path) => Address::Unix(path),
            },
            secure: settings.secure.as_deref(),
            named: self.named,
        };
        let dialled = self.dialer.dial(&target).await;
        let (wire, _) = dialled.map_err(|trouble| of_dial(&trouble))?;
        if settings.secure.is_some() && wire.alpn() != Some(b"h2") {
            let text = FaultText::plain("no secure connection to ");
            let text = text.and_text(&target.place());
            return Err(Kind::Tls.fault(text.and(": the server does not offer HTTP/2 (ALPN h2)")));
        }
        let channel = Channel::begin(wire, settings.channels, self.clock.clone());
        self.metrics
            .record_time(Metric::CONNECTING, self.clock.now() - begun);
        let mut channels = self.channels.borrow_mut();
        channels.retain(|known| !known.is_over());
        channels.push(Rc::clone(&channel));
        drop(channels);
        self.wake_task();
        Ok(channel)
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        let mut channels = self.channels.borrow_mut();
        channels.retain(|channel| {
            channel.poll_idle(cx);
            !channel.is_over()
        });
    }

    fn wake_task(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }
}

/// The failure of a connection that cannot be made.
fn of_dial(trouble: &Trouble) -> Fault {
    let kind = match trouble.kind() {
        bggo_wire::Kind::Tls => Kind::Tls,
        _ => Kind::Connect,
    };
    kind.of(trouble.fault(trouble.text().clone()))
}

/// The failure of arguments that cannot be used.
fn of_settings(trouble: &Trouble) -> Fault {
    Kind::Settings.fault(trouble.text().clone())
}

/// The settings, if each argument is known.
fn settings(inputs: &Inputs) -> Result<Option<Settings>, Fault> {
    let read = || {
        Some(Known {
            target: inputs.target.known()?,
            tls: *inputs.tls.known()?,
            authority: inputs.authority.known()?.as_deref(),
            connect_timeout: *inputs.connect_timeout.known()?,
            timeout: *inputs.timeout.known()?,
            keepalive_time: *inputs.keepalive_time.known()?,
            keepalive_timeout: *inputs.keepalive_timeout.known()?,
            max_receive_message_size: *inputs.max_receive_message_size.known()?,
            compression: inputs.compression.known()?,
            metadata: inputs.metadata.known()?.as_ref(),
            secure: TlsArguments {
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
    target: &'a str,
    tls: bool,
    authority: Option<&'a str>,
    connect_timeout: Duration,
    timeout: Duration,
    keepalive_time: Option<Duration>,
    keepalive_timeout: Duration,
    max_receive_message_size: u64,
    compression: &'a str,
    metadata: Option<&'a Value>,
    secure: TlsArguments<'a>,
}

impl Known<'_> {
    fn settings(&self) -> Result<Settings, Fault> {
        let place = place(self.target).ok_or_else(|| {
            Kind::Settings
                .fault("the target is a host and a port, as localhost:50051, or unix: and a path")
        })?;
        let authority = match (self.authority, &place) {
            (Some(authority), _) => authority.to_owned(),
            (None, Place::Host(..)) => self.target.to_owned(),
            (None, Place::Unix(_)) => "localhost".to_owned(),
        };
        let secure = self.tls.then(|| host(&authority).to_owned());
        let tls = match self.tls {
            true => Some(TlsSettings {
                protocols: vec![b"h2".to_vec()],
                ..self
                    .secure
                    .settings()
                    .map_err(|trouble| of_settings(&trouble))?
            }),
            false => None,
        };
        let tls = tls.map(|tls| Tls::new(&tls)).transpose();
        Ok(Settings {
            place,
            heads: OfClient {
                authority,
                scheme: match self.tls {
                    true => "https",
                    false => "http",
                },
                compression: match self.compression {
                    "gzip" => Compression::Gzip,
                    _ => Compression::None,
                },
                metadata: head::metadata(self.metadata)
                    .map_err(|text| Kind::Settings.fault(text))?,
            },
            secure,
            dials: Rc::new(Rules {
                tls: tls.map_err(|text| Kind::Tls.fault(text))?,
                connect_limit: Some(self.connect_timeout),
                ..Rules::default()
            }),
            channels: ChannelRules {
                max_message: usize::try_from(self.max_receive_message_size).unwrap_or(usize::MAX),
                keepalive: self
                    .keepalive_time
                    .map(|time| (time, self.keepalive_timeout)),
            },
            timeout: self.timeout,
        })
    }
}

/// Where a target is.
fn place(target: &str) -> Option<Place> {
    if let Some(path) = target.strip_prefix("unix:") {
        return (!path.is_empty()).then(|| Place::Unix(path.into()));
    }
    let (host, port) = target.rsplit_once(':')?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| is_number && *port > 0)?;
    let inner = host.strip_prefix('[').map(|inner| inner.strip_suffix(']'));
    let host = match inner {
        Some(inner) => inner?,
        // An address of IPv6 stands in brackets.
        None if host.contains(':') => return None,
        None => host,
    };
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"/?#@[]\\".contains(&byte));
    is_host.then(|| Place::Host(host.to_owned(), port))
}

/// The host of an authority, which TLS checks.
fn host(authority: &str) -> &str {
    if let Some(inner) = authority.strip_prefix('[') {
        return inner.split(']').next().unwrap_or_default();
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_with_a_port_or_a_socket() {
        let at = |host: &str, port| Some(Place::Host(host.to_owned(), port));
        assert_eq!(place("localhost:50051"), at("localhost", 50051));
        assert_eq!(place("[::1]:443"), at("::1", 443));
        assert_eq!(place("10.0.0.1:80"), at("10.0.0.1", 80));
        assert_eq!(place("unix:/a/b"), Some(Place::Unix("/a/b".into())));
        for text in [
            "localhost",
            "a:0",
            "a:+1",
            "a:65536",
            "::1:443",
            ":443",
            "a:",
            "http://a:80",
            "a/b:80",
            "unix:",
            "[::1:443",
            "a b:80",
        ] {
            assert_eq!(place(text), None, "{text}");
        }
    }

    #[test]
    fn tls_checks_the_host_of_the_authority() {
        for (authority, name) in [
            ("shop.test:443", "shop.test"),
            ("shop.test", "shop.test"),
            ("[::1]:443", "::1"),
            ("10.0.0.1:1", "10.0.0.1"),
        ] {
            assert_eq!(host(authority), name);
        }
    }
}
