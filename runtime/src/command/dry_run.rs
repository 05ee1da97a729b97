//! The plan of a load, as text and as JSON: how many iterations are due in which time, in all, and how many users that needs.

use crate::outputs::{LoadDescription, RunDescription, words};
use bggo_metrics::report::measure::{a_second, plural, rate, short};
use bggo_schedule::{MOST_STEPS, Ramp, Schedule, Search, Spread, nanos};
use std::fmt::Write as _;
use std::time::Duration;

mod object;

pub use object::line;

/// Rows of a plan at most: a longer load has rows of more than a second.
const MOST_ROWS: u64 = 60;
/// Seconds of a row.
const ROWS: [u64; 18] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
];

/// The plan of a run; with `latency`, how long an iteration is assumed to take, also the users that it needs.
pub fn plan(run: &RunDescription, latency: Option<Duration>) -> String {
    let mut text = format!("{}: the plan of the load; nothing was run\n", run.grid.name);
    if run.functional {
        text.push_str("no load: each scenario runs once, as a functional test\n");
        return text;
    }
    if run.segment != bggo_schedule::Segment::WHOLE {
        let _ = writeln!(text, "share {} of the load", run.segment);
    }
    for load in &run.loads {
        let _ = writeln!(
            text,
            "\n{}: {} {}",
            load.scenario,
            load.load.profile,
            words(&load.load)
        );
        text.push_str(&match &load.load.schedule {
            Schedule::Open(_) => open(run, load, latency),
            Schedule::Search(search) => searching(search, latency),
            Schedule::Ramping(_) => ramping(run, load, latency),
            Schedule::Closed(_) => closed(run, load, latency),
        });
    }
    text
}

/// Rows of a load of this length: begin and end of each, in seconds.
fn rows(length: Duration) -> Vec<(u64, u64)> {
    let seconds = length.as_secs() + u64::from(length.subsec_nanos() > 0);
    let fits = |row: &u64| seconds.div_ceil(*row) <= MOST_ROWS;
    let last = seconds.div_ceil(MOST_ROWS).div_ceil(86_400).max(1) * 86_400;
    let row = ROWS.into_iter().find(fits).unwrap_or(last);
    let count = seconds.div_ceil(row);
    let rows = (0..count).map(|n| (n * row, ((n + 1) * row).min(seconds)));
    rows.collect()
}

/// `0s to 10s`, since the start of the run, of a row of a load that begins later.
fn span((begin, end): (u64, u64), start_after: Duration) -> String {
    let at = |second: u64| {
        let at = start_after + Duration::from_secs(second);
        bggo_values::duration::format(at)
    };
    format!("{} to {}", at(begin), at(end))
}

/// What begins in a row of time.
struct Row {
    /// Seconds since the scenario began.
    span: (u64, u64),
    starts: u64,
    /// A second, in the mean of the row.
    rate: f64,
}

/// Starts of an open profile in each row.
fn begins(run: &RunDescription, load: &LoadDescription) -> Vec<Row> {
    let schedule = &load.load.schedule;
    let length = schedule.length().unwrap_or_default();
    let by = |second: u64| {
        let end = Duration::from_secs(second).min(length);
        // What is due at the very end of a row belongs to the next one, as in a live run.
        let until = match end.checked_sub(Duration::from_nanos(1)) {
            Some(until) if end < length => until,
            Some(_) => length,
            None => return 0,
        };
        run.segment.of(schedule.due_by(until).unwrap_or_default())
    };
    let row = |(begin, end)| {
        let starts = by(end) - by(begin);
        let seconds = Duration::from_secs(end).min(length) - Duration::from_secs(begin);
        Row {
            span: (begin, end),
            starts,
            rate: rate(starts, seconds),
        }
    };
    rows(length).into_iter().map(row).collect()
}

/// Users that are busy at once where most begin.
fn at_once(rows: &[Row], latency: Duration) -> u64 {
    little(highest(rows), latency)
}

fn highest(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.rate).fold(0.0, f64::max)
}

/// Starts of an open profile.
fn open(run: &RunDescription, load: &LoadDescription, latency: Option<Duration>) -> String {
    let schedule = &load.load.schedule;
    let length = schedule.length().unwrap_or_default();
    let by_chance =
        matches!(schedule, Schedule::Open(arrivals) if arrivals.spread == Spread::Poisson);
    let mut text = String::new();
    let rows = begins(run, load);
    for Row {
        span: row,
        starts,
        rate,
    } in &rows
    {
        let _ = writeln!(
            text,
            "  {:<20} {starts:>10} starts  {:>12}",
            span(*row, load.load.start_after),
            format!("{rate:.1}/s")
        );
    }
    let total = rows.iter().map(|row| row.starts).sum();
    let about = if by_chance { "about " } else { "" };
    let starts = plural(total, "start", "starts");
    let _ = writeln!(text, "  in all {about}{starts} in {}", short(length));
    if by_chance {
        text.push_str("  they come by chance: these are means\n");
    }
    if let Some(latency) = latency {
        let most = run.segment.of(schedule.most_users().into());
        text.push_str(&users_needed(highest(&rows), latency, most));
    }
    text
}

/// The rates that a search tries.
fn searching(search: &Search, latency: Option<Duration>) -> String {
    let mut text = String::new();
    let rates = search.rise(MOST_STEPS);
    let hold = Duration::from_nanos(search.hold);
    for rate in rates.iter().take(MOST_ROWS as usize) {
        let _ = writeln!(
            text,
            "  {:>12} for {}",
            a_second(search.a_second(*rate)),
            bggo_values::duration::format(hold)
        );
    }
    let more = rates.len().saturating_sub(MOST_ROWS as usize);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
    let halvings = search.halvings();
    let _ = writeln!(
        text,
        "  if threshold {} holds at all of them; else at most {} between the last that held and the first that broke",
        search.until,
        plural(halvings.into(), "more rate", "more rates")
    );
    let steps = rates.len() + halvings as usize;
    let longest = hold.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX));
    let _ = writeln!(
        text,
        "  in all at most {}, and the time in which iterations end between two rates",
        short(longest)
    );
    if let Some(latency) = latency {
        let highest = rates.last().map_or(0.0, |rate| search.a_second(*rate));
        let most = search.arrivals.max_users.into();
        text.push_str(&users_needed(highest, latency, most));
    }
    text
}

/// The rates a second that a search tries if its threshold holds at all of them.
fn tries(search: &Search) -> Vec<f64> {
    let rates = search.rise(MOST_STEPS).into_iter();
    rates.map(|rate| search.a_second(rate)).collect()
}

/// How many users are busy at once at a rate a second, where there may be `most` of them.
fn users_needed(rate: f64, latency: Duration, most: u64) -> String {
    let needed = little(rate, latency);
    let mut text = format!(
        "  if an iteration takes {}: up to {} at once ({} x {}), of at most {most}\n",
        short(latency),
        plural(needed, "user", "users"),
        a_second(rate),
        short(latency),
    );
    if needed > most {
        text.push_str(
            "  that is too few: iterations would wait for a free user; raise the number of users with --max-vus\n",
        );
    }
    text
}

/// Users that are busy at once by Little's law.
fn little(rate: f64, latency: Duration) -> u64 {
    // The rate is a quotient: what it is off by is no user more.
    (rate * latency.as_secs_f64() - 1e-9).ceil().max(0.0) as u64
}

/// Users that are there when each row begins, and when it ends.
fn stays(run: &RunDescription, ramp: &Ramp) -> Vec<((u64, u64), u64, u64)> {
    let length = Duration::from_nanos(ramp.length());
    let row = |(begin, end)| {
        let first = ramp.at(nanos(Duration::from_secs(begin)));
        let until = nanos(Duration::from_secs(end).min(length));
        let last = ramp.at(until.saturating_sub(1));
        let of_host = |users: u32| run.segment.of(users.into());
        ((begin, end), of_host(first), of_host(last))
    };
    rows(length).into_iter().map(row).collect()
}

/// Users of a profile whose number of users changes.
fn ramping(run: &RunDescription, load: &LoadDescription, latency: Option<Duration>) -> String {
    let Schedule::Ramping(ramp) = &load.load.schedule else {
        return String::new();
    };
    let length = Duration::from_nanos(ramp.length());
    let mut text = String::new();
    let mut user_seconds = 0.0;
    for ((begin, end), users, then) in stays(run, ramp) {
        let at = Duration::from_secs(begin);
        let until = Duration::from_secs(end).min(length);
        user_seconds += (users + then) as f64 / 2.0 * (until - at).as_secs_f64();
        let _ = writeln!(
            text,
            "  {:<20} {users:>10} to {}",
            span((begin, end), load.load.start_after),
            plural(then, "user", "users")
        );
    }
    let most = run.segment.of(ramp.most().into());
    let _ = writeln!(
        text,
        "  in all up to {} in {}; an iteration starts when a user is free",
        plural(most, "user", "users"),
        short(length)
    );
    if let Some(latency) = latency.filter(|latency| !latency.is_zero()) {
        let starts = user_seconds / latency.as_secs_f64();
        let _ = writeln!(
            text,
            "  if an iteration takes {}: about {starts:.0} starts",
            short(latency)
        );
    }
    text
}

/// Users of a profile that has a constant number of them.
fn closed(run: &RunDescription, load: &LoadDescription, latency: Option<Duration>) -> String {
    let schedule = &load.load.schedule;
    let users = run.segment.of(schedule.users().into());
    let mut text = match schedule.total() {
        Some(total) => format!(
            "  in all {} of {}; an iteration starts when a user is free\n",
            plural(run.segment.of(total), "start", "starts"),
            plural(users, "user", "users")
        ),
        None => format!(
            "  {}; an iteration starts when a user is free\n",
            plural(users, "user", "users")
        ),
    };
    if let Some(latency) = latency.filter(|latency| !latency.is_zero()) {
        let a_second = users as f64 / latency.as_secs_f64();
        let of_length = schedule
            .length()
            .map(|length| a_second * length.as_secs_f64());
        let total = schedule.total().map(|total| run.segment.of(total) as f64);
        let starts = match (of_length, total) {
            (Some(of_length), Some(total)) => Some(of_length.min(total)),
            (one, other) => one.or(other),
        };
        let _ = write!(
            text,
            "  if an iteration takes {}: about {a_second:.1}/s",
            short(latency)
        );
        if let Some(starts) = starts {
            let took = Duration::try_from_secs_f64(starts / a_second).unwrap_or(Duration::MAX);
            let _ = write!(text, ", {starts:.0} starts in {}", short(took));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
