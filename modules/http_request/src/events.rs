//! The runner `http_events`: a request, and the events of its answer (Server-Sent Events) until a condition holds.
//!
//! ```text
//! arguments -> request -> exchange (redirects, cookies) -> head: status, Content-Type
//!                                                      '-> body in pieces -> parse: events -> conditions, outputs
//! ```

mod parse;

use crate::again::Again;
use crate::asking::Asking;
use crate::auth::ApiKey;
use crate::client::{HttpClient, count};
use crate::decompress::too_large;
use crate::exchange::{Call, ExchangeCounters, ExchangeRecord, First, SOON, START, answer};
use crate::expect::{Examples, Expect};
use crate::fault;
use crate::fields::{Fields, name};
use crate::hosts::Hosts;
use crate::http_events::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::limit::until;
use crate::phases::{self, Phases};
use crate::request::{self, Arguments, BodyParts, Whole};
use crate::response;
use crate::trace::{Request, Trace};
use crate::transport::{AnswerContext, AnswerHead, Incoming, LastHead, Reads};
use bggo_runtime::contract::{
    Deadline, Fault, FaultText, Moment, Number, Prepare, Runner, Step, Text, Value, format_duration,
};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use parse::{Event, Parser};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use url::Url;

/// The type of an event stream.
const EVENT_STREAM: &str = "text/event-stream";

/// A prepared step.
pub struct HttpEvents {
    inputs: Inputs,
    wanted: Wanted,
    /// The request and the conditions, if every input is known early.
    fixed: Option<EventsRequest>,
    /// The status that an event stream has if nothing else is expected.
    expect: Expect,
    last_head: RefCell<LastHead>,
}

/// What a step asks for, and how long it reads.
struct EventsRequest {
    request: Whole,
    until: Until,
    expect: Option<Expect>,
    idle: Option<Duration>,
    timeout: Option<Duration>,
    follow_redirects: Option<bool>,
    max_redirects: Option<usize>,
}

/// What ends a step: the first that holds.
struct Until {
    events: Option<u64>,
    event: Option<String>,
    data: Option<String>,
}

impl Runner for HttpEvents {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            fixed: if are_known(&inputs) {
                Some(asks(&inputs.with(&[])?)?)
            } else {
                None
            },
            inputs,
            wanted,
            expect: Expect::read(&Number::from(200u32).into())?,
            last_head: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        // Boxed: users that run other steps take no room for it.
        Box::pin(self.read(step, uses, late)).await
    }
}

impl HttpEvents {
    async fn read<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let client = uses
            .client
            .ok_or_else(|| Kind::Request.fault("a request needs a client"))?;
        let made;
        let asks = match &self.fixed {
            Some(fixed) => fixed,
            None => {
                made = asks(&self.inputs.with(late)?)?;
                &made
            }
        };
        let request = &asks.request;
        let of_client = &client.common.fields;
        let fields = request.head.clone();
        let fields = request::complete(fields, (&request.target, &request.payload), of_client)?;
        let run = Run {
            runner: self,
            step,
            client,
            asks,
            late,
            fields,
            sent: step.sent(),
            seen: ExchangeRecord::default(),
            phases: Phases::default(),
            may_be_judged: step.wants_example_of_check(),
            events: Cell::new(0),
            received: Cell::new(0),
            start: RefCell::default(),
            waits: Cell::new(true),
        };
        let trace = match step.shows_exchanges() {
            None => None,
            Some(shown) => Some(run.trace(shown)?),
        };
        let ended = run.within_time(trace.as_ref()).await;
        client.count_connections();
        run.waits.set(false);
        let shown = match &ended {
            Err(fault) => step.wants_example(fault.kind()),
            Ok(_) => run.may_be_judged.then_some(Step::EXAMPLE_BYTES),
        };
        run.show(shown);
        ended
    }
}

/// One run of a step. What was seen is counted when it is dropped.
struct Run<'a> {
    runner: &'a HttpEvents,
    step: &'a Step<'a>,
    client: &'a HttpClient,
    asks: &'a EventsRequest,
    late: &'a [Late<'a>],
    fields: Fields,
    sent: Moment,
    seen: ExchangeRecord,
    phases: Phases,
    /// A check may fail it, and what came is shown then.
    may_be_judged: bool,
    events: Cell<u64>,
    received: Cell<u64>,
    /// The first bytes that came, where they are shown.
    start: RefCell<Vec<u8>>,
    /// It waits for an answer or for events. If it is dropped then because its time is over, the request is shown.
    waits: Cell<bool>,
}

/// What was read of a stream.
#[derive(Default)]
struct StreamRecord {
    events: Vec<Value>,
    /// Bytes of text in `events`.
    kept: u64,
    last: Option<Value>,
    /// When the first event came, and the last one.
    came: Option<(Moment, Moment)>,
}

impl<'a> Run<'a> {
    fn hosts(&self) -> Hosts {
        if self.step.info().is_input_sensitive("url") {
            Hosts::OfSensitiveUrl
        } else {
            Hosts::Open
        }
    }

    /// The statuses that pass.
    fn expect(&self) -> &Expect {
        self.asks.expect.as_ref().unwrap_or(&self.runner.expect)
    }

    fn call<'b>(&'b self, trace: Option<&'b Trace<'b>>) -> Call<'b> {
        let request = &self.asks.request;
        let defaults = &self.client.common.exchange;
        let follows = self.asks.follow_redirects.unwrap_or(defaults.follows);
        Call {
            method: &request.method,
            url: request.target.url(),
            target: None,
            fields: &self.fields,
            template: None,
            cookies: &request.cookies,
            payload: &request.payload,
            key: match &request.key {
                Some(ApiKey::Header(name, _)) => Some(name.as_str()),
                _ => None,
            },
            timeout: self.asks.timeout.unwrap_or(defaults.timeout),
            redirects: follows.then(|| self.asks.max_redirects.unwrap_or(defaults.max_redirects)),
            most: None,
            failure: 0,
            has_jar: true,
            may_resend: true,
            hears: AnswerContext {
                last_head: &self.runner.last_head,
                phases: &self.phases,
                reads: Reads {
                    fields: true,
                    cookies: true,
                    location: follows,
                    address: false,
                },
                examples: Examples {
                    asking: Asking::Step(self.step),
                    expect: Some(self.expect()),
                    may_come: false,
                    failures: false,
                },
            },
            hosts: self.hosts(),
            sent: self.sent,
            seen: &self.seen,
            trace,
        }
    }

    /// The whole step within its time limit.
    async fn within_time(&self, trace: Option<&Trace<'_>>) -> Result<Output, Fault> {
        let call = self.call(trace);
        let limit = call.timeout;
        let mut deadline = self.step.deadline();
        deadline.set(call.sent + limit);
        match until(self.whole(&call), &mut deadline).await {
            Some(ended) => ended,
            None if self.seen.status.get().is_none() => Err(call.timed_out()),
            None => {
                let came = self.came();
                let text = FaultText::plain("the events from ")
                    .and_text(&call.hosts.place(call.url))
                    .and(format_args!(
                        " went on for {}, and {came} did not end the step",
                        format_duration(limit)
                    ));
                Err(Kind::Timeout.fault(text))
            }
        }
    }

    /// How many events came, in words.
    fn came(&self) -> String {
        match self.events.get() {
            1 => "1 event".to_owned(),
            count => format!("{count} events"),
        }
    }

    async fn whole(&self, call: &Call<'_>) -> Result<Output, Fault> {
        let (mut heard, url) = answer(self.client, call, First::Nothing(Again::default())).await?;
        let incoming = &mut heard.incoming;
        let came = incoming.head().came;
        let waiting = self.phases.waiting(came);
        self.step.record_time(Metric::WAITING, waiting);
        let status = incoming.head().status;
        if !self.expect().allows(status.as_u16()) {
            self.reads_start(incoming, call.trace, Kind::Status).await;
            let (status, expect) = (status.as_u16(), self.expect());
            let text = FaultText::plain(format_args!("status {status}, expected {expect}"));
            return Err(Kind::Status.fault(text));
        }
        // Without content there is no type either, and no event.
        if status != StatusCode::NO_CONTENT
            && let Err(fault) = check_is_stream(incoming.head(), (&url, call.hosts))
        {
            self.reads_start(incoming, call.trace, Kind::ContentType)
                .await;
            return Err(fault);
        }
        let mut told = StreamRecord::default();
        let ended = self.listen((incoming, call, &url), &mut told).await;
        let Ok(ended_by) = ended else {
            incoming.leave();
            return ended.map(|_| Output::default());
        };
        self.leaves(incoming).await;
        if let Some(trace) = call.trace {
            trace.ends();
        }
        Ok(self.output((incoming.head(), &url), told, ended_by))
    }

    /// Reads events until a condition holds, or the stream ends: which.
    async fn listen(
        &self,
        (incoming, call, url): (&mut Incoming<'_>, &Call<'_>, &Url),
        told: &mut StreamRecord,
    ) -> Result<&'static str, Fault> {
        let most = self.client.common.exchange.max_body;
        let mut parser = Parser::new(usize::try_from(most).unwrap_or(usize::MAX));
        let mut idle = self.step.deadline();
        let waits_for_next = |idle: &mut Deadline, now: Moment| {
            if let Some(limit) = self.asks.idle {
                idle.set(now + limit);
            }
        };
        waits_for_next(&mut idle, incoming.head().came);
        loop {
            let piece = until(incoming.piece(), &mut idle).await;
            let piece = piece.ok_or_else(|| self.idle(url, call.hosts))?;
            let piece = piece.map_err(|cause| fault::unfinished(&cause, url, call.hosts))?;
            let Some(piece) = piece else {
                return Ok("end");
            };
            if let Some(trace) = call.trace {
                trace.piece(&piece);
            }
            self.received.set(self.received.get() + piece.len() as u64);
            if self.may_be_judged {
                self.keeps_start(&piece);
            }
            let now = self.step.now();
            let mut rest = &*piece;
            while let Some(event) = parser.next(&mut rest).map_err(|_| too_large(most))? {
                waits_for_next(&mut idle, now);
                self.comes(&event, told, now)?;
                if let Some(ended_by) = self.asks.until.holds(&event, self.events.get()) {
                    return Ok(ended_by);
                }
            }
        }
    }

    /// An event came.
    fn comes(&self, event: &Event<'_>, told: &mut StreamRecord, now: Moment) -> Result<(), Fault> {
        self.events.set(self.events.get() + 1);
        match &mut told.came {
            None => {
                told.came = Some((now, now));
                let first = now - self.sent;
                self.step.record_time(Metric::FIRST_EVENT, first);
            }
            Some((_, before)) => {
                let between = now - *before;
                self.step.record_time(Metric::BETWEEN, between);
                *before = now;
            }
        }
        let wanted = self.runner.wanted;
        if wanted.events {
            let (made, size) = object(event);
            told.kept += size;
            let most = self.client.common.exchange.max_body;
            if told.kept > most {
                return Err(Kind::Body.fault(FaultText::plain(format_args!(
                    "the events that the grid reads are longer than the client's max_body_size, {most} bytes"
                ))));
            }
            told.events.push(made);
        } else if wanted.last {
            told.last = Some(object(event).0);
        }
        Ok(())
    }

    /// No event came in time.
    fn idle(&self, url: &Url, hosts: Hosts) -> Fault {
        let limit = self.asks.idle.unwrap_or_default();
        let text = FaultText::plain("no event from ")
            .and_text(&hosts.place(url))
            .and(format_args!(
                " within {}, after {}",
                format_duration(limit),
                self.came()
            ));
        Kind::Idle.fault(text)
    }

    /// Reads the beginning of an answer that is no event stream, where somebody sees it.
    async fn reads_start(
        &self,
        incoming: &mut Incoming<'_>,
        trace: Option<&Trace<'_>>,
        kind: Kind,
    ) {
        if trace.is_some() || self.step.wants_example(kind.name()).is_some() {
            let reads = async {
                while self.start.borrow().len() < START
                    && let Ok(Some(piece)) = incoming.piece().await
                {
                    self.keeps_start(&piece);
                    if let Some(trace) = trace {
                        trace.piece(&piece);
                    }
                }
            };
            let _ = Box::pin(tokio::time::timeout(SOON, reads)).await;
        }
        self.leaves(incoming).await;
    }

    fn keeps_start(&self, piece: &[u8]) {
        let mut start = self.start.borrow_mut();
        let room = START.saturating_sub(start.len()).min(piece.len());
        start.extend_from_slice(piece.get(..room).unwrap_or_default());
    }

    /// Nobody reads the rest of an answer. If all of it is there, its connection can be used again.
    async fn leaves(&self, incoming: &mut Incoming<'_>) {
        if incoming.is_over() {
            let rest = incoming.skip().await.unwrap_or_default();
            self.received.set(self.received.get() + rest);
        } else {
            incoming.leave();
        }
    }

    fn output(
        &self,
        (head, url): (&AnswerHead, &Url),
        told: StreamRecord,
        ended_by: &'static str,
    ) -> Output {
        let wanted = self.runner.wanted;
        let mut output = Output::default();
        if wanted.count {
            output.count = Number::from(self.events.get()).into();
        }
        if wanted.last {
            let last = told.last.or_else(|| told.events.last().cloned());
            output.last = last.unwrap_or(Value::Null);
        }
        if wanted.events {
            output.events = told.events.into();
        }
        if wanted.first {
            output.first = told
                .came
                .map_or(Value::Null, |(first, _)| (first - self.sent).into());
        }
        if wanted.ended_by {
            output.ended_by = ended_by.into();
        }
        if wanted.status_code {
            output.status_code = Number::from(u32::from(head.status.as_u16())).into();
        }
        if wanted.headers {
            output.headers = response::headers(head.headers());
        }
        if wanted.url {
            output.url = url.as_str().to_owned().into();
        }
        if wanted.http_version {
            output.http_version = response::version(head.version).into();
        }
        output
    }

    /// What takes down the exchanges.
    #[cold]
    fn trace(&self, shown: usize) -> Result<Trace<'a>, Fault> {
        let request = &self.asks.request;
        let trace = Trace::new(
            (self.step, shown),
            self.client,
            &request.head,
            request.key.as_ref(),
        );
        let plain = self.runner.inputs.with(self.late)?;
        trace.hide_credentials(&plain.url, plain.basic_auth, plain.bearer_token.as_deref());
        let hides_id = self.step.info().is_input_sensitive("last_event_id");
        if let Some(id) = plain.last_event_id.as_deref().filter(|_| hides_id) {
            trace.hide(id);
        }
        Ok(trace)
    }

    /// Under load: shows the request with so many bytes of each body, if it is to be an example.
    #[cold]
    fn show(&self, shown: Option<usize>) {
        let Some(shown) = shown else {
            return;
        };
        // It was made before, so it can be made.
        let Ok(trace) = self.trace(shown) else {
            return;
        };
        let request = &self.asks.request;
        let url = request.target.url();
        let line = || self.client.cookies(|| url, &request.cookies, &self.fields);
        let cookies = self.seen.cookies(line);
        trace.hide_cookies(&cookies);
        trace.sends(Request {
            method: &request.method,
            url,
            target: None,
            headers: &self.fields,
            cookies: cookies.first(),
            payload: &request.payload,
        });
        if let Some(head) = self.seen.head.take() {
            trace.hears(&head);
            let start = self.start.borrow();
            trace.begins(&start, self.received.get().max(start.len() as u64));
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let step = self.step;
        if self.waits.get()
            && let Some(kind) = step.kind_if_dropped()
        {
            self.show(step.wants_example(kind));
        }
        self.seen.count(
            step,
            &ExchangeCounters {
                requests: Metric::REQUESTS,
                answered: Metric::ANSWERED,
                cut: Metric::CUT,
                resent: Metric::RESENT,
                answers: Metric::ANSWERS,
            },
        );
        self.phases.count(
            step,
            &phases::PhaseCounters {
                dns: Metric::DNS,
                connecting: Metric::CONNECTING,
                tls_handshake: Metric::TLS_HANDSHAKE,
                reused: Metric::REUSED,
                sent: Metric::SENT,
            },
        );
        step.add(Metric::EVENTS, self.events.get());
        step.add(Metric::RECEIVED, self.received.get());
    }
}

impl Until {
    /// What ends the step, if this event does; so many came with it.
    fn holds(&self, event: &Event<'_>, count: u64) -> Option<&'static str> {
        let is_it = |name: &String| *event.event() == **name;
        let is_in = |text: &String| event.data().contains(&**text);
        if self.event.as_ref().is_some_and(is_it) {
            Some("event")
        } else if self.data.as_ref().is_some_and(is_in) {
            Some("data")
        } else if self.events.is_some_and(|most| count >= most) {
            Some("events")
        } else {
            None
        }
    }
}

/// An event as a value, and how many bytes of text are in it.
fn object(event: &Event<'_>) -> (Value, u64) {
    let (id, name, data) = (event.id(), event.event(), event.data());
    let size = (id.len() + name.len() + data.len()) as u64;
    let fields: Vec<(Text, Value)> = vec![
        (Text::Static("id"), id.into_owned().into()),
        (Text::Static("event"), name.into_owned().into()),
        (Text::Static("data"), data.into_owned().into()),
    ];
    (fields.into(), size)
}

/// Checks that an answer is an event stream that can be read.
fn check_is_stream(head: &AnswerHead, (url, hosts): (&Url, Hosts)) -> Result<(), Fault> {
    let headers = head.headers();
    let place = || FaultText::plain("the answer from ").and_text(&hosts.place(url));
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let Some(named) = headers.get(CONTENT_TYPE).map(text) else {
        let text = place().and(" is no event stream: it has no Content-Type");
        return Err(Kind::ContentType.fault(text));
    };
    let essence = named.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(EVENT_STREAM) {
        let text = place()
            .and(" is no event stream: its Content-Type is ")
            .and_value(essence)
            .and(format_args!(", expected {EVENT_STREAM}"));
        return Err(Kind::ContentType.fault(text));
    }
    let encoding = headers.get(CONTENT_ENCODING).map(text);
    match encoding.filter(|encoding| !encoding.trim().eq_ignore_ascii_case("identity")) {
        None => Ok(()),
        Some(encoding) => {
            let text = FaultText::plain("the events from ")
                .and_text(&hosts.place(url))
                .and(" are compressed (")
                .and_value(encoding)
                .and("), and were asked for without: only plain ones are read");
            Err(Kind::Body.fault(text))
        }
    }
}

/// Whether no input comes with a run.
fn are_known(inputs: &Inputs) -> bool {
    let Inputs {
        url,
        method,
        headers,
        query_params,
        body,
        json,
        form_data,
        multipart,
        file,
        cookies,
        bearer_token,
        basic_auth,
        api_key,
        last_event_id,
        events,
        until_event,
        until_data,
        idle_timeout,
        timeout,
        expect_status,
        follow_redirects,
        max_redirects,
    } = inputs;
    let texts = [
        body,
        json,
        file,
        bearer_token,
        last_event_id,
        until_event,
        until_data,
    ];
    let values = [
        headers,
        query_params,
        form_data,
        multipart,
        cookies,
        basic_auth,
        api_key,
        expect_status,
    ];
    url.known().is_some()
        && method.known().is_some()
        && texts.iter().all(|input| input.known().is_some())
        && values.iter().all(|input| input.known().is_some())
        && events.known().is_some()
        && idle_timeout.known().is_some()
        && timeout.known().is_some()
        && follow_redirects.known().is_some()
        && max_redirects.known().is_some()
}

fn asks(plain: &Plain<'_>) -> Result<EventsRequest, Fault> {
    let mut request = request::whole(&Arguments {
        url: &plain.url,
        method: &plain.method,
        query: plain.query_params,
        headers: plain.headers,
        bearer: plain.bearer_token.as_deref(),
        basic: plain.basic_auth,
        key: plain.api_key,
        cookies: plain.cookies,
        bodies: BodyParts {
            body: plain.body.as_deref(),
            json: plain.json.as_deref(),
            form_data: plain.form_data,
            multipart: plain.multipart,
            file: plain.file.as_deref(),
        },
    })?;
    let head = &mut request.head;
    head.add(name::ACCEPT, HeaderValue::from_static(EVENT_STREAM));
    // Events are read as they come, and compressed ones come late.
    head.add(name::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    head.add(name::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(id) = &plain.last_event_id {
        let id = HeaderValue::from_bytes(id.as_bytes()).map_err(|_| {
            Kind::Request.fault("last_event_id holds what no header can, such as a line break")
        })?;
        head.add(name::LAST_EVENT_ID, id);
    }
    let whole = |input, number: Option<Number>| {
        let count = number.map(|number| count(input, number)).transpose();
        count.map_err(|text| Kind::Request.fault(text))
    };
    let events = whole("events", plain.events)?;
    if let Some(size) = request.payload.size() {
        request::check_length(&request.head, size)?;
    }
    Ok(EventsRequest {
        request,
        until: Until {
            events: events.map(|events| events as u64),
            event: plain.until_event.as_deref().map(str::to_owned),
            data: plain.until_data.as_deref().map(str::to_owned),
        },
        expect: plain.expect_status.map(Expect::read).transpose()?,
        idle: plain.idle_timeout,
        timeout: plain.timeout,
        follow_redirects: plain.follow_redirects,
        max_redirects: whole("max_redirects", plain.max_redirects)?,
    })
}
