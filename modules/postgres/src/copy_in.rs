//! The runner `postgres_copy_in`.

use crate::connection::{Flight, Lent};
use crate::copy_source::{Source, lines};
use crate::copying::{Copied, Direction};
use crate::described::command;
use crate::exchange::Goes;
use crate::held::Lender;
use crate::limit::DEFAULT;
use crate::message::{Bad, COPY_DONE, Message, put, put_copied, put_query, put_text, send};
use crate::postgres_copy_in::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::server_error::ServerError;
use crate::transaction::run;
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step};
use std::future::poll_fn;

/// A prepared step that copies rows into a table.
#[derive(Debug)]
pub struct PostgresCopyIn {
    inputs: Inputs,
}

/// What a copy came to.
#[derive(Debug, Default)]
struct Done {
    rows: u64,
    bytes: u64,
}

impl Runner for PostgresCopyIn {
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
        let until = begun + timeout.unwrap_or(DEFAULT);
        let connection = Lender::from(uses.connection).hold(step, until).await?;
        let connection = &*connection;
        let statement = statement(&plain)?;
        let made;
        let bytes = match (plain.rows, plain.data) {
            (Some(rows), _) => {
                made = lines(rows)?;
                made.as_slice()
            }
            (None, Some(data)) => data,
            (None, None) => &[],
        };
        let file = plain.file.as_deref();
        let work = async {
            let mut source = match file {
                Some(path) => Source::open(path).await?,
                None => Source::Bytes(bytes),
            };
            let mut lent = connection.lend_soon(step).await?;
            copy(&mut lent, &statement, &mut source).await
        };
        let work = Box::pin(work);
        let done = run(step, connection, (begun, timeout), (&statement, work)).await?;
        step.add(Metric::ROWS, done.rows);
        Ok(Output {
            row_count: Number::from(done.rows).into(),
            bytes: Number::from(done.bytes).into(),
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
    copied.statement(Direction::In)
}

/// What the server has said of a copy.
#[derive(Debug, Default)]
struct Said {
    is_ready_for_rows: bool,
    /// It would send rows itself.
    is_other_way: bool,
    error: Option<ServerError>,
    rows: u64,
    /// What it said when it was ready for the next statement.
    state: Option<[u8; 1]>,
}

impl Said {
    /// Takes a message.
    fn take(&mut self, message: Message<'_>) -> Result<Goes, Bad> {
        match message.tag {
            b'G' if !self.is_ready_for_rows => {
                self.is_ready_for_rows = true;
                return Ok(Goes::Done);
            }
            b'E' => {
                let error = self.error.take();
                self.error = error.or_else(|| Some(ServerError::read(message.body)));
            }
            b'C' => self.rows = command(message.body).1.unwrap_or_default(),
            b'Z' => {
                self.state = Some([message.body.first().copied().unwrap_or_default()]);
                return Ok(Goes::Done);
            }
            b'H' => {
                self.is_other_way = true;
                return Err(Bad("the statement copies rows out, not in"));
            }
            _ => {
                return Err(Bad("the server answers a copy by what is no answer to it"));
            }
        }
        Ok(Goes::On)
    }
}

/// Copies all of a source. Where it cannot be read to its end, the server is told so and inserts nothing.
async fn copy(
    lent: &mut Lent<'_>,
    statement: &str,
    source: &mut Source<'_>,
) -> Result<Done, Fault> {
    let mut said = Said::default();
    if let Some(wire) = lent.wire() {
        send(wire.out(), |out| put_query(out, statement));
    }
    let begun = lent
        .exchange(Flight::Reads, &mut |message| said.take(message))
        .await;
    if let Err(fault) = begun {
        return Err(match said.is_other_way {
            true => Kind::Statement.of(fault),
            false => fault,
        });
    }
    let mut bytes = 0;
    let mut unread = None;
    let mut piece = Vec::new();
    while said.state.is_none() {
        // Until the last message is sent the server cannot insert.
        lent.stays_in(Flight::Reads);
        piece.clear();
        put_copied(&mut piece);
        let head = piece.len();
        let read = source.read(&mut piece).await;
        let size = piece.len() - head;
        if let Err(fault) = read {
            unread = Some(fault);
            piece.clear();
            put(&mut piece, b'f', |out| {
                put_text(out, "the rows cannot be read")
            });
            lent.send(&piece);
        } else if size == 0 {
            lent.send(&COPY_DONE);
        } else {
            set_size(&mut piece);
            bytes += size as u64;
            lent.step().add(Metric::DATA_SENT, size as u64);
            lent.send(&piece);
            // The server may fail the copy before it is whole.
            poll_fn(|cx| lent.poll_sent(Flight::Reads, &mut |message| said.take(message), cx))
                .await?;
            continue;
        }
        let flight = match unread {
            None => Flight::Writes,
            Some(_) => Flight::Reads,
        };
        while said.state.is_none() {
            lent.exchange(flight, &mut |message| said.take(message))
                .await?;
        }
    }
    // What the server did not want any more it leaves out, if it comes whole.
    lent.flush().await?;
    lent.is_ready(&said.state.unwrap_or_default());
    if let Some(fault) = unread {
        return Err(fault);
    }
    match said.error {
        Some(error) => {
            lent.count_error(&error);
            Err(error.fault())
        }
        None if !said.is_ready_for_rows => {
            Err(Kind::Statement.fault("the statement copies no rows in"))
        }
        None => Ok(Done {
            rows: said.rows,
            bytes,
        }),
    }
}

/// Writes the length of a message with rows into it.
fn set_size(piece: &mut [u8]) {
    let length = u32::try_from(piece.len() - 1).unwrap_or(u32::MAX);
    if let Some(place) = piece.get_mut(1..5) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}
