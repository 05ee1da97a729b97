//! Warns of open profiles that cannot have as many users as the delays of their iterations keep busy.

use bggo_schedule::{Nanos, Schedule, nanos};
use std::time::Duration;

use super::waits::{Waits, delays};
use crate::check::typed::Typed;
use crate::diagnostics::{Problems, codes};

pub(super) fn warn(typed: &Typed, problems: &mut Problems) {
    let mut waits = Waits::new(typed, &delays);
    for id in typed.body_ids() {
        let body = typed.body(id);
        let Some(scenario) = &body.scenario else {
            continue;
        };
        let Some(load) = scenario.load.known() else {
            continue;
        };
        let Schedule::Open(arrivals) = &load.schedule else {
            continue;
        };
        // Of a rate that changes, how many are busy at once depends on when.
        let (lowest, rate) = arrivals.rate.extremes();
        let wait = waits.of_body(id);
        if lowest < rate || in_nanos(wait) > arrivals.rate.length() {
            continue;
        }
        let needed = (rate * wait).ceil();
        if needed > f64::from(arrivals.max_users) {
            let text = format!(
                "`{}` keeps {needed} users busy with delays alone, and it has at most {}",
                body.name, arrivals.max_users
            );
            problems
                .warning(codes::TOO_FEW_USERS, scenario.load.place, text)
                .hint("write a larger `max_vus`, a smaller `rate`, or shorter delays");
        }
    }
}

fn in_nanos(seconds: f64) -> Nanos {
    Duration::try_from_secs_f64(seconds).map_or(Nanos::MAX, nanos)
}
