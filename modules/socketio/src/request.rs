//! The runner `socketio_request`.

use crate::payload::{Acknowledgement, Payload};
use crate::shown::{Heard, show};
use crate::socket::{Event, Socket};
use crate::socketio_request::{Inputs, Late, Output, Plain, Uses, Wanted};
use crate::waits::{DEFAULT, Limit, What, within};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};
use std::time::Duration;

/// A prepared step that emits an event and waits for another one.
#[derive(Debug)]
pub struct SocketioRequest {
    inputs: Inputs,
    wanted: Wanted,
    /// What is asked, if it is known early.
    fixed: Option<Question>,
}

/// What is emitted, and what is waited for.
#[derive(Debug)]
struct Question {
    event: Payload,
    on_event: String,
    timeout: Duration,
}

impl Runner for SocketioRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.emit_event.known().is_some()
            && inputs.emit_data.known().is_some()
            && inputs.on_event.known().is_some()
            && inputs.timeout.known().is_some();
        let fixed = match is_known {
            true => Some(question(&inputs.with(&[])?)?),
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
        let question = match &self.fixed {
            Some(fixed) => fixed,
            None => {
                made = question(&self.inputs.with(late)?)?;
                &made
            }
        };
        let answer = question.ask(step, uses.client.socket()).await;
        let heard = answer.as_ref().map(|answer| match answer {
            Some(event) => Heard::Event(&event.name, &event.args),
            None => Heard::Nothing,
        });
        show(step, Ok(&question.event), heard);
        let answer = answer?;
        if let Some(event) = &answer {
            step.received_at(event.came);
        }
        Ok(Output {
            response_data: match answer {
                Some(event) if self.wanted.response_data => first(event),
                _ => Value::Null,
            },
        })
    }
}

impl Question {
    async fn ask(&self, step: &Step<'_>, socket: &Socket) -> Result<Option<Event>, Fault> {
        socket.skip(&self.on_event);
        // It waits before the event goes out, so that no answer is too quick.
        let waits = socket.event(&self.on_event);
        let sent = step.sent();
        socket.put(&self.event, None)?;
        let limit = Limit {
            what: What::Event(&self.on_event),
            from: sent,
            limit: self.timeout,
        };
        within(step, limit, |cx| waits.poll(cx)).await?;
        let answer = waits.take_event();
        if let Some(answer) = &answer {
            socket.acknowledge(answer, &Acknowledgement::new(&[]));
        }
        Ok(answer)
    }
}

fn question(plain: &Plain<'_>) -> Result<Question, Fault> {
    Ok(Question {
        event: asked(&plain.emit_event, plain.emit_data)?,
        on_event: plain.on_event.to_string(),
        timeout: plain.timeout.unwrap_or(DEFAULT),
    })
}

/// An event with one argument, or with none.
pub(crate) fn asked(name: &str, data: Option<&Value>) -> Result<Payload, Fault> {
    let data = data.filter(|data| !data.is_null());
    let data = data.map(Value::settled).transpose()?;
    let args = data.as_deref().map_or(&[][..], std::slice::from_ref);
    Ok(Payload::new(name, args))
}

/// The first argument of an event.
pub(crate) fn first(event: Event) -> Value {
    event.args.into_iter().next().unwrap_or(Value::Null)
}
