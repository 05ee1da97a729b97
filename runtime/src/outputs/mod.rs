//! All that a run says, on stderr: one line, or one JSON object, an event. stdout belongs to `print`.
//!
//! ```text
//! worker threads -events-> mailbox -> reporter thread -> outputs -lines-> mailbox -> writer thread -> stderr
//!                slabs -> seconds ----^
//! ```
//!
//! The reporter feeds each [`Output`] in turn: the run, events in their order, each second, the end. Outputs are a
//! file each and none knows another; what two of them show alike (a line, the figures of a run) is a value of its own. All
//! that is said of load is computed from intervals, and judged before it comes here. Neither a worker nor the reporter ever waits for whoever reads stderr.

mod checks;
mod custom_metrics;
mod figures;
mod json;
mod line;
mod mailbox;
mod measure;
mod metric_lines;
mod report;
mod summary;
mod table;
mod text;
mod thresholds;
mod writer;

pub use report::{Report, Stopped};

use crate::event::Event;
use crate::exit::Exit;
use crate::grid::Grid;
use crate::health::FellBehind;
use crate::judgement::{Second, Verdict};
use crate::metrics::{Interval, Layout};
use bggo_schedule::Load;
use bggo_values::Text;
use std::time::Duration;

/// How a run was started, for whoever tells of it.
#[derive(Debug, Clone)]
pub struct RunDescription {
    /// What is run.
    pub grid: &'static Grid,
    /// Tells this run from all others.
    pub run_id: Text,
    /// The load of each scenario, in the order of the grid's table.
    pub loads: Vec<LoadDescription>,
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

impl RunDescription {
    /// Users of all scenarios.
    pub(super) fn users(&self) -> u64 {
        let users = self.loads.iter().map(|load| load.load.schedule.users());
        users.map(u64::from).sum()
    }

    /// Whether the iterations of some scenario are due at moments of their own.
    pub(super) fn is_open(&self) -> bool {
        let mut loads = self.loads.iter();
        loads.any(|load| load.load.schedule.is_open())
    }

    /// Iterations of all scenarios, if each has a number of them.
    pub(super) fn total(&self) -> Option<u64> {
        let mut totals = self.loads.iter().map(|load| load.load.schedule.total());
        totals.try_fold(0_u64, |sum, total| Some(sum.saturating_add(total?)))
    }

    /// How long iterations may begin in any scenario, if each has a length.
    pub(super) fn length(&self) -> Option<Duration> {
        let lengths = self.loads.iter().map(|load| load.load.begins_until());
        lengths.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// For how long iterations of a scenario could begin, where `run` is for how long any could.
    pub(super) fn begins_for(&self, scenario: &str, run: Duration) -> Duration {
        let mut loads = self.loads.iter();
        let Some(load) = loads.find(|load| load.scenario == scenario) else {
            return run;
        };
        let until = load.load.begins_until().map_or(run, |until| until.min(run));
        until.saturating_sub(load.load.start_after)
    }
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
    pub run: &'a RunDescription,
    /// All that was measured.
    pub total: &'a Interval,
    /// For how long iterations could begin; what runs after that is the drain.
    pub begins_for: Duration,
    /// How its thresholds came out.
    pub verdicts: &'a [Verdict],
    /// Where this host held the schedule worst, if it did not hold it.
    pub fell_behind: Option<&'a FellBehind>,
    /// Its exit code.
    pub exit: Exit,
    /// It was left before everything was destroyed.
    pub left: bool,
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
    fn ends(&mut self, layout: &Layout, conclusion: &Conclusion<'_>);
}

#[cfg(test)]
mod tests;
