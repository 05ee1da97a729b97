//! Rows of data that feed iterations, as statics of the emitted program: where they lie and how they are given out.
//!
//! Rows that the program holds are one block of bytes: how many rows and columns there are, where each cell ends, and the
//! texts of all cells, row by row. Nothing is made of it when the program starts, and a text that an iteration reads is a piece
//! of it.

use crate::read_rows::ReadRows;
use crate::start::Start;
use bggo_schedule::{RowKey, RowReader, RowRules, RowTurns};
use bggo_values::{Fault, Text, Type, Value, convert, json};
use std::path::Path;
use std::sync::Arc;

/// Data of the grid.
#[derive(Debug)]
pub struct Data {
    /// `csv.users`
    name: &'static str,
    /// Its position in the grid's table.
    place: usize,
    source: Source,
    columns: &'static [Column],
    rules: RowRules,
    readers: &'static [RowReader],
}

#[derive(Debug)]
enum Source {
    /// The program holds them.
    Embedded(&'static [u8]),
    /// They are read from a file.
    File(&'static FileRows),
}

/// A file of rows, and how it is read.
#[derive(Debug)]
pub struct FileRows {
    /// Relative to the working folder.
    pub path: &'static str,
    /// Names of all its columns, in order; empty if the rows have none.
    pub header: &'static [&'static str],
    /// Whether its first line is that.
    pub has_header: bool,
    /// Between cells.
    pub delimiter: u8,
    /// Opens it.
    pub open: OpenRows,
}

/// Opens a file of rows. What is wrong is said for people.
pub type OpenRows = fn(&Path, &FileRows) -> Result<Arc<dyn ReadRows>, String>;

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Whether its cells are JSON; else they are texts.
    is_json: bool,
    /// What a cell is made to be.
    ty: Option<fn() -> Type>,
}

impl Column {
    /// A column of texts.
    pub const TEXT: Self = Self {
        is_json: false,
        ty: None,
    };

    /// A column of JSON values.
    pub const JSON: Self = Self {
        is_json: true,
        ty: None,
    };

    /// The same with a type.
    pub const fn of(mut self, ty: fn() -> Type) -> Self {
        self.ty = Some(ty);
        self
    }

    fn value(&self, value: Value) -> Result<Value, Fault> {
        let value = match (self.is_json, &value) {
            (true, Value::Text(text)) => json::decode(text)?,
            _ => value,
        };
        match self.ty {
            Some(ty) => convert::convert(&value, &ty()),
            None => Ok(value),
        }
    }
}

impl Data {
    /// Rows that the program holds, in its own form.
    pub const fn embedded(name: &'static str, place: usize, rows: &'static [u8]) -> Self {
        Self::new(name, place, Source::Embedded(rows))
    }

    /// Rows of a file.
    pub const fn of_file(name: &'static str, place: usize, file: &'static FileRows) -> Self {
        Self::new(name, place, Source::File(file))
    }

    const fn new(name: &'static str, place: usize, source: Source) -> Self {
        Self {
            name,
            place,
            source,
            columns: &[],
            rules: RowRules::IN_TURN,
            readers: &[],
        }
    }

    /// Its columns.
    pub const fn columns(mut self, columns: &'static [Column]) -> Self {
        self.columns = columns;
        self
    }

    /// How its rows are given out.
    pub const fn rules(mut self, rules: RowRules) -> Self {
        self.rules = rules;
        self
    }

    /// The scenarios that read it.
    pub const fn readers(mut self, readers: &'static [RowReader]) -> Self {
        self.readers = readers;
        self
    }

    /// `csv.users`
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The file that it is read from.
    pub(crate) fn file(&self) -> Option<&'static FileRows> {
        match self.source {
            Source::Embedded(_) => None,
            Source::File(file) => Some(file),
        }
    }

    /// How many rows there are.
    pub(crate) fn count(&self, start: &Start) -> u64 {
        match self.source {
            Source::Embedded(rows) => word(rows, 0).unwrap_or(0) as u64,
            Source::File(_) => start.rows(self.place).map_or(0, |rows| rows.count()),
        }
    }

    /// What the ordinals of a scenario follow from; `None` if it reads nothing of this.
    pub(crate) fn turns(&self, scenario: u32, start: &Start) -> Option<RowTurns> {
        let mut readers = self.readers.iter();
        let place = readers.position(|reader| reader.scenario == scenario)?;
        Some(RowTurns {
            reader: *self.readers.get(place)?,
            place: (place as u64, self.readers.len() as u64),
            users: start.users_of(scenario),
        })
    }

    /// How its rows are given out.
    pub(crate) fn row_rules(&self) -> RowRules {
        self.rules
    }

    /// What an iteration of a scenario reads in a column.
    ///
    /// # Errors
    /// Where the file cannot be read, or its cell is no value of the column's type.
    pub(crate) fn cell(
        &self,
        column: usize,
        (scenario, key): (u32, RowKey),
        start: &Start,
    ) -> Result<Value, Fault> {
        let count = self.count(start);
        let row = self.turns(scenario, start).and_then(|turns| {
            let seed = self.rules.seed(start.seed_of(self.name), key);
            self.rules.row(self.rules.ordinal(&turns, key), count, seed)
        });
        let Some(row) = row else {
            // Iterations without a row do not begin.
            return Err(Fault::new(format!("`data.{}` has no row left", self.name)));
        };
        let of = self.columns.get(column);
        let of = of.ok_or_else(|| Fault::new("there is no such column"))?;
        let text = match self.source {
            Source::Embedded(rows) => {
                let found = embedded(rows, row, column);
                Value::Text(Text::Static(
                    found.ok_or_else(|| Fault::new("the rows are damaged"))?,
                ))
            }
            Source::File(_) => {
                let rows = start
                    .rows(self.place)
                    .ok_or_else(|| Fault::new("the file of rows is not open"))?;
                Value::from(rows.cell(row, column)?)
            }
        };
        of.value(text)
    }
}

/// A cell of rows that the program holds.
fn embedded(rows: &'static [u8], row: u64, column: usize) -> Option<&'static str> {
    let (count, columns) = (word(rows, 0)?, word(rows, 1)?);
    let cell = usize::try_from(row)
        .ok()?
        .checked_mul(columns)?
        .checked_add(column)?;
    let first = 4 * (2 + count * columns);
    let begin = match cell {
        0 => 0,
        cell => word(rows, 1 + cell)?,
    };
    let end = word(rows, 2 + cell)?;
    str::from_utf8(rows.get(first + begin..first + end)?).ok()
}

fn word(rows: &[u8], place: usize) -> Option<usize> {
    let bytes = rows.get(4 * place..4 * place + 4)?;
    let word = u32::from_le_bytes(bytes.try_into().ok()?);
    usize::try_from(word).ok()
}
