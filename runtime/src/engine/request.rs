//! The request to run a grid, and what all threads of a run share.

use super::program::Program;
use super::scenario_load::{ScenarioLoad, Taking};
use crate::context::WorkerContextParts;
use crate::event::EventSink;
use crate::exit::ExitCauses;
use crate::grid::Grid;
use crate::metrics::{KnownNames, Recorder, RunNames, Slab, iteration_slot};
use crate::outputs::{LoadDescription, Report};
use crate::schedule::Schedule;
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
            users: schedule.users(),
            length: schedule.length(),
            iterations: Taking::new(schedule),
            first_slot: row.first_slot,
            iteration_slot: iteration_slot(self.grid, scenario),
        })
        .collect()
    }

    /// The load of each scenario, for whoever tells of it.
    pub(super) fn described_loads(&self) -> Vec<LoadDescription> {
        let rows = self.grid.scenarios.iter().zip(&self.schedules);
        rows.map(|(row, schedule)| LoadDescription {
            scenario: row.name(),
            schedule: schedule.clone(),
        })
        .collect()
    }
}

/// Everything that the threads of a run share.
#[derive(Default)]
pub(super) struct RunState {
    pub(super) names: Arc<RunNames>,
    pub(super) causes: Arc<ExitCauses>,
}

impl RunState {
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
            names: KnownNames::new(Arc::clone(&self.names)),
            events: Arc::clone(report) as Arc<dyn EventSink>,
            causes: Arc::clone(&self.causes),
        }
    }
}
