//! Whether iterations began when they were due and a user was free: if they did not, the figures of the run are not valid.
//!
//! What a slow target causes (arrivals that wait for a user, or that are dropped) never counts here.

use super::cpu::Evidence;
use crate::host_limit::HostLimit;
use crate::metrics::{Histogram, Interval, Layout, WHOLE};
use bggo_values::Text;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// Seconds that are looked at together.
const WINDOW: usize = 10;
/// Starts that are later than this count as late,
const LATE: Duration = Duration::from_millis(10);
/// or later than this share of the response times' 99th percentile, in hundredths, if that is more.
const SHARE_OF_RESPONSE: u32 = 5;
/// More late starts than one in so many are too many,
const ONE_IN: u64 = 100;
/// and so many are forgiven: a hiccup in a run of few arrivals proves nothing.
const FORGIVEN: u64 = 2;
/// A worker that ran for this share of the time, in hundredths, had no room left.
const BUSY: u32 = 90;
/// A worker that had no core for this share of the time, in hundredths, was kept from running.
const KEPT_WAITING: u32 = 10;
/// A group that was held back for this share of the time, in hundredths, was short of processor.
const THROTTLED: u32 = 1;

/// Why starts were late, as far as the system tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The control group of the process had used up its share of the processor.
    Throttled {
        /// Hundredths of the time.
        share: u32,
    },
    /// Somebody set the clock.
    ClockStep,
    /// A worker had no time left.
    Busy {
        /// Its number.
        worker: u32,
        /// Hundredths of the time that it ran.
        share: u32,
    },
    /// Connections failed, since this host had none left of something.
    Lacked {
        /// Of what.
        limit: HostLimit,
        /// How many steps failed by it.
        steps: u64,
    },
    /// Other programs had the cores.
    KeptWaiting {
        /// The number of the worker that waited longest.
        worker: u32,
        /// Hundredths of the time that it waited for a core.
        share: u32,
    },
    /// None of these.
    Unknown,
}

/// The window in which the schedule was held worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FellBehind {
    /// The scenario.
    pub scenario: Text,
    /// When the window began, since the clock of the run started.
    pub from: Duration,
    /// The 99th percentile of its start errors.
    pub p99: Duration,
    /// How late the latest start was.
    pub latest: Duration,
    /// Why.
    pub cause: Cause,
    /// The scenario has an open profile, so the run is not valid. Of a closed one with a pace it is said and no more.
    pub is_open: bool,
}

impl fmt::Display for FellBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let late = bggo_values::duration::format(rounded(self.latest));
        f.write_str("the generator fell behind: ")?;
        match &self.cause {
            Cause::Throttled { share } => write!(
                f,
                "its control group was held back for {share} % of the time and starts were up to {late} late; give it more processor, or use more hosts"
            ),
            Cause::ClockStep => write!(
                f,
                "the clock of this host was set while it ran and starts were up to {late} late; run it again"
            ),
            Cause::Busy { worker, share } => write!(
                f,
                "worker {worker} was busy {share} % of the time and starts were up to {late} late; use more hosts, or --threads"
            ),
            Cause::Lacked { limit, steps } => write!(
                f,
                "{} for {steps} of its steps and starts were up to {late} late; {}",
                limit.words(),
                limit.cure()
            ),
            Cause::KeptWaiting { worker, share } => write!(
                f,
                "other programs kept worker {worker} from running for {share} % of the time and starts were up to {late} late; leave it more cores, or use more hosts"
            ),
            Cause::Unknown => write!(
                f,
                "starts were up to {late} late; this host did not run it in time (a virtual machine may have lost its cores to others)"
            ),
        }
    }
}

/// To three digits: nobody reads more of a time that was late.
fn rounded(time: Duration) -> Duration {
    let nanos = bggo_schedule::nanos(time);
    let digits = nanos.checked_ilog10().unwrap_or_default();
    let unit = 10_u64.pow(digits.saturating_sub(2));
    Duration::from_nanos(nanos.div_ceil(unit).saturating_mul(unit))
}

/// A second of the run.
#[derive(Debug)]
struct Second {
    from: Duration,
    evidence: Evidence,
    /// Of each scenario: its start errors and its response times.
    scenarios: Vec<(Histogram, Histogram)>,
}

/// Judges it, each second.
#[derive(Debug)]
pub struct ScheduleHeld {
    /// Whether each scenario has an open profile.
    open: Vec<bool>,
    seconds: VecDeque<Second>,
    worst: Option<FellBehind>,
    /// Whether each scenario is behind now.
    behind: Vec<bool>,
}

impl ScheduleHeld {
    /// Of scenarios of which these have an open profile.
    pub fn new(open: Vec<bool>) -> Self {
        Self {
            open,
            seconds: VecDeque::new(),
            worst: None,
            behind: Vec::new(),
        }
    }

    /// Takes what a second measured, and what is known of it.
    pub fn second(&mut self, layout: &Layout, interval: &Interval, evidence: Evidence) {
        let scenarios = layout.iterations.iter().map(|row| {
            let start_error = row.start_error(interval).cloned().unwrap_or_default();
            let times = row.times(interval);
            let mut response = times.response.cloned().unwrap_or_default();
            if let Some(failed) = times.failed_response {
                response.merge(failed);
            }
            (start_error, response)
        });
        if self.seconds.len() == WINDOW {
            self.seconds.pop_front();
        }
        self.seconds.push_back(Second {
            from: interval.span.map_or(Duration::ZERO, |(from, _)| from),
            evidence,
            scenarios: scenarios.collect(),
        });
        self.behind.clear();
        for (number, row) in layout.iterations.iter().enumerate() {
            let found = self.judge(number, &row.scenario);
            self.behind.push(found.is_some());
            let Some(found) = found else { continue };
            let rank = |one: &FellBehind| (one.is_open, one.p99);
            let worst = self.worst.as_ref();
            if worst.is_none_or(|worst| rank(worst) < rank(&found)) {
                self.worst = Some(found);
            }
        }
    }

    /// Whether the schedule of this scenario is not held in the seconds that are looked at.
    pub fn is_behind(&self, scenario: u32) -> bool {
        let behind = self.behind.get(scenario as usize);
        behind.copied().unwrap_or_default()
    }

    /// Where the schedule was held worst, if it was not held.
    pub fn fell_behind(&self) -> Option<&FellBehind> {
        self.worst.as_ref()
    }

    fn judge(&self, scenario: usize, name: &Text) -> Option<FellBehind> {
        let (mut start_error, mut response) = (Histogram::default(), Histogram::default());
        let mut evidence = Evidence::default();
        for second in &self.seconds {
            evidence.add(&second.evidence);
            let (starts, times) = second.scenarios.get(scenario)?;
            start_error.merge(starts);
            response.merge(times);
        }
        let p99 = WHOLE / 100 * 99;
        let share = response.time(p99).unwrap_or_default() * SHARE_OF_RESPONSE / 100;
        let late = start_error.longer_than(LATE.max(share));
        if late <= FORGIVEN.max(start_error.count() / ONE_IN) {
            return None;
        }
        Some(FellBehind {
            scenario: name.clone(),
            from: self.seconds.front()?.from,
            p99: start_error.time(p99)?,
            latest: start_error.time_extremes()?.1,
            cause: cause(&evidence),
            is_open: self.open.get(scenario).copied().unwrap_or_default(),
        })
    }
}

/// The first that holds.
fn cause(evidence: &Evidence) -> Cause {
    let hundredths = |time: Duration| {
        let length = evidence.length.as_nanos().max(1);
        // The kernel counts in lumps, so a second may seem to have had more than its time.
        u32::try_from(time.as_nanos() * 100 / length).map_or(100, |share| share.min(100))
    };
    let throttled = hundredths(evidence.throttled);
    if throttled >= THROTTLED {
        return Cause::Throttled { share: throttled };
    }
    if evidence.clock_step {
        return Cause::ClockStep;
    }
    let workers = || evidence.workers.iter();
    if let Some(busiest) = workers().max_by_key(|one| one.ran) {
        let share = hundredths(busiest.ran);
        if share >= BUSY {
            let worker = busiest.worker;
            return Cause::Busy { worker, share };
        }
    }
    if let Some((limit, steps)) = evidence.lacked.first() {
        return Cause::Lacked { limit, steps };
    }
    if let Some(waiting) = workers().max_by_key(|one| one.waited) {
        let share = hundredths(waiting.waited);
        if share >= KEPT_WAITING {
            let worker = waiting.worker;
            return Cause::KeptWaiting { worker, share };
        }
    }
    Cause::Unknown
}

#[cfg(test)]
mod tests;
