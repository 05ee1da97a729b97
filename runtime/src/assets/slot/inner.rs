//! What a slot, the tasks that create and destroy its asset, and whoever waits for it share.

use super::super::asset::Asset;
use super::super::dependency::{Dependency, DependencyGuard};
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
    pub(super) guards: Cell<Guards>,
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
    Ready(Arc<A>, Exports),
    /// Boxed: few slots are in this state.
    Failed(Box<Failed>),
    Over,
}

/// What a grid can read of an asset. Most assets have nothing, which takes no memory, and every idle user has some.
#[expect(
    clippy::redundant_allocation,
    reason = "the place of a list is twice as large, and every idle user has it"
)]
pub(super) struct Exports(Option<Box<Box<[Value]>>>);

impl Exports {
    pub(super) fn new(exports: Box<[Value]>) -> Self {
        let has_some = exports.iter().any(|export| !export.is_null());
        Self(has_some.then(|| Box::new(exports)))
    }

    /// Number `i` of them.
    pub(super) fn get(&self, i: usize) -> Value {
        let export = self.0.as_ref().and_then(|exports| exports.get(i));
        export.cloned().unwrap_or(Value::Null)
    }

    /// All of them, without those that are null behind the others.
    pub(super) fn all(&self) -> Box<[Value]> {
        self.0.as_deref().cloned().unwrap_or_default()
    }
}

/// The guards of slots that a slot is built on. Most are built on one at most, which takes no list, and every idle user has slots.
#[derive(Default)]
pub(super) struct Guards {
    first: Option<Rc<dyn DependencyGuard>>,
    #[expect(
        clippy::box_collection,
        reason = "the place of a list is three times as large, and every idle user has it"
    )]
    others: Option<Box<Vec<Rc<dyn DependencyGuard>>>>,
}

impl Guards {
    /// Those of the slots `on`.
    pub(super) fn of(on: &[&dyn Dependency]) -> Self {
        let mut guards = Self::default();
        for slot in on {
            guards.push(slot.guard());
        }
        guards
    }

    fn push(&mut self, guard: Rc<dyn DependencyGuard>) {
        if self.first.is_none() {
            self.first = Some(guard);
        } else {
            self.others.get_or_insert_default().push(guard);
        }
    }

    /// The slot that is built on them is over.
    pub(super) fn release(self) {
        if let Some(guard) = self.first {
            guard.release();
        }
        for guard in *self.others.unwrap_or_default() {
            guard.release();
        }
    }
}

/// A creation that failed.
pub(super) struct Failed {
    pub(super) fault: Fault,
    /// For whom it was: the next one tries again.
    pub(super) asker: Asker,
}

impl<A: Asset> Inner<A> {
    /// One more slot that this one is built on.
    pub(super) fn depends_on(&self, guard: Rc<dyn DependencyGuard>) {
        let mut guards = self.guards.take();
        guards.push(guard);
        self.guards.set(guards);
    }

    /// Wakes whoever waits for the change.
    pub(super) fn set(&self, state: State<A>) {
        *self.state.borrow_mut() = state;
        self.changed.wake();
    }
}
