//! The runner `postgres_receive`.

use crate::limit::DEFAULT;
use crate::listener::Notification;
use crate::postgres_receive::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::shown::show_received;
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

/// A prepared step that waits for notifications.
#[derive(Debug)]
pub struct PostgresReceive {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for PostgresReceive {
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
        let listening = &uses.listener.listening;
        let count = given.count.as_usize().unwrap_or(usize::MAX);
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let predicate = given.r#match;
        let mut taken = Taken::new(listening);
        let done = {
            let look = |came: &mut Came<Notification>| {
                if let Some((stamp, without)) = unstamped(&came.message.payload) {
                    came.message.payload = Text::from(without);
                    step.record_stamp(&stamp, came.at, STAMPS);
                }
            };
            let fits = |came: &[Came<Notification>], skipped| match predicate {
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
                1 => "no notification".to_owned(),
                count => format!("no {count} notifications"),
            };
            let text = format_args!("{what} within {}", format_duration(limit));
            Err(Kind::Timeout.fault(FaultText::plain(text)))
        });
        let last = taken.messages.last().filter(|_| done.is_ok());
        let last = last.map(|last| (&*last.message.channel, &*last.message.payload));
        show_received(step, last, done.as_ref().err());
        done?;
        let notifications = taken.keep();
        if let Some(last) = notifications.last() {
            step.received_at(last.at);
        }
        Ok(self.output(&notifications, taken.skipped))
    }
}

impl PostgresReceive {
    fn output(&self, notifications: &[Came<Notification>], skipped: u64) -> Output {
        let wanted = self.wanted;
        let last = notifications.last().map(|came| &came.message);
        let of_last = |is_wanted: bool, of: fn(&Notification) -> Value| match (is_wanted, last) {
            (true, Some(last)) => of(last),
            _ => Value::Null,
        };
        Output {
            payload: of_last(wanted.payload, |last| Value::Text(last.payload.clone())),
            json: of_last(wanted.json, |last| {
                decode_json(&last.payload).unwrap_or(Value::Null)
            }),
            channel: of_last(wanted.channel, |last| Value::Text(last.channel.clone())),
            pid: of_last(wanted.pid, |last| Number::from(last.pid).into()),
            notifications: match wanted.notifications {
                true => notifications.iter().map(object).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
            skipped: Number::from(skipped).into(),
        }
    }
}

fn object(came: &Came<Notification>) -> Value {
    let notification = &came.message;
    Value::from(vec![
        (
            Text::Static("channel"),
            Value::Text(notification.channel.clone()),
        ),
        (
            Text::Static("payload"),
            Value::Text(notification.payload.clone()),
        ),
        (Text::Static("pid"), Number::from(notification.pid).into()),
    ])
}
