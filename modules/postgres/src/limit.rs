//! How long a step, or a part of what a connection does, may take.

use crate::postgres_query::Error as Kind;
use bggo_runtime::contract::{Deadline, Fault, FaultText, Moment, format_duration};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// How long a step may take whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// The failure of a step that waited so long.
#[cold]
pub(crate) fn fault(timeout: Duration) -> Fault {
    let text = format_args!("no answer within {}", format_duration(timeout));
    Kind::Timeout.fault(FaultText::plain(text))
}

/// What comes of work before a moment; `None` if it takes longer.
pub(crate) async fn before<T>(
    mut deadline: Deadline,
    at: Moment,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    deadline.set(at);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => deadline.poll(cx).map(|()| None),
    })
    .await
}
