//! What a step sent and what came for it, for people to see.

use crate::session::{Content, Message as Came, Outgoing};
use bggo_runtime::contract::{Fault, Message, Secrets, Step};

/// What a step said to the server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said<'a> {
    Message(Outgoing<'a>),
    /// It only waited.
    Nothing,
}

/// Hands over an exchange, if it is shown: each one of a functional run, and under load one of each kind of failure.
pub(crate) fn show(step: &Step<'_>, said: Said<'_>, result: Result<&[Came], &Fault>) {
    let shown = step.shows_exchanges().or_else(|| match result {
        Err(fault) => step.wants_example(fault.kind()),
        Ok(_) => None,
    });
    let Some(bytes) = shown else {
        return;
    };
    let mut secrets = Secrets::default();
    let sent = match said {
        Said::Nothing => Message::new("waits for messages"),
        Said::Message(message) => {
            let is_kept_back = ["text", "json", "binary"]
                .iter()
                .any(|input| step.info().is_input_sensitive(input));
            let mut sent = Message::new(named(message.is_text, message.bytes.len()));
            match is_kept_back {
                true => {
                    // The server may send it back.
                    secrets.add(&String::from_utf8_lossy(message.bytes));
                    sent.secret_body(Some(message.bytes.len() as u64));
                }
                false => put_body(&mut sent, message.bytes, bytes),
            }
            sent
        }
    };
    let received = result.ok().and_then(<[Came]>::last).map(|last| {
        let (is_text, content) = match &last.content {
            Content::Text(text) => (true, text.as_bytes()),
            Content::Binary(bytes) => (false, &**bytes),
        };
        let mut received = Message::new(named(is_text, content.len()));
        put_body(&mut received, content, bytes);
        received
    });
    step.exchanged(&sent, received.as_ref(), &secrets);
}

fn named(is_text: bool, bytes: usize) -> String {
    let kind = if is_text { "text" } else { "binary" };
    format!("{kind} message, {bytes} bytes")
}

/// Somewhat more than is shown, so that a secret that is cut off is found.
fn put_body(message: &mut Message, content: &[u8], shown: usize) {
    let start = content
        .len()
        .min(shown.saturating_mul(2).saturating_add(1024));
    message.body(
        content.get(..start).unwrap_or_default(),
        content.len() as u64,
    );
}
