//! The tasks that create and destroy an asset: nobody who waits for them owns them.

use super::super::asset::{Asset, AssetCx, LIMIT, Making};
use super::inner::{Inner, State};
use super::wait::{Ending, Quiet};
use crate::event::ResourceEvent;
use crate::fault::{Fault, FaultText};
use crate::panic;
use futures_util::future::{Either, select};
use std::rc::Rc;
use std::sync::Arc;

/// The task that creates an asset.
pub(super) async fn create<A: Asset>(slot: Rc<Inner<A>>, cx: AssetCx, mut making: Making<A>) {
    let began = slot.worker.now();
    let unfinished = Unfinished { slot: &slot, cx };
    // Once the end is wanted, the creation has as long as a destruction has.
    let cut = async {
        Ending::new(&slot).await;
        tokio::time::sleep(LIMIT).await;
    };
    let cut = std::pin::pin!(cut);
    let result = match tokio::time::timeout(LIMIT, select(&mut making, cut)).await {
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
                    cx,
                    bug("what it exports could not be read, for it panicked"),
                );
                // It was made, so it is destroyed as any other; nobody gets hold of it.
                if let Err(fault) = destroyed(asset).await {
                    let event = ResourceEvent::DestroyFailed { fault };
                    slot.worker.resource_event(slot.info, event);
                }
                state
            }
        },
        Err(fault) => failed(&slot, cx, fault),
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
fn failed<A: Asset>(slot: &Inner<A>, cx: AssetCx, fault: Fault) -> State<A> {
    tell_failed(slot, &fault);
    State::Failed {
        fault,
        asker: cx.asker(),
    }
}

fn bug(what: &str) -> Fault {
    let text = FaultText::plain(what).and(": this is a bug of the module");
    Fault::new("bug", text)
}

fn too_long(what: &str) -> Fault {
    Fault::new(
        "timeout",
        FaultText::plain(format_args!(
            "its {what} took longer than {}",
            bggo_values::duration::format(LIMIT)
        )),
    )
}

/// A creation that panics still fails whoever waits for it.
struct Unfinished<'a, A: Asset> {
    slot: &'a Inner<A>,
    cx: AssetCx,
}

impl<A: Asset> Drop for Unfinished<'_, A> {
    fn drop(&mut self) {
        let state = failed(self.slot, self.cx, bug("its creation panicked"));
        self.slot.set(state);
    }
}

/// The task that destroys an asset: after its creation, and after all that is built on it.
pub(super) async fn destroy<A: Asset>(slot: Rc<Inner<A>>) {
    slot.changed.wake();
    Quiet::new(&slot).await;
    let state = std::mem::replace(&mut *slot.state.borrow_mut(), State::Over);
    if let State::Ready(asset, _) = state {
        let began = slot.worker.now();
        let result = match Arc::try_unwrap(asset) {
            Ok(asset) => destroyed(asset).await,
            Err(_) => Err(Fault::new(
                "asset",
                "something still holds it, so it was left alone: this is a bug of bggo",
            )),
        };
        let took = slot.worker.now().saturating_duration_since(began);
        let event = match result {
            Ok(()) => ResourceEvent::Destroyed { took },
            Err(fault) => ResourceEvent::DestroyFailed { fault },
        };
        slot.worker.resource_event(slot.info, event);
    }
    for guard in slot.guards.take() {
        guard.release();
    }
    slot.over.set(true);
    slot.changed.wake();
}

/// A task of its own, so that a panic in a module's `destroy` is a failure like any other.
async fn destroyed<A: Asset>(asset: A) -> Result<(), Fault> {
    let mut task = tokio::task::spawn_local(asset.destroy());
    match tokio::time::timeout(LIMIT, &mut task).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(bug("its destruction panicked")),
        Err(_) => {
            task.abort();
            Err(too_long("destruction"))
        }
    }
}
