//! What a load needs of this host, before it begins.

use crate::engine::{RunRequest, user_bytes};
use crate::health::{Finding, Limits, Needs, findings};
use crate::outputs::Report;
use bggo_schedule::Schedule;
use std::sync::Arc;

/// Below so many users nobody asks whether they fit into memory.
const MANY_USERS: u64 = 50_000;

/// Raises the limits that may be raised, and says what does not fit. Whether the run may begin.
pub fn is_enough(run: &RunRequest, report: &Arc<Report>) -> bool {
    if run.functional {
        return true;
    }
    let mut needs = needs(run);
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

fn needs(run: &RunRequest) -> Needs {
    let mut needs = Needs::default();
    // What scenarios have together that share their users, and the most connections that one of these users may have.
    let (mut shared, mut of_shared) = (0, 0);
    for (row, load) in run.grid.scenarios.iter().zip(&run.loads) {
        let Some(load) = load else { continue };
        let schedule = &load.schedule;
        let certain = match schedule {
            Schedule::Closed(_) | Schedule::Ramping(_) => schedule.most_users(),
            Schedule::Open(_) | Schedule::Search(_) => schedule.users(),
        };
        let certain = run.segment.of(certain.into());
        let most = run.segment.of(schedule.most_users().into());
        let each = u64::from(run.grid.connections_of(row));
        // Scenarios may run one after the other, so only the largest of them is certain.
        needs.users = needs.users.max(certain);
        let connections = certain.saturating_mul(each);
        if connections > 0 {
            let addresses = u64::from(run.grid.local_addresses_of(row)).max(1);
            needs.an_address = needs.an_address.max(connections.div_ceil(addresses));
        }
        needs.connections = needs.connections.max(connections);
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
    needs
}
