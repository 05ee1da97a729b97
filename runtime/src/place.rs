//! Places in the grid, as the emitted program names them.

use std::fmt;

/// A place in the grid, shown as `grid.hcl:5:14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    file: &'static str,
    line: u32,
    column: u32,
}

impl Place {
    /// A place: file relative to the grid's folder, line and column from 1.
    pub const fn new(file: &'static str, line: u32, column: u32) -> Self {
        Self { file, line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
