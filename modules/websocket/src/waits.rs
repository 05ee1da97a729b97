//! How a step waits for an operation of its session: until it is over, or the limit of the step has passed.

use crate::session::Operation;
use bggo_runtime::contract::{Fault, FaultText, Moment, Step, format_duration};
use std::fmt;
use std::future::poll_fn;
use std::time::Duration;

/// How long a step waits whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// That the server takes what is sent.
    Sent,
    Messages(usize),
    Answer,
    Pong,
    Close,
}

impl fmt::Display for What {
    /// What is said of it if it does not come: "no answer".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent => f.write_str("the server did not take the message"),
            Self::Messages(1) => f.write_str("no message"),
            Self::Messages(count) => write!(f, "no {count} messages"),
            Self::Answer => f.write_str("no answer"),
            Self::Pong => f.write_str("no pong"),
            Self::Close => f.write_str("no close frame of the server"),
        }
    }
}

/// What is waited for, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) what: What,
    pub(crate) from: Moment,
    pub(crate) limit: Duration,
}

impl Limit {
    /// The failure of a step that waited so long.
    fn fault(self) -> Fault {
        let text = format_args!("{} within {}", self.what, format_duration(self.limit));
        Fault::new("timeout", FaultText::plain(text))
    }
}

/// Waits for an operation.
///
/// # Errors
/// The session ended, or the limit passed.
pub(crate) async fn within(
    step: &Step<'_>,
    operation: &Operation<'_>,
    limit: Limit,
) -> Result<(), Fault> {
    // It takes no place among the deadlines before it has to wait.
    let mut deadline = None;
    poll_fn(|cx| {
        let polled = operation.poll(cx);
        if polled.is_ready() {
            return polled;
        }
        let deadline = deadline.get_or_insert_with(|| {
            let mut deadline = step.deadline();
            deadline.set(limit.from + limit.limit);
            deadline
        });
        deadline.poll(cx).map(|()| Err(limit.fault()))
    })
    .await
}
