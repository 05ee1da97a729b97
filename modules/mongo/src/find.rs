//! The runner `mongo_find`.

use crate::bson::Bad;
use crate::cursor::{self, Reads, Walk};
use crate::exchange::{Ask, Counts, DEFAULT, exchange};
use crate::mongo_find::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::outcome;
use crate::shown::{is_shown, show};
use crate::slots;
use crate::template::{Builder, Slot, Template};
use crate::write::{count, fill};
use bggo_runtime::contract::{Early, Fault, Number, Prepare, Runner, Step, Value};
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_written: None,
};

const CURSOR: cursor::Counts = cursor::Counts {
    documents: Metric::DOCUMENTS,
    batches: Metric::BATCHES,
    first_batch: Metric::FIRST_BATCH,
};

const INPUTS: &[&str] = &["collection", "filter", "projection", "sort", "hint"];

// Where the arguments stand that come with a run.
const DATABASE: usize = 0;
const COLLECTION: usize = 1;
const FILTER: usize = 2;
const PROJECTION: usize = 3;
const SORT: usize = 4;
const LIMIT: usize = 5;
const SKIP: usize = 6;
const BATCH_SIZE: usize = 7;
const HINT: usize = 8;
const READ_CONCERN: usize = 9;
const SINGLE_BATCH: usize = 10;
const SLOTS: usize = 11;

/// A prepared step that finds documents.
#[derive(Debug)]
pub struct MongoFind {
    inputs: Inputs,
    wanted: Wanted,
    template: Template,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for MongoFind {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            template: template(&inputs).map_err(outcome::bad)?,
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
        let inputs = &self.inputs;
        let mut timeout = inputs.timeout.known().copied().flatten();
        let mut batch_size = inputs.batch_size.known().copied().flatten();
        let mut all = inputs.all.known().copied().unwrap_or(true);
        let mut limit = inputs.limit.known().copied().flatten();
        let mut slots = [const { Slot::Absent }; SLOTS];
        slots[DATABASE] = Slot::Text(uses.connection.database());
        for input in late {
            match *input {
                Late::Timeout(time) => timeout = time,
                Late::All(is) => all = is.unwrap_or(true),
                Late::Database(Some(name)) => {
                    slots[DATABASE] = Slot::Value(name.to_string().into())
                }
                Late::Collection(name) => slots[COLLECTION] = Slot::Value(name.to_string().into()),
                Late::Filter(Some(parts)) => slots[FILTER] = Slot::Parts(parts),
                Late::Projection(Some(parts)) => slots[PROJECTION] = Slot::Parts(parts),
                Late::Sort(Some(parts)) => slots[SORT] = Slot::Parts(parts),
                Late::Limit(number) => {
                    limit = number;
                    slots[LIMIT] = slot(number);
                }
                Late::Skip(number) => slots[SKIP] = slot(number),
                Late::BatchSize(number) => {
                    batch_size = number;
                    slots[BATCH_SIZE] = slot(number);
                }
                Late::Hint(Some(hint)) => slots[HINT] = Slot::Value(hint.clone()),
                Late::ReadConcern(Some(concern)) => {
                    slots[READ_CONCERN] = Slot::Value(concern.clone());
                }
                Late::Database(None)
                | Late::Filter(None)
                | Late::Projection(None)
                | Late::Sort(None)
                | Late::Hint(None)
                | Late::ReadConcern(None) => {}
            }
        }
        if is_single(all, limit) {
            slots[SINGLE_BATCH] = Slot::Value(Value::Bool(true));
        }
        let mut room = self.room.take();
        fill(&self.template, &slots, uses.connection, &mut room)?;
        let shown = step.shows_exchanges().is_some();
        let reads = Reads {
            all: self.wanted.documents,
            first: self.wanted.document,
            shown,
        };
        let ask = Ask {
            timeout: timeout.unwrap_or(DEFAULT),
            counts: &COUNTS,
            is_answered: true,
        };
        let mut walk = Walk::new(step, &CURSOR, reads, (all, batch_size));
        let done = exchange(step, uses.connection, ask, &mut room, &mut walk).await;
        let ended = walk.end();
        let done = done.and(ended);
        if let Some(bytes) = is_shown(step, done.as_ref().err()) {
            show(step, INPUTS, (&room, walk.said.as_ref()), bytes);
        }
        self.room.replace(room);
        done?;
        Ok(Output {
            documents: Value::from(walk.documents),
            document: walk.first.unwrap_or(Value::Null),
            count: count(true, walk.count),
        })
    }
}

/// Whether the server need not keep a cursor. One document always fits one batch; of more the server itself knows.
fn is_single(all: bool, limit: Option<Number>) -> bool {
    !all || limit == Some(Number::new(1))
}

fn slot<'a>(number: Option<Number>) -> Slot<'a> {
    number.map_or(Slot::Absent, |number| Slot::Value(number.into()))
}

fn template(inputs: &Inputs) -> Result<Template, Bad> {
    let single = match (&inputs.all, &inputs.limit) {
        (Early::Known(all), Early::Known(limit)) => {
            Early::Known(is_single(*all, *limit).then_some(Value::Bool(true)))
        }
        _ => Early::Later,
    };
    let mut builder = Builder::new();
    builder.argument("find", COLLECTION, &slots::text(&inputs.collection))?;
    builder.shaped("filter", FILTER, &inputs.filter)?;
    builder.shaped("sort", SORT, &inputs.sort)?;
    builder.shaped("projection", PROJECTION, &inputs.projection)?;
    builder.argument("hint", HINT, &inputs.hint)?;
    builder.argument("skip", SKIP, &slots::number(&inputs.skip))?;
    builder.argument("limit", LIMIT, &slots::number(&inputs.limit))?;
    builder.argument("batchSize", BATCH_SIZE, &slots::number(&inputs.batch_size))?;
    builder.argument("singleBatch", SINGLE_BATCH, &single)?;
    builder.argument("readConcern", READ_CONCERN, &inputs.read_concern)?;
    builder.database(DATABASE, &inputs.database)?;
    builder.close();
    Ok(builder.end())
}
