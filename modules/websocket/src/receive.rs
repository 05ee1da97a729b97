//! The runner `websocket_receive`.

use crate::content::{Reads, outputs, value};
use crate::session::{Message, Wants};
use crate::shown::{Said, show};
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_receive::{Inputs, Late, Output, Uses, Wanted};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};

/// A prepared step that waits for messages.
#[derive(Debug)]
pub struct WebsocketReceive {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for WebsocketReceive {
    type Inputs = Inputs;
    type Late<'a> = Late;
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
        late: &'a [Late],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let count = plain.count.as_u64().unwrap_or(1);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let begun = step.sent_at_once();
        let operation = uses.socket.session().operation(Wants::Messages(count));
        let limit = Limit {
            what: What::Messages(count),
            from: begun,
            limit: plain.timeout.unwrap_or(DEFAULT),
        };
        let waited = within(step, &operation, limit).await;
        let came = waited.map(|()| {
            let messages = (0..count).map_while(|_| operation.take());
            messages.collect::<Vec<Message>>()
        });
        drop(operation);
        show(step, Said::Nothing, came.as_deref());
        let messages = came?;
        let last = messages.last();
        if let Some(last) = last {
            step.received_at(last.came);
        }
        let wanted = self.wanted;
        let reads = Reads {
            message: wanted.message,
            json: wanted.json,
            binary: wanted.binary,
        };
        let (message, json, binary) = outputs(last, reads);
        Ok(Output {
            message,
            json,
            binary,
            messages: match wanted.messages {
                true => messages.iter().map(value).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
        })
    }
}
