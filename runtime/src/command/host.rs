//! What a load needs of this host, before it begins.

use crate::engine::{RunRequest, user_bytes};
use crate::grid::Grid;
use crate::health::{Finding, Limits, Needs, findings};
use crate::outputs::Report;
use bggo_schedule::{Bound, Load, Schedule, Segment, nanos};
use std::sync::Arc;
use std::time::Duration;

/// Below so many users nobody asks whether they fit into memory.
const MANY_USERS: u64 = 50_000;

/// Raises the limits that may be raised, and says what does not fit. Whether the run may begin.
pub fn is_enough(run: &RunRequest, report: &Arc<Report>) -> bool {
    if run.functional {
        return true;
    }
    let mut needs = needs(run.grid, &run.loads, run.segment);
    if needs.users >= MANY_USERS {
        // Where a user cannot be made, the run itself says why.
        needs.user_bytes = user_bytes(run, report).map_or(0, |bytes| bytes as u64);
    }
    let mut is_enough = true;
    for finding in findings(&needs, &Limits::of_system()) {
        match finding {
            Finding::Refused(text) => {
                report.error(&text);
                is_enough = false;
            }
            Finding::Warned(text) => report.warn(&text),
        }
    }
    is_enough
}

fn needs(grid: &Grid, loads: &[Option<Load>], segment: Segment) -> Needs {
    let mut needs = Needs::default();
    // What scenarios have together that share their users, and the most connections that one of these users may have.
    let (mut shared, mut of_shared) = (0, 0);
    let rows = grid.scenarios.iter().zip(loads);
    let loads = rows.filter_map(|(row, load)| Some((row, load.as_ref()?)));
    for (row, load) in loads.clone() {
        let schedule = &load.schedule;
        let most = segment.of(schedule.most_users().into());
        let each = u64::from(grid.connections_of(row));
        let moments = moments(load).into_iter();
        let busy = moments.map(|at| busy_users(load, at, segment)).max();
        let connections = busy.unwrap_or_default().saturating_mul(each);
        if connections > 0 {
            let addresses = u64::from(grid.local_addresses_of(row)).max(1);
            needs.an_address = needs.an_address.max(connections.div_ceil(addresses));
        }
        if schedule
            .arrivals()
            .is_some_and(|arrivals| arrivals.shares_users)
        {
            shared = most;
            of_shared = each.max(of_shared);
            continue;
        }
        needs.most_users = needs.most_users.saturating_add(most);
        let connections = most.saturating_mul(each);
        needs.most_connections = needs.most_connections.saturating_add(connections);
    }
    needs.most_users = needs.most_users.saturating_add(shared);
    let connections = shared.saturating_mul(of_shared);
    needs.most_connections = needs.most_connections.saturating_add(connections);
    for at in loads.clone().flat_map(|(_, load)| moments(load)) {
        let (mut users, mut connections) = (0_u64, 0_u64);
        for (row, load) in loads.clone() {
            let each = u64::from(grid.connections_of(row));
            users = users.saturating_add(certain_users(load, at, segment));
            let busy = busy_users(load, at, segment);
            connections = connections.saturating_add(busy.saturating_mul(each));
        }
        needs.users = needs.users.max(users);
        needs.connections = needs.connections.max(connections);
    }
    needs
}

/// Moments since the clock of the run started, among which are those at which most users of a scenario are there.
fn moments(load: &Load) -> Vec<Duration> {
    let since: Vec<u64> = match &load.schedule {
        Schedule::Ramping(ramp) => ramp.turns().collect(),
        Schedule::Closed(_) | Schedule::Open(_) | Schedule::Search(_) => vec![0],
    };
    let since = since.into_iter().map(Duration::from_nanos);
    since
        .map(|since| load.start_after.saturating_add(since))
        .collect()
}

/// Users of a scenario that are there at a moment whatever the target does: this host's share of them. A profile of iterations may
/// be over right behind its beginning, and nobody knows how long a search takes.
fn certain_users(load: &Load, at: Duration, segment: Segment) -> u64 {
    let Some(since) = at.checked_sub(load.start_after) else {
        return 0;
    };
    let users = match &load.schedule {
        Schedule::Ramping(ramp) => ramp.at(nanos(since)),
        schedule => {
            let lasts = match schedule {
                Schedule::Closed(closed) if closed.bound != Bound::None => None,
                schedule => schedule.length(),
            };
            let is_there = since.is_zero() || lasts.is_some_and(|length| since < length);
            if is_there { schedule.users() } else { 0 }
        }
    };
    segment.of(users.into())
}

/// Those of them that run an iteration: no more than the scenario has iterations.
fn busy_users(load: &Load, at: Duration, segment: Segment) -> u64 {
    let users = certain_users(load, at, segment);
    match &load.schedule {
        Schedule::Closed(closed) => match closed.bound {
            Bound::Shared(total) => users.min(segment.of(total)),
            Bound::None | Bound::PerUser(_) => users,
        },
        Schedule::Ramping(_) | Schedule::Open(_) | Schedule::Search(_) => users,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Body, Scenario};
    use bggo_schedule::{Ramp, UserStage};

    const SECOND: Duration = Duration::from_secs(1);

    static GRID: Grid = Grid::new("shop")
        .scenarios(&[
            Scenario::new("one", "a"),
            Scenario::new("two", "a"),
            Scenario::new("three", "a"),
        ])
        .bodies(&[Body::new("a", &[]).connections(2)]);

    fn users(schedule: Schedule, after: Duration) -> Option<Load> {
        Some(Load {
            start_after: after,
            ..Load::new("any", schedule)
        })
    }

    fn ramp(stages: &[(u64, u32)]) -> Schedule {
        let stages = stages.iter().map(|(seconds, to)| UserStage {
            length: seconds * 1_000_000_000,
            to: *to,
        });
        Schedule::Ramping(Arc::new(Ramp::new(0, stages.collect())))
    }

    #[test]
    fn users_that_are_there_at_one_time_are_counted_together() {
        let needed = |loads: [Option<Load>; 3]| {
            let needs = needs(&GRID, &loads, Segment::WHOLE);
            assert_eq!(needs.connections, 2 * needs.users);
            needs.users
        };
        let lasting = |count, after| users(Schedule::lasting(count, 10 * SECOND), after);
        let zero = Duration::ZERO;
        assert_eq!(needed([lasting(5, zero), None, None]), 5);
        assert_eq!(needed([lasting(5, zero), lasting(7, 9 * SECOND), None]), 12);
        // The first is over when the second begins.
        assert_eq!(needed([lasting(5, zero), lasting(7, 10 * SECOND), None]), 7);
        // Iterations may be over at once, but all their users begin.
        let iterations = users(Schedule::iterations(100, 100), zero);
        let several = [iterations.clone(), lasting(7, SECOND), lasting(4, zero)];
        assert_eq!(needed(several), 104);
        // The top of a ramp of 20 s lies in the first half of the other load and behind that of the third.
        let up_and_down = users(ramp(&[(10, 50), (10, 0)]), SECOND);
        let several = [up_and_down, lasting(7, 9 * SECOND), lasting(4, zero)];
        assert_eq!(needed(several), 57);
        let half = Segment::hosts(1, 1, 2).unwrap();
        assert_eq!(needs(&GRID, &[iterations, None, None], half).users, 50);
        // Whoever has no iteration has no connection.
        let few = users(Schedule::iterations(100, 10), zero);
        let few = needs(&GRID, &[few, None, None], Segment::WHOLE);
        assert_eq!((few.users, few.connections, few.an_address), (100, 20, 20));
    }
}
