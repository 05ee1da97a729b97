//! A slot owns an asset and the tasks that create and destroy it; steps only wait for it.
//!
//! ```text
//! empty --get--> creating --> ready --done by the last user, or the end of the scope--> destroying --> over
//!   ^               |                                                                                   ^
//!   '--- failed <---'  (the next iteration tries again)         never created ------------------------'
//! ```
//!
//! Creation and destruction are tasks of their own, so a step that is dropped takes nothing along: a half-made asset is
//! finished, then destroyed, and each asset that was made is destroyed exactly once.

mod tasks;
#[cfg(test)]
mod tests;
mod wait;

pub use wait::Get;

use crate::contract::{Asset, Running};
use crate::engine::Thread;
use crate::fault::Fault;
use crate::info::ResourceInfo;
use crate::scope::Scope;
use crate::step::It;
use crate::wakers::Wakers;
use bggo_values::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How long a creation, and a destruction, may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// For whom an asset is created.
#[derive(Debug, Clone, Copy)]
pub struct AssetCx {
    info: &'static ResourceInfo,
    vu: u64,
    iteration: u64,
}

impl AssetCx {
    pub(crate) fn new(info: &'static ResourceInfo, vu: u64, iteration: u64) -> Self {
        Self {
            info,
            vu,
            iteration,
        }
    }

    /// The resource.
    pub fn info(&self) -> &'static ResourceInfo {
        self.info
    }

    /// The user that asked first, from 1.
    pub fn vu(&self) -> u64 {
        self.vu
    }

    /// That user's iteration, from 0.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// Longest time that the creation may take.
    pub fn limit(&self) -> Duration {
        LIMIT
    }
}

/// A creation: it owns all that it needs, so that whoever asked for it may go away.
pub type Making<A> = Running<'static, Result<A, Fault>>;

/// What an asset may be built on. A slot is destroyed after all that is built on it.
pub trait Below {
    /// One more slot is built on this one.
    fn hold(&self) -> Box<dyn Hold>;
}

/// One slot's hold on another.
pub trait Hold {
    /// The slot that held is over: it is destroyed, or will never be created.
    fn release(&self);
}

/// The slot of one resource in one scope.
pub struct Slot<A: Asset>(Rc<Inner<A>>);

impl<A: Asset> Clone for Slot<A> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

struct Inner<A: Asset> {
    thread: Rc<Thread>,
    info: &'static ResourceInfo,
    /// Users that are still to come in a functional run; the last one destroys. 0 under load: only the scope destroys.
    users: Cell<u32>,
    /// Slots built on this one that are not over.
    above: Cell<u32>,
    below: RefCell<Vec<Box<dyn Hold>>>,
    state: RefCell<State<A>>,
    ending: Cell<bool>,
    over: Cell<bool>,
    changed: Wakers,
}

enum State<A> {
    Empty,
    Creating,
    Ready(Arc<A>, Box<[Value]>),
    Failed {
        fault: Fault,
        vu: u64,
        iteration: u64,
    },
    Over,
}

impl<A: Asset> Slot<A> {
    /// An empty slot of `scope`, built on the slots `on`. `users` are the steps and slots that use it in one iteration.
    pub fn new(scope: &Scope, info: &'static ResourceInfo, users: u32, on: &[&dyn Below]) -> Self {
        let thread = Rc::clone(scope.thread());
        let inner = Rc::new(Inner {
            users: Cell::new(if thread.functional { users } else { 0 }),
            thread,
            info,
            above: Cell::new(0),
            below: RefCell::new(on.iter().map(|slot| slot.hold()).collect()),
            state: RefCell::new(State::Empty),
            ending: Cell::new(false),
            over: Cell::new(false),
            changed: Wakers::default(),
        });
        scope.own(Rc::clone(&inner) as Rc<dyn Owned>);
        Self(inner)
    }

    /// The asset; when there is none, `make` starts its creation at once.
    pub fn get<'a>(
        &'a self,
        it: &It<'_>,
        make: &mut dyn FnMut(AssetCx) -> Making<A>,
    ) -> Get<'a, A> {
        self.get_for(AssetCx::new(self.0.info, it.vu_number(), it.number()), make)
    }

    /// The same, for whoever `cx` names.
    pub fn get_for(&self, cx: AssetCx, make: &mut dyn FnMut(AssetCx) -> Making<A>) -> Get<'_, A> {
        let start = match &*self.0.state.borrow() {
            State::Empty => true,
            State::Failed { vu, iteration, .. } => (*vu, *iteration) != (cx.vu, cx.iteration),
            State::Creating | State::Ready(..) | State::Over => false,
        };
        if start && !self.0.ending.get() {
            // Made before the state says so: if `make` panics, nobody waits for what never comes.
            let making = make(cx);
            *self.0.state.borrow_mut() = State::Creating;
            tokio::task::spawn_local(tasks::create(Rc::clone(&self.0), cx, making));
        }
        Get::new(&self.0)
    }

    /// It is built on one more slot.
    pub fn stand_on(&self, below: &dyn Below) {
        self.0.below.borrow_mut().push(below.hold());
    }

    /// The asset, for one that is built on it: whoever asked for that one has waited for this one.
    ///
    /// # Errors
    /// It is not there.
    pub fn held(&self) -> Result<Arc<A>, Fault> {
        match &*self.0.state.borrow() {
            State::Ready(asset, _) => Ok(Arc::clone(asset)),
            _ => Err(Fault::no_asset(self.0.info)),
        }
    }

    /// Export number `i` of the asset, which `get` has waited for.
    ///
    /// # Errors
    /// It is not there.
    pub fn export(&self, i: usize) -> Result<Value, Fault> {
        match &*self.0.state.borrow() {
            State::Ready(_, exports) => Ok(exports.get(i).cloned().unwrap_or(Value::Null)),
            _ => Err(Fault::no_asset(self.0.info)),
        }
    }

    /// All exports of the asset.
    pub(crate) fn exports(&self) -> Option<Box<[Value]>> {
        match &*self.0.state.borrow() {
            State::Ready(_, exports) => Some(exports.clone()),
            _ => None,
        }
    }

    /// One of its users is over. The last one destroys it in a functional run.
    pub fn done(&self) {
        self.0.done();
    }

    /// Completes when it is destroyed, which starts now.
    #[cfg(test)]
    pub(crate) async fn destroy(&self) {
        Rc::clone(&self.0).end().await;
    }
}

impl<A: Asset> Below for Slot<A> {
    fn hold(&self) -> Box<dyn Hold> {
        self.0.above.set(self.0.above.get() + 1);
        Box::new(Held(Rc::clone(&self.0)))
    }
}

struct Held<A: Asset>(Rc<Inner<A>>);

impl<A: Asset> Hold for Held<A> {
    fn release(&self) {
        self.0.above.set(self.0.above.get() - 1);
        self.0.changed.wake();
        self.0.done();
    }
}

/// What a scope sees of its slots.
pub(crate) trait Owned {
    /// Destroys what is there, after all that is built on it.
    fn end(self: Rc<Self>) -> Running<'static, ()>;
}

impl<A: Asset> Owned for Inner<A> {
    fn end(self: Rc<Self>) -> Running<'static, ()> {
        self.start_ending();
        Box::pin(async move { wait::IsOver::new(&self).await })
    }
}

impl<A: Asset> Inner<A> {
    fn done(self: &Rc<Self>) {
        match self.users.get() {
            0 => {}
            1 => {
                self.users.set(0);
                self.start_ending();
            }
            more => self.users.set(more - 1),
        }
    }

    fn start_ending(self: &Rc<Self>) {
        if !self.ending.replace(true) {
            tokio::task::spawn_local(tasks::destroy(Rc::clone(self)));
        }
    }

    fn set(&self, state: State<A>) {
        *self.state.borrow_mut() = state;
        self.changed.wake();
    }
}
