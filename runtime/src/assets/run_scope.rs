//! The slots of the run, on the control thread, and the queue by which worker threads ask for them.

use super::asset::Asset;
use super::dependency::{Dependency, DependencyGuard};
use super::prepare::{Prepare, end_prepared};
use super::scope::Scope;
use super::slot::AssetSlot;
use super::spawned::SpawnedTasks;
use crate::context::{Asker, WorkerContext};
use crate::info::ResourceInfo;
use crate::panic;
use crate::task;
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The slots of the run, on the control thread; worker threads reach them by [`super::RunAsset`].
pub struct RunScope {
    scope: Scope,
    jobs: UnboundedSender<Job>,
    incoming: RefCell<Option<UnboundedReceiver<Job>>>,
    slots: Rc<RefCell<Vec<Rc<dyn RunSlot>>>>,
    task: RefCell<Option<tokio::task::JoinHandle<()>>>,
    /// Of what is prepared on the control thread.
    tasks: Rc<SpawnedTasks>,
}

/// What a worker thread asks of the slot with a number.
#[derive(Debug)]
pub(crate) enum Job {
    /// Create it, for a user and an iteration.
    Create(usize, Asker),
    /// A step that uses it has ended.
    Done(usize),
    /// One more slot is built on it.
    Guard(usize),
    /// A slot that was built on it has been destroyed.
    Release(usize),
}

/// A slot of the run as the control thread sees it.
pub(crate) trait RunSlot {
    /// The slot itself, for those of the run that are built on it.
    fn slot(&self) -> Option<&dyn Any> {
        None
    }
    fn create(self: Rc<Self>, asker: Asker);
    fn done(&self);
    fn guard(&self);
    fn release(&self);
}

impl RunScope {
    /// On the control thread, inside its `LocalSet`.
    pub(crate) fn new(worker: Rc<WorkerContext>) -> Self {
        let (jobs, incoming) = unbounded_channel();
        Self {
            scope: Scope::new(&worker),
            jobs,
            incoming: RefCell::new(Some(incoming)),
            slots: Rc::default(),
            task: RefCell::default(),
            tasks: Rc::default(),
        }
    }

    /// The control thread's context.
    pub fn worker(&self) -> &Rc<WorkerContext> {
        self.scope.worker()
    }

    /// For preparing the assets of the run.
    pub fn prepare(&self) -> Prepare<'_> {
        Prepare::with(self.worker(), &self.tasks)
    }

    /// Does what worker threads ask for, from now on.
    pub(crate) fn serve(&self) {
        if let Some(mut incoming) = self.incoming.take() {
            let slots = Rc::clone(&self.slots);
            let task = task::spawn(Box::pin(async move {
                while let Some(job) = incoming.recv().await {
                    job.run(&slots);
                }
            }));
            *self.task.borrow_mut() = Some(task);
        }
    }

    pub(crate) fn add<A: Asset>(
        &self,
        info: &'static ResourceInfo,
        users: u32,
        on: &[&dyn Dependency],
    ) -> AssetSlot<A> {
        AssetSlot::new(&self.scope, info, users, on)
    }

    /// The slot with a number, if it is one of this asset.
    pub(crate) fn slot<A: Asset>(&self, number: usize) -> Option<AssetSlot<A>> {
        let slots = self.slots.borrow();
        slots.get(number)?.slot()?.downcast_ref().cloned()
    }

    pub(crate) fn publish(&self, slot: Rc<dyn RunSlot>) -> (usize, UnboundedSender<Job>) {
        let mut slots = self.slots.borrow_mut();
        slots.push(slot);
        (slots.len() - 1, self.jobs.clone())
    }

    /// Destroys what was made, in reverse order of dependency. The worker threads are over, and all that they asked for
    /// is in the queue.
    pub async fn destroy(&self) {
        // The queue is in order: when this job is done, all before it are.
        let (seen, last) = tokio::sync::oneshot::channel::<()>();
        self.slots
            .borrow_mut()
            .push(Rc::new(Last(RefCell::new(Some(seen)))));
        let number = self.slots.borrow().len() - 1;
        if self.task.borrow().is_some() && self.jobs.send(Job::Done(number)).is_ok() {
            // An error means that the job was done: its sender is dropped.
            let _ = last.await;
        }
        self.scope.destroy().await;
        // Nobody asks for assets any more, so what they are made of goes as well.
        let slots = self.slots.take();
        if let Err(text) = panic::caught(|| drop(slots)) {
            self.worker().panicked(&text);
        }
        end_prepared(self.worker(), &self.tasks).await;
    }
}

impl Job {
    fn run(self, slots: &RefCell<Vec<Rc<dyn RunSlot>>>) {
        let (Self::Create(number, ..)
        | Self::Done(number)
        | Self::Guard(number)
        | Self::Release(number)) = self;
        let Some(slot) = slots.borrow().get(number).cloned() else {
            return;
        };
        match self {
            Self::Create(_, asker) => slot.create(asker),
            Self::Done(_) => slot.done(),
            Self::Guard(_) => slot.guard(),
            Self::Release(_) => slot.release(),
        }
    }
}

/// The end of the queue.
struct Last(RefCell<Option<tokio::sync::oneshot::Sender<()>>>);

impl RunSlot for Last {
    fn create(self: Rc<Self>, _: Asker) {}
    fn done(&self) {
        self.0.take();
    }
    fn guard(&self) {}
    fn release(&self) {}
}

/// Guards that worker threads hold on a slot of the run.
#[derive(Default)]
pub(crate) struct Guards(RefCell<Vec<Rc<dyn DependencyGuard>>>);

impl Guards {
    pub(crate) fn add(&self, guard: Rc<dyn DependencyGuard>) {
        self.0.borrow_mut().push(guard);
    }

    pub(crate) fn release_one(&self) {
        let guard = self.0.borrow_mut().pop();
        if let Some(guard) = guard {
            guard.release();
        }
    }
}
