//! The trait of runners: what a step runs.

use super::attempt::Step;
use crate::assets::Prepare;
use crate::fault::Fault;
use std::future::Future;

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
