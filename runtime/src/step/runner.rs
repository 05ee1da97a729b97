//! The trait of runners: what a step runs.

use super::attempt::Step;
use crate::assets::Prepare;
use crate::fault::Fault;
use std::future::Future;

/// What a step runs. Its associated types are made by `module!` from the manifest.
///
/// A runner is prepared once for each step on each worker thread. Then it runs for all users of that thread, for many at the
/// same time. So it keeps no state of a user or of a connection: such state belongs to an [`Asset`](crate::assets::Asset). It
/// must not block its thread, since all users of the thread would wait.
pub trait Runner: Sized + 'static {
    /// `NAME::Inputs`: each input as far as it is known before the run.
    type Inputs;
    /// `NAME::Late`: an input that comes with `run`.
    type Late<'a>;
    /// `NAME::Uses`: the assets that the grid names in `uses`. All of them have been created.
    type Uses<'a>;
    /// `NAME::Wanted`: which outputs some expression of the grid reads. The others need not be computed.
    type Wanted: Copy;
    /// `NAME::Output`: the outputs; those that are not wanted may stay null.
    type Output: 'static;

    /// Prepares a step, once on each worker thread: computes everything that is the same in all runs of the step.
    ///
    /// # Errors
    /// An input that cannot be used. The fault is kept, and the step fails with it each time it would run.
    fn prepare(cx: &Prepare<'_>, inputs: Self::Inputs, wanted: Self::Wanted)
    -> Result<Self, Fault>;

    /// Runs the step once. It may be written as `async fn`. The bounds of the manifest have been checked;
    /// `Inputs::with(late)` checks the rules and returns each input as a plain value.
    ///
    /// The future may be dropped at any await: when the step's time limit is over, or when the run is stopped. `run` may be
    /// called again for the same iteration.
    ///
    /// # Errors
    /// What failed, with a kind of failure of the manifest: `NAME::Error::KIND.fault(text)`.
    fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> impl Future<Output = Result<Self::Output, Fault>>;

    /// Whether [`Runner::run_unread`] is written. If it is not, a step whose outputs nobody reads runs by [`Runner::run`], which is
    /// compiled for it anyway.
    const HAS_RUN_UNREAD: bool = false;

    /// The same where nobody reads the outputs. A runner writes it only if that saves it something, and says so by
    /// [`Runner::HAS_RUN_UNREAD`].
    ///
    /// # Errors
    /// As [`Runner::run`].
    fn run_unread<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> impl Future<Output = Result<(), Fault>> {
        async move { self.run(step, uses, late).await.map(drop) }
    }
}
