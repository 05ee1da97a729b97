//! What the tests of steps, slots and scopes stand on: a worker whose events are kept, a stopped clock, and an asset that
//! notes what becomes of it, with the millisecond at which it did. The tests of the crate `bggo-parts` use it as well.

#![allow(clippy::unwrap_used, clippy::panic, reason = "only tests come here")]

pub use crate::event::{Event, StepOutcome, StepReport};

use crate::assets::{Asset, AssetCx, Making, Prepare, Scope};
use crate::clock::Moment;
use crate::context::{Asker, UserContext, WorkerContext};
use crate::event::{EventSink, ResourceEvent};
use crate::fault::Fault;
use crate::info::{Lifetime, ResourceInfo};
use crate::metrics::{Interval, RunNames, Slab, SlabReader};
use crate::step::{Begun, Iteration, OutputSlot};
use bggo_values::{Text, Value};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Context;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::Instant;

pub static A: ResourceInfo = ResourceInfo::new("probe", "a", "grid.hcl:1").scope(Lifetime::Vu);
pub static B: ResourceInfo = ResourceInfo::new("probe", "b", "grid.hcl:2").scope(Lifetime::Vu);
pub static C: ResourceInfo = ResourceInfo::new("probe", "c", "grid.hcl:3").scope(Lifetime::Vu);

/// Milliseconds.
pub fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Runs a test on one thread whose clock goes on only when nothing else does.
pub fn on_stopped_clock(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// Lets every task that can run do so, without any time going by.
pub async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// When the next step of the branch of an iteration is due.
pub fn due(iteration: &Iteration<'_>) -> Option<Moment> {
    iteration.due()
}

/// Sets it.
pub fn set_due(iteration: &Iteration<'_>, due: Moment) {
    iteration.set_due(Some(due));
}

/// The step of this slot passes with one output.
pub fn pass(slot: &OutputSlot, output: Value) {
    slot.offer([output]);
    slot.passed();
}

/// Where a test stands.
pub struct TestWorker {
    pub context: Rc<WorkerContext>,
    began: Instant,
    notes: Notes,
    told: ToldEvents,
}

type Notes = Rc<RefCell<Vec<String>>>;

/// Events in the order in which they were told.
#[derive(Debug, Clone, Default)]
pub struct ToldEvents(Arc<Mutex<Vec<Event>>>);

impl EventSink for ToldEvents {
    fn tell(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl TestWorker {
    /// As a run without load has it.
    pub fn functional() -> Self {
        Self::new(true)
    }

    /// As a run under load has it.
    pub fn load() -> Self {
        Self::new(false)
    }

    fn new(functional: bool) -> Self {
        let told = ToldEvents::default();
        let context = WorkerContext::outside(functional, Arc::new(told.clone())).unwrap();
        Self {
            context: Rc::new(context),
            began: Instant::now(),
            notes: Notes::default(),
            told,
        }
    }

    /// Where its steps are counted.
    pub fn slab(&self) -> Arc<Slab> {
        self.context.recorder.slab()
    }

    /// What its steps have counted since this was asked last.
    pub fn interval(&self) -> Interval {
        let mut interval = Interval::default();
        let names = Arc::new(RunNames::default());
        SlabReader::new(self.slab(), names).take(&mut interval);
        interval
    }

    pub fn scope(&self) -> Scope {
        Scope::new(&self.context)
    }

    /// Iteration `number` of user 1, which begins now and is due when it begins. It is kept for good: a test is short.
    pub fn iteration(&self, number: u64) -> &'static Iteration<'static> {
        let user = UserContext::new(Rc::clone(&self.context), 1, 0);
        for _ in 0..=number {
            user.iteration_begins();
        }
        let user: &'static UserContext = Box::leak(Box::new(user));
        let begun: &'static Begun = Box::leak(Box::new(Begun::when_free(self.context.moment(), 0)));
        Box::leak(Box::new(Iteration::new(user, begun)))
    }

    /// User 1 in its iteration `number`, as one who asks for an asset.
    pub fn asker(&self, number: u64) -> Asker {
        self.iteration(number).asker()
    }

    /// When it was made.
    pub fn began(&self) -> std::time::Instant {
        self.began.into_std()
    }

    /// Notes that something happens now.
    pub fn note(&self, text: &str) {
        note(&self.notes, self.began, text);
    }

    /// What was noted so far, each with its millisecond.
    pub fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    /// What was told so far.
    pub fn told(&self) -> Vec<Event> {
        self.told.0.lock().unwrap().clone()
    }

    /// The ends of steps that were told.
    pub fn step_ends(&self) -> Vec<StepReport> {
        let events = self.told().into_iter();
        events
            .filter_map(|event| match event {
                Event::Step(end) => Some(end),
                _ => None,
            })
            .collect()
    }

    /// What was told of steps: name, instance, outcome, and kind and text of the fault.
    pub fn steps(&self) -> Vec<String> {
        let line = |end: StepReport| {
            let outcome = match end.outcome {
                StepOutcome::Passed => "passed",
                StepOutcome::Failed | StepOutcome::FailedAndContinued => "failed",
                StepOutcome::Recovered => "recovered",
                StepOutcome::Skipped => "skipped",
                StepOutcome::Cancelled => "cancelled",
                StepOutcome::Cut => "cut",
            };
            let fault = end.fault.map(|fault| format!(" {}: {fault}", fault.kind()));
            let fault = fault.unwrap_or_default();
            format!("{}{} {outcome}{fault}", end.info, end.instance)
        };
        self.step_ends().into_iter().map(line).collect()
    }

    /// What was told of resources: name, what, text of the fault.
    pub fn resources(&self) -> Vec<String> {
        let events = self.told().into_iter();
        events
            .filter_map(|event| match event {
                Event::Resource(info, ResourceEvent::Created { .. }) => {
                    Some(format!("{info} created"))
                }
                Event::Resource(info, ResourceEvent::Destroyed { .. }) => {
                    Some(format!("{info} destroyed"))
                }
                Event::Resource(info, ResourceEvent::CreateFailed { fault }) => {
                    Some(format!("{info} create_failed: {fault}"))
                }
                Event::Resource(info, ResourceEvent::SettleFailed { fault }) => {
                    Some(format!("{info} settle_failed: {fault}"))
                }
                Event::Resource(info, ResourceEvent::DestroyFailed { fault }) => {
                    Some(format!("{info} destroy_failed: {fault}"))
                }
                _ => None,
            })
            .collect()
    }

    /// A probe that does as told.
    pub fn probe(&self, name: &'static str) -> Plan {
        Plan {
            name,
            create: Does::Well(Duration::ZERO),
            destroy: Does::Well(Duration::ZERO),
            exports_panic: false,
            idle_work: false,
            spent: Rc::default(),
            notes: Rc::clone(&self.notes),
            began: self.began,
        }
    }
}

fn note(notes: &Notes, began: Instant, text: &str) {
    let now = began.elapsed().as_millis();
    notes.borrow_mut().push(format!("{now} {text}"));
}

/// How a creation or a destruction goes.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    Well(Duration),
    Fails,
    Panics,
    Never,
}

impl Does {
    pub(crate) async fn run(self) -> Result<(), Fault> {
        match self {
            Self::Well(Duration::ZERO) => Ok(()),
            Self::Well(delay) => {
                tokio::time::sleep(delay).await;
                Ok(())
            }
            Self::Fails => Err(Fault::new("broken", "it was told to fail")),
            Self::Panics => panic!("it was told to panic"),
            Self::Never => std::future::pending().await,
        }
    }
}

/// What a probe will do.
#[derive(Clone)]
pub struct Plan {
    name: &'static str,
    create: Does,
    destroy: Does,
    exports_panic: bool,
    idle_work: bool,
    spent: Rc<Cell<bool>>,
    notes: Notes,
    began: Instant,
}

impl Plan {
    /// It notes each time that it is polled while its user waits.
    pub fn with_idle_work(mut self) -> Self {
        self.idle_work = true;
        self
    }

    /// What is made is spent from now on, or what will be made is not.
    #[cfg(test)]
    pub(crate) fn is_spent(&self, spent: bool) {
        self.spent.set(spent);
    }

    /// What it exports cannot be read.
    pub fn without_exports(mut self) -> Self {
        self.exports_panic = true;
        self
    }

    pub fn create(mut self, does: Does) -> Self {
        self.create = does;
        self
    }

    pub fn destroy(mut self, does: Does) -> Self {
        self.destroy = does;
        self
    }

    fn note(&self, text: &str) {
        note(&self.notes, self.began, &format!("{text} {}", self.name));
    }

    /// A creation, as `make` of a slot.
    pub fn make(&self) -> Making<Probe> {
        let plan = self.clone();
        Box::pin(async move {
            plan.note("creating");
            let unfinished = Unfinished(&plan);
            plan.create.run().await?;
            std::mem::forget(unfinished);
            plan.note("created");
            Ok(Probe(plan))
        })
    }
}

/// Notes a creation that did not come to its end.
struct Unfinished<'a>(&'a Plan);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.note("not created");
    }
}

/// An asset that notes what becomes of it.
pub struct Probe(Plan);

impl Probe {
    pub fn name(&self) -> &'static str {
        self.0.name
    }
}

/// Its name.
pub struct Exports(&'static str);

impl From<Exports> for Box<[Value]> {
    fn from(exports: Exports) -> Self {
        Box::new([Value::Text(Text::Static(exports.0))])
    }
}

impl Asset for Probe {
    type Inputs = ();
    type Uses = ();
    type Ready = ();
    type Exports = Exports;

    const WORKS_WHEN_IDLE: bool = true;

    fn poll_idle(&self, _: &mut Context<'_>) {
        if self.0.idle_work {
            self.0.note("idle");
        }
    }

    fn is_spent(&self) -> bool {
        self.0.spent.get()
    }

    fn prepare(_: &Prepare<'_>, _: &()) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, (): (), _: ()) -> Result<Self, Fault> {
        Err(Fault::new("bug", "the tests make it by a plan"))
    }

    fn exports(&self) -> Exports {
        assert!(!self.0.exports_panic, "it was told to panic");
        Exports(self.0.name)
    }

    async fn destroy(self) -> Result<(), Fault> {
        self.0.note("destroying");
        let result = self.0.destroy.run().await;
        self.0.note(if result.is_ok() {
            "destroyed"
        } else {
            "not destroyed"
        });
        result
    }
}
