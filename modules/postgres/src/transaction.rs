//! What begin, commit and rollback have in common: a command that is known when the step runs, within its limit.

use crate::connection::{Lent, PostgresConnection};
use crate::limit;
use crate::postgres_query::Error as Kind;
use crate::session::State;
use crate::shown::{Said, show};
use bggo_runtime::contract::{Fault, Moment, Step, Value};
use bggo_wire::within;
use std::pin::pin;
use std::time::Duration;

/// Does what a step of a transaction does, and shows it.
pub(crate) async fn run<T>(
    step: &Step<'_>,
    connection: &PostgresConnection,
    (begun, timeout): (Moment, Option<Duration>),
    (command, work): (&str, impl Future<Output = Result<T, Fault>>),
) -> Result<T, Fault> {
    let timeout = timeout.unwrap_or(limit::DEFAULT);
    let done = {
        let work = pin!(work);
        within(step, connection.deadline(), begun + timeout, work).await
    };
    let done = done.unwrap_or_else(|| Err(limit::fault(timeout)));
    let said = Said {
        sql: command,
        parameters: None,
    };
    show(step, said, (None::<&Value>, done.as_ref().err()));
    done
}

/// The session of a step, in which a transaction has to be open or must not be.
///
/// # Errors
/// There is no session, or it is the other way round.
pub(crate) async fn lend<'a>(
    connection: &'a PostgresConnection,
    step: &'a Step<'a>,
    is_open: bool,
) -> Result<Lent<'a>, Fault> {
    let lent = connection.lend_soon(step).await?;
    let state = lent.session().borrow().state;
    match (is_open, state) {
        (false, State::Open | State::Failed) => {
            Err(Kind::TransactionOrder.fault("a transaction is open already"))
        }
        (true, State::Idle) => Err(Kind::TransactionOrder.fault("no transaction is open")),
        _ => Ok(lent),
    }
}
