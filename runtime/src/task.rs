//! Tasks of a thread.

use crate::flow::Running;
use tokio::task::JoinHandle;

/// Starts a task on this thread.
///
/// Its future comes boxed, so that what tokio makes of each kind of future is compiled once: in the runtime it was a
/// twentieth of all code, and in each module again so much for each of its assets.
pub(crate) fn spawn(task: Running<'static, ()>) -> JoinHandle<()> {
    tokio::task::spawn_local(task)
}
