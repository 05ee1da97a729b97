//! The runner `postgres_receive`.

use crate::limit::DEFAULT;
use crate::listener::{Notification, PostgresListener};
use crate::postgres_receive::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::shown::show_received;
use crate::stamped::take_stamp;
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

/// A prepared step that waits for notifications.
#[derive(Debug)]
pub struct PostgresReceive {
    inputs: Inputs,
    wanted: Wanted,
}

/// Notifications that a step has taken. If it is given up, the next one gets them.
struct Taken<'a> {
    listener: &'a PostgresListener,
    notifications: Vec<Notification>,
    skipped: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        for notification in self.notifications.drain(..).rev() {
            self.listener.put_back(notification);
        }
        self.listener.count_dropped(self.skipped);
    }
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
        let listener = uses.listener;
        let count = given.count.as_usize().unwrap_or(usize::MAX);
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let mut taken = Taken {
            listener,
            notifications: Vec::new(),
            skipped: 0,
        };
        let done = {
            let taking = pin!(self.take(step, count, given.r#match, &mut taken));
            within(step, &listener.deadline, until, taking).await
        };
        let done = done.unwrap_or_else(|| {
            let what = match count {
                1 => "no notification".to_owned(),
                count => format!("no {count} notifications"),
            };
            let text = format_args!("{what} within {}", format_duration(limit));
            Err(Kind::Timeout.fault(FaultText::plain(text)))
        });
        let last = taken.notifications.last().filter(|_| done.is_ok());
        let last = last.map(|last| (&*last.channel, &*last.payload));
        show_received(step, last, done.as_ref().err());
        done?;
        let notifications = std::mem::take(&mut taken.notifications);
        if let Some(last) = notifications.last() {
            step.received_at(last.came);
        }
        Ok(self.output(&notifications, taken.skipped))
    }
}

impl PostgresReceive {
    /// Takes so many notifications that match.
    async fn take(
        &self,
        step: &Step<'_>,
        count: usize,
        predicate: Option<Predicate<'_>>,
        taken: &mut Taken<'_>,
    ) -> Result<(), Fault> {
        let listener = taken.listener;
        let _turn = listener.turns.take().await;
        listener.forget_before(step);
        while taken.notifications.len() < count {
            let mut notification = poll_fn(|cx| listener.poll_next(cx)).await?;
            if let Some(stamp) = take_stamp(&mut notification.payload) {
                step.record_stamp(&stamp, notification.came, STAMPS);
            }
            taken.notifications.push(notification);
            let Some(predicate) = predicate else {
                continue;
            };
            let output = self.output(&taken.notifications, taken.skipped);
            let judged = output.fits(self.wanted, step, predicate);
            if !matches!(judged, Ok(true)) {
                // One that cannot be judged would fail each step that follows.
                taken.notifications.pop();
                taken.skipped += 1;
            }
            judged?;
        }
        Ok(())
    }

    fn output(&self, notifications: &[Notification], skipped: u64) -> Output {
        let wanted = self.wanted;
        let last = notifications.last();
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

fn object(notification: &Notification) -> Value {
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
