//! How a connection is opened: settings are read, a server is dialled, and a user let in.

use crate::codec::{Input, text};
use crate::frame::{self, Kind as FrameKind};
use crate::method::{Ask, Closed, Method};
use crate::outcome;
use crate::rabbitmq_connection::{Error as Kind, Inputs, Metric};
use crate::session::{Rules, Session};
use crate::url::Url;
use bggo_runtime::contract::{
    AssetClock, AssetCx, AssetMetrics, Fault, FaultText, Number, Text, Value, format_duration,
};
use bggo_wire::{
    Address, Dialer, Named, Rules as DialRules, Target, Tls, TlsArguments, Trouble, Wire,
};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// What a client says first.
const HELLO: &[u8] = b"AMQP\0\0\x09\x01";
/// The most bytes of a frame before a size is agreed on.
const FIRST_FRAMES: usize = 128 << 10;

/// All arguments, once each is known.
pub struct Settings {
    host: String,
    port: u16,
    /// What TLS checks, if it is spoken.
    secure: Option<String>,
    dials: Rc<DialRules>,
    connect_timeout: Duration,
    username: String,
    password: String,
    vhost: String,
    name: Option<String>,
    wants: Rules,
}

impl fmt::Debug for Settings {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What opens the connections of a resource.
#[derive(Debug)]
pub(crate) struct Opener {
    dialer: Dialer,
    named: Named,
    settings: Rc<Settings>,
    clock: AssetClock,
    metrics: AssetMetrics,
    /// Whether a task reads and writes.
    has_task: bool,
}

impl Opener {
    /// Of an asset. One that is shared has a task.
    pub(crate) fn new(cx: &AssetCx, settings: Rc<Settings>) -> Self {
        Self {
            dialer: Dialer::new(cx, &settings.dials),
            named: match cx.info().is_sensitive() {
                true => Named::Secret,
                false => Named::Open,
            },
            settings,
            clock: cx.clock(),
            metrics: cx.metrics(),
            has_task: cx.may_spawn(),
        }
    }

    /// Opens a connection, within its time limit: with the version that the server says it has.
    ///
    /// # Errors
    /// Nobody is there, or the server does not let the user in.
    pub(crate) async fn open(&self) -> Result<(Session, Option<Text>), Fault> {
        let (clock, metrics, settings) = (&self.clock, &self.metrics, &*self.settings);
        let begun = clock.now();
        let mut limit = clock.deadline();
        limit.set(begun + settings.connect_timeout);
        let target = Target {
            address: Address::Host {
                name: &settings.host,
                port: settings.port,
            },
            secure: settings.secure.as_deref(),
            named: self.named,
        };
        let connecting = async {
            let dialled = self.dialer.dial(&target).await;
            let (mut wire, times) = dialled.map_err(|trouble| of_dial(settings, trouble))?;
            let (rules, version) = log_in(&mut wire, settings).await?;
            Ok::<_, Fault>((wire, times.tls, rules, version))
        };
        let mut connecting = pin!(connecting);
        let opened = poll_fn(|cx| match connecting.as_mut().poll(cx) {
            Poll::Pending => limit.poll(cx).map(|()| None),
            Poll::Ready(opened) => Poll::Ready(Some(opened)),
        });
        let Some(opened) = opened.await else {
            let limit = format_duration(settings.connect_timeout);
            return Err(
                Kind::Connect.fault(format!("the server did not let the user in within {limit}"))
            );
        };
        let (wire, tls, rules, server_version) = opened?;
        if settings.secure.is_some() {
            metrics.record_time(Metric::TLS_HANDSHAKING, tls);
        }
        metrics.add(Metric::CONNECTIONS, 1);
        metrics.record_time(Metric::CONNECTING, clock.now() - begun);
        let of_asset = (clock.clone(), metrics.clone(), self.has_task);
        Ok((Session::new(wire, rules, of_asset), server_version))
    }
}

/// Says who asks for which vhost, and agrees on sizes: what holds, and the version of the server.
async fn log_in(wire: &mut Wire, settings: &Settings) -> Result<(Rules, Option<Text>), Fault> {
    wire.out().put(HELLO);
    flush(wire, settings).await?;
    let payload = hear(wire, settings).await?;
    let Some(Method::Start {
        properties,
        mechanisms,
    }) = Method::read(&payload)
    else {
        return Err(unexpected(&payload));
    };
    let version = Input(properties)
        .table()
        .and_then(|table| table.get("version"))
        .and_then(|version| match version {
            Value::Text(text) => Some(text),
            _ => None,
        });
    if !mechanisms
        .split(|byte| *byte == b' ')
        .any(|one| one == b"PLAIN")
    {
        let known = text(mechanisms);
        return Err(Kind::Authentication.fault(
            FaultText::plain("the server does not let users in by PLAIN, but by ").and(known),
        ));
    }
    say(
        wire,
        Ask::StartOk {
            name: settings.name.as_deref(),
            username: &settings.username,
            password: &settings.password,
        },
    )?;
    flush(wire, settings).await?;
    let payload = hear(wire, settings)
        .await
        .map_err(|fault| match fault.kind() {
            // Without a word is how servers refuse that were told of no better way.
            "closed" => Kind::Authentication
                .fault("the server closed the connection when it heard user and password"),
            _ => fault,
        })?;
    let (channel_max, frame_max, heartbeat) = match Method::read(&payload) {
        Some(Method::Tune {
            channel_max,
            frame_max,
            heartbeat,
        }) => (channel_max, frame_max, heartbeat),
        Some(Method::Close(closed)) => {
            return Err(Kind::Authentication.fault(outcome::said(closed)));
        }
        _ => return Err(unexpected(&payload)),
    };
    let mut rules = settings.wants;
    if channel_max > 0 {
        rules.channel_max = rules.channel_max.min(channel_max);
    }
    if let Some(most) = usize::try_from(frame_max).ok().filter(|most| *most > 0) {
        rules.frame_max = rules.frame_max.min(most.max(4096));
    }
    let theirs = Duration::from_secs(heartbeat.into());
    rules.heartbeat = rules.heartbeat.map(|ours| match theirs.is_zero() {
        true => ours,
        false => ours.min(theirs),
    });
    let seconds = rules.heartbeat.map_or(0, |time| time.as_secs());
    say(
        wire,
        Ask::TuneOk {
            channel_max: rules.channel_max,
            frame_max: u32::try_from(rules.frame_max).unwrap_or(u32::MAX),
            heartbeat: u16::try_from(seconds).unwrap_or(u16::MAX),
        },
    )?;
    say(
        wire,
        Ask::Open {
            vhost: &settings.vhost,
        },
    )?;
    flush(wire, settings).await?;
    let payload = hear(wire, settings).await?;
    match Method::read(&payload) {
        Some(Method::OpenOk) => Ok((rules, version)),
        Some(Method::Close(closed)) => Err(of_vhost(closed)),
        _ => Err(unexpected(&payload)),
    }
}

fn say(wire: &mut Wire, ask: Ask<'_>) -> Result<(), Fault> {
    let mut bytes = Vec::new();
    let said = frame::put(&mut bytes, (FrameKind::Method, 0), |out| ask.put(out));
    said.map_err(|_| Kind::Settings.fault("the vhost or a name has more than 255 bytes"))?;
    wire.out().put(&bytes);
    Ok(())
}

async fn flush(wire: &mut Wire, settings: &Settings) -> Result<(), Fault> {
    wire.send_only();
    wire.flush()
        .await
        .map_err(|trouble| of_login(settings, &trouble))
}

/// The payload of the next method.
async fn hear(wire: &mut Wire, settings: &Settings) -> Result<Vec<u8>, Fault> {
    loop {
        if wire.peek().starts_with(b"AMQP") {
            return Err(Kind::Protocol.fault("the server speaks another version of AMQP"));
        }
        let of_frame = |why| Kind::Protocol.of(outcome::no_frame(why));
        let found = frame::next(wire.peek(), FIRST_FRAMES).map_err(of_frame)?;
        if let Some(frame) = found {
            let (is_method, payload) = (frame.kind == FrameKind::Method, frame.payload.to_vec());
            wire.consume(payload.len() + frame::AROUND);
            if is_method {
                return Ok(payload);
            }
            continue;
        }
        match wire.fill(FIRST_FRAMES + 1).await {
            Ok(0) => return Err(of_login(settings, &Trouble::closed())),
            Ok(_) => {}
            Err(trouble) => return Err(of_login(settings, &trouble)),
        }
    }
}

/// The failure of a server that says something else than it should, or closes the connection.
fn unexpected(payload: &[u8]) -> Fault {
    match Method::read(payload) {
        Some(Method::Close(closed)) => Kind::ConnectionClosed.fault(outcome::said(closed)),
        _ => Kind::Protocol.fault("the server says something else than a login has"),
    }
}

/// The failure of a server that does not open the vhost.
fn of_vhost(closed: Closed<'_>) -> Fault {
    let is_refused = String::from_utf8_lossy(closed.text).contains("refused");
    let kind = match closed.code {
        530 if is_refused => Kind::AccessRefused,
        530 => Kind::Vhost,
        403 => Kind::AccessRefused,
        _ => Kind::ConnectionClosed,
    };
    kind.fault(outcome::said(closed))
}

/// The failure of a connection during the login.
fn of_login(settings: &Settings, trouble: &Trouble) -> Fault {
    if settings.secure.is_none() {
        return Kind::Closed.fault(
            "the server closed the connection before it let the user in: one with TLS has a url with amqps://",
        );
    }
    Kind::Closed.of(trouble.fault(trouble.text().clone()))
}

/// The failure of a dial.
fn of_dial(settings: &Settings, trouble: Trouble) -> Fault {
    use bggo_wire::Kind as Of;
    let kind = match trouble.kind() {
        Of::Dns => Kind::Dns,
        Of::Connect | Of::Timeout => Kind::Connect,
        Of::Refused => Kind::Refused,
        Of::Unreachable => Kind::Unreachable,
        Of::Local => Kind::Local,
        Of::Tls => Kind::Tls,
        Of::Reset | Of::Closed | Of::TooLarge => Kind::Closed,
    };
    let text = trouble.text().clone();
    let text = match settings.secure {
        // A server that speaks none waits for more of what it takes for a beginning.
        Some(_) if trouble.connect_limit().is_some() => {
            text.and(", TLS included: a server without TLS has a url with amqp://")
        }
        _ => text,
    };
    kind.of(trouble.fault(text))
}

/// The settings, if each argument is known.
pub(crate) fn settings(inputs: &Inputs) -> Result<Option<Settings>, Fault> {
    let read = || {
        Some(Known {
            url: inputs.url.known()?,
            username: inputs.username.known()?.as_deref(),
            password: inputs.password.known()?.as_deref(),
            vhost: inputs.vhost.known()?.as_deref(),
            connection_name: inputs.connection_name.known()?,
            heartbeat: *inputs.heartbeat.known()?,
            channel_max: *inputs.channel_max.known()?,
            frame_max: *inputs.frame_max.known()?,
            prefetch: *inputs.prefetch.known()?,
            blocked: inputs.blocked.known()?,
            connect_timeout: *inputs.connect_timeout.known()?,
            max_message_size: *inputs.max_message_size.known()?,
            server_name: inputs.server_name.known()?.as_deref(),
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
    vhost: Option<&'a str>,
    connection_name: &'a str,
    heartbeat: Duration,
    channel_max: Number,
    frame_max: u64,
    prefetch: Number,
    blocked: &'a str,
    connect_timeout: Duration,
    max_message_size: u64,
    server_name: Option<&'a str>,
    tls: TlsArguments<'a>,
}

impl Known<'_> {
    fn settings(&self) -> Result<Settings, Fault> {
        let url = Url::read(self.url).ok_or_else(|| {
            Kind::Settings.fault("the url is that of a server, as amqp://host:5672/vhost")
        })?;
        let or = |given: Option<&str>, of_url: Option<String>, otherwise: &str| {
            given
                .map(str::to_owned)
                .or(of_url)
                .unwrap_or_else(|| otherwise.to_owned())
        };
        let secure = url
            .is_secure
            .then(|| self.server_name.unwrap_or(&url.host).to_owned());
        let tls = match secure {
            Some(_) => {
                let settings = self.tls.settings();
                let settings =
                    settings.map_err(|trouble| Kind::Settings.fault(trouble.text().clone()))?;
                Some(Tls::new(&settings).map_err(|text| Kind::Tls.fault(text))?)
            }
            None => None,
        };
        let small = |number: Number| {
            let number = number
                .as_u64()
                .and_then(|number| u16::try_from(number).ok());
            number.ok_or_else(|| {
                Kind::Settings.fault("channel_max and prefetch are whole numbers up to 65535")
            })
        };
        Ok(Settings {
            port: url.port,
            secure,
            dials: Rc::new(DialRules {
                tls,
                connect_limit: Some(self.connect_timeout),
                ..DialRules::default()
            }),
            connect_timeout: self.connect_timeout,
            username: or(self.username, url.username, "guest"),
            password: or(self.password, url.password, "guest"),
            vhost: or(self.vhost, url.vhost, "/"),
            host: url.host,
            name: Some(self.connection_name.to_owned()).filter(|name| !name.is_empty()),
            wants: Rules {
                max_message: usize::try_from(self.max_message_size).unwrap_or(usize::MAX),
                prefetch: small(self.prefetch)?,
                fails_blocked: self.blocked == "fail",
                frame_max: usize::try_from(self.frame_max).unwrap_or(usize::MAX),
                channel_max: small(self.channel_max)?,
                heartbeat: heartbeat(self.heartbeat),
            },
        })
    }
}

/// Heartbeats are counted in whole seconds; less than one is one.
fn heartbeat(given: Duration) -> Option<Duration> {
    (!given.is_zero()).then(|| Duration::from_secs(given.as_secs().max(1)))
}
