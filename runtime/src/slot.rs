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

use crate::contract::{Asset, Running};
use crate::engine::{AssetEvent, Thread};
use crate::fault::Fault;
use crate::info::ResourceInfo;
use crate::scope::Scope;
use crate::step::It;
use crate::wakers::{Waiting, Wakers};
use bggo_values::Value;
use futures_util::future::{Either, select};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
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
            tokio::task::spawn_local(create(Rc::clone(&self.0), cx, making));
        }
        Get {
            slot: &self.0,
            waiting: Waiting::default(),
        }
    }

    /// It is built on one more slot.
    pub fn stand_on(&self, below: &dyn Below) {
        self.0.below.borrow_mut().push(below.hold());
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
        Box::pin(async move {
            IsOver {
                slot: &self,
                waiting: Waiting::default(),
            }
            .await;
        })
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
            tokio::task::spawn_local(destroy(Rc::clone(self)));
        }
    }

    fn set(&self, state: State<A>) {
        *self.state.borrow_mut() = state;
        self.changed.wake();
    }
}

/// The task that creates an asset.
async fn create<A: Asset>(slot: Rc<Inner<A>>, cx: AssetCx, mut making: Making<A>) {
    let began = slot.thread.now();
    let unfinished = Unfinished { slot: &slot, cx };
    // Once the end is wanted, the creation has as long as a destruction has.
    let cut = async {
        Ending {
            slot: &slot,
            waiting: Waiting::default(),
        }
        .await;
        tokio::time::sleep(LIMIT).await;
    };
    let cut = std::pin::pin!(cut);
    let result = match tokio::time::timeout(LIMIT, select(&mut making, cut)).await {
        Ok(Either::Left((result, _))) => result,
        Ok(Either::Right(_)) | Err(_) => Err(too_long("creation")),
    };
    drop(making);
    std::mem::forget(unfinished);
    let took = slot.thread.now().saturating_duration_since(began);
    match result {
        Ok(asset) => {
            let exports = asset.exports().into();
            slot.thread
                .asset_event(slot.info, AssetEvent::Created { took });
            slot.set(State::Ready(Arc::new(asset), exports));
        }
        Err(fault) => fail(&slot, cx, fault),
    }
}

fn fail<A: Asset>(slot: &Inner<A>, cx: AssetCx, fault: Fault) {
    slot.thread
        .asset_event(slot.info, AssetEvent::CreateFailed { fault: &fault });
    slot.set(State::Failed {
        fault,
        vu: cx.vu,
        iteration: cx.iteration,
    });
}

fn too_long(what: &str) -> Fault {
    Fault::new(
        "timeout",
        format!(
            "its {what} took longer than {}",
            bggo_values::duration::format(LIMIT)
        ),
    )
}

/// A creation that panics still fails whoever waits for it.
struct Unfinished<'a, A: Asset> {
    slot: &'a Inner<A>,
    cx: AssetCx,
}

impl<A: Asset> Drop for Unfinished<'_, A> {
    fn drop(&mut self) {
        fail(
            self.slot,
            self.cx,
            Fault::new("bug", "its creation panicked: this is a bug of the module"),
        );
    }
}

/// The task that destroys an asset: after its creation, and after all that is built on it.
async fn destroy<A: Asset>(slot: Rc<Inner<A>>) {
    slot.changed.wake();
    Quiet {
        slot: &slot,
        waiting: Waiting::default(),
    }
    .await;
    let state = std::mem::replace(&mut *slot.state.borrow_mut(), State::Over);
    if let State::Ready(asset, _) = state {
        let began = slot.thread.now();
        let result = match Arc::try_unwrap(asset) {
            Ok(asset) => destroyed(asset).await,
            Err(_) => Err(Fault::new(
                "asset",
                "something still holds it, so it was left alone: this is a bug of bggo",
            )),
        };
        let took = slot.thread.now().saturating_duration_since(began);
        match &result {
            Ok(()) => slot
                .thread
                .asset_event(slot.info, AssetEvent::Destroyed { took }),
            Err(fault) => slot
                .thread
                .asset_event(slot.info, AssetEvent::DestroyFailed { fault }),
        }
    }
    for hold in slot.below.take() {
        hold.release();
    }
    slot.over.set(true);
    slot.changed.wake();
}

/// A task of its own, so that a panic in a module's `destroy` is a failure like any other.
async fn destroyed<A: Asset>(asset: A) -> Result<(), Fault> {
    let mut task = tokio::task::spawn_local(asset.destroy());
    match tokio::time::timeout(LIMIT, &mut task).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Fault::new(
            "bug",
            "its destruction panicked: this is a bug of the module",
        )),
        Err(_) => {
            task.abort();
            Err(too_long("destruction"))
        }
    }
}

macro_rules! waits {
    ($(#[$doc:meta])* $name:ident, $slot:ident => $done:expr) => {
        $(#[$doc])*
        struct $name<'a, A: Asset> {
            slot: &'a Inner<A>,
            waiting: Waiting,
        }

        impl<A: Asset> Future for $name<'_, A> {
            type Output = ();

            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                let $slot = self.slot;
                if $done {
                    return Poll::Ready(());
                }
                $slot.changed.wait(&mut self.waiting, cx);
                Poll::Pending
            }
        }

        impl<A: Asset> Drop for $name<'_, A> {
            fn drop(&mut self) {
                self.slot.changed.leave(&mut self.waiting);
            }
        }
    };
}

waits!(
    /// Nothing is being created any more, and nothing is built on the slot.
    Quiet, slot => slot.above.get() == 0 && !matches!(*slot.state.borrow(), State::Creating)
);
waits!(
    /// The slot's end is wanted.
    Ending, slot => slot.ending.get()
);
waits!(
    /// The asset is destroyed, and what it stood on is let go.
    IsOver, slot => slot.over.get()
);

/// See [`Slot::get`].
pub struct Get<'a, A: Asset> {
    slot: &'a Inner<A>,
    waiting: Waiting,
}

impl<A: Asset> Future for Get<'_, A> {
    type Output = Result<Arc<A>, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let slot = self.slot;
        let result = match &*slot.state.borrow() {
            // Once its end is wanted nobody gets hold of it any more, or it could not be destroyed.
            State::Ready(asset, _) if !slot.ending.get() => Ok(Arc::clone(asset)),
            State::Failed { fault, .. } => Err(Fault::asset(slot.info, fault)),
            State::Creating => {
                slot.changed.wait(&mut self.waiting, cx);
                return Poll::Pending;
            }
            State::Empty | State::Ready(..) | State::Over => Err(Fault::no_asset(slot.info)),
        };
        Poll::Ready(result)
    }
}

impl<A: Asset> Drop for Get<'_, A> {
    fn drop(&mut self) {
        self.slot.changed.leave(&mut self.waiting);
    }
}

#[cfg(test)]
mod tests;
