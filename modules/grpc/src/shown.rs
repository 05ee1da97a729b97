//! What a step sent and what came for it, for people to see.

use crate::channel::Slot;
use crate::codec::Codec;
use crate::head::Metadata;
use bggo_http2::Head;
use bggo_runtime::contract::{Fault, Message, Secrets, Step, Value, encode_json};

/// What a step sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) codec: &'a Codec,
    pub(crate) metadata: Option<&'a Metadata>,
    /// Its last message, if it sent one, without what stands before it.
    pub(crate) message: Option<&'a [u8]>,
}

/// How many bytes of each body are shown, if the exchange is: each one of a functional run, and under load one of each kind of failure.
pub(crate) fn is_shown(step: &Step<'_>, fault: Option<&Fault>) -> Option<usize> {
    step.shows_exchanges()
        .or_else(|| step.wants_example(fault?.kind()))
}

/// Hands over an exchange of which so many bytes are shown. `came` is the value of the last message that came.
pub(crate) fn show(
    step: &Step<'_>,
    said: Said<'_>,
    (slot, came): (Option<&Slot>, Option<&Value>),
    bytes: usize,
) {
    let is_sensitive = |name| step.info().is_input_sensitive(name);
    let mut secrets = Secrets::default();
    let mut sent = Message::new(said.codec.method.name);
    for (name, value) in said.metadata.into_iter().flatten() {
        // The server may send it back.
        if is_sensitive("metadata") || matches!(&**name, "authorization" | "cookie") {
            secrets.add(value);
        }
        match is_sensitive("metadata") {
            true => sent.secret_line(name),
            false => sent.line(name, value),
        }
    }
    match said.message {
        Some(message) if is_sensitive("message") || is_sensitive("messages") => {
            if let Some(value) = said.codec.sent(message) {
                secrets.add_value(&value);
            }
            sent.secret_body(Some(message.len() as u64));
        }
        Some(message) => put_body(&mut sent, said.codec.sent(message).as_ref(), bytes),
        None => {}
    }
    let received = slot.map(|slot| {
        let status = slot.status.map_or("message", |code| code.name());
        let mut received = Message::new(status);
        put_lines(&mut received, slot.head.as_ref());
        put_lines(&mut received, slot.trailers.as_ref());
        put_body(&mut received, came, bytes);
        received
    });
    step.exchanged(&sent, received.as_ref(), &secrets);
}

fn put_lines(message: &mut Message, head: Option<&Head>) {
    for (name, value) in head.into_iter().flat_map(Head::fields) {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        message.line(&text(name), &text(value));
    }
}

/// A message as JSON. Somewhat more than is shown, so that a secret that is cut off is found.
fn put_body(message: &mut Message, value: Option<&Value>, shown: usize) {
    let Some(value) = value else {
        return;
    };
    let json = encode_json(value);
    let most = shown.saturating_mul(2).saturating_add(1024);
    let start = json.len().min(most);
    let size = json.len() as u64;
    message.body(json.as_bytes().get(..start).unwrap_or_default(), size);
}
