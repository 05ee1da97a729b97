//! The rows of each second in a file of CSV.

use super::file::OutputFile;
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::judgement::Second;
use bggo_metrics::report::CsvRows;
use std::time::SystemTime;

/// Writes a row a second and metric of a load run.
#[derive(Debug)]
pub struct CsvFile {
    file: OutputFile,
    rows: CsvRows,
}

impl CsvFile {
    /// To this file.
    pub fn new(file: OutputFile) -> Self {
        Self {
            file,
            rows: CsvRows::default(),
        }
    }
}

impl Output for CsvFile {
    fn begins(&mut self, _: &RunDescription) {
        self.file.put(CsvRows::HEAD.to_owned());
    }

    fn event(&mut self, _: &Event) {}

    fn second(&mut self, second: &Second<'_>) {
        // A system clock set before 1970 counts as 1970.
        let at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let (layout, interval) = (second.layout, second.interval);
        let rows = self.rows.next(second.number, layout, (interval, at));
        self.file.put(rows.to_owned());
    }

    fn ends(&mut self, _: &Conclusion<'_>) {
        self.file.finish();
    }

    fn trouble(&mut self) -> Option<String> {
        self.file.trouble()
    }
}
