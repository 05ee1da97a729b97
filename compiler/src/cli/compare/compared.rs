//! What was compared, for whoever tells of it.

use bggo_metrics::compare::{Comparison, RunFigures};

/// Both sides, and what came out.
#[derive(Debug)]
pub struct Compared<'a> {
    /// The old runs.
    pub old: &'a [RunFigures],
    /// The new runs.
    pub new: &'a [RunFigures],
    /// What came out.
    pub comparison: &'a Comparison,
    /// The exit code of bggo.
    pub exit: u8,
}
