//! The runner `rabbitmq_publish_batch`.

use crate::connection::RabbitmqConnection;
use crate::exchange::{DEFAULT, body, late as too_late};
use crate::publishing::{ConfirmCounts, Counts, confirmed, given, judge};
use crate::rabbitmq_publish_batch::{Inputs, Late, Metric, Output, Uses, Wanted};
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
    messages: Some(Metric::MESSAGES),
};

/// A prepared step that publishes several messages.
#[derive(Debug)]
pub struct RabbitmqPublishBatch {
    inputs: Inputs,
    /// Whether messages get a stamp.
    stamps: bool,
    /// The header and the bodies, if they are known early.
    header: Option<Vec<u8>>,
    bodies: Option<Vec<Vec<u8>>>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RabbitmqPublishBatch {
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
        let bodies = inputs.bodies.known().map(bodies);
        Ok(Self {
            stamps: wanted.stamp,
            inputs,
            header,
            bodies,
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
        let made_bodies;
        let bodies = match &self.bodies {
            Some(bodies) => bodies,
            None => {
                made_bodies = bodies(given.bodies);
                &made_bodies
            }
        };
        let slices: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let limit = given.timeout.unwrap_or(DEFAULT);
        let until = step.sent_at_once() + limit;
        let message = Outgoing {
            lane: place.lane(),
            exchange: &given.exchange,
            routing_key: &given.routing_key,
            mandatory: given.mandatory,
            header,
            bodies: &slices,
        };
        let counts = (COUNTS, CONFIRM_COUNTS);
        let publishing = pin!(confirmed(step, &place, message, &self.room, counts));
        let done = within(step, place.deadline(), until, publishing).await;
        let done = done.unwrap_or_else(|| Err(too_late("confirms of all messages", limit)));
        let published =
            done.and_then(|tally| judge(&tally, given.on_return == "fail").map(|()| tally));
        let first = format!("publish {} messages", slices.len());
        let said = Said {
            first: &first,
            lines: &[
                ("exchange", &given.exchange),
                ("routing_key", &given.routing_key),
            ],
            body: slices.first().map(|body| (*body, Some("bodies"))),
        };
        let answer = Said::question("all confirmed");
        show(step, &said, published.as_ref().map(|_| answer));
        let tally = published?;
        let first = tally.first.as_deref();
        Ok(Output {
            confirmed: Value::Number(Number::from(tally.acked)),
            returned: Value::Number(Number::from(tally.returned)),
            return_code: first.map_or(Value::Null, |first| {
                Value::Number(Number::from(u32::from(first.code)))
            }),
            return_text: first.map_or(Value::Null, |first| Value::Text(Text::from(&*first.text))),
        })
    }
}

fn bodies(list: &Value) -> Vec<Vec<u8>> {
    let items = list.items();
    let items = items.iter().flat_map(|items| items.iter());
    items.map(|item| body(item).into_owned()).collect()
}
