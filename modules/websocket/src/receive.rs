//! The runner `websocket_receive`.

use crate::content::{Reads, outputs, value};
use crate::matching::{Taken, fitting, next, unread};
use crate::session::{Message, Wants};
use crate::shown::{Said, show};
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_receive::{Inputs, Late, Output, Uses, Wanted};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Value};

/// A prepared step that waits for messages.
#[derive(Debug)]
pub struct WebsocketReceive {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for WebsocketReceive {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let count = plain.count.as_u64().unwrap_or(1);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let limit = Limit {
            what: What::Messages(count),
            from: step.sent_at_once(),
            limit: plain.timeout.unwrap_or(DEFAULT),
        };
        let session = uses.socket.session_for(step);
        let taken = match plain.r#match {
            None => {
                let is_read = count != 1 || self.reads(step);
                let operation = session.operation(match is_read {
                    true => Wants::Messages(count),
                    false => Wants::Next(None),
                });
                let waited = within(step, &operation, limit).await;
                waited.map(|()| match is_read {
                    true => next(&operation, count),
                    false => unread(&operation),
                })
            }
            Some(predicate) => {
                let operation = session.operation(Wants::Messages(1));
                let fits = |messages: &[Message], skipped| {
                    let output = self.output(messages, skipped);
                    output.fits(self.wanted, step, predicate)
                };
                // Steps without a predicate hold no place for it.
                Box::pin(fitting(step, &operation, (count, limit), fits)).await
            }
        };
        let came = taken.as_ref().map(|taken| taken.messages.as_slice());
        show(step, Said::Nothing, came);
        let Taken { messages, skipped } = taken?;
        if let Some(came) = messages.came() {
            step.received_at(came);
        }
        Ok(self.output(messages.as_slice(), skipped))
    }
}

impl WebsocketReceive {
    /// Whether somebody reads what the messages hold.
    fn reads(&self, step: &Step<'_>) -> bool {
        let Wanted {
            message,
            json,
            binary,
            messages,
            skipped: _,
        } = self.wanted;
        message || json || binary || messages || step.shows_exchanges().is_some()
    }

    fn output(&self, messages: &[Message], skipped: u64) -> Output {
        let wanted = self.wanted;
        let reads = Reads {
            message: wanted.message,
            json: wanted.json,
            binary: wanted.binary,
        };
        let (message, json, binary) = outputs(messages.last(), reads);
        Output {
            message,
            json,
            binary,
            messages: match wanted.messages {
                true => messages.iter().map(value).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
            skipped: Number::from(skipped).into(),
        }
    }
}
