//! The plan of a load as one line of JSON, for programs.

use super::{Row, at_once, begins, little, stays, tries};
use crate::outputs::{LoadDescription, RunDescription, tenths};
use bggo_schedule::{Schedule, Segment};
use bggo_values::{Number, Text, Value, json};
use std::time::Duration;

type Pairs = Vec<(Text, Value)>;

fn put(pairs: &mut Pairs, key: &'static str, value: impl Into<Value>) {
    pairs.push((Text::Static(key), value.into()));
}

fn count(pairs: &mut Pairs, key: &'static str, count: u64) {
    put(pairs, key, Number::from(count));
}

/// The same as the plan in words.
pub fn line(run: &RunDescription, latency: Option<Duration>) -> String {
    let described = run.described();
    let mut plan = Pairs::new();
    put(&mut plan, "event", Value::text("plan"));
    put(&mut plan, "grid", described.grid.clone());
    put(&mut plan, "functional", run.functional);
    if run.segment != Segment::WHOLE {
        put(&mut plan, "segment", Text::from(run.segment.to_string()));
    }
    let scenarios = described.loads.iter().zip(&run.loads);
    let scenarios = scenarios.map(|(described, load)| {
        let mut pairs = Pairs::new();
        put(&mut pairs, "scenario", described.scenario.clone());
        put(&mut pairs, "profile", described.profile.clone());
        put(&mut pairs, "load", described.words.clone());
        count(&mut pairs, "users", described.users);
        count(&mut pairs, "max_users", described.most_users);
        if let Some(length) = described.length {
            let millis = Number::from(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
            let seconds = millis.over(&Number::from(1_000_u32)).unwrap_or(millis);
            put(&mut pairs, "duration", seconds);
        }
        if let Some(starts) = described.iterations.or(described.expected) {
            count(&mut pairs, "starts", starts);
        }
        rows(&mut pairs, run, load, latency);
        Value::from(pairs)
    });
    if !run.functional {
        put(&mut plan, "scenarios", scenarios.collect::<Vec<_>>());
    }
    format!("{}\n", json::Json(&Value::from(plan)))
}

/// What begins in each row of time, and the users that this needs.
fn rows(
    pairs: &mut Pairs,
    run: &RunDescription,
    load: &LoadDescription,
    latency: Option<Duration>,
) {
    let after = load.load.start_after.as_secs();
    let row = |(begin, end): (u64, u64)| {
        let mut pairs = Pairs::new();
        count(&mut pairs, "from", after + begin);
        count(&mut pairs, "to", after + end);
        pairs
    };
    match &load.load.schedule {
        Schedule::Open(_) => {
            let all = begins(run, load);
            let rows = all.iter().map(|Row { span, starts, rate }| {
                let mut pairs = row(*span);
                count(&mut pairs, "starts", *starts);
                put(&mut pairs, "rate", tenths(*rate));
                Value::from(pairs)
            });
            put(pairs, "rows", rows.collect::<Vec<_>>());
            if let Some(latency) = latency {
                count(pairs, "users_needed", at_once(&all, latency));
            }
        }
        Schedule::Ramping(ramp) => {
            let rows = stays(run, ramp);
            let rows = rows.into_iter().map(|(span, first, last)| {
                let mut pairs = row(span);
                count(&mut pairs, "users_first", first);
                count(&mut pairs, "users_last", last);
                Value::from(pairs)
            });
            put(pairs, "rows", rows.collect::<Vec<_>>());
        }
        Schedule::Search(search) => {
            let rates = tries(search);
            if let Some(latency) = latency {
                let highest = rates.last().copied().unwrap_or_default();
                count(pairs, "users_needed", little(highest, latency));
            }
            let rates = rates.into_iter().map(tenths);
            put(pairs, "rates", rates.collect::<Vec<_>>());
        }
        Schedule::Closed(_) => {}
    }
}
