//! All that a run says, on stderr: one line, or one JSON object, an event. stdout belongs to `print`.
//!
//! ```text
//! worker threads -events-> mailbox -> reporter thread -> outputs -lines-> mailbox -> writer thread -> stderr
//!                slabs -> seconds ----^
//! ```
//!
//! The reporter feeds each [`Output`] in turn: the run, events in their order, each second, the end. Outputs are a
//! file each and none knows another; what two of them show alike (a line, the figures of a run) is a value of its own. All
//! that is said of load is computed from intervals, and judged before it comes here. Neither a worker nor the reporter ever
//! waits for whoever reads stderr.

mod cases;
mod csv;
mod describe;
mod file;
mod json;
mod line;
mod mailbox;
mod progress;
mod report;
mod result_file;
mod samples_file;
mod step_names;
mod summary;
mod terminal;
mod text;
mod writer;

pub use cases::JunitFile;
pub use csv::CsvFile;
pub use describe::words;
pub use file::{NoFile, OutputFile};
pub use json::tenths;
pub use progress::Progress;
pub use report::{Report, Stopped, Style};
pub use result_file::{Replace, ResultFile, build};
pub use samples_file::SamplesFile;
pub use summary::SummaryFile;

use crate::event::Event;
use crate::exit::Exit;
use crate::grid::Grid;
use crate::health::{FailedHere, FellBehind};
use crate::judgement::{Second, Verdict};
use bggo_metrics::Searched;
use bggo_metrics::report::{Described, Ending, Examples, Figures, Percentiles, Summary};
use bggo_schedule::{Load, Segment};
use bggo_values::Text;

/// How a run was started, for whoever tells of it.
#[derive(Debug, Clone)]
pub struct RunDescription {
    /// What is run.
    pub grid: &'static Grid,
    /// Tells this run from all others.
    pub run_id: Text,
    /// The load of each scenario, in the order of the grid's table.
    pub loads: Vec<LoadDescription>,
    /// The seed of all that is random in it.
    pub seed: u64,
    /// The share of the loads that it runs.
    pub segment: Segment,
    /// Worker threads.
    pub threads: u32,
    /// No load: one iteration, and each step is told.
    pub functional: bool,
}

/// The load of one scenario.
#[derive(Debug, Clone)]
pub struct LoadDescription {
    /// Its name.
    pub scenario: &'static str,
    /// Its load.
    pub load: Load,
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

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct Conclusion<'a> {
    /// How it was started.
    pub described: &'a Described,
    /// All that was measured.
    pub figures: &'a Figures,
    /// How its thresholds came out.
    pub verdicts: &'a [Verdict],
    /// What searches for the highest rate found.
    pub searches: &'a [Searched],
    /// Where this host held the schedule worst, if it did not hold it.
    pub fell_behind: Option<&'a FellBehind>,
    /// Iterations that failed by this host, if they are more than may fail.
    pub failed_here: Option<&'a FailedHere>,
    /// The text of a failure of each kind.
    pub examples: &'a Examples,
    /// Its exit code.
    pub exit: Exit,
    /// It was left before everything was destroyed.
    pub left: bool,
}

impl<'a> Conclusion<'a> {
    /// Why the load was not put on as it was asked for, in a sentence for each reason.
    fn not_put_on(&self) -> Option<String> {
        let behind = self.fell_behind.map(|found| self.said_of(found));
        let failed = self.failed_here.map(ToString::to_string);
        let reasons: Vec<String> = behind.into_iter().chain(failed).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Why and where the schedule was not held, in one sentence.
    fn said_of(&self, found: &FellBehind) -> String {
        match self.described.loads.as_slice() {
            [_] => found.to_string(),
            _ => format!("{}: {found}", found.scenario),
        }
    }

    /// What a summary is made of, with these columns.
    pub fn summary(&self, percentiles: &'a Percentiles) -> Summary<'a> {
        Summary {
            run: self.described,
            figures: self.figures,
            ending: ending(self.exit),
            verdicts: self.verdicts,
            searches: self.searches,
            fell_behind: self.not_put_on(),
            left: self.left,
            examples: self.examples,
            percentiles,
        }
    }
}

/// How a summary says that a run ended.
fn ending(exit: Exit) -> Ending {
    match exit {
        Exit::Passed => Ending::Passed,
        Exit::Interrupted => Ending::Interrupted,
        Exit::ThresholdFailed | Exit::StepFailed | Exit::BadInput => Ending::Failed,
        Exit::Bug => Ending::Bug,
        Exit::SetUpFailed => Ending::SetUpFailed,
        Exit::TeardownFailed => Ending::TeardownFailed,
        Exit::Overloaded => Ending::Overloaded,
        Exit::OutputFailed => Ending::OutputFailed,
    }
}

/// One who reads what a run measured and what happened in it. Everything is called on the reporter's thread: an output that
/// may block (a terminal, a pipe, a network) has a thread and a mailbox of its own.
pub trait Output: Send {
    /// A run begins.
    fn begins(&mut self, run: &RunDescription);
    /// Something happened. Events come in the order in which each thread told them.
    fn event(&mut self, event: &Event);
    /// A second of a load run is over.
    fn second(&mut self, second: &Second<'_>);
    /// The run is over.
    fn ends(&mut self, conclusion: &Conclusion<'_>);
    /// What went wrong when it wrote, if that was not told before. Asked after each second, and at the end.
    fn trouble(&mut self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests;
