//! The runner `redis_receive`.

use crate::ask::DEFAULT;
use crate::redis_receive::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::shown::show_received;
use crate::stamped::take_stamp;
use crate::subscription::{Message, RedisSubscription};
use bggo_runtime::contract::{
    Fault, FaultText, Number, Predicate, Prepare, Runner, StampMetrics, Step, Text, Value,
    decode_json, format_duration,
};
use bggo_wire::within;
use std::future::poll_fn;
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

/// Messages that a step has taken. If it is given up, the next one gets them.
struct Taken<'a> {
    subscription: &'a RedisSubscription,
    messages: Vec<Message>,
    skipped: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for message in self.messages.drain(..).rev() {
            self.subscription.put_back(message);
        }
        self.subscription.count_dropped(self.skipped);
    }
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
        let subscription = uses.subscription;
        let count = given.count.as_usize().unwrap_or(usize::MAX);
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let mut taken = Taken {
            subscription,
            messages: Vec::new(),
            skipped: 0,
        };
        let done = {
            let taking = pin!(self.take(step, count, given.r#match, &mut taken));
            within(step, &subscription.deadline, until, taking).await
        };
        let done = done.unwrap_or_else(|| {
            let what = match count {
                1 => "no message".to_owned(),
                count => format!("no {count} messages"),
            };
            let text = format_args!("{what} within {}", format_duration(limit));
            Err(Kind::Timeout.fault(FaultText::plain(text)))
        });
        show_received(step, done.as_ref().map(|()| taken.messages.as_slice()));
        done?;
        let messages = std::mem::take(&mut taken.messages);
        if let Some(last) = messages.last() {
            step.received_at(last.came);
        }
        Ok(self.output(&messages, taken.skipped))
    }
}

impl RedisReceive {
    /// Takes so many messages that match.
    async fn take(
        &self,
        step: &Step<'_>,
        count: usize,
        predicate: Option<Predicate<'_>>,
        taken: &mut Taken<'_>,
    ) -> Result<(), Fault> {
        let subscription = taken.subscription;
        let _turn = subscription.turns.take().await;
        subscription.forget_before(step);
        while taken.messages.len() < count {
            let mut message = poll_fn(|cx| subscription.poll_next(cx)).await?;
            if let Some(stamp) = take_stamp(&mut message.payload) {
                step.record_stamp(&stamp, message.came, STAMPS);
            }
            taken.messages.push(message);
            let Some(predicate) = predicate else {
                continue;
            };
            let output = self.output(&taken.messages, taken.skipped);
            let judged = output.fits(self.wanted, step, predicate);
            if !matches!(judged, Ok(true)) {
                // One that cannot be judged would fail each step that follows.
                taken.messages.pop();
                taken.skipped += 1;
            }
            judged?;
        }
        Ok(())
    }

    fn output(&self, messages: &[Message], skipped: u64) -> Output {
        let wanted = self.wanted;
        let last = messages.last();
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

fn object(message: &Message) -> Value {
    Value::from(vec![
        (
            Text::Static("channel"),
            Value::Text(message.channel.clone()),
        ),
        (Text::Static("message"), message.payload.clone()),
    ])
}
