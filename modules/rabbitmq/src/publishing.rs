//! What runners that publish share: headers of messages, and how they are sent and confirmed.

use crate::connection::Place;
use crate::operations::{Tally, Wants};
use crate::outcome;
use crate::properties::Properties;
use crate::rabbitmq_publish::Error as Kind;
use crate::session::{Outgoing, Waits};
use bggo_runtime::contract::{Counter, Fault, FaultText, Number, Step, Trend, Value};
use std::cell::RefCell;
use std::time::Duration;

/// Memory for what is sent is kept up to so many bytes.
const ROOM: usize = 256 << 10;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) bytes: Counter,
    pub(crate) possibly_written: Counter,
}

/// What is counted of confirms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfirmCounts {
    pub(crate) returned: Counter,
    pub(crate) nacked: Counter,
    pub(crate) confirm_time: Trend,
    /// Of a window: those that were confirmed.
    pub(crate) messages: Option<Counter>,
}

impl ConfirmCounts {
    fn count(self, step: &Step<'_>, (acked, returned, nacked): (u32, u32, u32)) {
        let of_messages = self.messages.map(|messages| (messages, acked));
        let others = [(self.returned, returned), (self.nacked, nacked)];
        for (counter, count) in of_messages.into_iter().chain(others) {
            if count > 0 {
                step.add(counter, count.into());
            }
        }
    }
}

/// What a grid gives of the properties of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) content_type: Option<&'a str>,
    pub(crate) content_encoding: Option<&'a str>,
    pub(crate) headers: Option<&'a Value>,
    pub(crate) delivery_mode: &'a str,
    pub(crate) priority: Option<Number>,
    pub(crate) expiration: Option<Duration>,
    pub(crate) message_id: Option<&'a str>,
    pub(crate) timestamp: Option<Number>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) app_id: Option<&'a str>,
    pub(crate) correlation_id: Option<&'a str>,
    pub(crate) reply_to: Option<&'a str>,
}

/// Of the inputs of a runner, as far as they are known early, or of their plain values.
macro_rules! given {
    (early $inputs:expr) => {
        $crate::publishing::Given {
            content_type: $inputs.content_type.known()?.as_deref(),
            content_encoding: $inputs.content_encoding.known()?.as_deref(),
            headers: $inputs.headers.known()?.as_ref(),
            delivery_mode: $inputs.delivery_mode.known()?,
            priority: *$inputs.priority.known()?,
            expiration: *$inputs.expiration.known()?,
            message_id: $inputs.message_id.known()?.as_deref(),
            timestamp: *$inputs.timestamp.known()?,
            kind: $inputs.r#type.known()?.as_deref(),
            user_id: $inputs.user_id.known()?.as_deref(),
            app_id: $inputs.app_id.known()?.as_deref(),
            correlation_id: $inputs.correlation_id.known()?.as_deref(),
            reply_to: None,
        }
    };
    (plain $given:expr) => {
        $crate::publishing::Given {
            content_type: $given.content_type.as_deref(),
            content_encoding: $given.content_encoding.as_deref(),
            headers: $given.headers,
            delivery_mode: &$given.delivery_mode,
            priority: $given.priority,
            expiration: $given.expiration,
            message_id: $given.message_id.as_deref(),
            timestamp: $given.timestamp,
            kind: $given.r#type.as_deref(),
            user_id: $given.user_id.as_deref(),
            app_id: $given.app_id.as_deref(),
            correlation_id: $given.correlation_id.as_deref(),
            reply_to: None,
        }
    };
}
pub(crate) use given;

impl Given<'_> {
    /// The header of a message, without the size of its body.
    ///
    /// # Errors
    /// A property is none, or too long.
    pub(crate) fn header(self, stamp: Option<&[u8]>) -> Result<Vec<u8>, Fault> {
        let properties = Properties {
            content_type: self.content_type,
            content_encoding: self.content_encoding,
            headers: self.headers,
            is_persistent: self.delivery_mode == "persistent",
            priority: octet(self.priority)?,
            correlation_id: self.correlation_id,
            reply_to: self.reply_to,
            expiration: millis(self.expiration)?,
            message_id: self.message_id,
            timestamp: seconds(self.timestamp)?,
            kind: self.kind,
            user_id: self.user_id,
            app_id: self.app_id,
            stamp,
        };
        let mut header = Vec::new();
        properties.put(&mut header).map_err(outcome::unwritable)?;
        Ok(header)
    }
}

/// A priority.
///
/// # Errors
/// It is none.
fn octet(number: Option<Number>) -> Result<Option<u8>, Fault> {
    let read = |number: Number| {
        let octet = number.as_u64().and_then(|number| u8::try_from(number).ok());
        octet.ok_or_else(|| Kind::Argument.fault("priority is a whole number up to 255"))
    };
    number.map(read).transpose()
}

/// A time in seconds since 1970.
///
/// # Errors
/// It is none.
fn seconds(number: Option<Number>) -> Result<Option<u64>, Fault> {
    let read = |number: Number| {
        let seconds = number.as_u64();
        seconds.ok_or_else(|| Kind::Argument.fault("timestamp is a whole number of seconds"))
    };
    number.map(read).transpose()
}

/// An expiration in milliseconds.
///
/// # Errors
/// It has parts of one.
fn millis(time: Option<Duration>) -> Result<Option<u128>, Fault> {
    let read = |time: Duration| match time.subsec_nanos() % 1_000_000 {
        0 => Ok(time.as_millis()),
        _ => Err(Kind::Argument.fault("expiration is given in whole milliseconds")),
    };
    time.map(read).transpose()
}

/// Memory for what is sent, taken for one use and given back.
pub(crate) fn in_room<T>(room: &RefCell<Vec<u8>>, work: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut bytes = room.take();
    bytes.clear();
    let made = work(&mut bytes);
    if bytes.capacity() <= ROOM {
        room.replace(bytes);
    }
    made
}

/// Messages of a step that wait. What is not confirmed when it is dropped is counted.
pub(crate) struct Sent<'a> {
    step: &'a Step<'a>,
    pub(crate) waits: Waits<'a>,
    possibly_written: Counter,
    /// Where what was confirmed of a window counts that fails.
    confirms: Option<ConfirmCounts>,
}

impl<'a> Sent<'a> {
    pub(crate) const fn new(step: &'a Step<'a>, waits: Waits<'a>, counts: Counts) -> Self {
        Self {
            step,
            waits,
            possibly_written: counts.possibly_written,
            confirms: None,
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let (Some(confirms), Some(tally)) = (self.confirms, self.waits.tally()) {
            confirms.count(self.step, tally);
        }
        let count = self.waits.possibly_written();
        if count > 0 {
            self.step.add(self.possibly_written, count.into());
        }
    }
}

/// Waits until the server takes messages.
///
/// # Errors
/// The connection is over.
pub(crate) async fn until_unblocked(step: &Step<'_>, place: &Place<'_>) -> Result<(), Fault> {
    while place.session().holds_back() {
        place.session().unblocked().wait().await?;
        step.sent();
    }
    Ok(())
}

/// Sends messages, and waits for all confirms.
///
/// # Errors
/// The server closed the channel, or the connection is over. What it refused is in the tally.
pub(crate) async fn confirmed<'a>(
    step: &'a Step<'a>,
    place: &'a Place<'a>,
    message: Outgoing<'a>,
    room: &'a RefCell<Vec<u8>>,
    (counts, of_confirms): (Counts, ConfirmCounts),
) -> Result<Tally, Fault> {
    until_unblocked(step, place).await?;
    let begun = step.now();
    let waits = in_room(room, |room| place.session().publish(message, room))?;
    let size: usize = message.bodies.iter().map(|body| body.len()).sum();
    step.add(counts.bytes, size as u64);
    let mut sent = Sent::new(step, waits, counts);
    sent.confirms = Some(of_confirms);
    sent.waits.wait().await?;
    let Some(Wants::Confirms(tally)) = sent.waits.got() else {
        return Err(outcome::protocol("the server gave no confirm"));
    };
    let now = step.now();
    step.received_at(now);
    step.record_time(of_confirms.confirm_time, now - begun);
    of_confirms.count(step, (tally.acked, tally.returned, tally.nacked));
    Ok(tally)
}

/// The failure of messages that were refused, or came back where that is one.
///
/// # Errors
/// That one.
pub(crate) fn judge(tally: &Tally, fails_returned: bool) -> Result<(), Fault> {
    let count = tally.acked + tally.nacked + tally.returned;
    if tally.nacked > 0 {
        return Err(Kind::Nack.fault(match count {
            1 => "the server refused the message".to_owned(),
            _ => format!("the server refused {} of {count} messages", tally.nacked),
        }));
    }
    if let Some(first) = tally.first.as_deref().filter(|_| fails_returned) {
        let text = match count {
            1 => first.shown.clone(),
            _ => FaultText::plain(format_args!(
                "{} of {count} messages came back, the first one with ",
                tally.returned
            ))
            .and_text(&first.shown),
        };
        return Err(Kind::Unroutable.fault(text));
    }
    Ok(())
}
