//! Rows that are read from a file while the program runs, as whoever reads them sees it.

use bggo_values::Fault;
use std::fmt;

/// Rows of an open file.
pub trait ReadRows: fmt::Debug + Send + Sync {
    /// How many there are.
    fn count(&self) -> u64;
    /// The text of a cell.
    ///
    /// # Errors
    /// What the system says, or that the file is another one than it was.
    fn cell(&self, row: u64, column: usize) -> Result<String, Fault>;
}
