//! What a step sent and what came for it, for people to see.

use crate::kafka_produce::Plain;
use crate::producer::Appended;
use bggo_runtime::contract::{Message, Secrets, Step, Value, encode_json};

/// A record as it is shown.
#[derive(Debug)]
pub(crate) struct Sent {
    message: Message,
    secrets: Secrets,
}

impl Sent {
    /// With so many bytes of its value.
    pub(crate) fn new(step: &Step<'_>, topic: &str, given: &Plain<'_>, bytes: usize) -> Self {
        let mut secrets = Secrets::default();
        let is_secret = |name: &str| step.info().is_input_sensitive(name);
        let mut message = Message::new(format!("record for {topic}"));
        if let Some(key) = given.key.filter(|key| !matches!(key, Value::Null)) {
            if is_secret("key") {
                secrets.add_value(key);
                message.secret_line("key");
            } else {
                message.line("key", &text(key));
            }
        }
        if let Some(Value::Object(headers)) = given.headers {
            for (name, value) in headers.iter() {
                if is_secret("headers") {
                    secrets.add_value(value);
                    message.secret_line(name);
                } else {
                    message.line(name, &text(value));
                }
            }
        }
        if is_secret("value") {
            secrets.add_value(given.value);
            message.secret_body(None);
        } else {
            let mut body = match given.value {
                Value::Null => Vec::new(),
                Value::Bytes(bytes) => bytes.to_vec(),
                value => text(value).into_bytes(),
            };
            let size = body.len() as u64;
            // Some more than are shown: a secret that is cut off is found.
            body.truncate(bytes.saturating_mul(2).saturating_add(1024));
            message.body(body, size);
        }
        Self { message, secrets }
    }

    /// Hands it over, with the place that it was written to if it was.
    pub(crate) fn show(&self, step: &Step<'_>, written: Option<(Appended, Option<i64>)>) {
        let received = written.map(|(appended, offset)| {
            let partition = appended.partition;
            Message::new(match offset {
                Some(offset) => format!("offset {offset} in partition {partition}"),
                None => format!("in partition {partition}"),
            })
        });
        step.exchanged(&self.message, received.as_ref(), &self.secrets);
    }
}

/// A string as it is, all else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => encode_json(other),
    }
}
