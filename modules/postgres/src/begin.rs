//! The runner `postgres_begin`.

use crate::connection::Flight;
use crate::postgres_begin::{Inputs, Late, Output, Plain, Uses, Wanted};
use crate::transaction::{lend, run};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};

/// A prepared step that begins a transaction.
#[derive(Debug)]
pub struct PostgresBegin {
    inputs: Inputs,
}

impl Runner for PostgresBegin {
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
        let plain = self.inputs.with(late)?;
        let timeout = plain.timeout;
        let command = command(&plain)?;
        let connection = uses.connection;
        let work = async {
            let mut lent = lend(connection, step, false).await?;
            lent.command(&command, Flight::Reads).await.map(drop)
        };
        run(step, connection, (begun, timeout), (&command, work)).await?;
        Ok(Output {})
    }
}

fn command(plain: &Plain<'_>) -> Result<String, Fault> {
    let mut command = "BEGIN".to_owned();
    let isolation = plain.isolation.as_deref();
    command.push_str(match isolation {
        None => "",
        Some("read committed") => " ISOLATION LEVEL READ COMMITTED",
        Some("repeatable read") => " ISOLATION LEVEL REPEATABLE READ",
        Some("serializable") => " ISOLATION LEVEL SERIALIZABLE",
        Some(other) => {
            let levels = ["read committed", "repeatable read", "serializable"];
            Fault::one_of("isolation", other, &levels)?;
            ""
        }
    });
    if plain.read_only {
        command.push_str(" READ ONLY");
    }
    if plain.deferrable {
        command.push_str(" DEFERRABLE");
    }
    Ok(command)
}
