//! How long a step, or a part of what a connection does, may take.

use crate::postgres_query::Error as Kind;
use bggo_runtime::contract::{Deadline, Fault, FaultText, Moment, Step, format_duration};
use bggo_wire::KeptDeadline;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// How long a step may take whose grid says nothing of it.
const DEFAULT: Duration = Duration::from_secs(10);

/// Does the work of a step within its `timeout`, from a moment on. Whoever waits drops the work right behind the failure.
pub(crate) async fn within<T>(
    step: &Step<'_>,
    kept: &KeptDeadline,
    (from, timeout): (Moment, Option<Duration>),
    work: Pin<&mut impl Future<Output = Result<T, Fault>>>,
) -> Result<T, Fault> {
    let timeout = timeout.unwrap_or(DEFAULT);
    let done = bggo_wire::within(step, kept, from + timeout, work).await;
    done.unwrap_or_else(|| {
        let text = format_args!("no answer within {}", format_duration(timeout));
        Err(Kind::Timeout.fault(FaultText::plain(text)))
    })
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
