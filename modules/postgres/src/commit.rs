//! The runner `postgres_commit`.

use crate::connection::{Flight, PostgresConnection};
use crate::postgres_commit::{Error as Kind, Inputs, Late, Output, Uses, Wanted};
use crate::transaction::{lend, run};
use bggo_runtime::contract::{Fault, FaultText, Prepare, Runner, Step};
use std::cell::Cell;

/// A prepared step that commits.
#[derive(Debug)]
pub struct PostgresCommit {
    inputs: Inputs,
}

impl Runner for PostgresCommit {
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
        let asked = Cell::new(Asked::No);
        let work = commit(step, connection, &asked);
        let done = run(step, connection, (begun, timeout), ("COMMIT", work)).await;
        done.map_err(|fault| match asked.get() {
            Asked::No | Asked::Answered => fault,
            Asked::Yes => {
                let text = "COMMIT was sent and not answered, so it may be committed or not: ";
                Kind::CommitUnknown.fault(FaultText::plain(text).and_value(fault.text()))
            }
        })?;
        Ok(Output {
            committed: true.into(),
        })
    }
}

/// How far a COMMIT has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    No,
    Yes,
    Answered,
}

async fn commit(
    step: &Step<'_>,
    connection: &PostgresConnection,
    asked: &Cell<Asked>,
) -> Result<(), Fault> {
    let mut lent = lend(connection, step, true).await?;
    asked.set(Asked::Yes);
    let answered = lent.command("COMMIT", Flight::Commit).await;
    if !lent.has_ended() {
        asked.set(Asked::Answered);
    }
    // A transaction that failed is rolled back, and the server calls that no error.
    match answered?.as_str() {
        "ROLLBACK" => {
            let text = "the transaction had failed before, so the server rolled it back";
            Err(Kind::TransactionAborted.fault(text))
        }
        _ => Ok(()),
    }
}
