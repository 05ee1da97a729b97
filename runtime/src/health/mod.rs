//! Whether this host can make the load that is asked for, and whether it did.
//!
//! ```text
//! before   what the load needs (users, connections, memory) against the limits of the system
//! each second, and at the end
//!          start errors decide whether the schedule was held; the time of each worker, throttling and clock steps explain it
//! at the end
//!          iterations that failed by this host decide whether the others say anything of the target
//! ```

mod cgroup;
mod cpu;
mod failed_here;
mod limits;
mod schedule_held;

pub use failed_here::FailedHere;
pub use limits::{Finding, Limits, Needs, findings};
#[cfg(test)]
pub use schedule_held::Cause;
pub use schedule_held::FellBehind;

use crate::exit::ExitCauses;
use crate::host_limit::LackedSteps;
use crate::metrics::{Interval, Layout, Spun};
use bggo_metrics::MOST_FAILED;
use cpu::HostTimes;
use schedule_held::ScheduleHeld;
use std::sync::Arc;
use std::time::Duration;

/// Watches, each second, whether the schedule is held, and what the host does.
#[derive(Debug)]
pub struct HostWatch {
    times: HostTimes,
    /// How long each worker spun, in their order.
    spun: Vec<Spun>,
    held: ScheduleHeld,
    /// Where it is counted what this host had none left of, and what was there at the last reading.
    causes: Arc<ExitCauses>,
    lacked: LackedSteps,
    /// The share of iterations that may fail.
    may_fail: f64,
}

impl HostWatch {
    /// The clock of the run starts now. The worker threads have begun. `open` says which scenarios have an open profile that must be
    /// held: a search ends where it is not.
    pub fn new(spun: Vec<Spun>, open: Vec<bool>, causes: Arc<ExitCauses>) -> Self {
        Self {
            times: HostTimes::new(),
            spun,
            held: ScheduleHeld::new(open),
            causes,
            lacked: LackedSteps::default(),
            may_fail: MOST_FAILED,
        }
    }

    /// With another share of iterations that may fail.
    pub fn tolerating(mut self, may_fail: Option<f64>) -> Self {
        self.may_fail = may_fail.unwrap_or(MOST_FAILED);
        self
    }

    /// Takes what a second measured.
    pub fn second(&mut self, layout: &Layout, interval: &Interval) {
        let spun = |worker: u32| {
            let spun = self.spun.get(worker as usize);
            spun.map_or(Duration::ZERO, Spun::time)
        };
        let mut evidence = self.times.take(spun);
        let now = self.causes.lacked.so_far();
        evidence.lacked = now.since(std::mem::replace(&mut self.lacked, now));
        self.held.second(layout, interval, evidence);
    }

    /// Whether the schedule of this scenario is not held in the seconds before now.
    pub fn is_behind(&self, scenario: u32) -> bool {
        self.held.is_behind(scenario)
    }

    /// What this host had none left of: a sentence with the cure for each.
    pub fn lacked(&self) -> Vec<String> {
        self.causes.lacked.sentences()
    }

    /// Iterations that failed by this host, if they are more than may fail.
    pub fn failed_here(&self, layout: &Layout, total: &Interval) -> Option<FailedHere> {
        FailedHere::of(layout, total, self.may_fail, &self.causes.lacked)
    }

    /// Where the schedule was held worst, if it was not held.
    pub fn fell_behind(&self) -> Option<&FellBehind> {
        self.held.fell_behind()
    }
}
