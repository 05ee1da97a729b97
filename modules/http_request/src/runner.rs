//! The runner `http_request`. Parts of a request whose arguments are known early are made once on each thread, the others for
//! each request.

use crate::auth::{self, ApiKey};
use crate::body::Payload;
use crate::client::{Common, HttpClient, count};
use crate::exchange::{Answer, Call, First, ReadsOf, Seen, exchange};
use crate::expect::{Examples, Expect};
use crate::fields::{Fields, name};
use crate::hosts::Hosts;
use crate::http_request::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::request::{self, BodyParts, HeadParts, Target};
use crate::response;
use crate::trace::{Request, Trace};
use crate::transport::{Begun, Incoming, LastHead, Shared, Template};
use bggo_runtime::contract::{Deadline, Early, Fault, FaultText, Prepare, Runner, Step, Text};
use http::header::HeaderMap;
use http::{Method, Version};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

/// A prepared step.
pub struct HttpRequest {
    inputs: Inputs,
    wanted: Wanted,
    early: EarlyParts,
    /// The whole request, if every input is known early.
    fixed: Option<Box<Parts<'static>>>,
    kept: RefCell<Option<Kept>>,
    /// The head of the last answer.
    last_head: RefCell<LastHead>,
}

/// The parts of a request that are made early; `None` if an argument of the part is not known early.
#[derive(Default)]
struct EarlyParts {
    key: Option<Option<ApiKey>>,
    method: Option<Method>,
    target: Option<Target>,
    head: Option<Fields>,
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
        let mut prepared = Self {
            inputs,
            wanted,
            early,
            fixed: None,
            kept: RefCell::default(),
            last_head: RefCell::default(),
        };
        if are_known(&prepared.inputs) {
            let parts = prepared.parts(&[])?;
            prepared.fixed = Some(Box::new(parts.into_owned()));
        }
        Ok(prepared)
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
        let made;
        let parts = match &self.fixed {
            Some(fixed) => &**fixed,
            None => {
                made = Box::new(self.parts(late)?);
                &*made
            }
        };
        let composed = self.composed(parts, client)?;
        let run = Run {
            runner: self,
            step,
            client,
            parts,
            composed: &composed,
            late,
            sent: step.sent(),
            seen: Seen::default(),
            waits: Cell::new(true),
        };
        let first = match run.begin() {
            None => First::Nothing,
            Some(begun) => match run.hear(begun).await? {
                Heard::Answer(answer) => return run.output(&answer),
                Heard::First(first) => first,
            },
        };
        // Boxed: most requests wait for no more than that.
        Box::pin(run.exchange(first)).await
    }
}

/// One run of a step. What was seen of its exchange is counted when it is dropped.
struct Run<'a> {
    runner: &'a HttpRequest,
    step: &'a Step<'a>,
    client: &'a HttpClient,
    parts: &'a Parts<'a>,
    composed: &'a Composed,
    late: &'a [Late<'a>],
    sent: Instant,
    seen: Seen,
    /// It waits for an answer. If it is dropped then because its time is over, the request is shown as far as it came.
    waits: Cell<bool>,
}

/// What became of a request that was sent at once.
enum Heard<'a> {
    /// The whole answer.
    Answer(Answer),
    /// There is more to wait for.
    First(First<'a>),
}

impl<'a> Run<'a> {
    fn call<'b>(&'b self, trace: Option<&'b Trace<'b>>) -> Call<'b> {
        let (parts, limits) = (self.parts, &self.parts.limits);
        let defaults = &self.client.common.exchange;
        Call {
            method: &parts.method,
            url: &parts.target.url,
            fields: &self.composed.fields,
            template: self.composed.template.as_ref(),
            last_head: &self.runner.last_head,
            cookies: &parts.cookies,
            payload: &parts.payload,
            key: match parts.key.as_ref() {
                Some(ApiKey::Header(name, _)) => Some(name.as_str()),
                _ => None,
            },
            timeout: limits.timeout.unwrap_or(defaults.timeout),
            redirects: limits
                .follow_redirects
                .unwrap_or(defaults.follows)
                .then(|| limits.max_redirects.unwrap_or(defaults.max_redirects)),
            reads: self.runner.reads(),
            hosts: if self.step.info().is_input_sensitive("url") {
                Hosts::OfSensitiveUrl
            } else {
                Hosts::Open
            },
            sent: self.sent,
            seen: &self.seen,
            trace,
            examples: Examples {
                step: self.step,
                expect: parts.expect.as_ref().as_ref(),
            },
        }
    }

    /// Begins the request if it can go out at once, on a connection that is there. (What is shown takes the other way.)
    fn begin(&self) -> Option<Begun<'a>> {
        if self.step.shows_exchanges().is_some() {
            return None;
        }
        let call = self.call(None);
        let cookies = self.client.cookies(call.url, call.cookies, call.fields);
        let outgoing = call.outgoing(cookies.as_deref(), call.reads(self.client));
        let begun = self.client.transport.begin(&outgoing)?;
        self.seen.requests.set(1);
        Some(begun)
    }

    /// Waits for the answer to a request that has begun.
    async fn hear(&self, mut begun: Begun<'a>) -> Result<Heard<'a>, Fault> {
        let mut deadline = None;
        let head = poll_fn(|cx| {
            if let Poll::Ready(head) = begun.poll(&self.runner.last_head, cx) {
                return Poll::Ready(Some(head));
            }
            let deadline = deadline.get_or_insert_with(|| self.deadline());
            deadline.poll(cx).map(|()| None)
        })
        .await;
        if let Some(deadline) = deadline {
            self.client.keep_deadline(deadline);
        }
        self.client.count_connections();
        let call = self.call(None);
        let Some(head) = head else {
            return Err(self.fails(call.timed_out()));
        };
        let reads = call.reads(self.client);
        let incoming = match begun.ended(head, &call.outgoing(None, reads)) {
            Ok(incoming) => incoming,
            // RFC 9112, section 9.3.1: it is sent again once, and only if the method is idempotent.
            Err(lost) if lost.was_stale && call.method.is_idempotent() => {
                self.seen.resent.set(1);
                return Ok(Heard::First(First::Stale));
            }
            Err(lost) => return Err(self.fails(lost.fault)),
        };
        Ok(self.heard(incoming, &call))
    }

    /// The whole answer, if there is nothing more to do than to take it.
    fn heard(&self, mut incoming: Incoming<'a>, call: &Call<'_>) -> Heard<'a> {
        let head = incoming.head();
        let (status, came) = (head.status, head.came);
        if status.is_redirection() || call.examples.takes(status) {
            return Heard::First(First::Head(incoming));
        }
        let most = call
            .reads
            .body
            .then_some(self.client.common.exchange.max_body);
        let Some((size, body)) = incoming.take_whole(most) else {
            return Heard::First(First::Head(incoming));
        };
        self.seen.status.set(Some(status));
        self.seen.answered.set(1);
        let head = incoming.into_head();
        self.client.keep_cookies(call.url, &head);
        Heard::Answer(Answer {
            head,
            redirected: None,
            body,
            start: Vec::new(),
            size,
            waiting: came.saturating_duration_since(self.sent),
            // What came with the head took no time.
            receiving: Duration::ZERO,
        })
    }

    /// The time limit of the exchange.
    fn deadline(&self) -> Deadline {
        let mut deadline = self.client.deadline(self.step);
        let limit = self.parts.limits.timeout;
        let limit = limit.unwrap_or(self.client.common.exchange.timeout);
        // A limit that no instant can hold is never reached.
        if let Some(end) = self.sent.checked_add(limit) {
            deadline.set(end);
        }
        deadline
    }

    /// The whole way of an exchange.
    async fn exchange(&self, first: First<'a>) -> Result<Output, Fault> {
        let made;
        let trace = match self.step.shows_exchanges() {
            None => None,
            Some(shown) => {
                let of = (self.step, shown);
                made = self
                    .runner
                    .trace(of, self.client, (self.parts, self.late))?;
                Some(&made)
            }
        };
        let call = self.call(trace);
        let answer = exchange(self.client, &call, first, self.step.deadline()).await;
        let answer = answer.map_err(|fault| self.fails(fault))?;
        self.output(&answer)
    }

    /// The step fails without a whole answer.
    #[cold]
    fn fails(&self, fault: Fault) -> Fault {
        self.waits.set(false);
        self.show(fault.kind(), Ended::Lost(&self.seen));
        fault
    }

    /// Counts a whole answer, and makes the outputs.
    fn output(&self, answer: &Answer) -> Result<Output, Fault> {
        self.waits.set(false);
        let step = self.step;
        step.record_time(Metric::WAITING, answer.waiting);
        step.record_time(Metric::RECEIVING, answer.receiving);
        step.add(Metric::RECEIVED, answer.size);
        if let Some(expect) = self.parts.expect.as_ref() {
            let status = answer.head.status.as_u16();
            if !expect.allows(status) {
                let text = FaultText::plain(format_args!("status {status}, expected {expect}"));
                self.show(Kind::Status.name(), Ended::Answered(answer));
                return Err(Kind::Status.fault(text));
            }
        }
        let defaults = self.client.common.exchange;
        response::output(
            (answer, &self.parts.target.url),
            self.runner.wanted,
            defaults,
        )
    }

    #[cold]
    fn show(&self, kind: &'static str, ended: Ended<'_>) {
        let of = (self.step, kind);
        self.runner
            .show(of, self.client, (self.parts, self.late), ended);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if self.waits.get()
            && let Some(kind) = self.step.is_dropped_by()
        {
            self.show(kind, Ended::Lost(&self.seen));
        }
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

/// All parts of one request. Those that were made early are borrowed.
struct Parts<'a> {
    key: Cow<'a, Option<ApiKey>>,
    method: Cow<'a, Method>,
    target: Cow<'a, Target>,
    head: Cow<'a, Fields>,
    cookies: Cow<'a, [(String, String)]>,
    payload: Cow<'a, Payload>,
    expect: Cow<'a, Option<Expect>>,
    limits: Limits,
}

impl Parts<'_> {
    fn into_owned(self) -> Parts<'static> {
        fn owned<T: ToOwned + ?Sized>(part: Cow<'_, T>) -> Cow<'static, T> {
            Cow::Owned(part.into_owned())
        }
        Parts {
            key: owned(self.key),
            method: owned(self.method),
            target: owned(self.target),
            head: owned(self.head),
            cookies: owned(self.cookies),
            payload: owned(self.payload),
            expect: owned(self.expect),
            limits: self.limits,
        }
    }
}

/// The head of a request: the fields of the step and of its client.
struct Composed {
    fields: Fields,
    /// The bytes of the head, where they are always the same.
    template: Option<Template>,
}

/// What is composed once for all clients that share their settings.
struct Kept {
    common: Rc<Common>,
    composed: Rc<Composed>,
}

/// The headers of a request with those that follow from its url, its body and its client.
fn complete(
    mut headers: Fields,
    (target, payload): (&Target, &Payload),
    client: &HttpClient,
) -> Result<Fields, Fault> {
    if let Some(credentials) = &target.credentials {
        headers.add(name::AUTHORIZATION, credentials.clone());
    }
    request::add_content_type(&mut headers, payload)?;
    for (name, value) in client.common.fields.iter() {
        headers.add(name.clone(), value.clone());
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

impl HttpRequest {
    /// What takes down the exchanges of one run of a step.
    #[cold]
    fn trace<'a>(
        &self,
        (step, shown): (&'a Step<'a>, usize),
        client: &HttpClient,
        (parts, late): (&Parts<'_>, &[Late<'_>]),
    ) -> Result<Trace<'a>, Fault> {
        let plain = self.inputs.with(late)?;
        let key = parts.key.as_ref().as_ref();
        let trace = Trace::new((step, shown), client, &parts.head, key);
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
        Ok(trace)
    }

    /// Under load: shows the request and what came of it, if this kind of failure has no example yet.
    #[cold]
    fn show(
        &self,
        (step, kind): (&Step<'_>, &'static str),
        client: &HttpClient,
        (parts, late): (&Parts<'_>, &[Late<'_>]),
        ended: Ended<'_>,
    ) {
        let Some(shown) = step.wants_example(kind) else {
            return;
        };
        // Both were made before, so they can be made.
        let Ok(composed) = self.composed(parts, client) else {
            return;
        };
        let Ok(trace) = self.trace((step, shown), client, (parts, late)) else {
            return;
        };
        trace.sends(Request {
            method: &parts.method,
            url: &parts.target.url,
            headers: &composed.fields,
            cookies: None,
            payload: &parts.payload,
        });
        match ended {
            Ended::Lost(seen) => {
                if let Some(status) = seen.status.get() {
                    trace.hears(status, Version::HTTP_11, &HeaderMap::new());
                }
            }
            Ended::Answered(answer) => {
                let head = &answer.head;
                trace.hears(head.status, head.version, head.headers());
                trace.begins(&answer.start, answer.size);
            }
        }
    }

    /// The head of a request. That of a fixed request is made once on each thread, for each set of settings of a client.
    fn composed(&self, parts: &Parts<'_>, client: &HttpClient) -> Result<Rc<Composed>, Fault> {
        if let Some(kept) = &*self.kept.borrow()
            && Rc::ptr_eq(&kept.common, &client.common)
        {
            return Ok(Rc::clone(&kept.composed));
        }
        let fields = parts.head.as_ref().clone();
        let fields = complete(fields, (&parts.target, &parts.payload), client)?;
        let (Shared::Own(connections), true, Some(body)) = (
            &client.common.connections,
            self.fixed.is_some(),
            parts.payload.whole(),
        ) else {
            return Ok(Rc::new(Composed {
                fields,
                template: None,
            }));
        };
        let size = body.len() as u64;
        request::check_length(&fields, size)?;
        let to = (&*parts.method, &parts.target.url);
        let composed = Rc::new(Composed {
            template: Some(connections.template(to, &fields, size)),
            fields,
        });
        *self.kept.borrow_mut() = Some(Kept {
            common: Rc::clone(&client.common),
            composed: Rc::clone(&composed),
        });
        Ok(composed)
    }

    fn reads(&self) -> ReadsOf {
        let wanted = self.wanted;
        let body = wanted.body || wanted.json;
        ReadsOf {
            fields: wanted.headers || body,
            address: wanted.remote_address,
            body,
        }
    }

    fn parts<'a>(&'a self, late: &[Late<'_>]) -> Result<Parts<'a>, Fault> {
        let plain = &self.inputs.with(late)?;
        let early = &self.early;
        let key = part(&early.key, || key(plain))?;
        Ok(Parts {
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
            limits: limits(plain)?,
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

/// Whether no input comes with a run.
fn are_known(inputs: &Inputs) -> bool {
    let Inputs {
        method,
        url,
        headers,
        query_params,
        body,
        json,
        form_data,
        multipart,
        file,
        basic_auth,
        bearer_token,
        api_key,
        cookies,
        timeout,
        expect_status,
        follow_redirects,
        max_redirects,
    } = inputs;
    let texts = [bearer_token, body, json, file];
    let values = [
        headers,
        query_params,
        form_data,
        multipart,
        basic_auth,
        api_key,
        cookies,
        expect_status,
    ];
    url.known().is_some()
        && method.known().is_some()
        && texts.iter().all(|input| input.known().is_some())
        && values.iter().all(|input| input.known().is_some())
        && timeout.known().is_some()
        && follow_redirects.known().is_some()
        && max_redirects.known().is_some()
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

fn head(plain: &Plain<'_>, key: Option<&ApiKey>) -> Result<Fields, Fault> {
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
    follow_redirects: Option<bool>,
    max_redirects: Option<usize>,
}

fn limits(plain: &Plain<'_>) -> Result<Limits, Fault> {
    let most = plain.max_redirects.map(|most| count("max_redirects", most));
    Ok(Limits {
        timeout: plain.timeout,
        follow_redirects: plain.follow_redirects,
        max_redirects: most.transpose().map_err(|text| Kind::Request.fault(text))?,
    })
}

fn expect(plain: &Plain<'_>) -> Result<Option<Expect>, Fault> {
    plain.expect_status.map(Expect::read).transpose()
}
