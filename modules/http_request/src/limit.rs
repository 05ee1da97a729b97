//! What comes of work before its time limit.

use bggo_runtime::contract::Deadline;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// What the work gives; `None` if the deadline passes first. Then the work is dropped.
pub(crate) async fn until<T>(work: impl Future<Output = T>, deadline: &mut Deadline) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        deadline.poll(cx).map(|()| None)
    })
    .await
}
