//! The runner `rabbitmq_consume`.

use crate::channel::Subscription;
use crate::connection::RabbitmqConnection;
use crate::exchange::{arguments, late as too_late};
use crate::message::Message;
use crate::rabbitmq_consume::{Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::session::{Acks, Session};
use crate::shown::{Said, show};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, StampMetrics, Step, Value};
use bggo_wire::within;
use std::pin::pin;
use std::time::Duration;

/// How long a step waits whose grid says nothing of it.
const DEFAULT: Duration = Duration::from_secs(10);

const STAMPS: StampMetrics = [
    Metric::END_TO_END,
    Metric::END_TO_END_FROM_DUE,
    Metric::END_TO_END_WALL_CLOCK,
];

/// A prepared step that takes messages.
#[derive(Debug)]
pub struct RabbitmqConsume {
    inputs: Inputs,
    wanted: Wanted,
    /// What it consumes, if all inputs are known early.
    subscription: Option<Subscription>,
}

impl Runner for RabbitmqConsume {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.queue.known().is_some()
            && inputs.ack.known().is_some()
            && inputs.exclusive.known().is_some()
            && inputs.consumer_tag.known().is_some()
            && inputs.arguments.known().is_some()
            && inputs.max_messages.known().is_some()
            && inputs.match_correlation_id.known().is_some()
            && inputs.timeout.known().is_some();
        let subscription = match is_known {
            true => Some(subscription(&inputs.with(&[])?)?),
            false => None,
        };
        Ok(Self {
            inputs,
            wanted,
            subscription,
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
        let session = place.session();
        let given = self.inputs.with(late)?;
        let made;
        let subscription = match &self.subscription {
            Some(subscription) => subscription,
            None => {
                made = subscription(&given)?;
                &made
            }
        };
        let count = given.max_messages.as_usize().unwrap_or(usize::MAX);
        let id = given.match_correlation_id.as_deref().map(str::as_bytes);
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let acks = match &*given.ack {
            "batch" => Acks::Batch,
            "none" => Acks::None,
            "manual" => Acks::Manual,
            _ => Acks::Each,
        };
        let taken = async {
            let channel = session.consumer(place.lane(), subscription)?;
            let waits = session.messages((place.lane(), channel), count, id);
            let done = within(step, place.deadline(), until, pin!(waits.wait())).await;
            // What came until the time was over is enough, if something came.
            done.unwrap_or(Ok(()))?;
            let messages = session.take(channel, count, (id, acks));
            match messages.is_empty() {
                true => Err(too_late("message", limit)),
                false => Ok((channel, messages)),
            }
        };
        let taken = taken.await;
        if taken.is_ok() {
            step.received_at(step.now());
        }
        let said = Said {
            first: "waits for messages",
            lines: &[("queue", &given.queue)],
            body: None,
        };
        let last = taken
            .as_ref()
            .map(|(_, messages)| messages.last().map_or_else(Said::default, Said::message));
        show(step, &said, last);
        let (channel, messages) = taken?;
        count_them(step, &messages);
        Ok(self.output(session, channel, &messages))
    }
}

impl RabbitmqConsume {
    fn output(&self, session: &Session, channel: u16, messages: &[Message]) -> Output {
        let value = |message: &Message| message.value(session.delivery_tag(channel, message.tag()));
        Output {
            message: match (self.wanted.message, messages.last()) {
                (true, Some(last)) => value(last),
                _ => Value::Null,
            },
            messages: match self.wanted.messages {
                true => messages.iter().map(value).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
            count: Value::Number(Number::from(messages.len())),
        }
    }
}

fn count_them(step: &Step<'_>, messages: &[Message]) {
    let (mut bytes, mut redelivered) = (0, 0);
    for message in messages {
        bytes += message.body().len() as u64;
        redelivered += u64::from(message.is_redelivered());
        if let (Some(stamp), Some(came)) = (message.stamp(), message.came) {
            step.record_stamp(&stamp, came, STAMPS);
        }
    }
    step.add(Metric::MESSAGES, messages.len() as u64);
    step.add(Metric::BYTES, bytes);
    if redelivered > 0 {
        step.add(Metric::REDELIVERED, redelivered);
    }
}

fn subscription(given: &Plain<'_>) -> Result<Subscription, Fault> {
    Ok(Subscription {
        queue: (&*given.queue).into(),
        no_ack: given.ack == "none",
        exclusive: given.exclusive,
        tag: given.consumer_tag.as_deref().map(Box::from),
        arguments: arguments(given.arguments)?.into(),
    })
}
