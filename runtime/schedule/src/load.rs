//! The load of a scenario: its profile, and when and how it begins and ends.

use super::arrivals::{Arrivals, Spread, WhenFull};
use super::closed::Bound;
use super::schedule::Schedule;
use super::search::{Growth, Precision};
use std::fmt::Write as _;
use std::time::Duration;

/// The load of a scenario. Lengths of time count from the beginning of the scenario where nothing else is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// The name of its profile in the grid; of one that flags ask for, the one that it is.
    pub profile: &'static str,
    /// When iterations begin.
    pub schedule: Schedule,
    /// The profile that the grid declares, where something else was asked for in its place.
    pub replaces: Option<&'static str>,
    /// When the scenario begins, since the clock of the run started.
    pub start_after: Duration,
    /// How long running iterations may go on at its end.
    pub graceful_stop: Duration,
    /// How long the iteration of a user may go on which is no longer there, in a profile whose number of users changes.
    pub graceful_ramp_down: Duration,
    /// The least time between the beginnings of two iterations of one user, in a closed profile.
    pub pace: Option<Duration>,
    /// Iterations that are due before this has passed are measured apart and not judged.
    pub warm_up: Duration,
}

impl Load {
    /// How long iterations may go on at either end where nothing is said: as long as by `gracefulStop` and `gracefulRampDown` of k6.
    pub const GRACEFUL_STOP: Duration = Duration::from_secs(30);

    /// A profile that begins with the run, without a pace or a warm-up.
    pub const fn new(profile: &'static str, schedule: Schedule) -> Self {
        Self {
            profile,
            schedule,
            replaces: None,
            start_after: Duration::ZERO,
            graceful_stop: Self::GRACEFUL_STOP,
            graceful_ramp_down: Self::GRACEFUL_STOP,
            pace: None,
            warm_up: Duration::ZERO,
        }
    }

    /// When its last iteration may begin, since the clock of the run started, if that is bounded.
    pub fn begins_until(&self) -> Option<Duration> {
        self.start_after.checked_add(self.schedule.length()?)
    }

    /// When it is over at the latest, since the clock of the run started, if that is bounded.
    pub fn ends(&self) -> Option<Duration> {
        self.begins_until()?.checked_add(self.graceful_stop)
    }

    /// All of it as a text that no other load has, for whoever holds the loads of two runs against each other. Lengths of time
    /// are in nanoseconds.
    pub fn exact(&self) -> String {
        let mut text = self.profile.to_owned();
        // A String never refuses what is written to it.
        let _ = match &self.schedule {
            Schedule::Closed(closed) => {
                let bound = match closed.bound {
                    Bound::None => String::new(),
                    Bound::Shared(total) => format!(" iterations={total}"),
                    Bound::PerUser(each) => format!(" iterations_of_each={each}"),
                };
                write!(text, " users={}{bound}", closed.users)
            }
            Schedule::Ramping(ramp) => write!(text, " users={ramp}"),
            Schedule::Open(arrivals) => {
                write!(text, " rate={}{}", arrivals.rate, beside_rate(arrivals))
            }
            Schedule::Search(search) => {
                let (unit, start, max) = (search.unit, search.start, search.max);
                let growth = match search.growth {
                    Growth::Factor(factor) => format!("factor={factor}"),
                    Growth::Increment(more) => format!("increment={more}"),
                };
                let precision = match search.precision {
                    Precision::Share(share) => format!("share={share}"),
                    Precision::Rate(rate) => format!("rate={rate}"),
                };
                let (hold, until) = (search.hold, search.until.as_str());
                write!(
                    text,
                    " unit={unit} start={start} {growth} max={max} precision_{precision} hold={hold} until={until:?}{}",
                    beside_rate(&search.arrivals)
                )
            }
        };
        for (name, length) in [
            ("length", self.schedule.length()),
            ("start_after", Some(self.start_after)),
            ("graceful_stop", Some(self.graceful_stop)),
            ("graceful_ramp_down", Some(self.graceful_ramp_down)),
            ("pace", self.pace),
            ("warm_up", Some(self.warm_up)),
        ] {
            if let Some(length) = length {
                let _ = write!(text, " {name}={}", length.as_nanos());
            }
        }
        text
    }
}

/// What an open profile says beside its rate.
fn beside_rate(arrivals: &Arrivals) -> String {
    let spread = match arrivals.spread {
        Spread::Even => "even",
        Spread::Poisson => "poisson",
    };
    let when_full = match arrivals.when_full {
        WhenFull::Wait => "wait",
        WhenFull::Drop => "drop",
    };
    let (users, most) = (arrivals.users, arrivals.max_users);
    let shared = if arrivals.shares_users { " shared" } else { "" };
    format!(" arrivals={spread} users={users}-{most}{shared} when_full={when_full}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ramp, Rate, Stage, UserStage};
    use std::sync::Arc;

    #[test]
    fn the_exact_text_of_a_load_tells_it_from_all_others() {
        let stages = [
            Stage {
                length: 10,
                to: 500,
            },
            Stage { length: 20, to: 0 },
        ];
        let arrivals = Arrivals {
            rate: Arc::new(Rate::new(1_000, 7, &stages).unwrap()),
            spread: Spread::Poisson,
            users: 3,
            max_users: 9,
            shares_users: false,
            when_full: WhenFull::Drop,
        };
        let mut load = Load::new("ramping_arrival_rate", Schedule::Open(arrivals));
        assert_eq!(
            load.exact(),
            "ramping_arrival_rate rate=10:7-500,20:500-0/1000 arrivals=poisson users=3-9 when_full=drop length=30 \
             start_after=0 graceful_stop=30000000000 graceful_ramp_down=30000000000 warm_up=0"
        );
        load.schedule = Schedule::iterations(2, 10);
        load.pace = Some(Duration::from_nanos(5));
        assert!(
            load.exact()
                .contains(" users=2 iterations=10 start_after=0 ")
        );
        assert!(load.exact().contains(" pace=5 "));
        let stages = vec![UserStage { length: 10, to: 4 }];
        load.schedule = Schedule::Ramping(Arc::new(Ramp::new(1, stages)));
        assert!(load.exact().contains(" users=1,10:4 length=10 "));
    }
}
