//! What a step sent and what came for it, for people to see.

use crate::reply::Reply;
use crate::subscription::Message as Came;
use bggo_runtime::contract::{Fault, Message, Secrets, Step, Value, encode_json};

/// A reply as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    first: String,
    body: Vec<u8>,
    size: usize,
}

impl Said {
    /// Of a reply, with some more bytes than are shown: a secret that is cut off is found.
    pub(crate) fn of(reply: Reply<'_>, bytes: usize) -> Self {
        if let Some(error) = reply.error() {
            return Self {
                first: error.to_owned(),
                body: Vec::new(),
                size: 0,
            };
        }
        let mut body = match reply.value() {
            Ok(Value::Null) | Err(_) => Vec::new(),
            Ok(Value::Text(text)) => text.as_bytes().to_vec(),
            Ok(Value::Bytes(bytes)) => bytes.to_vec(),
            Ok(value) => encode_json(&value).into_bytes(),
        };
        let size = body.len();
        body.truncate(most(bytes));
        Self {
            first: reply.kind().to_owned(),
            body,
            size,
        }
    }
}

/// Whether an exchange is shown, and how many bytes of each body: each one of a functional run, and under load one of each kind of failure.
pub(crate) fn is_shown(step: &Step<'_>, fault: Option<&Fault>) -> Option<usize> {
    step.shows_exchanges()
        .or_else(|| step.wants_example(fault?.kind()))
}

/// Hands over an exchange of which so many bytes are shown. `commands` are as they were sent; `input` is where the grid gives them.
pub(crate) fn show(step: &Step<'_>, (input, commands): (&str, &[u8]), said: &[Said], bytes: usize) {
    let mut secrets = Secrets::default();
    let texts = texts(commands);
    let is_kept_back = step.info().is_input_sensitive(input);
    let name = texts
        .first()
        .and_then(|command| command.first())
        .cloned()
        .unwrap_or_default();
    let mut sent = match texts.len() {
        1 => Message::new(name),
        count => Message::new(format!("{count} commands")),
    };
    if is_kept_back {
        for argument in texts.iter().flat_map(|command| command.iter().skip(1)) {
            // The server may send it back.
            secrets.add(argument);
        }
        sent.secret_body(Some(commands.len() as u64));
    } else {
        let lines: Vec<String> = texts.iter().map(|command| command.join(" ")).collect();
        let mut body = lines.join("\n").into_bytes();
        let size = body.len() as u64;
        body.truncate(most(bytes));
        sent.body(body, size);
    }
    let received = match said {
        [] => None,
        [one] => {
            let mut received = Message::new(one.first.clone());
            if one.size > 0 {
                received.body(one.body.clone(), one.size as u64);
            }
            Some(received)
        }
        several => {
            let mut received = Message::new(format!("{} replies", several.len()));
            let mut body = Vec::new();
            for one in several {
                body.extend_from_slice(one.first.as_bytes());
                body.extend_from_slice(if one.body.is_empty() { b"" } else { b": " });
                body.extend_from_slice(&one.body);
                body.push(b'\n');
            }
            let size = body.len() as u64;
            received.body(body, size);
            Some(received)
        }
    };
    step.exchanged(&sent, received.as_ref(), &secrets);
}

/// The words of commands as they were sent.
fn texts(mut commands: &[u8]) -> Vec<Vec<String>> {
    let mut texts = Vec::new();
    while let Ok(Some(end)) = crate::scan::Scan::default().end(commands) {
        let (command, rest) = commands.split_at_checked(end).unwrap_or((commands, &[]));
        let words = Reply::new(command).items().unwrap_or_default();
        let words = words.into_iter().map(|word| match word.value() {
            Ok(Value::Text(text)) => text.to_string(),
            Ok(Value::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        });
        texts.push(words.collect());
        commands = rest;
    }
    texts
}

fn most(shown: usize) -> usize {
    shown.saturating_mul(2).saturating_add(1024)
}

/// Hands over the last message that a step waited for, if that is shown.
pub(crate) fn show_received(step: &Step<'_>, result: Result<Option<&Came>, &Fault>) {
    let Some(bytes) = is_shown(step, result.as_ref().err().copied()) else {
        return;
    };
    let sent = Message::new("waits for messages");
    let received = result.ok().flatten().map(|last| {
        let mut received = Message::new(format!("message of {}", last.channel));
        let body: &[u8] = match &last.payload {
            Value::Text(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            _ => b"",
        };
        let start = body.get(..most(bytes)).unwrap_or(body);
        received.body(start, body.len() as u64);
        received
    });
    step.exchanged(&sent, received.as_ref(), &Secrets::default());
}
