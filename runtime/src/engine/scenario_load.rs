//! The load of one scenario, as each worker thread has it.

use crate::schedule::Iterations;

/// The load of one scenario, as each worker thread has it.
#[derive(Debug, Clone)]
pub(super) struct ScenarioLoad {
    /// The number of the scenario in the grid's table.
    pub scenario: u32,
    /// The iterations that its users take, on all threads.
    pub iterations: Iterations,
    /// Where the slots of its steps begin.
    pub first_slot: u32,
    /// Where those of its iterations begin.
    pub iteration_slot: u32,
}
