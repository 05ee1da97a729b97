//! The reply to one command: its failure, or its outputs.

use crate::outcome;
use crate::reply::Reply;
use crate::shown::Said;
use bggo_runtime::contract::{Fault, Value};

/// What of a reply somebody reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) value: bool,
    pub(crate) kind: bool,
    /// It is shown, so its text is kept.
    pub(crate) shown: Option<usize>,
}

/// What came for a command.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) value: Value,
    pub(crate) kind: Value,
    pub(crate) is_null: bool,
}

impl Answer {
    /// Reads a reply as far as somebody asks.
    ///
    /// # Errors
    /// The server refused the command, or the reply is too deep.
    pub(crate) fn of(
        reply: Reply<'_>,
        reads: Reads,
        said: &mut Option<Said>,
    ) -> Result<Self, Fault> {
        if let Some(bytes) = reads.shown {
            *said = Some(Said::of(reply, bytes));
        }
        if let Some(error) = reply.error() {
            return Err(outcome::refused(error));
        }
        Ok(Self {
            value: match reads.value {
                true => reply.value().map_err(outcome::no_reply)?,
                false => Value::Null,
            },
            kind: match reads.kind {
                true => Value::text(reply.kind()),
                false => Value::Null,
            },
            is_null: reply.is_null(),
        })
    }
}
