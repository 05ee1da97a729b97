//! One exchange of a step: sends the request, follows redirects, keeps cookies and reads or counts the body, within a time
//! limit.

use crate::again::Again;
use crate::body::Payload;
use crate::client::HttpClient;
use crate::decompress::too_large;
use crate::fault;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::http_request::Error as Kind;
use crate::redirect;
use crate::request;
use crate::trace::{Request, Trace};
use crate::transport::{AnswerContext, AnswerHead, Incoming, Outgoing, Template};
use bggo_runtime::contract::{
    Counter, Deadline, Fault, FaultText, LabelledCounter, Moment, Step, format_duration,
};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use std::borrow::Cow;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};
use url::Url;

/// A redirect's body is read to its end, so that its connection can be used again, if it is no longer than this.
const SMALL: usize = 64 << 10;
/// How long the next request waits for the end of a redirect's body, and a step that fails for the start of one that is shown.
pub(crate) const SOON: Duration = Duration::from_millis(50);

/// A request, ready to be sent.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    /// Path and query as they are sent, where they are not those of the url. A redirect leads to a url.
    pub(crate) target: Option<&'a str>,
    /// All fields but the cookies.
    pub(crate) fields: &'a Fields,
    /// Method, url and fields as they are sent, if they were made before.
    pub(crate) template: Option<&'a Template>,
    pub(crate) cookies: &'a [(String, String)],
    pub(crate) payload: &'a Payload,
    /// The header that holds an API key: like the standard ones, it does not go to another host.
    pub(crate) key: Option<&'a str>,
    pub(crate) timeout: Duration,
    /// How many redirects are followed; with `None` a redirect is an answer like any other.
    pub(crate) redirects: Option<usize>,
    /// The largest body that is kept. Without it the body is counted.
    pub(crate) most: Option<u64>,
    /// Of the body of an answer without a status of success only so many first bytes are kept, if any.
    pub(crate) failure: usize,
    /// The cookies of the client are sent, and those of the answer are kept.
    pub(crate) has_jar: bool,
    /// It may go out once more, where the rules for that allow it.
    pub(crate) may_resend: bool,
    pub(crate) hears: AnswerContext<'a>,
    /// Whether faults may name hosts.
    pub(crate) hosts: Hosts,
    /// When it is sent.
    pub(crate) sent: Moment,
    /// What is counted, also if the exchange fails.
    pub(crate) seen: &'a ExchangeRecord,
    /// Takes down what is sent and received, if that is shown.
    pub(crate) trace: Option<&'a Trace<'a>>,
}

/// How far an exchange is when it begins.
pub(crate) enum First<'c> {
    /// Nothing is on its way. How often the request was sent again, this time included.
    Nothing(Again),
    /// The head of an answer came.
    Head(Incoming<'c>),
}

/// Bytes of the body of an answer that are kept for an example of a failure.
pub(crate) const START: usize = 1 << 10;

/// What was seen of an exchange, also of one that fails or is dropped.
#[derive(Default)]
pub(crate) struct ExchangeRecord {
    /// Requests that were sent, or are on their way.
    pub(crate) requests: Cell<u32>,
    /// Heads of answers.
    pub(crate) answered: Cell<u32>,
    /// Requests that were sent again.
    pub(crate) resent: Cell<u32>,
    /// Status of the answer with which it ended. Redirects that are followed do not count.
    pub(crate) status: Cell<Option<StatusCode>>,
    /// The head of that answer, if the rest of it was given up.
    pub(crate) head: Cell<Option<Box<AnswerHead>>>,
    /// The lines of Cookie that were sent. The answer may have set others since.
    cookies: Cell<Vec<HeaderValue>>,
}

/// An answer whose head has come. If it is given up before its end, its head stays among what was seen.
pub(crate) struct BegunAnswer<'c, 's> {
    pub(crate) incoming: Incoming<'c>,
    seen: &'s ExchangeRecord,
    is_over: bool,
}

impl<'c, 's> BegunAnswer<'c, 's> {
    fn new(incoming: Incoming<'c>, seen: &'s ExchangeRecord) -> Self {
        Self {
            incoming,
            seen,
            is_over: false,
        }
    }

    /// Nothing more of it matters: its head.
    pub(crate) fn ends(mut self) -> AnswerHead {
        self.is_over = true;
        self.incoming.take_head()
    }
}

impl Drop for BegunAnswer<'_, '_> {
    fn drop(&mut self) {
        if !self.is_over {
            let head = Box::new(self.incoming.take_head());
            self.seen.head.set(Some(head));
        }
    }
}

/// The metrics of a runner that tell what was seen of its exchanges.
pub(crate) struct ExchangeCounters {
    pub(crate) requests: Counter,
    pub(crate) answered: Counter,
    pub(crate) cut: Counter,
    pub(crate) resent: Counter,
    pub(crate) answers: LabelledCounter,
}

impl ExchangeRecord {
    /// A request was sent with this line of Cookie, or without.
    pub(crate) fn sent_cookies(&self, line: Option<HeaderValue>) {
        if let Some(line) = line {
            let mut lines = self.cookies.take();
            // What is sent again has the same line, mostly.
            if lines.last() != Some(&line) {
                lines.reserve_exact(1);
                lines.push(line);
            }
            self.cookies.set(lines);
        }
    }

    /// The lines of Cookie of its requests. The first one is `line` if nothing was answered yet.
    pub(crate) fn cookies(&self, line: impl FnOnce() -> Option<HeaderValue>) -> Vec<HeaderValue> {
        let mut lines = self.cookies.take();
        if lines.is_empty() && self.answered.get() == 0 {
            lines.extend(line());
        }
        lines
    }

    /// Counts what was seen.
    pub(crate) fn count(&self, step: &Step<'_>, counters: &ExchangeCounters) {
        let (requests, answered) = (self.requests.get(), self.answered.get());
        for (metric, count) in [
            (counters.resent, self.resent.get()),
            (counters.requests, requests),
            (counters.answered, answered),
            (counters.cut, requests.saturating_sub(answered)),
        ] {
            if count > 0 {
                step.add(metric, count.into());
            }
        }
        if let Some(status) = self.status.get() {
            step.add_labelled(counters.answers, status.as_str(), 1);
        }
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) head: AnswerHead,
    /// The url that answered, after redirects.
    pub(crate) redirected: Option<Url>,
    /// The body as it came, if it is kept.
    pub(crate) body: Bytes,
    /// Its first bytes, if these are kept.
    pub(crate) start: Vec<u8>,
    /// Its length, kept or not.
    pub(crate) size: u64,
    /// From the head of the last answer to the end of its body.
    pub(crate) receiving: Duration,
    /// From sending to the end of the body, with redirects.
    pub(crate) total: Duration,
}

impl Answer {
    /// The first bytes of its body, as far as any are kept.
    pub(crate) fn start(&self) -> &[u8] {
        if self.body.is_empty() {
            &self.start
        } else {
            &self.body
        }
    }
}

/// Sends a request and reads its answer.
pub(crate) async fn exchange<'c>(
    client: &'c HttpClient,
    call: &Call<'_>,
    first: First<'c>,
    mut deadline: Deadline,
) -> Result<Answer, Fault> {
    let mut work = pin!(whole(client, call, first));
    let mut is_set = false;
    let ended = poll_fn(|cx| {
        if let Poll::Ready(ended) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(ended));
        }
        if !is_set {
            deadline.set(call.sent + call.timeout);
        }
        is_set = true;
        deadline.poll(cx).map(|()| None)
    })
    .await;
    client.count_connections();
    ended.unwrap_or_else(|| Err(call.timed_out()))
}

impl Call<'_> {
    /// Its time is over.
    #[cold]
    pub(crate) fn timed_out(&self) -> Fault {
        let what = if self.seen.status.get().is_some() {
            "no end of the body"
        } else {
            "no answer"
        };
        Kind::Timeout.fault(
            FaultText::plain(format_args!("{what} from "))
                .and_text(&self.hosts.place(self.url))
                .and(format_args!(" within {}", format_duration(self.timeout))),
        )
    }
}

async fn whole<'c>(
    client: &'c HttpClient,
    call: &Call<'_>,
    first: First<'c>,
) -> Result<Answer, Fault> {
    let (mut heard, url) = answer(client, call, first).await?;
    let incoming = &mut heard.incoming;
    let head = incoming.head();
    let (status, came) = (head.status, head.came);
    let keeps = if call.failure > 0 && !status.is_success() {
        Keeps {
            most: None,
            start: call.failure,
            trace: call.trace,
        }
    } else {
        let is_example = call.hears.examples.takes(status) || call.hears.examples.may_come;
        Keeps {
            most: call.most,
            start: if is_example { START } else { 0 },
            trace: call.trace,
        }
    };
    let has_body = !incoming.is_over();
    let (size, body, start) = read(incoming, keeps)
        .await
        .map_err(|ended| ended.fault(&url, call.hosts))?;
    if let Some(trace) = call.trace {
        trace.ends();
    }
    // What came with the head took no time.
    let receiving = if has_body {
        call.hears.now() - came
    } else {
        Duration::ZERO
    };
    Ok(Answer {
        head: heard.ends(),
        redirected: match url {
            Cow::Borrowed(_) => None,
            Cow::Owned(url) => Some(url),
        },
        body,
        start,
        size,
        receiving,
        total: came - call.sent + receiving,
    })
}

/// The last answer, whose head has come, and its url.
pub(crate) async fn answer<'c, 'a>(
    client: &'c HttpClient,
    call: &Call<'a>,
    mut first: First<'c>,
) -> Result<(BegunAnswer<'c, 'a>, Cow<'a, Url>), Fault> {
    let nothing = Payload::default();
    let (mut url, mut method) = (Cow::Borrowed(call.url), Cow::Borrowed(call.method));
    let (mut fields, mut template) = (Cow::Borrowed(call.fields), call.template);
    let mut target = call.target;
    let (mut payload, mut cookies) = (call.payload, call.cookies);
    let mut followed = 0;
    let mut now = call.sent;
    loop {
        let first = std::mem::replace(&mut first, First::Nothing(Again::default()));
        let incoming = match first {
            First::Head(incoming) => incoming,
            First::Nothing(mut again) => loop {
                if !method.is_idempotent() {
                    client.transport.hear_of_closed().await;
                }
                let line = if call.has_jar {
                    client.cookies(|| &url, cookies, &fields)
                } else {
                    None
                };
                if let Some(trace) = call.trace {
                    trace.sends(Request {
                        method: &method,
                        url: &url,
                        target,
                        headers: &fields,
                        cookies: line.as_ref(),
                        payload,
                    });
                }
                let outgoing = Outgoing {
                    method: &method,
                    url: &url,
                    target,
                    fields: &fields,
                    cookies: line.as_ref(),
                    payload,
                    template,
                    hosts: call.hosts,
                    now,
                    hears: call.hears,
                };
                // It counts before it is sent: whoever drops it does not know how far it came.
                add_to(&call.seen.requests, 1);
                let sent = client.transport.send(&outgoing).await;
                call.seen.sent_cookies(line);
                match sent {
                    Ok(incoming) => break incoming,
                    Err(lost) if !lost.was_sent => {
                        add_to(&call.seen.requests, -1);
                        return Err(lost.fault);
                    }
                    Err(lost) if call.may_resend && again.takes(&lost, &method) => {
                        now = call.hears.now();
                        add_to(&call.seen.resent, 1);
                    }
                    Err(lost) => return Err(lost.fault),
                }
            },
        };
        let mut heard = BegunAnswer::new(incoming, call.seen);
        let head = heard.incoming.head();
        call.seen.status.set(Some(head.status));
        if let Some(trace) = call.trace {
            trace.hears(head);
        }
        add_to(&call.seen.answered, 1);
        if call.has_jar {
            client.keep_cookies(|| &url, head);
        }
        let Some(most) = call.redirects else {
            return Ok((heard, url));
        };
        let Some(hop) = redirect::hop(head.status, head.headers(), &url, &method)? else {
            return Ok((heard, url));
        };
        if followed == most {
            let text = FaultText::plain(format_args!("more than {most} redirects"));
            return Err(Kind::Redirect.fault(text));
        }
        followed += 1;
        call.seen.status.set(None);
        // The body of a redirect may be broken or missing.
        let drained = Box::pin(drain(&mut heard.incoming, call.trace));
        let drained = Box::pin(tokio::time::timeout(SOON, drained)).await;
        if drained.is_err() {
            heard.incoming.leave();
        }
        drop(heard.ends());
        redirect::strip(fields.to_mut(), &url, &hop, call.key);
        (template, target) = (None, None);
        if url.origin() != hop.url.origin() {
            cookies = &[];
        }
        if !hop.keeps_body {
            payload = &nothing;
        }
        (url, method) = (Cow::Owned(hop.url), Cow::Owned(hop.method));
        now = call.hears.now();
    }
}

fn add_to(count: &Cell<u32>, more: i32) {
    count.set(count.get().saturating_add_signed(more));
}

/// Reads a body to its end, unless it is long.
async fn drain(incoming: &mut Incoming<'_>, trace: Option<&Trace<'_>>) {
    let length = incoming.head().headers().get(CONTENT_LENGTH);
    let length = length.and_then(request::content_length);
    if length.is_some_and(|length| length > SMALL as u64) {
        incoming.leave();
        return;
    }
    let mut size = 0;
    while let Ok(Some(piece)) = incoming.piece().await {
        if let Some(trace) = trace {
            trace.piece(&piece);
        }
        size += piece.len();
        if size > SMALL {
            incoming.leave();
            return;
        }
    }
}

/// What is kept of a body.
struct Keeps<'a> {
    /// All of it, up to that many bytes; without, it is only counted.
    most: Option<u64>,
    /// So many of its first bytes.
    start: usize,
    trace: Option<&'a Trace<'a>>,
}

/// Why a body did not come to its end.
enum Ended {
    /// It broke.
    Early(FaultText),
    /// It is longer than it may be kept.
    TooLarge(u64),
}

impl Ended {
    fn fault(self, url: &Url, hosts: Hosts) -> Fault {
        match self {
            Self::Early(cause) => fault::unfinished(&cause, url, hosts),
            Self::TooLarge(most) => too_large(most),
        }
    }
}

/// Reads the body to its end: its size, all of it and its start, as far as these are kept.
async fn read(
    incoming: &mut Incoming<'_>,
    keeps: Keeps<'_>,
) -> Result<(u64, Bytes, Vec<u8>), Ended> {
    if keeps.most.is_none() && keeps.start == 0 && keeps.trace.is_none() {
        let size = incoming.skip().await.map_err(Ended::Early)?;
        return Ok((size, Bytes::new(), Vec::new()));
    }
    let mut size = 0;
    let mut start = Vec::new();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(piece) = incoming.piece().await.map_err(Ended::Early)? {
        size += piece.len() as u64;
        if keeps.most.is_none() && keeps.trace.is_none() && start.len() == keeps.start {
            // The rest is only counted.
            size += incoming.skip().await.map_err(Ended::Early)?;
            break;
        }
        if let Some(trace) = keeps.trace {
            trace.piece(&piece);
        }
        let room = keeps.start.saturating_sub(start.len()).min(piece.len());
        start.extend_from_slice(piece.get(..room).unwrap_or_default());
        let Some(most) = keeps.most else {
            continue;
        };
        if size > most {
            return Err(Ended::TooLarge(most));
        }
        // Most bodies come in one piece, which is kept as it is.
        if first.is_empty() {
            first = piece;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&piece);
        }
    }
    Ok((
        size,
        if rest.is_empty() {
            first
        } else {
            rest.freeze()
        },
        start,
    ))
}

impl HttpClient {
    /// The value of the Cookie that is sent: the cookies of the jar, without those that the request sets itself, then those of
    /// the request.
    pub(crate) fn cookies<'u>(
        &self,
        url: impl FnOnce() -> &'u Url,
        own: &[(String, String)],
        fields: &Fields,
    ) -> Option<HeaderValue> {
        let mut jar = self.jar.get().map(|jar| jar.borrow_mut());
        let pairs = match &mut jar {
            Some(jar) if !jar.is_empty() => jar.pairs(url(), SystemTime::now()),
            _ if own.is_empty() => return None,
            _ => Vec::new(),
        };
        request::cookie_line(&pairs, own, fields)
    }

    pub(crate) fn keep_cookies<'u>(&self, url: impl FnOnce() -> &'u Url, head: &AnswerHead) {
        if self.common.cookies && head.headers().contains_key(SET_COOKIE) {
            let jar = self.jar.get_or_init(Box::default);
            jar.borrow_mut()
                .keep(url(), head.headers(), SystemTime::now());
        }
    }
}
