//! Kinds of failure that every step may have, beside those of its manifest.

/// Kinds of failure that need no manifest.
pub(super) const KINDS: &[&str] = &[
    "asset",
    "bug",
    "check",
    "cut",
    "no_failed_step",
    "other",
    "timeout",
    "value",
];

/// Kinds of failure that parts of a step make, beside those of its manifest.
pub(super) const OF_PARTS: [&str; 2] = ["repeat", "rate_limit"];

/// Kinds that no step ends with while it may be tried again.
const NEVER_RETRIED: [&str; 5] = ["bug", "cut", "no_failed_step", "other", "repeat"];

/// The kinds of failure after which a step may be tried again: those of its manifest, and those that every step may have.
pub fn retried<'m>(own: impl Iterator<Item = &'m str>) -> Vec<String> {
    let built_in = KINDS.iter().chain(&OF_PARTS).copied();
    let built_in = built_in.filter(|kind| !NEVER_RETRIED.contains(kind));
    let mut kinds: Vec<String> = own.chain(built_in).map(str::to_owned).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}
