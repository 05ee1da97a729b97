//! The runner `mongo_update`.

use crate::bson::Bad;
use crate::exchange::{Counts, DEFAULT};
use crate::mongo_update::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::outcome;
use crate::slots;
use crate::template::{Builder, Slot, Template};
use crate::write::{Asked, ask, count, fill, is_unanswered};
use bggo_runtime::contract::{
    Early, Fault, FaultText, Parts, Prepare, Runner, Shape, Step, Text, Value,
};
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_written: Some(Metric::POSSIBLY_WRITTEN),
};

const INPUTS: &[&str] = &["collection", "filter", "update", "array_filters", "hint"];

// Where the arguments stand that come with a run.
const DATABASE: usize = 0;
const COLLECTION: usize = 1;
const FILTER: usize = 2;
const UPDATE: usize = 3;
const UPSERT: usize = 4;
const MULTI: usize = 5;
const ARRAY_FILTERS: usize = 6;
const HINT: usize = 7;
const WRITE_CONCERN: usize = 8;
const SLOTS: usize = 9;

/// A prepared step that updates documents.
#[derive(Debug)]
pub struct MongoUpdate {
    inputs: Inputs,
    template: Template,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for MongoUpdate {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        if let Early::Known(update) = &inputs.update {
            match update {
                Shape::Known(Value::Object(pairs)) => one_kind(pairs.iter().map(|(key, _)| key)),
                Shape::Object(pairs) => one_kind(pairs.iter().map(|(key, _)| key)),
                _ => Ok(()),
            }
            .map_err(outcome::bad)?;
        }
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
        // A server wants a filter, also where a grid has none.
        slots[FILTER] = Slot::Value(Value::object(&[]));
        for input in late {
            match *input {
                Late::Timeout(time) => timeout = time,
                Late::Database(Some(name)) => {
                    slots[DATABASE] = Slot::Value(name.to_string().into())
                }
                Late::Collection(name) => slots[COLLECTION] = Slot::Value(name.to_string().into()),
                Late::Filter(Some(parts)) => slots[FILTER] = Slot::Parts(parts),
                Late::Update(parts) => {
                    if let Parts::Whole(update) | Parts::Holes([update]) = parts
                        && let Some(pairs) = update.pairs()
                    {
                        let keys = pairs.iter().map(|(key, _)| key);
                        one_kind(keys).map_err(outcome::bad)?;
                    }
                    slots[UPDATE] = Slot::Parts(parts);
                }
                Late::Upsert(is) => slots[UPSERT] = Slot::Value(is.unwrap_or(false).into()),
                Late::Multi(is) => slots[MULTI] = Slot::Value(is.unwrap_or(false).into()),
                Late::ArrayFilters(Some(parts)) => slots[ARRAY_FILTERS] = Slot::Parts(parts),
                Late::Hint(Some(hint)) => slots[HINT] = Slot::Value(hint.clone()),
                Late::WriteConcern(late) => {
                    concern = late;
                    slots[WRITE_CONCERN] =
                        late.map_or(Slot::Absent, |late| Slot::Value(late.clone()));
                }
                Late::Database(None)
                | Late::Filter(None)
                | Late::ArrayFilters(None)
                | Late::Hint(None) => {}
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
        // The server counts the one that it inserts among those that fit.
        let inserted = u64::from(answer.upserted.is_some());
        step.add(Metric::DOCUMENTS, answer.modified + inserted);
        done?;
        Ok(Output {
            matched: count(is_answered, answer.n.saturating_sub(inserted)),
            modified: count(is_answered, answer.modified),
            upserted_id: answer.upserted.unwrap_or(Value::Null),
        })
    }
}

/// An update is operators or fields, and not both.
fn one_kind<'a>(keys: impl Iterator<Item = &'a Text>) -> Result<(), Bad> {
    let (mut operators, mut fields) = (false, false);
    for key in keys {
        match key.starts_with('$') {
            true => operators = true,
            false => fields = true,
        }
    }
    match operators && fields {
        true => Err(Bad(FaultText::from(
            "an update has operators, which begin with $, or fields, and not both: put the fields into $set",
        ))),
        false => Ok(()),
    }
}

fn template(inputs: &Inputs) -> Result<Template, Bad> {
    let mut builder = Builder::new();
    builder.argument("update", COLLECTION, &slots::text(&inputs.collection))?;
    builder.argument("writeConcern", WRITE_CONCERN, &inputs.write_concern)?;
    builder.database(DATABASE, &inputs.database)?;
    builder.open_only_item("updates");
    match &inputs.filter {
        Early::Known(None) => builder.known("q", &Value::object(&[]))?,
        filter => builder.shaped("q", FILTER, filter)?,
    }
    builder.required("u", UPDATE, &inputs.update)?;
    builder.argument("upsert", UPSERT, &slots::bool(&inputs.upsert, true))?;
    builder.argument("multi", MULTI, &slots::bool(&inputs.multi, true))?;
    builder.shaped("arrayFilters", ARRAY_FILTERS, &inputs.array_filters)?;
    builder.argument("hint", HINT, &inputs.hint)?;
    builder.close();
    builder.close();
    builder.close();
    Ok(builder.end())
}
