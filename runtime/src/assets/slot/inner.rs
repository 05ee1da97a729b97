//! What a slot, the tasks that create and destroy its asset, and whoever waits for it share.
//!
//! The type of the asset matters in `Inner` alone. All else sees `Common` and `AnySlot`, so that it is compiled once and not with each
//! module.

use super::super::asset::Asset;
use super::super::dependency::{Dependency, DependencyGuard};
use super::super::settling::Settling;
use super::super::spawned::SpawnedTasks;
use crate::context::{Asker, WorkerContext};
use crate::fault::Fault;
use crate::flow::Running;
use crate::info::ResourceInfo;
use crate::panic;
use crate::wakers::RareWakers;
use bggo_values::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// The state of a slot.
pub(super) struct Inner<A: Asset> {
    pub(super) common: Common,
    pub(super) state: RefCell<State<A>>,
}

/// What there is. It counts once its creation is over.
pub(super) enum State<A> {
    Empty,
    Ready(Arc<A>),
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

/// The part of a slot that knows nothing of the type of its asset. Every idle user has some, so what is rare is in a box.
pub(super) struct Common {
    pub(super) worker: Rc<WorkerContext>,
    pub(super) info: &'static ResourceInfo,
    /// Users that are still to come in a functional run; the last one destroys. 0 under load: only the scope destroys.
    pub(super) users: Cell<u32>,
    /// Slots built on this one that are not over.
    pub(super) dependents: Cell<u32>,
    /// That of the first slot that this one is built on.
    guard: Cell<Option<Rc<dyn DependencyGuard>>>,
    rare: Cell<Option<Box<Rare>>>,
    pub(super) is_creating: Cell<bool>,
    pub(super) ending: Cell<bool>,
    pub(super) over: Cell<bool>,
    pub(super) changed: RareWakers,
}

/// What few slots have.
#[derive(Default)]
struct Rare {
    /// What a grid can read of the asset, if it is not all null.
    exports: Box<[Value]>,
    /// The tasks of the asset that is there or being created, where it may have some.
    tasks: Option<Rc<SpawnedTasks>>,
    /// The guards of all slots but the first that this one is built on.
    guards: Vec<Rc<dyn DependencyGuard>>,
}

impl Common {
    pub(super) fn new(
        (worker, info): (&Rc<WorkerContext>, &'static ResourceInfo),
        users: u32,
        on: &[&dyn Dependency],
    ) -> Self {
        let common = Self {
            users: Cell::new(if worker.functional { users } else { 0 }),
            worker: Rc::clone(worker),
            info,
            dependents: Cell::new(0),
            guard: Cell::default(),
            rare: Cell::default(),
            is_creating: Cell::new(false),
            ending: Cell::new(false),
            over: Cell::new(false),
            changed: RareWakers::default(),
        };
        for slot in on {
            common.depends_on(slot.guard());
        }
        common
    }

    /// One more slot that this one is built on.
    pub(super) fn depends_on(&self, guard: Rc<dyn DependencyGuard>) {
        match self.guard.take() {
            None => self.guard.set(Some(guard)),
            first => {
                self.guard.set(first);
                self.with_rare(|rare| rare.guards.push(guard));
            }
        }
    }

    /// It is over: those that it is built on may end.
    pub(super) fn release_guards(&self) {
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
        let rare = self.rare.take();
        for guard in rare.into_iter().flat_map(|rare| rare.guards) {
            guard.release();
        }
    }

    /// The creation is over, and whoever waits for it goes on.
    pub(super) fn creation_is_over(&self) {
        self.is_creating.set(false);
        self.changed.wake();
    }

    /// The tasks of the asset that is there, if it may have some. They are not those of the slot any more.
    pub(super) fn take_tasks(&self) -> Option<Rc<SpawnedTasks>> {
        self.replace_tasks(None)
    }

    /// These are the tasks from now on. Returns those before.
    pub(super) fn replace_tasks(
        &self,
        tasks: Option<Rc<SpawnedTasks>>,
    ) -> Option<Rc<SpawnedTasks>> {
        self.with_rare(|rare| std::mem::replace(&mut rare.tasks, tasks))
    }

    /// Number `i` of what can be read of the asset.
    pub(super) fn export(&self, i: usize) -> Value {
        let rare = self.rare.take();
        let export = rare.as_ref().and_then(|rare| rare.exports.get(i).cloned());
        self.rare.set(rare);
        export.unwrap_or(Value::Null)
    }

    /// All of it. Where all is null, there may be nothing.
    pub(super) fn exports(&self) -> Box<[Value]> {
        self.with_rare(|rare| rare.exports.clone())
    }

    /// This can be read of the asset.
    fn keep_exports(&self, exports: Box<[Value]>) {
        let has_some = exports.iter().any(|export| !export.is_null());
        let exports = if has_some { exports } else { Box::default() };
        self.with_rare(|rare| rare.exports = exports);
    }

    /// Nothing of this calls what may reach the slot.
    fn with_rare<T>(&self, change: impl FnOnce(&mut Rare) -> T) -> T {
        let Some(mut rare) = self.rare.take() else {
            let mut rare = Rare::default();
            let changed = change(&mut rare);
            if !rare.is_empty() {
                self.rare.set(Some(Box::new(rare)));
            }
            return changed;
        };
        let changed = change(&mut rare);
        if !rare.is_empty() {
            self.rare.set(Some(rare));
        }
        changed
    }
}

impl Rare {
    fn is_empty(&self) -> bool {
        self.exports.is_empty() && self.tasks.is_none() && self.guards.is_empty()
    }
}

/// What destroys an asset.
pub(super) type Destroying = Running<'static, Result<(), Fault>>;

/// A slot to the tasks that create and destroy its asset.
pub(super) trait AnySlot {
    fn common(&self) -> &Common;
    /// There is no asset, since its creation failed.
    fn fails(&self, failed: Failed);
    /// What ends what an iteration has left open on the asset, if it is there and ever leaves something open.
    fn settling(&self) -> Option<Destroying>;
    /// There is no asset from now on.
    fn ends(&self) -> Ended;
}

/// What becomes of the asset of a slot that ends.
pub(super) enum Ended {
    /// There was none.
    None,
    /// This destroys it.
    Asset(Destroying),
    /// Something still holds it.
    Held,
}

/// How a creation went.
pub(super) enum Made {
    /// The slot has the asset.
    Asset,
    /// What the asset exports cannot be read. This destroys it.
    Unreadable(Destroying),
    Failed(Fault),
}

impl<A: Asset> AnySlot for Inner<A> {
    fn common(&self) -> &Common {
        &self.common
    }

    fn fails(&self, failed: Failed) {
        *self.state.borrow_mut() = State::Failed(Box::new(failed));
    }

    fn settling(&self) -> Option<Destroying> {
        if !A::SETTLES {
            return None;
        }
        let State::Ready(asset) = &*self.state.borrow() else {
            return None;
        };
        let (asset, worker) = (Arc::clone(asset), Rc::clone(&self.common.worker));
        let info = self.common.info;
        Some(Box::pin(async move {
            asset.settle(&Settling::new(&worker, info)).await
        }))
    }

    fn ends(&self) -> Ended {
        let state = std::mem::replace(&mut *self.state.borrow_mut(), State::Over);
        let State::Ready(asset) = state else {
            return Ended::None;
        };
        match Arc::try_unwrap(asset) {
            Ok(asset) => Ended::Asset(destroying(asset)),
            Err(_) => Ended::Held,
        }
    }
}

impl<A: Asset> Inner<A> {
    /// The asset is made. Everything of the module that may panic is caught.
    pub(super) fn takes(&self, asset: A) -> Made {
        match panic::caught_silently(|| asset.exports().into()) {
            Some(exports) => {
                self.common.keep_exports(exports);
                *self.state.borrow_mut() = State::Ready(Arc::new(asset));
                Made::Asset
            }
            // It was made, so it is destroyed as any other; nobody gets hold of it.
            None => Made::Unreadable(destroying(asset)),
        }
    }
}

/// What destroys an asset. Nothing of the module runs before it is polled.
pub(super) fn destroying<A: Asset>(asset: A) -> Destroying {
    Box::pin(async move { asset.destroy().await })
}
