//! What the flags ask for, or the grid declares, as a load of each scenario.

use super::flags::{Flags, PerTime, Stages};
use crate::grid::{Grid, Scenario};
use crate::start::Start;
use bggo_schedule::{
    Arrivals, Load, Ramp, Rate, Schedule, Spread, Stage, TooMuch, UserStage, WhenFull,
};
use std::sync::Arc;
use std::time::Duration;

/// k6's word for it is `maxVUs`; it has no default there.
const MOST_USERS: u32 = 10_000;

/// Short, because whoever stops a container kills it after 10 to 30 seconds, and the summary is still to be written.
const ON_SIGNAL: Duration = Duration::from_secs(5);

/// What is run: the load of each scenario, whether it is a functional run, and how long iterations may go on after a signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The load of each scenario of the grid; `None` of one that is left out.
    pub loads: Vec<Option<Load>>,
    /// No load.
    pub functional: bool,
    /// Time for running iterations after the first signal.
    pub graceful_on_signal: Duration,
}

/// Reads it from the flags and the grid.
///
/// # Errors
/// Flags that do not fit each other or the grid, and a declared load that cannot be.
pub fn load(grid: &Grid, start: &Start, flags: &Flags) -> Result<Asked, String> {
    let scenarios = grid.scenarios;
    for name in &flags.scenarios {
        if !scenarios.iter().any(|row| row.name() == name) {
            let known: Vec<&str> = scenarios.iter().map(Scenario::name).collect();
            let known = known.join(", ");
            return Err(format!("there is no scenario {name}: there are {known}"));
        }
    }
    let is_run = |row: &Scenario| {
        flags.scenarios.is_empty() || flags.scenarios.iter().any(|name| name == row.name())
    };
    let asked = of_flags(flags)?;
    let is_declared = scenarios.iter().any(|row| row.load.is_some());
    let functional = asked.is_none() && (flags.once || !is_declared);
    if asked.is_some() && scenarios.iter().filter(|row| is_run(row)).count() > 1 {
        return Err(
            "the flags give one load, and there are several scenarios: add --scenario NAME"
                .to_owned(),
        );
    }
    let at_end = flags.graceful_stop;
    let loads = scenarios.iter().map(|row| {
        if !is_run(row) {
            return Ok(None);
        }
        let declared = row.load.filter(|_| !functional);
        let mut load = match (&asked, declared) {
            (Some((profile, schedule)), _) => Load::new(profile, schedule.clone()),
            (None, Some(declared)) => declared(start).map_err(|fault| {
                let place = fault.place().map(|place| format!("{place}: "));
                format!("{}{fault}", place.unwrap_or_default())
            })?,
            (None, None) => Load::new("once", Schedule::ONCE),
        };
        if let Some(at_end) = at_end.or(functional.then_some(Duration::ZERO)) {
            load.graceful_stop = at_end;
        }
        Ok(Some(load))
    });
    Ok(Asked {
        loads: loads.collect::<Result<_, String>>()?,
        functional,
        graceful_on_signal: match at_end {
            Some(given) => given,
            None if functional => Duration::ZERO,
            None => ON_SIGNAL,
        },
    })
}

/// The profile that the flags ask for, if they do, and its name.
fn of_flags(flags: &Flags) -> Result<Option<(&'static str, Schedule)>, String> {
    let is_open = flags.rate.is_some() || matches!(flags.stages, Some(Stages::Rates { .. }));
    for (given, flag) in [
        (flags.max_vus.is_some(), "--max-vus"),
        (flags.by_chance, "--arrivals"),
    ] {
        if given && !is_open {
            return Err(format!(
                "{flag} is about a rate: add --rate 500/s, or stages such as --stages 30s:500/s"
            ));
        }
    }
    if let Some(stages) = &flags.stages {
        return staged(flags, stages).map(Some);
    }
    if let Some(rate) = flags.rate {
        let Some(length) = flags.duration else {
            return Err("--rate needs an end: add --duration 30s".to_owned());
        };
        return Ok(Some((
            "constant_arrival_rate",
            constant(flags, rate, length)?,
        )));
    }
    let users = flags.vus.unwrap_or(1);
    Ok(match (flags.iterations, flags.duration) {
        (Some(iterations), length) => {
            let schedule = Schedule::iterations(users, iterations);
            let schedule = match length {
                Some(length) => schedule.at_most(length),
                None => schedule,
            };
            Some(("shared_iterations", schedule))
        }
        (None, Some(length)) => Some(("constant_vus", Schedule::lasting(users, length))),
        (None, None) if flags.vus.is_some() => {
            return Err("--vus needs an end: add --duration 30s or --iterations 1000".to_owned());
        }
        (None, None) => None,
    })
}

/// What `--stages` asks for, and the name of its profile.
fn staged(flags: &Flags, stages: &Stages) -> Result<(&'static str, Schedule), String> {
    let length = |length: &Duration| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
    match stages {
        Stages::Users(stages) => {
            let stages = stages.iter().map(|(duration, to)| UserStage {
                length: length(duration),
                to: *to,
            });
            let ramp = Ramp::new(0, stages.collect());
            if ramp.most() == 0 {
                return Err("--stages has no user in any stage".to_owned());
            }
            Ok(("ramping_vus", Schedule::Ramping(Arc::new(ramp))))
        }
        Stages::Rates { unit, stages } => {
            let stages = stages.iter().map(|(duration, to)| Stage {
                length: length(duration),
                to: *to,
            });
            let stages: Vec<Stage> = stages.collect();
            let rate = Rate::new(*unit, 0, &stages).map_err(|much| too_much(much, "--stages"))?;
            Ok(("ramping_arrival_rate", arrivals(flags, rate)?))
        }
    }
}

fn too_much(much: TooMuch, flag: &str) -> String {
    match much {
        TooMuch::Length => format!("{flag} is too long: at most ten years"),
        TooMuch::Rate => format!("{flag} is too high: at most 1000000000/s"),
        TooMuch::Unit => format!("{flag} is for a second, a minute or an hour"),
    }
}

/// The profile of `--rate`.
fn constant(flags: &Flags, rate: PerTime, length: Duration) -> Result<Schedule, String> {
    let length = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
    let stages = [Stage {
        length,
        to: rate.millionths,
    }];
    let rate = Rate::new(rate.unit, rate.millionths, &stages).map_err(|much| {
        let flag = match much {
            TooMuch::Length => "--duration",
            TooMuch::Rate | TooMuch::Unit => "--rate",
        };
        too_much(much, flag)
    })?;
    arrivals(flags, rate)
}

/// An open profile of a rate.
fn arrivals(flags: &Flags, rate: Rate) -> Result<Schedule, String> {
    let max_users = flags.max_vus.unwrap_or(MOST_USERS);
    let users = flags.vus.unwrap_or(0);
    if users > max_users {
        return Err(format!(
            "--vus {users} is more than --max-vus {max_users} allows"
        ));
    }
    Ok(Schedule::Open(Arrivals {
        rate: Arc::new(rate),
        spread: if flags.by_chance {
            Spread::Poisson
        } else {
            Spread::Even
        },
        users,
        max_users,
        when_full: WhenFull::Wait,
    }))
}
