//! What a step sent and what came for it, for people to see.

use crate::message::Message as Came;
use crate::operations::Reply;
use bggo_runtime::contract::{Fault, Message, Secrets, Step};

/// One side of an exchange.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said<'a> {
    pub(crate) first: &'a str,
    /// Names and values, each with the input that gives it, if one does.
    pub(crate) lines: &'a [(&'static str, &'a str)],
    /// A body, and the input that gives it, if one does.
    pub(crate) body: Option<(&'a [u8], Option<&'static str>)>,
}

impl<'a> Said<'a> {
    /// A question without a body.
    pub(crate) fn question(name: &'a str) -> Self {
        Self {
            first: name,
            ..Self::default()
        }
    }

    /// An answer.
    pub(crate) fn reply(reply: &'a Reply) -> Self {
        match reply {
            Reply::Done => Self::question("done"),
            Reply::Count(_) => Self::question("done, with a count of messages"),
            Reply::Queue { .. } => Self::question("a queue"),
            Reply::Empty => Self::question("no message"),
            Reply::Message(message, ..) => Self::message(message),
        }
    }

    /// A message.
    pub(crate) fn message(message: &'a Came) -> Self {
        Self {
            first: "a message",
            lines: &[],
            body: Some((message.body(), None)),
        }
    }
}

/// Hands an exchange over if it is shown: each one of a functional run, and under load one of each kind of failure.
pub(crate) fn show(step: &Step<'_>, sent: &Said<'_>, came: Result<Said<'_>, &Fault>) {
    let shown = step.shows_exchanges().or_else(|| match &came {
        Ok(_) => None,
        Err(fault) => step.wants_example(fault.kind()),
    });
    let Some(bytes) = shown else {
        return;
    };
    let mut secrets = Secrets::default();
    let sent = made(step, sent, bytes, &mut secrets);
    let received = came.ok().map(|came| made(step, &came, bytes, &mut secrets));
    step.exchanged(&sent, received.as_ref(), &secrets);
}

fn made(step: &Step<'_>, said: &Said<'_>, bytes: usize, secrets: &mut Secrets) -> Message {
    let mut message = Message::new(said.first.to_owned());
    for (name, value) in said.lines {
        if step.info().is_input_sensitive(name) {
            // The server may send it back.
            secrets.add(value);
            message.secret_line(name);
        } else {
            message.line(name, value);
        }
    }
    if let Some((body, input)) = said.body {
        let size = body.len() as u64;
        if input.is_some_and(|input| step.info().is_input_sensitive(input)) {
            secrets.add(&String::from_utf8_lossy(body));
            message.secret_body(Some(size));
        } else {
            let most = bytes.saturating_mul(2).saturating_add(1024);
            message.body(body.get(..most).unwrap_or(body), size);
        }
    }
    message
}
