//! What the steps, users and assets of one thread share: clock, counters, cancellation, and a way to say what happened.
//!
//! The contract's rooms (steps, slots, scopes) know the engine only by this type. There is one a worker thread and one for
//! the control thread, which owns the assets of scope `run`.

use super::brake::{Brake, Phase, UntilCancelled};
use super::outcome::Outcomes;
use super::panic;
use crate::command::Start;
use crate::fault::Fault;
use crate::info::{Info, Instance, Lifetime, ResourceInfo};
use crate::metrics::{Counter, KnownKinds, Recorder, Slab};
use crate::report::{Format, Level, Report};
use bggo_values::functions::WallClock;
use std::cell::RefCell;
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The kind of a fault that a panic left behind, where a task of its own caught it.
const BUG: &str = "bug";

/// One thread of a run, held as `Rc<Thread>` by every user.
#[derive(Debug)]
pub struct Thread {
    /// Variables and what is computed from them once.
    pub start: Arc<Start>,
    /// Number of the worker, from 0.
    pub index: u32,
    /// No load: step lines, and assets are destroyed after their last user.
    pub functional: bool,
    pub(super) recorder: Recorder,
    pub(super) brake: Brake,
    pub(super) outcomes: Arc<Outcomes>,
    pub(super) iterations: IterationSlots,
    kinds: KnownKinds,
    report: Arc<Report>,
    /// Users in whose running iteration a step failed and was passed over.
    blemished: RefCell<HashSet<u64>>,
    /// Failures that were said once, by slot and kind: under load the rest is only counted.
    said: RefCell<HashSet<(u32, usize)>>,
    /// The same of creations, by resource and kind.
    said_of_resources: RefCell<HashSet<(usize, usize)>>,
}

/// Slots of the run's own histograms, after those of all steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IterationSlots {
    first: u32,
}

impl IterationSlots {
    /// Behind `steps` slots of steps.
    pub const fn after(steps: u32) -> Self {
        Self { first: steps }
    }

    /// From the moment due; recorded where arrivals are scheduled.
    pub const fn response(self) -> u32 {
        self.first
    }

    /// From the moment it began. Its counters are the iteration's.
    pub const fn service(self) -> u32 {
        self.first + 1
    }

    /// Slots of the whole run.
    pub const fn end(self) -> u32 {
        self.first + 2
    }
}

/// Slots of a step: its counters stand at the first.
pub mod step_slot {
    /// Response time, from the moment due.
    pub const RESPONSE: u32 = 0;
    /// Service time, from the moment sent.
    pub const SERVICE: u32 = 1;
    /// The first of the manifest's own metrics.
    pub const METRICS: u32 = 2;
}

/// How a step ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// Well.
    Passed,
    /// With a fault that ends the iteration.
    Failed(&'a Fault),
    /// With a fault that is passed over (`continue_on_failure`).
    FailedAnyway(&'a Fault),
    /// It was not enabled.
    Skipped,
    /// It was dropped while it ran.
    Cancelled,
}

/// The end of a step.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// Which step.
    pub info: &'static Info,
    /// Which of its instances.
    pub instance: Instance<'a>,
    /// The user.
    pub vu: u64,
    /// The user's iteration.
    pub iteration: u64,
    /// From the moment due.
    pub response: Duration,
    /// From the moment sent (or begun).
    pub service: Duration,
    /// How.
    pub outcome: Outcome<'a>,
}

/// What happened to a resource.
#[derive(Debug, Clone, Copy)]
pub enum AssetEvent<'a> {
    /// It was made.
    Created {
        /// How long that took.
        took: Duration,
    },
    /// It could not be made.
    CreateFailed {
        /// Why.
        fault: &'a Fault,
    },
    /// It is gone.
    Destroyed {
        /// How long that took.
        took: Duration,
    },
    /// It could not be destroyed properly.
    DestroyFailed {
        /// Why.
        fault: &'a Fault,
    },
}

/// What a thread is made from.
pub(crate) struct ThreadParts {
    pub start: Arc<Start>,
    pub index: u32,
    pub functional: bool,
    pub recorder: Recorder,
    pub kinds: KnownKinds,
    pub iterations: IterationSlots,
    pub report: Arc<Report>,
    pub outcomes: Arc<Outcomes>,
}

impl Thread {
    pub(crate) fn new(parts: ThreadParts) -> Self {
        let ThreadParts {
            start,
            index,
            functional,
            recorder,
            kinds,
            iterations,
            report,
            outcomes,
        } = parts;
        Self {
            start,
            index,
            functional,
            recorder,
            brake: Brake::default(),
            outcomes,
            iterations,
            kinds,
            report,
            blemished: RefCell::default(),
            said: RefCell::default(),
            said_of_resources: RefCell::default(),
        }
    }

    /// A thread outside a run: nobody reads its counts and it says nothing. The tests of a module run their steps on it.
    ///
    /// # Errors
    /// No memory for its counters.
    pub fn alone() -> io::Result<Self> {
        let report = Report::new(
            Format::Text { colour: false },
            Level::Error,
            Box::new(io::sink()),
        );
        Self::outside(false, report)
    }

    /// A thread outside a run, that says what happens to `report`.
    pub(crate) fn outside(functional: bool, report: Report) -> io::Result<Self> {
        const SLOTS: u32 = 64;
        let iterations = IterationSlots::after(SLOTS);
        let slab = Slab::new(iterations.end() as usize)?;
        Ok(Self::new(ThreadParts {
            start: Arc::new(Start::new(Vec::new(), 0)),
            index: 0,
            functional,
            recorder: Recorder::new(slab),
            kinds: KnownKinds::new(Arc::default()),
            iterations,
            report: Arc::new(report),
            outcomes: Arc::default(),
        }))
    }

    /// The clock. (Tokio's, so that tests can stop it; it is the system's monotonic clock otherwise.)
    pub fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// Counts a step's end and, in a functional run, prints its line.
    pub fn step_ended(&self, ended: &Ended<'_>) {
        let first = ended.info.first_slot();
        match ended.outcome {
            Outcome::Skipped => self.recorder.count(first, Counter::Skipped),
            Outcome::Cancelled => self.recorder.count(first, Counter::Cancelled),
            Outcome::Passed => {
                self.recorder.count(first, Counter::Passed);
                self.recorder
                    .time(first + step_slot::SERVICE, ended.service);
            }
            Outcome::Failed(fault) | Outcome::FailedAnyway(fault) => self.step_failed(ended, fault),
        }
        if self.functional {
            self.report.step(ended);
        }
    }

    fn step_failed(&self, ended: &Ended<'_>, fault: &Fault) {
        let first = ended.info.first_slot();
        let kind = self.kinds.number(fault.kind());
        self.recorder.count(first, Counter::Failed);
        self.recorder.kind(first, kind);
        self.recorder
            .time(first + step_slot::SERVICE, ended.service);
        if matches!(ended.outcome, Outcome::FailedAnyway(_)) {
            self.recorder.count(first, Counter::Continued);
            self.blemished.borrow_mut().insert(ended.vu);
        }
        if self.functional {
            self.outcomes.step_failed();
        } else if self.said.borrow_mut().insert((first, kind)) {
            self.report.first_failure(ended, fault);
        }
    }

    /// Counts a value of one of a step's own metrics, by its number in the manifest.
    pub fn metric(&self, info: &'static Info, index: u32, value: u64) {
        self.recorder
            .value(info.first_slot() + step_slot::METRICS + index, value);
    }

    /// The run is being stopped: running iterations are dropped.
    pub fn cancelled(&self) -> bool {
        self.brake.phase() == Phase::Cancelled
    }

    /// Completes when running iterations are to be dropped.
    pub fn until_cancelled(&self) -> UntilCancelled<'_> {
        self.brake.until_cancelled()
    }

    /// Says what happened to a resource. A creation that failed at scope `run` ends the run with exit 100, a destruction
    /// that failed makes it end with exit 101.
    pub fn asset_event(&self, info: &'static ResourceInfo, event: AssetEvent<'_>) {
        match event {
            AssetEvent::CreateFailed { .. } if info.lifetime() == Lifetime::Run => {
                self.outcomes.set_up_failed()
            }
            AssetEvent::DestroyFailed { .. } => self.outcomes.teardown_failed(),
            AssetEvent::CreateFailed { .. }
            | AssetEvent::Created { .. }
            | AssetEvent::Destroyed { .. } => {}
        }
        if let AssetEvent::CreateFailed { fault } | AssetEvent::DestroyFailed { fault } = event
            && fault.kind() == BUG
        {
            self.panicked(&panic::said_last().unwrap_or_else(|| fault.text().to_owned()));
        }
        if self.is_news(info, event) {
            self.report.resource(info, event);
        }
    }

    /// Under load a creation is tried again in each iteration: that it fails is said once a kind, as of steps.
    fn is_news(&self, info: &'static ResourceInfo, event: AssetEvent<'_>) -> bool {
        match event {
            AssetEvent::CreateFailed { fault } if !self.functional => {
                let kind = self.kinds.number(fault.kind());
                let resource = std::ptr::from_ref(info).addr();
                // Only what is news to this thread asks the others, which takes a lock.
                self.said_of_resources.borrow_mut().insert((resource, kind))
                    && self.report.is_first(resource, fault.kind())
            }
            _ => true,
        }
    }

    /// Whether a step of this user's iteration failed and was passed over; forgets it.
    pub(super) fn take_blemish(&self, vu: u64) -> bool {
        let mut blemished = self.blemished.borrow_mut();
        !blemished.is_empty() && blemished.remove(&vu)
    }

    /// A panic was caught: the run ends, and the exit code says that it was a bug. This thread stops at once, or its
    /// users would go on to panic until the control thread has heard of it.
    pub(super) fn panicked(&self, text: &str) {
        self.brake.advance(Phase::Cancelled);
        self.outcomes.bug();
        self.report.bug(text);
    }
}

impl WallClock for Thread {
    /// The run's: the time at which it was started, and what the thread's clock counted since.
    fn since_epoch(&self) -> Duration {
        self.start.since_epoch(self.now())
    }
}
