//! A slab's reading end: takes what is new since the last time.
//!
//! What was seen is kept as a short list of buckets a slot, not as a copy of the slab, which would double the memory that
//! the thread touches. Cells wrap at 32 bits; what is new between two readings is far below that.

use super::buckets::{ROW, ROWS};
use super::interval::{Interval, Slot};
use super::kinds::Kinds;
use super::slab::{COUNTERS, Counter, Slab, of_kind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Reads one thread's slab.
#[derive(Debug)]
pub struct SlabReader {
    slab: Arc<Slab>,
    kinds: Arc<Kinds>,
    seen: Vec<Seen>,
    counters: Vec<u32>,
    users: [u32; 2],
}

#[derive(Debug, Default, Clone)]
struct Seen {
    buckets: Vec<(u32, u32)>,
    sum: u64,
}

impl SlabReader {
    /// Has seen nothing yet.
    pub fn new(slab: Arc<Slab>, kinds: Arc<Kinds>) -> Self {
        let slots = slab.slots();
        Self {
            slab,
            kinds,
            seen: vec![Seen::default(); slots],
            counters: vec![0; slots * COUNTERS],
            users: [0; 2],
        }
    }

    #[cfg(test)]
    pub(super) fn slab(&self) -> &Arc<Slab> {
        &self.slab
    }

    /// Adds to `interval` what is new.
    pub fn take(&mut self, interval: &mut Interval) {
        let [begun, ended] = &mut self.users;
        interval.users_begun += u64::from(renew(begun, self.slab.users[0].load(Relaxed)));
        interval.users_ended += u64::from(renew(ended, self.slab.users[1].load(Relaxed)));
        for slot in 0..self.slab.slots() {
            let mut news = Slot::default();
            self.counters(slot, &mut news);
            self.histogram(slot, &mut news);
            if news != Slot::default() {
                interval.slots.entry(slot as u32).or_default().merge(&news);
            }
        }
    }

    fn counters(&mut self, slot: usize, news: &mut Slot) {
        let range = slot * COUNTERS..(slot + 1) * COUNTERS;
        let (Some(cells), Some(seen)) = (
            self.slab.counters.get(range.clone()),
            self.counters.get_mut(range),
        ) else {
            return;
        };
        let mut new = |index: usize| match (cells.get(index), seen.get_mut(index)) {
            (Some(cell), Some(seen)) => u64::from(renew(seen, cell.load(Relaxed))),
            _ => 0,
        };
        for counter in Counter::ALL {
            news.add(counter, new(counter as usize));
        }
        if news.count(Counter::Failed) == 0 {
            return;
        }
        for (kind, name) in self.kinds.names().into_iter().enumerate() {
            let failures = new(of_kind(kind));
            if failures > 0 {
                *news.kinds.entry(name).or_default() += failures;
            }
        }
    }

    fn histogram(&mut self, slot: usize, news: &mut Slot) {
        let (Some(touched), Some(sum), Some(seen)) = (
            self.slab.touched.get(slot),
            self.slab.sums.get(slot),
            self.seen.get_mut(slot),
        ) else {
            return;
        };
        let rows = touched.load(Relaxed);
        if rows == 0 {
            return;
        }
        let sum = sum.load(Relaxed);
        news.histogram.sum += u128::from(sum.wrapping_sub(seen.sum));
        seen.sum = sum;
        let (mut known, mut fresh) = (0, Vec::new());
        for row in (0..ROWS).filter(|row| rows & (1 << row) != 0) {
            for (column, cell) in self.slab.row(slot, row).iter().enumerate() {
                let count = cell.load(Relaxed);
                let bucket = (row * ROW + column) as u32;
                match seen.buckets.get_mut(known) {
                    Some((at, before)) if *at == bucket => {
                        known += 1;
                        let new = renew(before, count);
                        if new > 0 {
                            news.histogram.buckets.push((bucket, u64::from(new)));
                        }
                    }
                    _ if count > 0 => {
                        fresh.push((bucket, count));
                        news.histogram.buckets.push((bucket, u64::from(count)));
                    }
                    _ => {}
                }
            }
        }
        if !fresh.is_empty() {
            seen.buckets.extend(fresh);
            seen.buckets.sort_unstable_by_key(|(bucket, _)| *bucket);
        }
    }
}

/// The difference to what was seen, which becomes what is.
fn renew(seen: &mut u32, now: u32) -> u32 {
    now.wrapping_sub(std::mem::replace(seen, now))
}
