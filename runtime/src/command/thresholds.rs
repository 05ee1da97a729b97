//! Thresholds of the grid and of `--threshold` to what a run is judged by, each against the figures that the run has; and
//! whether it has those of `--metric`.

use super::flags::Flags;
use super::load::Asked;
use crate::grid::Grid;
use crate::metrics::{RunSlots, layout_of, slots_on_demand};
use crate::start::Start;
use bggo_metrics::{Draft, MetricName, OnFail, Threshold};
use bggo_schedule::{Load, Segment};
use bggo_values::duration;
use std::time::Duration;

/// Those of the grid, then those of the flags. All bounds are known, and every address has its figures.
///
/// # Errors
/// A line for each that cannot be: a bound that has no value, a name that nothing has.
pub fn thresholds(
    grid: &'static Grid,
    start: &Start,
    flags: &[Draft],
) -> Result<Vec<Threshold>, Vec<String>> {
    // A warm-up has slots of its own, of which no threshold reads any.
    let layout = layout_of(grid, &RunSlots::new(grid, |_| false));
    let (mut made, mut errors) = (Vec::new(), Vec::new());
    for declared in grid.thresholds {
        let place = &declared.place;
        let known = (declared.made)(start).map_err(|fault| {
            let place = fault.place().unwrap_or(*place);
            format!("{place}: {fault}, in the threshold {:?}", declared.name)
        });
        let checked = known.and_then(|threshold| {
            let mut addresses = threshold.condition.addresses.iter();
            let unknown = addresses.find_map(|address| layout.resolve(address).err());
            match unknown {
                None => Ok(threshold),
                Some(unknown) => Err(format!(
                    "{place}: {unknown}, in the threshold {:?}",
                    declared.name
                )),
            }
        });
        match checked {
            Ok(threshold) => made.push(threshold),
            Err(text) => errors.push(text),
        }
    }
    for draft in flags {
        match draft.resolve(&layout) {
            Ok(threshold) => made.push(threshold),
            Err(refused) => errors.push(format!("--threshold '{draft}': {refused}")),
        }
    }
    if errors.is_empty() {
        Ok(made)
    } else {
        Err(errors)
    }
}

/// What is wrong with the names of `--metric`.
pub fn unknown_metrics(grid: &'static Grid, metrics: &[MetricName]) -> Vec<String> {
    if metrics.is_empty() {
        return Vec::new();
    }
    let layout = layout_of(grid, &RunSlots::new(grid, |_| false));
    let unknown = metrics.iter().filter_map(|name| {
        let unknown = name.slots(&layout).err()?;
        Some(format!("--metric '{name}': {unknown}"))
    });
    unknown.collect()
}

/// Warnings of names of `--metric` that need no flag.
pub fn measured_anyway(grid: &'static Grid, metrics: &[MetricName]) -> Vec<String> {
    if metrics.is_empty() {
        return Vec::new();
    }
    let layout = layout_of(grid, &RunSlots::new(grid, |_| false));
    let on_demand = slots_on_demand(grid);
    let anyway = metrics.iter().filter(|name| {
        let slots = name.slots(&layout).unwrap_or_default();
        slots.iter().any(|slot| !on_demand.contains(slot))
    });
    anyway
        .map(|name| format!("--metric '{name}': it is measured in every run"))
        .collect()
}

/// Warnings of flags whose conditions hold almost whatever is measured, because a percentage lacks its sign.
pub fn warnings(grid: &'static Grid, flags: &[Draft]) -> Vec<String> {
    if flags.is_empty() {
        return Vec::new();
    }
    let layout = layout_of(grid, &RunSlots::new(grid, |_| false));
    let mut warnings = Vec::new();
    for draft in flags {
        let found = draft.without_percent_sign(&layout).into_iter();
        warnings.extend(found.map(|found| format!("--threshold '{draft}': {found}")));
    }
    warnings
}

/// What does not fit the run that is asked for.
pub fn refused(flags: &Flags, asked: &Asked, thresholds: &[Threshold]) -> Vec<String> {
    let mut refused = Vec::new();
    if asked.functional {
        let load = "add --duration 30s, or --iterations 1000";
        if flags.max_failed.is_some() {
            refused.push(format!(
                "--max-failed is about a load, and in a functional run no step may fail: {load}"
            ));
        }
        if !flags.thresholds.is_empty() {
            refused.push(format!(
                "--threshold judges the figures of a load, and a functional run has none: {load}"
            ));
        }
        if !flags.metrics.is_empty() {
            refused.push(format!(
                "--metric measures something of a load, and a functional run shows no figures: {load}"
            ));
        }
        if flags.segment != Segment::WHOLE {
            refused.push(format!(
                "--segment shares a load, and a functional run has none: {load}"
            ));
        }
        return refused;
    }
    let loads = asked.loads.iter().flatten();
    for search in loads.filter_map(|load| load.schedule.search()) {
        let mut named = thresholds.iter();
        let Some(until) = named.find(|one| one.name == search.until) else {
            let text = format!("a search needs the threshold {:?}", search.until.as_str());
            refused.push(text);
            continue;
        };
        let hold = Duration::from_nanos(search.hold);
        let needed = Duration::from_secs(until.judged_after().into());
        if hold < needed {
            refused.push(format!(
                "a search holds each rate for {}, and threshold {:?} cannot break before {}: write a longer `hold`",
                duration::format(hold),
                until.name.as_str(),
                duration::format(needed)
            ));
        }
        if flags.segment != Segment::WHOLE {
            refused.push(
                "a search needs the figures of the whole load, and a share of a run has only its own: leave out --segment, or give another load such as --rate 500/s with --duration 30s"
                    .to_owned(),
            );
        }
    }
    let is_empty = |load: &Load| {
        let schedule = &load.schedule;
        let total = schedule.total();
        flags.segment.of(schedule.most_users().into()) == 0
            || total.is_some_and(|total| flags.segment.of(total) == 0)
    };
    // The share of one scenario may be empty, such as of one that a single user runs.
    if flags.segment != Segment::WHOLE && asked.loads.iter().flatten().all(is_empty) {
        refused.push(format!(
            "share {} of the load is empty: there are more shares than users or iterations; share it over fewer hosts",
            flags.segment
        ));
    }
    let mut aborting = thresholds.iter();
    let aborting = aborting.find(|one| one.on_fail == OnFail::Abort);
    if let Some(aborting) = aborting.filter(|_| flags.segment != Segment::WHOLE) {
        refused.push(format!(
            "threshold {:?} aborts the run, and a share of a run knows too little for that: leave out --segment, or write on_fail = \"fail\"",
            aborting.name.as_str()
        ));
    }
    refused
}
