//! The table of the parts of a step, on a stopped clock: what comes before what, what counts, and what stands in for what.

use super::*;
use crate::concurrency::Among;
use crate::retry::Backoff;
use bggo_runtime::emitted::{CheckInfo, MetricInfo, MetricKind, Place};
use bggo_runtime::parts::Info;
use bggo_runtime::test_support::{
    Event, StepOutcome, StepReport, TestWorker, ms, on_stopped_clock, set_due,
};
use std::cell::{Cell, RefCell};

/// Times, one metric, attempts and retries, two checks.
static POLL: Info = Info::new("probe", "poll", "grid.hcl:1")
    .slots(0..9)
    .metrics(&[MetricInfo::new("seen", "").kind(MetricKind::Counter)])
    .counts_attempts()
    .checks(&[
        CheckInfo::new("is there", Place::new("grid.hcl", 3, 3)),
        CheckInfo::new("is done", Place::new("grid.hcl", 4, 3)).required(),
    ]);
const ATTEMPTS: u32 = 5;

const PLAIN: Policy = Policy::new();

/// What the attempts of a step come to, one after the other; the last one again and again.
struct Body {
    worker: TestWorker,
    /// How long each takes, and its outcome.
    takes: Duration,
    ends: Vec<Result<i64, Fault>>,
    ran: Cell<usize>,
    began: RefCell<Vec<u128>>,
    previous: RefCell<Vec<Value>>,
    retry: Retry,
    repeat: Repeat,
    timeouts: Timeouts,
    concurrency: Concurrency,
    rate: StepRate,
    running: Cell<u32>,
    most_running: Cell<u32>,
}

impl Body {
    fn new(ends: impl Into<Vec<Result<i64, Fault>>>) -> Self {
        Self {
            worker: TestWorker::functional(),
            takes: ms(10),
            ends: ends.into(),
            ran: Cell::new(0),
            began: RefCell::default(),
            previous: RefCell::default(),
            retry: Retry::attempts(3),
            repeat: Repeat::at_most(100),
            timeouts: Timeouts::new(),
            concurrency: Concurrency::new(1),
            rate: StepRate {
                limit: 10,
                per: ms(1000),
                burst: 1,
            },
            running: Cell::new(0),
            most_running: Cell::new(0),
        }
    }

    fn now(&self) -> u128 {
        let began = self.worker.began();
        self.worker.context.now().duration_since(began).as_millis()
    }
}

struct Running1<'a>(&'a Body);

impl<'a> Running1<'a> {
    fn new(body: &'a Body) -> Self {
        body.running.set(body.running.get() + 1);
        body.most_running
            .set(body.most_running.get().max(body.running.get()));
        Self(body)
    }
}

impl Drop for Running1<'_> {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
    }
}

fn attempt<'a>(this: &'a Body, step: &'a Step<'_>) -> Running<'a, Result<Ran, Fault>> {
    Box::pin(async move {
        this.previous.borrow_mut().push(step.output(0));
        step.begin();
        this.began.borrow_mut().push(this.now());
        let _running = Running1::new(this);
        let nth = this.ran.get();
        this.ran.set(nth + 1);
        tokio::time::sleep(this.takes).await;
        let end = this.ends.get(nth).or(this.ends.last()).unwrap().clone();
        step.keep([number(end?)]);
        Ok(Ran::Done)
    })
}

fn retry(this: &Body, _: &Step<'_>) -> Result<Retry, Fault> {
    Ok(this.retry)
}

fn repeat(this: &Body, _: &Step<'_>) -> Result<Repeat, Fault> {
    Ok(this.repeat)
}

fn timeouts(this: &Body, _: &Step<'_>) -> Result<Timeouts, Fault> {
    Ok(this.timeouts)
}

fn concurrency(this: &Body, _: &Step<'_>) -> Result<Concurrency, Fault> {
    Ok(this.concurrency.clone())
}

fn rate(this: &Body, _: &Step<'_>) -> Result<(StepRate, Text), Fault> {
    Ok((this.rate, Text::Static("")))
}

/// The output is three at least.
fn is_three(_: &Body, step: &Step<'_>) -> Result<bool, Fault> {
    Ok(matches!(step.output(0), Value::Number(number) if number.as_u64() >= Some(3)))
}

fn collect(_: &Body, step: &Step<'_>) -> Result<Value, Fault> {
    Ok(step.output(0))
}

/// The second, required check holds where the output is two at least.
fn judged(_: &Body, step: &Step<'_>) -> Result<Ran, Fault> {
    let mut checks = step.checks();
    checks.check(&mut || Ok(Value::Bool(false)), &mut || Ok(Value::Null));
    let is_two = matches!(step.output(0), Value::Number(number) if number.as_u64() >= Some(2));
    checks.check(&mut || Ok(Value::Bool(is_two)), &mut || Ok(Value::Null));
    checks.end()
}

fn fallback(_: &Body, _: &Step<'_>) -> Result<Vec<Value>, Fault> {
    Ok(vec![number(-1)])
}

fn parts(body: &Body) -> StepParts<'_, Body> {
    StepParts::new(body, attempt)
}

/// What came of a step.
struct Came {
    flow: Flow,
    end: StepReport,
    /// Milliseconds from its begin to its end.
    took: u128,
    slot: OutputSlot,
}

async fn run(body: &Body, parts: StepParts<'_, Body>) -> Came {
    run_with(body, &PLAIN, parts).await
}

async fn run_with(body: &Body, policy: &Policy, parts: StepParts<'_, Body>) -> Came {
    let slot = OutputSlot::default();
    let iteration = body.worker.iteration(0);
    set_due(iteration, body.worker.context.moment());
    let began = body.now();
    let flow = drive_in_parts(iteration, policy, At::step(&POLL), Some(&slot), parts).await;
    let took = body.now() - began;
    let mut ends = body.worker.step_ends();
    assert_eq!(ends.len(), 1, "a step ends once");
    let end = ends.remove(0);
    Came {
        flow,
        end,
        took,
        slot,
    }
}

/// The sums and counts of the slots from the counter of attempts on: attempts, retries, two checks.
fn counted(worker: &TestWorker) -> [(u64, u64); 4] {
    let interval = worker.interval();
    std::array::from_fn(|nth| {
        let slot = interval.slot(ATTEMPTS + nth as u32);
        slot.map_or((0, 0), |slot| (slot.scalar.sum(), slot.scalar.count()))
    })
}

fn number(n: i64) -> Value {
    Value::Number(n.into())
}

fn refused<T>() -> Result<T, Fault> {
    Err(Fault::new("connect", "refused"))
}

fn kind(came: &Came) -> Option<&'static str> {
    came.end.fault.as_ref().map(Fault::kind)
}

fn text(came: &Came) -> String {
    came.end.fault.as_ref().map(Fault::to_string).unwrap()
}

#[test]
fn a_step_is_tried_again_until_it_passes_and_its_service_time_is_the_last_attempts() {
    on_stopped_clock(async {
        let mut body = Body::new([refused(), refused(), Ok(2)]);
        body.retry = Retry::attempts(5).backoff(Backoff::constant(ms(100)));
        let came = run(&body, parts(&body).retry(retry)).await;
        assert_eq!(came.flow, Ok(()));
        assert_eq!(came.end.attempts, 3);
        assert_eq!(came.end.service, Some(ms(10)));
        assert!((230..=234).contains(&came.took), "{}", came.took);
        assert_eq!(came.slot.field(0, &POLL).unwrap(), number(2));
        let [attempts, retries, ..] = counted(&body.worker);
        assert_eq!((attempts.0, retries.0), (3, 2));
    });
}

#[test]
fn the_last_failure_counts_when_all_attempts_are_used_up() {
    on_stopped_clock(async {
        let body = Body::new([refused(), refused(), Err(Fault::new("status", "503"))]);
        let came = run(&body, parts(&body).retry(retry)).await;
        assert_eq!(came.flow, Err(Stop));
        assert_eq!((kind(&came), came.end.attempts), (Some("status"), 3));
    });
}

#[test]
fn checks_count_once_for_the_last_attempt_and_a_required_one_is_tried_again() {
    on_stopped_clock(async {
        let body = Body::new([Ok(1), refused(), Ok(2)]);
        let came = run(&body, parts(&body).retry(retry).judged(judged)).await;
        assert_eq!((came.flow, came.end.attempts), (Ok(()), 3));
        assert_eq!(counted(&body.worker)[2..], [(0, 1), (1, 1)]);
        let told = body.worker.told().into_iter();
        let told = told.filter(|event| matches!(event, Event::Check(_)));
        assert_eq!(told.count(), 1, "of the first check, once");

        let never = Body::new([Ok(1)]);
        let came = run(&never, parts(&never).retry(retry).judged(judged)).await;
        assert_eq!((kind(&came), came.end.attempts), (Some("check"), 3));
        assert_eq!(counted(&never.worker)[2..], [(0, 1), (0, 1)]);

        let failed = Body::new([Ok(1), refused()]);
        let came = run(&failed, parts(&failed).retry(retry).judged(judged)).await;
        assert_eq!(kind(&came), Some("connect"));
        let missed = counted(&failed.worker)[2..].to_vec();
        assert_eq!(missed, [(0, 1), (0, 1)], "none holds, and each counts once");
    });
}

#[test]
fn each_attempt_has_the_time_limit_of_one() {
    on_stopped_clock(async {
        const LIMITED: Policy = Policy::new().execution(Duration::from_millis(50));
        let mut body = Body::new([Ok(1)]);
        body.takes = ms(1000);
        let came = run_with(&body, &LIMITED, parts(&body).retry(retry)).await;
        assert_eq!((kind(&came), came.end.attempts), (Some("timeout"), 3));
        assert_eq!(*body.began.borrow(), [0, 50, 100]);
    });
}

#[test]
fn a_deadline_ends_all_attempts_and_pauses() {
    on_stopped_clock(async {
        let mut body = Body::new([refused()]);
        body.retry = Retry::attempts(100).backoff(Backoff::constant(ms(100)));
        body.timeouts = Timeouts::new().deadline(ms(250));
        let came = run(&body, parts(&body).retry(retry).timeouts(timeouts)).await;
        assert_eq!(kind(&came), Some("timeout"));
        assert!((250..=252).contains(&came.took), "{}", came.took);
        let text = text(&came);
        assert!(text.contains("its limit `deadline` of 250ms"), "{text}");
    });
}

#[test]
fn a_step_is_repeated_until_its_condition_holds_and_sees_what_came_before() {
    on_stopped_clock(async {
        let mut body = Body::new([Ok(1), Ok(2), Ok(3)]);
        body.repeat = Repeat::at_most(10).every(ms(100));
        let all = parts(&body).repeat(repeat, is_three).collect(collect);
        let came = run(&body, all).await;
        assert_eq!((came.flow, came.end.attempts), (Ok(()), 3));
        let began = body.began.borrow().clone();
        let near = |at: u128, due: u128| (due..due + 5).contains(&at);
        assert!(near(began[1], 100) && near(began[2], 200), "{began:?}");
        let previous = [Value::Null, number(1), number(2)];
        assert_eq!(*body.previous.borrow(), previous);
        assert_eq!(came.slot.field(0, &POLL).unwrap(), number(3));
        let collected = Value::from([1, 2, 3].map(number).to_vec());
        assert_eq!(came.slot.field(1, &POLL).unwrap(), collected);
        let [attempts, retries, ..] = counted(&body.worker);
        assert_eq!((attempts.0, retries.0), (3, 0));
    });
}

#[test]
fn a_condition_that_never_holds_is_a_failure_of_its_own_kind() {
    on_stopped_clock(async {
        let mut body = Body::new([Ok(1)]);
        body.repeat = Repeat::at_most(4);
        let came = run(&body, parts(&body).repeat(repeat, is_three)).await;
        assert_eq!((kind(&came), came.end.attempts), (Some("repeat"), 4));
        assert_eq!(text(&came), "its condition did not hold after 4 attempts");

        let mut late = Body::new([Ok(1)]);
        late.repeat = Repeat::at_most(100).every(ms(100)).timeout(ms(350));
        let came = run(&late, parts(&late).repeat(repeat, is_three)).await;
        assert_eq!(kind(&came), Some("repeat"));
        assert!((350..=355).contains(&came.took), "{}", came.took);
    });
}

#[test]
fn a_repeated_step_tries_each_of_its_rounds_again_and_keeps_what_came_before() {
    on_stopped_clock(async {
        let body = Body::new([Ok(1), refused(), Ok(2), refused(), refused(), Ok(3)]);
        let both = parts(&body).retry(retry).repeat(repeat, is_three);
        let came = run(&body, both.collect(collect).judged(judged)).await;
        assert_eq!((came.flow, came.end.attempts), (Ok(()), 6));
        let previous = [0, 1, 1, 2, 2, 2].map(|n| match n {
            0 => Value::Null,
            n => number(n),
        });
        assert_eq!(*body.previous.borrow(), previous);
        assert_eq!(counted(&body.worker)[2..], [(0, 1), (1, 1)], "judged once");
        let [attempts, retries, ..] = counted(&body.worker);
        assert_eq!((attempts.0, retries.0), (6, 3));
    });
}

#[test]
fn a_fallback_stands_in_and_the_iteration_passes() {
    on_stopped_clock(async {
        let body = Body::new([refused()]);
        let came = run(&body, parts(&body).fallback(fallback)).await;
        assert_eq!(came.flow, Ok(()));
        assert_eq!(came.end.outcome, StepOutcome::Recovered);
        assert_eq!(kind(&came), Some("connect"));
        assert_eq!(came.slot.field(0, &POLL).unwrap(), number(-1));
    });
}

#[test]
fn a_failure_may_end_its_user() {
    on_stopped_clock(async {
        let body = Body::new([refused()]);
        let came = run(&body, parts(&body).ends(Ends::User)).await;
        assert_eq!(came.flow, Err(Stop));
        assert_eq!(came.end.outcome, StepOutcome::Failed);
    });
}

/// Runs the step so many times at once, all due now.
async fn at_once(body: &Body, n: usize, parts: impl Fn() -> StepParts<'static, Body>) -> Vec<Flow> {
    let iteration = body.worker.iteration(0);
    set_due(iteration, body.worker.context.moment());
    let one = || drive_in_parts(iteration, &PLAIN, At::step(&POLL), None, parts());
    let all = (0..n).map(|_| one());
    let mut running: Vec<Running<'_, Flow>> = all.collect();
    let mut ended = Vec::new();
    std::future::poll_fn(|cx| {
        running.retain_mut(|one| match one.as_mut().poll(cx) {
            Poll::Ready(flow) => {
                ended.push(flow);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    ended
}

#[test]
fn no_more_attempts_run_at_once_than_there_are_places() {
    on_stopped_clock(async {
        for among in [Among::Iteration, Among::User, Among::Run] {
            let mut body = Body::new([Ok(1)]);
            body.concurrency = Concurrency::new(3).among(among);
            let body: &'static Body = Box::leak(Box::new(body));
            let all = || parts(body).concurrency(concurrency);
            let ended = at_once(body, 10, all).await;
            assert_eq!(ended, vec![Ok(()); 10]);
            assert_eq!(body.most_running.get(), 3, "{among:?}");
            assert_eq!(body.now(), 40, "four times ten milliseconds");
        }
    });
}

#[test]
fn a_place_is_free_while_a_step_waits_to_be_tried_again() {
    on_stopped_clock(async {
        let mut body = Body::new([refused(), Ok(1)]);
        body.retry = Retry::attempts(2).backoff(Backoff::constant(ms(1000)));
        let body: &'static Body = Box::leak(Box::new(body));
        let all = || parts(body).concurrency(concurrency).retry(retry);
        let ended = at_once(body, 2, all).await;
        assert_eq!(ended, vec![Ok(()); 2]);
        assert_eq!(body.most_running.get(), 1);
        assert_eq!(body.began.borrow()[..2], [0, 10]);
    });
}

#[test]
fn who_waits_too_long_for_a_place_fails_and_leaves_the_queue() {
    on_stopped_clock(async {
        let mut body = Body::new([Ok(1)]);
        body.takes = ms(100);
        body.timeouts = Timeouts::new().queue(ms(150));
        let body: &'static Body = Box::leak(Box::new(body));
        let all = || parts(body).concurrency(concurrency).timeouts(timeouts);
        let ended = at_once(body, 4, all).await;
        let passed = ended.iter().filter(|flow| flow.is_ok()).count();
        assert_eq!((passed, body.ran.get()), (2, 2));
        let ends = body.worker.step_ends();
        let texts = ends.iter().filter_map(|end| end.fault.as_ref());
        for fault in texts {
            assert_eq!(fault.kind(), "timeout");
            assert!(fault.to_string().contains("`queue` of 150ms"), "{fault}");
        }
    });
}

#[test]
fn attempts_begin_as_often_as_the_rate_says_and_a_retry_takes_a_turn() {
    on_stopped_clock(async {
        let body: &'static Body = Box::leak(Box::new(Body::new([refused(), Ok(1)])));
        let all = || parts(body).rate(rate).retry(retry);
        let ended = at_once(body, 4, all).await;
        assert_eq!(ended, vec![Ok(()); 4]);
        let began = body.began.borrow().clone();
        let due = (0..5).map(|n| n * 100);
        for (at, due) in began.iter().zip(due) {
            assert!((due..due + 5).contains(at), "{began:?}");
        }
        assert_eq!(began.len(), 5);
    });
}

#[test]
fn a_step_that_begins_too_late_fails() {
    on_stopped_clock(async {
        let mut body = Body::new([Ok(1)]);
        body.timeouts = Timeouts::new().start(ms(250));
        let body: &'static Body = Box::leak(Box::new(body));
        let all = || parts(body).rate(rate).timeouts(timeouts);
        let ended = at_once(body, 5, all).await;
        let passed = ended.iter().filter(|flow| flow.is_ok()).count();
        assert_eq!((passed, body.ran.get()), (3, 3));
    });
}
