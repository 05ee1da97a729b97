//! The runner `postgres_describe`.

use crate::bind::Statement;
use crate::connection::PostgresConnection;
use crate::described::Described;
use crate::held::Lender;
use crate::limit;
use crate::postgres_describe::{Inputs, Late, Output, Uses, Wanted};
use crate::prepare::prepare;
use crate::shown::{Said, is_shown, show};
use crate::types;
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Text, Value};
use bggo_wire::within;
use std::pin::pin;

/// A prepared step that asks what statements take and give.
#[derive(Debug)]
pub struct PostgresDescribe {
    inputs: Inputs,
}

impl Runner for PostgresDescribe {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let begun = step.sent_at_once();
        let given = self.inputs.with(late)?;
        let timeout = given.timeout.unwrap_or(limit::DEFAULT);
        let texts = given.statements.items();
        let texts = texts.iter().flat_map(|texts| texts.iter());
        let texts: Vec<String> = texts.map(Value::to_string).collect();
        let answered = {
            let until = begun + timeout;
            let connection = Lender::from(uses.connection).hold(step, until).await?;
            let work = pin!(describe(step, &connection, &texts));
            within(step, connection.deadline(), until, work).await
        };
        let answered = answered.unwrap_or_else(|| Err(limit::fault(timeout)));
        let fault = answered.as_ref().err();
        if is_shown(step, fault).is_some() {
            let said = Said {
                sql: &texts.join("; "),
                parameters: None,
            };
            let came = answered.as_ref().ok().cloned().map(Value::from);
            show(step, said, (came.as_ref(), fault));
        }
        Ok(Output {
            statements: answered?.into(),
        })
    }
}

/// What the server says of each statement. One that it refuses is no failure of the others.
async fn describe(
    step: &Step<'_>,
    connection: &PostgresConnection,
    texts: &[String],
) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        let statement = match Statement::once(text, Vec::new(), None) {
            Ok(statement) => statement,
            Err(fault) => {
                all.push(said(&Described::default(), Some(&fault)));
                continue;
            }
        };
        let turn = connection.turn(step).await;
        let mut lent = connection.lend(turn, step).await?;
        match prepare(&mut lent, &[&statement]).await {
            Ok(made) => all.push(said(&made.into_iter().next().unwrap_or_default(), None)),
            Err(fault) if lent.has_ended() => return Err(fault),
            Err(fault) => all.push(said(&Described::default(), Some(&fault))),
        }
    }
    Ok(all)
}

fn said(described: &Described, error: Option<&Fault>) -> Value {
    let text = |name: String| Value::Text(Text::from(name));
    let parameters = described.parameters.iter();
    let parameters: Vec<Value> = parameters
        .map(|oid| text(types::plain_name(*oid)))
        .collect();
    let columns = described.columns.iter().map(|column| {
        Value::from(vec![
            (Text::Static("name"), Value::Text(column.name().clone())),
            (Text::Static("type"), text(types::plain_name(column.oid()))),
        ])
    });
    let columns: Vec<Value> = columns.collect();
    Value::from(vec![
        (Text::Static("parameters"), parameters.into()),
        (Text::Static("columns"), columns.into()),
        (
            Text::Static("error"),
            error.map_or(Value::Null, |fault| text(fault.to_string())),
        ),
    ])
}
