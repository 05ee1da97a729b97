//! The rows of each second in a file of CSV.

use super::file::OutputFile;
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::metrics::{Interval, Layout};
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

    fn interval(&mut self, layout: &Layout, interval: &Interval) {
        // A system clock set before 1970 counts as 1970.
        let at = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        self.file
            .put(self.rows.next(layout, interval, at).to_owned());
    }

    fn ends(&mut self, _: &Conclusion<'_>) {
        self.file.finish();
    }

    fn trouble(&mut self) -> Option<String> {
        self.file.trouble()
    }
}
