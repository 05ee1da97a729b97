//! A resource of the run as worker threads see it: they ask the control thread for it, wait, and read its exports.
//!
//! The asset itself stays on the control thread; what crosses threads is its exports.

use super::asset::{Asset, AssetCx, Making};
use super::dependency::{Dependency, DependencyGuard};
use super::run_scope::{Guards, Job, RunScope, RunSlot};
use super::slot::AssetSlot;
use crate::context::Asker;
use crate::fault::Fault;
use crate::info::ResourceInfo;
use crate::panic;
use crate::task;
use crate::wakers::{Queue, Waiting};
use bggo_values::Value;
use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::mpsc::UnboundedSender;

/// Starts the creation of an asset of the run, on the control thread.
pub type Make<A> = Box<dyn Fn(AssetCx) -> Making<A>>;

/// A resource of scope `run`.
#[derive(Debug, Clone)]
pub struct RunAsset {
    front: Arc<Front>,
    number: usize,
    jobs: UnboundedSender<Job>,
    /// Under load nobody counts users, so nothing is sent on the way of an iteration.
    counts: bool,
}

#[derive(Debug)]
struct Front {
    info: &'static ResourceInfo,
    state: Mutex<State>,
    /// Set once: reading it takes no lock.
    exports: OnceLock<Box<[Value]>>,
}

#[derive(Debug, Default)]
struct State {
    asked: bool,
    /// What whoever waits will hear.
    failed: Option<Fault>,
    waiting: Queue,
}

impl RunAsset {
    /// An empty slot of the run, built on the slots `on`, with its users of a functional run.
    pub fn new<A: Asset>(
        scope: &RunScope,
        info: &'static ResourceInfo,
        users: u32,
        on: &[&dyn Dependency],
        make: Make<A>,
    ) -> Self {
        let front = Arc::new(Front {
            info,
            state: Mutex::default(),
            exports: OnceLock::new(),
        });
        let slot = scope.add(info, users, on);
        let (number, jobs) = scope.publish(Rc::new(Back {
            slot,
            make,
            front: Arc::clone(&front),
            guards: Guards::default(),
        }));
        Self {
            front,
            number,
            jobs,
            counts: scope.worker().functional,
        }
    }

    /// Its slot on the control thread, for those of the run that are built on it.
    pub fn slot<A: Asset>(&self, scope: &RunScope) -> Option<AssetSlot<A>> {
        scope.slot(self.number)
    }

    /// Completes when the asset is there; its creation starts at once when nobody has asked before.
    pub fn get(&self, asker: Asker) -> GetRunAsset<'_> {
        if self.front.exports.get().is_none() {
            let mut state = self.front.lock();
            if !state.asked {
                state.asked = true;
                self.send(Job::Create(self.number, asker));
            }
        }
        GetRunAsset {
            front: &self.front,
            waiting: Waiting::default(),
        }
    }

    /// The same for an asset that is built on it.
    pub fn get_for<'a>(&'a self, cx: &AssetCx) -> GetRunAsset<'a> {
        self.get(cx.asker())
    }

    /// Export number `i` of the asset, which `get` has waited for.
    ///
    /// # Errors
    /// It is not there.
    pub fn export(&self, i: usize) -> Result<Value, Fault> {
        match self.front.exports.get() {
            Some(exports) => Ok(exports.get(i).cloned().unwrap_or(Value::Null)),
            None => Err(Fault::no_asset(self.front.info)),
        }
    }

    /// A step that uses it has ended. The last one destroys it in a functional run.
    pub fn done(&self) {
        if self.counts {
            self.send(Job::Done(self.number));
        }
    }

    fn send(&self, job: Job) {
        // The control thread outlives the workers, unless the run is left at once: then nobody waits for the answer.
        let _ = self.jobs.send(job);
    }
}

impl Dependency for RunAsset {
    fn guard(&self) -> Rc<dyn DependencyGuard> {
        self.send(Job::Guard(self.number));
        Rc::new(Remote(self.clone()))
    }
}

struct Remote(RunAsset);

impl DependencyGuard for Remote {
    fn release(self: Rc<Self>) {
        self.0.send(Job::Release(self.0.number));
    }
}

impl Front {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let wakers = self.lock().waiting.all();
        for waker in wakers {
            waker.wake();
        }
    }
}

/// See [`RunAsset::get`].
#[derive(Debug)]
pub struct GetRunAsset<'a> {
    front: &'a Front,
    waiting: Waiting,
}

impl GetRunAsset<'_> {
    /// Whether it completes at once, with the asset.
    pub fn is_there(&self) -> bool {
        self.front.exports.get().is_some()
    }
}

impl Future for GetRunAsset<'_> {
    type Output = Result<(), Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let front = self.front;
        if front.exports.get().is_some() {
            return Poll::Ready(Ok(()));
        }
        let mut state = front.lock();
        if let Some(fault) = &state.failed {
            return Poll::Ready(Err(fault.clone()));
        }
        // They may have come between the look above and the lock; whoever sets them wakes under the lock's cover.
        if front.exports.get().is_some() {
            return Poll::Ready(Ok(()));
        }
        state.waiting.wait(&mut self.waiting, cx);
        Poll::Pending
    }
}

impl Drop for GetRunAsset<'_> {
    fn drop(&mut self) {
        if self.waiting.waits() {
            self.front.lock().waiting.leave(&mut self.waiting);
        }
    }
}

/// The control thread's end.
struct Back<A: Asset> {
    slot: AssetSlot<A>,
    make: Make<A>,
    front: Arc<Front>,
    guards: Guards,
}

impl<A: Asset> RunSlot for Back<A> {
    fn slot(&self) -> Option<&dyn Any> {
        Some(&self.slot)
    }

    fn create(self: Rc<Self>, asker: Asker) {
        task::spawn(Box::pin(async move {
            let make = || self.slot.get(asker, &mut |cx| (self.make)(cx));
            let made = match panic::caught_silently(make) {
                Some(get) => get.await.map(drop),
                // This task is nobody's iteration: whoever waits on another thread must hear of it.
                None => Err(self.slot.creation_panicked()),
            };
            match (made, self.slot.exports()) {
                (Ok(()), Some(exports)) => drop(self.front.exports.set(exports)),
                (Ok(()), None) => {
                    self.front.lock().failed = Some(Fault::no_asset(self.front.info));
                }
                (Err(fault), _) => self.front.lock().failed = Some(fault),
            }
            self.front.wake();
        }));
    }

    fn done(&self) {
        self.slot.done();
    }

    fn guard(&self) {
        self.guards.add(self.slot.guard());
    }

    fn release(&self) {
        self.guards.release_one();
    }
}

#[cfg(test)]
mod tests;
