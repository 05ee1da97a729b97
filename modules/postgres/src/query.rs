//! The runner `postgres_query`.

use crate::asking::{Ask, Kept};
use crate::bind::{Statement, parameters, types_of};
use crate::held::Lender;
use crate::limit;
use crate::postgres_query::{Inputs, Late, Output, Uses, Wanted};
use crate::rows::{Keeps, Rows};
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{
    Early, Fault, Number, Parts, Prepare, Runner, Shape, Step, Text, Value,
};
use bggo_wire::within;
use std::pin::Pin;
use std::time::Duration;

/// A prepared step that runs a statement.
#[derive(Debug)]
pub struct PostgresQuery {
    inputs: Inputs,
    wanted: Wanted,
    /// The statement, if it is known when the program starts.
    statement: Option<Statement>,
    kept: Kept,
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
                let columns = inputs.columns.known().and_then(Option::as_ref);
                Some(make(sql, types, count)?.expects(columns))
            }
            _ => None,
        };
        Ok(Self {
            inputs,
            wanted,
            statement,
            kept: Kept::new(known),
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
            shape: self.inputs.params.known().and_then(Option::as_ref),
        };
        let answered = {
            let until = begun + given.timeout;
            let connection = Lender::from(uses.connection).hold(step, until).await?;
            let mut work = self.kept.ask(step, &connection, ask);
            within(step, connection.deadline(), until, Pin::new(&mut work)).await
        };
        let answered = answered.unwrap_or_else(|| Err(limit::fault(given.timeout)));
        let fault = answered.as_ref().err();
        if is_shown(step, fault).is_some() {
            let parameters = ask.whole().ok();
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
            given.own = Some(Box::new(statement.expects(plain.columns)));
        }
        for input in late {
            match *input {
                Late::Params(parts) => given.parts = parts,
                Late::Timeout(timeout) => given.timeout = timeout.unwrap_or(limit::DEFAULT),
                Late::Sql(_) | Late::Types(_) | Late::Prepare(_) | Late::Columns(_) => {}
            }
        }
        Ok(given)
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
