//! The runner `http_request`. Parts of a request whose arguments are known early are made once on each thread, the others for
//! each request.

use crate::auth::{self, ApiKey};
use crate::body::Payload;
use crate::client::{HttpClient, count};
use crate::exchange::{Answer, Call, Seen, exchange};
use crate::expect::Expect;
use crate::hosts::Hosts;
use crate::http_request::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::request::{self, BodyParts, HeadParts, Target};
use crate::response;
use crate::trace::{Request, Trace};
use bggo_runtime::contract::{Early, Fault, FaultText, Prepare, Runner, Step, Text};
use http::header::{AUTHORIZATION, HeaderMap};
use http::{Method, Version};
use std::borrow::Cow;
use std::time::Duration;

/// A prepared step.
pub struct HttpRequest {
    inputs: Inputs,
    wanted: Wanted,
    early: EarlyParts,
}

/// The parts of a request that are made early; `None` if an argument of the part is not known early.
#[derive(Default)]
struct EarlyParts {
    key: Option<Option<ApiKey>>,
    method: Option<Method>,
    target: Option<Target>,
    head: Option<HeaderMap>,
    cookies: Option<Vec<(String, String)>>,
    payload: Option<Payload>,
    expect: Option<Option<Expect>>,
}

impl Runner for HttpRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let early = early(&inputs)?;
        Ok(Self {
            inputs,
            wanted,
            early,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let client = uses
            .client
            .ok_or_else(|| Kind::Request.fault("a request needs a client"))?;
        let plain = self.inputs.with(late)?;
        let now = self.now(&plain)?;
        let key = now.key.as_ref().as_ref();
        // Boxed, so that under load a request that waits takes no room for it.
        let trace = step.shows_exchanges();
        let trace = trace.map(|shown| Box::new(trace_of((step, shown), client, (&now, &plain))));
        let headers = complete(now.head.into_owned(), (&now.target, &now.payload), client)?;
        let defaults = client.exchange;
        let limits = limits(&plain)?;
        let hosts = if step.info().is_input_sensitive("url") {
            Hosts::OfSensitiveUrl
        } else {
            Hosts::Open
        };
        // Counts what was seen, also where this is dropped.
        let counting = Counting {
            step,
            seen: Seen::default(),
        };
        let seen = &counting.seen;
        let call = Call {
            method: now.method.into_owned(),
            url: &now.target.url,
            headers,
            cookies: &now.cookies,
            payload: &now.payload,
            key: match key {
                Some(ApiKey::Header(name, _)) => Some(name),
                _ => None,
            },
            timeout: limits.timeout.unwrap_or(defaults.timeout),
            redirects: plain
                .follow_redirects
                .unwrap_or(defaults.follows)
                .then(|| limits.max_redirects.unwrap_or(defaults.max_redirects)),
            keeps_body: self.wanted.body || self.wanted.json,
            hosts,
            seen,
            trace: trace.as_deref(),
            // An answer that fails the step may become the example of such failures.
            keeps_start: &|status| {
                let expect = now.expect.as_ref().as_ref();
                expect.is_some_and(|expect| !expect.allows(status.as_u16()))
                    && step.wants_example(Kind::Status.name()).is_some()
            },
        };
        // Behind what is counted, since it reads that when it is dropped.
        let waiting = Waiting {
            step,
            show: &|kind| self.show((step, kind), client, (&plain, Ended::Lost(seen))),
        };
        step.sent();
        let answer = exchange(client, call).await;
        drop(waiting);
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => {
                self.show((step, fault.kind()), client, (&plain, Ended::Lost(seen)));
                return Err(fault);
            }
        };
        drop(counting);
        step.record_time(Metric::WAITING, answer.waiting);
        step.record_time(Metric::RECEIVING, answer.receiving);
        step.add(Metric::RECEIVED, answer.size);
        if let Some(expect) = now.expect.as_ref() {
            let status = answer.head.status().as_u16();
            if !expect.allows(status) {
                let text = FaultText::plain(format_args!("status {status}, expected {expect}"));
                let ended = Ended::Answered(&answer);
                self.show((step, Kind::Status.name()), client, (&plain, ended));
                return Err(Kind::Status.fault(text));
            }
        }
        response::output(&answer, self.wanted, defaults)
    }
}

/// What was seen of an exchange, counted when that is over or dropped.
struct Counting<'a> {
    step: &'a Step<'a>,
    seen: Seen,
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        let (step, seen) = (self.step, &self.seen);
        let (requests, answered) = (seen.requests.get(), seen.answered.get());
        for (metric, count) in [
            (Metric::RESENT, seen.resent.get()),
            (Metric::REQUESTS, requests),
            (Metric::ANSWERED, answered),
            (Metric::CUT, requests.saturating_sub(answered)),
        ] {
            if count > 0 {
                step.add(metric, count);
            }
        }
        if let Some(status) = seen.status.get() {
            step.add_labelled(Metric::ANSWERS, status.as_str(), 1);
        }
    }
}

/// A request without its whole answer. If it is dropped because its time is over, it is shown as far as it came.
struct Waiting<'a, F: Fn(&'static str)> {
    step: &'a Step<'a>,
    show: &'a F,
}

impl<F: Fn(&'static str)> Drop for Waiting<'_, F> {
    fn drop(&mut self) {
        if let Some(kind) = self.step.is_dropped_by() {
            (self.show)(kind);
        }
    }
}

/// All parts of one request. Those that were made early are borrowed.
struct Now<'a> {
    key: Cow<'a, Option<ApiKey>>,
    method: Cow<'a, Method>,
    target: Cow<'a, Target>,
    head: Cow<'a, HeaderMap>,
    cookies: Cow<'a, [(String, String)]>,
    payload: Cow<'a, Payload>,
    expect: Cow<'a, Option<Expect>>,
}

/// The headers of a request with those that follow from its url, its body and its client.
fn complete(
    mut headers: HeaderMap,
    (target, payload): (&Target, &Payload),
    client: &HttpClient,
) -> Result<HeaderMap, Fault> {
    if let Some(credentials) = &target.credentials {
        headers
            .entry(AUTHORIZATION)
            .or_insert_with(|| credentials.clone());
    }
    request::add_content_type(&mut headers, payload)?;
    for (name, value) in &client.headers {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    Ok(headers)
}

/// How far an exchange came that failed.
#[derive(Clone, Copy)]
enum Ended<'a> {
    /// No answer came, or a part of one.
    Lost(&'a Seen),
    /// An answer came, which is not the one that was expected.
    Answered(&'a Answer),
}

/// What takes down the exchanges of one run of a step.
fn trace_of<'a>(
    (step, shown): (&'a Step<'a>, usize),
    client: &HttpClient,
    (now, plain): (&Now<'_>, &Plain<'_>),
) -> Trace<'a> {
    let trace = Trace::new((step, shown), client, &now.head, now.key.as_ref().as_ref());
    // What the headers hold in Base64.
    let basic = plain.basic_auth.and_then(|basic| basic.get("password"));
    if let Some(password) = basic.filter(|password| !password.is_null()) {
        trace.hide(&password.to_string());
    }
    if let Some(password) = request::password(&plain.url) {
        trace.hide(&password);
    }
    if let Some(token) = &plain.bearer_token {
        trace.hide(token);
    }
    trace
}

impl HttpRequest {
    /// Under load: shows the request and what came of it, if this kind of failure has no example yet. The request is made once
    /// more for that.
    #[cold]
    fn show(
        &self,
        (step, kind): (&Step<'_>, &'static str),
        client: &HttpClient,
        (plain, ended): (&Plain<'_>, Ended<'_>),
    ) {
        let Some(shown) = step.wants_example(kind) else {
            return;
        };
        // It was made before, so it can be made.
        let Ok(now) = self.now(plain) else { return };
        let head = now.head.as_ref().clone();
        let Ok(headers) = complete(head, (&now.target, &now.payload), client) else {
            return;
        };
        let trace = trace_of((step, shown), client, (&now, plain));
        trace.sends(Request {
            method: &now.method,
            url: &now.target.url,
            headers: &headers,
            payload: &now.payload,
        });
        match ended {
            Ended::Lost(seen) => {
                if let Some(status) = seen.status.get() {
                    trace.hears(status, Version::HTTP_11, &HeaderMap::new());
                }
            }
            Ended::Answered(answer) => {
                let head = &answer.head;
                trace.hears(head.status(), head.version(), head.headers());
                trace.begins(&answer.start, answer.size);
            }
        }
    }

    fn now<'a>(&'a self, plain: &Plain<'_>) -> Result<Now<'a>, Fault> {
        let early = &self.early;
        let key = part(&early.key, || key(plain))?;
        Ok(Now {
            method: part(&early.method, || method(plain))?,
            target: part(&early.target, || {
                request::target(&plain.url, plain.query_params, key.as_ref().as_ref())
            })?,
            head: part(&early.head, || head(plain, key.as_ref().as_ref()))?,
            cookies: match &early.cookies {
                Some(made) => Cow::Borrowed(made.as_slice()),
                None => Cow::Owned(cookies(plain)?),
            },
            payload: part(&early.payload, || payload(plain))?,
            expect: part(&early.expect, || expect(plain))?,
            key,
        })
    }
}

fn part<T: Clone>(
    early: &Option<T>,
    make: impl FnOnce() -> Result<T, Fault>,
) -> Result<Cow<'_, T>, Fault> {
    match early {
        Some(made) => Ok(Cow::Borrowed(made)),
        None => make().map(Cow::Owned),
    }
}

/// Makes each part whose arguments are known.
fn early(inputs: &Inputs) -> Result<EarlyParts, Fault> {
    // `with` needs a url. No part that reads a late url is made here, so any text will do.
    let mut known = inputs.clone();
    if known.url.known().is_none() {
        known.url = Early::Known(Text::Static(""));
    }
    let plain = known.with(&[])?;
    // Late limits are absent here. A known limit that is wrong stays wrong whatever comes later.
    limits(&plain)?;
    let mut parts = EarlyParts::default();
    let key_known = inputs.api_key.known().is_some();
    if key_known {
        parts.key = Some(key(&plain)?);
    }
    let key = parts.key.as_ref().and_then(Option::as_ref);
    if inputs.method.known().is_some() {
        parts.method = Some(method(&plain)?);
    }
    if key_known && inputs.url.known().is_some() && inputs.query_params.known().is_some() {
        parts.target = Some(request::target(&plain.url, plain.query_params, key)?);
    }
    if key_known
        && inputs.headers.known().is_some()
        && inputs.bearer_token.known().is_some()
        && inputs.basic_auth.known().is_some()
    {
        parts.head = Some(head(&plain, key)?);
    }
    if inputs.cookies.known().is_some() {
        parts.cookies = Some(cookies(&plain)?);
    }
    let texts = [&inputs.body, &inputs.json, &inputs.file]
        .iter()
        .all(|input| input.known().is_some());
    let values = [&inputs.form_data, &inputs.multipart]
        .iter()
        .all(|input| input.known().is_some());
    if texts && values {
        parts.payload = Some(payload(&plain)?);
    }
    if let (Some(head), Some(size)) = (&parts.head, parts.payload.as_ref().and_then(Payload::size))
    {
        request::check_length(head, size)?;
    }
    if inputs.expect_status.known().is_some() {
        parts.expect = Some(expect(&plain)?);
    }
    Ok(parts)
}

fn key(plain: &Plain<'_>) -> Result<Option<ApiKey>, Fault> {
    plain.api_key.map(auth::api_key).transpose()
}

fn method(plain: &Plain<'_>) -> Result<Method, Fault> {
    Method::from_bytes(plain.method.as_bytes()).map_err(|_| {
        let text = FaultText::value(format_args!("{:?}", plain.method)).and(" is no method");
        Kind::Request.fault(text)
    })
}

fn head(plain: &Plain<'_>, key: Option<&ApiKey>) -> Result<HeaderMap, Fault> {
    request::head(HeadParts {
        headers: plain.headers,
        bearer: plain.bearer_token.as_deref(),
        basic: plain.basic_auth,
        key,
    })
}

fn cookies(plain: &Plain<'_>) -> Result<Vec<(String, String)>, Fault> {
    plain
        .cookies
        .map_or_else(|| Ok(Vec::new()), request::cookies)
}

fn payload(plain: &Plain<'_>) -> Result<Payload, Fault> {
    request::payload(bodies(plain))
}

fn bodies<'a>(plain: &'a Plain<'_>) -> BodyParts<'a> {
    BodyParts {
        body: plain.body.as_deref(),
        json: plain.json.as_deref(),
        form_data: plain.form_data,
        multipart: plain.multipart,
        file: plain.file.as_deref(),
    }
}

/// The limits that a step sets itself.
struct Limits {
    timeout: Option<Duration>,
    max_redirects: Option<usize>,
}

fn limits(plain: &Plain<'_>) -> Result<Limits, Fault> {
    let most = plain.max_redirects.map(|most| count("max_redirects", most));
    Ok(Limits {
        timeout: plain.timeout,
        max_redirects: most.transpose().map_err(|text| Kind::Request.fault(text))?,
    })
}

fn expect(plain: &Plain<'_>) -> Result<Option<Expect>, Fault> {
    plain.expect_status.map(Expect::read).transpose()
}
