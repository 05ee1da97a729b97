//! Which messages a step takes: the next ones, or those that match.

use crate::session::{Message, Operation};
use crate::waits::{Limit, within};
use bggo_runtime::contract::{Fault, Moment, Step};

/// What a step took.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) messages: Messages,
    /// How many did not match, and were dropped.
    pub(crate) skipped: u64,
}

/// The messages of a step, which mostly takes one.
#[derive(Debug)]
pub(crate) enum Messages {
    /// One of which nothing is read, and when it came.
    Unread(Option<Moment>),
    One(Option<Message>),
    Several(Vec<Message>),
}

impl Messages {
    pub(crate) fn as_slice(&self) -> &[Message] {
        match self {
            Self::Unread(_) => &[],
            Self::One(message) => message.as_slice(),
            Self::Several(messages) => messages,
        }
    }

    /// When the last one came.
    pub(crate) fn came(&self) -> Option<Moment> {
        match self {
            Self::Unread(came) => *came,
            Self::One(message) => message.as_ref().map(|message| message.came),
            Self::Several(messages) => messages.last().map(|message| message.came),
        }
    }
}

/// Messages that match, of too few. If the step is given up, the next one gets them.
struct Matched<'a> {
    operation: &'a Operation<'a>,
    messages: Vec<Message>,
}

impl Drop for Matched<'_> {
    fn drop(&mut self) {
        for message in self.messages.drain(..).rev() {
            self.operation.put_back(message);
        }
    }
}

/// Takes so many messages, which the operation has waited for together.
pub(crate) fn next(operation: &Operation<'_>, count: usize) -> Taken {
    let mut all = (0..count).map_while(|_| operation.take());
    Taken {
        messages: match count {
            1 => Messages::One(all.next()),
            _ => Messages::Several(all.collect()),
        },
        skipped: 0,
    }
}

/// Takes the message that the operation has waited for, and reads nothing of it.
pub(crate) fn unread(operation: &Operation<'_>) -> Taken {
    Taken {
        messages: Messages::Unread(operation.came()),
        skipped: 0,
    }
}

/// Takes so many messages that match, for which the operation waits one by one. `fits` judges the last one of those that it gets; the
/// others matched before, and so many were skipped.
///
/// # Errors
/// The session ended, the limit passed, or a message could not be judged.
pub(crate) async fn fitting(
    step: &Step<'_>,
    operation: &Operation<'_>,
    (count, limit): (usize, Limit),
    mut fits: impl FnMut(&[Message], u64) -> Result<bool, Fault>,
) -> Result<Taken, Fault> {
    let mut skipped = 0;
    let mut matched = Matched {
        operation,
        messages: Vec::new(),
    };
    while matched.messages.len() < count {
        within(step, operation, limit).await?;
        matched.messages.extend(operation.take());
        let judged = fits(&matched.messages, skipped);
        if !matches!(judged, Ok(true)) {
            // One that cannot be judged would fail each step that follows.
            matched.messages.pop();
            operation.skips();
            skipped += 1;
        }
        judged?;
    }
    Ok(Taken {
        messages: Messages::Several(std::mem::take(&mut matched.messages)),
        skipped,
    })
}
