//! One worker thread: its single-threaded tokio runtime, its share of the users of each scenario, and the destruction of its
//! assets.
//!
//! ```text
//! prepare steps -> Prepared -> (the control thread starts the clock) -> users of all scenarios -> assets of the worker -> Over
//! ```

use super::alarms::Alarms;
use super::program::{ErasedRunAssets, Program, Worker};
use super::scenario::Scenario;
use super::scenario_load::ScenarioLoad;
use super::scenario_users::ScenarioUsers;
use super::timer::{Spin, Timer};
use crate::assets::Prepare;
use crate::context::{WorkerContext, WorkerContextParts};
use crate::event::{Event, LogLevel};
use crate::metrics::Spun;
use crate::panic;
use crate::shutdown::Phases;
use crate::task;
use futures_util::future::join_all;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

/// What a worker thread needs to run, and its channels to and from the control thread.
pub(super) struct Work {
    pub program: &'static dyn Program,
    pub shared: ErasedRunAssets,
    /// The load of each scenario.
    pub loads: Vec<ScenarioLoad>,
    /// The worker's number, and how many there are.
    pub worker: (u32, u32),
    pub phases: watch::Receiver<Phases>,
    /// When the clock of the run started; `None` until every worker has prepared its steps.
    pub begin: watch::Receiver<Option<Instant>>,
    pub news: WorkerNews,
    /// How exactly it waits, and where it counts how long it spun; `None` where a test stops the clock.
    pub spin: Option<(Spin, Spun)>,
    /// Whether its thread stays on a core of its own.
    pub pin: bool,
}

/// What a worker tells the control thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Its steps are prepared, or it could not prepare them.
    Prepared,
    /// All its users of the scenario with this number are gone.
    ScenarioOver(u32),
    /// The thread has nothing more to do.
    Over,
}

/// Tells the control thread how far a worker is. It always sends `Prepared` and `Over`, also when the thread panics, because
/// the control thread waits for both.
pub(super) struct WorkerNews {
    to: mpsc::UnboundedSender<News>,
    prepared: bool,
}

impl WorkerNews {
    pub(super) fn new(to: mpsc::UnboundedSender<News>) -> Self {
        Self {
            to,
            prepared: false,
        }
    }

    fn prepared(&mut self) {
        if !std::mem::replace(&mut self.prepared, true) {
            self.tell(News::Prepared);
        }
    }

    fn tell(&self, news: News) {
        // After a third signal the control thread has gone.
        let _ = self.to.send(news);
    }
}

impl Drop for WorkerNews {
    fn drop(&mut self) {
        self.prepared();
        self.tell(News::Over);
    }
}

/// The life of a worker thread.
pub(super) fn worker_thread(parts: WorkerContextParts, work: Work) {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    worker_thread_on(runtime, parts, work);
}

/// The same on a runtime that is made so.
pub(super) fn worker_thread_on(
    runtime: impl FnOnce() -> io::Result<tokio::runtime::Runtime>,
    parts: WorkerContextParts,
    mut work: Work,
) {
    let causes = Arc::clone(&parts.causes);
    let events = Arc::clone(&parts.events);
    if work.pin {
        pin_to_core(work.worker.0);
    }
    match panic::caught(runtime) {
        Ok(Ok(runtime)) => {
            let ran = panic::caught(|| {
                let context = Rc::new(WorkerContext::new(parts));
                runtime.block_on(self::work(context, &mut work));
            });
            // Nobody waits for a name that is still looked up, or a file that is read, for a step that is gone.
            runtime.shutdown_background();
            if let Err(text) = ran {
                events.tell(Event::Panic(text));
                causes.bug();
            }
        }
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
    // Only now: when the control thread hears that this worker is over, it knows how the run ended.
    drop(work);
}

/// Keeps this thread on one of the cores that the process may use: each worker on another one, as far as there are enough.
/// Where the system refuses, the thread runs as it would without.
fn pin_to_core(worker: u32) {
    let this_thread = Pid::from_raw(0);
    let Ok(allowed) = sched_getaffinity(this_thread) else {
        return;
    };
    let cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
    let cores: Vec<usize> = cores.collect();
    let Some(core) = cores.get(worker as usize % cores.len().max(1)) else {
        return;
    };
    let mut own = CpuSet::new();
    if own.set(*core).is_ok() {
        let _ = sched_setaffinity(this_thread, &own);
    }
}

/// Prepares this worker's steps, waits for the clock to start, runs its users to their end, then destroys the assets of
/// the worker.
pub(super) async fn work(context: Rc<WorkerContext>, work: &mut Work) {
    let local = LocalSet::new();
    local
        .run_until(async {
            let scenarios = Rc::default();
            let listening = listen(
                Rc::clone(&context),
                Rc::clone(&scenarios),
                work.phases.clone(),
            );
            let listener = task::spawn(Box::pin(listening));
            let prepare = Prepare::new(&context);
            let prepared = panic::caught(|| work.program.worker(&prepare, &work.shared));
            match prepared {
                Ok(worker) => {
                    work.news.prepared();
                    users(&context, &worker, work, &scenarios).await;
                    destroy(&context, worker).await;
                    prepare.end().await;
                }
                Err(text) => {
                    context.panicked(&text);
                    prepare.give_up().await;
                }
            }
            // Before the control thread hears that this one is over, since it has the files finished then.
            if let Some(rows) = &context.samples {
                rows.finish();
            }
            listener.abort();
        })
        .await;
}

/// The scenarios whose users live on a thread.
pub(super) type Scenarios = RefCell<Vec<Rc<ScenarioUsers>>>;

async fn users(
    context: &Rc<WorkerContext>,
    worker: &Rc<dyn Worker>,
    work: &mut Work,
    scenarios: &Scenarios,
) {
    let begin = match work.begin.wait_for(Option::is_some).await {
        Ok(begin) => *begin,
        // The run was left at once.
        Err(_) => None,
    };
    let Some(begin) = begin else { return };
    let alarms = Rc::new(Alarms::default());
    let ringing = Rc::clone(&alarms);
    let timer = work.spin.take();
    let timer = timer.map_or(Timer::Coarse, |(spin, spun)| Timer::new(spin, spun));
    let ringing = task::spawn(Box::pin(async move { ringing.ring(timer).await }));
    for load in &work.loads {
        let users = ScenarioUsers::new(load.clone(), (context, &alarms), begin, work.worker);
        scenarios.borrow_mut().push(Rc::new(users));
    }
    // Users must know the phase before they begin.
    apply(&work.phases.borrow_and_update(), context, scenarios);
    let all = scenarios.borrow().clone();
    let news = &work.news;
    let run = |users| async move {
        Scenario::new(users, context, worker).run().await;
        news.tell(News::ScenarioOver(users.scenario()));
    };
    if context.functional {
        // In written order, so that the lines of their steps are.
        for users in &all {
            run(users).await;
        }
    } else {
        join_all(all.iter().map(run)).await;
    }
    ringing.abort();
}

/// Destroys the assets of the worker, then drops what was prepared on it.
pub(super) async fn destroy(context: &Rc<WorkerContext>, worker: Rc<dyn Worker>) {
    let ended = Guarded {
        task: worker.destroy(),
    }
    .await;
    let ended = ended.and(panic::caught(|| drop(worker)));
    if let Err(text) = ended {
        context.panicked(&text);
    }
}

/// A future whose panic is its result.
pub(super) struct Guarded<'a, T> {
    pub(super) task: Pin<Box<dyn Future<Output = T> + 'a>>,
}

impl<T> Future for Guarded<'_, T> {
    type Output = Result<T, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match panic::caught(|| self.task.as_mut().poll(cx)) {
            Ok(poll) => poll.map(Ok),
            Err(text) => Poll::Ready(Err(text)),
        }
    }
}

/// Copies the phases that the control thread sends into the cells that the users and assets of this thread read. The control
/// thread has no users, but assets of the run.
pub(super) async fn listen(
    context: Rc<WorkerContext>,
    scenarios: Rc<Scenarios>,
    mut phases: watch::Receiver<Phases>,
) {
    loop {
        apply(&phases.borrow_and_update(), &context, &scenarios);
        if phases.changed().await.is_err() {
            return;
        }
    }
}

fn apply(phases: &Phases, context: &WorkerContext, scenarios: &Scenarios) {
    context.shutdown.advance(phases.run());
    for scenario in scenarios.borrow().iter() {
        scenario.advance(phases.scenario(scenario.scenario()));
        if let Some(rate) = phases.searched(scenario.scenario()) {
            scenario.searches(rate);
        }
    }
}
