//! A resource of the run as worker threads see it: they ask the control thread for it, wait, and read its exports.
//!
//! The asset itself stays on the control thread; what crosses threads is its exports.

use crate::contract::Asset;
use crate::fault::Fault;
use crate::info::ResourceInfo;
use crate::scope::{Holds, Job, RunScope, RunSlot, for_user};
use crate::slot::{AssetCx, Below, Hold, Making, Slot};
use crate::step::It;
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
pub struct Shared {
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

impl Shared {
    /// An empty slot of the run, built on the slots `on`, with its users of a functional run.
    pub fn new<A: Asset>(
        scope: &RunScope,
        info: &'static ResourceInfo,
        users: u32,
        on: &[&dyn Below],
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
            holds: Holds::default(),
        }));
        Self {
            front,
            number,
            jobs,
            counts: scope.thread().functional,
        }
    }

    /// Its slot on the control thread, for those of the run that are built on it.
    pub fn slot<A: Asset>(&self, scope: &RunScope) -> Option<Slot<A>> {
        scope.slot(self.number)
    }

    /// Completes when the asset is there; its creation starts at once when nobody has asked before.
    pub fn get(&self, it: &It<'_>) -> GetShared<'_> {
        self.ask(it.vu_number(), it.number())
    }

    /// The same for an asset that is built on it.
    pub fn get_for(&self, cx: AssetCx) -> GetShared<'_> {
        self.ask(cx.vu(), cx.iteration())
    }

    fn ask(&self, vu: u64, iteration: u64) -> GetShared<'_> {
        if self.front.exports.get().is_none() {
            let mut state = self.front.lock();
            if !state.asked {
                state.asked = true;
                self.send(Job::Create(self.number, vu, iteration));
            }
        }
        GetShared {
            front: &self.front,
            waiting: Waiting::default(),
        }
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

    /// One of its users is over. The last one destroys it in a functional run.
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

impl Below for Shared {
    fn hold(&self) -> Box<dyn Hold> {
        self.send(Job::Hold(self.number));
        Box::new(Remote(self.clone()))
    }
}

struct Remote(Shared);

impl Hold for Remote {
    fn release(&self) {
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

/// See [`Shared::get`].
#[derive(Debug)]
pub struct GetShared<'a> {
    front: &'a Front,
    waiting: Waiting,
}

impl Future for GetShared<'_> {
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

impl Drop for GetShared<'_> {
    fn drop(&mut self) {
        if self.waiting.waits() {
            self.front.lock().waiting.leave(&mut self.waiting);
        }
    }
}

/// The control thread's end.
struct Back<A: Asset> {
    slot: Slot<A>,
    make: Make<A>,
    front: Arc<Front>,
    holds: Holds,
}

impl<A: Asset> RunSlot for Back<A> {
    fn slot(&self) -> Option<&dyn Any> {
        Some(&self.slot)
    }

    fn create(self: Rc<Self>, vu: u64, iteration: u64) {
        tokio::task::spawn_local(async move {
            let made = self
                .slot
                .get_for(for_user(self.front.info, vu, iteration), &mut |cx| {
                    (self.make)(cx)
                })
                .await
                .map(drop);
            match (made, self.slot.exports()) {
                (Ok(()), Some(exports)) => drop(self.front.exports.set(exports)),
                (Ok(()), None) => {
                    self.front.lock().failed = Some(Fault::no_asset(self.front.info));
                }
                (Err(fault), _) => self.front.lock().failed = Some(fault),
            }
            self.front.wake();
        });
    }

    fn done(&self) {
        self.slot.done();
    }

    fn hold(&self) {
        self.holds.add(self.slot.hold());
    }

    fn release(&self) {
        self.holds.release_one();
    }
}

#[cfg(test)]
mod tests;
