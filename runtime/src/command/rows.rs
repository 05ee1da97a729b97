//! Opens the files of rows that the program does not hold.

use crate::data::Data;
use crate::grid::Grid;
use crate::read_rows::ReadRows;
use bggo_metrics::nearest;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Open files, by the position of their data.
pub(super) type OpenFiles = Vec<Option<Arc<dyn ReadRows>>>;

/// Opens all files of rows; `given` are those that the command line names instead, by the names of data.
///
/// # Errors
/// What is wrong with each that cannot be read, and names of no such data.
pub(super) fn open(grid: &Grid, given: &[(String, PathBuf)]) -> Result<OpenFiles, Vec<String>> {
    let of_files = || grid.data.iter().filter(|data| data.file().is_some());
    let mut errors = Vec::new();
    for (name, _) in given {
        if of_files().any(|data| data.name() == name) {
            continue;
        }
        let near = nearest(name, of_files().map(|data| data.name()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        errors.push(format!(
            "--data: no rows of `{name}` are read from a file{near}"
        ));
    }
    let mut opened = Vec::with_capacity(grid.data.len());
    for data in grid.data {
        match open_one(data, given) {
            Ok(rows) => opened.push(rows),
            Err(text) => errors.push(text),
        }
    }
    match errors.is_empty() {
        true => Ok(opened),
        false => Err(errors),
    }
}

fn open_one(data: &Data, given: &[(String, PathBuf)]) -> Result<Option<Arc<dyn ReadRows>>, String> {
    let Some(file) = data.file() else {
        return Ok(None);
    };
    let named = given.iter().rfind(|(name, _)| name == data.name());
    let path = named.map_or(Path::new(file.path), |(_, path)| path);
    let rows = (file.open)(path, file);
    rows.map(Some)
        .map_err(|why| format!("data.{}: the file `{}` {why}", data.name(), path.display()))
}
