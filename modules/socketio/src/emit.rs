//! The runner `socketio_emit`.

use crate::payload::Payload;
use crate::shown::{Heard, show};
use crate::socket::{Acked, Socket};
use crate::socketio_emit::{Inputs, Late, Output, Plain, Uses, Wanted};
use crate::waits::{DEFAULT, Limit, What, within};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};
use std::time::Duration;

/// A prepared step that emits an event.
#[derive(Debug)]
pub struct SocketioEmit {
    inputs: Inputs,
    wanted: Wanted,
    /// The event, if it is known early.
    fixed: Option<Emission>,
}

/// What is emitted, whether its acknowledgement is waited for, and how long the step may take.
#[derive(Debug)]
struct Emission {
    event: Payload,
    ack: bool,
    timeout: Duration,
}

impl Runner for SocketioEmit {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.event.known().is_some()
            && inputs.args.known().is_some()
            && inputs.attachments.known().is_some()
            && inputs.ack.known().is_some()
            && inputs.timeout.known().is_some();
        let fixed = match is_known {
            true => Some(emission(&inputs.with(&[])?)?),
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
        let emission = match &self.fixed {
            Some(fixed) => fixed,
            None => {
                made = emission(&self.inputs.with(late)?)?;
                &made
            }
        };
        let acked = emission.run(step, uses.client.socket()).await;
        let heard = acked.as_ref().map(|acked| match acked {
            Some(acked) => Heard::Ack(&acked.args),
            None => Heard::Nothing,
        });
        show(step, Ok(&emission.event), heard);
        let acked = acked?;
        if let Some(acked) = &acked {
            step.received_at(acked.came);
        }
        Ok(Output {
            ack: match acked {
                Some(acked) if self.wanted.ack => Value::from(acked.args),
                _ => Value::Null,
            },
        })
    }
}

impl Emission {
    async fn run(&self, step: &Step<'_>, socket: &Socket) -> Result<Option<Acked>, Fault> {
        if !self.ack {
            let limit = Limit {
                what: What::Sent(&self.event.name),
                from: step.sent(),
                limit: self.timeout,
            };
            let operation = socket.sent();
            socket.put(&self.event, None)?;
            within(step, limit, |cx| operation.poll(cx)).await?;
            return Ok(None);
        }
        let (waits, id) = socket.ack();
        let sent = step.sent();
        socket.put(&self.event, Some(id))?;
        let limit = Limit {
            what: What::Ack(&self.event.name),
            from: sent,
            limit: self.timeout,
        };
        within(step, limit, |cx| waits.poll(cx)).await?;
        let acked = waits.take_ack();
        if let Some(acked) = &acked {
            socket.acknowledged_in(acked.came - sent);
        }
        Ok(acked)
    }
}

fn emission(plain: &Plain<'_>) -> Result<Emission, Fault> {
    let args = items_of(&[plain.args, plain.attachments])?;
    Ok(Emission {
        event: Payload::new(&plain.event, &args),
        ack: plain.ack,
        timeout: plain.timeout.unwrap_or(DEFAULT),
    })
}

/// The items of lists that are given, one list after the other.
pub(crate) fn items_of(lists: &[Option<&Value>]) -> Result<Vec<Value>, Fault> {
    let mut items = Vec::new();
    for list in lists {
        let Some(list) = list else { continue };
        let list = list.settled()?;
        if let Some(list) = list.items() {
            items.extend_from_slice(&list);
        }
    }
    Ok(items)
}
