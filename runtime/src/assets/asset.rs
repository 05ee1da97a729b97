//! The trait of assets, and for whom one is created.

use super::prepare::Prepare;
use crate::context::Asker;
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

/// For whom an asset is created.
#[derive(Debug, Clone, Copy)]
pub struct AssetCx {
    info: &'static ResourceInfo,
    asker: Asker,
}

impl AssetCx {
    pub(crate) fn new(info: &'static ResourceInfo, asker: Asker) -> Self {
        Self { info, asker }
    }

    /// Who asked first.
    pub(crate) fn asker(&self) -> Asker {
        self.asker
    }

    /// The resource.
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

    /// Longest time that the creation may take.
    pub fn limit(&self) -> Duration {
        LIMIT
    }
}

/// A creation: it owns all that it needs, so that whoever asked for it may go away.
pub type Making<A> = Running<'static, Result<A, Fault>>;

/// A thing that is: created before its first user, destroyed after its last.
pub trait Asset: Sized + 'static {
    /// Whether [`Self::poll_idle`] does anything. Nothing is polled otherwise.
    const WORKS_WHEN_IDLE: bool = false;

    /// Inputs; in `create` all of them are known.
    type Inputs: Clone;
    /// Assets that it is built on: each is there before this one is created, and goes after it.
    type Uses;
    /// What `prepare` makes, once a thread, for all assets of one resource (files read, TLS configured).
    type Ready: 'static;
    /// What a grid can read of it.
    type Exports: Into<Box<[Value]>>;

    /// Prepares what all assets of a resource share on this thread.
    ///
    /// # Errors
    /// An input that makes no sense. It fails each creation.
    fn prepare(cx: &Prepare<'_>, inputs: &Self::Inputs) -> Result<Self::Ready, Fault>;

    /// Creates one. May be written as `async fn`.
    fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        uses: Self::Uses,
        inputs: Self::Inputs,
    ) -> impl Future<Output = Result<Self, Fault>>;

    /// What a grid can read of it.
    fn exports(&self) -> Self::Exports;

    /// Work of an asset of a user or an iteration that is due while its user waits, within an iteration or for the next
    /// one, such as the answer to a ping: does what can be done now, and has the user woken for the rest. It must not
    /// block.
    fn poll_idle(&self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// Destroys it. May be written as `async fn`.
    fn destroy(self) -> impl Future<Output = Result<(), Fault>>;
}
