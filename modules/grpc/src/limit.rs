//! How long a step waits for a call.

use crate::grpc_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Moment, Step, format_duration};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// A limit, and when it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) from: Moment,
    pub(crate) time: Duration,
    pub(crate) of: Of,
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The call's, which the server knows.
    Deadline,
    /// The client's, of calls without a deadline.
    Client,
    /// The step's that waits for a message.
    Message,
    /// The step's that waits for the end of a stream.
    Close,
}

impl Limit {
    /// The failure of a step that waited so long.
    pub(crate) fn fault(self) -> Fault {
        let time = format_duration(self.time);
        let (kind, text) = match self.of {
            Of::Deadline => (
                Kind::DeadlineExceeded,
                format!("the call took longer than its deadline of {time}"),
            ),
            Of::Client => (
                Kind::Timeout,
                format!("the call took longer than {time}, which is the timeout of its client"),
            ),
            Of::Message => (Kind::Timeout, format!("no message within {time}")),
            Of::Close => (
                Kind::Timeout,
                format!("the server did not end the stream within {time}"),
            ),
        };
        kind.fault(FaultText::plain(text))
    }
}

/// Does work within a limit.
///
/// # Errors
/// Those of the work, or the limit passed.
pub(crate) async fn within<T>(
    step: &Step<'_>,
    limit: Limit,
    mut work: Pin<&mut (impl Future<Output = Result<T, Fault>> + ?Sized)>,
) -> Result<T, Fault> {
    // It takes no place among the deadlines before it has to wait.
    let mut deadline = None;
    poll_fn(|cx| {
        let polled = work.as_mut().poll(cx);
        if polled.is_ready() {
            return polled;
        }
        let deadline = deadline.get_or_insert_with(|| {
            let mut deadline = step.deadline();
            deadline.set(limit.from + limit.time);
            deadline
        });
        match deadline.poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(limit.fault())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
