//! The tasks that create and destroy an asset: nobody who waits for them owns them.

use super::super::asset::{Asset, Making};
use super::super::spawned::{LIMIT, SpawnedTasks};
use super::inner::{Failed, Inner, State};
use super::wait::{Ending, Quiet};
use crate::context::Asker;
use crate::event::ResourceEvent;
use crate::fault::{Fault, FaultText};
use crate::panic;
use crate::task;
use futures_util::future::{Either, select};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
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
        destroy_and_tell(&slot, asset, tasks).await;
    }
    let began = slot.worker.now();
    // Once the end is wanted, the creation has as long as a destruction has.
    let cut = async {
        Ending::new(&slot).await;
        tokio::time::sleep(LIMIT).await;
    };
    let cut = std::pin::pin!(cut);
    let result = match timeout(LIMIT, select(&mut making, cut)).await {
        Ok(Either::Left((result, _))) => result,
        Ok(Either::Right(_)) | Err(_) => Err(too_long("creation")),
    };
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
                if let Err(fault) = destroyed(&slot, asset, tasks).await {
                    tell_destroy_failed(&slot, fault);
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

/// Tells of a destruction that failed.
fn tell_destroy_failed<A: Asset>(slot: &Inner<A>, fault: Fault) {
    let event = ResourceEvent::DestroyFailed { fault };
    slot.worker.resource_event(slot.info, event);
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
        let tasks = slot.tasks.take();
        match Arc::try_unwrap(asset) {
            Ok(asset) => destroy_and_tell(&slot, asset, tasks).await,
            Err(_) => {
                if let Some(tasks) = tasks {
                    tasks.drop_all().await;
                }
                let text = "something still holds it, so it was left alone: this is a bug of bggo";
                tell_destroy_failed(&slot, Fault::new("asset", text));
            }
        }
    }
    for guard in slot.guards.take() {
        guard.release();
    }
    slot.over.set(true);
    slot.changed.wake();
}

/// Destroys an asset and its tasks, and tells of it.
async fn destroy_and_tell<A: Asset>(slot: &Inner<A>, asset: A, tasks: Option<Rc<SpawnedTasks>>) {
    let began = slot.worker.now();
    let result = destroyed(slot, asset, tasks).await;
    let took = slot.worker.now().saturating_duration_since(began);
    match result {
        Ok(()) => slot
            .worker
            .resource_event(slot.info, ResourceEvent::Destroyed { took }),
        Err(fault) => tell_destroy_failed(slot, fault),
    }
}

/// Destroys an asset, then waits for its tasks, all within one limit.
async fn destroyed<A: Asset>(
    slot: &Inner<A>,
    asset: A,
    tasks: Option<Rc<SpawnedTasks>>,
) -> Result<(), Fault> {
    let deadline = Instant::now() + LIMIT;
    // A task of its own, so that a panic in a module's `destroy` is a failure like any other.
    let outcome = Rc::new(Cell::new(None));
    let tells = Rc::clone(&outcome);
    let destroying = asset.destroy();
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
            tell_destroy_failed(slot, first);
            Err(fault)
        }
    }
}
