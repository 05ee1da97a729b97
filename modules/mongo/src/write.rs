//! What runners have in common that send one message and take one answer: the message, how it is sent, and what the answer says of documents.

use crate::connection::MongoConnection;
use crate::exchange::{Ask, Counts, Goes, Hears, exchange};
use crate::message;
use crate::mongo_insert::Error as Kind;
use crate::outcome;
use crate::reply::Reply;
use crate::shown::{is_shown, said, show};
use crate::template::{Slot, Template};
use bggo_runtime::contract::{Fault, FaultText, Moment, Number, Step, Value};
use std::time::Duration;

/// A message of a step.
pub(crate) struct Asked<'a> {
    pub(crate) step: &'a Step<'a>,
    pub(crate) connection: &'a MongoConnection,
    pub(crate) timeout: Duration,
    pub(crate) counts: &'a Counts,
    /// Whether the server answers.
    pub(crate) is_answered: bool,
    /// The inputs of which it is made.
    pub(crate) inputs: &'a [&'a str],
}

/// What the answer says.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// How many documents.
    pub(crate) n: u64,
    pub(crate) modified: u64,
    /// The `_id` of a document that was inserted because none fits.
    pub(crate) upserted: Option<Value>,
    /// All of it, if it is read or shown.
    pub(crate) whole: Option<Value>,
    keeps: bool,
}

impl Hears for Answer {
    fn hear(
        &mut self,
        reply: &Reply<'_>,
        _: (Moment, Moment),
        _: &mut Vec<u8>,
    ) -> Result<Goes, Fault> {
        let count = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        self.n = count(reply.n);
        self.modified = count(reply.modified);
        if let Some(upserted) = reply.upserted {
            let first = upserted.elements().map_while(Result::ok).next();
            let id = first.and_then(|first| first.document()?.get("_id"));
            self.upserted = id.and_then(|id| id.value().ok());
        }
        let failure = outcome::failure(reply);
        if failure.is_some() {
            self.whole = said(reply.document);
        } else if self.keeps {
            self.whole = Some(reply.document.value().map_err(outcome::no_document)?);
        }
        failure.map_or(Ok(Goes::Done), Err)
    }
}

/// Fills the message of a step.
///
/// # Errors
/// It cannot be written, or is too large.
pub(crate) fn fill(
    template: &Template,
    slots: &[Slot<'_>],
    connection: &MongoConnection,
    room: &mut Vec<u8>,
) -> Result<(), Fault> {
    room.clear();
    let filled = template.fill(slots, room, &|| connection.make_id());
    filled.map_err(outcome::bad)?;
    if room.len() > message::MOST {
        let text = format_args!(
            "a message has {} bytes, and a server takes {}",
            room.len(),
            message::MOST
        );
        return Err(Kind::TooLarge.fault(FaultText::plain(text)));
    }
    Ok(())
}

/// Sends a message and takes its answer, of which what comes is kept if somebody reads it.
pub(crate) async fn ask(
    asked: Asked<'_>,
    room: &mut Vec<u8>,
    keeps: bool,
) -> (Result<(), Fault>, Answer) {
    let step = asked.step;
    let mut answer = Answer {
        keeps: keeps || step.shows_exchanges().is_some(),
        ..Answer::default()
    };
    if !asked.is_answered {
        message::wants_no_answer(room);
    }
    let ask = Ask {
        timeout: asked.timeout,
        counts: asked.counts,
        is_answered: asked.is_answered,
    };
    let done = exchange(step, asked.connection, ask, room, &mut answer).await;
    if let Some(bytes) = is_shown(step, done.as_ref().err()) {
        show(step, asked.inputs, (room, answer.whole.as_ref()), bytes);
    }
    (done, answer)
}

/// Whether a write concern says that the server does not answer.
pub(crate) fn is_unanswered(write_concern: Option<&Value>) -> bool {
    let w = write_concern.and_then(|concern| concern.get("w"));
    w == Some(Value::Number(Number::ZERO))
}

/// A count; null where the server did not answer.
pub(crate) fn count(is_answered: bool, count: u64) -> Value {
    match (is_answered, i64::try_from(count)) {
        (true, Ok(count)) => Value::number(count),
        _ => Value::Null,
    }
}
