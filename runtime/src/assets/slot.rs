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
use bggo_values::Value;
use inner::{AnySlot, Common, Inner, Made, State, destroying};
use std::cell::RefCell;
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
        let inner = Rc::new(Inner {
            common: Common::new((scope.worker(), info), users, on),
            state: RefCell::new(State::Empty),
        });
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
        let common = &slot.common;
        if !common.is_creating.get() && !common.ending.get() && slot.needs_one(asker) {
            let tasks = SpawnedTasks::of(common.info);
            let cx = AssetCx::new(common.info, asker, &common.worker, tasks.clone());
            // Made before the state says so: if `make` panics, nobody waits for what never comes.
            let making = make(cx);
            let tasks_before = common.replace_tasks(tasks);
            common.is_creating.set(true);
            let before = std::mem::replace(&mut *slot.state.borrow_mut(), State::Empty);
            let spent = match before {
                State::Ready(asset) => Arc::try_unwrap(asset).ok(),
                _ => None,
            };
            let spent = spent.map(|asset| (destroying(asset), tasks_before));
            let into = Rc::clone(slot);
            let making = Box::pin(async move {
                match making.await {
                    Ok(asset) => into.takes(asset),
                    Err(fault) => Made::Failed(fault),
                }
            });
            tasks::start_creation(Rc::clone(slot) as Rc<dyn AnySlot>, asker, (spent, making));
        }
        Get::new(slot)
    }

    /// It is built on one more slot.
    pub fn depend_on(&self, dependency: &dyn Dependency) {
        self.0.common.depends_on(dependency.guard());
    }

    /// The asset, for one that is built on it: whoever asked for that one has waited for this one.
    ///
    /// # Errors
    /// It is not there.
    pub fn held(&self) -> Result<Arc<A>, Fault> {
        match &*self.0.state.borrow() {
            State::Ready(asset) => Ok(Arc::clone(asset)),
            _ => Err(Fault::no_asset(self.0.common.info)),
        }
    }

    /// Export number `i` of the asset, which `get` has waited for.
    ///
    /// # Errors
    /// It is not there.
    pub fn export(&self, i: usize) -> Result<Value, Fault> {
        match &*self.0.state.borrow() {
            State::Ready(_) => Ok(self.0.common.export(i)),
            _ => Err(Fault::no_asset(self.0.common.info)),
        }
    }

    /// Tells that its creation panicked before it was under way; what whoever waits for it hears.
    pub(crate) fn creation_panicked(&self) -> Fault {
        tasks::creation_panicked(&self.0.common)
    }

    /// All exports of the asset.
    pub(crate) fn exports(&self) -> Option<Box<[Value]>> {
        match &*self.0.state.borrow() {
            State::Ready(_) => Some(self.0.common.exports()),
            _ => None,
        }
    }

    /// A step that uses it has ended. The last one destroys it in a functional run.
    pub fn done(&self) {
        user_has_ended(Rc::clone(&self.0) as Rc<dyn AnySlot>);
    }

    /// Completes when it is destroyed, which starts now.
    #[cfg(test)]
    pub(crate) async fn destroy(&self) {
        Rc::clone(&self.0).end().await;
    }
}

impl<A: Asset> Dependency for AssetSlot<A> {
    fn guard(&self) -> Rc<dyn DependencyGuard> {
        let dependents = &self.0.common.dependents;
        dependents.set(dependents.get() + 1);
        Rc::clone(&self.0) as Rc<dyn DependencyGuard>
    }
}

impl<A: Asset> DependencyGuard for Inner<A> {
    fn release(self: Rc<Self>) {
        let dependents = &self.common.dependents;
        dependents.set(dependents.get() - 1);
        self.common.changed.wake();
        user_has_ended(self);
    }
}

impl<A: Asset> Owned for Inner<A> {
    fn end(self: Rc<Self>) -> Running<'static, ()> {
        end(self)
    }

    fn settle(self: Rc<Self>) -> Option<Running<'static, ()>> {
        if self.common.ending.get() {
            return None;
        }
        let settling = self.settling()?;
        Some(tasks::settled(&self.common, settling))
    }

    fn has_idle_work(&self) -> bool {
        if !A::WORKS_WHEN_IDLE {
            return false;
        }
        match &*self.state.borrow() {
            State::Ready(asset) => !self.common.ending.get() && asset.has_idle_work(),
            _ => false,
        }
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        let asset = match &*self.state.borrow() {
            State::Ready(asset) if !self.common.ending.get() => Arc::clone(asset),
            _ => return,
        };
        asset.poll_idle(cx);
    }
}

impl<A: Asset> Inner<A> {
    /// Whether a creation is to begin for who asks.
    fn needs_one(&self, asker: Asker) -> bool {
        match &*self.state.borrow() {
            State::Empty => true,
            State::Failed(failed) => failed.asker != asker,
            // Whoever holds it still is told by the asset itself.
            State::Ready(asset) => asset.is_spent() && Arc::strong_count(asset) == 1,
            State::Over => false,
        }
    }
}

/// A step or an asset that uses it has ended.
fn user_has_ended(slot: Rc<dyn AnySlot>) {
    let users = &slot.common().users;
    match users.get() {
        0 => {}
        1 => {
            users.set(0);
            start_ending(slot);
        }
        more => users.set(more - 1),
    }
}

/// Starts the end of a slot; completes when it is over.
fn end(slot: Rc<dyn AnySlot>) -> Running<'static, ()> {
    start_ending(Rc::clone(&slot));
    Box::pin(async move { wait::IsOver::new(slot.common()).await })
}

fn start_ending(slot: Rc<dyn AnySlot>) {
    if !slot.common().ending.replace(true) {
        task::spawn(Box::pin(tasks::destroy(slot)));
    }
}
