//! The runner `websocket_request`.

use crate::content::{Fixed, Given, Reads, outputs};
use crate::session::{Message, Outgoing, Packed, Session, Wants};
use crate::shown::{Said, show};
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_request::{Inputs, Late, Output, Plain, Uses, Wanted};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// A prepared step that sends a message and waits for the next one.
#[derive(Debug)]
pub struct WebsocketRequest {
    inputs: Inputs,
    wanted: Wanted,
    /// The message and the limit, if both are known early.
    fixed: Option<(Fixed, Duration)>,
}

impl Runner for WebsocketRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.text.known().is_some()
            && inputs.json.known().is_some()
            && inputs.binary.known().is_some()
            && inputs.timeout.known().is_some();
        let fixed = match is_known {
            true => {
                let (given, timeout) = given(inputs.with(&[])?)?;
                Some((given.into_fixed(), timeout))
            }
            false => None,
        };
        Ok(Self {
            inputs,
            wanted,
            fixed,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let made;
        let (message, packed, timeout) = match &self.fixed {
            Some((fixed, timeout)) => (fixed.outgoing(), Some(&fixed.packed), *timeout),
            None => {
                made = given(self.inputs.with(late)?)?;
                (made.0.outgoing(), None, made.1)
            }
        };
        let asked = ask(step, uses.socket.session(), (message, packed), timeout).await;
        let came = asked.as_ref().map(|(_, answer)| answer.as_slice());
        show(step, Said::Message(message), came);
        let (skipped, answer) = asked?;
        let wanted = self.wanted;
        let reads = Reads {
            message: wanted.message,
            json: wanted.json,
            binary: wanted.binary,
        };
        let (message, json, binary) = outputs(answer.last(), reads);
        Ok(Output {
            message,
            json,
            binary,
            skipped: Number::from(skipped).into(),
        })
    }
}

/// Sends a message: how many messages stood there before, and what came for it.
async fn ask(
    step: &Step<'_>,
    session: &Session,
    (message, packed): (Outgoing<'_>, Option<&Packed>),
    timeout: Duration,
) -> Result<(u64, Vec<Message>), Fault> {
    // What came before the request is no answer to it.
    let skipped = poll_fn(|cx| Poll::Ready(session.skip(cx))).await;
    // It waits before the message goes out, so that no answer is too quick.
    let operation = session.operation(Wants::Messages(1));
    let sent = step.sent();
    session.put(message, packed)?;
    let limit = Limit {
        what: What::Answer,
        from: sent,
        limit: timeout,
    };
    within(step, &operation, limit).await?;
    let answer = operation.take();
    if let Some(answer) = &answer {
        step.received_at(answer.came);
    }
    Ok((skipped, answer.into_iter().collect()))
}

fn given(plain: Plain<'_>) -> Result<(Given<'_>, Duration), Fault> {
    let given = Given::one(plain.text, plain.json, plain.binary)?;
    Ok((given, plain.timeout.unwrap_or(DEFAULT)))
}
