//! The runner `postgres_query`.

use crate::bind::{Parameter, Statement, Template, parameters, types_of};
use crate::connection::{Flight, Lent, PostgresConnection};
use crate::described::Described;
use crate::exchange::Goes;
use crate::limit;
use crate::message::{EXECUTE, Message, SYNC};
use crate::postgres_query::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::prepare::{forget, prepare};
use crate::rows::{Keeps, Rows};
use crate::server_error::ServerError;
use crate::session::State;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{
    Early, Fault, Number, Parts, Prepare, Runner, Shape, Step, Text, Value,
};
use bggo_wire::within;
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

/// A prepared step that runs a statement.
#[derive(Debug)]
pub struct PostgresQuery {
    inputs: Inputs,
    wanted: Wanted,
    /// The statement, if it is known when the program starts.
    statement: Option<Statement>,
    /// Its parameters, as far as they are known then; `None` if they come whole with the step.
    parameters: Option<Vec<Parameter>>,
    /// The statement with its parameters for the description that a server gave last.
    template: RefCell<Option<Rc<Template>>>,
    /// Room for what is sent, kept from one step to the next.
    room: RefCell<Vec<u8>>,
}

/// What a step runs.
struct Ask<'a> {
    statement: &'a Statement,
    keeps: Keeps,
    /// The parameters that come with the step.
    parts: Option<Parts<'a>>,
}

impl Runner for PostgresQuery {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let known = match &inputs.params {
            Early::Known(None) => Some(Vec::new()),
            Early::Known(Some(shape)) => parameters(shape),
            Early::Later => None,
        };
        let count = match &inputs.params {
            Early::Known(Some(Shape::List(items))) => Some(items.len()),
            _ => known.as_ref().map(Vec::len),
        };
        let statement = match (&inputs.sql, &inputs.types, &inputs.prepare) {
            (Early::Known(sql), Early::Known(types), Early::Known(prepare)) => {
                let types = types_of(types.as_ref())?;
                let make = if *prepare {
                    Statement::kept
                } else {
                    Statement::once
                };
                Some(make(sql, types, count)?)
            }
            _ => None,
        };
        Ok(Self {
            inputs,
            wanted,
            statement,
            parameters: known,
            template: RefCell::default(),
            room: RefCell::default(),
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
        let statement = self.statement.as_ref().or(given.own.as_deref());
        let statement = statement.ok_or_else(|| Fault::missing("sql"))?;
        let ask = Ask {
            statement,
            keeps: match self.wanted {
                _ if step.shows_exchanges().is_some() => Keeps::All,
                Wanted { rows: true, .. } => Keeps::All,
                Wanted { row: true, .. } | Wanted { command: true, .. } => Keeps::First,
                _ => Keeps::None,
            },
            parts: given.parts,
        };
        let answered = {
            let work = pin!(self.ask(step, uses.connection, &ask));
            let until = begun + given.timeout;
            within(step, uses.connection.deadline(), until, work).await
        };
        let answered = answered.unwrap_or_else(|| Err(limit::fault(given.timeout)));
        let fault = answered.as_ref().err();
        if is_shown(step, fault).is_some() {
            let parameters = self.whole(given.parts).ok();
            let said = Said {
                sql: statement.sql(),
                parameters: parameters.as_ref(),
            };
            let came = answered
                .as_ref()
                .ok()
                .map(|rows| Value::from(rows.values.clone()));
            show(step, said, (came.as_ref(), fault));
        }
        Ok(self.output(answered?))
    }
}

/// What comes with a run, or was known before.
struct Given<'a> {
    timeout: Duration,
    parts: Option<Parts<'a>>,
    /// The statement, where it or what belongs to it was not known before. (Each user that waits has the place for it.)
    own: Option<Box<Statement>>,
}

impl PostgresQuery {
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
            own: None,
        };
        if self.statement.is_none() {
            // What comes late is used once.
            let plain = self.inputs.with(late)?;
            let statement = Statement::once(&plain.sql, types_of(plain.types)?, None)?;
            given.own = Some(Box::new(statement));
        }
        for input in late {
            match *input {
                Late::Params(parts) => given.parts = parts,
                Late::Timeout(timeout) => given.timeout = timeout.unwrap_or(limit::DEFAULT),
                Late::Sql(_) | Late::Types(_) | Late::Prepare(_) => {}
            }
        }
        Ok(given)
    }

    /// The parameters as one list.
    fn whole(&self, parts: Option<Parts<'_>>) -> Result<Value, Fault> {
        let shape = self.inputs.params.known().and_then(Option::as_ref);
        match (parts, shape) {
            (Some(parts), shape) => Ok(parts.value(shape)?.into_owned()),
            (None, Some(shape)) => shape.fill(&[]),
            (None, None) => Ok(Value::from(Vec::<Value>::new())),
        }
    }

    /// Runs the statement.
    async fn ask(
        &self,
        step: &Step<'_>,
        connection: &PostgresConnection,
        ask: &Ask<'_>,
    ) -> Result<Rows, Fault> {
        let turn = connection.turn(step).await;
        let mut lent = connection.lend(turn, step).await?;
        let Some(number) = ask.statement.number else {
            let rows = self.run_once(&mut lent, ask).await?;
            return self.judged(&lent, rows);
        };
        let mut is_second = false;
        loop {
            let known = lent.session().borrow().statement(number).cloned();
            let described = match known {
                Some(described) => described,
                // It happens once on a connection, so steps hold no place for it.
                None => {
                    let described =
                        Box::pin(self.prepared(&mut lent, ask.statement, number)).await?;
                    step.sent();
                    described
                }
            };
            let rows = self.run_prepared(&mut lent, ask, &described).await?;
            let is_old = rows.error.as_ref().is_some_and(ServerError::is_of_old_plan);
            // Inside of a transaction it has failed the transaction.
            if !is_old || is_second || lent.session().borrow().state != State::Idle {
                return self.judged(&lent, rows);
            }
            is_second = true;
            step.add(Metric::PREPARED_AGAIN, 1);
            Box::pin(forget(&mut lent, &[ask.statement])).await?;
        }
    }

    /// Whether the server did it.
    fn judged(&self, lent: &Lent<'_>, rows: Rows) -> Result<Rows, Fault> {
        let step = lent.step();
        step.add(Metric::DATA_RECEIVED, rows.bytes);
        if rows.count > 0 {
            step.add(Metric::ROWS, rows.count);
        }
        match &rows.error {
            None => Ok(rows),
            Some(error) => {
                lent.count_error(error);
                Err(error.fault())
            }
        }
    }

    /// Gives the statement to the server and learns what it takes and gives.
    async fn prepared(
        &self,
        lent: &mut Lent<'_>,
        statement: &Statement,
        number: u32,
    ) -> Result<Rc<Described>, Fault> {
        let begun = lent.step().now();
        let described = prepare(lent, &[statement]).await?.pop().unwrap_or_default();
        let step = lent.step();
        step.record_time(Metric::PREPARING, step.now() - begun);
        let described = statement.described(described);
        lent.session()
            .borrow_mut()
            .has(number, Rc::clone(&described));
        Ok(described)
    }

    async fn run_prepared(
        &self,
        lent: &mut Lent<'_>,
        ask: &Ask<'_>,
        described: &Rc<Described>,
    ) -> Result<Rows, Fault> {
        let known = match (&self.parameters, ask.parts) {
            (Some(known), None | Some(Parts::Holes(_))) => known,
            (None, _) | (_, Some(Parts::Whole(_))) => {
                let mut bound = self.bound(ask, described)?;
                bound.extend_from_slice(&EXECUTE);
                bound.extend_from_slice(&SYNC);
                put(lent, &bound);
                return receive(lent, ask, Some(described)).await;
            }
        };
        let holes = match ask.parts {
            Some(Parts::Holes(holes)) => holes,
            Some(Parts::Whole(_)) | None => &[],
        };
        let template = self.template(ask.statement, described, known)?;
        match template.known() {
            Some(bytes) => put(lent, bytes),
            None => {
                let mut bytes = self.room.take();
                bytes.clear();
                let made = template.put(&mut bytes, holes);
                let sent = made.map(|()| put(lent, &bytes));
                self.room.replace(bytes);
                sent?;
            }
        }
        receive(lent, ask, Some(described)).await
    }

    /// The statement with parameters that come whole.
    fn bound(&self, ask: &Ask<'_>, described: &Described) -> Result<Vec<u8>, Fault> {
        let values = self.whole(ask.parts)?;
        let values = values.items().ok_or_else(|| Fault::missing("params"))?;
        let mut bytes = Vec::new();
        ask.statement
            .put_bind(&mut bytes, &described.parameters, &values)?;
        Ok(bytes)
    }

    /// The template for a description: the one of the last step if it is for the same.
    fn template(
        &self,
        statement: &Statement,
        described: &Rc<Described>,
        known: &[Parameter],
    ) -> Result<Rc<Template>, Fault> {
        if let Some(template) = &*self.template.borrow()
            && Rc::ptr_eq(&template.described, described)
        {
            return Ok(Rc::clone(template));
        }
        let template = Rc::new(Template::new(statement, described, known, &SYNC)?);
        self.template.replace(Some(Rc::clone(&template)));
        Ok(template)
    }

    /// Runs a statement that is used once, all in one exchange.
    async fn run_once(&self, lent: &mut Lent<'_>, ask: &Ask<'_>) -> Result<Rows, Fault> {
        let values = self.whole(ask.parts)?;
        let values = values.items().ok_or_else(|| Fault::missing("params"))?;
        let mut bytes = Vec::new();
        ask.statement.put_once(&mut bytes, &values)?;
        bytes.extend_from_slice(&SYNC);
        put(lent, &bytes);
        receive(lent, ask, None).await
    }

    fn output(&self, mut rows: Rows) -> Output {
        let affected = rows.affected();
        let row = match self.wanted.row {
            true => rows.values.first().cloned().unwrap_or(Value::Null),
            false => Value::Null,
        };
        Output {
            row,
            rows: match self.wanted.rows {
                true => Value::from(std::mem::take(&mut rows.values)),
                false => Value::Null,
            },
            row_count: Number::from(rows.count).into(),
            affected,
            command: match rows.command.is_empty() {
                true => Text::Static("").into(),
                false => rows.command.into(),
            },
        }
    }
}

/// Appends what is sent. It goes out at once as far as that takes no waiting.
fn put(lent: &mut Lent<'_>, bytes: &[u8]) {
    if let Some(wire) = lent.wire() {
        wire.send_now(bytes);
    }
}

/// What came of the statement that was sent.
async fn receive(
    lent: &mut Lent<'_>,
    ask: &Ask<'_>,
    described: Option<&Rc<Described>>,
) -> Result<Rows, Fault> {
    let flight = match ask.statement.writes {
        true => Flight::Writes,
        false => Flight::Reads,
    };
    let mut rows = Rows::new(ask.keeps);
    let mut state = [0];
    let described = described.map(|described| &**described);
    let mut take = |message: Message<'_>| {
        if message.tag == b'Z' {
            state = [message.body.first().copied().unwrap_or_default()];
            return Ok(Goes::Done);
        }
        rows.take(message, described)?;
        Ok(Goes::On)
    };
    lent.exchange(flight, &mut take).await?;
    lent.is_ready(&state);
    Ok(rows)
}
