//! One exchange of a step: sends the request, follows redirects, keeps cookies and reads or counts the body, within a time
//! limit.

use crate::body::Payload;
use crate::client::HttpClient;
use crate::decompress::too_large;
use crate::hosts::Hosts;
use crate::http_request::Error as Kind;
use crate::redirect;
use crate::request;
use crate::trace::{Request, Trace};
use crate::transport::{Incoming, Outgoing};
use bggo_runtime::contract::{Fault, FaultText, format_duration};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName};
use http::{Method, StatusCode};
use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime};
use url::Url;

/// A redirect's body is read to its end, so that its connection can be used again, if it is no longer than this.
const SMALL: usize = 64 << 10;
/// How long the next request waits for the end of a redirect's body.
const SOON: Duration = Duration::from_millis(50);

/// A request, ready to be sent.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) cookies: &'a [(String, String)],
    pub(crate) payload: &'a Payload,
    /// The header that holds an API key: like the standard ones, it does not go to another host.
    pub(crate) key: Option<&'a HeaderName>,
    pub(crate) timeout: Duration,
    /// How many redirects are followed; with `None` a redirect is an answer like any other.
    pub(crate) redirects: Option<usize>,
    /// Whether somebody reads the body.
    pub(crate) keeps_body: bool,
    /// Whether faults may name hosts.
    pub(crate) hosts: Hosts,
    /// What is counted, also if the exchange fails.
    pub(crate) seen: &'a Seen,
    /// Takes down what is sent and received, if that is shown.
    pub(crate) trace: Option<&'a Trace<'a>>,
    /// Of an answer with such a status the first bytes of its body are kept, if nobody takes down more.
    pub(crate) keeps_start: &'a dyn Fn(StatusCode) -> bool,
}

/// Bytes of the body of an answer that are kept for an example of a failure.
const START: usize = 1 << 10;

/// What was seen of an exchange, also of one that fails or is dropped.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Requests that were sent, or are on their way.
    pub(crate) requests: Cell<u64>,
    /// Heads of answers.
    pub(crate) answered: Cell<u64>,
    /// Requests that were sent again.
    pub(crate) resent: Cell<u64>,
    /// Status of the answer with which it ended. Redirects that are followed do not count.
    pub(crate) status: Cell<Option<StatusCode>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) head: Incoming,
    /// The body as it came, if it is kept.
    pub(crate) body: Bytes,
    /// Its first bytes, if these are kept.
    pub(crate) start: Vec<u8>,
    /// Its length, kept or not.
    pub(crate) size: u64,
    /// To the head of the last answer.
    pub(crate) waiting: Duration,
    /// From there to the end of the body.
    pub(crate) receiving: Duration,
}

/// Sends a request and reads its answer.
pub(crate) async fn exchange(client: &HttpClient, call: Call<'_>) -> Result<Answer, Fault> {
    let (limit, url, hosts, seen) = (call.timeout, call.url, call.hosts, call.seen);
    let ended = tokio::time::timeout(limit, whole(client, call)).await;
    client.count_connections();
    match ended {
        Ok(result) => result,
        Err(_) => {
            let what = if seen.status.get().is_some() {
                "no end of the body"
            } else {
                "no answer"
            };
            Err(Kind::Timeout.fault(
                FaultText::plain(format_args!("{what} from "))
                    .and_text(&hosts.place(url))
                    .and(format_args!(" within {}", format_duration(limit))),
            ))
        }
    }
}

async fn whole(client: &HttpClient, mut call: Call<'_>) -> Result<Answer, Fault> {
    let begun = Instant::now();
    let mut head = answer(client, &mut call).await?;
    let headed = Instant::now();
    let keeps = Keeps {
        most: call.keeps_body.then_some(client.exchange.max_body),
        start: (call.keeps_start)(head.status()),
        trace: call.trace,
    };
    let (size, body, start) = read(&mut head, keeps).await?;
    if let Some(trace) = call.trace {
        trace.ends();
    }
    Ok(Answer {
        head,
        body,
        start,
        size,
        waiting: headed - begun,
        receiving: headed.elapsed(),
    })
}

/// The head of the last answer.
async fn answer(client: &HttpClient, call: &mut Call<'_>) -> Result<Incoming, Fault> {
    let nothing = Payload::default();
    let (mut url, mut method) = (call.url.clone(), call.method.clone());
    let (mut payload, mut cookies) = (call.payload, call.cookies);
    let mut headers = std::mem::take(&mut call.headers);
    let mut followed = 0;
    loop {
        let mut may_resend = method.is_idempotent();
        if !may_resend {
            client.transport.hear_of_closed().await;
        }
        let mut head = loop {
            let mut sent = headers.clone();
            client.add_cookies(&mut sent, &url, cookies);
            if let Some(trace) = call.trace {
                trace.sends(Request {
                    method: &method,
                    url: &url,
                    headers: &sent,
                    payload,
                });
            }
            let outgoing = Outgoing {
                method: &method,
                url: &url,
                headers: sent,
                payload,
                hosts: call.hosts,
            };
            // It counts before it is sent: whoever drops it does not know how far it came.
            add_to(&call.seen.requests, 1);
            match client.transport.send(outgoing).await {
                Ok(head) => break head,
                Err(lost) if !lost.was_sent => {
                    add_to(&call.seen.requests, -1);
                    return Err(lost.fault);
                }
                // RFC 9112, section 9.3.1: it is sent again once, and only if the method is idempotent.
                Err(lost) if lost.was_stale && may_resend => {
                    may_resend = false;
                    add_to(&call.seen.resent, 1);
                }
                Err(lost) => return Err(lost.fault),
            }
        };
        call.seen.status.set(Some(head.status()));
        if let Some(trace) = call.trace {
            trace.hears(head.status(), head.version(), head.headers());
        }
        add_to(&call.seen.answered, 1);
        client.keep_cookies(&head, SystemTime::now());
        let Some(most) = call.redirects else {
            return Ok(head);
        };
        let Some(hop) = redirect::hop(head.status(), head.headers(), &url, &method)? else {
            return Ok(head);
        };
        if followed == most {
            let text = FaultText::plain(format_args!("more than {most} redirects"));
            return Err(Kind::Redirect.fault(text));
        }
        followed += 1;
        call.seen.status.set(None);
        // The body of a redirect may be broken or missing.
        let _ = tokio::time::timeout(SOON, drain(&mut head, call.trace)).await;
        redirect::strip(&mut headers, &url, &hop, call.key);
        if url.origin() != hop.url.origin() {
            cookies = &[];
        }
        if !hop.keeps_body {
            payload = &nothing;
        }
        (url, method) = (hop.url, hop.method);
    }
}

fn add_to(count: &Cell<u64>, more: i64) {
    count.set(count.get().saturating_add_signed(more));
}

/// Reads a body to its end, unless it is long or slow.
async fn drain(head: &mut Incoming, trace: Option<&Trace<'_>>) {
    let length = head.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > SMALL) {
        return;
    }
    let mut size = 0;
    while let Ok(Some(piece)) = head.piece().await {
        if let Some(trace) = trace {
            trace.piece(&piece);
        }
        size += piece.len();
        if size > SMALL {
            return;
        }
    }
}

/// What is kept of a body.
struct Keeps<'a> {
    /// All of it, up to that many bytes; without, it is only counted.
    most: Option<u64>,
    /// Its first bytes.
    start: bool,
    trace: Option<&'a Trace<'a>>,
}

/// Reads the body to its end: its size, all of it and its start, as far as these are kept.
async fn read(head: &mut Incoming, keeps: Keeps<'_>) -> Result<(u64, Bytes, Vec<u8>), Fault> {
    let mut size = 0;
    let mut start = Vec::new();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(piece) = head.piece().await? {
        size += piece.len() as u64;
        if let Some(trace) = keeps.trace {
            trace.piece(&piece);
        }
        if keeps.start {
            let room = START.saturating_sub(start.len()).min(piece.len());
            start.extend_from_slice(piece.get(..room).unwrap_or_default());
        }
        let Some(most) = keeps.most else {
            continue;
        };
        if size > most {
            return Err(too_large(most));
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
    fn add_cookies(&self, headers: &mut HeaderMap, url: &Url, own: &[(String, String)]) {
        match &self.jar {
            Some(jar) => request::add_cookies(
                headers,
                &jar.borrow_mut().pairs(url, SystemTime::now()),
                own,
            ),
            None => request::add_cookies(headers, &[], own),
        }
    }

    fn keep_cookies(&self, head: &Incoming, now: SystemTime) {
        if let Some(jar) = &self.jar {
            jar.borrow_mut().keep(head.url(), head.headers(), now);
        }
    }
}
