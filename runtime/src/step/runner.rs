//! The trait of runners: what a step runs.

use super::attempt::Step;
use crate::assets::Prepare;
use crate::fault::Fault;
use std::future::Future;

/// What a step runs. Its associated types are made by `module!` from the manifest.
///
/// A runner is prepared once for each step and worker thread, and then runs for all users of that thread, many at a time and
/// interleaved. So it has no state of a user or of a connection: that belongs to an [`Asset`](crate::assets::Asset). It
/// never blocks its thread: other users wait on it.
pub trait Runner: Sized + 'static {
    /// `NAME::Inputs`: each input as far as it is known before the run.
    type Inputs;
    /// `NAME::Late`: an input that comes with `run`.
    type Late<'a>;
    /// `NAME::Uses`: the assets that the grid names in `uses`, all of them there.
    type Uses<'a>;
    /// `NAME::Wanted`: which outputs some expression of the grid reads. The others need not be made.
    type Wanted: Copy;
    /// `NAME::Output`: the outputs; those that are not wanted may stay null.
    type Output: 'static;

    /// Prepares a step, once a worker thread: makes all that does not differ from run to run.
    ///
    /// # Errors
    /// An input that makes no sense. It is kept, and the step fails with it whenever it would run.
    fn prepare(cx: &Prepare<'_>, inputs: Self::Inputs, wanted: Self::Wanted)
    -> Result<Self, Fault>;

    /// Runs the step once. May be written as `async fn`. The manifest's bounds have been checked, and
    /// `Inputs::with(late)` gives each input as a plain value and checks the rules.
    ///
    /// The future is dropped where it stands when the step's time limit passes or the run is stopped. It may be called again
    /// for the same iteration.
    ///
    /// # Errors
    /// Whatever failed, with a kind of the manifest: `NAME::Error::KIND.fault(text)`.
    fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> impl Future<Output = Result<Self::Output, Fault>>;
}
