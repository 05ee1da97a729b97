//! The runner `rabbitmq_publish`.

use crate::connection::{Place, RabbitmqConnection};
use crate::exchange::{DEFAULT, body, late as too_late};
use crate::operations::Tally;
use crate::publishing::{ConfirmCounts, Counts, confirmed, given, in_room, judge, until_unblocked};
use crate::rabbitmq_publish::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::session::Outgoing;
use crate::shown::{Said, show};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Text, Value};
use bggo_wire::within;
use std::cell::RefCell;
use std::pin::pin;

const COUNTS: Counts = Counts {
    bytes: Metric::BYTES,
    possibly_written: Metric::POSSIBLY_WRITTEN,
};
const CONFIRM_COUNTS: ConfirmCounts = ConfirmCounts {
    returned: Metric::RETURNED,
    nacked: Metric::NACKED,
    confirm_time: Metric::CONFIRM_TIME,
    messages: None,
};

/// A prepared step that publishes.
#[derive(Debug)]
pub struct RabbitmqPublish {
    inputs: Inputs,
    /// Whether messages get a stamp.
    stamps: bool,
    /// The header and the body, if they are known early.
    header: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RabbitmqPublish {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let known = || {
            let reply_to = inputs.reply_to.known()?.as_deref();
            let mut given = given!(early inputs);
            given.reply_to = reply_to;
            Some(given.header(None))
        };
        let header = known().transpose()?;
        let body = inputs.body.known().map(|value| body(value).into_owned());
        Ok(Self {
            stamps: wanted.stamp,
            inputs,
            header,
            body,
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
        let made;
        let header = match &self.header {
            Some(header) if !self.stamps => header,
            _ => {
                let mut plain = given!(plain given);
                plain.reply_to = given.reply_to.as_deref();
                let stamp = self.stamps.then(|| step.stamp());
                made = plain.header(stamp.as_ref().map(<[u8; 24]>::as_slice))?;
                &made
            }
        };
        let made_body;
        let body = match &self.body {
            Some(body) => body,
            None => {
                made_body = body(given.body);
                &*made_body
            }
        };
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let message = Outgoing {
            lane: place.lane(),
            exchange: &given.exchange,
            routing_key: &given.routing_key,
            mandatory: given.mandatory,
            header,
            bodies: &[body],
        };
        let fails_returned = given.on_return == "fail";
        let published = match given.confirm {
            true => {
                let counts = (COUNTS, CONFIRM_COUNTS);
                let publishing = pin!(confirmed(step, &place, message, &self.room, counts));
                let done = within(step, place.deadline(), until, publishing).await;
                done.unwrap_or_else(|| Err(too_late("confirm", limit)))
                    .and_then(|tally| judge(&tally, fails_returned).map(|()| tally))
            }
            false => {
                let publishing = pin!(self.sent(step, &place, message));
                let done = within(step, place.deadline(), until, publishing).await;
                done.unwrap_or_else(|| Err(too_late("way to send the message", limit)))
                    .map(|()| Tally::default())
            }
        };
        let said = Said {
            first: "publish",
            lines: &[
                ("exchange", &given.exchange),
                ("routing_key", &given.routing_key),
            ],
            body: Some((body, Some("body"))),
        };
        let answer = match given.confirm {
            true => Said::question("confirmed"),
            false => Said::question("sent"),
        };
        show(step, &said, published.as_ref().map(|_| answer));
        let tally = published?;
        let first = tally.first.as_deref();
        Ok(Output {
            confirmed: Value::Bool(tally.acked == 1),
            returned: Value::Bool(tally.returned == 1),
            return_code: first.map_or(Value::Null, |first| {
                Value::Number(Number::from(u32::from(first.code)))
            }),
            return_text: first.map_or(Value::Null, |first| Value::Text(Text::from(&*first.text))),
        })
    }
}

impl RabbitmqPublish {
    /// Sends a message without a confirm.
    async fn sent(
        &self,
        step: &Step<'_>,
        place: &Place<'_>,
        message: Outgoing<'_>,
    ) -> Result<(), Fault> {
        until_unblocked(step, place).await?;
        let sent = in_room(&self.room, |room| {
            place.session().publish_plain(message, room)
        })?;
        let size: usize = message.bodies.iter().map(|body| body.len()).sum();
        step.add(COUNTS.bytes, size as u64);
        let unsent = Unsent { step };
        let done = sent.wait().await;
        if done.is_ok() {
            std::mem::forget(unsent);
        }
        done
    }
}

/// A message without a confirm whose sending is waited for. If that ends otherwise, the server may have it or get it yet.
struct Unsent<'a> {
    step: &'a Step<'a>,
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        self.step.add(COUNTS.possibly_written, 1);
    }
}
