//! The runner `mongo_delete`.

use crate::bson::Bad;
use crate::exchange::{Counts, DEFAULT};
use crate::mongo_delete::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::outcome;
use crate::slots;
use crate::template::{Builder, Slot, Template};
use crate::write::{Asked, ask, count, fill, is_unanswered};
use bggo_runtime::contract::{Early, Fault, Prepare, Runner, Step, Value};
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_written: Some(Metric::POSSIBLY_WRITTEN),
};

const INPUTS: &[&str] = &["collection", "filter", "hint"];

// Where the arguments stand that come with a run.
const DATABASE: usize = 0;
const COLLECTION: usize = 1;
const FILTER: usize = 2;
const LIMIT: usize = 3;
const HINT: usize = 4;
const WRITE_CONCERN: usize = 5;
const SLOTS: usize = 6;

/// A prepared step that deletes documents.
#[derive(Debug)]
pub struct MongoDelete {
    inputs: Inputs,
    template: Template,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for MongoDelete {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            template: template(&inputs).map_err(outcome::bad)?,
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
                Late::Filter(parts) => slots[FILTER] = Slot::Parts(parts),
                Late::Multi(is) => slots[LIMIT] = Slot::Value(limit(is.unwrap_or(false))),
                Late::Hint(Some(hint)) => slots[HINT] = Slot::Value(hint.clone()),
                Late::WriteConcern(late) => {
                    concern = late;
                    slots[WRITE_CONCERN] =
                        late.map_or(Slot::Absent, |late| Slot::Value(late.clone()));
                }
                Late::Database(None) | Late::Hint(None) => {}
            }
        }
        let mut room = self.room.take();
        fill(&self.template, &slots, uses.connection, &mut room)?;
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
        self.room.replace(room);
        step.add(Metric::DOCUMENTS, answer.n);
        done?;
        Ok(Output {
            deleted: count(is_answered, answer.n),
        })
    }
}

/// How many are deleted at most: one, or any number.
fn limit(multi: bool) -> Value {
    Value::number(i64::from(!multi))
}

fn template(inputs: &Inputs) -> Result<Template, Bad> {
    let early = match &inputs.multi {
        Early::Known(multi) => Early::Known(Some(limit(*multi))),
        Early::Later => Early::Later,
    };
    let mut builder = Builder::new();
    builder.argument("delete", COLLECTION, &slots::text(&inputs.collection))?;
    builder.argument("writeConcern", WRITE_CONCERN, &inputs.write_concern)?;
    builder.database(DATABASE, &inputs.database)?;
    builder.open_only_item("deletes");
    builder.required("q", FILTER, &inputs.filter)?;
    builder.argument("limit", LIMIT, &early)?;
    builder.argument("hint", HINT, &inputs.hint)?;
    builder.close();
    builder.close();
    builder.close();
    Ok(builder.end())
}
