//! Rows of a CSV file.

use super::{NEAR, PIECE, open_file};
use crate::places::Places;
use crate::recent::Recent;
use crate::window::Window;
use bggo_csv::{Csv, Next};
use bggo_runtime::emitted::{FileRows, ReadRows};
use bggo_values::Fault;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An open file of rows.
#[derive(Debug)]
struct CsvRows {
    file: File,
    delimiter: u8,
    columns: usize,
    count: u64,
    places: Places,
    recent: Recent<Vec<String>>,
}

/// Opens a file, and compares its header with that of the build.
///
/// # Errors
/// Why it cannot be read, or what is wrong with it.
pub fn open(path: &Path, of: &FileRows) -> Result<Arc<dyn ReadRows>, String> {
    let mut rows = CsvRows {
        file: open_file(path)?,
        delimiter: of.delimiter,
        columns: of.header.len(),
        count: 0,
        places: Places::new(),
        recent: Recent::new(),
    };
    rows.count_all(of)?;
    if rows.count == 0 {
        return Err("has no row".to_owned());
    }
    Ok(Arc::new(rows))
}

impl CsvRows {
    fn count_all(&mut self, of: &FileRows) -> Result<(), String> {
        let mut csv = Csv::new(self.delimiter);
        let mut window = Window::new(0, PIECE);
        let mut header_is_due = of.has_header;
        let mut cells = Vec::new();
        loop {
            let bytes = window.bytes();
            let (next, count) = if header_is_due {
                let next = csv.next(bytes, window.is_all, &mut cells);
                (next, cells.len())
            } else {
                let mut count = 0;
                let next = csv.skip(bytes, window.is_all, &mut count);
                (next, count)
            };
            let next =
                next.map_err(|fault| format!("is wrong in line {}: {}", fault.line, fault.what))?;
            let row = match next {
                Next::Row(row) => row,
                Next::End => return Ok(()),
                Next::Part => {
                    window
                        .more(&self.file)
                        .map_err(|error| format!("cannot be read: {error}"))?;
                    continue;
                }
            };
            if header_is_due {
                header_is_due = false;
                if cells != of.header {
                    return Err(format!(
                        "has other columns than when the program was built: found {}, expected {}",
                        cells.join(", "),
                        of.header.join(", ")
                    ));
                }
            } else {
                if count != self.columns {
                    return Err(format!(
                        "is wrong in line {}: the row has {count} {}, and there are {} columns",
                        row.line,
                        if count == 1 { "cell" } else { "cells" },
                        self.columns
                    ));
                }
                let place = window.place() + row.before as u64;
                self.places.see(self.count, place);
                self.count += 1;
            }
            window.pass(row.length);
        }
    }

    /// The cells of a row; `None` where the file is another one than it was.
    fn cells(&self, row: u64) -> io::Result<Option<Arc<Vec<String>>>> {
        if let Some(cells) = self.recent.get(row) {
            return Ok(Some(cells));
        }
        let behind_last = self.recent.place_of(row).map(|place| (row, place));
        let Some((first, place)) = behind_last.or_else(|| self.places.before(row)) else {
            return Ok(None);
        };
        let mut window = Window::new(place, NEAR);
        let mut csv = Csv::from_row(self.delimiter);
        let (mut before, mut cells) = (row - first, Vec::new());
        loop {
            let bytes = window.bytes();
            let next = match before {
                0 => csv.next(bytes, window.is_all, &mut cells),
                _ => csv.skip(bytes, window.is_all, &mut 0),
            };
            match next {
                Ok(Next::Row(found)) if before == 0 => {
                    let cells = Arc::new(cells);
                    let length = found.length as u64;
                    self.recent
                        .keep(row, length, window.place() + length, &cells);
                    return Ok(Some(cells));
                }
                Ok(Next::Row(row)) => {
                    before -= 1;
                    window.pass(row.length);
                }
                Ok(Next::Part) => window.more(&self.file)?,
                Ok(Next::End) | Err(_) => return Ok(None),
            }
        }
    }
}

impl ReadRows for CsvRows {
    fn count(&self) -> u64 {
        self.count
    }

    fn cell(&self, row: u64, column: usize) -> Result<String, Fault> {
        let cells = self
            .cells(row)
            .map_err(|error| Fault::new(format!("the file of the rows cannot be read: {error}")))?;
        let cells = cells.filter(|cells| cells.len() == self.columns);
        let cells = cells.ok_or_else(|| Fault::new("the file of the rows has changed"))?;
        let cell = cells.get(column).cloned();
        cell.ok_or_else(|| Fault::new("there is no such column"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(has_header: bool) -> FileRows {
        FileRows {
            path: "",
            header: &["name", "text"],
            has_header,
            delimiter: b',',
            open,
        }
    }

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn any_row_is_found_in_a_file_of_many_pieces() {
        let mut text = "\u{feff}name,text\r\n".to_owned();
        for row in 0..5_000 {
            let long = "x".repeat(row % 900);
            text.push_str(&format!("row{row},\"{long}\r\n\"\"{row}\"\"\"\r\n\n"));
        }
        let (_folder, path) = file(&text);
        let rows = open(&path, &spec(true)).unwrap();
        assert_eq!(rows.count(), 5_000);
        for row in [0, 1, 255, 256, 257, 511, 4_097, 4_999] {
            assert_eq!(rows.cell(row, 0).unwrap(), format!("row{row}"));
            let long = "x".repeat(row as usize % 900);
            assert_eq!(rows.cell(row, 1).unwrap(), format!("{long}\r\n\"{row}\""));
        }
        assert!(rows.cell(5_000, 0).is_err() && rows.cell(0, 2).is_err());
        for row in 0..5_000 {
            assert_eq!(rows.cell(row, 0).unwrap(), format!("row{row}"));
        }
    }

    #[test]
    fn a_row_that_is_longer_than_what_is_read_at_once_is_read_whole() {
        let long = "y".repeat(300_000);
        let (_folder, path) = file(&format!("name,text\na,{long}\nb,short\n"));
        let rows = open(&path, &spec(true)).unwrap();
        assert_eq!(rows.cell(0, 1).unwrap(), long);
        assert_eq!(rows.cell(1, 1).unwrap(), "short");
        assert_eq!(rows.cell(0, 0).unwrap(), "a");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_when_it_is_opened() {
        for (text, why) in [
            (
                "name,other\na,b\n",
                "has other columns than when the program was built: found name, other, expected name, text",
            ),
            ("name,text\n", "has no row"),
            (
                "name,text\na,b\nc\n",
                "is wrong in line 3: the row has 1 cell, and there are 2 columns",
            ),
            (
                "name,text\na,\"b\n",
                "is wrong in line 2: a cell begins with a quote that is never closed",
            ),
        ] {
            let (_folder, path) = file(text);
            assert_eq!(
                open(&path, &spec(true)).map(drop),
                Err(why.to_owned()),
                "{text}"
            );
        }
        let (folder, path) = file("a,b\n");
        assert_eq!(open(&path, &spec(false)).unwrap().count(), 1);
        let missing = open(&folder.path().join("none"), &spec(true));
        assert!(missing.is_err_and(|why| why.starts_with("cannot be read: ")));
        assert!(open(folder.path(), &spec(true)).is_err_and(|why| why == "is no plain file"));
    }

    #[test]
    fn a_file_that_became_shorter_is_a_fault() {
        let (_folder, path) = file("name,text\na,b\nc,d\n");
        let rows = open(&path, &spec(true)).unwrap();
        std::fs::write(&path, "name,text\na,b\n").unwrap();
        assert_eq!(rows.cell(0, 1).unwrap(), "b");
        assert!(rows.cell(1, 1).is_err());
    }
}
