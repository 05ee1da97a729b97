//! What the flags ask for, as a schedule.

use super::flags::{Flags, PerTime};
use crate::engine::Grace;
use crate::schedule::{Arrivals, Rate, Schedule, Stage, TooMuch, WhenFull};
use std::sync::Arc;
use std::time::Duration;

/// k6's word for it is `maxVUs`; it has no default there.
const MOST_USERS: u32 = 10_000;

/// k6's `gracefulStop`.
const AT_END: Duration = Duration::from_secs(30);
/// Short, because whoever stops a container kills it after 10 to 30 seconds, and the summary is still to be written.
const ON_SIGNAL: Duration = Duration::from_secs(5);

/// What is run: the schedule, whether it is a functional run, and how long iterations may go on at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// The schedule.
    pub schedule: Schedule,
    /// No load.
    pub functional: bool,
    /// Time for running iterations.
    pub grace: Grace,
}

/// Reads it from the flags.
///
/// # Errors
/// `--vus` without an end.
pub fn load(flags: &Flags) -> Result<Load, String> {
    let users = flags.vus.unwrap_or(1);
    if let Some(rate) = flags.rate {
        let Some(length) = flags.duration else {
            return Err("--rate needs an end: add --duration 30s".to_owned());
        };
        return Ok(Load {
            schedule: arrivals(flags, rate, length)?,
            functional: false,
            grace: grace(flags),
        });
    }
    let schedule = match (flags.iterations, flags.duration) {
        (Some(iterations), Some(length)) => Schedule::iterations(users, iterations).at_most(length),
        (Some(iterations), None) => Schedule::iterations(users, iterations),
        (None, Some(length)) => Schedule::lasting(users, length),
        (None, None) if flags.vus.is_some() => {
            return Err("--vus needs an end: add --duration 30s or --iterations 1000".to_owned());
        }
        (None, None) => {
            let given = flags.graceful_stop.unwrap_or_default();
            let grace = Grace {
                at_end: given,
                on_signal: given,
            };
            return Ok(Load {
                schedule: Schedule::ONCE,
                functional: true,
                grace,
            });
        }
    };
    Ok(Load {
        schedule,
        functional: false,
        grace: grace(flags),
    })
}

fn grace(flags: &Flags) -> Grace {
    match flags.graceful_stop {
        Some(given) => Grace {
            at_end: given,
            on_signal: given,
        },
        None => Grace {
            at_end: AT_END,
            on_signal: ON_SIGNAL,
        },
    }
}

/// An open profile with an even rate.
fn arrivals(flags: &Flags, rate: PerTime, length: Duration) -> Result<Schedule, String> {
    let length = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
    let stages = [Stage {
        length,
        to: rate.millionths,
    }];
    let rate = Rate::new(rate.unit, rate.millionths, &stages).map_err(|much| match much {
        TooMuch::Length => "--duration is too long: at most ten years".to_owned(),
        TooMuch::Rate => "--rate is too high: at most 1000000000/s".to_owned(),
        TooMuch::Unit => "--rate is for a second, a minute, an hour or a day".to_owned(),
    })?;
    let max_users = flags.max_vus.unwrap_or(MOST_USERS);
    let users = flags.vus.unwrap_or(0);
    if users > max_users {
        return Err(format!(
            "--vus {users} is more than --max-vus {max_users} allows"
        ));
    }
    Ok(Schedule::Open(Arrivals {
        rate: Arc::new(rate),
        spread: flags.spread,
        users,
        max_users,
        when_full: WhenFull::Wait,
    }))
}
