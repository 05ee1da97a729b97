//! What comes of a statement: its rows, as far as somebody reads them, and what the server says it did.

use crate::described::{self, Column, Described};
use crate::message::{Bad, Message};
use crate::server_error::ServerError;
use bggo_runtime::contract::{Number, Text, Value};

/// Which rows are made values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keeps {
    None,
    First,
    All,
}

/// What came of a statement.
#[derive(Debug)]
pub(crate) struct Rows {
    keeps: Keeps,
    /// The columns of a statement that was described with its rows.
    own: Option<Vec<Column>>,
    pub(crate) values: Vec<Value>,
    pub(crate) count: u64,
    pub(crate) affected: Option<u64>,
    pub(crate) command: String,
    pub(crate) error: Option<Box<ServerError>>,
    /// Bytes of the messages that came.
    pub(crate) bytes: u64,
}

impl Rows {
    pub(crate) const fn new(keeps: Keeps) -> Self {
        Self {
            keeps,
            own: None,
            values: Vec::new(),
            count: 0,
            affected: None,
            command: String::new(),
            error: None,
            bytes: 0,
        }
    }

    /// Takes a message. `described` says what the rows hold, if that was asked before.
    ///
    /// # Errors
    /// It has no place behind a statement.
    pub(crate) fn take(
        &mut self,
        message: Message<'_>,
        described: Option<&Described>,
    ) -> Result<(), Bad> {
        self.bytes += message.body.len() as u64 + 5;
        match message.tag {
            b'D' => {
                self.count += 1;
                let wants = match self.keeps {
                    Keeps::None => false,
                    Keeps::First => self.count == 1,
                    Keeps::All => true,
                };
                if wants {
                    let columns = self
                        .own
                        .as_deref()
                        .or(described.map(|described| &*described.columns));
                    let row = described::row(columns.unwrap_or_default(), message.body)?;
                    self.values.push(row);
                }
            }
            b'T' => self.own = Some(described::columns(message.body)?),
            b'C' => {
                self.affected = described::affected(message.body);
                // Only somebody who reads the rows may read this.
                if self.keeps > Keeps::None {
                    described::command(message.body)
                        .0
                        .clone_into(&mut self.command);
                }
            }
            b'E' if self.error.is_none() => {
                self.error = Some(Box::new(ServerError::read(message.body)));
            }
            // Parsed, bound, closed, no rows, nothing to do, one more error, the types of parameters.
            b'1' | b'2' | b'3' | b'n' | b'I' | b'E' | b't' => {}
            b'G' | b'H' | b'W' => {
                return Err(Bad("the statement copies rows, which a query does not"));
            }
            _ => {
                return Err(Bad(
                    "the server answers a statement by what is no answer to it",
                ));
            }
        }
        Ok(())
    }

    /// The columns of a statement that was described with its rows.
    pub(crate) fn own_columns(&self) -> &[Column] {
        self.own.as_deref().unwrap_or_default()
    }

    /// How many rows the server says it read or changed.
    pub(crate) fn affected(&self) -> Value {
        self.affected
            .map_or(Value::Null, |count| Number::from(count).into())
    }

    /// All of it, for a list of results.
    pub(crate) fn to_value(&self) -> Value {
        Value::from(vec![
            (Text::Static("rows"), Value::from(self.values.clone())),
            (Text::Static("row_count"), Number::from(self.count).into()),
            (Text::Static("affected"), self.affected()),
            (Text::Static("command"), self.command.clone().into()),
        ])
    }
}
