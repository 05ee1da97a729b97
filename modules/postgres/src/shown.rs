//! What a step sent and what came for it, for people to see.

use bggo_runtime::contract::{Fault, Message, Secrets, Step, Value, encode_json};

/// What a step sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) sql: &'a str,
    pub(crate) parameters: Option<&'a Value>,
}

/// How many bytes of each body are shown, if the exchange is: each one of a functional run, and under load one of each kind of failure.
pub(crate) fn is_shown(step: &Step<'_>, fault: Option<&Fault>) -> Option<usize> {
    step.shows_exchanges()
        .or_else(|| step.wants_example(fault?.kind()))
}

/// Hands over an exchange, if it is shown. `came` is what the rows or results are.
pub(crate) fn show(
    step: &Step<'_>,
    said: Said<'_>,
    (came, fault): (Option<&Value>, Option<&Fault>),
) {
    let Some(bytes) = is_shown(step, fault) else {
        return;
    };
    let is_sensitive = |name| step.info().is_input_sensitive(name);
    let mut secrets = Secrets::default();
    let mut sent = match is_sensitive("sql") || is_sensitive("statements") {
        true => {
            secrets.add(said.sql);
            Message::new(Message::kept_back())
        }
        false => Message::new(said.sql),
    };
    match said.parameters {
        Some(parameters)
            if is_sensitive("params") || is_sensitive("statements") || is_sensitive("payload") =>
        {
            // The server may send them back.
            secrets.add_value(parameters);
            sent.secret_body(None);
        }
        Some(parameters) => put_body(&mut sent, parameters, bytes),
        None => {}
    }
    let received = came.map(|came| {
        let mut received = Message::new("rows");
        put_body(&mut received, came, bytes);
        received
    });
    step.exchanged(&sent, received.as_ref(), &secrets);
}

/// Hands over what a step waited for, channel and payload of the last notification, if that is shown.
pub(crate) fn show_received(step: &Step<'_>, came: Option<(&str, &str)>, fault: Option<&Fault>) {
    let Some(bytes) = is_shown(step, fault) else {
        return;
    };
    let sent = Message::new("waits for notifications");
    let received = came.map(|(channel, payload)| {
        let mut received = Message::new(format!("notification of {channel}"));
        let most = bytes.saturating_mul(2).saturating_add(1024);
        let start = payload.as_bytes().get(..most);
        received.body(start.unwrap_or(payload.as_bytes()), payload.len() as u64);
        received
    });
    step.exchanged(&sent, received.as_ref(), &Secrets::default());
}

/// A value as JSON. Somewhat more than is shown, so that a secret that is cut off is found.
fn put_body(message: &mut Message, value: &Value, shown: usize) {
    let json = encode_json(value);
    let most = shown.saturating_mul(2).saturating_add(1024);
    let start = json.len().min(most);
    message.body(
        json.as_bytes().get(..start).unwrap_or_default(),
        json.len() as u64,
    );
}
