//! Requests of other modules: one request over a client's connections, and its answer.
//!
//! ```text
//! Ask (where to, target, fields, body) -> exchange: client's fields, cookies, proxy, TLS, time limit -> Answer
//! ```

use crate::again::Again;
use crate::asking::Asking;
use crate::body::Payload;
use crate::client::{Common, HttpClient};
use crate::exchange::{self, Call, ExchangeCounters, ExchangeRecord, First, exchange};
use crate::expect::Examples;
use crate::fields::{Fields, name};
use crate::hosts::Hosts;
use crate::http_request::Error as Kind;
use crate::phases::{PhaseCounters, Phases};
use crate::request;
use crate::trace::{Request, Trace};
use crate::transport::{AnswerContext, AnswerHead, LastHead, Reads, Template};
use bggo_runtime::contract::{
    Counter, Fault, FaultText, LabelledCounter, Moment, Rate, Running, Step, Text, Trend,
};
use bytes::Bytes;
use http::Method;
use http::header::{HeaderName, HeaderValue};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use url::{Position, Url};

/// Bytes that are kept of the body of an answer without a status of success.
const FAILURE: usize = 16 << 10;

/// Where requests go: scheme, host and port. It is made once for many of them.
#[derive(Debug)]
pub struct Place {
    url: Url,
    /// What the last answer from there looked like.
    last_head: RefCell<LastHead>,
}

impl Place {
    /// Reads the beginning of a url, http or https. What follows the port is left out.
    ///
    /// # Errors
    /// It is none (`request`), or it holds a user.
    pub fn new(url: &str) -> Result<Self, Fault> {
        let target = request::written(url)?;
        if target.credentials.is_some() {
            let text = "the url holds a user or a password, which are not sent";
            return Err(Kind::Request.fault(text));
        }
        let mut url = target.into_url();
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self {
            url,
            last_head: RefCell::default(),
        })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// What the field Host says: the host, and the port if it is not that of the scheme.
    pub fn host(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum AskBody {
    /// There is none.
    Nothing,
    /// Known bytes.
    Bytes(Bytes),
    /// A part of a file, streamed. A request with it is never sent twice.
    File {
        /// Relative to the working folder.
        path: String,
        /// Its first byte.
        from: u64,
        /// How many bytes. If the file has fewer, the request fails with `request`.
        size: u64,
    },
}

/// A request.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Its method, as it is sent.
    pub method: &'a str,
    /// Where it goes.
    pub to: &'a Place,
    /// Path and query as they are sent, byte for byte: they begin with a slash, and hold only visible ASCII.
    pub target: &'a str,
    /// Its fields. They replace those of the client.
    pub fields: &'a [(Text, &'a str)],
    /// Those of them whose values nothing shows, besides Authorization. In lower case.
    pub secret_fields: &'a [&'a str],
    /// Its body.
    pub body: AskBody,
    /// Time limit of all of it, connecting included. Without it the client's holds.
    pub timeout: Option<Duration>,
    /// The largest body of an answer that is kept. Without it the body is dropped and counted. Of an answer without a status of
    /// success the first 16 KiB are kept whatever it says.
    pub most: Option<u64>,
    /// Whether the fields of an answer are read. Those of an answer without a status of success always are.
    pub reads_fields: bool,
    /// Whether the client's cookies are sent, and those of the answer are kept.
    pub has_cookies: bool,
    /// Whether redirects are followed, as often as the client follows them.
    pub follows_redirects: bool,
    /// The target contains a secret: nothing shows it, and no fault names the host.
    pub url_is_sensitive: bool,
    /// The body is not shown.
    pub body_is_sensitive: bool,
    /// What a step counts. An asset counts nothing.
    pub counters: Option<&'a AskCounters>,
}

impl<'a> Ask<'a> {
    /// A request without fields and body, of which nothing is kept but its status.
    pub fn new(method: &'a str, to: &'a Place, target: &'a str) -> Self {
        Self {
            method,
            to,
            target,
            fields: &[],
            secret_fields: &[],
            body: AskBody::Nothing,
            timeout: None,
            most: None,
            reads_fields: false,
            has_cookies: false,
            follows_redirects: false,
            url_is_sensitive: false,
            body_is_sensitive: false,
            counters: None,
        }
    }
}

/// The metrics of a runner that sends such requests. They mean what those of `http_request` mean.
#[derive(Debug, Clone, Copy)]
pub struct AskCounters {
    /// How long names took to become addresses.
    pub dns: Trend,
    /// How long connecting took.
    pub connecting: Trend,
    /// How long TLS took.
    pub tls_handshake: Trend,
    /// From the last byte of a request to the first one of its answer.
    pub waiting: Trend,
    /// From there to the end of the body.
    pub receiving: Trend,
    /// Answers by status.
    pub answers: LabelledCounter,
    /// Bytes of the bodies of requests.
    pub sent: Counter,
    /// Bytes of the bodies of answers.
    pub received: Counter,
    /// Requests over a connection that had served before.
    pub reused: Rate,
    /// Requests that were sent again.
    pub resent: Counter,
    /// Requests.
    pub requests: Counter,
    /// Answers whose head came.
    pub answered: Counter,
    /// Requests without an answer.
    pub cut: Counter,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    head: AnswerHead,
    /// What is kept of the body, as it came.
    pub body: Bytes,
    /// How many bytes the body had.
    pub size: u64,
    /// When its first byte came.
    pub came: Moment,
    /// When its last byte came.
    pub ended: Moment,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        self.head.status.is_success()
    }

    /// The words that go with the status. Empty if it has none.
    pub fn reason(&self) -> &'static str {
        self.head.status.canonical_reason().unwrap_or_default()
    }

    /// A field. `None` if there is none, if it is no text, or if fields are not read.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name)?.to_str().ok()
    }

    /// All fields of the head that are texts, by their names in lower case.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.head.headers().iter();
        fields.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }
}

/// A request in the form in which it is sent.
struct Made {
    method: Method,
    /// The whole url, where something reads its path: cookies, and the transport of another crate.
    url: Option<Url>,
    fields: Fields,
    payload: Payload,
    may_resend: bool,
    /// Its head, if the request is kept.
    template: Option<Template>,
}

/// A request that was made once, to be sent many times.
pub struct KeptAsk {
    /// The settings of the client that made it.
    common: Rc<Common>,
    made: Made,
}

impl HttpClient {
    /// Sends a request of another module, with the fields, proxy, TLS and time limit of this client, and reads its answer. The
    /// body of the answer is handed over as it came, so no compression is asked for unless a field of the request does.
    ///
    /// What is sent again, by the rules of `http_request`, is only what has an idempotent method and known bytes.
    ///
    /// # Errors
    /// The request cannot be made (`request`), or it has no whole answer: the kinds of an `http_request`. No status is a fault.
    pub async fn ask<'a>(
        &'a self,
        asking: impl Into<Asking<'a>>,
        ask: &'a Ask<'a>,
    ) -> Result<Answer, Fault> {
        let made = self.made(ask)?;
        self.send(asking.into(), ask, &made).await
    }

    /// Makes a request that is sent again and again, by [`ask_kept`](Self::ask_kept).
    ///
    /// # Errors
    /// It cannot be made (`request`).
    pub fn keep(&self, ask: &Ask<'_>) -> Result<KeptAsk, Fault> {
        let mut made = self.made(ask)?;
        if let (Some(connections), Some(body)) =
            (self.common.connections.own(), made.payload.whole())
        {
            let size = body.len() as u64;
            request::check_length(&made.fields, size)?;
            let to = (&made.method, &ask.to.url, Some(ask.target));
            made.template = Some(connections.template(to, &made.fields, size));
        }
        Ok(KeptAsk {
            common: Rc::clone(&self.common),
            made,
        })
    }

    /// Whether a request was made with the settings that this client has as well, so that it may send it.
    pub fn may_send(&self, kept: &KeptAsk) -> bool {
        Rc::ptr_eq(&self.common, &kept.common)
    }

    /// The same as [`ask`](Self::ask), of a request that was made before. Fields and body of `ask` are not looked at.
    ///
    /// # Errors
    /// It has no whole answer: the kinds of an `http_request`. No status is a fault.
    pub async fn ask_kept<'a>(
        &'a self,
        asking: impl Into<Asking<'a>>,
        ask: &'a Ask<'a>,
        kept: &'a KeptAsk,
    ) -> Result<Answer, Fault> {
        self.send(asking.into(), ask, &kept.made).await
    }

    /// Boxed: a user carries no room for it once it is over. And boxed here, so that the modules that ask compile no exchange of their own, as
    /// they would of an `async fn`.
    #[inline(never)]
    fn send<'a>(
        &'a self,
        asking: Asking<'a>,
        ask: &'a Ask<'a>,
        made: &'a Made,
    ) -> Running<'a, Result<Answer, Fault>> {
        Box::pin(self.send_boxed(asking, ask, made))
    }

    async fn send_boxed(
        &self,
        asking: Asking<'_>,
        ask: &Ask<'_>,
        made: &Made,
    ) -> Result<Answer, Fault> {
        let asked = Asked {
            client: self,
            asking,
            ask,
            made,
            seen: ExchangeRecord::default(),
            phases: Phases::default(),
            waits: Cell::new(true),
        };
        let sent = asking.sends();
        let shown = asking.step();
        let shown = shown.and_then(|step| Some((step, step.shows_exchanges()?)));
        let trace = shown.map(|shown| asked.trace(shown));
        let call = asked.call(sent, trace.as_ref());
        let first = First::Nothing(Again::default());
        let ended = exchange(self, &call, first, asking.deadline()).await;
        asked.waits.set(false);
        match ended {
            Ok(answer) => Ok(asked.answer(answer, sent)),
            Err(fault) => {
                asked.show(fault.kind(), None);
                Err(fault)
            }
        }
    }

    /// Shows an exchange whose answer fails its step by this kind, if a step asked and if there is no example of it yet. (In a
    /// functional run each exchange is shown anyway.)
    pub fn show_failure(&self, asking: Asking<'_>, ask: &Ask<'_>, failed: (&'static str, &Answer)) {
        let (kind, answer) = failed;
        let Some(shown) = wanted(asking, kind) else {
            return;
        };
        // It was made before, so it can be made.
        let Ok(made) = self.made(ask) else {
            return;
        };
        show(self, (ask, &made), shown, Some(answer));
    }

    fn made(&self, ask: &Ask<'_>) -> Result<Made, Fault> {
        let is_visible = |byte: u8| byte.is_ascii_graphic();
        if !ask.target.starts_with('/') || !ask.target.bytes().all(is_visible) {
            return Err(Kind::Request.fault(
                "the target of a request begins with a slash and holds only visible ASCII",
            ));
        }
        let mut fields = Fields::default();
        for (name, value) in ask.fields {
            let mut value = field(name, value)?;
            let is = |secret: &&str| secret.eq_ignore_ascii_case(name);
            value.set_sensitive(ask.secret_fields.iter().any(is));
            fields.set(name.clone(), value);
        }
        let payload = match &ask.body {
            AskBody::Nothing => Payload::default(),
            AskBody::Bytes(bytes) => Payload::plain(bytes.clone()),
            AskBody::File { path, from, size } => Payload::range(path.clone(), *from, *size),
        };
        let needs_url = ask.has_cookies || self.common.connections.own().is_none();
        let asks_for_encoding = fields.contains(name::ACCEPT_ENCODING);
        for (name, value) in self.common.fields.iter() {
            if asks_for_encoding || !name.eq_ignore_ascii_case(name::ACCEPT_ENCODING) {
                fields.add(name.clone(), value.clone());
            }
        }
        request::no_transfer_encoding(&fields).map_err(|text| Kind::Request.fault(text))?;
        Ok(Made {
            method: request::method(ask.method)?,
            url: needs_url.then(|| whole_url(ask)),
            fields,
            payload,
            may_resend: !matches!(ask.body, AskBody::File { .. }),
            template: None,
        })
    }
}

/// Place and target as one url. What it has no form for, such as a path with `..`, it has not.
fn whole_url(ask: &Ask<'_>) -> Url {
    let mut url = ask.to.url.clone();
    let (path, query) = match ask.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (ask.target, None),
    };
    url.set_path(path);
    url.set_query(query);
    url
}

/// A field's value that can be sent under a name that can be sent.
fn field(name: &str, value: &str) -> Result<HeaderValue, Fault> {
    let wrong = |what: &str| {
        let text = FaultText::plain("the field ").and_value(format_args!("{name:?}"));
        Kind::Request.fault(text.and(format_args!(" of a request {what}")))
    };
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has no header's name"))?;
    let value = HeaderValue::from_str(value);
    value.map_err(|_| wrong("holds what no header can, such as a line break"))
}

/// The step that shows an example of a kind of failure, if it is wanted, and how many bytes of each body.
fn wanted<'a>(asking: Asking<'a>, kind: &'static str) -> Option<(&'a Step<'a>, usize)> {
    let step = asking.step()?;
    Some((step, step.wants_example(kind)?))
}

/// Shows a request and what came of it.
#[cold]
fn show(
    client: &HttpClient,
    of: (&Ask<'_>, &Made),
    shown: (&Step<'_>, usize),
    answer: Option<&Answer>,
) {
    let (ask, made) = of;
    let trace = trace(client, of, shown);
    trace.sends(Request {
        method: &made.method,
        url: &ask.to.url,
        target: Some(ask.target),
        headers: &made.fields,
        cookies: None,
        payload: &made.payload,
    });
    if let Some(answer) = answer {
        trace.hears(&answer.head);
        trace.begins(&answer.body, answer.size);
    }
}

fn trace<'a>(
    client: &HttpClient,
    (ask, made): (&Ask<'_>, &Made),
    shown: (&'a Step<'a>, usize),
) -> Trace<'a> {
    let trace = Trace::new(shown, client, &made.fields, None);
    trace.hiding(ask.url_is_sensitive, ask.body_is_sensitive)
}

/// A request on its way. When it ends, or is dropped, what was seen of it is counted.
struct Asked<'a> {
    client: &'a HttpClient,
    asking: Asking<'a>,
    ask: &'a Ask<'a>,
    made: &'a Made,
    seen: ExchangeRecord,
    phases: Phases,
    /// It waits for an answer.
    waits: Cell<bool>,
}

impl<'a> Asked<'a> {
    fn trace(&self, shown: (&'a Step<'a>, usize)) -> Trace<'a> {
        trace(self.client, (self.ask, self.made), shown)
    }

    fn call<'b>(&'b self, sent: Moment, trace: Option<&'b Trace<'b>>) -> Call<'b> {
        let (ask, made) = (self.ask, self.made);
        let defaults = &self.client.common.exchange;
        Call {
            method: &made.method,
            url: made.url.as_ref().unwrap_or(&ask.to.url),
            target: Some(ask.target),
            fields: &made.fields,
            template: made.template.as_ref(),
            cookies: &[],
            payload: &made.payload,
            key: None,
            timeout: ask.timeout.unwrap_or(defaults.timeout),
            redirects: ask.follows_redirects.then_some(defaults.max_redirects),
            most: ask.most,
            failure: FAILURE,
            has_jar: ask.has_cookies,
            may_resend: made.may_resend,
            hears: AnswerContext {
                last_head: &ask.to.last_head,
                phases: &self.phases,
                reads: Reads {
                    fields: ask.reads_fields || trace.is_some(),
                    cookies: ask.has_cookies && self.client.common.cookies,
                    location: ask.follows_redirects,
                    address: false,
                },
                examples: Examples {
                    asking: self.asking,
                    expect: None,
                    may_come: false,
                    failures: true,
                },
            },
            hosts: if ask.url_is_sensitive {
                Hosts::OfSensitiveUrl
            } else {
                Hosts::Open
            },
            sent,
            seen: &self.seen,
            trace,
        }
    }

    fn answer(&self, answer: exchange::Answer, sent: Moment) -> Answer {
        let came = answer.head.came;
        if let (Some(step), Some(counters)) = (self.asking.step(), self.ask.counters) {
            step.record_time(counters.waiting, self.phases.waiting(came));
            step.record_time(counters.receiving, answer.receiving);
            step.add(counters.received, answer.size);
        }
        Answer {
            body: if answer.body.is_empty() {
                answer.start.into()
            } else {
                answer.body
            },
            size: answer.size,
            came,
            ended: sent + answer.total,
            head: answer.head,
        }
    }

    #[cold]
    fn show(&self, kind: &'static str, answer: Option<&Answer>) {
        if let Some(shown) = wanted(self.asking, kind) {
            show(self.client, (self.ask, self.made), shown, answer);
        }
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let Some(step) = self.asking.step() else {
            return;
        };
        if self.waits.get()
            && let Some(kind) = step.kind_if_dropped()
        {
            self.show(kind, None);
        }
        let Some(counters) = self.ask.counters else {
            return;
        };
        self.seen.count(
            step,
            &ExchangeCounters {
                requests: counters.requests,
                answered: counters.answered,
                cut: counters.cut,
                resent: counters.resent,
                answers: counters.answers,
            },
        );
        self.phases.count(
            step,
            &PhaseCounters {
                dns: counters.dns,
                connecting: counters.connecting,
                tls_handshake: counters.tls_handshake,
                reused: counters.reused,
                sent: counters.sent,
            },
        );
    }
}
