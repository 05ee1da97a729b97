//! The values of each second of a run -> how alike successive seconds are, and percentiles of windows of a few seconds.
//!
//! A percentile of a whole block moves with each pause of the target, and how many pauses fall into a block is chance. Of the
//! windows of a block only those move in which it pauses. So the others show a change that the block as a whole hides.

use super::shift::BLOCKS;
use super::values::{percentile, width};
use crate::buckets::{bucket, lowest};
use crate::interval::WHOLE;
use std::cmp::Ordering;

/// A window has so many values on the thin side of a percentile: fewer say little, and longer windows have more pauses.
const LEAST_BEYOND: f64 = 5.0;

/// A block has so many windows at least: the middle one of fewer moves with a pause as the block does.
const LEAST_WINDOWS: u64 = 4;

/// The second in which each value was measured.
#[derive(Debug)]
pub struct EachValue {
    /// How many seconds are judged.
    seconds: u64,
    /// Second, bucket and count.
    values: Vec<(u32, u32, u64)>,
}

impl EachValue {
    /// Of a run of so many seconds.
    pub fn new(seconds: usize) -> Self {
        Self {
            seconds: seconds as u64,
            values: Vec::new(),
        }
    }

    /// Adds `count` values of a bucket. Seconds come in their order.
    pub fn add(&mut self, second: u32, bucket: u32, count: u64) {
        self.values.push((second, bucket, count));
    }

    /// How many values of each second lie above `bound`; of the bucket in which it lies, the part above it.
    pub fn above(&self, bound: f64) -> Vec<f64> {
        let mut above = vec![0.0; self.seconds as usize];
        let around = bucket(bound as u64);
        let share = (lowest(around) as f64 + width(around) - bound) / width(around);
        for (second, bucket, count) in &self.values {
            let share = match (*bucket as usize).cmp(&around) {
                Ordering::Less => continue,
                Ordering::Equal => share,
                Ordering::Greater => 1.0,
            };
            if let Some(above) = above.get_mut(*second as usize) {
                *above += share * *count as f64;
            }
        }
        above
    }

    /// The logarithm of a percentile of each second; `None` where it has no values.
    pub fn levels(&self, millionths: u32) -> Vec<Option<f64>> {
        let mut levels = vec![None; self.seconds as usize];
        for of_second in self.values.chunk_by(|one, other| one.0 == other.0) {
            let level = of_second
                .first()
                .and_then(|one| levels.get_mut(one.0 as usize));
            if let Some(level) = level {
                *level = of_window(of_second, millionths).map(f64::ln);
            }
        }
        levels
    }

    /// The percentile of each window, by block; `None` where there are too few values for windows.
    pub fn windows(&self, millionths: u32) -> Option<[Vec<f64>; BLOCKS]> {
        let in_time = self
            .values
            .partition_point(|one| u64::from(one.0) < self.seconds);
        let values = self.values.get(..in_time)?;
        let count: u64 = values.iter().map(|one| one.2).sum();
        let thin = f64::from(millionths.min(WHOLE - millionths)) / f64::from(WHOLE);
        let beyond_a_second = count as f64 * thin / self.seconds as f64;
        let seconds = (LEAST_BEYOND / beyond_a_second).ceil().max(1.0) as u64;
        let windows = self.seconds / BLOCKS as u64 / seconds;
        if windows < LEAST_WINDOWS {
            return None;
        }
        let place = |second: u32| {
            let (block, first, length) = block_of(second, self.seconds);
            (block, (u64::from(second) - first) * windows / length)
        };
        let mut all = std::array::from_fn(|_| Vec::new());
        for together in values.chunk_by(|one, other| place(one.0) == place(other.0)) {
            let block = together.first().map(|one| place(one.0).0);
            let block: Option<&mut Vec<f64>> = block.and_then(|block| all.get_mut(block));
            if let Some(block) = block {
                block.extend(of_window(together, millionths));
            }
        }
        Some(all)
    }
}

fn of_window(values: &[(u32, u32, u64)], millionths: u32) -> Option<f64> {
    let mut counts: Vec<(u32, u64)> = values.iter().map(|one| (one.1, one.2)).collect();
    counts.sort_unstable();
    percentile(&counts, millionths)
}

/// The block of a second of a run of so many seconds, the first second of that block, and its length.
pub fn block_of(second: u32, seconds: u64) -> (usize, u64, u64) {
    let blocks = BLOCKS as u64;
    let block = (u64::from(second) * blocks / seconds.max(1)).min(blocks - 1);
    let first = |block: u64| (block * seconds).div_ceil(blocks);
    let length = first(block + 1) - first(block);
    (block as usize, first(block), length.max(1))
}

/// By how much a typical window of the new block lies above one of the old block: the median of all their differences (Hodges and
/// Lehmann, 1963). `None` where a block has no windows.
pub fn typical_shift(old: &[f64], new: &[f64]) -> Option<f64> {
    let pairs = new
        .iter()
        .flat_map(|new| old.iter().map(move |old| new.ln() - old.ln()));
    let mut differences: Vec<f64> = pairs.collect();
    differences.sort_unstable_by(f64::total_cmp);
    let middle = differences.len() / 2;
    let (low, high) = (
        differences.get((differences.len().checked_sub(1)?) / 2)?,
        differences.get(middle)?,
    );
    Some(f64::midpoint(*low, *high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten values a second, of which one is far above the others; second 7 is a pause.
    fn each() -> EachValue {
        let mut each = EachValue::new(150);
        for second in 0..160 {
            let more = if second == 7 { 100 } else { 0 };
            each.add(second, 50 + more, 9);
            each.add(second, 20 + more, 1);
        }
        each
    }

    #[test]
    fn a_window_is_as_long_as_its_percentile_needs() {
        // Half of ten values is enough for p50 of a second.
        let windows = each().windows(500_000).unwrap();
        assert!(windows.iter().all(|block| block.len() == 10));
        // Second 7 alone is moved.
        let high = windows[0].iter().filter(|one| **one > 100.0).count();
        assert_eq!(
            (high, windows[1].iter().any(|one| *one > 100.0)),
            (1, false)
        );
        // One value of ten above p90: five seconds, and so two windows a block, which are too few.
        assert_eq!(each().windows(900_000), None);
        // Two and a half seconds, so three: three windows a block.
        assert_eq!(each().windows(800_000), None);
        // Two seconds: five.
        let windows = each().windows(750_000).unwrap();
        assert!(windows.iter().all(|block| block.len() == 5));
        assert_eq!(EachValue::new(150).windows(500_000), None);
        assert_eq!(EachValue::new(0).windows(500_000), None);
    }

    #[test]
    fn a_pause_does_not_move_the_shift_of_typical_windows() {
        let old = [10.0, 10.0, 10.0, 20.0];
        let new = [11.0, 11.0, 11.0, 11.0];
        assert!((typical_shift(&old, &new).unwrap() - 1.1f64.ln()).abs() < 1e-12);
        assert!((typical_shift(&new, &old).unwrap() + 1.1f64.ln()).abs() < 1e-12);
        assert_eq!(typical_shift(&old, &[]), None);
    }

    #[test]
    fn seconds_without_values_have_no_level() {
        let mut each = EachValue::new(3);
        each.add(0, 100, 1);
        each.add(2, 100, 2);
        each.add(2, 90, 2);
        let levels = each.levels(950_000);
        assert_eq!(levels[1], None);
        assert!(
            (levels[2].unwrap() - 100.9f64.ln()).abs() < 0.01,
            "{levels:?}"
        );
    }

    #[test]
    fn blocks_are_as_long_as_seconds_allow() {
        assert_eq!(block_of(0, 300), (0, 0, 20));
        assert_eq!(block_of(20, 300), (1, 20, 20));
        assert_eq!(block_of(400, 300), (14, 280, 20));
        // 16 seconds in 15 blocks: the first one has two.
        let blocks: Vec<usize> = (0..16).map(|second| block_of(second, 16).0).collect();
        assert_eq!((blocks[0], blocks[1], blocks[15]), (0, 0, 14));
        assert_eq!(block_of(1, 16), (0, 0, 2));
    }
}
