//! How a run was started, as owned values: what its outputs write, and what a file can hold.

use super::{LoadDescription, RunDescription};
use bggo_metrics::report::measure::a_second;
use bggo_metrics::report::{Described, DescribedLoad};
use bggo_schedule::{Growth, Load, Schedule, Segment, Spread};
use bggo_values::Text;
use std::time::Duration;

impl RunDescription {
    /// The same without the grid that is linked.
    pub fn described(&self) -> Described {
        let is_whole = self.segment == Segment::WHOLE;
        Described {
            grid: Text::Static(self.grid.name),
            version: Text::Static(self.grid.version),
            run: self.run_id.clone(),
            seed: self.seed,
            segment: (!is_whole).then(|| Text::from(self.segment.to_string())),
            threads: self.threads,
            functional: self.functional,
            loads: self.loads.iter().map(|load| self.load(load)).collect(),
        }
    }

    fn load(&self, load: &LoadDescription) -> DescribedLoad {
        let schedule = &load.load.schedule;
        let share = |of: u64| self.segment.of(of);
        let mean = match schedule {
            Schedule::Open(arrivals) if arrivals.spread == Spread::Poisson => {
                schedule.due_by(Duration::from_nanos(arrivals.rate.length()))
            }
            _ => None,
        };
        DescribedLoad {
            scenario: Text::Static(load.scenario),
            profile: Text::Static(load.load.profile),
            words: Text::from(match load.load.replaces {
                Some(declared) => format!("{}, instead of {declared}", words(&load.load)),
                None => words(&load.load),
            }),
            is_open: schedule.is_open(),
            users: share(schedule.users().into()),
            most_users: share(schedule.most_users().into()),
            iterations: schedule.total().map(share),
            expected: mean.map(share),
            start_after: load.load.start_after,
            length: schedule.length(),
            warm_up: load.load.warm_up,
        }
    }

    /// How many iterations of this run's share are due up to and with a moment, over all scenarios whose iterations are due
    /// at moments of their own; `None` if there is no such scenario.
    pub(super) fn due_by(&self, at: Duration) -> Option<u64> {
        let dues = self.loads.iter().filter_map(|load| {
            let since = at.checked_sub(load.load.start_after);
            let due = load.load.schedule.due_by(since.unwrap_or_default())?;
            Some(since.map_or(0, |_| self.segment.of(due)))
        });
        dues.reduce(u64::saturating_add)
    }

    /// Whether the iterations of all scenarios are due at moments of their own.
    pub(super) fn is_all_open(&self) -> bool {
        let mut loads = self.loads.iter();
        loads.all(|load| load.load.schedule.is_open())
    }
}

/// A load in words: `500/s for 30s, at most 100 users`, `500/s for 30s, at most 10000 users in all` (scenarios share them), `50 users for 10s`, `20 users, 1000 iterations`.
pub fn words(load: &Load) -> String {
    let schedule = &load.schedule;
    let mut parts = vec![match schedule {
        Schedule::Open(arrivals) => {
            let (lowest, highest) = arrivals.rate.extremes();
            // The same number was divided by the same one.
            if lowest.total_cmp(&highest).is_eq() {
                a_second(highest)
            } else {
                format!("{} to {}", a_second(lowest), a_second(highest))
            }
        }
        Schedule::Search(search) => {
            let growth = match search.growth {
                Growth::Factor(factor) => format!("times {}", factor as f64 / 1e6),
                Growth::Increment(more) => format!("plus {}", a_second(search.a_second(more))),
            };
            let (start, max) = (search.a_second(search.start), search.a_second(search.max));
            let hold = bggo_values::duration::format(Duration::from_nanos(search.hold));
            format!(
                "{} to {}, {growth} every {hold}, until threshold {} breaks",
                a_second(start),
                a_second(max),
                search.until
            )
        }
        Schedule::Ramping(ramp) => format!("up to {}", users(ramp.most())),
        Schedule::Closed(closed) => users(closed.users),
    }];
    let length = schedule.length().map(bggo_values::duration::format);
    let total = schedule.total().filter(|_| !schedule.is_open());
    let total = total.map(|total| {
        let plural = if total == 1 { "" } else { "s" };
        format!(", {total} iteration{plural}")
    });
    match (total, length) {
        // The iterations are what was asked for, and the time is only the most that they may take.
        (Some(total), Some(length)) => parts.push(format!("{total}, at most {length}")),
        (Some(total), None) => parts.push(total),
        (None, Some(length)) => parts.push(format!(" for {length}")),
        (None, None) => {}
    }
    if let Some(arrivals) = schedule.arrivals() {
        if arrivals.spread == Spread::Poisson {
            parts.push(", by chance".to_owned());
        }
        let of_all = if arrivals.shares_users { " in all" } else { "" };
        parts.push(format!(", at most {}{of_all}", users(arrivals.max_users)));
    }
    if !load.start_after.is_zero() {
        let after = bggo_values::duration::format(load.start_after);
        parts.push(format!(", after {after}"));
    }
    parts.concat()
}

fn users(count: u32) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} user{plural}")
}
