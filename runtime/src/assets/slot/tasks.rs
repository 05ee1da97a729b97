//! The tasks that create and destroy an asset: nobody who waits for them owns them.
//!
//! They know nothing of the type of the asset, so that they are compiled once and not with each module.

use super::super::spawned::{LIMIT, SpawnedTasks};
use super::inner::{AnySlot, Common, Destroying, Ended, Failed, Made};
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
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use tokio::time::{Instant, timeout, timeout_at};

/// What destroys an asset that is spent, and its tasks.
type Spent = (Destroying, Option<Rc<SpawnedTasks>>);

/// Starts the task that creates an asset, and before that destroys the one in whose place it comes.
pub(super) fn start_creation(
    slot: Rc<dyn AnySlot>,
    asker: Asker,
    making: (Option<Spent>, Running<'static, Made>),
) {
    task::spawn(Box::pin(create(slot, asker, making)));
}

async fn create(
    slot: Rc<dyn AnySlot>,
    asker: Asker,
    (spent, mut making): (Option<Spent>, Running<'static, Made>),
) {
    let unfinished = Unfinished {
        slot: &*slot,
        asker,
    };
    let common = slot.common();
    if let Some((destroying, tasks)) = spent {
        destroy_and_tell(Owner::of(common), destroying, tasks).await;
    }
    let began = common.worker.now();
    let mut made = None;
    let work = pin!(poll_fn(|cx| {
        let result = making.as_mut().poll(cx);
        result.map(|result| made = Some(result))
    }));
    // Once the end of its asset is wanted, it has as long as a destruction has.
    let cut = pin!(async {
        Ending::new(common).await;
        tokio::time::sleep(LIMIT).await;
    });
    // Whether it was made says which it was.
    let _ = timeout(LIMIT, select(work, cut)).await;
    let made = made.unwrap_or_else(|| Made::Failed(too_long("creation")));
    drop(making);
    let took = common.worker.now().saturating_duration_since(began);
    match made {
        Made::Asset => {
            let event = ResourceEvent::Created { took };
            common.worker.resource_event(common.info, event);
        }
        Made::Unreadable(destroying) => {
            let fault = bug("what it exports could not be read, for it panicked");
            tell_failed(common, &fault);
            let (owner, tasks) = (Owner::of(common), common.take_tasks());
            if let Err(fault) = destroyed(&owner, destroying, tasks).await {
                owner.tell_destroy_failed(fault);
            }
            slot.fails(Failed { fault, asker });
        }
        Made::Failed(fault) => {
            // What it began on the way ends with it.
            if let Some(tasks) = common.take_tasks() {
                tasks.drop_all().await;
            }
            tell_failed(common, &fault);
            slot.fails(Failed { fault, asker });
        }
    }
    // Everything of the module that may panic is behind us.
    std::mem::forget(unfinished);
    common.creation_is_over();
}

/// Tells of a creation that failed.
fn tell_failed(slot: &Common, fault: &Fault) {
    let fault = fault.clone();
    slot.worker
        .resource_event(slot.info, ResourceEvent::CreateFailed { fault });
}

/// The same of one that panicked before it was under way; what whoever waits for it hears.
pub(super) fn creation_panicked(slot: &Common) -> Fault {
    let fault = bug("its creation panicked");
    tell_failed(slot, &fault);
    Fault::asset(slot.info, &fault)
}

/// Whose asset it is: where what becomes of it is told.
struct Owner {
    worker: Rc<WorkerContext>,
    info: &'static ResourceInfo,
}

impl Owner {
    fn of(slot: &Common) -> Self {
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
struct Unfinished<'a> {
    slot: &'a dyn AnySlot,
    asker: Asker,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let common = self.slot.common();
        if let Some(tasks) = common.take_tasks() {
            tasks.start_dropping();
        }
        let fault = bug("its creation panicked");
        tell_failed(common, &fault);
        self.slot.fails(Failed {
            fault,
            asker: self.asker,
        });
        common.creation_is_over();
    }
}

/// The task that destroys an asset: after its creation, and after all that is built on it.
pub(super) async fn destroy(slot: Rc<dyn AnySlot>) {
    let common = slot.common();
    common.changed.wake();
    Quiet::new(common).await;
    if let Some(settling) = slot.settling() {
        settled(common, settling).await;
    }
    match slot.ends() {
        Ended::None => {}
        Ended::Asset(destroying) => {
            let tasks = common.take_tasks();
            destroy_and_tell(Owner::of(common), destroying, tasks).await;
        }
        Ended::Held => {
            if let Some(tasks) = common.take_tasks() {
                tasks.drop_all().await;
            }
            let text = "something still holds it, so it was left alone: this is a bug of bggo";
            Owner::of(common).tell_destroy_failed(Fault::new("asset", text));
        }
    }
    common.release_guards();
    common.over.set(true);
    common.changed.wake();
}

/// Lets an asset end what an iteration has left open on it, within the limit of a destruction, and tells where it failed.
pub(super) fn settled(slot: &Common, mut settling: Destroying) -> Running<'static, ()> {
    let owner = Owner::of(slot);
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

/// Destroys an asset and its tasks, and tells of it.
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
