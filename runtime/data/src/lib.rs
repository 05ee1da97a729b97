//! Rows of files that a program reads when it runs.
//!
//! When it is opened, a file is read once, in pieces: rows are counted, each is looked at for its form, and the place of every
//! 256th is kept. So memory is bounded, whatever the file's size. A cell is read from the place that is kept before its
//! row.

mod csv_rows;
mod json_lines;
mod window;

pub use csv_rows::open;
pub use json_lines::open as open_lines;

use std::fs::File;
use std::io;
use std::path::Path;

/// Rows from one place that is kept to the next.
const STRIDE: u64 = 256;

/// Bytes that are read at once while rows are counted.
const PIECE: usize = 1 << 20;

/// Bytes that are read at once for a cell.
const NEAR: usize = 64 << 10;

/// Opens a file whose bytes can be read anywhere.
fn open_file(path: &Path) -> Result<File, String> {
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(cannot)?;
    // The rows of a pipe cannot be read twice.
    match file.metadata().map_err(cannot)?.is_file() {
        true => Ok(file),
        false => Err("is no plain file".to_owned()),
    }
}
