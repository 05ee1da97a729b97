//! How a step waits: until what it waits for is there, or its limit has passed.

use bggo_runtime::contract::{Fault, FaultText, Moment, Step, format_duration};
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a step waits whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// For what a step waits, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit<'a> {
    pub(crate) what: What<'a>,
    pub(crate) from: Moment,
    pub(crate) limit: Duration,
}

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    /// That the server takes an event of this name.
    Sent(&'a str),
    /// An event of this name.
    Event(&'a str),
    /// The acknowledgement of an event of this name.
    Ack(&'a str),
}

impl Limit<'_> {
    /// The failure of a step that waited so long.
    fn fault(self) -> Fault {
        let within = format_duration(self.limit);
        let (kind, text, name) = match self.what {
            What::Sent(name) => ("timeout", "the server did not take the event ", name),
            What::Event(name) => ("timeout", "no event ", name),
            What::Ack(name) => ("ack_timeout", "no acknowledgement of the event ", name),
        };
        let text = FaultText::plain(text).and_value(format_args!("{name:?}"));
        Fault::new(kind, text.and(format_args!(" within {within}")))
    }
}

/// Waits until it is there.
///
/// # Errors
/// The session ended, or the limit passed.
pub(crate) async fn within(
    step: &Step<'_>,
    limit: Limit<'_>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<Result<(), Fault>>,
) -> Result<(), Fault> {
    // It takes no place among the deadlines before it has to wait.
    let mut deadline = None;
    poll_fn(|cx| {
        let polled = poll(cx);
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
