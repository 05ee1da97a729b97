//! What a slot, the tasks that create and destroy its asset, and whoever waits for it share.

use super::super::asset::Asset;
use super::super::dependency::DependencyGuard;
use super::super::spawned::SpawnedTasks;
use crate::context::{Asker, WorkerContext};
use crate::fault::Fault;
use crate::info::ResourceInfo;
use crate::wakers::RareWakers;
use bggo_values::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// The state of a slot.
pub(super) struct Inner<A: Asset> {
    pub(super) worker: Rc<WorkerContext>,
    pub(super) info: &'static ResourceInfo,
    /// Users that are still to come in a functional run; the last one destroys. 0 under load: only the scope destroys.
    pub(super) users: Cell<u32>,
    /// Slots built on this one that are not over.
    pub(super) dependents: Cell<u32>,
    /// A cell and no vector, for every idle user has slots.
    pub(super) guards: Cell<Box<[Box<dyn DependencyGuard>]>>,
    /// Those of the asset that is there or being created, where it may have some.
    pub(super) tasks: Cell<Option<Rc<SpawnedTasks>>>,
    pub(super) state: RefCell<State<A>>,
    pub(super) ending: Cell<bool>,
    pub(super) over: Cell<bool>,
    pub(super) changed: RareWakers,
}

/// How far it is.
pub(super) enum State<A> {
    Empty,
    Creating,
    Ready(Arc<A>, Box<[Value]>),
    /// Boxed: few slots are in this state.
    Failed(Box<Failed>),
    Over,
}

/// A creation that failed.
pub(super) struct Failed {
    pub(super) fault: Fault,
    /// For whom it was: the next one tries again.
    pub(super) asker: Asker,
}

impl<A: Asset> Inner<A> {
    /// One more slot that this one is built on.
    pub(super) fn depends_on(&self, guard: Box<dyn DependencyGuard>) {
        let mut guards = self.guards.take().into_vec();
        guards.push(guard);
        self.guards.set(guards.into());
    }

    /// Wakes whoever waits for the change.
    pub(super) fn set(&self, state: State<A>) {
        *self.state.borrow_mut() = state;
        self.changed.wake();
    }
}
