//! The runner `postgres_batch`: several statements, sent together.

use crate::bind::{Parameter, Statement, Template, parameters, types_of};
use crate::connection::{Flight, Lent, PostgresConnection};
use crate::described::Described;
use crate::exchange::Goes;
use crate::held::Lender;
use crate::limit;
use crate::message::{EXECUTE, FLUSH, Message, SYNC};
use crate::postgres_batch::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::prepare::{forget, prepare};
use crate::rows::{Keeps, Rows};
use crate::server_error::ServerError;
use crate::session::State;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{
    Early, Fault, FaultText, Parts, Prepare, Runner, Seq, Shape, Step, Value,
};
use bggo_wire::within;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

/// A prepared step that runs several statements.
#[derive(Debug)]
pub struct PostgresBatch {
    inputs: Inputs,
    wanted: Wanted,
    /// The statements, if they are known when the program starts.
    known: Option<Known>,
}

/// Statements that are known, each text once, and the places in which they stand.
#[derive(Debug)]
struct Known {
    /// The server is given each of them under a name, and asked what it takes.
    is_prepared: bool,
    statements: Vec<Statement>,
    items: Vec<Item>,
}

/// One place of a batch.
#[derive(Debug)]
struct Item {
    /// Which statement it is.
    statement: usize,
    parameters: Filled,
    template: RefCell<Option<Rc<Template>>>,
}

/// The parameters of one place.
#[derive(Debug)]
enum Filled {
    /// Each is known or comes with the step.
    Each(Vec<Parameter>),
    /// One is known in a part alone, or all come together.
    Shape(Shape),
}

impl Item {
    /// The parameters, with what comes with the step.
    fn values(&self, holes: &[Value]) -> Result<Seq<Value>, Fault> {
        match &self.parameters {
            Filled::Each(known) => {
                let values = known.iter().map(|parameter| match parameter {
                    Parameter::Known(value) => Some(value.clone()),
                    Parameter::Hole(number) => holes.get(*number).cloned(),
                });
                let values: Option<Vec<Value>> = values.collect();
                values
                    .map(Seq::from)
                    .ok_or_else(|| Fault::missing("params"))
            }
            Filled::Shape(shape) => {
                let values = shape.fill(holes)?;
                values.items().ok_or_else(|| Fault::missing("params"))
            }
        }
    }
}

/// How the statements of a step belong together.
#[derive(Debug, Clone, Copy)]
struct Way {
    is_transaction: bool,
    is_pipelined: bool,
}

impl Way {
    /// What stands behind each statement.
    fn end(self) -> &'static [u8] {
        match (self.is_transaction, self.is_pipelined) {
            // One end for all: what stands before it is one transaction.
            (true, true) => &[],
            (true, false) => &FLUSH,
            (false, _) => &SYNC,
        }
    }
}

impl Runner for PostgresBatch {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let known = match (&inputs.statements, &inputs.prepare) {
            (Early::Known(shape), Early::Known(prepare)) => Known::of(shape, *prepare)?,
            _ => None,
        };
        Ok(Self {
            inputs,
            wanted,
            known,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let begun = step.sent_at_once();
        let given = self.given(late)?;
        let own;
        let known = match &self.known {
            Some(known) => known,
            None => {
                own = self.whole(&given)?;
                &own
            }
        };
        let answered = {
            let until = begun + given.timeout;
            let connection = Lender::from(uses.connection).hold(step, until).await?;
            let work = pin!(self.ask(step, &connection, known, &given));
            within(step, connection.deadline(), until, work).await
        };
        let answered = answered.unwrap_or_else(|| Err(limit::fault(given.timeout)));
        let fault = answered.as_ref().err();
        let is_shown = is_shown(step, fault).is_some();
        let results = match &answered {
            Ok(_) if !is_shown && !self.wanted.results => None,
            Ok(all) => Some(Value::from(
                all.iter().map(Rows::to_value).collect::<Vec<_>>(),
            )),
            Err(_) => None,
        };
        if is_shown {
            let texts = known
                .items
                .iter()
                .filter_map(|item| known.statements.get(item.statement));
            let texts: Vec<_> = texts.map(Statement::sql).collect();
            let parameters = self.value(given.parts).ok();
            let said = Said {
                sql: &texts.join("; "),
                parameters: parameters.as_ref(),
            };
            show(step, said, (results.as_ref(), fault));
        }
        answered?;
        Ok(Output {
            results: results.unwrap_or(Value::Null),
        })
    }
}

/// What comes with a run, or was known before.
struct Given<'a> {
    timeout: Duration,
    parts: Option<Parts<'a>>,
    way: Way,
    is_prepared: bool,
}

impl PostgresBatch {
    fn given<'a>(&'a self, late: &'a [Late<'a>]) -> Result<Given<'a>, Fault> {
        let mut given = Given {
            timeout: self
                .inputs
                .timeout
                .known()
                .copied()
                .flatten()
                .unwrap_or(limit::DEFAULT),
            parts: None,
            way: Way {
                is_transaction: self.inputs.transaction.known().copied().unwrap_or(true),
                is_pipelined: self.inputs.pipeline.known().copied().unwrap_or(true),
            },
            is_prepared: self.inputs.prepare.known().copied().unwrap_or(true),
        };
        for input in late {
            match *input {
                Late::Statements(parts) => given.parts = Some(parts),
                Late::Transaction(is) => given.way.is_transaction = is.unwrap_or(true),
                Late::Pipeline(is) => given.way.is_pipelined = is.unwrap_or(true),
                Late::Prepare(is) => given.is_prepared = is.unwrap_or(true),
                Late::Timeout(timeout) => given.timeout = timeout.unwrap_or(limit::DEFAULT),
            }
        }
        Ok(given)
    }

    /// All statements and their parameters.
    fn value(&self, parts: Option<Parts<'_>>) -> Result<Value, Fault> {
        match (parts, self.inputs.statements.known()) {
            (Some(parts), shape) => Ok(parts.value(shape)?.into_owned()),
            (None, Some(shape)) => shape.fill(&[]),
            (None, None) => Err(Fault::missing("statements")),
        }
    }

    /// Statements that come with the step.
    fn whole(&self, given: &Given<'_>) -> Result<Known, Fault> {
        let value = self.value(given.parts)?;
        let known = Known::of(&Shape::Known(value), given.is_prepared)?;
        known.ok_or_else(|| Fault::missing("statements"))
    }

    /// Runs them once it is the step's turn.
    async fn ask(
        &self,
        step: &Step<'_>,
        connection: &PostgresConnection,
        known: &Known,
        given: &Given<'_>,
    ) -> Result<Vec<Rows>, Fault> {
        let mut lent = connection.lend_soon(step).await?;
        let answers = self.answers(&mut lent, known, given).await;
        // What came late is prepared each time, and forgotten behind it.
        if self.known.is_none() && known.is_prepared && !lent.has_ended() {
            let all: Vec<_> = known.statements.iter().collect();
            forget(&mut lent, &all).await?;
        }
        answers
    }

    async fn answers(
        &self,
        lent: &mut Lent<'_>,
        known: &Known,
        given: &Given<'_>,
    ) -> Result<Vec<Rows>, Fault> {
        let described = match known.is_prepared {
            true => known.described(lent).await?,
            false => Vec::new(),
        };
        let holes = match given.parts {
            Some(Parts::Holes(holes)) if self.known.is_some() => holes,
            _ => &[],
        };
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for item in &known.items {
            known.put(&mut bytes, (item, holes), (&described, given.way))?;
            ends.push(bytes.len());
        }
        let shows = lent.step().shows_exchanges().is_some();
        let keeps = match self.wanted.results || shows {
            true => Keeps::All,
            false => Keeps::None,
        };
        let mut batch = Batch {
            known,
            described: &described,
            way: given.way,
            rows: Vec::new(),
            keeps,
            failed: None,
        };
        batch.run(lent, (&bytes, &ends)).await?;
        let step = lent.step();
        for rows in &batch.rows {
            step.add(Metric::DATA_RECEIVED, rows.bytes);
            step.add(Metric::ROWS, rows.count);
        }
        let Some((number, error)) = batch.failed.take() else {
            return Ok(batch.rows);
        };
        if error.is_of_old_plan()
            && lent.session().borrow().state == State::Idle
            && self.known.is_some()
        {
            // The next step prepares them again.
            step.add(Metric::PREPARED_AGAIN, 1);
            let all: Vec<_> = known.statements.iter().collect();
            forget(lent, &all).await?;
        }
        let count = known.items.len();
        let words = FaultText::plain(format_args!("statement {number} of {count}: "));
        Err(error.fault_after(words))
    }
}

impl Known {
    /// The statements of a shape; `None` if the text of one is not known.
    fn of(shape: &Shape, is_prepared: bool) -> Result<Option<Self>, Fault> {
        let items: Vec<Shape> = match shape {
            Shape::Known(list) => match list.items() {
                Some(items) => items.iter().cloned().map(Shape::Known).collect(),
                None => return Ok(None),
            },
            Shape::List(items) => items.to_vec(),
            Shape::Hole(_) | Shape::Object(_) => return Ok(None),
        };
        let make = match is_prepared {
            true => Statement::kept,
            false => Statement::once,
        };
        let mut known = Self {
            is_prepared,
            statements: Vec::new(),
            items: Vec::new(),
        };
        let mut numbers = BTreeMap::new();
        for item in &items {
            let (sql, filled, types) = match item {
                Shape::Known(value) => (
                    value.get("sql"),
                    value.get("params").map(Shape::Known),
                    value.get("types").map(Shape::Known),
                ),
                Shape::Object(pairs) => {
                    let part = |name: &str| {
                        pairs
                            .iter()
                            .find(|(key, _)| &**key == name)
                            .map(|(_, part)| part)
                    };
                    (
                        part("sql").and_then(Shape::known).cloned(),
                        part("params").cloned(),
                        part("types").cloned(),
                    )
                }
                Shape::Hole(_) | Shape::List(_) => return Ok(None),
            };
            let Some(sql) = sql.map(|sql| sql.to_string()) else {
                return Ok(None);
            };
            let filled = match filled {
                None | Some(Shape::Known(Value::Null)) => {
                    Shape::Known(Value::from(Vec::<Value>::new()))
                }
                Some(filled) => filled,
            };
            let types = match types {
                None => Vec::new(),
                Some(Shape::Known(types)) => types_of(Some(&types))?,
                Some(Shape::Hole(_) | Shape::List(_) | Shape::Object(_)) => return Ok(None),
            };
            let parameters = parameters(&filled);
            let place = known.items.len() + 1;
            let same = (sql, types);
            let statement = match numbers.get(&same) {
                Some(statement) => *statement,
                None => {
                    let count = parameters.as_ref().map(Vec::len);
                    let made = make(&same.0, same.1.clone(), count);
                    let made = made.map_err(|fault| {
                        let words = FaultText::plain(format_args!("statement {place}: "));
                        Kind::Statement.fault(words.and_value(fault.text()))
                    })?;
                    known.statements.push(made);
                    numbers.insert(same, known.statements.len() - 1);
                    known.statements.len() - 1
                }
            };
            known.items.push(Item {
                statement,
                parameters: match parameters {
                    Some(each) => Filled::Each(each),
                    None => Filled::Shape(filled),
                },
                template: RefCell::default(),
            });
        }
        Ok(Some(known))
    }

    /// What the server says of each statement. Those that the connection does not have yet are prepared, in one exchange.
    async fn described(&self, lent: &mut Lent<'_>) -> Result<Vec<Rc<Described>>, Fault> {
        let is_missing = |statement: &&Statement| {
            let number = statement.number.unwrap_or_default();
            lent.session().borrow().statement(number).is_none()
        };
        let missing: Vec<_> = self.statements.iter().filter(is_missing).collect();
        if !missing.is_empty() {
            let begun = lent.step().now();
            let made = Box::pin(prepare(lent, &missing)).await?;
            for (statement, described) in missing.iter().zip(made) {
                let number = statement.number.unwrap_or_default();
                lent.session()
                    .borrow_mut()
                    .has(number, statement.described(described));
            }
            let step = lent.step();
            step.record_time(Metric::PREPARING, step.now() - begun);
            step.sent();
        }
        let session = lent.session().borrow();
        let described = self.statements.iter().map(|statement| {
            let known = session.statement(statement.number.unwrap_or_default());
            known.cloned().unwrap_or_default()
        });
        Ok(described.collect())
    }

    /// Appends one place of the batch.
    fn put(
        &self,
        out: &mut Vec<u8>,
        (item, holes): (&Item, &[Value]),
        (described, way): (&[Rc<Described>], Way),
    ) -> Result<(), Fault> {
        let Some(statement) = self.statements.get(item.statement) else {
            return Ok(());
        };
        let Some(described) = described.get(item.statement) else {
            // It is given to the server here, with its parameters.
            statement.put_once(out, &item.values(holes)?)?;
            out.extend_from_slice(way.end());
            return Ok(());
        };
        match &item.parameters {
            Filled::Shape(_) => {
                statement.put_bind(out, &described.parameters, &item.values(holes)?)?;
                out.extend_from_slice(&EXECUTE);
                out.extend_from_slice(way.end());
                Ok(())
            }
            Filled::Each(known) => {
                let mut kept = item.template.borrow_mut();
                // The first connection's description holds for the others, unless a server says another one.
                let template = match &*kept {
                    Some(template)
                        if template.described == *described && template.end == way.end() =>
                    {
                        Rc::clone(template)
                    }
                    _ => {
                        let made = Rc::new(Template::new(statement, described, known, way.end())?);
                        Rc::clone(kept.insert(made))
                    }
                };
                template.put(out, holes)
            }
        }
    }
}

/// A batch that is running.
struct Batch<'a> {
    known: &'a Known,
    described: &'a [Rc<Described>],
    way: Way,
    rows: Vec<Rows>,
    keeps: Keeps,
    /// The first statement that failed, from 1, and why.
    failed: Option<(usize, ServerError)>,
}

impl Batch<'_> {
    async fn run(
        &mut self,
        lent: &mut Lent<'_>,
        (bytes, ends): (&[u8], &[usize]),
    ) -> Result<(), Fault> {
        let last = ends.len().saturating_sub(1);
        if self.way.is_pipelined {
            lent.send(bytes);
            if self.way.is_transaction {
                lent.send(&SYNC);
            }
            return self.receive(lent, last).await;
        }
        let mut begins = 0;
        for (number, end) in ends.iter().enumerate() {
            lent.send(bytes.get(begins..*end).unwrap_or_default());
            begins = *end;
            if self.way.is_transaction && number == last {
                lent.send(&SYNC);
            }
            self.receive(lent, number).await?;
            if self.way.is_transaction && self.failed.is_some() && number < last {
                lent.send(&SYNC);
                return self.receive(lent, last).await;
            }
        }
        Ok(())
    }

    /// Takes what comes until the statement of this place is done.
    async fn receive(&mut self, lent: &mut Lent<'_>, until: usize) -> Result<(), Fault> {
        let (known, described, way, keeps) = (self.known, self.described, self.way, self.keeps);
        let count = known.items.len();
        let writes = known.statements.iter().any(|statement| statement.writes);
        let flight = if writes {
            Flight::Writes
        } else {
            Flight::Reads
        };
        // A transaction of several exchanges is committed by the last one alone.
        let flight = match way.is_transaction && !way.is_pipelined && until + 1 < count {
            true => Flight::Reads,
            false => flight,
        };
        let (rows, failed) = (&mut self.rows, &mut self.failed);
        let mut state = None;
        let mut current = Rows::new(keeps);
        let mut take = |message: Message<'_>| {
            if message.tag == b'Z' {
                state = Some([message.body.first().copied().unwrap_or_default()]);
                if !way.is_transaction {
                    rows.push(std::mem::replace(&mut current, Rows::new(keeps)));
                }
                return Ok(match way.is_transaction || rows.len() > until {
                    true => Goes::Done,
                    false => Goes::On,
                });
            }
            let place = rows.len();
            let item = known.items.get(place);
            let described = item.and_then(|item| described.get(item.statement));
            current.take(message, described.map(|described| &**described))?;
            if message.tag == b'E' && failed.is_none() {
                let error = ServerError::read(message.body);
                *failed = Some((place.min(count.saturating_sub(1)) + 1, error));
            }
            if way.is_transaction && matches!(message.tag, b'C' | b'I' | b'E') {
                rows.push(std::mem::replace(&mut current, Rows::new(keeps)));
                // The last one waits for the end of the transaction.
                if !way.is_pipelined && until + 1 < count {
                    return Ok(Goes::Done);
                }
            }
            Ok(Goes::On)
        };
        lent.exchange(flight, &mut take).await?;
        if let Some(state) = state {
            lent.is_ready(&state);
        }
        Ok(())
    }
}
