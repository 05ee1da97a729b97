//! What the tests of steps, slots and scopes stand on: a thread whose report is heard, a stopped clock, and an asset that
//! notes what becomes of it, with the millisecond at which it did.

use crate::assets::Prepare;
use crate::assets::Scope;
use crate::assets::{AssetCx, Making};
use crate::context::WorkerContext;
use crate::contract::Asset;
use crate::fault::Fault;
use crate::info::{Lifetime, ResourceInfo};
use crate::outputs::{Format, LogLevel, Report};
use crate::step::Iteration;
use bggo_values::{Text, Value};
use std::cell::RefCell;
use std::future::Future;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::Instant;

pub(crate) static A: ResourceInfo =
    ResourceInfo::new("probe", "a", "grid.hcl:1").scope(Lifetime::Vu);
pub(crate) static B: ResourceInfo =
    ResourceInfo::new("probe", "b", "grid.hcl:2").scope(Lifetime::Vu);
pub(crate) static C: ResourceInfo =
    ResourceInfo::new("probe", "c", "grid.hcl:3").scope(Lifetime::Vu);

/// Milliseconds.
pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Runs a test on one thread whose clock goes on only when nothing else does.
pub(crate) fn on_stopped_clock(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// Lets every task that can run do so, without any time going by.
pub(crate) async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Where a test stands.
pub(crate) struct TestWorker {
    pub(crate) thread: Rc<WorkerContext>,
    began: Instant,
    notes: Notes,
    heard: Heard,
}

type Notes = Rc<RefCell<Vec<String>>>;

/// What a report says, an event a line.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Heard {
    pub(crate) fn events(&self) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl TestWorker {
    /// As a run without load has it.
    pub(crate) fn functional() -> Self {
        Self::new(true)
    }

    /// As a run under load has it.
    pub(crate) fn load() -> Self {
        Self::new(false)
    }

    fn new(functional: bool) -> Self {
        let heard = Heard::default();
        let report = Report::new(Format::Json, LogLevel::Debug, Box::new(heard.clone()));
        Self {
            thread: Rc::new(WorkerContext::outside(functional, report).unwrap()),
            began: Instant::now(),
            notes: Notes::default(),
            heard,
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::new(&self.thread)
    }

    /// Iteration `number` of user 1, due now.
    pub(crate) fn it(&self, number: u64) -> Iteration<'_> {
        Iteration::new(&self.thread, 1, number, self.thread.now())
    }

    /// Notes that something happens now.
    pub(crate) fn note(&self, text: &str) {
        note(&self.notes, self.began, text);
    }

    /// What was noted so far, each with its millisecond.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.borrow().clone()
    }

    /// What was reported so far.
    pub(crate) fn heard(&self) -> Vec<serde_json::Value> {
        self.heard.events()
    }

    /// What was reported of steps: name, instance, outcome, and kind and text of the fault.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.heard()
            .iter()
            .filter(|event| event["event"] == "step")
            .map(|event| {
                let mut line = text(&event["step"]).to_owned();
                if !event["instance"].is_null() {
                    line.push_str(&format!("[{}]", event["instance"]));
                }
                line.push_str(&format!(" {}", text(&event["outcome"])));
                if let Some(kind) = event["kind"].as_str() {
                    line.push_str(&format!(" {kind}: {}", text(&event["error"])));
                }
                line
            })
            .collect()
    }

    /// What was reported of resources: name, what, text of the fault.
    pub(crate) fn resources(&self) -> Vec<String> {
        self.heard()
            .iter()
            .filter(|event| event["event"] == "resource")
            .map(|event| {
                let mut line = format!("{} {}", text(&event["resource"]), text(&event["what"]));
                if let Some(error) = event["error"].as_str() {
                    line.push_str(&format!(": {error}"));
                }
                line
            })
            .collect()
    }

    /// A probe that does as told.
    pub(crate) fn probe(&self, name: &'static str) -> Plan {
        Plan {
            name,
            create: Does::Well(Duration::ZERO),
            destroy: Does::Well(Duration::ZERO),
            notes: Rc::clone(&self.notes),
            began: self.began,
        }
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap()
}

fn note(notes: &Notes, began: Instant, text: &str) {
    let now = began.elapsed().as_millis();
    notes.borrow_mut().push(format!("{now} {text}"));
}

/// How a creation or a destruction goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Does {
    Well(Duration),
    Fails,
    Panics,
    Never,
}

impl Does {
    async fn run(self) -> Result<(), Fault> {
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
pub(crate) struct Plan {
    name: &'static str,
    create: Does,
    destroy: Does,
    notes: Notes,
    began: Instant,
}

impl Plan {
    pub(crate) fn create(mut self, does: Does) -> Self {
        self.create = does;
        self
    }

    pub(crate) fn destroy(mut self, does: Does) -> Self {
        self.destroy = does;
        self
    }

    fn note(&self, text: &str) {
        note(&self.notes, self.began, &format!("{text} {}", self.name));
    }

    /// A creation, as `make` of a slot.
    pub(crate) fn make(&self) -> Making<Probe> {
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
pub(crate) struct Probe(Plan);

impl Probe {
    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }
}

/// Its name.
pub(crate) struct Exports(&'static str);

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

    fn prepare(_: &Prepare<'_>, _: &()) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, (): (), _: ()) -> Result<Self, Fault> {
        Err(Fault::new("bug", "the tests make it by a plan"))
    }

    fn exports(&self) -> Exports {
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
