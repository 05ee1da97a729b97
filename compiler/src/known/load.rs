//! A load in words, with what follows from it.

use std::time::Duration;

use bggo_schedule::{Bound, Load, Schedule, Spread};
use bggo_values::duration;

use crate::check::typed::TLoad;

use super::counts::shown;

/// What is known of a load.
pub(super) struct Known {
    /// It in words.
    pub(super) words: String,
    /// The lowest and the highest rate of an open profile, in iterations a second.
    pub(super) rate: Option<(f64, f64)>,
    /// The most users that it has at once.
    pub(super) most_users: Option<u32>,
    /// The least time between two iterations of a user, in seconds.
    pub(super) pace: f64,
}

/// Of a declared load; without one, of steps that run once.
pub(super) fn of(load: Option<&TLoad>) -> Known {
    let Some(declared) = load else {
        return Known {
            words: "none: all steps once".to_owned(),
            rate: None,
            most_users: None,
            pace: 0.0,
        };
    };
    let profile = declared.profile.name();
    let Some(load) = declared.known() else {
        return Known {
            words: format!("{profile}, known when the program starts"),
            rate: None,
            most_users: None,
            pace: 0.0,
        };
    };
    let rate = match &load.schedule {
        Schedule::Open(arrivals) => Some(arrivals.rate.extremes()),
        Schedule::Search(search) => Some((
            search.a_second(search.start),
            search.a_second(search.max.max(search.start)),
        )),
        Schedule::Closed(_) | Schedule::Ramping(_) => None,
    };
    Known {
        words: format!("{profile}: {}", words(&load, rate)),
        rate,
        most_users: Some(load.schedule.most_users()),
        pace: load.pace.map_or(0.0, |pace| pace.as_secs_f64()),
    }
}

fn words(load: &Load, rate: Option<(f64, f64)>) -> String {
    let users = load.schedule.most_users();
    let users = match users {
        1 => "1 user".to_owned(),
        users => format!("{users} users"),
    };
    let length = load.schedule.length().map(duration::format);
    let length = length.map_or_else(String::new, |length| format!(" for {length}"));
    let rate = rate.map_or_else(String::new, |(lowest, highest)| {
        let (lowest, highest) = (shown(lowest), shown(highest));
        match lowest == highest {
            true => format!("{highest} iterations a second"),
            false => format!("{lowest} to {highest} iterations a second"),
        }
    });
    let mut parts = Vec::new();
    match &load.schedule {
        Schedule::Closed(closed) => match closed.bound {
            Bound::None => parts.push(format!("{users}{length}")),
            Bound::Shared(1) => parts.push(format!("{users}, 1 iteration")),
            Bound::Shared(total) => parts.push(format!("{users} share {total} iterations")),
            Bound::PerUser(each) => {
                parts.push(format!("{users}, {each} iterations of each"));
                let total = load.schedule.total();
                parts.extend(total.map(|total| format!("{total} in all")));
            }
        },
        Schedule::Ramping(ramp) => {
            parts.push(format!("{} to {users}{length}", ramp.at(0)));
        }
        Schedule::Open(arrivals) => {
            parts.push(format!("{rate}{length}"));
            parts.push(match arrivals.spread {
                Spread::Even => format!("{} in all", arrivals.rate.total()),
                Spread::Poisson => format!("{} in all in the mean", arrivals.rate.total()),
            });
            parts.push(format!("at most {users}"));
        }
        Schedule::Search(search) => {
            parts.push(rate);
            let hold = duration::format(Duration::from_nanos(search.hold));
            parts.push(format!("each rate for {hold}"));
            parts.push(format!("at most {users}"));
        }
    }
    if !load.start_after.is_zero() {
        parts.push(format!("after {}", duration::format(load.start_after)));
    }
    if let Some(pace) = load.pace {
        parts.push(format!("each of them one in {}", duration::format(pace)));
    }
    if !load.warm_up.is_zero() {
        let warm_up = duration::format(load.warm_up);
        parts.push(format!("the first {warm_up} measured apart"));
    }
    parts.join(", ")
}
