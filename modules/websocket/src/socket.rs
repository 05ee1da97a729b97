//! The asset `websocket`: its handshake, its session, and its end.

use crate::connect::Connect;
use crate::frame::Compression;
use crate::session::{MessageCounters, Rules, Session, SessionContext, SessionCounters};
use crate::websocket::{Error as Kind, Exports, Inputs, Metric, Uses};
use bggo_module_http_request::HttpClient;
use bggo_runtime::contract::{Asset, AssetCx, Fault, Number, Prepare, Step, Value};
use bggo_wire::{InboxLimits, OnFull};
use std::cell::OnceCell;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// What its sessions count.
const COUNTERS: SessionCounters = SessionCounters {
    session_duration: Metric::SESSION_DURATION,
    ended: Metric::ENDED,
    messages: Some(MessageCounters {
        messages_sent: Metric::MESSAGES_SENT,
        messages_received: Metric::MESSAGES_RECEIVED,
        bytes_sent: Metric::BYTES_SENT,
        bytes_received: Metric::BYTES_RECEIVED,
        dropped: Metric::DROPPED,
    }),
};

/// A session with a server.
#[derive(Debug)]
pub struct Websocket {
    session: Session,
    /// Boxed: hardly a session has one, and each user has the place.
    subprotocol: Option<Box<Value>>,
    settings: Rc<Settings>,
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
    /// Messages of other iterations stay.
    keeps: bool,
    rules: Rules,
    /// Made by the first session.
    context: OnceCell<Rc<SessionContext>>,
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
        open(settings, &cx, &client).await
    }

    fn exports(&self) -> Exports {
        Exports {
            subprotocol: self.subprotocol.as_deref().cloned().unwrap_or(Value::Null),
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
        self.session.leave().await;
        Ok(())
    }
}

impl Websocket {
    /// The session, for steps.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// The session, for a step that takes messages. Those of another iteration are not for it.
    pub(crate) fn session_for(&self, step: &Step<'_>) -> &Session {
        if !self.settings.keeps {
            self.session.forget_before(step.iteration_began());
        }
        &self.session
    }
}

impl Settings {
    /// What the sessions share.
    fn context(&self, cx: &AssetCx) -> &Rc<SessionContext> {
        self.context.get_or_init(|| {
            Rc::new(SessionContext {
                rules: self.rules,
                clock: cx.clock(),
                metrics: Some(cx.metrics()),
            })
        })
    }
}

/// Connects and shakes hands.
async fn open(
    settings: Rc<Settings>,
    cx: &AssetCx,
    client: &HttpClient,
) -> Result<Websocket, Fault> {
    let begun = cx.now();
    let headers = settings.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    let connect = Connect {
        url: &settings.url,
        headers: &headers.collect::<Vec<_>>(),
        subprotocols: &settings.subprotocols,
        compression: settings.compression,
        timeout: settings.connect_timeout,
        trusts_every_certificate: false,
        url_is_sensitive: cx.info().is_sensitive(),
    };
    let context = settings.context(cx);
    let connected = connect.session((&context.clock).into(), client, context);
    let connected = connected.await?;
    let connecting = cx.now() - begun;
    cx.metrics().record_time(Metric::CONNECTING, connecting);
    let subprotocol = connected.subprotocol;
    Ok(Websocket {
        session: connected.session,
        subprotocol: subprotocol.map(|name| Box::new(Value::from(name))),
        settings,
    })
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
            keep: *inputs.keep.known()?,
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
    keep: bool,
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
            keeps: self.keep,
            rules: Rules {
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
                counters: COUNTERS,
            },
            context: OnceCell::new(),
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
    fn a_session_that_rests_takes_few_bytes() {
        // 184 in a program, whose tokio knows one kind of runtime.
        assert!(size_of::<Websocket>() <= 192);
    }

    #[test]
    fn the_url_of_a_session_is_asked_by_http() {
        assert_eq!(as_http("ws://a/b?c").unwrap(), "http://a/b?c");
        assert_eq!(as_http(" WSS://a:1 ").unwrap(), "https://a:1");
        for url in ["http://a", "ws:/a", "", "ü"] {
            assert_eq!(as_http(url).unwrap_err().kind(), "request");
        }
    }
}
