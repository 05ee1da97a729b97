//! What a runner or an asset is prepared from, once a worker thread.

use super::asset_clock::AssetClock;
use super::scope::Scope;
use super::spawned::{LIMIT, SpawnedTasks};
use crate::context::WorkerContext;
use crate::fault::Fault;
use crate::start::Start;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;

/// The worker thread for which a step or a resource is prepared. It comes before all users of that thread.
#[derive(Debug)]
pub struct Prepare<'a> {
    worker: &'a Rc<WorkerContext>,
    tasks: Rc<SpawnedTasks>,
}

impl<'a> Prepare<'a> {
    /// For one worker.
    pub fn new(worker: &'a Rc<WorkerContext>) -> Self {
        Self::with(worker, &Rc::default())
    }

    /// The same, whose tasks somebody else ends.
    pub(super) fn with(worker: &'a Rc<WorkerContext>, tasks: &Rc<SpawnedTasks>) -> Self {
        Self {
            worker,
            tasks: Rc::clone(tasks),
        }
    }

    /// How the program was started: its variables, and what the grid computes from them once.
    pub fn start(&self) -> &'a Arc<Start> {
        &self.worker.start
    }

    /// The clock of this thread, for a step that makes what an asset keeps otherwise, such as a session.
    pub fn clock(&self) -> AssetClock {
        AssetClock::of(self.worker)
    }

    /// How many of `total` things of the whole run are this thread's, as it is with virtual users: the shares of all threads, and of
    /// all hosts that share a run by `--segment`, add up to it.
    pub fn share(&self, total: u64) -> u64 {
        self.worker.segment.of(total)
    }

    /// Starts a task of what is prepared on this thread, such as one that shares connections among the users of the thread. `name`
    /// is what a report calls it. It needs no asset, so it may serve those of users and iterations, which have no tasks.
    ///
    /// When all users of the thread are gone and all its assets are destroyed, what was prepared is dropped. That tells its tasks to
    /// end: a task holds nothing that keeps `Ready` or the runner alive, and hears of its end by what it shares with it, such as
    /// a channel that closes or a flag that its `Drop` sets. Then the thread waits for its tasks, for as long as a destruction
    /// may take; those that are left are dropped and named, and the run ends with exit code 101.
    ///
    /// A task keeps no run alive, and a panic in it ends the run as a bug.
    ///
    /// # Errors
    /// The thread is at its end.
    pub fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + 'static,
    ) -> Result<(), Fault> {
        self.tasks.spawn(self.worker, name, Box::pin(task))
    }

    /// Ends the tasks of what was prepared, which is gone.
    pub(crate) async fn end(self) {
        end_prepared(self.worker, &self.tasks).await;
    }

    /// Drops the tasks of what could not be prepared; completes when they are gone.
    pub(crate) async fn give_up(self) {
        self.tasks.drop_all().await;
    }

    /// A scope for the assets of this worker.
    pub fn scope(&self) -> Scope {
        Scope::new(self.worker)
    }
}

/// Waits for tasks whose owners are gone, and reports those that do not end.
pub(super) async fn end_prepared(worker: &WorkerContext, tasks: &SpawnedTasks) {
    if let Err(fault) = tasks.end(Instant::now() + LIMIT, LIMIT).await {
        worker.prepared_did_not_end(&fault);
    }
}

#[cfg(test)]
mod tests;
