//! Attributes of which the value is one of a few words, and these words.

/// `action` of `on_error`.
pub const ACTIONS: [&str; 5] = ["fail", "continue", "fallback", "stop_user", "stop_run"];
/// `strategy` of `backoff`.
pub const STRATEGIES: [&str; 3] = ["constant", "linear", "exponential"];
/// `jitter` of `backoff`.
pub const JITTERS: [&str; 3] = ["none", "full", "equal"];
/// `scope` of `concurrency`.
pub const AMONG: [&str; 3] = ["iteration", "vu", "run"];
/// `order` of `concurrency`.
pub const QUEUES: [&str; 2] = ["fifo", "lifo"];
/// `order` of data.
pub const ORDERS: [&str; 3] = ["sequential", "shuffle", "random"];
/// `advance` of data.
pub const ADVANCES: [&str; 2] = ["iteration", "vu"];
/// `share` of data.
pub const SHARES: [&str; 3] = ["per_run", "per_scenario", "per_vu"];
/// `at_end` of data.
pub const ENDS: [&str; 2] = ["repeat", "stop"];
/// `kind` of a metric.
pub const KINDS: [&str; 4] = ["counter", "gauge", "rate", "trend"];
/// `on_fail` of a threshold.
pub const ON_FAIL: [&str; 3] = ["abort", "fail", "warn"];

/// The words of which an attribute of the innermost of these kinds of block has one, each in quotes; empty where it may have
/// other values.
pub fn words(kinds: &[&str], attribute: &str) -> &'static [&'static str] {
    match (kinds, attribute) {
        ([.., "on_error"], "action") => &ACTIONS,
        ([.., "backoff"], "strategy") => &STRATEGIES,
        ([.., "backoff"], "jitter") => &JITTERS,
        ([.., "concurrency"], "scope") => &AMONG,
        ([.., "concurrency"], "order") => &QUEUES,
        ([.., "data"], "order") => &ORDERS,
        ([.., "data"], "advance") => &ADVANCES,
        ([.., "data"], "share") => &SHARES,
        ([.., "data"], "at_end") => &ENDS,
        ([.., "metric"], "kind") => &KINDS,
        ([.., "threshold"], "on_fail") => &ON_FAIL,
        _ => &[],
    }
}
