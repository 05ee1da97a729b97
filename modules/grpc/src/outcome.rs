//! How a call ended, as a step reads it: whether that passes, and the outputs of it.

use crate::channel::Slot;
use crate::head;
use crate::status::{self, Code};
use bggo_runtime::contract::{Fault, FaultText, Number, Seq, Text, Value};

/// Whether a status passes: those of `expect_status`, and OK alone without it.
pub(crate) fn passes(code: Code, expected: Option<&Value>) -> bool {
    match expected.and_then(Value::items) {
        None => code == Code::OK,
        Some(names) => names.iter().any(|name| name.as_text() == Some(code.name())),
    }
}

/// Whether a call that did not end is one whose deadline passed here, where that is expected: the server, which knows the deadline,
/// would have said the same.
pub(crate) fn passes_late(fault: &Fault, expected: Option<&Value>) -> bool {
    let late = Code::DEADLINE_EXCEEDED;
    fault.kind() == late.kind() && passes(late, expected)
}

/// The failure of a step whose status does not pass.
pub(crate) fn fault(code: Code, slot: &Slot) -> Fault {
    let text = FaultText::plain(format_args!("the server answered {}", code.name()));
    let text = match slot.http_status() {
        Some(status) => text.and(format_args!(", by status {status} of HTTP")),
        None => text,
    };
    let said = slot.trailers.as_ref().map(status::message);
    Fault::new(
        code.kind(),
        match said.filter(|said| !said.is_empty()) {
            Some(said) => text.and(": ").and_value(said),
            None => text,
        },
    )
}

/// The outputs that say how a call ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status_code: Value,
    pub(crate) status: Value,
    pub(crate) status_message: Value,
    pub(crate) metadata: Value,
    pub(crate) trailers: Value,
    pub(crate) details: Value,
}

/// Which of them are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) metadata: bool,
    pub(crate) trailers: bool,
    pub(crate) details: bool,
}

impl Reads {
    /// Whether heads have to be kept for them.
    pub(crate) fn heads(self) -> bool {
        self.metadata || self.trailers || self.details
    }
}

impl Outcome {
    pub(crate) fn of(code: Code, slot: &Slot, reads: Reads) -> Self {
        let trailers = slot.trailers.as_ref();
        let told = |is_read: bool, head| match is_read {
            true => head::told(head),
            false => Value::Null,
        };
        Self {
            status_code: Number::from(u64::from(code.0)).into(),
            status: Text::Static(code.name()).into(),
            status_message: match trailers {
                Some(trailers) => status::message(trailers).into(),
                None => Text::Static("").into(),
            },
            metadata: told(reads.metadata, slot.head.as_ref()),
            trailers: told(reads.trailers, trailers),
            details: match (reads.details, trailers) {
                (true, Some(trailers)) => status::details(trailers),
                (true, None) => Value::List(Seq::Static(&[])),
                (false, _) => Value::Null,
            },
        }
    }
}
