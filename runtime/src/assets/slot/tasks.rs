//! The tasks that create and destroy an asset: nobody who waits for them owns them.
//!
//! What does not depend on the type of the asset is boxed in functions that are not generic, so that it is compiled once and not with
//! each module.

use super::super::asset::{Asset, Making};
use super::super::settling::Settling;
use super::super::spawned::{LIMIT, SpawnedTasks};
use super::inner::{Failed, Inner, State};
use super::wait::{Ending, Quiet};
use crate::context::{Asker, WorkerContext};
use crate::event::ResourceEvent;
use crate::fault::{Fault, FaultText};
use crate::flow::Running;
use crate::info::ResourceInfo;
use crate::panic;
use crate::task;
use futures_util::future::select;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::{Instant, timeout, timeout_at};

/// An asset that is spent, with its tasks.
type Spent<A> = (A, Option<Rc<SpawnedTasks>>);

/// The task that creates an asset, and before that destroys the one in whose place it comes.
pub(super) async fn create<A: Asset>(
    slot: Rc<Inner<A>>,
    asker: Asker,
    (spent, mut making): (Option<Spent<A>>, Making<A>),
) {
    let unfinished = Unfinished { slot: &slot, asker };
    if let Some((asset, tasks)) = spent {
        destroy_and_tell(Owner::of(&slot), Box::pin(asset.destroy()), tasks).await;
    }
    let began = slot.worker.now();
    let mut made = None;
    let work = pin!(poll_fn(|cx| {
        let result = making.as_mut().poll(cx);
        result.map(|result| made = Some(result))
    }));
    until_made_or_cut(work, pin!(Ending::new(&slot))).await;
    let result = made.unwrap_or_else(|| Err(too_long("creation")));
    drop(making);
    let took = slot.worker.now().saturating_duration_since(began);
    let end = match result {
        Ok(asset) => match panic::caught_silently(|| asset.exports().into()) {
            Some(exports) => {
                slot.worker
                    .resource_event(slot.info, ResourceEvent::Created { took });
                State::Ready(Arc::new(asset), exports)
            }
            None => {
                let state = failed(
                    &slot,
                    asker,
                    bug("what it exports could not be read, for it panicked"),
                );
                // It was made, so it is destroyed as any other; nobody gets hold of it.
                let tasks = slot.tasks.take();
                let (owner, destroying) = (Owner::of(&slot), Box::pin(asset.destroy()));
                if let Err(fault) = destroyed(&owner, destroying, tasks).await {
                    owner.tell_destroy_failed(fault);
                }
                state
            }
        },
        Err(fault) => {
            // What it began on the way ends with it.
            if let Some(tasks) = slot.tasks.take() {
                tasks.drop_all().await;
            }
            failed(&slot, asker, fault)
        }
    };
    // Everything of the module that may panic is behind us.
    std::mem::forget(unfinished);
    slot.set(end);
}

/// Completes when a creation has ended or its time is over. Once the end of its asset is wanted, it has as long as a destruction has.
#[inline(never)]
fn until_made_or_cut<'a>(
    made: Pin<&'a mut (dyn Future<Output = ()> + 'a)>,
    ending: Pin<&'a mut (dyn Future<Output = ()> + 'a)>,
) -> Running<'a, ()> {
    Box::pin(async move {
        let cut = pin!(async {
            ending.await;
            tokio::time::sleep(LIMIT).await;
        });
        // Whoever waits knows which it was.
        let _ = timeout(LIMIT, select(made, cut)).await;
    })
}

/// Tells of a creation that failed.
fn tell_failed<A: Asset>(slot: &Inner<A>, fault: &Fault) {
    let fault = fault.clone();
    slot.worker
        .resource_event(slot.info, ResourceEvent::CreateFailed { fault });
}

/// The same of one that panicked before it was under way; what whoever waits for it hears.
pub(super) fn creation_panicked<A: Asset>(slot: &Inner<A>) -> Fault {
    let fault = bug("its creation panicked");
    tell_failed(slot, &fault);
    Fault::asset(slot.info, &fault)
}

/// Tells of a creation that failed; what the slot becomes.
fn failed<A: Asset>(slot: &Inner<A>, asker: Asker, fault: Fault) -> State<A> {
    tell_failed(slot, &fault);
    State::Failed(Box::new(Failed { fault, asker }))
}

/// Whose asset it is: where what becomes of it is told.
struct Owner {
    worker: Rc<WorkerContext>,
    info: &'static ResourceInfo,
}

impl Owner {
    fn of<A: Asset>(slot: &Inner<A>) -> Self {
        Self {
            worker: Rc::clone(&slot.worker),
            info: slot.info,
        }
    }

    /// Tells of a destruction that failed.
    fn tell_destroy_failed(&self, fault: Fault) {
        let event = ResourceEvent::DestroyFailed { fault };
        self.worker.resource_event(self.info, event);
    }
}

fn bug(what: &str) -> Fault {
    let text = format_args!("{what}: this is a bug of the module");
    Fault::new("bug", FaultText::plain(text))
}

fn too_long(what: &str) -> Fault {
    let limit = bggo_values::duration::format(LIMIT);
    let text = format_args!("its {what} took longer than {limit}");
    Fault::new("timeout", FaultText::plain(text))
}

/// A creation that panics still fails whoever waits for it.
struct Unfinished<'a, A: Asset> {
    slot: &'a Inner<A>,
    asker: Asker,
}

impl<A: Asset> Drop for Unfinished<'_, A> {
    fn drop(&mut self) {
        if let Some(tasks) = self.slot.tasks.take() {
            tasks.start_dropping();
        }
        let state = failed(self.slot, self.asker, bug("its creation panicked"));
        self.slot.set(state);
    }
}

/// The task that destroys an asset: after its creation, and after all that is built on it.
pub(super) async fn destroy<A: Asset>(slot: Rc<Inner<A>>) {
    slot.changed.wake();
    Quiet::new(&slot).await;
    let state = std::mem::replace(&mut *slot.state.borrow_mut(), State::Over);
    if let State::Ready(asset, _) = state {
        if A::SETTLES {
            settle(&slot, &asset).await;
        }
        let tasks = slot.tasks.take();
        match Arc::try_unwrap(asset) {
            Ok(asset) => {
                destroy_and_tell(Owner::of(&slot), Box::pin(asset.destroy()), tasks).await;
            }
            Err(_) => {
                if let Some(tasks) = tasks {
                    tasks.drop_all().await;
                }
                let text = "something still holds it, so it was left alone: this is a bug of bggo";
                Owner::of(&slot).tell_destroy_failed(Fault::new("asset", text));
            }
        }
    }
    for guard in slot.guards.take() {
        guard.release();
    }
    slot.over.set(true);
    slot.changed.wake();
}

/// Lets an asset end what an iteration has left open on it.
pub(super) async fn settle<A: Asset>(slot: &Inner<A>, asset: &A) {
    let end = Settling::new(&slot.worker, slot.info);
    settled(Owner::of(slot), Box::pin(asset.settle(&end))).await;
}

/// Waits for that within the limit of a destruction, and tells where it failed.
#[inline(never)]
fn settled(owner: Owner, mut settling: Running<'_, Result<(), Fault>>) -> Running<'_, ()> {
    Box::pin(async move {
        // A panic in a module's `settle` is a failure like any other.
        let caught = poll_fn(|cx| {
            let polled = panic::caught_silently(|| settling.as_mut().poll(cx));
            polled
                .unwrap_or_else(|| Poll::Ready(Err(bug("it panicked at the end of an iteration"))))
        });
        let result = timeout(LIMIT, caught).await;
        if let Err(fault) =
            result.unwrap_or_else(|_| Err(too_long("work at the end of an iteration")))
        {
            let event = ResourceEvent::SettleFailed { fault };
            owner.worker.resource_event(owner.info, event);
        }
    })
}

/// What destroys an asset.
type Destroying = Running<'static, Result<(), Fault>>;

/// Destroys an asset and its tasks, and tells of it.
#[inline(never)]
fn destroy_and_tell(
    owner: Owner,
    destroying: Destroying,
    tasks: Option<Rc<SpawnedTasks>>,
) -> Running<'static, ()> {
    Box::pin(async move {
        let began = owner.worker.now();
        let result = destroyed(&owner, destroying, tasks).await;
        let took = owner.worker.now().saturating_duration_since(began);
        match result {
            Ok(()) => owner
                .worker
                .resource_event(owner.info, ResourceEvent::Destroyed { took }),
            Err(fault) => owner.tell_destroy_failed(fault),
        }
    })
}

/// Destroys an asset, then waits for its tasks, all within one limit.
#[inline(never)]
fn destroyed(
    owner: &Owner,
    destroying: Destroying,
    tasks: Option<Rc<SpawnedTasks>>,
) -> Running<'_, Result<(), Fault>> {
    Box::pin(async move {
        let deadline = Instant::now() + LIMIT;
        // A task of its own, so that a panic in a module's `destroy` is a failure like any other.
        let outcome = Rc::new(Cell::new(None));
        let tells = Rc::clone(&outcome);
        let mut task = task::spawn(Box::pin(async move {
            tells.set(Some(destroying.await));
        }));
        let result = match timeout_at(deadline, &mut task).await {
            Ok(_) => outcome
                .take()
                .unwrap_or_else(|| Err(bug("its destruction panicked"))),
            Err(_) => {
                task.abort();
                Err(too_long("destruction"))
            }
        };
        let Some(tasks) = tasks else {
            return result;
        };
        match (result, tasks.end(deadline, LIMIT).await) {
            (result, Ok(())) => result,
            (Ok(()), Err(fault)) => Err(fault),
            (Err(first), Err(fault)) => {
                owner.tell_destroy_failed(first);
                Err(fault)
            }
        }
    })
}
