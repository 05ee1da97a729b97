//! The runner `rabbitmq_request`: its answers come to the connection without a queue of their own.

use crate::channel::REPLY_TO;
use crate::codec::text;
use crate::connection::{Place, RabbitmqConnection};
use crate::exchange::{DEFAULT, body, late as too_late};
use crate::message::Message;
use crate::operations::Wants;
use crate::outcome;
use crate::publishing::{Counts, Sent, given, in_room, until_unblocked};
use crate::rabbitmq_request::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::session::Outgoing;
use crate::shown::{Said, show};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};
use bggo_wire::within;
use std::cell::RefCell;
use std::pin::pin;

const COUNTS: Counts = Counts {
    bytes: Metric::BYTES,
    possibly_written: Metric::POSSIBLY_WRITTEN,
};

/// A prepared step that asks.
#[derive(Debug)]
pub struct RabbitmqRequest {
    inputs: Inputs,
    wanted: Wanted,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RabbitmqRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            wanted,
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let connection: &RabbitmqConnection = uses.connection;
        let place = connection.place(step).await?;
        let given = self.inputs.with(late)?;
        let id = match &given.correlation_id {
            Some(id) => id.clone().into_owned(),
            None => place.session().next_request(),
        };
        let mut properties = given!(plain given);
        properties.correlation_id = Some(&id);
        properties.reply_to = Some(REPLY_TO);
        let header = properties.header(None)?;
        let body = body(given.body);
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let message = Outgoing {
            lane: place.lane(),
            exchange: &given.exchange,
            routing_key: &given.routing_key,
            // One that comes back says that no answer will.
            mandatory: true,
            header: &header,
            bodies: &[&body],
        };
        let asking = pin!(self.answer(step, &place, message, &id));
        let done = within(step, place.deadline(), until, asking).await;
        let answer = done.unwrap_or_else(|| Err(too_late("answer", limit)));
        let said = Said {
            first: "request",
            lines: &[
                ("exchange", &given.exchange),
                ("routing_key", &given.routing_key),
            ],
            body: Some((&body, Some("body"))),
        };
        show(
            step,
            &said,
            answer.as_ref().map(|answer| Said::message(answer)),
        );
        let answer = answer?;
        Ok(Output {
            message: match self.wanted.message {
                // Answers are not acknowledged.
                true => answer.value(Value::Text(text(b""))),
                false => Value::Null,
            },
        })
    }
}

impl RabbitmqRequest {
    async fn answer<'a>(
        &'a self,
        step: &'a Step<'a>,
        place: &'a Place<'a>,
        message: Outgoing<'a>,
        id: &str,
    ) -> Result<Box<Message>, Fault> {
        until_unblocked(step, place).await?;
        let waits = in_room(&self.room, |room| {
            place.session().request(message, id, room)
        })?;
        let size: usize = message.bodies.iter().map(|body| body.len()).sum();
        step.add(COUNTS.bytes, size as u64);
        let sent = Sent::new(step, waits, COUNTS);
        sent.waits.wait().await?;
        step.received_at(step.now());
        match sent.waits.got() {
            Some(Wants::Answer {
                message: Some(message),
                ..
            }) => Ok(message),
            _ => Err(outcome::protocol("the server gave no answer")),
        }
    }
}
