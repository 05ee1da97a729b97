//! The runner `postgres_rollback`.

use crate::connection::{Flight, PostgresConnection};
use crate::postgres_rollback::{Inputs, Late, Output, Uses, Wanted};
use crate::session::State;
use crate::transaction::run;
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};

/// A prepared step that rolls back.
#[derive(Debug)]
pub struct PostgresRollback {
    inputs: Inputs,
}

impl Runner for PostgresRollback {
    type Inputs = Inputs;
    type Late<'a> = Late;
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
        late: &'a [Late],
    ) -> Result<Output, Fault> {
        let begun = step.sent_at_once();
        let timeout = self.inputs.with(late)?.timeout;
        let connection = uses.connection;
        let work = roll_back(step, connection);
        let rolled_back = run(step, connection, (begun, timeout), ("ROLLBACK", work)).await?;
        Ok(Output {
            rolled_back: rolled_back.into(),
        })
    }
}

/// Whether there was a transaction.
async fn roll_back(step: &Step<'_>, connection: &PostgresConnection) -> Result<bool, Fault> {
    let turn = connection.turn(step).await;
    // The server has rolled it back when the connection was lost.
    if connection.forgets_lost(step) {
        return Ok(true);
    }
    let lent = connection.lend(turn, step).await;
    let mut lent = match lent {
        Ok(lent) => lent,
        Err(fault) => {
            // It may have been lost just now.
            return match connection.forgets_lost(step) {
                true => Ok(true),
                false => Err(fault),
            };
        }
    };
    if lent.session().borrow().state == State::Idle {
        return Ok(false);
    }
    lent.command("ROLLBACK", Flight::Rollback).await?;
    Ok(true)
}
