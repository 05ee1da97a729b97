//! A statement of a step, from its turn to what came of it.
//!
//! ```text
//! Asking: the session is free and knows the statement -> one exchange, polled by hand
//!         else a longer future: a turn, a new connection, a statement to prepare
//! ```

use crate::bind::{Parameter, Statement, Template};
use crate::connection::{Flight, Lent, PostgresConnection};
use crate::described::Described;
use crate::exchange::Goes;
use crate::message::{EXECUTE, Message, SYNC};
use crate::postgres_query::Metric;
use crate::prepare::{forget, prepare};
use crate::rows::{Keeps, Rows};
use crate::session::State;
use bggo_runtime::contract::{Fault, Parts, Running, Seq, Shape, Step, Value};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What is kept of a statement from one step to the next.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its parameters, as far as they are known before a step; `None` if they come whole with it.
    parameters: Option<Vec<Parameter>>,
    /// The statement with its parameters for the description that a server gave last.
    template: RefCell<Option<Rc<Template>>>,
    /// Room for what is sent.
    room: RefCell<Vec<u8>>,
}

/// What a step runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) keeps: Keeps,
    /// The parameters that come with the step.
    pub(crate) parts: Option<Parts<'a>>,
    /// Those that were known before.
    pub(crate) shape: Option<&'a Shape>,
}

/// A statement that runs. It is polled by hand: an `async fn` would hold all that it ever waits for.
pub(crate) struct Asking<'a> {
    kept: &'a Kept,
    step: &'a Step<'a>,
    connection: &'a PostgresConnection,
    ask: Ask<'a>,
    doing: Doing<'a>,
}

enum Doing<'a> {
    Nothing,
    /// The statement was sent.
    Exchange(Exchange<'a>),
    /// What takes more than one exchange, or does not begin at once.
    Long(Running<'a, Result<Rows, Fault>>),
}

/// A statement that was sent, and what has come.
struct Exchange<'a> {
    lent: Lent<'a>,
    described: Option<Rc<Described>>,
    rows: Rows,
    flight: Flight,
    /// What the server said when it was ready.
    state: [u8; 1],
}

impl Ask<'_> {
    /// The parameters as one list.
    ///
    /// # Errors
    /// They do not fit together.
    pub(crate) fn whole(&self) -> Result<Value, Fault> {
        match (self.parts, self.shape) {
            (Some(parts), shape) => Ok(parts.value(shape)?.into_owned()),
            (None, Some(shape)) => shape.fill(&[]),
            (None, None) => Ok(Value::from(Vec::<Value>::new())),
        }
    }

    /// The same with their items.
    fn values(&self) -> Result<Seq<Value>, Fault> {
        let values = self.whole()?.items();
        values.ok_or_else(|| Fault::missing("params"))
    }
}

impl Kept {
    pub(crate) fn new(parameters: Option<Vec<Parameter>>) -> Self {
        Self {
            parameters,
            template: RefCell::default(),
            room: RefCell::default(),
        }
    }

    /// Runs a statement of a step.
    pub(crate) fn ask<'a>(
        &'a self,
        step: &'a Step<'a>,
        connection: &'a PostgresConnection,
        ask: Ask<'a>,
    ) -> Asking<'a> {
        Asking {
            kept: self,
            step,
            connection,
            ask,
            doing: Doing::Nothing,
        }
    }

    /// Does something with the bytes that run a statement which a server has described.
    fn with_bound<T>(
        &self,
        ask: &Ask<'_>,
        described: &Rc<Described>,
        with: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Fault> {
        let known = match (&self.parameters, ask.parts) {
            (Some(known), None | Some(Parts::Holes(_))) => known,
            (None, _) | (_, Some(Parts::Whole(_))) => {
                let mut bytes = Vec::new();
                let types = &described.parameters;
                ask.statement.put_bind(&mut bytes, types, &ask.values()?)?;
                bytes.extend_from_slice(&EXECUTE);
                bytes.extend_from_slice(&SYNC);
                return Ok(with(&bytes));
            }
        };
        let holes = match ask.parts {
            Some(Parts::Holes(holes)) => holes,
            Some(Parts::Whole(_)) | None => &[],
        };
        let template = self.template(ask.statement, described, known)?;
        if let Some(bytes) = template.known() {
            return Ok(with(bytes));
        }
        let mut bytes = self.room.take();
        bytes.clear();
        let made = template.put(&mut bytes, holes).map(|()| with(&bytes));
        self.room.replace(bytes);
        made
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

    /// Takes a turn, and runs a statement in it that may have to be prepared.
    async fn ask_in_turn(
        &self,
        step: &Step<'_>,
        connection: &PostgresConnection,
        ask: Ask<'_>,
    ) -> Result<Rows, Fault> {
        let turn = connection.turn(step).await;
        let lent = connection.lend(turn, step).await?;
        let Some(number) = ask.statement.number else {
            return run_once(lent, ask).await;
        };
        let (lent, rows) = self.prepared(lent, ask, number).await?;
        match is_of_old_plan(&lent, &rows) {
            true => self.ask_again(lent, ask).await,
            false => judged(&lent, rows),
        }
    }

    /// Prepares a statement again whose result has other types now, and runs it.
    async fn ask_again(&self, mut lent: Lent<'_>, ask: Ask<'_>) -> Result<Rows, Fault> {
        lent.step().add(Metric::PREPARED_AGAIN, 1);
        forget(&mut lent, &[ask.statement]).await?;
        let number = ask.statement.number.unwrap_or_default();
        let (lent, rows) = self.prepared(lent, ask, number).await?;
        judged(&lent, rows)
    }

    /// Runs a statement that the server gets first if it does not have it.
    async fn prepared<'a>(
        &self,
        mut lent: Lent<'a>,
        ask: Ask<'_>,
        number: u32,
    ) -> Result<(Lent<'a>, Rows), Fault> {
        let known = lent.session().borrow().statement(number).cloned();
        let described = match known {
            Some(described) => described,
            None => {
                let begun = lent.step().now();
                let made = prepare(&mut lent, &[ask.statement]).await?.pop();
                let step = lent.step();
                step.record_time(Metric::PREPARING, step.now() - begun);
                let made = made.unwrap_or_default();
                ask.statement.check_columns(&made.columns)?;
                let described = ask.statement.described(made);
                lent.session()
                    .borrow_mut()
                    .has(number, Rc::clone(&described));
                lent.step().sent();
                described
            }
        };
        self.with_bound(&ask, &described, |bytes| lent.send(bytes))?;
        let mut exchange = Exchange::new(lent, &ask, Some(described));
        poll_fn(|cx| exchange.poll(cx)).await?;
        Ok((exchange.lent, exchange.rows))
    }
}

/// Runs a statement that is used once, all in one exchange.
async fn run_once(mut lent: Lent<'_>, ask: Ask<'_>) -> Result<Rows, Fault> {
    let mut bytes = Vec::new();
    ask.statement.put_once(&mut bytes, &ask.values()?)?;
    bytes.extend_from_slice(&SYNC);
    lent.send(&bytes);
    let mut exchange = Exchange::new(lent, &ask, None);
    poll_fn(|cx| exchange.poll(cx)).await?;
    let rows = judged(&exchange.lent, exchange.rows)?;
    ask.statement.check_columns(rows.own_columns())?;
    Ok(rows)
}

impl Future for Asking<'_> {
    type Output = Result<Rows, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if matches!(this.doing, Doing::Nothing) {
            this.doing = this.begin(cx)?;
        }
        if let Doing::Exchange(exchange) = &mut this.doing {
            ready!(exchange.poll(cx))?;
            let done = std::mem::replace(&mut this.doing, Doing::Nothing);
            if let Doing::Exchange(Exchange { lent, rows, .. }) = done {
                if !is_of_old_plan(&lent, &rows) {
                    return Poll::Ready(judged(&lent, rows));
                }
                // It happens once on a connection, so steps hold no place for it.
                let (kept, ask) = (this.kept, this.ask);
                this.doing = Doing::Long(Box::pin(kept.ask_again(lent, ask)));
            }
        }
        match &mut this.doing {
            Doing::Long(long) => long.as_mut().poll(cx),
            Doing::Nothing | Doing::Exchange(_) => Poll::Pending,
        }
    }
}

impl<'a> Asking<'a> {
    /// Sends the statement if that can be done at once.
    fn begin(&self, cx: &mut Context<'_>) -> Result<Doing<'a>, Fault> {
        let (kept, step, connection, ask) = (self.kept, self.step, self.connection, self.ask);
        let described = ask.statement.number.and_then(|number| {
            let session = connection.session().borrow();
            session.statement(number).cloned()
        });
        if let Some(described) = described
            && let Some(mut lent) = connection.lend_now(step, cx)
        {
            kept.with_bound(&ask, &described, |bytes| lent.send(bytes))?;
            return Ok(Doing::Exchange(Exchange::new(lent, &ask, Some(described))));
        }
        Ok(Doing::Long(Box::pin(
            kept.ask_in_turn(step, connection, ask),
        )))
    }
}

impl<'a> Exchange<'a> {
    fn new(lent: Lent<'a>, ask: &Ask<'_>, described: Option<Rc<Described>>) -> Self {
        Self {
            lent,
            described,
            rows: Rows::new(ask.keeps),
            flight: match ask.statement.writes {
                true => Flight::Writes,
                false => Flight::Reads,
            },
            state: [0],
        }
    }

    /// Takes what comes until the server is ready again.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let (rows, state) = (&mut self.rows, &mut self.state);
        let described = self.described.as_deref();
        let mut take = |message: Message<'_>| {
            if message.tag == b'Z' {
                *state = [message.body.first().copied().unwrap_or_default()];
                return Ok(Goes::Done);
            }
            rows.take(message, described)?;
            Ok(Goes::On)
        };
        ready!(self.lent.poll_exchange(self.flight, &mut take, cx))?;
        self.lent.is_ready(&self.state);
        Poll::Ready(Ok(()))
    }
}

/// Whether a statement has to be prepared again. Inside of a transaction it has failed the transaction.
fn is_of_old_plan(lent: &Lent<'_>, rows: &Rows) -> bool {
    let is_old = rows
        .error
        .as_ref()
        .is_some_and(|error| error.is_of_old_plan());
    is_old && lent.session().borrow().state == State::Idle
}

/// Whether the server did it.
fn judged(lent: &Lent<'_>, rows: Rows) -> Result<Rows, Fault> {
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
