//! A scope owns the slots of one user, one thread, one iteration, or the run, and ends them in reverse order of dependency.

use crate::contract::{Asset, Running};
use crate::engine::Thread;
use crate::info::ResourceInfo;
use crate::slot::{AssetCx, Below, Hold, Owned, Slot};
use futures_util::future::join_all;
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The slots of one user, thread or iteration.
#[derive(Clone)]
pub struct Scope(Rc<ScopeParts>);

struct ScopeParts {
    thread: Rc<Thread>,
    slots: RefCell<Vec<Rc<dyn Owned>>>,
}

impl Scope {
    /// A scope on a thread.
    pub fn new(thread: &Rc<Thread>) -> Self {
        Self(Rc::new(ScopeParts {
            thread: Rc::clone(thread),
            slots: RefCell::default(),
        }))
    }

    /// Its thread.
    pub fn thread(&self) -> &Rc<Thread> {
        &self.0.thread
    }

    pub(crate) fn own(&self, slot: Rc<dyn Owned>) {
        self.0.slots.borrow_mut().push(slot);
    }

    /// Destroys what is left: each asset after those built on it, independent ones side by side. Users must be gone.
    pub fn destroy(&self) -> Running<'static, ()> {
        let slots = self.0.slots.take();
        if slots.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(async move {
            join_all(slots.into_iter().map(Owned::end)).await;
        })
    }
}

/// The slots of the run, on the control thread; worker threads reach them by [`crate::shared::Shared`].
pub struct RunScope {
    scope: Scope,
    jobs: UnboundedSender<Job>,
    incoming: RefCell<Option<UnboundedReceiver<Job>>>,
    slots: Rc<RefCell<Vec<Rc<dyn RunSlot>>>>,
    task: RefCell<Option<tokio::task::JoinHandle<()>>>,
}

/// What a worker thread asks of the slot with a number.
#[derive(Debug)]
pub(crate) enum Job {
    /// Create it, for a user and an iteration.
    Create(usize, u64, u64),
    /// One of its users is over.
    Done(usize),
    /// One more slot is built on it.
    Hold(usize),
    /// A slot that was built on it is over.
    Release(usize),
}

/// A slot of the run as the control thread sees it.
pub(crate) trait RunSlot {
    /// The slot itself, for those of the run that are built on it.
    fn slot(&self) -> Option<&dyn Any> {
        None
    }
    fn create(self: Rc<Self>, vu: u64, iteration: u64);
    fn done(&self);
    fn hold(&self);
    fn release(&self);
}

impl RunScope {
    /// On the control thread, inside its `LocalSet`.
    pub(crate) fn new(thread: Rc<Thread>) -> Self {
        let (jobs, incoming) = unbounded_channel();
        Self {
            scope: Scope::new(&thread),
            jobs,
            incoming: RefCell::new(Some(incoming)),
            slots: Rc::default(),
            task: RefCell::default(),
        }
    }

    /// The control thread.
    pub fn thread(&self) -> &Rc<Thread> {
        self.scope.thread()
    }

    /// Does what worker threads ask for, from now on.
    pub(crate) fn serve(&self) {
        if let Some(mut incoming) = self.incoming.take() {
            let slots = Rc::clone(&self.slots);
            let task = tokio::task::spawn_local(async move {
                while let Some(job) = incoming.recv().await {
                    job.run(&slots);
                }
            });
            *self.task.borrow_mut() = Some(task);
        }
    }

    pub(crate) fn add<A: Asset>(
        &self,
        info: &'static ResourceInfo,
        users: u32,
        on: &[&dyn Below],
    ) -> Slot<A> {
        Slot::new(&self.scope, info, users, on)
    }

    /// The slot with a number, if it is one of this asset.
    pub(crate) fn slot<A: Asset>(&self, number: usize) -> Option<Slot<A>> {
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
    }
}

impl Job {
    fn run(self, slots: &RefCell<Vec<Rc<dyn RunSlot>>>) {
        let (Self::Create(number, ..)
        | Self::Done(number)
        | Self::Hold(number)
        | Self::Release(number)) = self;
        let Some(slot) = slots.borrow().get(number).cloned() else {
            return;
        };
        match self {
            Self::Create(_, vu, iteration) => slot.create(vu, iteration),
            Self::Done(_) => slot.done(),
            Self::Hold(_) => slot.hold(),
            Self::Release(_) => slot.release(),
        }
    }
}

/// The end of the queue.
struct Last(RefCell<Option<tokio::sync::oneshot::Sender<()>>>);

impl RunSlot for Last {
    fn create(self: Rc<Self>, _: u64, _: u64) {}
    fn done(&self) {
        self.0.take();
    }
    fn hold(&self) {}
    fn release(&self) {}
}

/// Holds that worker threads have on a slot of the run.
#[derive(Default)]
pub(crate) struct Holds(RefCell<Vec<Box<dyn Hold>>>);

impl Holds {
    pub(crate) fn add(&self, hold: Box<dyn Hold>) {
        self.0.borrow_mut().push(hold);
    }

    pub(crate) fn release_one(&self) {
        let hold = self.0.borrow_mut().pop();
        if let Some(hold) = hold {
            hold.release();
        }
    }
}

/// The user and iteration that a creation is for.
pub(crate) fn for_user(info: &'static ResourceInfo, vu: u64, iteration: u64) -> AssetCx {
    AssetCx::new(info, vu, iteration)
}

#[cfg(test)]
mod tests;
