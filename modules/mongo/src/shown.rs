//! What a step sent and what came for it, for people to see.

use crate::bson::Document;
use crate::message;
use bggo_runtime::contract::{Fault, Message, Secrets, Step, Value, encode_json};

/// Whether an exchange is shown, and how many bytes of each body: each one of a functional run, and under load one of each kind of failure.
pub(crate) fn is_shown(step: &Step<'_>, fault: Option<&Fault>) -> Option<usize> {
    step.shows_exchanges()
        .or_else(|| step.wants_example(fault?.kind()))
}

/// Hands over an exchange of which so many bytes are shown. `inputs` are those of which the message was made.
pub(crate) fn show(
    step: &Step<'_>,
    inputs: &[&str],
    (sent, came): (&[u8], Option<&Value>),
    bytes: usize,
) {
    let mut secrets = Secrets::default();
    let command = message::body(sent).and_then(|body| body.value().ok());
    let command = command.unwrap_or(Value::Null);
    let documents = message::documents(sent).unwrap_or_default();
    let documents = documents.into_iter().filter_map(|one| one.value().ok());
    let documents: Vec<Value> = documents.collect();
    let name = command.pairs().and_then(|pairs| {
        let (name, _) = pairs.first()?;
        Some(name.to_string())
    });
    let is_kept_back = |name: &&str| step.info().is_input_sensitive(name);
    let mut message = Message::new(name.unwrap_or_default());
    if inputs.iter().any(is_kept_back) {
        // The server may send it back.
        secrets.add_value(&command);
        documents
            .iter()
            .for_each(|document| secrets.add_value(document));
        message.secret_body(Some(sent.len() as u64));
    } else {
        let mut json = encode_json(&command);
        for document in &documents {
            json.push('\n');
            json.push_str(&encode_json(document));
        }
        put_body(&mut message, &json, bytes);
    }
    let received = came.map(|came| {
        let mut received = Message::new("answer");
        put_body(&mut received, &encode_json(came), bytes);
        received
    });
    step.exchanged(&message, received.as_ref(), &secrets);
}

/// An answer as it is shown.
pub(crate) fn said(document: Document<'_>) -> Option<Value> {
    document.value().ok()
}

/// Somewhat more than is shown, so that a secret that is cut off is found.
fn put_body(message: &mut Message, json: &str, shown: usize) {
    let most = shown.saturating_mul(2).saturating_add(1024);
    let start = json.len().min(most);
    message.body(
        json.as_bytes().get(..start).unwrap_or_default(),
        json.len() as u64,
    );
}
