//! The trait of assets, and what one may ask of its surroundings.

use super::asset_clock::AssetClock;
use super::prepare::Prepare;
use super::settling::Settling;
use super::spawned::{LIMIT, SpawnedTasks};
use crate::clock::Moment;
use crate::context::{Asker, AssetMetrics, Deadline, WorkerContext};
use crate::fault::{Fault, FaultText};
use crate::flow::Running;
use crate::info::ResourceInfo;
use crate::shutdown::UntilCancelled;
use bggo_values::Value;
use bggo_values::context::WallClock;
use std::future::Future;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// What an asset may ask of its surroundings, in `create` and as long as it lives: for whom it was created, the clock, the
/// shutdown signal, tasks of its own. A clone costs little, so that an asset and its tasks may each keep one.
#[derive(Debug, Clone)]
pub struct AssetCx {
    info: &'static ResourceInfo,
    asker: Asker,
    worker: Rc<WorkerContext>,
    /// Of an asset of a worker or of the run.
    tasks: Option<Rc<SpawnedTasks>>,
}

impl AssetCx {
    pub(super) fn new(
        info: &'static ResourceInfo,
        asker: Asker,
        worker: &Rc<WorkerContext>,
        tasks: Option<Rc<SpawnedTasks>>,
    ) -> Self {
        Self {
            info,
            asker,
            worker: Rc::clone(worker),
            tasks,
        }
    }

    /// That of an asset of user 1 outside of a run, for the tests of a module. It has no tasks.
    pub fn alone(worker: &Rc<WorkerContext>) -> Self {
        static ALONE: ResourceInfo = ResourceInfo::new("asset", "alone", "alone:1");
        let asker = Asker {
            user: 1,
            iteration: 0,
            retries: 0,
        };
        Self::new(&ALONE, asker, worker, None)
    }

    /// The user and iteration that asked first.
    pub(crate) fn asker(&self) -> Asker {
        self.asker
    }

    /// The resource of the grid: its name and place.
    pub fn info(&self) -> &'static ResourceInfo {
        self.info
    }

    /// The user that asked first, from 1.
    pub fn vu(&self) -> u64 {
        self.asker.user
    }

    /// That user's iteration, from 0.
    pub fn iteration(&self) -> u64 {
        self.asker.iteration
    }

    /// Where it counts the metrics of its manifest. It may be kept as long as the asset lives.
    pub fn metrics(&self) -> AssetMetrics {
        AssetMetrics::new(&self.worker, self.info)
    }

    /// The longest time that the creation may take: one that takes longer is given up, and fails. A destruction has as
    /// long.
    pub fn limit(&self) -> Duration {
        LIMIT
    }

    /// What is left of this where nothing but the time is asked.
    pub fn clock(&self) -> AssetClock {
        AssetClock::of(&self.worker)
    }

    /// The clock of the run: monotonic, the same that measures steps.
    pub fn now(&self) -> Moment {
        self.worker.moment()
    }

    /// The wall clock, since 1970 in UTC: it was read once, at the start, and goes on with the clock of the run.
    pub fn since_1970(&self) -> Duration {
        self.worker.since_epoch()
    }

    /// A random number, for what must differ each time, such as a mask or a key. The seed of the run does not repeat it.
    pub fn random(&self) -> u64 {
        self.worker.random()
    }

    /// A time limit of the asset's operations, which is not set yet. An asset keeps one for operations that follow each other.
    pub fn deadline(&self) -> Deadline {
        self.worker.deadline()
    }

    /// The shutdown signal: whether running iterations are being dropped on this thread, since the run was interrupted or
    /// its time is over. It stays so while assets are destroyed. A run that comes to its end by itself never gives it.
    pub fn is_cancelled(&self) -> bool {
        self.worker.cancelled()
    }

    /// Completes when [`Self::is_cancelled`] becomes true.
    pub fn until_cancelled(&self) -> UntilCancelled<'_> {
        self.worker.until_cancelled()
    }

    /// Whether [`Self::spawn`] is possible: the resource has the scope `worker` or `run`.
    pub fn may_spawn(&self) -> bool {
        self.tasks.is_some()
    }

    /// Starts a task of the asset on the thread on which the asset lives, such as a reader, a heartbeat or a timer. `name`
    /// is what a report calls it.
    ///
    /// The asset ends its tasks in `destroy`, by whatever it shares with them. Then they are waited for until the limit of
    /// the destruction is over; those that are left are dropped and named. All that the asset is built on is there until
    /// its last task is gone. A creation that fails or is given up drops its tasks.
    ///
    /// A task keeps no run alive, and a panic in it ends the run as a bug.
    ///
    /// # Errors
    /// The resource has the scope `vu` or `iteration`, whose assets work in `poll_idle`; or it is destroyed.
    pub fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + 'static,
    ) -> Result<(), Fault> {
        match &self.tasks {
            Some(tasks) => tasks.spawn(&self.worker, name, Box::pin(task)),
            None => Err(self.no_tasks(name)),
        }
    }

    fn no_tasks(&self, name: &str) -> Fault {
        let scope = self.info.lifetime();
        let text = format_args!(
            "its task `{name}` needs the scope \"worker\" or \"run\", and it has the scope \"{scope}\""
        );
        Fault::new("asset", FaultText::plain(text))
    }
}

/// A creation: it owns all that it needs, so that whoever asked for it may go away.
pub type Making<A> = Running<'static, Result<A, Fault>>;

/// What a resource of a grid is: created before the first step that needs it, destroyed after the last. Its associated types
/// are made by `module!` from the manifest.
///
/// How many there are depends on the resource's scope: one for each iteration, user or worker thread, or one for the whole
/// run. Steps of several users may borrow one at the same time. One of scope `run` lives on a thread of its own, apart from
/// all users; they read its exports.
pub trait Asset: Sized + 'static {
    /// Whether [`Self::poll_idle`] ever does anything. Nothing is asked or polled otherwise.
    const WORKS_WHEN_IDLE: bool = false;

    /// `NAME::Inputs`: as far as they are known in `prepare`, and all of them in `create`.
    type Inputs: Clone;
    /// `NAME::Uses`: the assets that it is built on. Each is there before this one is created, and goes after it.
    type Uses;
    /// What `prepare` makes, once a thread, for all assets of one resource (files read, TLS configured).
    type Ready: 'static;
    /// `NAME::Exports`: what a grid can read of it.
    type Exports: Into<Box<[Value]>>;

    /// Prepares what all assets of a resource share on this thread.
    ///
    /// # Errors
    /// An input that makes no sense. It fails each creation.
    fn prepare(cx: &Prepare<'_>, inputs: &Self::Inputs) -> Result<Self::Ready, Fault>;

    /// Creates one. May be written as `async fn`. It owns all that it needs, so it goes on when the step that asked for it is
    /// given up.
    ///
    /// # Errors
    /// Whatever failed. Each step that waits for this asset fails with it.
    fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        uses: Self::Uses,
        inputs: Self::Inputs,
    ) -> impl Future<Output = Result<Self, Fault>>;

    /// What a grid can read of it. It is asked for once, right after the creation.
    fn exports(&self) -> Self::Exports;

    /// Whether [`Self::poll_idle`] has anything to do or to wait for now. It is asked each time its user waits, which may be after
    /// each request, so it only looks at what the asset knows. An asset that says no is not polled, and so it is not woken for
    /// what comes meanwhile.
    fn has_idle_work(&self) -> bool {
        Self::WORKS_WHEN_IDLE
    }

    /// Work of an asset of a user or an iteration that is due while its user waits, within an iteration or for the next
    /// one, such as the answer to a ping: does what can be done now, and has the user woken for the rest. It must not
    /// block.
    fn poll_idle(&self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// Whether it is of no use any more, such as a session that its peer has closed. It is asked for each step that needs the asset,
    /// before the step gets it: one that is spent is destroyed, and another one is created, unless somebody still holds it. An asset says so
    /// only once a step has failed because of it, so that no loss is made good in silence.
    fn is_spent(&self) -> bool {
        false
    }

    /// Whether [`Self::settle`] ever does anything. Nothing is called otherwise.
    const SETTLES: bool = false;

    /// Ends what the steps of an iteration have opened on it and not closed, such as a transaction: it is called once the
    /// iteration of its user has ended, however it ended, before the user begins another one; and before it is destroyed. It is
    /// awaited for as long as a destruction may take. May be written as `async fn`.
    ///
    /// An asset of a user is asked where a step of the grid `opens` something on it, or leaves something that is `settled_at_end`, as the
    /// manifest says; one that lives longer never is, but for its own end.
    ///
    /// # Errors
    /// Whatever failed. It is reported, and fails no step: an asset that is of no use any more says so by [`Self::is_spent`].
    fn settle(&self, end: &Settling<'_>) -> impl Future<Output = Result<(), Fault>> {
        let _ = end;
        std::future::ready(Ok(()))
    }

    /// Destroys it, once no step and no other asset can need it any more. May be written as `async fn`.
    ///
    /// # Errors
    /// Whatever failed. It is reported, and fails no step.
    fn destroy(self) -> impl Future<Output = Result<(), Fault>>;
}
