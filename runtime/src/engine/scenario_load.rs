//! The load of one scenario, as each worker thread has it.

use super::arriving::Births;
use crate::schedule::{Arrivals, Iterations, Schedule};
use std::time::Duration;

/// The load of one scenario, as each worker thread has it.
#[derive(Debug, Clone)]
pub(super) struct ScenarioLoad {
    /// The number of the scenario in the grid's table.
    pub scenario: u32,
    /// Users that are made before the clock starts, on all threads.
    pub users: u32,
    /// How long iterations may begin, if that is bounded.
    pub length: Option<Duration>,
    /// The iterations that its users take, on all threads.
    pub iterations: Taking,
    /// Where the slots of its steps begin.
    pub first_slot: u32,
    /// Where those of its iterations begin.
    pub iteration_slot: u32,
}

/// How users come to their iterations.
#[derive(Debug, Clone)]
pub(super) enum Taking {
    /// They take one as soon as they are free.
    WhenFree(Iterations),
    /// They are handed arrivals.
    Arrivals(Arrivals, Births),
}

impl Taking {
    /// That of a schedule. Clones share what threads share.
    pub(super) fn new(schedule: &Schedule) -> Self {
        match schedule {
            Schedule::Closed(closed) => Self::WhenFree(Iterations::new(*closed)),
            Schedule::Open(arrivals) => {
                let births = Births::new(arrivals.users, arrivals.max_users);
                Self::Arrivals(arrivals.clone(), births)
            }
        }
    }
}
