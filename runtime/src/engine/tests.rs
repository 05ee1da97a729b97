//! One worker on a stopped clock: what users begin, how they end, and that their ends always run.

mod arrivals;
mod phases;
mod prepared;
mod scenarios;
mod searches;
mod signals;
mod whole;

use super::control::run_on;
use super::rows_left::RowsLeft;
use super::scenario_load::{ScenarioLoad, Taking};
use super::scenario_users::ScenarioUsers;
use super::timer::Spin;
use super::worker::{self, News, Work, WorkerNews, worker_thread_on};
use super::{Program, RunRequest, User, Worker, run};
use crate::assets::{Asset, AssetCx, AssetSlot, Prepare, RunScope};
use crate::context::{WorkerContext, WorkerContextParts};
use crate::event::{Event, EventSink, LogLevel};
use crate::exit::{Exit, ExitCauses};
use crate::fault::Fault;
use crate::flow::{Flow, Running, Stop};
use crate::grid::Grid;
use crate::info::{At, Info, iteration_slot, time_slot};
use crate::metrics::{
    Interval, KnownNames, Outcome, Recorder, RunNames, ScenarioSlots, Slab, SlabReader,
};
use crate::outputs::{Format, Report};
use crate::shutdown::{Phase, Phases};
use crate::start::Start;
use crate::step::{Policy, Ran};
use crate::test_support::{A, Probe, TestWorker, ToldEvents, on_stopped_clock, settle};
use bggo_schedule::{Load, Schedule, Segment};
use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

/// What an iteration does.
#[derive(Debug, Clone, Copy)]
enum Does {
    Nothing,
    Waits(Duration),
    WaitsForEver,
    Fails,
    FailsAfter(Duration),
    FailsAt(u64),
    PanicsAt(u64),
    PanicsAtItsEnd,
}

/// A program of one kind of iteration that notes what happens, as `user:event`.
struct Noting {
    does: fn(u64) -> Does,
    notes: Mutex<Vec<String>>,
}

impl Noting {
    fn note(&self, text: String) {
        self.notes.lock().unwrap().push(text);
    }
}

impl Program for Noting {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        Rc::new(NotingWorker(self))
    }
}

struct NotingWorker(&'static Noting);

impl Worker for NotingWorker {
    fn user(self: Rc<Self>, _: u32, user: User) -> Running<'static, ()> {
        Box::pin(async move {
            let program = self.0;
            while let Some(begun) = user.next().await {
                let vu = user.context().number();
                let number = user.iteration(&begun).number();
                let held = RefCell::new(());
                let flow = {
                    let iteration = pin!(iteration((program.does)(vu), number, &held));
                    user.unless_cancelled(iteration).await
                };
                program.note(format!(
                    "{vu}:{}",
                    if flow.is_ok() { "iteration" } else { "stop" }
                ));
                user.finish(begun, flow);
            }
            sleep(Duration::from_millis(1)).await;
            let does = (program.does)(user.context().number());
            assert!(!matches!(does, Does::PanicsAtItsEnd), "no end");
            program.note(format!("{}:end", user.context().number()));
        })
    }

    fn destroy(&self) -> Running<'_, ()> {
        Box::pin(async { self.0.note("worker:end".to_owned()) })
    }
}

async fn iteration(does: Does, number: u64, _borrowed: &RefCell<()>) -> Flow {
    match does {
        Does::Nothing => Ok(()),
        Does::Waits(length) => {
            sleep(length).await;
            Ok(())
        }
        Does::WaitsForEver => std::future::pending().await,
        Does::Fails => Err(Stop),
        Does::FailsAfter(length) => {
            sleep(length).await;
            Err(Stop)
        }
        Does::FailsAt(which) if which == number => Err(Stop),
        Does::FailsAt(_) => Ok(()),
        Does::PanicsAtItsEnd => Ok(()),
        Does::PanicsAt(last) => {
            assert!(number < last, "iteration {number} is one too many");
            Ok(())
        }
    }
}

/// A worker that is ready to run, and what can be seen of it.
struct Bench {
    program: &'static Noting,
    context: Rc<WorkerContext>,
    causes: Arc<ExitCauses>,
    phases: watch::Sender<Phases>,
    /// The worker's number, and how many there are.
    worker: (u32, u32),
    reader: SlabReader,
}

/// Slots of iterations: of both scenarios that a test may run.
const SLOTS: usize = 2 * iteration_slot::COUNT as usize;

fn bench(does: fn(u64) -> Does) -> Bench {
    bench_of(Kind::Load, does)
}

/// Whether a run is functional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Load,
    Functional,
}

fn bench_of(kind: Kind, does: fn(u64) -> Does) -> Bench {
    let (names, causes) = (
        Arc::new(RunNames::default()),
        Arc::new(ExitCauses::default()),
    );
    let slab = Slab::new(SLOTS).unwrap();
    let context = WorkerContext::new(WorkerContextParts {
        functional: kind == Kind::Functional,
        names: KnownNames::new(Arc::clone(&names)),
        ..parts(Arc::new(ToldEvents::default()), &causes, &slab)
    });
    Bench {
        program: Box::leak(Box::new(Noting {
            does,
            notes: Mutex::default(),
        })),
        context: Rc::new(context),
        causes,
        phases: watch::channel(Phases::running(1)).0,
        worker: (0, 1),
        reader: SlabReader::new(slab, names),
    }
}

/// Parts of a worker of a run under load.
fn parts(
    events: Arc<dyn EventSink>,
    causes: &Arc<ExitCauses>,
    slab: &Arc<Slab>,
) -> WorkerContextParts {
    WorkerContextParts {
        start: Arc::new(Start::new(Vec::new(), 0)),
        index: 0,
        segment: Segment::WHOLE,
        functional: false,
        trace: None,
        samples: None,
        recorder: Recorder::new(Arc::clone(slab)),
        names: KnownNames::new(Arc::new(RunNames::default())),
        events,
        causes: Arc::clone(causes),
        run_extension: Arc::default(),
    }
}

/// A worker's work to its end, as a task: then it is over.
async fn work(context: Rc<WorkerContext>, mut work: Work) {
    worker::work(context, &mut work).await;
}

/// A load whose iterations have no time to finish.
fn at_once(schedule: Schedule) -> Load {
    Load {
        graceful_stop: Duration::ZERO,
        ..Load::new("constant_vus", schedule)
    }
}

/// The load of scenario number `scenario` on one worker.
fn load(scenario: u32, schedule: Schedule) -> ScenarioLoad {
    load_of(scenario, at_once(schedule))
}

fn load_of(scenario: u32, load: Load) -> ScenarioLoad {
    ScenarioLoad {
        scenario,
        taking: Taking::new(&load.schedule, (Segment::WHOLE, 1), &mut None),
        load,
        segment: Segment::WHOLE,
        seed: 7,
        slots: ScenarioSlots {
            steps: 0,
            iterations: scenario * iteration_slot::COUNT,
        },
        warm_up: None,
        rows: RowsLeft::default(),
    }
}

impl Bench {
    async fn run(&self, schedule: Schedule) {
        self.run_loads(&[load(0, schedule)]).await;
    }

    /// This worker's part of loads that other workers may have a part of as well.
    async fn run_loads(&self, loads: &[ScenarioLoad]) {
        let begin = tokio::time::Instant::now().into_std();
        self.run_loads_since(begin, loads).await;
    }

    /// The same of a run whose clock started at `begin`.
    async fn run_loads_since(&self, begin: Instant, loads: &[ScenarioLoad]) {
        self.run_program(self.program, (begin, loads)).await;
    }

    /// The same of another program.
    async fn run_program(
        &self,
        program: &'static dyn Program,
        (begin, loads): (Instant, &[ScenarioLoad]),
    ) {
        let started = Work {
            program,
            shared: Arc::new(()),
            loads: loads.to_vec(),
            worker: self.worker,
            phases: self.phases.subscribe(),
            begin: watch::channel(Some(begin)).1,
            news: WorkerNews::new(mpsc::unbounded_channel().0),
            spin: None,
            pin: false,
        };
        work(Rc::clone(&self.context), started).await;
    }

    fn stop(&self, phase: Phase) {
        self.phases.send_modify(|phases| phases.advance_run(phase));
    }

    fn notes(&self) -> Vec<String> {
        self.program.notes.lock().unwrap().clone()
    }

    fn count(&self, note: &str) -> usize {
        self.notes()
            .iter()
            .filter(|one| one.ends_with(note))
            .count()
    }

    fn measured(&mut self) -> Interval {
        let mut interval = Interval::default();
        self.reader.take(&mut interval);
        interval
    }

    /// Iterations of the first scenario.
    fn counted(&mut self, outcome: Outcome) -> u64 {
        self.measured()
            .slot(0)
            .map_or(0, |slot| slot.count(outcome))
    }
}

#[tokio::test(start_paused = true)]
async fn users_share_the_iterations_and_each_ends_once_before_the_worker_does() {
    let mut bench = bench(|_| Does::Waits(Duration::from_millis(10)));
    bench.run(Schedule::iterations(3, 10)).await;
    assert_eq!(bench.count(":iteration"), 10);
    assert_eq!(bench.count(":end"), 4);
    assert_eq!(bench.notes().last().unwrap(), "worker:end");
    let measured = bench.measured();
    assert_eq!((measured.users_begun, measured.users_ended), (3, 3));
    assert_eq!(measured.slot(0).unwrap().count(Outcome::Passed), 10);
    let times = measured.slot(time_slot::SERVICE).unwrap();
    assert_eq!(times.histogram.mean_time(), Some(Duration::from_millis(10)));
}

#[tokio::test(start_paused = true)]
async fn a_duration_ends_the_beginning_of_iterations_and_not_their_running() {
    let mut bench = bench(|_| Does::Waits(Duration::from_millis(400)));
    let begin = tokio::time::Instant::now();
    bench
        .run(Schedule::lasting(2, Duration::from_secs(1)))
        .await;
    assert_eq!(bench.counted(Outcome::Passed), 6);
    assert_eq!(begin.elapsed(), Duration::from_millis(1_201));
}

#[tokio::test(start_paused = true)]
async fn cancelling_drops_running_iterations_and_lets_every_user_end() {
    let mut bench = bench(|_| Does::WaitsForEver);
    let stop = async {
        sleep(Duration::from_secs(3)).await;
        bench.stop(Phase::Cancelled);
    };
    tokio::join!(bench.run(Schedule::lasting(50, Duration::MAX)), stop);
    assert_eq!((bench.count(":stop"), bench.count(":end")), (50, 51));
    assert_eq!(bench.counted(Outcome::Cancelled), 50);
}

#[tokio::test(start_paused = true)]
async fn draining_lets_running_iterations_finish_and_none_begin() {
    let mut bench = bench(|_| Does::Waits(Duration::from_secs(10)));
    let stop = async {
        sleep(Duration::from_secs(3)).await;
        bench.stop(Phase::Draining);
    };
    tokio::join!(bench.run(Schedule::lasting(5, Duration::MAX)), stop);
    assert_eq!(bench.counted(Outcome::Passed), 5);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_before_it_begins_has_no_iteration() {
    let bench = bench(|_| Does::Nothing);
    bench.stop(Phase::Cancelled);
    bench.run(Schedule::lasting(5, Duration::MAX)).await;
    assert_eq!(
        (
            bench.count(":iteration"),
            bench.count(":stop"),
            bench.count(":end")
        ),
        (0, 0, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_that_never_waits_leaves_the_others_their_turn() {
    // Were the first user not to yield, neither the second one nor the one who stops the run would ever be polled.
    let bench = bench(|vu| {
        if vu == 1 {
            Does::Nothing
        } else {
            Does::WaitsForEver
        }
    });
    let stop = async {
        while bench.count("1:iteration") == 0 {
            tokio::task::yield_now().await;
        }
        bench.stop(Phase::Cancelled);
    };
    tokio::join!(bench.run(Schedule::lasting(2, Duration::MAX)), stop);
    assert_eq!(bench.count("2:stop"), 1);
    assert_eq!(bench.count(":end"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_failed_iteration_does_not_end_its_user() {
    let mut bench = bench(|_| Does::Fails);
    bench.run(Schedule::iterations(1, 7)).await;
    let measured = bench.measured();
    let ended = measured.slot(0).unwrap();
    assert_eq!(ended.count(Outcome::Failed), 7);
    // No step of theirs failed, which is no kind that was too many.
    let kinds: Vec<(&str, u64)> = ended
        .kinds
        .iter()
        .map(|(kind, n)| (kind.as_str(), *n))
        .collect();
    assert_eq!(kinds, [("no_failed_step", 7)]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_an_iteration_is_a_bug_and_its_user_still_ends() {
    let mut bench = bench(|vu| {
        if vu == 1 {
            Does::PanicsAt(2)
        } else {
            Does::WaitsForEver
        }
    });
    let stop = async {
        bench.causes.broken().await;
        bench.stop(Phase::Cancelled);
    };
    tokio::join!(bench.run(Schedule::lasting(3, Duration::MAX)), stop);
    assert_eq!(bench.causes.exit(), Exit::Bug);
    assert_eq!(bench.count(":end"), 4);
    let measured = bench.measured();
    let iterations = measured.slot(0).unwrap();
    // The thread stops at once: the other two never begin.
    assert_eq!(
        (
            iterations.count(Outcome::Passed),
            iterations.count(Outcome::Cancelled)
        ),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_user_outside_of_its_iterations_ends_the_run_as_a_bug_and_nobody_waits_for_it()
{
    let mut bench = bench(|vu| {
        if vu == 1 {
            Does::PanicsAtItsEnd
        } else {
            Does::Nothing
        }
    });
    bench.run(Schedule::iterations(3, 30)).await;
    assert_eq!(bench.causes.exit(), Exit::Bug);
    assert_eq!(bench.count(":end"), 3);
    assert_eq!(bench.measured().users_ended, 3);
}

#[tokio::test(start_paused = true)]
async fn iterations_go_to_whoever_is_free_on_any_thread() {
    let [mut first, mut second] = [0, 1].map(|index| Bench {
        worker: (index, 2),
        ..bench(|_| Does::Waits(Duration::from_millis(200)))
    });
    let loads = [load(0, Schedule::iterations(3, 20))];
    let begin = tokio::time::Instant::now();
    tokio::join!(first.run_loads(&loads), second.run_loads(&loads));
    // Seven rounds of three, and a millisecond for the ends of the users.
    assert_eq!(begin.elapsed(), Duration::from_millis(1_401));
    let passed = first.counted(Outcome::Passed) + second.counted(Outcome::Passed);
    assert_eq!(passed, 20);
    assert_eq!(first.count(":iteration"), 14);
}

#[tokio::test(start_paused = true)]
async fn a_scenario_that_is_cancelled_leaves_the_others_running() {
    let mut bench = bench(|_| Does::Waits(Duration::from_secs(2)));
    let loads = [0, 1].map(|scenario| load(scenario, Schedule::iterations(1, 3)));
    bench.phases.send_replace(Phases::running(2));
    let begin = tokio::time::Instant::now();
    let stop = async {
        sleep(Duration::from_secs(3)).await;
        bench
            .phases
            .send_modify(|phases| phases.advance_scenario(1, Phase::Cancelled));
    };
    tokio::join!(bench.run_loads(&loads), stop);
    assert_eq!(begin.elapsed(), Duration::from_millis(6_001));
    let measured = bench.measured();
    let ends = |slot: u32| {
        let iterations = measured.slot(slot).unwrap();
        [Outcome::Passed, Outcome::Cancelled].map(|outcome| iterations.count(outcome))
    };
    assert_eq!((ends(0), ends(iteration_slot::COUNT)), ([3, 0], [1, 1]));
}

/// Events that note whether the control thread has heard anything by then.
#[derive(Debug)]
struct Hearing {
    news: Mutex<mpsc::UnboundedReceiver<News>>,
    heard: Arc<Mutex<Vec<Option<News>>>>,
}

impl EventSink for Hearing {
    fn tell(&self, _: Event) {
        let news = self.news.lock().unwrap().try_recv();
        self.heard.lock().unwrap().push(news.ok());
    }
}

#[test]
fn a_worker_whose_thread_fails_is_over_only_when_the_run_knows_of_it() {
    type MakesRuntime = fn() -> std::io::Result<tokio::runtime::Runtime>;
    let cases: [(MakesRuntime, Exit); 2] = [
        (
            || Err(std::io::Error::from_raw_os_error(24)),
            Exit::SetUpFailed,
        ),
        (|| panic!("no runtime"), Exit::Bug),
    ];
    for (runtime, exit) in cases {
        let bench = bench(|_| Does::Nothing);
        let (tell, news) = mpsc::unbounded_channel();
        let heard = Arc::default();
        let events = Arc::new(Hearing {
            news: Mutex::new(news),
            heard: Arc::clone(&heard),
        });
        let parts = parts(events.clone(), &bench.causes, &Slab::new(SLOTS).unwrap());
        let work = Work {
            program: bench.program,
            shared: Arc::new(()),
            loads: Vec::new(),
            worker: (0, 1),
            phases: bench.phases.subscribe(),
            begin: watch::channel(None).1,
            news: WorkerNews::new(tell),
            spin: None,
            pin: false,
        };
        worker_thread_on(runtime, parts, work);
        // It was not over when it told what had happened, and the run knows now.
        assert_eq!(*heard.lock().unwrap(), [None]);
        assert_eq!(bench.causes.exit(), exit);
        let mut news = events.news.lock().unwrap();
        assert_eq!(news.try_recv(), Ok(News::Prepared));
        assert_eq!(news.try_recv(), Ok(News::Over));
    }
}

/// A worker that leaves something behind which the system does not end: a look-up of a name, say.
struct Leaving(Mutex<Option<std::sync::mpsc::Receiver<()>>>);

impl Program for Leaving {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        let ends = self.0.lock().unwrap().take().unwrap();
        tokio::task::spawn_blocking(move || ends.recv());
        Rc::new(LeavingWorker)
    }
}

struct LeavingWorker;

impl Worker for LeavingWorker {
    fn user(self: Rc<Self>, _: u32, _: User) -> Running<'static, ()> {
        Box::pin(async {})
    }
}

#[test]
fn a_worker_is_over_though_something_that_it_began_goes_on() {
    let bench = bench(|_| Does::Nothing);
    let (tell, mut news) = mpsc::unbounded_channel();
    let (end, ends) = std::sync::mpsc::channel();
    let events = Arc::new(ToldEvents::default());
    let parts = parts(events, &bench.causes, &Slab::new(SLOTS).unwrap());
    let work = Work {
        program: Box::leak(Box::new(Leaving(Mutex::new(Some(ends))))),
        shared: Arc::new(()),
        loads: Vec::new(),
        worker: (0, 1),
        phases: bench.phases.subscribe(),
        begin: watch::channel(Some(Instant::now())).1,
        news: WorkerNews::new(tell),
        spin: None,
        pin: false,
    };
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    std::thread::scope(|scope| {
        scope.spawn(move || worker_thread_on(runtime, parts, work));
        assert_eq!(news.blocking_recv(), Some(News::Prepared));
        assert_eq!(news.blocking_recv(), Some(News::Over));
        end.send(()).unwrap();
    });
}

#[tokio::test(start_paused = true)]
async fn no_user_is_there_before_the_clock_starts() {
    let bench = bench(|_| Does::Nothing);
    let (begin, begun) = watch::channel(None);
    let (tell, mut news) = mpsc::unbounded_channel();
    let started = Work {
        program: bench.program,
        shared: Arc::new(()),
        loads: vec![load(0, Schedule::iterations(1, 1))],
        worker: (0, 1),
        phases: bench.phases.subscribe(),
        begin: begun,
        news: WorkerNews::new(tell),
        spin: None,
        pin: false,
    };
    let start = async {
        assert_eq!(news.recv().await, Some(News::Prepared));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(bench.notes(), [""; 0]);
        begin.send_replace(Some(tokio::time::Instant::now().into_std()));
        assert_eq!(news.recv().await, Some(News::ScenarioOver(0)));
        assert_eq!(news.recv().await, Some(News::Over));
    };
    tokio::join!(work(Rc::clone(&bench.context), started), start);
    assert_eq!(bench.count("1:iteration"), 1);
}

#[test]
fn assets_of_a_user_and_its_iteration_work_while_it_waits() {
    on_stopped_clock(async {
        let worker = TestWorker::load();
        let begin = worker.context.now();
        let users = Rc::new(ScenarioUsers::new(
            load(0, Schedule::lasting(1, Duration::MAX)),
            (&worker.context, &Rc::default()),
            begin,
            (0, 1),
        ));
        let user = User::new(&worker.context, 1, &users);
        let (outer, inner) = (user.scope(), user.iteration_scope());
        let plans = ["user's", "iteration's"].map(|name| worker.probe(name).with_idle_work());
        let slots = [&outer, &inner].map(|scope| AssetSlot::<Probe>::new(scope, &A, 0, &[]));
        for (slot, plan) in slots.iter().zip(&plans) {
            slot.get(worker.asker(0), &mut |_| plan.make())
                .await
                .unwrap();
        }
        let idle = || {
            let mut notes = worker.notes();
            notes.retain(|note| note.contains("idle"));
            notes
        };
        // Within an iteration, as often as it is polled and has to wait.
        let waits = pin!(async {
            sleep(Duration::from_millis(5)).await;
            Ok(())
        });
        assert_eq!(user.unless_cancelled(waits).await, Ok(()));
        assert_eq!(idle(), ["0 idle iteration's", "0 idle user's"]);
        // And while the next one is waited for.
        for _ in 0..100 {
            let begun = user.next().await.unwrap();
            user.finish(begun, Ok(()));
        }
        let all = [
            "0 idle iteration's",
            "0 idle user's",
            "5 idle iteration's",
            "5 idle user's",
        ];
        assert_eq!(idle(), all);
        inner.destroy().await;
        outer.destroy().await;
    });
}

/// An asset of a user that is due every 10 ms: its timer has the user woken.
struct Pings {
    timer: RefCell<std::pin::Pin<Box<tokio::time::Sleep>>>,
    worker: Rc<TestWorker>,
}

impl Asset for Pings {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = ();
    type Uses = ();
    type Ready = ();
    type Exports = [bggo_values::Value; 0];

    fn prepare(_: &Prepare<'_>, (): &()) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, (): (), (): ()) -> Result<Self, Fault> {
        Err(Fault::new("bug", "the tests make it by hand"))
    }

    fn exports(&self) -> [bggo_values::Value; 0] {
        []
    }

    fn poll_idle(&self, cx: &mut std::task::Context<'_>) {
        let mut timer = self.timer.borrow_mut();
        while timer.as_mut().poll(cx).is_ready() {
            self.worker.note("ping");
            let next = timer.deadline() + Duration::from_millis(10);
            timer.as_mut().reset(next);
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

#[test]
fn a_timer_of_idle_work_has_the_user_woken_within_an_iteration() {
    on_stopped_clock(async {
        let worker = Rc::new(TestWorker::load());
        let users = Rc::new(ScenarioUsers::new(
            load(0, Schedule::lasting(1, Duration::MAX)),
            (&worker.context, &Rc::default()),
            worker.context.now(),
            (0, 1),
        ));
        let user = User::new(&worker.context, 1, &users);
        let scope = user.scope();
        let slot = AssetSlot::<Pings>::new(&scope, &A, 0, &[]);
        let to = Rc::clone(&worker);
        let made = slot.get(worker.asker(0), &mut |_| {
            let worker = Rc::clone(&to);
            let timer = RefCell::new(Box::pin(sleep(Duration::from_millis(10))));
            Box::pin(async move { Ok(Pings { timer, worker }) })
        });
        drop(made.await.unwrap());
        // Two iterations of 25 ms, of which nothing else wakes the user.
        for _ in 0..2 {
            let begun = user.next().await.unwrap();
            let waits = pin!(async {
                sleep(Duration::from_millis(25)).await;
                Ok(())
            });
            let flow = user.unless_cancelled(waits).await;
            user.finish(begun, flow);
        }
        assert_eq!(worker.notes(), ["10 ping", "20 ping", "30 ping", "40 ping"]);
        scope.destroy().await;
    });
}

#[test]
fn what_lies_between_two_steps_is_time_of_neither_and_what_follows_the_last_is_time_of_the_iteration()
 {
    static STEP: Info = Info::new("noop", "step", "grid.hcl:1").slots(20..24);
    const PLAIN: Policy = Policy::new();
    on_stopped_clock(async {
        let worker = TestWorker::functional();
        let users = Rc::new(ScenarioUsers::new(
            load(0, Schedule::lasting(1, Duration::MAX)),
            (&worker.context, &Rc::default()),
            worker.context.now(),
            (0, 1),
        ));
        let mut reader = SlabReader::new(worker.slab(), Arc::default());
        let user = User::new(&worker.context, 1, &users);
        let millis = Duration::from_millis;
        for _ in 0..2 {
            let begun = user.next().await.unwrap();
            let scope = user.iteration_scope();
            let flow = {
                let it = user.iteration(&begun);
                let step = |length| {
                    it.run_step(At::step(&STEP), &PLAIN, None, async move |step| {
                        step.begin();
                        sleep(millis(length)).await;
                        Ok(Ran::Done)
                    })
                };
                let steps = pin!(async {
                    step(10).await?;
                    step(1).await?;
                    sleep(millis(5)).await;
                    step(20).await
                });
                user.unless_cancelled(steps).await
            };
            scope.destroy().await;
            sleep(millis(2)).await;
            user.finish(begun, flow);
        }
        let ends = worker.step_ends();
        let services: Vec<_> = ends.iter().filter_map(|end| end.service).collect();
        assert_eq!(services, [10, 1, 20, 10, 1, 20].map(millis));
        let mut interval = Interval::default();
        reader.take(&mut interval);
        let iterations = interval.slot(time_slot::SERVICE).unwrap();
        assert_eq!(iterations.histogram.mean_time(), Some(millis(38)));
        // Outside of an iteration nobody relies on what was read last.
        worker.context.step_ends(None);
        assert_eq!(worker.context.just_read(), None);
    });
}
