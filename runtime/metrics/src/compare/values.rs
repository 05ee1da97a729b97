//! Values by bucket -> percentiles that are finer than a bucket.
//!
//! The figures of a report are upper edges of buckets. Blocks of two runs that are equally fast would often have the very same
//! edges, and a comparison by ranks would take that for certainty. So a percentile lies within its bucket here, as far in as its
//! rank does.

use crate::buckets::{ROW, ROWS, highest, lowest};
use crate::interval::WHOLE;

/// Counts of buckets. A row of buckets takes memory when a value falls into it.
#[derive(Debug, Default)]
pub struct Values {
    rows: [Option<Box<Row>>; ROWS],
    count: u64,
}

#[derive(Debug)]
struct Row {
    buckets: [u64; ROW],
    count: u64,
}

impl Values {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds `count` values of a bucket. There is no bucket beyond the last one, so nothing is counted there.
    pub fn add(&mut self, bucket: u32, count: u64) {
        let bucket = bucket as usize;
        let Some(row) = self.rows.get_mut(bucket / ROW) else {
            return;
        };
        let row = row.get_or_insert_with(|| {
            Box::new(Row {
                buckets: [0; ROW],
                count: 0,
            })
        });
        row.buckets[bucket % ROW] += count;
        row.count += count;
        self.count += count;
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (row, more) in other.rows.iter().enumerate() {
            let Some(more) = more else { continue };
            for (bucket, count) in more.buckets.iter().enumerate() {
                if *count > 0 {
                    self.add((row * ROW + bucket) as u32, *count);
                }
            }
        }
    }

    /// The value below which `millionths` of all lie, in what the buckets count (microseconds of times); `None` of no values.
    pub fn percentile(&self, millionths: u32) -> Option<f64> {
        let rank = self.count as f64 * f64::from(millionths) / f64::from(WHOLE);
        let mut below = 0;
        for (number, row) in self.rows.iter().enumerate() {
            let Some(row) = row else { continue };
            if ((below + row.count) as f64) < rank {
                below += row.count;
                continue;
            }
            for (bucket, count) in row.buckets.iter().enumerate() {
                if *count == 0 {
                    continue;
                }
                if (below + count) as f64 >= rank {
                    let bucket = number * ROW + bucket;
                    return Some(within(bucket, (rank - below as f64) / *count as f64));
                }
                below += count;
            }
        }
        None
    }
}

/// The value below which `millionths` of all lie, of a few counts whose buckets ascend.
pub fn percentile(counts: &[(u32, u64)], millionths: u32) -> Option<f64> {
    let count: u64 = counts.iter().map(|(_, count)| count).sum();
    let rank = count as f64 * f64::from(millionths) / f64::from(WHOLE);
    let mut below = 0;
    for (bucket, count) in counts {
        if *count > 0 && (below + count) as f64 >= rank {
            return Some(within(
                *bucket as usize,
                (rank - below as f64) / *count as f64,
            ));
        }
        below += count;
    }
    None
}

/// The value that lies so far within a bucket, from 0 to 1.
fn within(bucket: usize, share: f64) -> f64 {
    lowest(bucket) as f64 + width(bucket) * share
}

/// How many values a bucket does not tell apart.
pub fn width(bucket: usize) -> f64 {
    (highest(bucket) - lowest(bucket) + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buckets::bucket;
    use proptest::prelude::*;

    fn values(all: &[u64]) -> Values {
        let mut values = Values::default();
        for value in all {
            values.add(bucket(*value) as u32, 1);
        }
        values
    }

    #[test]
    fn a_percentile_lies_as_far_within_its_bucket_as_its_rank() {
        let mut values = Values::default();
        assert_eq!(values.percentile(500_000), None);
        values.add(100, 4);
        // Four values from 100 to 101: half of them lie below 100.5.
        assert_eq!(values.percentile(500_000), Some(100.5));
        assert_eq!(values.percentile(999_999).map(f64::round), Some(101.0));
        values.add(u32::MAX, 1);
        assert_eq!(values.count(), 4);
    }

    proptest! {
        #[test]
        fn a_percentile_is_that_of_the_sorted_values_within_a_bucket(
            all in proptest::collection::vec(0u64..10_000_000, 1..300),
            millionths in 1u32..WHOLE,
        ) {
            let mut sorted = all.clone();
            sorted.sort_unstable();
            let rank = (all.len() as u64 * u64::from(millionths)).div_ceil(u64::from(WHOLE)) as usize;
            let exact = bucket(sorted[rank.max(1) - 1]);
            let found = values(&all).percentile(millionths).unwrap();
            prop_assert!(lowest(exact) as f64 <= found && found <= highest(exact) as f64 + 1.0);
            let counts: Vec<(u32, u64)> = sorted.iter().map(|value| (bucket(*value) as u32, 1)).collect();
            let merged = counts.chunk_by(|one, other| one.0 == other.0);
            let merged: Vec<(u32, u64)> = merged.map(|same| (same[0].0, same.len() as u64)).collect();
            prop_assert_eq!(percentile(&merged, millionths), Some(found));
        }

        #[test]
        fn merged_values_are_those_of_both(
            one in proptest::collection::vec(0u64..1_000_000, 0..100),
            other in proptest::collection::vec(0u64..1_000_000, 1..100),
        ) {
            let mut merged = values(&one);
            merged.merge(&values(&other));
            let joined = values(&[one, other].concat());
            prop_assert_eq!(merged.count(), joined.count());
            for millionths in [1, 500_000, 950_000, 999_999] {
                prop_assert_eq!(merged.percentile(millionths), joined.percentile(millionths));
            }
        }
    }
}
