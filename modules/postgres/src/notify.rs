//! The runner `postgres_notify`.

use crate::asking::{Ask, Kept};
use crate::bind::Statement;
use crate::held::Lender;
use crate::limit;
use crate::postgres_notify::{Inputs, Late, Output, Uses, Wanted};
use crate::rows::Keeps;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{Fault, Parts, Prepare, Runner, Step, Text, Value, encode_json};
use bggo_wire::{stamped, within};
use std::pin::Pin;

/// The function takes what NOTIFY cannot: values that come with the step.
const STATEMENT: &str = "SELECT pg_notify($1, $2)";

/// A prepared step that sends a notification.
#[derive(Debug)]
pub struct PostgresNotify {
    inputs: Inputs,
    statement: Statement,
    kept: Kept,
}

impl Runner for PostgresNotify {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            statement: Statement::kept(STATEMENT, Vec::new(), Some(2))?,
            kept: Kept::new(None),
        })
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
        let payload = match given.payload {
            None | Some(Value::Null) => Value::Text(Text::Static("")),
            Some(payload @ (Value::Text(_) | Value::Bytes(_))) => payload.clone(),
            Some(other) => {
                let payload = encode_json(other);
                let stamp = given.stamp.then(|| step.stamp());
                let stamped = stamp.and_then(|stamp| stamped(&payload, &stamp));
                stamped.unwrap_or(payload).into()
            }
        };
        let parameters = Value::from(vec![
            Value::Text(Text::from(given.channel.as_ref().to_owned())),
            payload,
        ]);
        let ask = Ask {
            statement: &self.statement,
            keeps: Keeps::None,
            parts: Some(Parts::Whole(&parameters)),
            shape: None,
        };
        let answered = {
            let until = begun + timeout;
            let connection = Lender::from(uses.connection).hold(step, until).await?;
            let mut work = self.kept.ask(step, &connection, ask);
            within(step, connection.deadline(), until, Pin::new(&mut work)).await
        };
        let answered = answered.unwrap_or_else(|| Err(limit::fault(timeout)));
        let fault = answered.as_ref().err();
        if is_shown(step, fault).is_some() {
            let said = Said {
                sql: STATEMENT,
                parameters: Some(&parameters),
            };
            show(step, said, (None, fault));
        }
        answered.map(|_| Output {})
    }
}
