//! What a module's author writes against: the traits of runners and assets.
//!
//! A runner is prepared once a worker thread from what is known by then, and is used by `&self`: it has no state of a
//! user. What belongs to a user or a connection lives in an asset.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

pub use crate::fault::Fault;
pub use crate::info::{Info, ResourceInfo};
pub use crate::prepare::Prepare;
pub use crate::slot::AssetCx;
pub use crate::step::Step;
pub use bggo_macros::module;
pub use bggo_values::{Number, Seq, Text, Value};

/// A future with its type erased: the boundary behind which a module is compiled once.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// This iteration ends. Why is already recorded; only this travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// Whether an iteration goes on.
pub type Flow = Result<(), Stop>;

/// An input in `prepare`: known by then, or different in each run of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early<T> {
    /// Its value.
    Known(T),
    /// It comes with `run`.
    Later,
}

impl<T> Early<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Later => None,
        }
    }
}

/// A thing that does. Its associated types are made by `module!` from the manifest.
pub trait Runner: Sized + 'static {
    /// Inputs in `prepare`.
    type Inputs;
    /// An input that comes with `run`.
    type Late<'a>;
    /// Assets.
    type Uses<'a>;
    /// Which outputs some expression reads.
    type Wanted: Copy;
    /// The outputs.
    type Output: 'static;

    /// Prepares a step, once a thread.
    ///
    /// # Errors
    /// An input that makes no sense. It is booked when the step would run.
    fn prepare(cx: &Prepare<'_>, inputs: Self::Inputs, wanted: Self::Wanted)
    -> Result<Self, Fault>;

    /// Runs it. May be written as `async fn`.
    fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> impl Future<Output = Result<Self::Output, Fault>>;
}

/// A thing that is: created before its first user, destroyed after its last.
pub trait Asset: Sized + 'static {
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

    /// Destroys it. May be written as `async fn`.
    fn destroy(self) -> impl Future<Output = Result<(), Fault>>;
}
