//! How long a step waits for a call.

use crate::client::GrpcClient;
use crate::grpc_request::Error as Kind;
use bggo_runtime::contract::{Deadline, Fault, FaultText, Moment, Step, format_duration};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
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

/// Does work of a client within a limit.
pub(crate) const fn within<'a, W: ?Sized>(
    step: &'a Step<'a>,
    (client, limit): (&'a GrpcClient, Limit),
    work: Pin<&'a mut W>,
) -> Within<'a, W> {
    Within {
        step,
        client,
        limit,
        work,
        deadline: None,
    }
}

/// See [`within`]. It fails where the work does, or the limit passes. (An `async fn` would keep its arguments twice, for each user that
/// waits.)
pub(crate) struct Within<'a, W: ?Sized> {
    step: &'a Step<'a>,
    client: &'a GrpcClient,
    limit: Limit,
    work: Pin<&'a mut W>,
    /// It takes no place among the deadlines before it has to wait.
    deadline: Option<Deadline>,
}

impl<T, W: Future<Output = Result<T, Fault>> + ?Sized> Future for Within<'_, W> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let polled = this.work.as_mut().poll(cx);
        if polled.is_pending() {
            let deadline = this.deadline.get_or_insert_with(|| {
                let kept = this.client.take_deadline();
                let mut deadline = kept.unwrap_or_else(|| this.step.deadline());
                deadline.set(this.limit.from + this.limit.time);
                deadline
            });
            return deadline.poll(cx).map(|()| Err(this.limit.fault()));
        }
        if let Some(deadline) = this.deadline.take() {
            this.client.leave_deadline(deadline);
        }
        // A server that keeps the deadline resets the call by itself, which may be seen first.
        if let Poll::Ready(Err(fault)) = &polled
            && this.limit.of == Of::Deadline
            && fault.kind() == Kind::Reset.name()
            && this.step.now() >= this.limit.from + this.limit.time
        {
            return Poll::Ready(Err(this.limit.fault()));
        }
        polled
    }
}
