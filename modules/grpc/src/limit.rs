//! How long a step waits for a call.

use crate::client::GrpcClient;
use crate::grpc_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Moment, Step, format_duration};
use bggo_wire::KeptDeadline;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
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
pub(crate) fn within<'a, W: ?Sized>(
    step: &'a Step<'a>,
    (client, limit): (&'a GrpcClient, Limit),
    work: Pin<&'a mut W>,
) -> Within<'a, W> {
    let until = limit.from + limit.time;
    Within {
        limit,
        work: bggo_wire::within(step, client.deadline(), until, work),
    }
}

/// See [`within`]. It fails where the work does, or the limit passes. (An `async fn` would keep its arguments twice, for each user that
/// waits.)
pub(crate) struct Within<'a, W: ?Sized> {
    limit: Limit,
    work: bggo_wire::Within<'a, KeptDeadline, Pin<&'a mut W>>,
}

impl<T, W: Future<Output = Result<T, Fault>> + ?Sized> Future for Within<'_, W> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let done = ready!(Pin::new(&mut this.work).poll(cx));
        let Some(done) = done else {
            return Poll::Ready(Err(this.limit.fault()));
        };
        // A server that keeps the deadline resets the call by itself, which may be seen first.
        if let Err(fault) = &done
            && this.limit.of == Of::Deadline
            && fault.kind() == Kind::Reset.name()
            && this.work.step().now() >= this.work.until()
        {
            return Poll::Ready(Err(this.limit.fault()));
        }
        Poll::Ready(done)
    }
}
