//! Kinds of failure that every step may have, beside those of manifests.

use std::collections::BTreeSet;

use bggo_manifest::Runner;

use crate::modules::{Modules, RunnerOrAsset};

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

/// The kinds of failure that manifests name for a step: those of its runner, and of the assets that may stand under it, which are those that
/// its manifest uses and the resources of the grid.
pub fn of_manifests<'m>(
    runner: &'m Runner,
    resources: impl Iterator<Item = RunnerOrAsset>,
    modules: &'m Modules,
) -> BTreeSet<&'m str> {
    let used = |all: &'m [bggo_manifest::Use]| {
        let names = all.iter().flat_map(|one| &one.assets);
        names.filter_map(|name| modules.find_asset(name))
    };
    let mut open: Vec<RunnerOrAsset> = used(&runner.uses).chain(resources).collect();
    let mut seen: Vec<RunnerOrAsset> = Vec::new();
    let mut kinds: BTreeSet<&str> = runner.errors.iter().map(|one| one.name.as_str()).collect();
    while let Some(at) = open.pop() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let asset = modules.asset(at);
        kinds.extend(asset.errors.iter().map(|one| one.name.as_str()));
        open.extend(used(&asset.uses));
    }
    kinds
}

/// The kinds of failure after which a step may be tried again: those of manifests, and those that every step may have.
pub fn retried(own: impl IntoIterator<Item = String>) -> Vec<String> {
    let built_in = KINDS.iter().chain(&OF_PARTS).copied();
    let built_in = built_in.filter(|kind| !NEVER_RETRIED.contains(kind));
    let built_in = built_in.map(str::to_owned);
    let mut kinds: Vec<String> = own.into_iter().chain(built_in).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}
