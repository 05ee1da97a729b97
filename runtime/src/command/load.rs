//! What the flags ask for, as a schedule.

use super::flags::Flags;
use crate::engine::Grace;
use crate::schedule::Schedule;
use std::time::Duration;

/// k6's `gracefulStop`.
const AT_END: Duration = Duration::from_secs(30);
/// Short, because whoever stops a container kills it after 10 to 30 seconds, and the summary is still to be written.
const ON_SIGNAL: Duration = Duration::from_secs(5);

/// What is run: the schedule, whether it is a functional run, and how long iterations may go on at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    let grace = match flags.graceful_stop {
        Some(given) => Grace {
            at_end: given,
            on_signal: given,
        },
        None => Grace {
            at_end: AT_END,
            on_signal: ON_SIGNAL,
        },
    };
    Ok(Load {
        schedule,
        functional: false,
        grace,
    })
}
