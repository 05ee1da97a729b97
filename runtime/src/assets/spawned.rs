//! The tasks that an asset spawned: they run on its thread beside its steps, and end with it.
//!
//! ```text
//! AssetCx -spawn-> SpawnedTasks <-joined or dropped by- the task that creates or destroys the asset
//! ```

use crate::context::WorkerContext;
use crate::fault::{Fault, FaultText};
use crate::flow::Running;
use crate::info::{Lifetime, ResourceInfo};
use crate::panic;
use crate::task;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

/// How long a creation may take, and a destruction with the ends of all tasks.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// The tasks of one asset.
#[derive(Debug, Default)]
pub(super) struct SpawnedTasks {
    running: RefCell<Slab<RunningTask>>,
    /// Its asset is over: nothing is spawned any more.
    over: Cell<bool>,
    /// One of them ended. The task that destroys the asset is the only one that waits.
    one_less: Notify,
}

#[derive(Debug)]
struct RunningTask {
    name: &'static str,
    handle: AbortHandle,
}

impl SpawnedTasks {
    /// For an asset that may have tasks: one of a worker or of the run. The assets of users and iterations are many, and
    /// are polled by their user instead.
    pub(super) fn of(info: &ResourceInfo) -> Option<Rc<Self>> {
        (info.lifetime() <= Lifetime::Worker).then(Rc::default)
    }

    /// Starts a task on this thread.
    ///
    /// # Errors
    /// The asset is over.
    pub(super) fn spawn(
        self: &Rc<Self>,
        worker: &Rc<WorkerContext>,
        name: &'static str,
        work: Running<'static, ()>,
    ) -> Result<(), Fault> {
        if self.over.get() {
            let text = format_args!("its task `{name}` cannot begin, for it is destroyed");
            return Err(Fault::new("asset", FaultText::plain(text)));
        }
        let mut running = self.running.borrow_mut();
        let entry = running.vacant_entry();
        let task = SpawnedTask {
            work: Some(work),
            key: entry.key(),
            worker: Rc::clone(worker),
            tasks: Rc::clone(self),
        };
        let handle = task::spawn(Box::pin(task)).abort_handle();
        entry.insert(RunningTask { name, handle });
        Ok(())
    }

    /// Waits for all of them until `deadline`; then those that are left are dropped. Nothing can be spawned afterwards.
    ///
    /// # Errors
    /// Some had to be dropped: the fault names them. `limit` is the time that they had.
    pub(super) async fn end(&self, deadline: Instant, limit: Duration) -> Result<(), Fault> {
        if timeout_at(deadline, self.until_none()).await.is_ok() {
            self.over.set(true);
            return Ok(());
        }
        let mut names: Vec<_> = self
            .running
            .borrow()
            .iter()
            .map(|(_, task)| task.name)
            .collect();
        names.sort_unstable();
        names.dedup();
        self.drop_all().await;
        let (what, were) = match names.as_slice() {
            [_] => ("task", "was"),
            _ => ("tasks", "were"),
        };
        let (names, limit) = (names.join("`, `"), bggo_values::duration::format(limit));
        let text = FaultText::plain(format_args!(
            "its {what} `{names}` did not end within {limit} and {were} dropped"
        ));
        Err(Fault::new("timeout", text))
    }

    /// Drops them; completes when they are gone. Nothing can be spawned afterwards. (Boxed, for generic code calls it: so it is compiled
    /// once.)
    #[inline(never)]
    pub(super) fn drop_all(&self) -> Running<'_, ()> {
        Box::pin(async {
            self.start_dropping();
            self.until_none().await;
        })
    }

    /// The same for one who cannot wait: each is gone once its thread comes to it.
    pub(super) fn start_dropping(&self) {
        self.over.set(true);
        // Not while it is borrowed: a task that is dropped leaves it.
        let running = self.running.borrow();
        let handles: Vec<_> = running
            .iter()
            .map(|(_, task)| task.handle.clone())
            .collect();
        drop(running);
        for handle in handles {
            handle.abort();
        }
    }

    async fn until_none(&self) {
        while !self.running.borrow().is_empty() {
            self.one_less.notified().await;
        }
    }
}

/// A task of an asset. A panic in it ends the run as a bug, and its asset is destroyed all the same.
struct SpawnedTask {
    work: Option<Running<'static, ()>>,
    key: usize,
    worker: Rc<WorkerContext>,
    tasks: Rc<SpawnedTasks>,
}

impl Future for SpawnedTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(work) = &mut self.work else {
            return Poll::Ready(());
        };
        match panic::caught(|| work.as_mut().poll(cx)) {
            Ok(poll) => poll,
            Err(text) => {
                self.worker.panicked(&text);
                Poll::Ready(())
            }
        }
    }
}

impl Drop for SpawnedTask {
    fn drop(&mut self) {
        let work = self.work.take();
        // What it holds is dropped before anybody hears that it is gone; that is code of the module, which may panic.
        if let Err(text) = panic::caught(|| drop(work)) {
            self.worker.panicked(&text);
        }
        self.tasks.running.borrow_mut().try_remove(self.key);
        self.tasks.one_less.notify_one();
    }
}
