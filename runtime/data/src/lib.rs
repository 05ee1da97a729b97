//! Rows of files that a program reads when it runs.
//!
//! When it is opened, a file is read once, in pieces: rows are counted, each is looked at for its form, and places of some are
//! kept, so many that memory is bounded whatever the file's size. A row is read from the place that is kept before it, or from
//! where the row before it ended if that was read a short while ago.

mod csv_rows;
mod json_lines;
mod places;
mod recent;
mod window;

pub use csv_rows::open;
pub use json_lines::open as open_lines;

use std::fs::File;
use std::io;
use std::path::Path;

/// Bytes that are read at once while rows are counted.
const PIECE: usize = 1 << 20;

/// Bytes that are read at once for a row.
const NEAR: usize = 4 << 10;

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
