//! The control thread. It starts the workers, and the clock when all of them are prepared. It ends them when the load is over,
//! on a signal, after a failed set-up and on a bug. Then it destroys the assets of the run and lets the report be written.
//!
//! After a first SIGINT, SIGTERM or SIGHUP no iteration begins, and running ones have [`RunRequest::graceful_on_signal`] to finish. A second signal
//! drops them at once, and so does a first one before the clock has started. In all cases assets are destroyed, within their own
//! time limits. A third signal ends the program at once. What was recorded is always printed.

use super::program::ErasedRunAssets;
use super::request::{RunRequest, RunState};
use super::run_phase::{PhaseWork, phase_thread};
use super::signals::Signals;
use super::stopping::{InTeardown, Stopping};
use super::worker::{News, Work, WorkerNews, listen, worker_thread};
use crate::assets::RunScope;
use crate::context::{WorkerContext, WorkerContextParts};
use crate::event::{Event, EventSink, LogLevel};
use crate::exit::{Exit, ExitCauses};
use crate::grid::RunPhase;
use crate::health::HostWatch;
use crate::judgement::{Collector, Judgement, Order, Watch};
use crate::metrics::{Slab, SlabReader};
use crate::outputs::{Report, Stopped};
use crate::panic;
use crate::shutdown::{Phase, Phases};
use crate::task;
use bggo_metrics::report::measure::short;
use futures_util::future::{Either, select, select_all};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::LocalSet;

/// Stack of a worker thread, in bytes. The steps of a large grid are built on the stack, which takes some KiB for each step.
/// Stack that is not touched costs no memory.
const STACK: usize = 256 << 20;

/// How long before the clock starts the control thread does nothing else.
const NEARLY: Duration = Duration::from_millis(3);

/// Starts the worker thread with this number.
type Spawn<'a> = &'a dyn Fn(u32, Box<dyn FnOnce() + Send>) -> io::Result<()>;

/// Runs a grid to its end.
///
/// # Errors
/// The system has no event loop, memory or signal handlers for it; nothing was started.
pub fn run(run: &RunRequest, report: &Arc<Report>) -> io::Result<Exit> {
    run_on(run, report, &|index, work| {
        std::thread::Builder::new()
            .name(format!("worker-{index}"))
            .stack_size(STACK)
            .spawn(work)
            .map(drop)
    })
}

/// The same on worker threads that `spawn` starts.
pub(super) fn run_on(run: &RunRequest, report: &Arc<Report>, spawn: Spawn<'_>) -> io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    let exit = panic::caught(|| local.block_on(&runtime, control(run, report, spawn)));
    // After a third signal tasks are left that nobody waits for.
    runtime.shutdown_background();
    exit.unwrap_or_else(|text| {
        report.tell(Event::Panic(text));
        report.flush();
        Ok(Exit::Bug)
    })
}

async fn control(run: &RunRequest, report: &Arc<Report>, spawn: Spawn<'_>) -> io::Result<Exit> {
    let mut signals = Signals::new()?;
    let state = RunState::new(run);
    let (count, slots) = (run.workers(), run.slots());
    let layout = run.layout();
    let judged = run.judge(&layout);
    let judged = judged.and_then(|judge| Ok((judge, run.searches(&layout)?)));
    let (judge, searches) = match judged {
        Ok(judged) => judged,
        Err(unknown) => {
            for one in unknown {
                report.error(&one.to_string());
            }
            report.flush();
            return Ok(Exit::BadInput);
        }
    };
    // Those of the workers, of this thread, and of the threads of phases.
    let has_phases = u32::from(!run.grid.phases.is_empty());
    let slabs = (0..=count + has_phases)
        .map(|_| Slab::new(slots.count as usize))
        .collect::<io::Result<Vec<_>>>()?;
    let control_slab = &slabs[count as usize];
    let parts = state.parts(run, report, count, control_slab);
    let context = Rc::new(WorkerContext::new(parts));
    let scope = RunScope::new(Rc::clone(&context));
    let assets = match panic::caught(|| run.program.run_assets(&scope)) {
        Ok(assets) => assets,
        Err(text) => {
            context.panicked(&text);
            report.flush();
            return Ok(state.causes.exit());
        }
    };
    scope.serve();
    report.begins(run.description());
    if !run.functional && !run.is_judged() {
        let text =
            "a share of a run is judged by no threshold: `bggo merge` judges all shares together";
        report.tell(Event::Message(LogLevel::Info, text.to_owned()));
    }

    let loads = run.scenario_loads(&slots);
    let (begun, begin) = watch::channel(None);
    let (tell, news) = mpsc::unbounded_channel();
    let (orders, ordered) = mpsc::unbounded_channel();
    let mut workers = Workers {
        unprepared: 0,
        alive: 0,
        left: false,
        news,
        ordered,
        stopping: Stopping::new(run, report, &state.causes),
        causes: &state.causes,
        signals: &mut signals,
    };
    let phases = workers.stopping.subscribe();
    let listening = listen(Rc::clone(&context), Rc::default(), phases);
    let listener = task::spawn(Box::pin(listening));
    let mut around = Around {
        run,
        report,
        state: &state,
        assets: &assets,
        slab: slabs.last(),
        spawn,
        begun: Vec::new(),
        has_passed: true,
    };
    workers.set_up(&mut around).await;
    let wanted = if around.has_passed { count } else { 0 };
    for index in 0..wanted {
        let parts = state.parts(run, report, index, &slabs[index as usize]);
        let work = Work {
            program: run.program,
            shared: Arc::clone(&assets),
            loads: loads.clone(),
            worker: (index, count),
            phases: workers.stopping.subscribe(),
            begin: begin.clone(),
            news: WorkerNews::new(tell.clone()),
            spin: Some((run.spin, slabs[index as usize].spun().clone())),
            pin: run.pin,
        };
        // If the thread cannot be started, its work is dropped, and `WorkerNews` says that the worker is over.
        workers.started();
        if let Err(error) = spawn(index, Box::new(move || worker_thread(parts, work))) {
            report.error(&format!(
                "a worker thread cannot be started: {error}. Fewer threads (--threads) need less; `ulimit -u` shows a limit of threads, `ulimit -v` one of addresses, of which each takes {} MiB",
                STACK >> 20
            ));
            state.causes.set_up_failed();
            break;
        }
    }
    drop((tell, begin));

    workers.until(Workers::may_begin).await;
    let is_late = run.start_at.is_some_and(|at| is_late(at, run, report));
    let begin = workers.beginning(run.start_at).await;
    let readers = (0..).zip(&slabs).map(|(worker, slab)| {
        SlabReader::new(Arc::clone(slab), Arc::clone(&state.names)).of_worker(worker)
    });
    let collector = Collector::new(layout, readers.collect(), begin);
    report.clock_starts(if run.functional {
        Watch::at_the_end(collector, judge)
    } else {
        let workers = slabs.iter().take(count as usize);
        let open = run.loads.iter().map(|load| {
            let load = load.as_ref();
            load.is_some_and(|load| load.schedule.is_open() && load.schedule.search().is_none())
        });
        let spun = workers.map(|slab| slab.spun().clone()).collect();
        let host = HostWatch::new(spun, open.collect(), Arc::clone(&state.causes));
        Watch::new(collector, judge, orders)
            .on(host.tolerating(run.max_failed))
            .searching(searches)
    });
    if state.causes.cannot_go_on() {
        workers.stopping.cancel();
    }
    workers.stopping.begins(begin, &loads, workers.alive);
    begun.send_replace(Some(begin));
    workers.until(Workers::are_over).await;
    if let Some(step) = state.causes.was_ended_by() {
        // The workers may be over before anybody has heard of it.
        workers.stopping.ended_by(step);
    }
    workers.tear_down(&mut around).await;

    let at = begin.elapsed();
    let begins_until = workers.stopping.begins_until();
    let judgement = report.stopped(Stopped {
        begins_until: begins_until.map_or(at, |until| until.saturating_duration_since(begin)),
        at,
    });
    let mut destroyed = pin!(scope.destroy());
    while !workers.left {
        match select(&mut destroyed, pin!(workers.signals.next())).await {
            Either::Left(_) => break,
            Either::Right(_) => workers.left = workers.stopping.signal(),
        }
    }
    listener.abort();
    if run.functional {
        // The summary of a load says it beside its figures.
        for text in state.causes.lacked.sentences() {
            report.tell(Event::Message(LogLevel::Warn, text));
        }
    }
    let is_invalid = judgement.is_some_and(Judgement::is_invalid);
    if (is_invalid || is_late) && !run.allow_overload {
        state.causes.overloaded();
    }
    match judgement {
        // The reporter has gone, so nobody knows how the load went.
        None => state.causes.bug(),
        Some(judgement) if run.is_judged() && judgement.fails() => {
            state.causes.threshold_failed();
        }
        Some(_) => {}
    }
    let exit = state.causes.exit();
    Ok(report.ends(exit, workers.left))
}

/// What runs once before and after the scenarios.
struct Around<'a> {
    run: &'a RunRequest,
    report: &'a Arc<Report>,
    state: &'a RunState,
    assets: &'a ErasedRunAssets,
    /// Where its steps are counted.
    slab: Option<&'a Arc<Slab>>,
    spawn: Spawn<'a>,
    /// The scenarios whose `setup` began; `None` is the whole run.
    begun: Vec<Option<u32>>,
    /// No `setup` failed.
    has_passed: bool,
}

impl Around<'_> {
    /// The phases of this run, with their numbers: without those of scenarios that it leaves out.
    fn all(&self, is_setup: bool) -> Vec<(u32, &'static RunPhase)> {
        let rows = (0..).zip(self.run.grid.phases);
        let rows = rows.filter(|(_, phase)| {
            let load = |number: u32| self.run.loads.get(number as usize);
            let is_run = |number| load(number).is_some_and(Option::is_some);
            phase.is_setup() == is_setup && phase.scenario.is_none_or(is_run)
        });
        rows.collect()
    }

    /// Whether a `teardown` runs: where the `setup` beside it began, or where there is none and nothing failed before it.
    fn tears_down(&self, phase: &RunPhase) -> bool {
        let mut setups = self.all(true).into_iter();
        if setups.any(|(_, setup)| setup.scenario == phase.scenario) {
            return self.begun.contains(&phase.scenario);
        }
        phase.scenario.is_none() || self.has_passed
    }

    /// Starts the thread of a phase. Its end is heard, or that it has none.
    fn start(
        &self,
        (number, phase): (u32, &'static RunPhase),
        phases: watch::Receiver<Phases>,
    ) -> Option<(oneshot::Receiver<bool>, Arc<ExitCauses>)> {
        let causes = Arc::<ExitCauses>::default();
        let (done, ended) = oneshot::channel();
        let parts = WorkerContextParts {
            // A step of it that fails is none of the run's.
            causes: Arc::clone(&causes),
            ..self
                .state
                .parts(self.run, self.report, self.run.workers(), self.slab?)
        };
        let work = PhaseWork {
            program: self.run.program,
            shared: Arc::clone(self.assets),
            number,
            phase,
            phases,
            done,
        };
        let thread = self.run.workers();
        match (self.spawn)(thread, Box::new(move || phase_thread(parts, work))) {
            Ok(()) => Some((ended, causes)),
            Err(error) => {
                let text = format!("the thread of `{}` cannot be started: {error}", phase.name);
                self.report.error(&text);
                None
            }
        }
    }
}

impl Workers<'_> {
    /// Runs each `setup`, until one fails.
    async fn set_up(&mut self, around: &mut Around<'_>) {
        for (number, phase) in around.all(true) {
            if !self.stopping.may_cancel() {
                return around.has_passed = false;
            }
            around.begun.push(phase.scenario);
            let Some((mut ended, causes)) =
                around.start((number, phase), self.stopping.subscribe())
            else {
                around.has_passed = false;
                return self.causes.set_up_failed();
            };
            let passed = loop {
                let happened = {
                    let happened = pin!(self.happened());
                    match select(&mut ended, happened).await {
                        Either::Left((passed, _)) => break passed.unwrap_or(false),
                        Either::Right((happened, _)) => happened,
                    }
                };
                self.handle(happened);
                if self.left {
                    break false;
                }
            };
            self.causes.add(&causes);
            if !passed {
                around.has_passed = false;
                if self.stopping.is_interrupted() {
                    return;
                }
                around
                    .report
                    .error(&format!("`{}` failed: no load is put on", phase.name));
                return self.causes.set_up_failed();
            }
        }
    }

    /// Runs each `teardown`, whatever became of the others: after failures and signals as well.
    async fn tear_down(&mut self, around: &mut Around<'_>) {
        let (phases, _) = watch::channel(Phases::running(0));
        let all = around.all(false).into_iter();
        for (number, phase) in all.filter(|(_, phase)| around.tears_down(phase)) {
            if self.left || phases.borrow().run().drops() {
                return;
            }
            let started = around.start((number, phase), phases.subscribe());
            let Some((mut ended, causes)) = started else {
                self.causes.teardown_failed();
                continue;
            };
            let passed = loop {
                match select(&mut ended, pin!(self.signals.next())).await {
                    Either::Left((passed, _)) => break passed.unwrap_or(false),
                    Either::Right(_) => match self.stopping.signal_in_teardown() {
                        InTeardown::GoesOn => {}
                        InTeardown::IsCancelled => {
                            phases.send_modify(|phases| phases.advance_run(Phase::Cancelled));
                        }
                        InTeardown::Leaves => {
                            self.left = true;
                            break false;
                        }
                    },
                }
            };
            self.causes.add(&causes);
            if !passed {
                around.report.error(&format!("`{}` failed", phase.name));
                self.causes.teardown_failed();
            }
        }
    }
}

/// Says for how long the run waits for the moment at which its clock is to start, or that this moment has passed already: then
/// other hosts of the run have begun without this one.
fn is_late(at: Instant, run: &RunRequest, report: &Report) -> bool {
    let now = Instant::now();
    if at >= now {
        let rest = short(at - now);
        let text = format!("ready: the load begins in {rest}, at the moment of --start-at");
        report.tell(Event::Message(LogLevel::Info, text));
        return false;
    }
    let late = short((now - at).max(Duration::from_millis(1)));
    let text = format!(
        "this host was ready {late} after --start-at, so it began late: give a later moment, at least as long after the start of the program as its resources take"
    );
    if run.allow_overload {
        report.warn(&text);
    } else {
        report.error(&text);
    }
    true
}

/// The worker threads as the control thread sees them, and everything that it waits for while they run.
struct Workers<'a> {
    /// Workers whose steps are not prepared yet.
    unprepared: u32,
    /// Workers that are not over.
    alive: u32,
    /// The run is left at once: the control thread waits for nobody.
    left: bool,
    news: mpsc::UnboundedReceiver<News>,
    /// What the judgement of the figures asks for.
    ordered: mpsc::UnboundedReceiver<Order>,
    stopping: Stopping<'a>,
    causes: &'a ExitCauses,
    signals: &'a mut Signals,
}

/// An event that the control thread waits for.
enum Happened {
    News(News),
    OutOfTime,
    Ordered(Order),
    CannotGoOn,
    EndedBy(String),
    Signal,
}

impl Workers<'_> {
    /// All of them are prepared, or a signal came: then nobody waits for one that still prepares, which has made nothing
    /// that is to be destroyed.
    fn may_begin(&self) -> bool {
        self.unprepared == 0 || self.stopping.is_interrupted()
    }

    /// Those that were prepared are over.
    fn are_over(&self) -> bool {
        self.alive == self.unprepared
    }

    fn started(&mut self) {
        self.unprepared += 1;
        self.alive += 1;
    }

    /// Handles events until `is_enough` is true or the run is left at once.
    async fn until(&mut self, is_enough: fn(&Self) -> bool) {
        while !self.left && !is_enough(self) {
            let happened = self.happened().await;
            self.handle(happened);
        }
    }

    /// Waits for the moment at which the clock is to start, if there is one, and gives back when it starts.
    async fn beginning(&mut self, start_at: Option<Instant>) -> Instant {
        let Some(at) = start_at else {
            return Instant::now();
        };
        // Tokio's timer knows whole milliseconds only, so the thread sleeps through the last ones.
        let nearly = at.checked_sub(NEARLY).unwrap_or(at);
        while !self.left && self.stopping.may_cancel() && !self.stopping.is_interrupted() {
            let sleeping = pin!(tokio::time::sleep_until(nearly.into()));
            let happened = match select(sleeping, pin!(self.happened())).await {
                Either::Left(_) => None,
                Either::Right((happened, _)) => Some(happened),
            };
            let Some(happened) = happened else {
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                return at;
            };
            self.handle(happened);
        }
        Instant::now()
    }

    fn handle(&mut self, happened: Happened) {
        match happened {
            Happened::News(News::Prepared) => self.unprepared -= 1,
            Happened::News(News::ScenarioOver(scenario)) => {
                self.stopping.scenario_over(scenario);
            }
            Happened::News(News::Over) => self.alive -= 1,
            Happened::OutOfTime => {
                let now = tokio::time::Instant::now().into_std();
                self.stopping.out_of_time(now);
            }
            Happened::Ordered(Order::Abort(threshold)) => self.stopping.abort(&threshold),
            Happened::Ordered(Order::Search(scenario, rate)) => {
                self.stopping.search(scenario, rate);
            }
            Happened::CannotGoOn => self.stopping.cancel(),
            Happened::EndedBy(step) => self.stopping.ended_by(&step),
            Happened::Signal => self.left = self.stopping.signal(),
        }
    }

    /// Waits for the next event.
    async fn happened(&mut self) -> Happened {
        let stopping = &self.stopping;
        let news = async {
            match self.news.recv().await {
                Some(news) => Happened::News(news),
                // All workers are over. They said so before they dropped their senders, so this is never waited for.
                None => std::future::pending().await,
            }
        };
        let ordered = async {
            match self.ordered.recv().await {
                Some(order) => Happened::Ordered(order),
                // Nothing is judged any more, which only a panic does before the end: a search would wait for ever.
                None if stopping.is_searching() => Happened::CannotGoOn,
                None => std::future::pending().await,
            }
        };
        let time = async {
            stopping.time().await;
            Happened::OutOfTime
        };
        let broken = async {
            if !stopping.may_cancel() {
                std::future::pending::<()>().await;
            }
            self.causes.broken().await;
            Happened::CannotGoOn
        };
        let ended = async {
            if stopping.is_ended() {
                std::future::pending::<()>().await;
            }
            Happened::EndedBy(self.causes.ended().await.to_owned())
        };
        let signal = async {
            self.signals.next().await;
            Happened::Signal
        };
        let all: [Pin<&mut dyn Future<Output = Happened>>; 6] = [
            pin!(news),
            pin!(ordered),
            pin!(time),
            pin!(broken),
            pin!(ended),
            pin!(signal),
        ];
        select_all(all).await.0
    }
}
