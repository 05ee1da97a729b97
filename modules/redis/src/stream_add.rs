//! The runner `redis_stream_add`: XADD.

use crate::ask::{Ask, Counts, DEFAULT};
use crate::command::{put_argument, put_bytes, put_head};
use crate::exchange::exchange;
use crate::outcome;
use crate::redis_command::Error as Kind;
use crate::redis_stream_add::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::reply::Reply;
use crate::shown::{Said, is_shown, show};
use crate::stream_read::STAMP;
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value, encode_json};
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_executed: Metric::POSSIBLY_EXECUTED,
};

/// A prepared step that adds an entry.
#[derive(Debug)]
pub struct RedisStreamAdd {
    inputs: Inputs,
    stamps: bool,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RedisStreamAdd {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            stamps: wanted.stamp,
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
        let fields = given.fields.clone().normalized();
        let Value::Object(fields) = &fields else {
            return Err(Kind::Argument.fault("the fields of an entry are an object"));
        };
        if fields.is_empty() {
            return Err(Kind::Argument.fault("an entry has at least one field"));
        }
        let stamp = self.stamps.then(|| step.stamp());
        let most = given.max_length.map(|most| most.to_string());
        let mut room = self.room.take();
        room.clear();
        let pairs = fields.len() + usize::from(stamp.is_some());
        put_head(
            &mut room,
            3 + 2 * pairs + if most.is_some() { 3 } else { 0 },
        );
        put_bytes(&mut room, b"XADD");
        put_bytes(&mut room, given.stream.as_bytes());
        if let Some(most) = &most {
            put_bytes(&mut room, b"MAXLEN");
            put_bytes(&mut room, if given.exact { b"=" } else { b"~" });
            put_bytes(&mut room, most.as_bytes());
        }
        put_bytes(&mut room, given.id.as_bytes());
        for (name, value) in fields.iter() {
            put_bytes(&mut room, name.as_bytes());
            match value {
                Value::List(_) | Value::Object(_) | Value::Raw(_) => {
                    put_bytes(&mut room, encode_json(value).as_bytes());
                }
                plain => put_argument(&mut room, plain)?,
            }
        }
        if let Some(stamp) = &stamp {
            put_bytes(&mut room, STAMP);
            put_bytes(&mut room, stamp);
        }
        let ask = Ask {
            commands: &room,
            count: 1,
            timeout: given.timeout.unwrap_or(DEFAULT),
            counts: &COUNTS,
        };
        let (mut id, mut said) = (None, None);
        let shown = step.shows_exchanges();
        let mut heard = |_: usize, reply: Reply<'_>| {
            said = shown.map(|bytes| Said::of(reply, bytes));
            id = Some(match reply.error() {
                Some(error) => Err(outcome::refused(error)),
                None => reply.value().map_err(outcome::no_reply),
            });
        };
        let done = exchange(step, uses.connection, ask, &mut heard).await;
        let id = done.and_then(|()| id.unwrap_or_else(|| Err(Fault::missing("reply"))));
        if let Some(bytes) = is_shown(step, id.as_ref().err()) {
            show(step, ("fields", &room), said.as_slice(), bytes);
        }
        self.room.replace(room);
        Ok(Output { id: id? })
    }
}
