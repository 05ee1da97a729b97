//! The runner `mongo_aggregate`.

use crate::bson::Bad;
use crate::cursor::{self, Reads, Walk};
use crate::exchange::{Ask, Counts, DEFAULT, exchange};
use crate::mongo_aggregate::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::outcome;
use crate::shown::{is_shown, show};
use crate::template::{Builder, Slot, Template};
use crate::write::{count, fill};
use bggo_runtime::contract::{Early, Fault, Parts, Prepare, Runner, Shape, Step, Text, Value};
use std::cell::RefCell;

const READS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_written: None,
};

const WRITES: Counts = Counts {
    possibly_written: Some(Metric::POSSIBLY_WRITTEN),
    ..READS
};

const CURSOR: cursor::Counts = cursor::Counts {
    documents: Metric::DOCUMENTS,
    batches: Metric::BATCHES,
    first_batch: Metric::FIRST_BATCH,
};

const INPUTS: &[&str] = &["collection", "pipeline", "hint"];

// Where the arguments stand that come with a run.
const DATABASE: usize = 0;
const COLLECTION: usize = 1;
const PIPELINE: usize = 2;
const CURSORS: usize = 3;
const HINT: usize = 4;
const READ_CONCERN: usize = 5;
const WRITE_CONCERN: usize = 6;
const SLOTS: usize = 7;

/// A prepared step that runs a pipeline.
#[derive(Debug)]
pub struct MongoAggregate {
    inputs: Inputs,
    wanted: Wanted,
    template: Template,
    /// Whether it writes, if that is known.
    writes: Option<bool>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for MongoAggregate {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let writes = match &inputs.pipeline {
            Early::Known(Shape::Known(stages)) => Some(writes(stages)),
            Early::Known(Shape::List(stages)) => Some(match stages.last() {
                Some(Shape::Known(stage)) => is_writing(stage),
                Some(Shape::Object(pairs)) => pairs.iter().any(|(key, _)| is_key_of_write(key)),
                _ => true,
            }),
            _ => None,
        };
        Ok(Self {
            template: template(&inputs).map_err(outcome::bad)?,
            inputs,
            wanted,
            writes,
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
        let mut is_writing = self.writes;
        let mut slots = [const { Slot::Absent }; SLOTS];
        slots[DATABASE] = Slot::Text(uses.connection.database());
        for input in late {
            match *input {
                Late::Timeout(time) => timeout = time,
                Late::All(is) => all = is.unwrap_or(true),
                Late::Database(Some(name)) => {
                    slots[DATABASE] = Slot::Value(name.to_string().into())
                }
                Late::Collection(Some(name)) => {
                    slots[COLLECTION] = Slot::Value(name.to_string().into());
                }
                Late::Collection(None) => slots[COLLECTION] = Slot::Value(Value::number(1)),
                Late::Pipeline(parts) => {
                    if let Parts::Whole(stages) = parts {
                        is_writing = Some(writes(stages));
                    }
                    slots[PIPELINE] = Slot::Parts(parts);
                }
                Late::BatchSize(number) => {
                    batch_size = number;
                    slots[CURSORS] = Slot::Value(cursor_of(number.map(Value::Number)));
                }
                Late::Hint(Some(hint)) => slots[HINT] = Slot::Value(hint.clone()),
                Late::ReadConcern(Some(concern)) => {
                    slots[READ_CONCERN] = Slot::Value(concern.clone());
                }
                Late::WriteConcern(Some(concern)) => {
                    slots[WRITE_CONCERN] = Slot::Value(concern.clone());
                }
                Late::Database(None)
                | Late::Hint(None)
                | Late::ReadConcern(None)
                | Late::WriteConcern(None) => {}
            }
        }
        let mut room = self.room.take();
        fill(&self.template, &slots, uses.connection, &mut room)?;
        let reads = Reads {
            all: self.wanted.documents,
            first: self.wanted.document,
            shown: step.shows_exchanges().is_some(),
        };
        let ask = Ask {
            timeout: timeout.unwrap_or(DEFAULT),
            counts: match is_writing {
                Some(false) => &READS,
                Some(true) | None => &WRITES,
            },
            // A pipeline is answered whatever the write concern is.
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

/// Whether a pipeline writes: its last stage says so.
fn writes(stages: &Value) -> bool {
    let stages = stages.items();
    stages.is_some_and(|stages| stages.last().is_some_and(is_writing))
}

fn is_writing(stage: &Value) -> bool {
    let pairs = stage.pairs();
    pairs.is_some_and(|pairs| pairs.iter().any(|(key, _)| is_key_of_write(key)))
}

fn is_key_of_write(key: &str) -> bool {
    matches!(key, "$out" | "$merge")
}

/// How large batches are to be.
fn cursor_of(batch_size: Option<Value>) -> Value {
    let pairs = batch_size.map(|size| (Text::Static("batchSize"), size));
    Value::from(pairs.into_iter().collect::<Vec<_>>())
}

fn template(inputs: &Inputs) -> Result<Template, Bad> {
    let collection = match &inputs.collection {
        Early::Known(Some(name)) => Early::Known(Some(Value::Text(name.clone()))),
        Early::Known(None) => Early::Known(Some(Value::number(1))),
        Early::Later => Early::Later,
    };
    let cursor = match &inputs.batch_size {
        Early::Known(size) => Early::Known(Some(cursor_of(size.map(Value::Number)))),
        Early::Later => Early::Later,
    };
    let mut builder = Builder::new();
    builder.argument("aggregate", COLLECTION, &collection)?;
    builder.required("pipeline", PIPELINE, &inputs.pipeline)?;
    builder.argument("cursor", CURSORS, &cursor)?;
    builder.argument("hint", HINT, &inputs.hint)?;
    builder.argument("readConcern", READ_CONCERN, &inputs.read_concern)?;
    builder.argument("writeConcern", WRITE_CONCERN, &inputs.write_concern)?;
    builder.database(DATABASE, &inputs.database)?;
    builder.close();
    Ok(builder.end())
}
