//! What programs counted, against what a proxy and a server saw.

use bggo_tests::Finished;
use bggo_tests::server::{Log, Nginx, Plan, Tally};
use serde_json::Value;
use std::collections::BTreeMap;

/// One exchange of six has a fault.
pub fn plan(seed: u64) -> Plan {
    Plan {
        seed,
        one_in: 6,
        ..Plan::NOTHING
    }
}

/// What a program counted.
#[derive(Debug)]
pub struct Counted {
    pub requests: u64,
    pub answered: u64,
    pub cut: u64,
    pub resent: u64,
    pub connections: u64,
    /// Steps that failed, by kind. It is `check` if an answer is another request's.
    pub failures: Vec<(String, u64)>,
    pub iterations: u64,
}

/// What a program that ended says it counted.
pub fn counted(ended: &Finished) -> Counted {
    let events = ended.stderr.lines();
    let mut events = events.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events
        .find(|event| event["event"] == "summary")
        .unwrap_or_else(|| panic!("no summary in {}", ended.stderr));
    let steps = summary["steps"].as_array().expect("steps");
    let sum = |name: &str| {
        let sums = steps.iter().map(|step| &step["metrics"][name]["sum"]);
        sums.filter_map(Value::as_u64).sum()
    };
    let failures = summary["failures"].as_object().expect("failures by kind");
    let mut failures: Vec<(String, u64)> = failures
        .iter()
        .map(|(kind, count)| (kind.clone(), count.as_u64().expect("a count")))
        .collect();
    failures.sort();
    let connections = &summary["resources"][0]["metrics"]["connections"]["sum"];
    Counted {
        requests: sum("requests"),
        answered: sum("answered"),
        cut: sum("cut"),
        resent: sum("resent"),
        connections: connections.as_u64().unwrap_or(0),
        failures,
        iterations: summary["iterations"]["count"].as_u64().expect("a count"),
    }
}

/// Whether a run that was drained counted exactly what the proxy saw.
#[track_caller]
pub fn hold(counted: &Counted, log: &Log, seed: u64) -> Tally {
    let tally = log.tally();
    let failures = tally.failures.iter();
    let failures: Vec<(String, u64)> = failures
        .map(|(kind, count)| ((*kind).to_owned(), *count))
        .collect();
    let about = about(counted, &tally, seed);
    assert_eq!(counted.failures, failures, "failures, {about}");
    alike(counted, &tally, &about);
    tally
}

/// The same, but failures of two kinds are not told apart.
#[track_caller]
pub fn hold_alike(counted: &Counted, log: &Log, (kinds, seed): ([&str; 2], u64)) {
    let tally = log.tally();
    let sums = |failures: Vec<(&str, u64)>| {
        let mut sums = BTreeMap::new();
        for (kind, count) in failures {
            let kind = if kinds.contains(&kind) {
                kinds[0]
            } else {
                kind
            };
            *sums.entry(kind.to_owned()).or_insert(0) += count;
        }
        sums
    };
    let came = counted.failures.iter();
    let came = sums(came.map(|(kind, count)| (kind.as_str(), *count)).collect());
    let made = tally.failures.iter();
    let made = sums(made.map(|(kind, count)| (*kind, *count)).collect());
    let about = about(counted, &tally, seed);
    assert_eq!(came, made, "failures, {about}");
    alike(counted, &tally, &about);
}

fn about(counted: &Counted, tally: &Tally, seed: u64) -> String {
    format!("seed {seed}\nprogram: {counted:#?}\nproxy: {tally:#?}")
}

/// Whether all but the failures is the same.
#[track_caller]
fn alike(counted: &Counted, tally: &Tally, about: &str) {
    assert_eq!(counted.answered, tally.answered, "answered, {about}");
    assert_eq!(counted.requests, tally.heads, "requests, {about}");
    assert_eq!(counted.resent, tally.resent, "resent, {about}");
    assert_eq!(
        counted.connections, tally.connections,
        "connections, {about}"
    );
    assert_eq!(counted.requests, counted.answered + counted.cut, "{about}");
}

/// Whether the server counted between what was answered and what was sent.
#[track_caller]
pub fn within(counted: &Counted, nginx: Nginx, seed: u64) {
    let served = nginx.stop().len() as u64;
    assert!(
        counted.answered <= served && served <= counted.requests,
        "seed {seed}: nginx served {served}, {counted:#?}"
    );
}

/// Whether a run in which requests were given up counted no less than what the proxy saw for sure, and no more.
#[track_caller]
pub fn bound(counted: &Counted, tally: &Tally, seed: u64) {
    let about = || format!("seed {seed}\nprogram: {counted:#?}\nproxy: {tally:#?}");
    assert!(counted.answered <= tally.answered, "{}", about());
    assert!(tally.heads <= counted.requests, "{}", about());
    assert!(counted.resent <= tally.resent, "{}", about());
    assert_eq!(
        counted.requests,
        counted.answered + counted.cut,
        "{}",
        about()
    );
    // Each failure is one that the proxy made, so none is an answer of another request.
    for (kind, count) in &counted.failures {
        let made = tally.failures.get(kind.as_str()).copied().unwrap_or(0);
        assert!(*count <= made, "{kind}, {}", about());
    }
}
