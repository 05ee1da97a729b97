//! The runner `postgres_copy_out`.

use crate::connection::{Flight, Lent};
use crate::copying::{Copied, Direction};
use crate::described::command;
use crate::exchange::Goes;
use crate::held::Lender;
use crate::limit::DEFAULT;
use crate::message::{Bad, Message, put_query, send};
use crate::postgres_copy_out::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::server_error::ServerError;
use crate::transaction::run;
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Value};

/// A prepared step that copies rows out of a table.
#[derive(Debug)]
pub struct PostgresCopyOut {
    inputs: Inputs,
    wanted: Wanted,
}

/// What came of a copy.
#[derive(Debug, Default)]
struct Came {
    is_copy: bool,
    /// The server waits for rows itself.
    is_other_way: bool,
    /// The rows, if somebody reads them.
    data: Option<Vec<u8>>,
    bytes: u64,
    rows: u64,
    error: Option<ServerError>,
    state: [u8; 1],
}

impl Runner for PostgresCopyOut {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
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
        let until = begun + timeout.unwrap_or(DEFAULT);
        let connection = Lender::from(uses.connection).hold(step, until).await?;
        let connection = &*connection;
        let statement = statement(&plain)?;
        let came = Came {
            data: self.wanted.data.then(Vec::new),
            ..Came::default()
        };
        let work = async {
            let mut lent = connection.lend_soon(step).await?;
            copy(&mut lent, &statement, came).await
        };
        let work = Box::pin(work);
        let came = run(step, connection, (begun, timeout), (&statement, work)).await?;
        step.add(Metric::ROWS, came.rows);
        Ok(Output {
            data: match came.data.map(String::from_utf8) {
                None => Value::Null,
                Some(Ok(text)) => Value::from(text),
                Some(Err(bytes)) => Value::Bytes(bytes.into_bytes().into()),
            },
            row_count: Number::from(came.rows).into(),
            bytes: Number::from(came.bytes).into(),
        })
    }
}

fn statement(plain: &Plain<'_>) -> Result<String, Fault> {
    let copied = Copied {
        table: plain.table.as_deref(),
        columns: plain.columns,
        sql: plain.sql.as_deref(),
        format: &plain.format,
    };
    copied.statement(Direction::Out)
}

async fn copy(lent: &mut Lent<'_>, statement: &str, mut came: Came) -> Result<Came, Fault> {
    if let Some(wire) = lent.wire() {
        send(wire.out(), |out| put_query(out, statement));
    }
    let done = lent
        .exchange(Flight::Reads, &mut |message| came.take(message))
        .await;
    if let Err(fault) = done {
        return Err(match came.is_other_way {
            true => Kind::Statement.of(fault),
            false => fault,
        });
    }
    lent.is_ready(&came.state);
    lent.step().add(Metric::DATA_RECEIVED, came.bytes);
    match came.error.take() {
        Some(error) => {
            lent.count_error(&error);
            Err(error.fault())
        }
        None if !came.is_copy => Err(Kind::Statement.fault("the statement copies no rows out")),
        None => Ok(came),
    }
}

impl Came {
    /// Takes a message.
    fn take(&mut self, message: Message<'_>) -> Result<Goes, Bad> {
        match message.tag {
            b'H' => self.is_copy = true,
            b'd' => {
                self.bytes += message.body.len() as u64;
                if let Some(data) = &mut self.data {
                    data.extend_from_slice(message.body);
                }
            }
            b'c' => {}
            b'C' => self.rows = command(message.body).1.unwrap_or_default(),
            b'E' => {
                let error = self.error.take();
                self.error = error.or_else(|| Some(ServerError::read(message.body)));
            }
            b'Z' => {
                self.state = [message.body.first().copied().unwrap_or_default()];
                return Ok(Goes::Done);
            }
            b'G' => {
                self.is_other_way = true;
                return Err(Bad("the statement copies rows in, not out"));
            }
            _ => {
                return Err(Bad("the server answers a copy by what is no answer to it"));
            }
        }
        Ok(Goes::On)
    }
}
