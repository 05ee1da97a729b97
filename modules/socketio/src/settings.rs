//! The arguments of a connection, for the asset and for the step that connects by itself.

use crate::owner::Owner;
use crate::place::server;
use crate::socketio_client::{Error as Kind, Metric};
use bggo_module_websocket::{Rules, SessionContext, SessionCounters};
use bggo_runtime::contract::{Fault, Value};
use bggo_wire::{InboxLimits, OnFull};
use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

/// Messages that may stand in the inbox of the session before they are taken out, which is at once.
const AT_ONCE: InboxLimits = InboxLimits {
    messages: 64,
    bytes: 1 << 20,
    on_full: OnFull::Block,
};
/// What the sessions count. What their messages mean is counted here.
const COUNTERS: SessionCounters = SessionCounters {
    session_duration: Metric::SESSION_DURATION,
    ended: Metric::ENDED,
    messages: None,
};
/// The limits of a step that connects by itself, which are those that the asset has if its grid chooses none.
pub(crate) const DEFAULT_LIMITS: Limits = Limits {
    max_message: 16 << 20,
    inbox_messages: 1_000,
    inbox_bytes: 1 << 20,
};

/// All arguments, once each is known.
#[derive(Debug)]
pub struct Settings {
    /// Where it is, as http or https, with the beginning of the query.
    pub(crate) server: String,
    pub(crate) way: Way,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) namespace: String,
    /// As JSON.
    pub(crate) auth: Option<String>,
    pub(crate) trusts_every_certificate: bool,
    rules: Rules,
    /// Made by the first session.
    context: OnceCell<Rc<SessionContext>>,
    pub(crate) inbox: InboxLimits,
    /// Events of other iterations stay.
    pub(crate) keeps: bool,
    /// Time limit of the connection, if it has one of its own.
    pub(crate) connect_timeout: Option<Duration>,
}

impl Settings {
    /// What the sessions share. All of them are made by owners of one kind.
    pub(crate) fn context(&self, owner: &Owner<'_>) -> &Rc<SessionContext> {
        self.context.get_or_init(|| {
            Rc::new(SessionContext {
                rules: self.rules,
                clock: owner.clock.clone(),
                metrics: owner.metrics.clone(),
            })
        })
    }
}

/// How a connection is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By WebSocket at once.
    WebSocket,
    /// By a request of HTTP, and then the session goes on over WebSocket.
    PollingFirst,
}

/// How much may come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_message: usize,
    pub(crate) inbox_messages: usize,
    pub(crate) inbox_bytes: usize,
}

/// All arguments as they are given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) url: &'a str,
    pub(crate) way: Way,
    pub(crate) namespace: &'a str,
    pub(crate) auth: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) headers: Option<&'a Value>,
    pub(crate) query: Option<&'a Value>,
    pub(crate) insecure_skip_verify: bool,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) keep: bool,
    pub(crate) limits: Limits,
}

impl Given<'_> {
    /// # Errors
    /// One of them makes no sense (`request`).
    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        if !self.namespace.starts_with('/') || self.namespace.contains([',', '?']) {
            return Err(Kind::Request
                .fault("a namespace begins with / and has no comma and no question mark"));
        }
        let query = self.query.map(Value::settled).transpose()?;
        let headers = self.headers.map(Value::settled).transpose()?;
        let headers = match headers.as_deref() {
            Some(Value::Object(pairs)) => {
                let pairs = pairs.iter().filter(|(_, value)| !value.is_null());
                let texts = pairs.map(|(name, value)| (name.to_string(), value.to_string()));
                texts.collect()
            }
            _ => Vec::new(),
        };
        let auth = self.auth.filter(|auth| *auth != "null");
        if auth.is_some_and(|auth| !auth.starts_with('{')) {
            return Err(Kind::Request.fault("what a server gets to see as auth is an object"));
        }
        Ok(Settings {
            server: server(self.url, self.path, query.as_deref())?,
            way: self.way,
            headers,
            namespace: self.namespace.to_owned(),
            auth: auth.map(str::to_owned),
            trusts_every_certificate: self.insecure_skip_verify,
            rules: Rules {
                max_message: self.limits.max_message,
                inbox: AT_ONCE,
                ping_interval: None,
                counters: COUNTERS,
            },
            context: OnceCell::new(),
            inbox: InboxLimits {
                messages: self.limits.inbox_messages,
                bytes: self.limits.inbox_bytes,
                on_full: OnFull::DropOldest,
            },
            keeps: self.keep,
            connect_timeout: self.connect_timeout,
        })
    }
}
