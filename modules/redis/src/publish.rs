//! The runner `redis_publish`.

use crate::ask::{Ask, Counts, DEFAULT};
use crate::command::{put_argument, put_bytes, put_head};
use crate::exchange::exchange;
use crate::outcome;
use crate::redis_publish::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::reply::Reply;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value, encode_json};
use bggo_wire::stamped;
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_executed: Metric::POSSIBLY_EXECUTED,
};

/// A prepared step that sends a message.
#[derive(Debug)]
pub struct RedisPublish {
    inputs: Inputs,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RedisPublish {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let given = self.inputs.with(late)?;
        let mut room = self.room.take();
        room.clear();
        put_head(&mut room, 3);
        put_bytes(
            &mut room,
            if given.shard { b"SPUBLISH" } else { b"PUBLISH" },
        );
        put_bytes(&mut room, given.channel.as_bytes());
        match given.message {
            Value::Text(_) | Value::Bytes(_) => put_argument(&mut room, given.message)?,
            other => {
                let message = encode_json(other);
                let stamp = given.stamp.then(|| step.stamp());
                let stamped = stamp.and_then(|stamp| stamped(&message, &stamp));
                put_bytes(&mut room, stamped.unwrap_or(message).as_bytes());
            }
        }
        let ask = Ask {
            commands: &room,
            count: 1,
            timeout: given.timeout.unwrap_or(DEFAULT),
            counts: &COUNTS,
        };
        let (mut receivers, mut said) = (None, None);
        let shown = step.shows_exchanges();
        let mut heard = |_: usize, reply: Reply<'_>| {
            said = shown.map(|bytes| Said::of(reply, bytes));
            receivers = Some(match reply.error() {
                Some(error) => Err(outcome::refused(error)),
                None => reply.value().map_err(outcome::no_reply),
            });
        };
        let done = exchange(step, uses.connection, ask, &mut heard).await;
        let receivers =
            done.and_then(|()| receivers.unwrap_or_else(|| Err(Fault::missing("reply"))));
        if let Some(bytes) = is_shown(step, receivers.as_ref().err()) {
            show(step, ("message", &room), said.as_slice(), bytes);
        }
        self.room.replace(room);
        Ok(Output {
            receivers: receivers?,
        })
    }
}
