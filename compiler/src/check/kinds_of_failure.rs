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
