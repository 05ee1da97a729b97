//! The control thread: starts the workers, ends them (profile over, signal, failed set-up, bug), destroys the assets of
//! the run, and has the report written.
//!
//! A first SIGINT or SIGTERM lets no iteration begin and gives running ones [`Grace::on_signal`] to finish; a second one
//! drops them at once. Assets are destroyed either way, within their own limits. A third one leaves at once. What was
//! recorded is always printed.

use super::program::Program;
use super::worker::{Work, work};
use crate::assets::RunScope;
use crate::context::{WorkerContext, WorkerContextParts};
use crate::event::{Event, EventSink, LogLevel};
use crate::exit::{Exit, ExitCauses};
use crate::grid::Grid;
use crate::metrics::{IterationSlots, Kinds, KnownKinds, Layout, Recorder, Slab, SlabReader};
use crate::outputs::{Collector, Report, RunDescription, Stopped};
use crate::panic;
use crate::schedule::{Schedule, Share, workers};
use crate::shutdown::Phase;
use crate::start::Start;
use futures_util::future::{Either, select, select_all};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

/// Stack of a worker thread, in bytes. A large grid's steps are made by value before they are put in their place, which
/// takes some KiB a step; untouched stack costs no memory.
const STACK: usize = 256 << 20;

/// What is run, and how.
pub struct RunRequest {
    /// Names.
    pub grid: &'static Grid,
    /// The emitted program.
    pub program: &'static dyn Program,
    /// Variables.
    pub start: Arc<Start>,
    /// The load.
    pub schedule: Schedule,
    /// Worker threads wanted.
    pub threads: u32,
    /// No load: one iteration, a line a step.
    pub functional: bool,
    /// How long running iterations may go on.
    pub grace: Grace,
}

/// How long iterations that run may go on when none may begin any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// After the end of the profile.
    pub at_end: Duration,
    /// After the first signal.
    pub on_signal: Duration,
}

/// Runs it to its end.
///
/// # Errors
/// The system has no threads, memory or signal handlers for it.
pub fn run(run: &RunRequest, report: &Arc<Report>) -> io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    let exit = local.block_on(&runtime, control(run, report));
    // A run that was left at once has tasks that nobody waits for.
    runtime.shutdown_background();
    exit
}

/// Everything that the threads of a run share.
pub(super) struct RunState {
    kinds: Arc<Kinds>,
    causes: Arc<ExitCauses>,
    pub(super) iterations: IterationSlots,
}

impl RunState {
    pub(super) fn new(grid: &Grid) -> Self {
        Self {
            kinds: Arc::default(),
            causes: Arc::default(),
            iterations: IterationSlots::after(grid.step_slots()),
        }
    }

    /// What a thread of the run is made of.
    pub(super) fn parts(
        &self,
        run: &RunRequest,
        report: &Arc<Report>,
        index: u32,
        slab: &Arc<Slab>,
    ) -> WorkerContextParts {
        WorkerContextParts {
            start: Arc::clone(&run.start),
            index,
            functional: run.functional,
            recorder: Recorder::new(Arc::clone(slab)),
            kinds: KnownKinds::new(Arc::clone(&self.kinds)),
            iterations: self.iterations,
            events: Arc::clone(report) as Arc<dyn EventSink>,
            causes: Arc::clone(&self.causes),
        }
    }
}

async fn control(run: &RunRequest, report: &Arc<Report>) -> io::Result<Exit> {
    let mut signals = Signals::new()?;
    let state = RunState::new(run.grid);
    let count = workers(run.threads, &run.schedule);
    let slots = state.iterations.end() as usize;
    let slabs = (0..=count)
        .map(|_| Slab::new(slots))
        .collect::<io::Result<Vec<_>>>()?;
    let control_slab = &slabs[count as usize];
    let context = Rc::new(WorkerContext::new(state.parts(
        run,
        report,
        count,
        control_slab,
    )));
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
    let begin = Instant::now();
    let readers = slabs
        .iter()
        .map(|slab| SlabReader::new(Arc::clone(slab), Arc::clone(&state.kinds)))
        .collect();
    let collector = Collector::new(Layout::of(run.grid), readers, begin);
    let description = RunDescription {
        grid: run.grid,
        run_id: run.start.run_id().clone(),
        schedule: run.schedule,
        threads: count,
        functional: run.functional,
    };
    report.begins(description, collector);

    let (phases, _) = watch::channel(Phase::Running);
    let (done, mut ended) = mpsc::unbounded_channel();
    for index in 0..count {
        let parts = state.parts(run, report, index, &slabs[index as usize]);
        let work = Work {
            program: run.program,
            shared: Arc::clone(&assets),
            schedule: run.schedule,
            share: Share::new(index, count),
            begin,
        };
        let (phases, done) = (phases.subscribe(), Done(done.clone()));
        std::thread::Builder::new()
            .name(format!("worker-{index}"))
            .stack_size(STACK)
            .spawn(move || worker_thread(parts, work, phases, done))?;
    }
    drop(done);

    let mut stop = Stopping {
        run,
        report,
        causes: &state.causes,
        phases,
        cancel_at: None,
        begins_until: run.schedule.length().map(|length| begin + length),
        signals: 0,
    };
    stop.cancel_at = run
        .schedule
        .length()
        .map(|length| begin + length + run.grace.at_end);
    let mut alive = count;
    let mut left = false;
    while alive > 0 && !left {
        match happened(&mut ended, &stop, &state.causes, &mut signals).await {
            Happened::ThreadOver => alive -= 1,
            Happened::OutOfTime => stop.out_of_time(),
            Happened::Broken => stop.cancel(),
            Happened::Signal => left = stop.signal(),
        }
    }
    let at = begin.elapsed();
    let begins_until = stop.begins_until;
    let figures = report.stopped(Stopped {
        begins_until: begins_until.map_or(at, |until| until.saturating_duration_since(begin)),
        at,
    });
    let mut destroyed = pin!(scope.destroy());
    while !left {
        match select(&mut destroyed, pin!(signals.next())).await {
            Either::Left(_) => break,
            Either::Right(_) => left = stop.signal(),
        }
    }
    if !run.functional && figures.threshold_failed() {
        state.causes.threshold_failed();
    }
    let exit = state.causes.exit();
    report.ends(exit, left);
    Ok(exit)
}

/// What the control thread wakes up for.
enum Happened {
    ThreadOver,
    OutOfTime,
    Broken,
    Signal,
}

/// Waits for whatever happens first.
async fn happened(
    ended: &mut mpsc::UnboundedReceiver<()>,
    stop: &Stopping<'_>,
    causes: &ExitCauses,
    signals: &mut Signals,
) -> Happened {
    let over = async {
        ended.recv().await;
        Happened::ThreadOver
    };
    let time = async {
        stop.time().await;
        Happened::OutOfTime
    };
    let broken = async {
        if !stop.may_cancel() {
            std::future::pending::<()>().await;
        }
        causes.broken().await;
        Happened::Broken
    };
    let signal = async {
        signals.next().await;
        Happened::Signal
    };
    let all: [Pin<&mut dyn Future<Output = Happened>>; 4] =
        [pin!(over), pin!(time), pin!(broken), pin!(signal)];
    select_all(all).await.0
}

/// Says that a worker is over, also when it unwinds.
struct Done(mpsc::UnboundedSender<()>);

impl Drop for Done {
    fn drop(&mut self) {
        // Nobody listens any more when the run was left at once.
        let _ = self.0.send(());
    }
}

fn worker_thread(
    parts: WorkerContextParts,
    task: Work,
    phases: watch::Receiver<Phase>,
    _done: Done,
) {
    let causes = Arc::clone(&parts.causes);
    let events = Arc::clone(&parts.events);
    let ran = panic::caught(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(work(Rc::new(WorkerContext::new(parts)), task, phases));
        io::Result::Ok(())
    });
    match ran {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            let text = format!("a worker thread has no runtime: {error}");
            events.tell(Event::Message(LogLevel::Error, text));
            causes.set_up_failed();
        }
        Err(text) => {
            events.tell(Event::Panic(text));
            causes.bug();
        }
    }
}

/// The end of a run, step by step.
struct Stopping<'a> {
    run: &'a RunRequest,
    report: &'a Report,
    causes: &'a ExitCauses,
    phases: watch::Sender<Phase>,
    cancel_at: Option<Instant>,
    /// From when on no iteration begins, as far as that is known.
    begins_until: Option<Instant>,
    signals: u32,
}

impl Stopping<'_> {
    async fn time(&self) {
        match self.cancel_at {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }

    fn may_cancel(&self) -> bool {
        *self.phases.borrow() != Phase::Cancelled
    }

    /// No iteration begins any more.
    fn nothing_begins(&mut self) {
        let now = Instant::now();
        self.begins_until = Some(self.begins_until.map_or(now, |before| before.min(now)));
    }

    fn cancel(&mut self) {
        self.nothing_begins();
        self.cancel_at = None;
        self.phases.send_replace(Phase::Cancelled);
    }

    fn out_of_time(&mut self) {
        self.report
            .warn("iterations that were still running are cancelled: --graceful-stop is over");
        self.cancel();
    }

    /// One more signal; `true` when the run is to be left at once.
    fn signal(&mut self) -> bool {
        self.signals += 1;
        self.causes.interrupted();
        self.nothing_begins();
        match self.signals {
            1 => {
                let grace = self.run.grace.on_signal;
                if grace.is_zero() {
                    self.report
                        .warn("interrupted: what runs is cancelled, resources are destroyed");
                    self.cancel();
                } else {
                    self.report.warn(&format!(
                        "interrupted: running iterations have {} to finish, a second signal cancels them",
                        bggo_values::duration::format(grace)
                    ));
                    let at = Instant::now() + grace;
                    self.cancel_at = Some(self.cancel_at.map_or(at, |before| before.min(at)));
                    if self.may_cancel() {
                        self.phases.send_replace(Phase::Draining);
                    }
                }
            }
            2 => {
                self.report.warn(
                    "interrupted again: resources are destroyed, a third signal leaves them behind",
                );
                self.cancel();
            }
            _ => {
                self.report
                    .error("left at once: resources that are not destroyed stay behind");
                return true;
            }
        }
        false
    }
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        let (interrupt, terminate) = (self.interrupt.recv(), self.terminate.recv());
        select(pin!(interrupt), pin!(terminate)).await;
    }
}
