//! The runner `redis_receive`.

use crate::ask::DEFAULT;
use crate::redis_receive::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::shown::show_received;
use crate::subscription::Message;
use bggo_runtime::contract::{
    Fault, FaultText, Number, Prepare, Runner, StampMetrics, Step, Text, Value, decode_json,
    format_duration,
};
use bggo_wire::{Came, Taken, unstamped, within};
use std::pin::pin;

const STAMPS: StampMetrics = [
    Metric::END_TO_END,
    Metric::END_TO_END_FROM_DUE,
    Metric::END_TO_END_WALL_CLOCK,
];

/// A prepared step that waits for messages.
#[derive(Debug)]
pub struct RedisReceive {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for RedisReceive {
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
        let given = self.inputs.with(late)?;
        let listening = &uses.subscription.listening;
        let count = given.count.as_usize().unwrap_or(usize::MAX);
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let predicate = given.r#match;
        let mut taken = Taken::new(listening);
        let done = {
            let look = |came: &mut Came<Message>| {
                if let Value::Text(text) = &came.message.payload
                    && let Some((stamp, without)) = unstamped(text)
                {
                    came.message.payload = Value::from(without);
                    step.record_stamp(&stamp, came.at, STAMPS);
                }
            };
            let fits = |came: &[Came<Message>], skipped| match predicate {
                Some(predicate) => self
                    .output(came, skipped)
                    .fits(self.wanted, step, predicate),
                None => Ok(true),
            };
            let taking = pin!(taken.take(step, count, look, fits));
            within(step, &listening.deadline, until, taking).await
        };
        let done = done.unwrap_or_else(|| {
            let what = match count {
                1 => "no message".to_owned(),
                count => format!("no {count} messages"),
            };
            let text = format_args!("{what} within {}", format_duration(limit));
            Err(Kind::Timeout.fault(FaultText::plain(text)))
        });
        let came = taken.messages.last().map(|came| &came.message);
        show_received(step, done.as_ref().map(|()| came));
        done?;
        let messages = taken.keep();
        if let Some(last) = messages.last() {
            step.received_at(last.at);
        }
        Ok(self.output(&messages, taken.skipped))
    }
}

impl RedisReceive {
    fn output(&self, messages: &[Came<Message>], skipped: u64) -> Output {
        let wanted = self.wanted;
        let last = messages.last().map(|came| &came.message);
        let payload = || last.map_or(Value::Null, |last| last.payload.clone());
        Output {
            message: match wanted.message {
                true => payload(),
                false => Value::Null,
            },
            json: match (wanted.json, last.map(|last| &last.payload)) {
                (true, Some(Value::Text(text))) => decode_json(text).unwrap_or(Value::Null),
                _ => Value::Null,
            },
            channel: match (wanted.channel, last) {
                (true, Some(last)) => Value::Text(last.channel.clone()),
                _ => Value::Null,
            },
            messages: match wanted.messages {
                true => messages.iter().map(object).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
            skipped: Number::from(skipped).into(),
        }
    }
}

fn object(came: &Came<Message>) -> Value {
    let message = &came.message;
    Value::from(vec![
        (
            Text::Static("channel"),
            Value::Text(message.channel.clone()),
        ),
        (Text::Static("message"), message.payload.clone()),
    ])
}
