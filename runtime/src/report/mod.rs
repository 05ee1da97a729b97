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

use crate::engine::{AssetEvent, Ended, Run};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::info::ResourceInfo;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// How much is said, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And steps, live lines, the summary.
    Info,
    /// And resources.
    Debug,
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

/// Something to say.
pub(crate) enum Event<'a> {
    /// A run begins, on so many threads.
    Begins(&'a Run, u32),
    /// A step of a functional run ended.
    Step(&'a Ended<'a>),
    /// Under load: a step failed in a way in which it had not failed yet.
    FirstFailure(&'a Ended<'a>, &'a Fault),
    /// Something happened to a resource.
    Resource(&'a ResourceInfo, AssetEvent<'a>),
    /// What a second measured.
    Line(&'a Line),
    /// How the run ended.
    Ends(&'a Conclusion<'a>),
    /// A remark.
    Note(Level, &'a str),
    /// A panic.
    Bug(&'a str),
}

impl Event<'_> {
    fn level(&self) -> Level {
        use crate::engine::Outcome;
        match self {
            Self::Step(ended)
                if matches!(ended.outcome, Outcome::Failed(_) | Outcome::FailedAnyway(_)) =>
            {
                Level::Error
            }
            Self::Resource(
                _,
                AssetEvent::CreateFailed { .. } | AssetEvent::DestroyFailed { .. },
            )
            | Self::Bug(_) => Level::Error,
            Self::FirstFailure(..) => Level::Warn,
            Self::Begins(..) | Self::Step(_) | Self::Line(_) | Self::Ends(_) => Level::Info,
            Self::Resource(..) => Level::Debug,
            Self::Note(level, _) => *level,
        }
    }
}

/// How a run ended.
pub(crate) struct Conclusion<'a> {
    pub run: &'a Run,
    pub total: &'a Summary,
    pub exit: Exit,
    /// It was left before everything was destroyed.
    pub left: bool,
}

/// Where events go. Shared by all threads; nothing on the way of a request under load says anything.
pub struct Report {
    format: Format,
    level: Level,
    out: Mutex<Box<dyn Write + Send>>,
    /// Failures that were said, by step or resource and kind: each thread knows its own, this knows those of all.
    said: Mutex<BTreeSet<(usize, &'static str)>>,
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
    pub fn new(format: Format, level: Level, out: Box<dyn Write + Send>) -> Self {
        Self {
            format,
            level,
            out: Mutex::new(out),
            said: Mutex::default(),
        }
    }

    /// On stderr.
    pub fn stderr(format: Format, level: Level) -> Self {
        Self::new(format, level, Box::new(io::stderr()))
    }

    pub(crate) fn begins(&self, run: &Run, threads: u32) {
        self.say(&Event::Begins(run, threads));
    }

    pub(crate) fn step(&self, ended: &Ended<'_>) {
        self.say(&Event::Step(ended));
    }

    /// Says that a step failed under load, when no thread said so of this step and kind before.
    pub(crate) fn first_failure(&self, ended: &Ended<'_>, fault: &Fault) {
        if self.is_first(std::ptr::from_ref(ended.info).addr(), fault.kind()) {
            self.say(&Event::FirstFailure(ended, fault));
        }
    }

    /// Whether nobody asked this of the kind and the step or resource before.
    pub(crate) fn is_first(&self, of: usize, kind: &'static str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.insert((of, kind))
    }

    pub(crate) fn resource(&self, info: &ResourceInfo, event: AssetEvent<'_>) {
        self.say(&Event::Resource(info, event));
    }

    pub(crate) fn line(&self, line: &Line) {
        self.say(&Event::Line(line));
    }

    pub(crate) fn ends(&self, conclusion: &Conclusion<'_>) {
        self.say(&Event::Ends(conclusion));
    }

    /// Something looks wrong.
    pub fn warn(&self, text: &str) {
        self.say(&Event::Note(Level::Warn, text));
    }

    /// Something is wrong.
    pub fn error(&self, text: &str) {
        self.say(&Event::Note(Level::Error, text));
    }

    /// Something that only a curious reader wants.
    pub fn debug(&self, text: &str) {
        self.say(&Event::Note(Level::Debug, text));
    }

    /// Something panicked.
    pub fn bug(&self, text: &str) {
        self.say(&Event::Bug(text));
    }

    fn say(&self, event: &Event<'_>) {
        if event.level() > self.level {
            return;
        }
        let text = match self.format {
            Format::Text { colour } => text::render(event, text::Paint(colour)),
            Format::Json => json::render(event),
        };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed stderr is no reason to end a run.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

#[cfg(test)]
mod tests;
