//! What the flags ask for, or the grid declares, as a load of each scenario.

use super::flags::{Flags, PerTime, Stages};
use crate::grid::{Grid, Scenario};
use crate::start::Start;
use bggo_schedule::declared::{DEFAULT_MAX_VUS, MAX_DURATION};
use bggo_schedule::{
    Arrivals, Closed, LONGEST, Load, Ramp, Rate, Schedule, Spread, Stage, TooMuch, UserStage,
    WhenFull, nanos,
};
use std::sync::Arc;
use std::time::Duration;

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
    for (length, flag) in [
        (flags.duration, "--duration"),
        (flags.graceful_stop, "--graceful-stop"),
    ] {
        if length.is_some_and(|length| nanos(length) > LONGEST) {
            return Err(too_much(TooMuch::Length, flag));
        }
    }
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
    let are_asked = are_asked(flags);
    let is_declared = scenarios.iter().any(|row| row.load.is_some());
    let functional = !are_asked && (flags.once || !is_declared);
    if are_asked && scenarios.iter().filter(|row| is_run(row)).count() > 1 {
        return Err(
            "the flags give one load, and there are several scenarios: add --scenario NAME"
                .to_owned(),
        );
    }
    let at_end = flags.graceful_stop;
    let of_row = |row: &Scenario| {
        if functional {
            return Ok(Load::new("once", Schedule::ONCE));
        }
        let declared = row.load.map(|declared| declared(start)).transpose();
        let declared = declared.map_err(|fault| {
            let place = fault.place().map(|place| format!("{place}: "));
            format!("{}{fault}", place.unwrap_or_default())
        })?;
        match declared {
            Some(declared) if are_asked => replaced(&declared, flags),
            Some(declared) => Ok(declared),
            None if are_asked => of_flags(flags),
            None => Ok(Load::new("once", Schedule::ONCE.at_most(MAX_DURATION))),
        }
    };
    let mut loads = Vec::with_capacity(scenarios.len());
    for row in scenarios {
        let mut load = is_run(row).then(|| of_row(row)).transpose()?;
        if let (Some(load), Some(at_end)) =
            (&mut load, at_end.or(functional.then_some(Duration::ZERO)))
        {
            load.graceful_stop = at_end;
        }
        loads.push(load);
    }
    let totals = loads.iter().flatten().map(|load| match &load.schedule {
        Schedule::Open(arrivals) => arrivals.rate.total(),
        Schedule::Closed(_) | Schedule::Ramping(_) | Schedule::Search(_) => 1,
    });
    if totals.max() == Some(0) {
        return Err("no iteration is ever due: the rate is 0 all the time".to_owned());
    }
    if !functional && !are_asked {
        begin_after_each_other(scenarios, &mut loads);
    }
    have_places_for_all(&loads)?;
    Ok(Asked {
        loads,
        functional,
        graceful_on_signal: match at_end {
            Some(given) => given,
            None if functional => Duration::ZERO,
            None => ON_SIGNAL,
        },
    })
}

/// Moves the beginning of each scenario that waits for another one behind the end of that one. One that waits for a scenario
/// which is left out does not wait. The grid has no cycles.
fn begin_after_each_other(scenarios: &[Scenario], loads: &mut [Option<Load>]) {
    let after: Vec<Option<usize>> = scenarios
        .iter()
        .map(|row| {
            let name = row.after?;
            scenarios.iter().position(|other| other.name() == name)
        })
        .collect();
    let ends = |at: usize| -> Option<Duration> {
        let mut sum = Duration::ZERO;
        let mut next = Some(at);
        // A way through the table without a cycle is not longer than the table.
        for _ in 0..scenarios.len() {
            let Some(load) = next.and_then(|at| loads.get(at)?.as_ref()) else {
                break;
            };
            sum = sum.checked_add(load.ends()?)?;
            next = next.and_then(|at| after.get(at).copied().flatten());
        }
        Some(sum)
    };
    let waits: Vec<Option<Duration>> = after.iter().map(|after| ends((*after)?)).collect();
    for (load, wait) in loads.iter_mut().zip(waits) {
        if let (Some(load), Some(wait)) = (load, wait) {
            load.start_after = load.start_after.saturating_add(wait);
        }
    }
}

/// Refuses loads that make more users before the clock starts than the scenarios without a number of their own may have
/// together.
fn have_places_for_all(loads: &[Option<Load>]) -> Result<(), String> {
    let shared = loads
        .iter()
        .flatten()
        .filter_map(|load| load.schedule.arrivals())
        .filter(|arrivals| arrivals.shares_users)
        .map(|arrivals| u64::from(arrivals.users));
    let users: u64 = shared.sum();
    if users <= DEFAULT_MAX_VUS.into() {
        return Ok(());
    }
    Err(format!(
        "the scenarios without `max_vus` begin with {users} users, and all of them together may have {DEFAULT_MAX_VUS}: give them a `max_vus` each"
    ))
}

/// Whether the flags ask for a load.
fn are_asked(flags: &Flags) -> bool {
    flags.vus.is_some()
        || flags.duration.is_some()
        || flags.iterations.is_some()
        || flags.rate.is_some()
        || flags.max_vus.is_some()
        || flags.arrivals.is_some()
        || flags.stages.is_some()
}

/// What the flags make of a declared load. It begins with the run; its grace and its pace stay.
fn replaced(declared: &Load, flags: &Flags) -> Result<Load, String> {
    let is_whole = flags.rate.is_some()
        || flags.stages.is_some()
        || flags.iterations.is_some()
        || (flags.vus.is_some() && flags.duration.is_some());
    let mut load = if is_whole {
        of_flags(flags)?
    } else {
        changed(declared, flags)?
    };
    load.replaces = Some(declared.profile);
    load.graceful_stop = declared.graceful_stop;
    load.pace = declared.pace.filter(|_| !load.schedule.is_open());
    Ok(load)
}

/// A declared load with another length, number of users or spread.
fn changed(declared: &Load, flags: &Flags) -> Result<Load, String> {
    let mut load = Load {
        start_after: Duration::ZERO,
        ..declared.clone()
    };
    if let Some(length) = flags.duration {
        lasts(&mut load, length)?;
    }
    if let Some(users) = flags.vus {
        apply_vus(&mut load, users)?;
    }
    apply_arrivals(&mut load, flags)?;
    Ok(load)
}

/// What `--duration` makes of a declared load.
fn lasts(load: &mut Load, length: Duration) -> Result<(), String> {
    let profile = load.profile;
    load.schedule = match &load.schedule {
        closed @ Schedule::Closed(_) => closed.clone().at_most(length),
        Schedule::Open(arrivals) if let Some(rate) = arrivals.rate.lasting(nanos(length)) => {
            let rate = rate.map_err(|much| too_much(much, "--duration"))?;
            Schedule::Open(Arrivals {
                rate: Arc::new(rate),
                ..arrivals.clone()
            })
        }
        Schedule::Search(_) => {
            return Err(
                "--duration does not change a search, whose length is not known beforehand: add --rate 500/s, or another load such as --vus 10"
                    .to_owned(),
            );
        }
        Schedule::Open(_) | Schedule::Ramping(_) => {
            return Err(format!(
                "--duration does not change the stages of {profile}: give --stages, or another load such as --vus 10 beside --duration"
            ));
        }
    };
    if load.warm_up >= length {
        return Err(format!(
            "--duration is not longer than the warm-up of the scenario, which is {}",
            bggo_values::duration::format(load.warm_up)
        ));
    }
    Ok(())
}

/// What `--vus` makes of a declared load: one with a rate becomes a number of users for the same time.
fn apply_vus(load: &mut Load, users: u32) -> Result<(), String> {
    let profile = load.profile;
    match (&load.schedule, load.schedule.length()) {
        (Schedule::Closed(closed), _) => {
            load.schedule = Schedule::Closed(Closed { users, ..*closed });
            Ok(())
        }
        (Schedule::Open(_), Some(length)) => {
            load.profile = "constant_vus";
            load.schedule = Schedule::lasting(users, length);
            Ok(())
        }
        (Schedule::Search(_), _) => Err(
            "--vus alone does not change a search, whose length is not known beforehand: add --duration 30s"
                .to_owned(),
        ),
        (Schedule::Open(_) | Schedule::Ramping(_), _) => Err(format!(
            "--vus does not change the stages of {profile}: give --stages, or --duration beside --vus"
        )),
    }
}

/// What `--max-vus` and `--arrivals` make of a declared load.
fn apply_arrivals(load: &mut Load, flags: &Flags) -> Result<(), String> {
    let arrivals = match &mut load.schedule {
        Schedule::Open(arrivals) => arrivals,
        Schedule::Search(search) => &mut search.arrivals,
        Schedule::Closed(_) | Schedule::Ramping(_) => return about_a_rate(flags),
    };
    if let Some(most) = flags.max_vus {
        if arrivals.users > most {
            return Err(format!(
                "--max-vus {most} is less than the {} users that the scenario begins with",
                arrivals.users
            ));
        }
        arrivals.max_users = most;
        arrivals.shares_users = false;
    }
    if let Some(spread) = flags.arrivals {
        arrivals.spread = spread;
    }
    Ok(())
}

/// Refuses flags that are about arrivals.
fn about_a_rate(flags: &Flags) -> Result<(), String> {
    let given = [
        (flags.max_vus.is_some(), "--max-vus"),
        (flags.arrivals.is_some(), "--arrivals"),
    ];
    match given.into_iter().find(|(given, _)| *given) {
        None => Ok(()),
        Some((_, flag)) => Err(format!(
            "{flag} is about a rate: give --rate 500/s with --duration 30s, or stages such as --stages 30s:500/s"
        )),
    }
}

/// The load that the flags alone ask for.
fn of_flags(flags: &Flags) -> Result<Load, String> {
    let (profile, schedule) = profile_of_flags(flags)?;
    Ok(Load::new(profile, schedule))
}

fn profile_of_flags(flags: &Flags) -> Result<(&'static str, Schedule), String> {
    let is_open = flags.rate.is_some() || matches!(flags.stages, Some(Stages::Rates { .. }));
    if !is_open {
        about_a_rate(flags)?;
    }
    if let Some(stages) = &flags.stages {
        return staged(flags, stages);
    }
    if let Some(rate) = flags.rate {
        let Some(length) = flags.duration else {
            return Err("--rate needs an end: add --duration 30s".to_owned());
        };
        return Ok(("constant_arrival_rate", constant(flags, rate, length)?));
    }
    let users = flags.vus.unwrap_or(1);
    match (flags.iterations, flags.duration) {
        (Some(iterations), length) => {
            let schedule = Schedule::iterations(users, iterations);
            let schedule = schedule.at_most(length.unwrap_or(MAX_DURATION));
            Ok(("shared_iterations", schedule))
        }
        (None, Some(length)) => Ok(("constant_vus", Schedule::lasting(users, length))),
        (None, None) => {
            Err("--vus needs an end: add --duration 30s or --iterations 1000".to_owned())
        }
    }
}

/// What `--stages` asks for, and the name of its profile.
fn staged(flags: &Flags, stages: &Stages) -> Result<(&'static str, Schedule), String> {
    match stages {
        Stages::Users(stages) => {
            let stages = stages.iter().map(|(duration, to)| UserStage {
                length: nanos(*duration),
                to: *to,
            });
            let ramp = Ramp::new(0, stages.collect());
            if ramp.length() > LONGEST {
                return Err(too_much(TooMuch::Length, "--stages"));
            }
            if ramp.most() == 0 {
                return Err("--stages has no user in any stage".to_owned());
            }
            Ok(("ramping_vus", Schedule::Ramping(Arc::new(ramp))))
        }
        Stages::Rates { unit, stages } => {
            let stages = stages.iter().map(|(duration, to)| Stage {
                length: nanos(*duration),
                to: *to,
            });
            let stages: Vec<Stage> = stages.collect();
            let rate = Rate::new(*unit, 0, &stages).map_err(|much| too_much(much, "--stages"))?;
            Ok(("ramping_arrival_rate", arrivals(flags, rate)))
        }
    }
}

fn too_much(much: TooMuch, flag: &str) -> String {
    match much {
        TooMuch::Length => format!("{flag} is too long: at most ten years"),
        TooMuch::Rate => format!("{flag} is too high: at most 1000000000/s"),
        TooMuch::Unit => format!("{flag} is for a time of at most a day"),
    }
}

/// The profile of `--rate`.
fn constant(flags: &Flags, rate: PerTime, length: Duration) -> Result<Schedule, String> {
    let stages = [Stage {
        length: nanos(length),
        to: rate.millionths,
    }];
    let rate = Rate::new(rate.unit, rate.millionths, &stages).map_err(|much| {
        let flag = match much {
            TooMuch::Length => "--duration",
            TooMuch::Rate | TooMuch::Unit => "--rate",
        };
        too_much(much, flag)
    })?;
    Ok(arrivals(flags, rate))
}

/// An open profile of a rate.
fn arrivals(flags: &Flags, rate: Rate) -> Schedule {
    Schedule::Open(Arrivals {
        rate: Arc::new(rate),
        spread: flags.arrivals.unwrap_or(Spread::Even),
        users: 0,
        max_users: flags.max_vus.unwrap_or(DEFAULT_MAX_VUS),
        shares_users: flags.max_vus.is_none(),
        when_full: WhenFull::Wait,
    })
}
