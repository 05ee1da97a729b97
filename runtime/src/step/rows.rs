//! What an iteration reads of data.

use super::iteration::Iteration;
use crate::data::Data;
use bggo_schedule::RowKey;
use bggo_values::{Fault, Value};

impl Iteration<'_> {
    /// The cell of a column of `data`, in the row of this iteration.
    ///
    /// # Errors
    /// Where the file of the rows cannot be read.
    pub fn cell(&self, data: &Data, column: usize) -> Result<Value, Fault> {
        let user = self.user();
        let key = RowKey {
            number_of_run: self.number_of_run(),
            user: user.number(),
            nth: self.number(),
        };
        data.cell(column, (user.scenario(), key), self.start())
    }
}
