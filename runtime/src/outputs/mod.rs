//! All that a run says, on stderr: one line, or one JSON object, an event. stdout belongs to `print`.
//!
//! ```text
//! threads (steps of a functional run, resources, first failures) ---------> Report -> text | json
//! slabs -> Collector -> Interval -> Line (once a second), Summary (at the end) -^
//! ```
//!
//! Everything about load is computed from `Interval`s. Each line is written and flushed as a whole: a run that is killed
//! hard loses at most the second that it was in.

mod collect;
mod json;
mod line;
mod measure;
mod summary;
mod table;
mod text;

pub use collect::{Collector, Ticker};
pub use line::Line;
pub use summary::{Row, Summary};

use crate::event::{Event, EventSink, LogLevel, ResourceEvent};
use crate::exit::Exit;
use crate::grid::Grid;
use crate::schedule::Schedule;
use bggo_values::Text;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// How a run was started, for whoever tells of it.
#[derive(Debug, Clone)]
pub struct RunDescription {
    /// What is run.
    pub grid: &'static Grid,
    /// Tells this run from all others.
    pub run_id: Text,
    /// The load.
    pub schedule: Schedule,
    /// Worker threads.
    pub threads: u32,
    /// No load: one iteration, and each step is told.
    pub functional: bool,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for people.
    Text {
        /// With colours.
        colour: bool,
    },
    /// An object a line, for programs.
    Json,
}

/// Something to write.
pub(crate) enum Entry<'a> {
    /// A run begins.
    Begins(&'a RunDescription),
    /// Something happened.
    Event(&'a Event),
    /// What a second measured.
    Line(&'a Line),
    /// How the run ended.
    Ends(&'a Conclusion<'a>),
}

impl Entry<'_> {
    fn level(&self) -> LogLevel {
        match self {
            Self::Begins(_) | Self::Line(_) | Self::Ends(_) => LogLevel::Info,
            Self::Event(event) => event.level(),
        }
    }
}

/// How a run ended.
pub(crate) struct Conclusion<'a> {
    pub run: &'a RunDescription,
    pub total: &'a Summary,
    pub exit: Exit,
    /// It was left before everything was destroyed.
    pub left: bool,
}

/// Where events go. Shared by all threads; nothing on the way of a request under load says anything.
pub struct Report {
    format: Format,
    level: LogLevel,
    out: Mutex<Box<dyn Write + Send>>,
    /// Failures already logged by any thread, by step or resource and kind.
    logged: Mutex<BTreeSet<(usize, &'static str)>>,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report")
            .field("format", &self.format)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl Report {
    /// Says events up to `level`.
    pub fn new(format: Format, level: LogLevel, out: Box<dyn Write + Send>) -> Self {
        Self {
            format,
            level,
            out: Mutex::new(out),
            logged: Mutex::default(),
        }
    }

    /// On stderr.
    pub fn stderr(format: Format, level: LogLevel) -> Self {
        Self::new(format, level, Box::new(io::stderr()))
    }

    pub(crate) fn begins(&self, run: &RunDescription) {
        self.write(&Entry::Begins(run));
    }

    pub(crate) fn line(&self, line: &Line) {
        self.write(&Entry::Line(line));
    }

    pub(crate) fn ends(&self, conclusion: &Conclusion<'_>) {
        self.write(&Entry::Ends(conclusion));
    }

    /// Something looks wrong.
    pub fn warn(&self, text: &str) {
        self.tell(Event::Message(LogLevel::Warn, text.to_owned()));
    }

    /// Something is wrong.
    pub fn error(&self, text: &str) {
        self.tell(Event::Message(LogLevel::Error, text.to_owned()));
    }

    /// Whether no thread told this failure before. (Under load each thread tells it once.)
    fn is_first(&self, event: &Event) -> bool {
        let key = match event {
            Event::FirstFailure(end) => end
                .fault
                .as_ref()
                .map(|fault| (std::ptr::from_ref(end.info).addr(), fault.kind())),
            Event::Resource(info, ResourceEvent::CreateFailed { fault }) => {
                Some((std::ptr::from_ref(*info).addr(), fault.kind()))
            }
            _ => None,
        };
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        key.is_none_or(|key| logged.insert(key))
    }

    fn write(&self, entry: &Entry<'_>) {
        if entry.level() > self.level {
            return;
        }
        let text = match self.format {
            Format::Text { colour } => text::render(entry, text::Paint(colour)),
            Format::Json => json::render(entry),
        };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed stderr is no reason to end a run.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

impl EventSink for Report {
    fn tell(&self, event: Event) {
        if self.is_first(&event) {
            self.write(&Entry::Event(&event));
        }
    }
}

#[cfg(test)]
mod tests;
