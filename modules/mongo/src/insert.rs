//! The runner `mongo_insert`.

use crate::bson::Bad;
use crate::connection::MongoConnection;
use crate::exchange::{Counts, DEFAULT};
use crate::message;
use crate::mongo_insert::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::outcome;
use crate::slots;
use crate::template::{Builder, Slot, Template};
use crate::write::{Asked, ask, count, fill, is_unanswered};
use bggo_runtime::contract::{Fault, FaultText, Prepare, Runner, Step, Value};
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_written: Some(Metric::POSSIBLY_WRITTEN),
};

const INPUTS: &[&str] = &["collection", "documents"];

// Where the arguments stand that come with a run.
const DATABASE: usize = 0;
const COLLECTION: usize = 1;
const DOCUMENTS: usize = 2;
const ORDERED: usize = 3;
const WRITE_CONCERN: usize = 4;
const SLOTS: usize = 5;

/// A prepared step that inserts documents.
#[derive(Debug)]
pub struct MongoInsert {
    inputs: Inputs,
    wanted: Wanted,
    template: Template,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for MongoInsert {
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
        let mut concern = inputs.write_concern.known().and_then(Option::as_ref);
        let mut slots = [const { Slot::Absent }; SLOTS];
        slots[DATABASE] = Slot::Text(uses.connection.database());
        for input in late {
            match *input {
                Late::Timeout(time) => timeout = time,
                Late::Database(Some(name)) => {
                    slots[DATABASE] = Slot::Value(name.to_string().into())
                }
                Late::Collection(name) => slots[COLLECTION] = Slot::Value(name.to_string().into()),
                Late::Documents(parts) => slots[DOCUMENTS] = Slot::Parts(parts),
                Late::Ordered(is) => slots[ORDERED] = Slot::Value(is.unwrap_or(true).into()),
                Late::WriteConcern(late) => {
                    concern = late;
                    slots[WRITE_CONCERN] =
                        late.map_or(Slot::Absent, |late| Slot::Value(late.clone()));
                }
                Late::Database(None) => {}
            }
        }
        let mut room = self.room.take();
        fill(&self.template, &slots, uses.connection, &mut room)?;
        small_enough(&room, uses.connection)?;
        let is_answered = !is_unanswered(concern);
        let asked = Asked {
            step,
            connection: uses.connection,
            timeout: timeout.unwrap_or(DEFAULT),
            counts: &COUNTS,
            is_answered,
            inputs: INPUTS,
        };
        let (done, answer) = ask(asked, &mut room, false).await;
        step.add(Metric::DOCUMENTS, answer.n);
        let ids = match self.wanted.inserted_ids {
            true if done.is_ok() => ids(&room),
            _ => Value::Null,
        };
        self.room.replace(room);
        done?;
        Ok(Output {
            inserted: count(is_answered, answer.n),
            inserted_ids: ids,
        })
    }
}

/// Whether each document is one that the server takes.
fn small_enough(message: &[u8], connection: &MongoConnection) -> Result<(), Fault> {
    let most = connection.max_document();
    if message.len() <= most {
        return Ok(());
    }
    let documents = message::documents(message).unwrap_or_default();
    let largest = documents.iter().map(|document| document.size()).max();
    match largest {
        Some(size) if size > most => {
            let text =
                format_args!("a document has {size} bytes, and the server takes {most} at most");
            Err(Kind::TooLarge.fault(FaultText::plain(text)))
        }
        _ => Ok(()),
    }
}

/// The `_id` of each document of a message.
fn ids(message: &[u8]) -> Value {
    let documents = message::documents(message).unwrap_or_default();
    let ids = documents.into_iter().map(|document| {
        let id = document.get("_id").and_then(|id| id.value().ok());
        id.unwrap_or(Value::Null)
    });
    Value::from(ids.collect::<Vec<_>>())
}

fn template(inputs: &Inputs) -> Result<Template, Bad> {
    let mut builder = Builder::new();
    builder.argument("insert", COLLECTION, &slots::text(&inputs.collection))?;
    builder.argument("ordered", ORDERED, &slots::bool(&inputs.ordered, false))?;
    builder.argument("writeConcern", WRITE_CONCERN, &inputs.write_concern)?;
    builder.database(DATABASE, &inputs.database)?;
    builder.close();
    builder.documents(DOCUMENTS, &inputs.documents)?;
    Ok(builder.end())
}
