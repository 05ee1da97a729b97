//! Statements that a server is given under names, and what it says of them.

use crate::bind::Statement;
use crate::connection::{Flight, Lent};
use crate::described::{Described, columns, parameters};
use crate::exchange::Goes;
use crate::message::{Bad, Message, SYNC, send};
use crate::server_error::ServerError;
use bggo_runtime::contract::Fault;

/// Gives statements to the server, all in one exchange, and learns what they take and give.
///
/// # Errors
/// The server fails one, or the connection ended.
pub(crate) async fn prepare(
    lent: &mut Lent<'_>,
    statements: &[&Statement],
) -> Result<Vec<Described>, Fault> {
    if let Some(wire) = lent.wire() {
        send(wire.out(), |out| {
            for statement in statements {
                statement.put_prepare(out);
            }
            out.extend_from_slice(&SYNC);
        });
    }
    let mut all = Vec::new();
    let mut error = None;
    let mut state = [0];
    let mut take = |message: Message<'_>| {
        match message.tag {
            b't' => all.push(Described {
                parameters: parameters(message.body)?,
                columns: Vec::new(),
            }),
            b'T' => {
                let columns = columns(message.body)?;
                if let Some(last) = all.last_mut() {
                    last.columns = columns;
                }
            }
            b'E' => {
                error = error
                    .take()
                    .or_else(|| Some(ServerError::read(message.body)))
            }
            b'Z' => {
                state = [message.body.first().copied().unwrap_or_default()];
                return Ok(Goes::Done);
            }
            b'1' | b'3' | b'n' => {}
            _ => {
                return Err(Bad(
                    "the server answers by what is no description of a statement",
                ));
            }
        }
        Ok(Goes::On)
    };
    lent.exchange(Flight::Reads, &mut take).await?;
    lent.is_ready(&state);
    if let Some(error) = error {
        lent.count_error(&error);
        return Err(error.fault());
    }
    match all.len() == statements.len() {
        true => Ok(all),
        false => {
            Err(lent
                .misbehaves("the server described another number of statements than it was given"))
        }
    }
}

/// Takes statements away from the server, which can then be prepared again.
///
/// # Errors
/// The connection ended.
pub(crate) async fn forget(lent: &mut Lent<'_>, statements: &[&Statement]) -> Result<(), Fault> {
    for number in statements.iter().filter_map(|statement| statement.number) {
        lent.session().borrow_mut().forgets(number);
    }
    if let Some(wire) = lent.wire() {
        send(wire.out(), |out| {
            for statement in statements {
                statement.put_close(out);
            }
            out.extend_from_slice(&SYNC);
        });
    }
    let mut take = |message: Message<'_>| match message.tag {
        b'Z' => Ok(Goes::Done),
        _ => Ok(Goes::On),
    };
    lent.exchange(Flight::Reads, &mut take).await
}
