//! How a run was started, as values that a file can hold as well.

use bggo_values::Text;
use std::time::Duration;

/// How a run was started.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The name of the grid.
    pub grid: Text,
    /// The version of bggo that built it.
    pub version: Text,
    /// Tells this run from all others.
    pub run: Text,
    /// The seed of all that is random in it.
    pub seed: u64,
    /// The share of the load that it runs, such as `2/5`; `None` of the whole.
    pub segment: Option<Text>,
    /// Worker threads.
    pub threads: u32,
    /// No load: one iteration, and each step is told.
    pub functional: bool,
    /// The load of each scenario that is run, in the order of the grid.
    pub loads: Vec<DescribedLoad>,
}

/// The load of one scenario: the share of it that this run has.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedLoad {
    /// The scenario.
    pub scenario: Text,
    /// The profile, such as `constant_arrival_rate`.
    pub profile: Text,
    /// The load in words: `500/s for 30s, at most 10000 users`.
    pub words: Text,
    /// Whether iterations are due at moments of their own.
    pub is_open: bool,
    /// Users that are there at its start.
    pub users: u64,
    /// The most users that there may be at once.
    pub most_users: u64,
    /// How many iterations it asks for, if that is known beforehand.
    pub iterations: Option<u64>,
    /// How many it asks for in the mean, where arrivals come by chance.
    pub expected: Option<u64>,
    /// When it begins, since the clock of the run started.
    pub start_after: Duration,
    /// For how long its iterations may begin, if that is bounded.
    pub length: Option<Duration>,
    /// For how long what is due is measured apart, from its beginning on.
    pub warm_up: Duration,
}

impl DescribedLoad {
    /// When its last iteration may begin, since the clock of the run started, if that is bounded.
    pub fn begins_until(&self) -> Option<Duration> {
        self.start_after.checked_add(self.length?)
    }
}

impl Described {
    /// Users of all scenarios.
    pub fn users(&self) -> u64 {
        let users = self.loads.iter().map(|load| load.users);
        users.fold(0, u64::saturating_add)
    }

    /// Whether the iterations of some scenario are due at moments of their own.
    pub fn is_open(&self) -> bool {
        self.loads.iter().any(|load| load.is_open)
    }

    /// The load of a scenario, if it is run.
    pub fn load(&self, scenario: &str) -> Option<&DescribedLoad> {
        let mut loads = self.loads.iter();
        loads.find(|load| load.scenario.as_str() == scenario)
    }

    /// Iterations of all scenarios, if each has a number of them.
    pub fn iterations(&self) -> Option<u64> {
        let mut totals = self.loads.iter().map(|load| load.iterations);
        totals.try_fold(0_u64, |sum, total| Some(sum.saturating_add(total?)))
    }

    /// How long iterations may begin in any scenario, if each has a length.
    pub fn length(&self) -> Option<Duration> {
        let lengths = self.loads.iter().map(DescribedLoad::begins_until);
        lengths.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// For how long iterations of a scenario could begin behind its warm-up, where `run` is for how long any could.
    pub fn begins_for(&self, scenario: &str, run: Duration) -> Duration {
        let Some(load) = self.load(scenario) else {
            return run;
        };
        let until = load.begins_until().map_or(run, |until| until.min(run));
        until.saturating_sub(load.start_after.saturating_add(load.warm_up))
    }

    /// For how long iterations of any scenario could begin behind its warm-up, where `run` is for how long any could at all.
    pub fn counts_for(&self, run: Duration) -> Duration {
        let warm_ups = self.loads.iter().map(|load| load.warm_up);
        run.saturating_sub(warm_ups.min().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use crate::report::simulated::{closed_load, run};

    #[test]
    fn sums_of_a_file_stop_at_the_largest_number() {
        let mut one = closed_load("one");
        one.users = u64::MAX;
        one.iterations = Some(u64::MAX);
        let run = run(vec![one.clone(), one]);
        assert_eq!(run.users(), u64::MAX);
        assert_eq!(run.iterations(), Some(u64::MAX));
    }
}
