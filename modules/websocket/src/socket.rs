//! The asset `websocket`: its handshake, its session, and its end.

use crate::close::Closing;
use crate::frame::Compression;
use crate::handshake::Handshake;
use crate::session::{Rules, Session, Wants};
use crate::websocket::{Error as Kind, Exports, Inputs, Metric, Uses};
use bggo_module_http_request::{HttpClient, Upgrade};
use bggo_runtime::contract::{Asset, AssetClock, AssetCx, Fault, Number, Prepare, Value};
use bggo_wire::{InboxLimits, OnFull};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long the end of a session waits for the close frame of its server.
const GOODBYE: Duration = Duration::from_secs(1);

/// A session with a server.
#[derive(Debug)]
pub struct Websocket {
    session: Session,
    subprotocol: Option<String>,
    clock: AssetClock,
}

/// All arguments, once each is known.
#[derive(Debug)]
pub struct Settings {
    /// As http or https.
    url: String,
    headers: Vec<(String, String)>,
    subprotocols: Vec<String>,
    compression: Compression,
    connect_timeout: Duration,
    rules: Rc<Rules>,
}

impl Asset for Websocket {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all users of the thread.
    type Ready = Option<Rc<Settings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(settings(inputs)?.map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        uses: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let client = uses
            .client
            .ok_or_else(|| Kind::Request.fault("a session needs a client: name one in `uses`"))?;
        let settings =
            match &*ready {
                Some(settings) => Rc::clone(settings),
                None => {
                    let settings = settings(&inputs)?;
                    Rc::new(settings.ok_or_else(|| {
                        Kind::Request.fault("an argument of the session is missing")
                    })?)
                }
            };
        settings.open(&cx, &client).await
    }

    fn exports(&self) -> Exports {
        Exports {
            subprotocol: self.subprotocol.clone().map_or(Value::Null, Value::from),
        }
    }

    fn has_idle_work(&self) -> bool {
        self.session.has_idle_work()
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.session.poll_idle(cx);
    }

    fn is_spent(&self) -> bool {
        self.session.is_spent()
    }

    async fn destroy(self) -> Result<(), Fault> {
        let closing = Closing {
            code: Some(1000),
            reason: String::new(),
        };
        if self.session.is_over() {
            return Ok(());
        }
        // A step may have said it already. Then its answer is waited for here.
        let _ = self.session.close(&closing);
        let operation = self.session.operation(Wants::End);
        let mut deadline = self.clock.deadline();
        deadline.set(self.clock.now() + GOODBYE);
        poll_fn(|cx| {
            // However it ends: that is counted, and is no failure of a step.
            if operation.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            deadline.poll(cx)
        })
        .await;
        Ok(())
    }
}

impl Websocket {
    /// The session, for steps.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl Settings {
    /// Connects and shakes hands.
    async fn open(&self, cx: &AssetCx, client: &HttpClient) -> Result<Websocket, Fault> {
        let (clock, metrics) = (cx.clock(), cx.metrics());
        let begun = cx.now();
        let nonce = u128::from(cx.random()) << 64 | u128::from(cx.random());
        let nonce = nonce.to_be_bytes();
        let handshake = Handshake::new(nonce, &self.subprotocols, self.compression);
        let mut fields = handshake.fields();
        let headers = self.headers.iter();
        fields.extend(headers.map(|(name, value)| (name.as_str(), value.as_str())));
        let asked = Upgrade {
            url: &self.url,
            protocol: "websocket",
            fields: &fields,
            timeout: Some(self.connect_timeout),
            url_is_sensitive: cx.info().is_sensitive(),
        };
        let upgraded = client.upgrade(&clock, &asked).await;
        let upgraded = upgraded.map_err(of_handshake)?;
        let agreed = handshake.read(|name| upgraded.field(name))?;
        metrics.record_time(Metric::CONNECTING, cx.now() - begun);
        let session = Session::begin(
            upgraded.wire,
            agreed.compression,
            &self.rules,
            (clock.clone(), metrics),
        );
        Ok(Websocket {
            session,
            subprotocol: agreed.subprotocol,
            clock,
        })
    }
}

/// A failure of the handshake, of the kind that this module names it by.
fn of_handshake(fault: Fault) -> Fault {
    let kind = match fault.kind() {
        "dns" => Kind::Dns,
        "connect" => Kind::Connect,
        "refused" => Kind::Refused,
        "unreachable" => Kind::Unreachable,
        "local" => Kind::Local,
        "tls" => Kind::Tls,
        "timeout" => Kind::Timeout,
        "reset" => Kind::Reset,
        "closed" => Kind::Closed,
        "status" => Kind::Handshake,
        "protocol" => Kind::Protocol,
        _ => Kind::Request,
    };
    kind.of(fault)
}

/// The settings, if each argument is known.
fn settings(inputs: &Inputs) -> Result<Option<Settings>, Fault> {
    let read = || {
        Some(Known {
            url: inputs.url.known()?,
            headers: inputs.headers.known()?.as_ref(),
            subprotocols: inputs.subprotocols.known()?.as_ref(),
            compression: *inputs.compression.known()?,
            connect_timeout: *inputs.connect_timeout.known()?,
            max_message_size: *inputs.max_message_size.known()?,
            ping_interval: *inputs.ping_interval.known()?,
            inbox_messages: *inputs.inbox_messages.known()?,
            inbox_size: *inputs.inbox_size.known()?,
            on_full: inputs.on_full.known()?,
        })
    };
    read().map(|known| known.settings()).transpose()
}

/// All arguments as they are given.
struct Known<'a> {
    url: &'a str,
    headers: Option<&'a Value>,
    subprotocols: Option<&'a Value>,
    compression: bool,
    connect_timeout: Duration,
    max_message_size: u64,
    ping_interval: Option<Duration>,
    inbox_messages: Number,
    inbox_size: u64,
    on_full: &'a str,
}

impl Known<'_> {
    fn settings(&self) -> Result<Settings, Fault> {
        let headers = match self.headers {
            Some(Value::Object(pairs)) => {
                let pairs = pairs.iter().filter(|(_, value)| !value.is_null());
                let texts = pairs.map(|(name, value)| (name.to_string(), value.to_string()));
                texts.collect()
            }
            _ => Vec::new(),
        };
        let subprotocols = match self.subprotocols {
            Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
            _ => Vec::new(),
        };
        let count = |number: Option<u64>| {
            number
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(usize::MAX)
        };
        Ok(Settings {
            url: as_http(self.url)?,
            headers,
            subprotocols,
            compression: match self.compression {
                true => Compression::On,
                false => Compression::Off,
            },
            connect_timeout: self.connect_timeout,
            rules: Rc::new(Rules {
                max_message: count(Some(self.max_message_size)),
                inbox: InboxLimits {
                    messages: count(self.inbox_messages.as_u64()),
                    bytes: count(Some(self.inbox_size)),
                    on_full: match self.on_full {
                        "block" => OnFull::Block,
                        _ => OnFull::DropOldest,
                    },
                },
                ping_interval: self.ping_interval,
            }),
        })
    }
}

/// The url of the handshake: that of the session with the scheme of HTTP.
fn as_http(url: &str) -> Result<String, Fault> {
    let url = url.trim();
    let schemes = [("ws://", "http://"), ("wss://", "https://")];
    for (scheme, http) in schemes {
        if let Some((begins, rest)) = url.split_at_checked(scheme.len())
            && begins.eq_ignore_ascii_case(scheme)
        {
            return Ok(format!("{http}{rest}"));
        }
    }
    Err(Kind::Request.fault("the url of a session begins with ws:// or wss://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_session_is_asked_by_http() {
        assert_eq!(as_http("ws://a/b?c").unwrap(), "http://a/b?c");
        assert_eq!(as_http(" WSS://a:1 ").unwrap(), "https://a:1");
        for url in ["http://a", "ws:/a", "", "ü"] {
            assert_eq!(as_http(url).unwrap_err().kind(), "request");
        }
    }
}
