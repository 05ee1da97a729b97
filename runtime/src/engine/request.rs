//! The request to run a grid, and what all threads of a run share.

use super::program::Program;
use super::scenario_load::ScenarioLoad;
use crate::context::WorkerContextParts;
use crate::event::EventSink;
use crate::exit::ExitCauses;
use crate::grid::Grid;
use crate::metrics::{IterationSlots, Kinds, KnownKinds, Recorder, Slab};
use crate::outputs::Report;
use crate::schedule::{Iterations, Schedule};
use crate::start::Start;
use std::sync::Arc;
use std::time::Duration;

/// What is run, and how.
pub struct RunRequest {
    /// Names.
    pub grid: &'static Grid,
    /// The emitted program.
    pub program: &'static dyn Program,
    /// Variables.
    pub start: Arc<Start>,
    /// The load of each scenario, in the order of the grid's table.
    pub schedules: Vec<Schedule>,
    /// Worker threads wanted.
    pub threads: u32,
    /// No load: one iteration, with a line for each step.
    pub functional: bool,
    /// How long running iterations may go on at the end.
    pub grace: Grace,
}

/// How long running iterations may go on when no iteration begins any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// After the end of the profile.
    pub at_end: Duration,
    /// After the first signal.
    pub on_signal: Duration,
}

impl RunRequest {
    /// The load of each scenario. Call it once in a run: all threads take from the same iterations.
    pub(super) fn loads(&self) -> Vec<ScenarioLoad> {
        let rows = (0..).zip(self.grid.scenarios).zip(&self.schedules);
        rows.map(|((scenario, row), schedule)| ScenarioLoad {
            scenario,
            iterations: Iterations::new(*schedule),
            first_slot: row.first_slot,
        })
        .collect()
    }
}

/// Everything that the threads of a run share.
pub(super) struct RunState {
    pub(super) kinds: Arc<Kinds>,
    pub(super) causes: Arc<ExitCauses>,
    pub(super) iterations: IterationSlots,
}

impl RunState {
    pub(super) fn new(grid: &Grid) -> Self {
        Self {
            kinds: Arc::default(),
            causes: Arc::default(),
            iterations: IterationSlots::after(grid.step_slots()),
        }
    }

    /// The parts of the context of one thread.
    pub(super) fn parts(
        &self,
        run: &RunRequest,
        report: &Arc<Report>,
        index: u32,
        slab: &Arc<Slab>,
    ) -> WorkerContextParts {
        WorkerContextParts {
            start: Arc::clone(&run.start),
            index,
            functional: run.functional,
            recorder: Recorder::new(Arc::clone(slab)),
            kinds: KnownKinds::new(Arc::clone(&self.kinds)),
            iterations: self.iterations,
            events: Arc::clone(report) as Arc<dyn EventSink>,
            causes: Arc::clone(&self.causes),
        }
    }
}
