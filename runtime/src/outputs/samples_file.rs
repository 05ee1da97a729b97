//! The steps of a share of all iterations in a file of CSV. The rows come from the worker threads; what came too fast is left
//! out and counted.

use super::file::{FileWriter, OutputFile};
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::judgement::Second;
use crate::samples::{HEAD, SampleSink};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a row a step.
#[derive(Debug)]
pub struct SamplesFile {
    file: OutputFile,
    rows: Arc<Rows>,
    name: String,
    is_over: bool,
}

/// Takes the rows of all threads.
#[derive(Debug)]
struct Rows {
    file: FileWriter,
    left_out: AtomicU64,
}

impl SampleSink for Rows {
    fn take(&self, rows: String, count: u64) {
        if !self.file.offer(rows) {
            self.left_out.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl SamplesFile {
    /// To this file; and who takes the rows.
    pub fn new(file: OutputFile) -> (Self, Arc<dyn SampleSink>) {
        let rows = Arc::new(Rows {
            file: file.writer(),
            left_out: AtomicU64::new(0),
        });
        let name = file.name().to_owned();
        let sink = Arc::clone(&rows);
        let made = Self {
            file,
            rows,
            name,
            is_over: false,
        };
        (made, sink)
    }
}

impl Output for SamplesFile {
    fn begins(&mut self, _: &RunDescription) {
        self.file.put(HEAD.to_owned());
    }

    fn event(&mut self, _: &Event) {}

    fn second(&mut self, _: &Second<'_>) {}

    fn ends(&mut self, _: &Conclusion<'_>) {
        self.file.finish();
        self.is_over = true;
    }

    fn trouble(&mut self) -> Option<String> {
        let left_out = self.rows.left_out.load(Ordering::Relaxed);
        // How many there are is known at the end.
        if left_out > 0 && !self.is_over {
            return None;
        }
        let said = self.file.trouble()?;
        if left_out == 0 {
            return Some(said);
        }
        let name = &self.name;
        Some(format!(
            "{name} is not whole: {left_out} rows were left out, since the disk was slower than they came"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, channel};

    /// A disk that writes nothing until it is told to.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the sender is gone, it writes all.
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn rows_that_come_too_fast_are_left_out_counted_and_told_once_at_the_end() {
        let (goes_on, stuck) = channel();
        let file = OutputFile::start("a.csv".to_owned(), Box::new(Stuck(stuck))).unwrap();
        let (mut file, sink) = SamplesFile::new(file);
        let room = (0..10_000).take_while(|_| {
            sink.take("row\n".to_owned(), 7);
            file.rows.left_out.load(Ordering::Relaxed) == 0
        });
        assert!(room.count() < 1_000, "memory is bounded");
        sink.take("row\n".to_owned(), 2);
        assert_eq!(file.trouble(), None);
        drop(goes_on);
        file.file.finish();
        file.is_over = true;
        assert_eq!(
            file.trouble().as_deref(),
            Some(
                "a.csv is not whole: 9 rows were left out, since the disk was slower than they came"
            )
        );
        assert_eq!(file.trouble(), None);
    }
}
