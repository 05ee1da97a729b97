//! Reads all threads' slabs, once a second and at the end, and makes lines and summary from what that gives.

use super::line::LineAround;
use super::{Line, Report, Summary};
use crate::grid::Grid;
use crate::metrics::IterationSlots;
use crate::metrics::{Interval, SlabReader};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

const EVERY: Duration = Duration::from_secs(1);

/// Makes the stream of intervals.
#[derive(Debug)]
pub struct Collector {
    readers: Vec<SlabReader>,
    steps: Vec<(u32, String)>,
    slots: IterationSlots,
    begin: Instant,
    begin_by_wall: SystemTime,
    lines: u64,
    total: Interval,
}

impl Collector {
    /// Over the slabs of all threads of a run that began at `begin`.
    pub fn new(
        grid: &Grid,
        slots: IterationSlots,
        readers: Vec<SlabReader>,
        begin: Instant,
    ) -> Self {
        let steps = grid
            .all_steps()
            .map(|info| (info.first_slot(), info.to_string()))
            .collect();
        Self {
            readers,
            steps,
            slots,
            begin,
            begin_by_wall: SystemTime::now(),
            lines: 0,
            total: Interval::default(),
        }
    }

    /// The next interval, which ends at `at`; it is merged into the total.
    pub fn take(&mut self, at: Duration) -> Interval {
        let from = self.total.end();
        let mut interval = Interval {
            span: Some((from, at.max(from))),
            ..Interval::default()
        };
        for reader in &mut self.readers {
            reader.take(&mut interval);
        }
        self.total.merge(&interval);
        interval
    }

    /// The line of the interval that was taken last.
    pub fn line(&mut self, interval: &Interval) -> Line {
        self.lines += 1;
        let around = LineAround {
            number: self.lines,
            taken: self.begin_by_wall + interval.end(),
            users: self
                .total
                .users_begun
                .saturating_sub(self.total.users_ended),
        };
        Line::new(interval, around, self.slots, &self.steps)
    }

    /// The figures of all intervals taken so far.
    pub fn summary(&self) -> Summary {
        Summary::new(&self.total, self.slots, &self.steps)
    }
}

/// The thread that takes an interval a second and prints its line.
#[derive(Debug)]
pub struct Ticker {
    finish: Sender<Duration>,
    thread: JoinHandle<Summary>,
    slots: IterationSlots,
}

impl Ticker {
    /// Starts it; without `live`, it waits for the end and prints no line.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(mut collector: Collector, report: Arc<Report>, live: bool) -> io::Result<Self> {
        let (finish, finished) = channel();
        let slots = collector.slots;
        let thread = std::thread::Builder::new()
            .name("report".to_owned())
            .spawn(move || {
                let mut seconds = 1;
                loop {
                    let next = if live { EVERY * seconds } else { Duration::MAX };
                    match finished.recv_timeout(next.saturating_sub(collector.begin.elapsed())) {
                        Err(RecvTimeoutError::Timeout) => {
                            let interval = collector.take(collector.begin.elapsed());
                            report.line(&collector.line(&interval));
                            // A machine that slept does not make up for the lines that it missed.
                            seconds = seconds.max(collector.begin.elapsed().as_secs() as u32) + 1;
                        }
                        Err(RecvTimeoutError::Disconnected) => return collector.summary(),
                        Ok(at) => {
                            let interval = collector.take(at);
                            if live && !interval.slots.is_empty() {
                                report.line(&collector.line(&interval));
                            }
                            return collector.summary();
                        }
                    }
                }
            })?;
        Ok(Self {
            finish,
            thread,
            slots,
        })
    }

    /// Takes the last interval, which ends at `at`, prints its line and returns the figures of the run.
    pub fn finish(self, at: Duration) -> Summary {
        // It cannot have ended before, but by a panic; then there are no figures.
        let _ = self.finish.send(at);
        self.thread
            .join()
            .unwrap_or_else(|_| Summary::new(&Interval::default(), self.slots, &[]))
    }
}
