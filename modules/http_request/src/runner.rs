//! The runner `http_request`: one run of a step. Most requests go out at once on a connection that is there, and wait for nothing
//! but their answer.
//!
//! ```text
//! Work -begins-> request on an idle connection -answer with its body-> outputs
//!      '-> everything else, boxed: dialling, long bodies, redirects, what is sent again, what is shown
//! ```

use crate::again::Again;
use crate::asking::Asking;
use crate::auth::ApiKey;
use crate::client::HttpClient;
use crate::exchange::{Answer, Call, ExchangeCounters, ExchangeRecord, First, START, exchange};
use crate::expect::Examples;
use crate::http_request::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::phases::{self, Phases};
use crate::prepared::{Composed, HttpRequest, PartsOf};
use crate::response;
use crate::trace::Trace;
use crate::transport::{AnswerContext, Begun, Head, NoAnswer, Outgoing, Reads};
use crate::unjudged::Unjudged;
use bggo_runtime::contract::{Deadline, Fault, FaultText, Moment, Prepare, Runner, Running, Step};
use bytes::Bytes;
use http::StatusCode;
use http::header::HeaderValue;
use std::cell::Cell;
use std::future::Future;
use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

impl Runner for HttpRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Self::new(inputs, wanted)
    }

    /// (It is no `async fn`: all that it holds would be moved, and most of it would be kept twice.)
    fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> impl Future<Output = Result<Output, Fault>> {
        Work::new(self, (step, uses), late)
    }

    const HAS_RUN_UNREAD: bool = true;

    fn run_unread<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> impl Future<Output = Result<(), Fault>> {
        Unread(Work::new(self, (step, uses), late))
    }
}

/// One run of a step.
struct Run<'a> {
    runner: &'a HttpRequest,
    step: &'a Step<'a>,
    client: &'a HttpClient,
    parts: PartsOf<'a>,
    composed: Rc<Composed>,
    late: &'a [Late<'a>],
    sent: Moment,
    reads: Reads,
    seen: ExchangeRecord,
    phases: Phases,
    /// A check may fail the step after it has passed here, and then its exchange is an example.
    may_be_judged: bool,
    /// It waits for an answer. If it is dropped then because its time is over, the request is shown as far as it came.
    waits: Cell<bool>,
}

/// The future of a run.
struct Work<'a> {
    of: Of<'a>,
    /// A request that went out at once, and waits for its answer.
    begun: Option<Begun<'a>>,
    /// Its time limit, from the first wait on.
    deadline: Option<Deadline>,
}

/// What a run waits for.
enum Of<'a> {
    /// Nothing but an answer.
    Run(Run<'a>),
    /// All that an exchange may wait for.
    Exchange(Running<'a, Result<Outputs, Fault>>),
    /// There is no request: why.
    Failed(Option<Fault>),
}

/// The outputs, if something reads one of them. (They are large, and would be moved for nothing.)
struct Outputs(Option<Box<Output>>);

impl Outputs {
    fn into_output(self) -> Output {
        self.0.map_or_else(Output::default, |output| *output)
    }
}

impl Future for Work<'_> {
    type Output = Result<Output, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_outputs(cx).map_ok(Outputs::into_output)
    }
}

/// The same where nobody reads the outputs: they are not even made empty.
struct Unread<'a>(Work<'a>);

impl Future for Unread<'_> {
    type Output = Result<(), Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_outputs(cx).map_ok(drop)
    }
}

impl<'a> Work<'a> {
    fn new(runner: &'a HttpRequest, on: (&'a Step<'a>, Uses<'a>), late: &'a [Late<'a>]) -> Self {
        Self {
            of: match Run::new(runner, on, late) {
                Ok(run) => Of::Run(run),
                Err(fault) => Of::Failed(Some(fault)),
            },
            begun: None,
            deadline: None,
        }
    }

    fn poll_outputs(&mut self, cx: &mut Context<'_>) -> Poll<Result<Outputs, Fault>> {
        let first = match &mut self.of {
            Of::Exchange(exchange) => return exchange.as_mut().poll(cx),
            Of::Failed(fault) => {
                return fault
                    .take()
                    .map_or(Poll::Pending, |fault| Poll::Ready(Err(fault)));
            }
            Of::Run(run) => {
                if self.begun.is_none() {
                    self.begun = run.begin(cx);
                }
                match &mut self.begun {
                    None => First::Nothing(Again::default()),
                    Some(begun) => {
                        let head = ready!(run.poll_head(begun, &mut self.deadline, cx));
                        match run.heard(head, &mut self.begun) {
                            Break(ended) => return Poll::Ready(ended),
                            Continue(first) => first,
                        }
                    }
                }
            }
        };
        let Of::Run(run) = std::mem::replace(&mut self.of, Of::Failed(None)) else {
            return Poll::Pending;
        };
        let mut exchange: Running<'_, _> = Box::pin(run.exchange(first));
        let polled = exchange.as_mut().poll(cx);
        self.of = Of::Exchange(exchange);
        polled
    }
}

impl<'a> Run<'a> {
    fn new(
        runner: &'a HttpRequest,
        (step, uses): (&'a Step<'a>, Uses<'a>),
        late: &'a [Late<'a>],
    ) -> Result<Self, Fault> {
        let client = uses
            .client
            .ok_or_else(|| Kind::Request.fault("a request needs a client"))?;
        let parts = runner.parts(late)?;
        let follows = parts.limits.follow_redirects;
        let reads = Reads {
            fields: runner.reads.fields || step.shows_exchanges().is_some(),
            cookies: client.common.cookies,
            location: follows.unwrap_or(client.common.exchange.follows),
            address: runner.reads.address,
        };
        Ok(Self {
            composed: runner.composed(&parts, client)?,
            sent: match parts {
                PartsOf::Fixed(_) => step.sent_at_once(),
                PartsOf::Made(_) => step.sent(),
            },
            phases: Phases::of(step, runner.wanted),
            runner,
            step,
            client,
            parts,
            late,
            reads,
            seen: ExchangeRecord::default(),
            may_be_judged: step.wants_example_of_check(),
            waits: Cell::new(true),
        })
    }

    /// Begins the request if it can go out at once, on a connection that is there. (What is shown takes the other way.)
    fn begin(&self, cx: &mut Context<'_>) -> Option<Begun<'a>> {
        if self.step.shows_exchanges().is_some() {
            return None;
        }
        let parts = &self.parts;
        let fields = &self.composed.fields;
        let cookies = self
            .client
            .cookies(|| parts.target.url(), &parts.cookies, fields);
        let begun =
            self.client
                .transport
                .begin(&self.outgoing(cookies.as_ref()), self.skips(), cx)?;
        self.seen.requests.set(1);
        self.seen.sent_cookies(cookies);
        Some(begun)
    }

    /// Whether nobody reads the body of an answer with status 200.
    fn skips(&self) -> bool {
        let expect = self.parts.expect.as_ref().as_ref();
        !self.runner.reads.body
            && !self.may_be_judged
            && expect.is_none_or(|expect| expect.allows(StatusCode::OK.as_u16()))
    }

    fn outgoing<'b>(&'b self, cookies: Option<&'b HeaderValue>) -> Outgoing<'b> {
        Outgoing {
            method: &self.parts.method,
            url: self.parts.target.of_origin(),
            target: self.parts.target.place(),
            fields: &self.composed.fields,
            cookies,
            payload: &self.parts.payload,
            template: self.composed.template.as_ref(),
            hosts: self.runner.hosts(self.step),
            now: self.sent,
            hears: self.hears(),
        }
    }

    fn hears(&self) -> AnswerContext<'_> {
        AnswerContext {
            last_head: &self.runner.last_head,
            phases: &self.phases,
            reads: self.reads,
            examples: Examples {
                asking: Asking::Step(self.step),
                expect: self.parts.expect.as_ref().as_ref(),
                may_come: self.may_be_judged,
                failures: false,
            },
        }
    }

    fn timeout(&self) -> Duration {
        let own = self.parts.limits.timeout;
        own.unwrap_or(self.client.common.exchange.timeout)
    }

    /// Waits for the head of the answer to a request that went out at once; `None` if its time is over.
    fn poll_head(
        &self,
        begun: &mut Begun<'_>,
        deadline: &mut Option<Deadline>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Head, NoAnswer>>> {
        let head = match begun.poll(&self.hears(), cx) {
            Poll::Ready(head) => Some(head),
            Poll::Pending => {
                let deadline = deadline.get_or_insert_with(|| {
                    let mut deadline = self.client.deadline(self.step);
                    deadline.set(self.sent + self.timeout());
                    deadline
                });
                ready!(deadline.poll(cx));
                None
            }
        };
        if let Some(deadline) = deadline.take() {
            self.client.keep_deadline(deadline);
        }
        Poll::Ready(head)
    }

    /// What becomes of a request that went out at once.
    fn heard(
        &self,
        head: Option<Result<Head, NoAnswer>>,
        begun: &mut Option<Begun<'a>>,
    ) -> ControlFlow<Result<Outputs, Fault>, First<'a>> {
        self.client.count_connections();
        if let Some(Ok(head)) = &head
            && let Some(ended) = self.answered(head, begun)
        {
            return Break(ended);
        }
        let (Some(head), Some(begun)) = (head, begun.take()) else {
            return Break(Err(self.fails(self.call(None).timed_out())));
        };
        let lost = match head {
            Ok(head) => {
                let first = begun.answer(head, &self.hears());
                return Continue(first.map_or(First::Nothing(Again::default()), First::Head));
            }
            Err(lost) => begun.lost(lost, &self.outgoing(None)),
        };
        let mut again = Again::default();
        if again.takes(&lost, &self.parts.method) {
            self.seen.resent.set(1);
            return Continue(First::Nothing(again));
        }
        Break(Err(self.fails(lost.fault)))
    }

    /// The outputs, if the whole answer came and there is nothing more to do.
    fn answered(
        &self,
        head: &Head,
        begun: &mut Option<Begun<'a>>,
    ) -> Option<Result<Outputs, Fault>> {
        let hears = self.hears();
        let reads = self.runner.reads;
        // A redirect may be followed, and an example shows the first bytes of its body.
        if (300..400).contains(&head.status())
            || StatusCode::from_u16(head.status()).is_ok_and(|status| hears.examples.takes(status))
        {
            return None;
        }
        let answer = begun.as_mut()?;
        let size = answer.whole(head)?;
        let mut body = Bytes::new();
        if reads.body {
            if size as u64 > self.client.common.exchange.max_body {
                return None;
            }
            body = answer.body(head, size);
        }
        let start = if self.may_be_judged && !reads.body {
            answer.body(head, size.min(START)).to_vec()
        } else {
            Vec::new()
        };
        let made = Begun::ends(begun, (head, size), &hears)?;
        self.seen.status.set(Some(made.status));
        self.seen.answered.set(1);
        self.client.keep_cookies(|| self.parts.target.url(), &made);
        if !reads.body {
            self.step.received_at(made.came);
        }
        Some(self.output(Answer {
            // What came with the head took no time.
            receiving: Duration::ZERO,
            total: made.came - self.sent,
            head: made,
            redirected: None,
            body,
            start,
            size: size as u64,
        }))
    }

    fn call<'b>(&'b self, trace: Option<&'b Trace<'b>>) -> Call<'b> {
        let (parts, limits) = (&self.parts, &self.parts.limits);
        let defaults = &self.client.common.exchange;
        Call {
            method: &parts.method,
            url: parts.target.url(),
            target: None,
            fields: &self.composed.fields,
            template: self.composed.template.as_ref(),
            cookies: &parts.cookies,
            payload: &parts.payload,
            key: match parts.key.as_ref() {
                Some(ApiKey::Header(name, _)) => Some(name.as_str()),
                _ => None,
            },
            timeout: self.timeout(),
            redirects: self
                .reads
                .location
                .then(|| limits.max_redirects.unwrap_or(defaults.max_redirects)),
            most: self.runner.reads.body.then_some(defaults.max_body),
            failure: 0,
            has_jar: true,
            may_resend: true,
            hears: self.hears(),
            hosts: self.runner.hosts(self.step),
            sent: self.sent,
            seen: &self.seen,
            trace,
        }
    }

    /// The whole way of an exchange.
    async fn exchange(self, first: First<'a>) -> Result<Outputs, Fault> {
        let made;
        let trace = match self.step.shows_exchanges() {
            None => None,
            Some(shown) => {
                let of = (self.step, shown);
                made = self
                    .runner
                    .trace(of, self.client, (&self.parts, self.late))?;
                Some(&made)
            }
        };
        let call = self.call(trace);
        let answer = exchange(self.client, &call, first, self.step.deadline()).await;
        let answer = answer.map_err(|fault| self.fails(fault))?;
        self.output(answer)
    }

    /// The step fails without a whole answer.
    #[cold]
    fn fails(&self, fault: Fault) -> Fault {
        self.waits.set(false);
        self.show(fault.kind(), None);
        fault
    }

    /// Counts a whole answer, and makes the outputs.
    fn output(&self, answer: Answer) -> Result<Outputs, Fault> {
        self.waits.set(false);
        let step = self.step;
        self.phases
            .record(step, (answer.head.came, answer.receiving));
        step.add(Metric::RECEIVED, answer.size);
        if let Some(expect) = self.parts.expect.as_ref() {
            let status = answer.head.status.as_u16();
            if !expect.allows(status) {
                let text = FaultText::plain(format_args!("status {status}, expected {expect}"));
                self.show(Kind::Status.name(), Some(&answer));
                return Err(Kind::Status.fault(text));
            }
        }
        let outputs = self.outputs(&answer);
        if let Err(fault) = &outputs {
            self.show(fault.kind(), Some(&answer));
        } else if self.may_be_judged {
            self.keep(answer);
        }
        outputs
    }

    /// Keeps an exchange that passed, until the checks of its step are judged.
    #[cold]
    fn keep(&self, answer: Answer) {
        let credentials = match &self.parts.credentials {
            Some(_) => Ok(Vec::new()),
            None => self.runner.credentials(self.late),
        };
        // Its inputs were read before, so they can be read.
        let Ok(credentials) = credentials else {
            return;
        };
        let unjudged = Unjudged {
            info: self.step.info(),
            common: Rc::clone(&self.client.common),
            is_sensitive: self.client.is_sensitive(),
            parts: self.parts.kept(),
            composed: Rc::clone(&self.composed),
            cookies: self.seen.cookies(|| None),
            credentials,
            answer,
        };
        self.step.keep_for_checks(move || unjudged.messages());
    }

    fn outputs(&self, answer: &Answer) -> Result<Outputs, Fault> {
        if !self.runner.reads.anything {
            return Ok(Outputs(None));
        }
        let defaults = self.client.common.exchange;
        let of = (answer, self.parts.target.as_ref(), &self.phases);
        let output = response::output(of, self.runner.wanted, defaults)?;
        Ok(Outputs(Some(Box::new(output))))
    }

    #[cold]
    fn show(&self, kind: &'static str, answer: Option<&Answer>) {
        let of = (self.step, kind);
        let ended = (&self.seen, answer);
        self.runner
            .show(of, self.client, (&self.parts, self.late), ended);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if self.waits.get()
            && let Some(kind) = self.step.kind_if_dropped()
        {
            self.show(kind, None);
        }
        self.seen.count(
            self.step,
            &ExchangeCounters {
                requests: Metric::REQUESTS,
                answered: Metric::ANSWERED,
                cut: Metric::CUT,
                resent: Metric::RESENT,
                answers: Metric::ANSWERS,
            },
        );
        self.phases.count(
            self.step,
            &phases::PhaseCounters {
                dns: Metric::DNS,
                connecting: Metric::CONNECTING,
                tls_handshake: Metric::TLS_HANDSHAKE,
                reused: Metric::REUSED,
                sent: Metric::SENT,
            },
        );
    }
}
