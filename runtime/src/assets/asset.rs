//! The trait of assets, and for whom one is created.

use super::prepare::Prepare;
use crate::context::{Asker, AssetMetrics, WorkerContext};
use crate::fault::Fault;
use crate::flow::Running;
use crate::info::ResourceInfo;
use bggo_values::Value;
use std::future::Future;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// How long a creation, and a destruction, may take.
pub const LIMIT: Duration = Duration::from_secs(30);

/// For whom an asset is created: the resource, and the user and iteration that needed it first.
#[derive(Debug, Clone)]
pub struct AssetCx {
    info: &'static ResourceInfo,
    asker: Asker,
    worker: Rc<WorkerContext>,
}

impl AssetCx {
    pub(crate) fn new(
        info: &'static ResourceInfo,
        asker: Asker,
        worker: &Rc<WorkerContext>,
    ) -> Self {
        Self {
            info,
            asker,
            worker: Rc::clone(worker),
        }
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

    /// The longest time that the creation may take: one that takes longer is given up, and fails.
    pub fn limit(&self) -> Duration {
        LIMIT
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
    /// Whether [`Self::poll_idle`] does anything. Nothing is polled otherwise.
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

    /// Work of an asset of a user or an iteration that is due while its user waits, within an iteration or for the next
    /// one, such as the answer to a ping: does what can be done now, and has the user woken for the rest. It must not
    /// block.
    fn poll_idle(&self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// Destroys it, once no step and no other asset can need it any more. May be written as `async fn`.
    ///
    /// # Errors
    /// Whatever failed. It is reported, and fails no step.
    fn destroy(self) -> impl Future<Output = Result<(), Fault>>;
}
