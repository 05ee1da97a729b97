//! What steps of most runners do: within their time they ask something, and hear the answer.

use crate::codec::put_table;
use crate::connection::Place;
use crate::method::{Ask, NO_ARGUMENTS};
use crate::operations::{Reply, Wants};
use crate::outcome;
use crate::rabbitmq_publish::Error as Kind;
use crate::shown::{Said, show};
use bggo_runtime::contract::{Fault, FaultText, Step, Value, encode_json, format_duration};
use bggo_wire::within;
use std::borrow::Cow;
use std::pin::pin;
use std::time::Duration;

/// How long a step may take whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// Asks something, and hears the answer.
///
/// # Errors
/// The server refused, it took too long, or the connection is over.
pub(crate) async fn ask(
    step: &Step<'_>,
    place: &Place<'_>,
    timeout: Option<Duration>,
    (name, question): (&'static str, Ask<'_>),
) -> Result<Reply, Fault> {
    let timeout = timeout.unwrap_or(DEFAULT);
    let until = step.sent_at_once() + timeout;
    let asking = async {
        let waits = place.session().ask(place.lane(), question)?;
        waits.wait().await?;
        match waits.got() {
            Some(Wants::Reply(Some(reply))) => Ok(reply),
            _ => Err(outcome::protocol("the server gave no answer")),
        }
    };
    let asked = within(step, place.deadline(), until, pin!(asking)).await;
    let asked = asked.unwrap_or_else(|| Err(late("answer", timeout)));
    if asked.is_ok() {
        step.received_at(step.now());
    }
    show(step, &Said::question(name), asked.as_ref().map(Said::reply));
    asked
}

/// The failure of a step whose answer did not come in time.
pub(crate) fn late(what: &str, limit: Duration) -> Fault {
    let text = format_args!("no {what} within {}", format_duration(limit));
    Kind::Timeout.fault(FaultText::plain(text))
}

/// A table of arguments as it is sent.
///
/// # Errors
/// A name is too long, or the values are too deep.
pub(crate) fn arguments(given: Option<&Value>) -> Result<Vec<u8>, Fault> {
    let Some(pairs) = given.and_then(Value::pairs) else {
        return Ok(NO_ARGUMENTS.to_vec());
    };
    let mut table = Vec::new();
    put_table(&mut table, &pairs).map_err(outcome::unwritable)?;
    Ok(table)
}

/// A body as it is sent: a string or bytes as they are, everything else as JSON.
pub(crate) fn body(given: &Value) -> Cow<'_, [u8]> {
    match given {
        Value::Text(text) => Cow::Borrowed(text.as_bytes()),
        Value::Bytes(bytes) => Cow::Borrowed(bytes),
        other => Cow::Owned(encode_json(other).into_bytes()),
    }
}
