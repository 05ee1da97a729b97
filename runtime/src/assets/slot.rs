//! A slot owns an asset and the tasks that create and destroy it; steps only wait for it.
//!
//! ```text
//! empty --get--> creating --> ready --done by the last user, or the end of the scope--> destroying --> over
//!   ^               |  ^        |                                                                       ^
//!   |               |  '- spent-'  (destroyed first)                                                    |
//!   '--- failed <---'  (the next iteration tries again)         never created ------------------------'
//! ```
//!
//! Creation and destruction are tasks of their own, so a step that is dropped takes nothing along: a half-made asset is
//! finished, then destroyed, and each asset that was made is destroyed exactly once.

mod inner;
mod tasks;
#[cfg(test)]
mod tests;
mod wait;

pub use wait::Get;

use super::asset::{Asset, AssetCx, Making};
use super::dependency::{Dependency, DependencyGuard, Owned};
use super::scope::Scope;
use super::spawned::SpawnedTasks;
use crate::context::Asker;
use crate::fault::Fault;
use crate::flow::Running;
use crate::info::ResourceInfo;
use crate::task;
use crate::wakers::RareWakers;
use bggo_values::Value;
use inner::{Inner, State};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Context;

/// The slot of one resource in one scope.
pub struct AssetSlot<A: Asset>(Rc<Inner<A>>);

impl<A: Asset> Clone for AssetSlot<A> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<A: Asset> AssetSlot<A> {
    /// An empty slot of `scope`, built on the slots `on`. `users` are the steps and slots that use it in one iteration.
    pub fn new(
        scope: &Scope,
        info: &'static ResourceInfo,
        users: u32,
        on: &[&dyn Dependency],
    ) -> Self {
        let worker = Rc::clone(scope.worker());
        let inner = Rc::new(Inner {
            users: Cell::new(if worker.functional { users } else { 0 }),
            worker,
            info,
            dependents: Cell::new(0),
            guards: Cell::new(on.iter().map(|slot| slot.guard()).collect()),
            tasks: Cell::default(),
            state: RefCell::new(State::Empty),
            ending: Cell::new(false),
            over: Cell::new(false),
            changed: RareWakers::default(),
        });
        if A::WORKS_WHEN_IDLE {
            scope.mark_idle_work();
        }
        scope.own(Rc::clone(&inner) as Rc<dyn Owned>);
        Self(inner)
    }

    /// The asset; when there is none, `make` starts its creation at once.
    pub fn get<'a>(
        &'a self,
        asker: Asker,
        make: &mut dyn FnMut(AssetCx) -> Making<A>,
    ) -> Get<'a, A> {
        let slot = &self.0;
        let start = match &*slot.state.borrow() {
            State::Empty => true,
            State::Failed(failed) => failed.asker != asker,
            // Whoever holds it still is told by the asset itself.
            State::Ready(asset, _) => asset.is_spent() && Arc::strong_count(asset) == 1,
            State::Creating | State::Over => false,
        };
        if start && !slot.ending.get() {
            let tasks = SpawnedTasks::of(slot.info);
            let cx = AssetCx::new(slot.info, asker, &slot.worker, tasks.clone());
            // Made before the state says so: if `make` panics, nobody waits for what never comes.
            let making = make(cx);
            let tasks_before = slot.tasks.replace(tasks);
            let before = std::mem::replace(&mut *slot.state.borrow_mut(), State::Creating);
            let spent = match before {
                State::Ready(asset, _) => Arc::try_unwrap(asset).ok(),
                _ => None,
            };
            let spent = spent.map(|asset| (asset, tasks_before));
            let creating = tasks::create(Rc::clone(slot), asker, (spent, making));
            task::spawn(Box::pin(creating));
        }
        Get::new(slot)
    }

    /// It is built on one more slot.
    pub fn depend_on(&self, dependency: &dyn Dependency) {
        self.0.depends_on(dependency.guard());
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

    /// Tells that its creation panicked before it was under way; what whoever waits for it hears.
    pub(crate) fn creation_panicked(&self) -> Fault {
        tasks::creation_panicked(&self.0)
    }

    /// All exports of the asset.
    pub(crate) fn exports(&self) -> Option<Box<[Value]>> {
        match &*self.0.state.borrow() {
            State::Ready(_, exports) => Some(exports.clone()),
            _ => None,
        }
    }

    /// A step that uses it has ended. The last one destroys it in a functional run.
    pub fn done(&self) {
        dependent_has_ended(&self.0);
    }

    /// Completes when it is destroyed, which starts now.
    #[cfg(test)]
    pub(crate) async fn destroy(&self) {
        Rc::clone(&self.0).end().await;
    }
}

impl<A: Asset> Dependency for AssetSlot<A> {
    fn guard(&self) -> Box<dyn DependencyGuard> {
        self.0.dependents.set(self.0.dependents.get() + 1);
        Box::new(Guard(Rc::clone(&self.0)))
    }
}

struct Guard<A: Asset>(Rc<Inner<A>>);

impl<A: Asset> DependencyGuard for Guard<A> {
    fn release(&self) {
        self.0.dependents.set(self.0.dependents.get() - 1);
        self.0.changed.wake();
        dependent_has_ended(&self.0);
    }
}

impl<A: Asset> Owned for Inner<A> {
    fn end(self: Rc<Self>) -> Running<'static, ()> {
        start_ending(&self);
        Box::pin(async move { wait::IsOver::new(&self).await })
    }

    fn settle(self: Rc<Self>) -> Option<Running<'static, ()>> {
        if !A::SETTLES || self.ending.get() {
            return None;
        }
        let asset = match &*self.state.borrow() {
            State::Ready(asset, _) => Arc::clone(asset),
            _ => return None,
        };
        Some(Box::pin(async move { tasks::settle(&self, &asset).await }))
    }

    fn has_idle_work(&self) -> bool {
        match &*self.state.borrow() {
            State::Ready(asset, _) => !self.ending.get() && asset.has_idle_work(),
            _ => false,
        }
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        let asset = match &*self.state.borrow() {
            State::Ready(asset, _) if !self.ending.get() => Arc::clone(asset),
            _ => return,
        };
        asset.poll_idle(cx);
    }
}

/// A step or an asset that uses it has ended.
fn dependent_has_ended<A: Asset>(slot: &Rc<Inner<A>>) {
    match slot.users.get() {
        0 => {}
        1 => {
            slot.users.set(0);
            start_ending(slot);
        }
        more => slot.users.set(more - 1),
    }
}

fn start_ending<A: Asset>(slot: &Rc<Inner<A>>) {
    if !slot.ending.replace(true) {
        task::spawn(Box::pin(tasks::destroy(Rc::clone(slot))));
    }
}
