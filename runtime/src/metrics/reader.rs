//! A slab's reading end: takes what is new since the last time.
//!
//! What was seen is kept as a short list of buckets a slot, not as a copy of the slab, which would double the memory that
//! the thread touches. Cells wrap at 32 bits; what is new between two readings is far below that.
//!
//! A writer may be between two cells while they are read (a failure is counted, its time not yet). The next reading takes
//! the rest, so the sums agree when the thread is done. Failures are counted by their kinds alone, so of these the sums agree
//! in each reading.

use super::names::{OTHERS, RunNames};
use super::slab::{HALF, HALVES, OUTCOMES, ScalarCells, Slab};
use bggo_metrics::buckets::{LAST, highest, lowest};
use bggo_metrics::{
    Histogram, Interval, LastValue, Outcome, Scalar, SlotFigures, add_counts, make_room,
};
use bggo_values::Text;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Reads one thread's slab.
#[derive(Debug)]
pub struct SlabReader {
    slab: Arc<Slab>,
    names: Arc<RunNames>,
    /// The worker whose slab it is.
    worker: u32,
    seen: Vec<Seen>,
    outcomes: Vec<u32>,
    /// Failures of each slot, by kind.
    failures: Vec<Vec<u32>>,
    /// Of each slot, as far as it is a counter, a rate or a gauge.
    scalars: Vec<SeenScalar>,
    /// Of each slot, as far as it is a counter with a label.
    labels: Vec<Vec<u64>>,
    users: [u32; 2],
}

/// What was seen of a slot's histogram.
#[derive(Debug, Clone)]
struct Seen {
    buckets: Vec<(u32, u32)>,
    sum: u64,
    extremes: (u64, u64),
}

/// What was seen of a counter, a rate or a gauge.
#[derive(Debug, Clone)]
struct SeenScalar {
    count: u64,
    sum: u64,
    extremes: (u64, u64),
}

/// Extremes of nothing.
const NONE: (u64, u64) = (u64::MAX, 0);

impl SlabReader {
    /// Has seen nothing yet.
    pub fn new(slab: Arc<Slab>, names: Arc<RunNames>) -> Self {
        let slots = slab.slots();
        let nothing = Seen {
            buckets: Vec::new(),
            sum: 0,
            extremes: NONE,
        };
        let no_scalar = SeenScalar {
            count: 0,
            sum: 0,
            extremes: NONE,
        };
        Self {
            slab,
            names,
            worker: 0,
            seen: vec![nothing; slots],
            outcomes: vec![0; slots * OUTCOMES],
            failures: Vec::new(),
            scalars: vec![no_scalar; slots],
            labels: vec![Vec::new(); slots],
            users: [0; 2],
        }
    }

    /// The slab is that of the worker with this number.
    pub fn of_worker(mut self, worker: u32) -> Self {
        self.worker = worker;
        self
    }

    /// Whether each slot gets the memory that it may need, before it needs it.
    pub fn has_few_slots(&self) -> bool {
        self.slab.has_few_slots()
    }

    #[cfg(test)]
    pub(super) fn room(&self, slot: usize) -> usize {
        self.seen
            .get(slot)
            .map_or(0, |seen| seen.buckets.capacity())
    }

    #[cfg(test)]
    pub(super) fn slab(&self) -> &Arc<Slab> {
        &self.slab
    }

    /// The second of the run in which the oldest iteration was due that waits, of the scenario whose iterations stand at
    /// `slot`.
    pub fn oldest(&self, slot: u32) -> Option<u32> {
        let exact = self.slab.exact.get(slot as usize)?;
        exact.oldest.load(Relaxed).checked_sub(1)
    }

    /// Adds to `interval` what is new.
    pub fn take(&mut self, interval: &mut Interval) {
        let [begun, ended] = &mut self.users;
        interval.users_begun += u64::from(renew(begun, self.slab.users[0].load(Relaxed)));
        interval.users_ended += u64::from(renew(ended, self.slab.users[1].load(Relaxed)));
        for slot in 0..self.slab.slots() {
            let mut news = SlotFigures::default();
            self.outcomes(slot, &mut news);
            self.histogram(slot, &mut news.histogram);
            self.scalar(slot, &mut news.scalar);
            self.labels(slot, &mut news.labels);
            if news != SlotFigures::default() {
                interval.slots.entry(slot as u32).or_default().merge(&news);
            }
        }
        self.failures(interval);
        let window = &self.slab.window;
        window.store(window.load(Relaxed) + 1, Relaxed);
    }

    fn scalar(&mut self, slot: usize, news: &mut Scalar) {
        let (Some(cells), Some(seen)) = (self.slab.scalar(slot), self.scalars.get_mut(slot)) else {
            return;
        };
        news.count = renew_wide(&mut seen.count, cells.count.load(Relaxed));
        news.sum = renew_wide(&mut seen.sum, cells.sum.load(Relaxed)).into();
        let run = (cells.smallest.load(Relaxed), cells.largest.load(Relaxed));
        let before = std::mem::replace(&mut seen.extremes, run);
        // Only a gauge has extremes.
        if run == NONE || news.count == 0 && run == before {
            return;
        }
        let window = self.slab.window.load(Relaxed);
        news.extremes = Some(extremes_of_gauge(cells, window, (run, before)));
        news.last = Some(LastValue {
            at: cells.last_at.load(Relaxed),
            worker: self.worker,
            value: cells.last.load(Relaxed),
        });
    }

    /// Sums by label. A label that is numbered after the names were asked for is read the next time.
    fn labels(&mut self, slot: usize, news: &mut BTreeMap<Text, u64>) {
        let (Some(cells), Some(seen)) = (self.slab.labels(slot), self.labels.get_mut(slot)) else {
            return;
        };
        let names = self.names.labels(slot as u32);
        seen.resize(cells.0.len(), 0);
        let others = cells.0.len() - 1;
        for (number, (cell, seen)) in cells.0.iter().zip(seen).enumerate() {
            let name = match names.get(number) {
                Some(name) => name.clone(),
                None if number == others => Text::Static(OTHERS),
                None => continue,
            };
            let new = renew_wide(seen, cell.load(Relaxed));
            if new > 0 {
                *news.entry(name).or_default() += new;
            }
        }
    }

    fn outcomes(&mut self, slot: usize, news: &mut SlotFigures) {
        let range = slot * OUTCOMES..(slot + 1) * OUTCOMES;
        let (Some(cells), Some(seen)) = (
            self.slab.outcomes.get(range.clone()),
            self.outcomes.get_mut(range),
        ) else {
            return;
        };
        for outcome in Outcome::ALL {
            let index = outcome as usize;
            if let (Some(cell), Some(seen)) = (cells.get(index), seen.get_mut(index)) {
                news.add(outcome, u64::from(renew(seen, cell.load(Relaxed))));
            }
        }
    }

    /// Failures of all slots, by kind and in all. Those of a kind that is registered after the names were asked for are read
    /// the next time.
    fn failures(&mut self, interval: &mut Interval) {
        let names = self.names.kinds();
        self.failures
            .resize_with(names.len(), || vec![0; self.slab.slots()]);
        for ((kind, name), seen) in names.iter().enumerate().zip(&mut self.failures) {
            let cells = self.slab.of_kind(kind).iter().zip(seen);
            for (slot, (cell, seen)) in cells.enumerate() {
                let new = renew(seen, cell.load(Relaxed));
                if new > 0 {
                    let slot = interval.slots.entry(slot as u32).or_default();
                    slot.add(Outcome::Failed, u64::from(new));
                    *slot.kinds.entry(name.clone()).or_default() += u64::from(new);
                }
            }
        }
    }

    fn histogram(&mut self, slot: usize, news: &mut Histogram) {
        let has_few_slots = self.has_few_slots();
        let (Some(exact), Some(seen)) = (self.slab.exact.get(slot), self.seen.get_mut(slot)) else {
            return;
        };
        let rows = exact.touched.load(Relaxed);
        if rows == 0 {
            return;
        }
        let sum = exact.sum.load(Relaxed);
        news.sum += u128::from(sum.wrapping_sub(seen.sum));
        seen.sum = sum;
        let (mut known, mut fresh) = (0, Vec::new());
        for half in (0..HALVES).filter(|half| rows & (1 << (half / 2)) != 0) {
            for (column, cell) in self.slab.half(slot, half).iter().enumerate() {
                let count = cell.load(Relaxed);
                let bucket = (half * HALF + column) as u32;
                match seen.buckets.get_mut(known) {
                    Some((at, before)) if *at == bucket => {
                        known += 1;
                        let new = renew(before, count);
                        if new > 0 {
                            news.buckets.push((bucket, u64::from(new)));
                        }
                    }
                    _ if count > 0 => {
                        fresh.push((bucket, count));
                        news.buckets.push((bucket, u64::from(count)));
                    }
                    _ => {}
                }
            }
        }
        if !fresh.is_empty() {
            add_counts(&mut seen.buckets, &fresh);
            if has_few_slots {
                make_room(&mut seen.buckets);
            }
        }
        let now = (exact.smallest.load(Relaxed), exact.largest.load(Relaxed));
        news.extremes = extremes(news, now, std::mem::replace(&mut seen.extremes, now));
    }
}

/// Minimum and maximum of what is new, in thousandths. An extreme of the whole run that is new is exact; otherwise it is
/// the edge of a bucket, and never beyond the run's, so the merge of all readings has the run's own.
fn extremes(news: &Histogram, run: (u64, u64), before: (u64, u64)) -> Option<(u64, u64)> {
    let (mut smallest, mut largest) = NONE;
    if let (Some((first, _)), Some((last, _))) = (news.buckets.first(), news.buckets.last()) {
        smallest = (lowest(*first as usize) * 1_000).max(run.0);
        // The last bucket counts all that is larger, too.
        largest = match *last as usize {
            LAST => run.1,
            last => (highest(last) * 1_000 + 999).min(run.1),
        };
    }
    if run.0 < before.0 {
        smallest = run.0;
    }
    if run.1 > before.1 {
        largest = run.1;
    }
    match (smallest == NONE.0, largest == NONE.1) {
        (true, true) => None,
        // Only one of them is new, and its value is not counted yet.
        (true, false) => Some((largest, largest)),
        (false, _) => Some((smallest, largest.max(smallest))),
    }
}

/// Minimum and maximum of a gauge in a window that was just measured. The writer may have been between two cells, or have
/// begun its value in the window before: then the value that was set last stands for the window. An extreme of the whole
/// run that is new is one of the window, so the merge of all windows has the run's own.
fn extremes_of_gauge(
    cells: &ScalarCells,
    window: u64,
    (run, before): ((u64, u64), (u64, u64)),
) -> (u64, u64) {
    let last = cells.last.load(Relaxed);
    let (mut smallest, mut largest) = if cells.window.load(Relaxed) == window {
        let smallest = cells.window_smallest.load(Relaxed);
        (smallest, cells.window_largest.load(Relaxed).max(smallest))
    } else {
        (last, last)
    };
    if run.0 < before.0 {
        smallest = smallest.min(run.0);
    }
    if run.1 > before.1 {
        largest = largest.max(run.1);
    }
    (smallest, largest.max(smallest))
}

/// The difference to what was seen, which becomes what is.
fn renew_wide(seen: &mut u64, now: u64) -> u64 {
    now.wrapping_sub(std::mem::replace(seen, now))
}

/// The same of a cell that wraps at 32 bits.
fn renew(seen: &mut u32, now: u32) -> u32 {
    let new = now.wrapping_sub(*seen);
    // What is zero and stays so takes no memory while nobody writes it: failures of a kind that never occurs.
    if new > 0 {
        *seen = now;
    }
    new
}
