//! What a step emitted and what came for it, for people to see.

use crate::payload::Payload;
use bggo_runtime::contract::{Fault, Message, Secrets, Step, Value, encode_json};

/// What came for a step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Heard<'a> {
    Nothing,
    Event(&'a str, &'a [Value]),
    Ack(&'a [Value]),
}

/// Hands over an exchange, if it is shown: each one of a functional run, and under load one of each kind of failure. A step that emitted
/// nothing only waited for the event of this name.
pub(crate) fn show(
    step: &Step<'_>,
    emitted: Result<&Payload, &str>,
    heard: Result<Heard<'_>, &Fault>,
) {
    let shown = step.shows_exchanges().or_else(|| match heard {
        Err(fault) => step.wants_example(fault.kind()),
        Ok(_) => None,
    });
    let Some(bytes) = shown else {
        return;
    };
    let is_kept_back = |inputs: &[&str]| {
        let info = step.info();
        inputs.iter().any(|input| info.is_input_sensitive(input))
    };
    let name_is_kept_back = is_kept_back(&["event", "emit_event", "on_event"]);
    let named = |what: &str, name: &str| {
        Message::new(match name_is_kept_back {
            true => what.to_owned(),
            false => format!("{what} {name}"),
        })
    };
    let mut secrets = Secrets::default();
    let sent = match emitted {
        Err(name) => named("waits for event", name),
        Ok(payload) => {
            let mut sent = named("event", &payload.name);
            if !payload.attachments.is_empty() {
                sent.line("attachments", &payload.attachments.len().to_string());
            }
            match name_is_kept_back || is_kept_back(&["emit_data", "args"]) {
                true => {
                    // The server may send it back.
                    secrets.add(&payload.json);
                    sent.secret_body(Some(payload.json.len() as u64));
                }
                false => put_body(&mut sent, &payload.json, bytes),
            }
            sent
        }
    };
    let received = match heard {
        Ok(Heard::Event(name, args)) => Some((named("event", name), args)),
        Ok(Heard::Ack(args)) => Some((Message::new("ack"), args)),
        Ok(Heard::Nothing) | Err(_) => None,
    };
    let received = received.map(|(mut received, args)| {
        let json = encode_json(&Value::from(args.to_vec()));
        put_body(&mut received, &json, bytes);
        received
    });
    step.exchanged(&sent, received.as_ref(), &secrets);
}

/// Somewhat more than is shown, so that a secret that is cut off is found.
fn put_body(message: &mut Message, content: &str, shown: usize) {
    let content = content.as_bytes();
    let start = shown.saturating_mul(2).saturating_add(1024);
    let start = content.get(..start).unwrap_or(content);
    message.body(start, content.len() as u64);
}
