//! A cursor: its batches, fetched one after the other until there are no more or enough have come.

use crate::bson::{self, Bad, Document};
use crate::exchange::{Goes, Hears};
use crate::message;
use crate::mongo_find::Error as Kind;
use crate::outcome;
use crate::reply::Reply;
use crate::shown::said;
use bggo_runtime::contract::{Counter, Fault, Moment, Number, Step, Text, Trend, Value};

/// What of the documents somebody reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) all: bool,
    pub(crate) first: bool,
    /// Answers are shown.
    pub(crate) shown: bool,
}

/// What a runner with a cursor counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) documents: Counter,
    pub(crate) batches: Counter,
    pub(crate) first_batch: Trend,
}

/// A walk over a cursor.
pub(crate) struct Walk<'a> {
    step: &'a Step<'a>,
    counts: &'a Counts,
    reads: Reads,
    /// Whether it goes on behind the first batch.
    goes_on: bool,
    batch_size: Option<Number>,
    pub(crate) documents: Vec<Value>,
    pub(crate) first: Option<Value>,
    pub(crate) count: u64,
    batches: u64,
    /// The first answer, or the one that is a failure.
    pub(crate) said: Option<Value>,
    /// A document could not be read; the server is told to forget the rest.
    failed: Option<Fault>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        step: &'a Step<'a>,
        counts: &'a Counts,
        reads: Reads,
        (goes_on, batch_size): (bool, Option<Number>),
    ) -> Self {
        Self {
            step,
            counts,
            reads,
            goes_on,
            batch_size,
            documents: Vec::new(),
            first: None,
            count: 0,
            batches: 0,
            said: None,
            failed: None,
        }
    }

    /// Counts what came; a failure that was seen on the way.
    ///
    /// # Errors
    /// A document could not be read.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.step.add(self.counts.documents, self.count);
        self.step.add(self.counts.batches, self.batches);
        match self.failed.take() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    /// Takes the documents of a batch as far as somebody reads them.
    fn take(&mut self, batch: Document<'_>) -> Result<(), Fault> {
        for element in batch.elements() {
            let element = element.map_err(outcome::no_document)?;
            self.count += 1;
            let is_read = self.reads.all || self.reads.first && self.count == 1;
            if !is_read {
                continue;
            }
            let document = element.value().map_err(outcome::no_document)?;
            if self.reads.first && self.count == 1 {
                self.first = Some(document.clone());
            }
            if self.reads.all {
                self.documents.push(document);
            }
        }
        Ok(())
    }
}

impl Hears for Walk<'_> {
    fn hear(
        &mut self,
        reply: &Reply<'_>,
        (sent, came): (Moment, Moment),
        next: &mut Vec<u8>,
    ) -> Result<Goes, Fault> {
        let failure = outcome::failure(reply);
        if failure.is_some() || self.reads.shown && self.batches == 0 {
            self.said = said(reply.document);
        }
        if let Some(fault) = failure {
            return Err(fault);
        }
        let no_cursor = || Kind::Protocol.fault("the server answers without a cursor");
        let cursor = reply.cursor.ok_or_else(no_cursor)?;
        let (mut id, mut batch, mut space) = (0, None, "");
        for element in cursor.elements() {
            let element = element.map_err(outcome::no_document)?;
            match element.key {
                b"id" => id = element.whole().ok_or_else(no_cursor)?,
                b"firstBatch" | b"nextBatch" => batch = element.document(),
                b"ns" => space = element.text().unwrap_or_default(),
                _ => {}
            }
        }
        if self.batches == 0 {
            self.step.record_time(self.counts.first_batch, came - sent);
        }
        self.batches += 1;
        let taken = self.take(batch.ok_or_else(no_cursor)?);
        if let Err(fault) = taken {
            self.failed = Some(fault);
        }
        if id == 0 {
            return Ok(Goes::Done);
        }
        let (database, collection) = space.split_once('.').ok_or_else(no_cursor)?;
        let more = self.goes_on && self.failed.is_none();
        let written = match more {
            true => {
                let size = self.batch_size.map(Value::Number);
                let mut command = vec![
                    ("getMore", long(id)),
                    ("collection", collection.to_owned().into()),
                ];
                command.extend(size.map(|size| ("batchSize", size)));
                write(next, database, &command)
            }
            false => {
                let ids = Value::from(vec![long(id)]);
                let name = collection.to_owned().into();
                write(next, database, &[("killCursors", name), ("cursors", ids)])
            }
        };
        written.map_err(outcome::bad)?;
        Ok(if more { Goes::On } else { Goes::CleansUp })
    }
}

/// A number of 64 bits, however small.
fn long(number: i64) -> Value {
    Value::from(vec![(Text::Static("$numberLong"), Value::number(number))])
}

fn write(out: &mut Vec<u8>, database: &str, command: &[(&str, Value)]) -> Result<(), Bad> {
    message::begin(out);
    let at = bson::open(out);
    for (key, value) in command {
        bson::element(out, key, value)?;
    }
    bson::text(out, "$db", database)?;
    out.push(0);
    bson::close(out, at)?;
    message::end(out)
}
