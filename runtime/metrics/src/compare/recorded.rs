//! The seconds of a recorded run, one after the other -> its figures, in blocks and as a whole.
//!
//! Seconds are read once. Of each row of figures there are the values of one block and of the whole, and counts of each second; of
//! a row on which the verdict depends the values of each second as well.

use super::load::RecordedLoad;
use super::measure::{FailOn, Measure, RUN};
use super::seconds::{EachValue, block_of};
use super::shift::BLOCKS;
use super::values::Values;
use crate::interval::{Interval, SlotFigures, WHOLE};
use crate::layout::{IterationLayout, Layout};
use crate::outcome::Outcome;
use crate::slots::time_slot;
use bggo_values::Text;
use std::ops::Range;

/// A percentile of a block needs so many values on its thin side: p99 needs 700.
const LEAST_BEYOND_OF_BLOCK: f64 = 7.0;

/// And that of a whole run so many: p99 needs 1,000.
const LEAST_BEYOND_OF_RUN: f64 = 10.0;

/// The percentile whose exceedances show how alike successive seconds are.
const GUARD: u32 = 950_000;

/// How many iterations of an open profile were due, and what became of those that did not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalCounts {
    /// The scenario.
    pub scenario: Text,
    /// How many were due.
    pub due: u64,
    /// For how many no user was free.
    pub dropped: u64,
    /// How many still waited at the end.
    pub not_started: u64,
}

/// One figure of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredFigure {
    /// Which.
    pub measure: Measure,
    /// Over the whole run. Times are in microseconds, shares from 0 to 1; `None` where there are too few values.
    pub whole: Option<f64>,
    /// Over each block.
    pub blocks: [Option<f64>; BLOCKS],
    /// How many seconds would have had enough values for each block; 0 where these seconds have, `None` where there was nothing.
    pub seconds_for_blocks: Option<u32>,
    /// Of a percentile on which the verdict depends: that of each window of each block, if there are enough values.
    pub windows: Option<[Vec<f64>; BLOCKS]>,
}

/// The figures of a step, of a scenario's iterations or of all iterations.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFigures {
    /// `run`, `scenario.browse`, `http_request.home`.
    pub name: String,
    /// Whether all of it was due at moments of its own: then times are response times, and the rate is that of the schedule.
    pub is_open: bool,
    /// Its figures.
    pub figures: Vec<MeasuredFigure>,
    /// How many values of each second were above p95, where the row is one on which the verdict depends.
    pub above_p95: Option<Vec<f64>>,
    /// The logarithm of p95 of each second that has values; of such a row too.
    pub levels: Option<Vec<Option<f64>>>,
    /// How many failed in each second.
    pub failed: Vec<f64>,
    /// How many ended in each second.
    pub ended: Vec<f64>,
}

/// The figures of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFigures {
    /// What the run is called: the name of its file.
    pub name: String,
    /// Its load.
    pub loads: Vec<RecordedLoad>,
    /// `run` first, then scenarios where there are several, then steps.
    pub rows: Vec<RowFigures>,
    /// Of each open profile.
    pub arrivals: Vec<ArrivalCounts>,
    /// How many seconds are missing at the end of the load.
    pub missing_seconds: u32,
}

impl RunFigures {
    /// For how many seconds iterations could begin and were judged.
    pub fn seconds(&self) -> u32 {
        let judged = all_judged(&self.loads);
        judged.end - judged.start
    }

    /// Each scenario with its load.
    pub fn stated_loads(&self) -> Vec<(Text, Text)> {
        let loads = self.loads.iter();
        let loads = loads.map(|load| (load.scenario.clone(), load.exact.clone()));
        loads.collect()
    }

    /// The row of this name.
    pub fn row(&self, name: &str) -> Option<&RowFigures> {
        self.rows.iter().find(|row| row.name == name)
    }
}

/// The rows of a run, so that `asked` can be looked for among them.
pub fn row_names(layout: &Layout) -> Vec<String> {
    let scenarios = layout.iterations.iter();
    let scenarios = scenarios.filter(|_| layout.iterations.len() > 1);
    let scenarios = scenarios.map(|one| format!("scenario.{}", one.scenario));
    let steps = layout.steps.iter();
    let steps = steps.map(|step| layout.full_name(step).to_string());
    let run = std::iter::once(RUN.to_owned());
    run.chain(scenarios).chain(steps).collect()
}

/// What a row sums up, and what is known of it so far.
#[derive(Debug)]
struct Row {
    name: String,
    is_open: bool,
    judged: Range<u32>,
    /// Where its counters stand.
    first_slots: Vec<u32>,
    /// Which of the times behind them.
    time_slot: u32,
    block: usize,
    values: Values,
    all_values: Values,
    percentiles: Vec<(u32, [Option<f64>; BLOCKS])>,
    least_values: Option<u64>,
    outcomes: [Counts; BLOCKS],
    failed: Vec<f64>,
    ended: Vec<f64>,
    each_value: Option<EachValue>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    asked: u64,
    failed: u64,
    ended_in_time: u64,
}

/// A run whose seconds are being read.
#[derive(Debug)]
pub struct RunFiguresBuilder {
    name: String,
    loads: Vec<RecordedLoad>,
    rows: Vec<Row>,
    iterations: Vec<IterationLayout>,
    warm_up_iterations: Vec<IterationLayout>,
    arrivals: Vec<ArrivalCounts>,
    last_end: u32,
}

fn all_judged(loads: &[RecordedLoad]) -> Range<u32> {
    let begin = loads.iter().map(|load| load.judged.start).min();
    let end = loads.iter().map(|load| load.judged.end).max();
    let begin = begin.unwrap_or_default();
    begin..end.unwrap_or_default().max(begin)
}

impl RunFiguresBuilder {
    /// Of the run of this name, with the loads of its scenarios; `asked` is what `--fail-on` names.
    pub fn new(name: &str, layout: &Layout, loads: &[RecordedLoad], asked: &[FailOn]) -> Self {
        let load_of = |scenario: &Text| loads.iter().find(|load| load.scenario == *scenario);
        let all_open = !loads.is_empty() && loads.iter().all(|load| load.is_open);
        let iterations = layout.iterations.iter();
        let mut parts = vec![(all_open, all_judged(loads), Vec::new())];
        for scenario in iterations.clone() {
            parts[0].2.push(scenario.first);
        }
        let of_scenario = |scenario: &Text, first: u32| {
            let load = load_of(scenario);
            let is_open = load.is_some_and(|load| load.is_open);
            let judged = load.map_or(0..0, |load| load.judged.clone());
            (is_open, judged, vec![first])
        };
        if layout.iterations.len() > 1 {
            parts.extend(iterations.map(|one| of_scenario(&one.scenario, one.first)));
        }
        let steps = layout.steps.iter();
        parts.extend(steps.map(|step| of_scenario(&step.scenario, step.first)));
        let names = row_names(layout).into_iter();
        let rows = names
            .zip(parts)
            .map(|(name, (is_open, judged, first_slots))| {
                let mut percentiles: Vec<u32> = Measure::OF_A_RUN
                    .into_iter()
                    .filter_map(percentile)
                    .collect();
                let named = asked.iter().filter(|asked| asked.row == name);
                for more in named.filter_map(|asked| percentile(asked.measure)) {
                    if !percentiles.contains(&more) {
                        percentiles.push(more);
                    }
                }
                let is_judged = name == RUN || asked.iter().any(|asked| asked.row == name);
                Row::new(name, (is_open, judged), first_slots, percentiles, is_judged)
            });
        let open = loads.iter().filter(|load| load.is_open);
        Self {
            name: name.to_owned(),
            loads: loads.to_vec(),
            rows: rows.collect(),
            iterations: layout.iterations.clone(),
            warm_up_iterations: layout.warm_up_iterations.clone(),
            arrivals: open
                .map(|load| ArrivalCounts {
                    scenario: load.scenario.clone(),
                    due: 0,
                    dropped: 0,
                    not_started: 0,
                })
                .collect(),
            last_end: 0,
        }
    }

    /// Adds what was measured in a second of the run, counted from 0. Seconds come in their order.
    pub fn add(&mut self, second: u32, interval: &Interval) {
        self.last_end = self.last_end.max(second.saturating_add(1));
        for row in &mut self.rows {
            row.add(second, interval);
        }
        for arrivals in &mut self.arrivals {
            let layouts = self.iterations.iter().chain(&self.warm_up_iterations);
            for layout in layouts.filter(|layout| layout.scenario == arrivals.scenario) {
                let begun = layout.start_error(interval);
                arrivals.due += begun.map_or(0, |begun| begun.count());
                if let Some(counts) = layout.counts(interval) {
                    let (dropped, not_started) = (
                        counts.count(Outcome::Dropped),
                        counts.count(Outcome::NotStarted),
                    );
                    arrivals.due += dropped + not_started;
                    arrivals.dropped += dropped;
                    arrivals.not_started += not_started;
                }
            }
        }
    }

    /// All seconds have been read.
    pub fn end(self) -> RunFigures {
        let end = all_judged(&self.loads).end;
        RunFigures {
            name: self.name,
            missing_seconds: end.saturating_sub(self.last_end),
            loads: self.loads,
            rows: self.rows.into_iter().map(Row::end).collect(),
            arrivals: self.arrivals,
        }
    }
}

fn percentile(measure: Measure) -> Option<u32> {
    match measure {
        Measure::Percentile(millionths) => Some(millionths),
        Measure::Failed | Measure::Rate => None,
    }
}

impl Row {
    fn new(
        name: String,
        (is_open, judged): (bool, Range<u32>),
        first_slots: Vec<u32>,
        percentiles: Vec<u32>,
        is_judged: bool,
    ) -> Self {
        let seconds = judged.len();
        Self {
            name,
            is_open,
            judged,
            first_slots,
            time_slot: if is_open {
                time_slot::RESPONSE
            } else {
                time_slot::SERVICE
            },
            block: 0,
            values: Values::default(),
            all_values: Values::default(),
            percentiles: percentiles
                .into_iter()
                .map(|one| (one, [None; BLOCKS]))
                .collect(),
            least_values: None,
            outcomes: [Counts::default(); BLOCKS],
            failed: vec![0.0; seconds],
            ended: vec![0.0; seconds],
            each_value: is_judged.then(|| EachValue::new(seconds)),
        }
    }

    fn add(&mut self, second: u32, interval: &Interval) {
        let Some(second) = self.begin_second(second) else {
            return;
        };
        for index in 0..self.first_slots.len() {
            let first = self.first_slots[index];
            if let Some(counts) = interval.slot(first) {
                self.add_counts(second, counts);
            }
            if let Some(times) = interval.slot(first + self.time_slot) {
                for (bucket, count) in &times.histogram.buckets {
                    self.add_value(second, *bucket, *count);
                }
            }
        }
    }

    /// The second since the beginning of what is judged. What ends in the drain began in the last block, and counts there.
    fn begin_second(&mut self, second: u32) -> Option<u32> {
        let second = second.checked_sub(self.judged.start)?;
        let (block, ..) = block_of(second, self.judged.len() as u64);
        while self.block < block {
            self.end_block();
            self.block += 1;
        }
        Some(second)
    }

    fn add_counts(&mut self, second: u32, counts: &SlotFigures) {
        let never_began = counts.count(Outcome::Dropped) + counts.count(Outcome::NotStarted);
        let failed = counts.count(Outcome::Failed) + never_began;
        let ended = counts.ended();
        let block = &mut self.outcomes[self.block];
        block.asked += ended + never_began;
        block.failed += failed;
        let second = second as usize;
        if let (Some(all_failed), Some(all_ended)) =
            (self.failed.get_mut(second), self.ended.get_mut(second))
        {
            *all_failed += failed as f64;
            *all_ended += ended as f64;
            block.ended_in_time += ended;
        }
    }

    fn add_value(&mut self, second: u32, bucket: u32, count: u64) {
        self.values.add(bucket, count);
        if let Some(each) = &mut self.each_value {
            each.add(second, bucket, count);
        }
    }

    fn end_block(&mut self) {
        for (millionths, blocks) in &mut self.percentiles {
            if self.values.count() as f64 >= LEAST_BEYOND_OF_BLOCK / thin_side(*millionths) {
                blocks[self.block] = self.values.percentile(*millionths);
            }
        }
        let count = self.values.count();
        self.least_values = Some(self.least_values.map_or(count, |least| least.min(count)));
        self.all_values.merge(&self.values);
        self.values = Values::default();
    }

    fn end(mut self) -> RowFigures {
        self.begin_second(self.judged.end);
        self.end_block();
        let mut figures: Vec<MeasuredFigure> = self
            .percentiles
            .iter()
            .map(|one| self.percentile(one))
            .collect();
        figures.push(self.failed_share());
        figures.push(self.rate());
        let each = self.each_value.as_ref();
        let levels = each.map(|each| each.levels(GUARD));
        let bound = self.all_values.percentile(GUARD).unwrap_or(f64::MAX);
        let above_p95 = each.map(|each| each.above(bound));
        RowFigures {
            name: self.name,
            is_open: self.is_open,
            figures,
            above_p95,
            levels,
            failed: self.failed,
            ended: self.ended,
        }
    }

    fn percentile(&self, (millionths, blocks): &(u32, [Option<f64>; BLOCKS])) -> MeasuredFigure {
        let needed = LEAST_BEYOND_OF_BLOCK / thin_side(*millionths);
        let of_run = LEAST_BEYOND_OF_RUN / thin_side(*millionths);
        let enough = self.all_values.count() as f64 >= of_run;
        let each = self.each_value.as_ref();
        let least = self.least_values.unwrap_or_default();
        MeasuredFigure {
            measure: Measure::Percentile(*millionths),
            whole: self.all_values.percentile(*millionths).filter(|_| enough),
            blocks: *blocks,
            seconds_for_blocks: if blocks.iter().all(Option::is_some) {
                Some(0)
            } else if least == 0 {
                None
            } else {
                Some((self.judged.len() as f64 * needed / least as f64).ceil() as u32)
            },
            windows: each.and_then(|each| each.windows(*millionths)),
        }
    }

    fn failed_share(&self) -> MeasuredFigure {
        let share =
            |counts: Counts| (counts.asked > 0).then(|| counts.failed as f64 / counts.asked as f64);
        let sum = |field: fn(&Counts) -> u64| self.outcomes.iter().map(field).sum();
        let blocks = self.outcomes.map(share);
        MeasuredFigure {
            measure: Measure::Failed,
            whole: share(Counts {
                asked: sum(|counts| counts.asked),
                failed: sum(|counts| counts.failed),
                ended_in_time: 0,
            }),
            blocks,
            seconds_for_blocks: blocks.iter().all(Option::is_some).then_some(0),
            windows: None,
        }
    }

    fn rate(&self) -> MeasuredFigure {
        let length = self.judged.len() as u64;
        let mut blocks = [None; BLOCKS];
        for (block, (rate, counts)) in (0..).zip(blocks.iter_mut().zip(&self.outcomes)) {
            // The seconds that `block_of` puts into this block.
            let first = |block: u64| (block * length).div_ceil(BLOCKS as u64);
            let seconds = first(block + 1) - first(block);
            let is_measured = counts.ended_in_time > 0 && seconds > 0;
            *rate = is_measured.then(|| counts.ended_in_time as f64 / seconds as f64);
        }
        let ended: f64 = self.ended.iter().sum();
        MeasuredFigure {
            measure: Measure::Rate,
            whole: (ended > 0.0).then(|| ended / length as f64),
            blocks,
            seconds_for_blocks: blocks.iter().all(Option::is_some).then_some(0),
            windows: None,
        }
    }
}

/// The share of values on the thin side of a percentile.
fn thin_side(millionths: u32) -> f64 {
    f64::from(millionths.min(WHOLE - millionths)) / f64::from(WHOLE)
}
