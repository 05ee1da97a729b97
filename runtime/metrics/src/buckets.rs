//! The bucket layout of HdrHistogram for 1 to 3,600,000,000 (1 us to 1 h) with 3 significant digits.
//!
//! Values below 2,048 have a bucket each; from there on each doubling is cut into 1,024 buckets. That makes 23 rows of
//! 1,024 buckets, and a row of `u32` is exactly one page of memory: what is never recorded is never touched.

/// Buckets of a row; a row of `u32` fills a page.
pub const ROW: usize = 1024;
/// Rows of a histogram.
pub const ROWS: usize = 23;
/// Buckets of a histogram.
pub const BUCKETS: usize = ROW * ROWS;
/// The largest value that is told apart; larger ones are counted as this one.
pub const LARGEST: u64 = 3_600_000_000;

/// The bucket of the largest value and of all that is larger.
pub const LAST: usize = bucket(LARGEST);

const SUB_BITS: u32 = 11;

/// The bucket that counts `value`.
#[inline]
pub const fn bucket(value: u64) -> usize {
    let value = if value > LARGEST { LARGEST } else { value };
    let shift = (u64::BITS - (value | ((1 << SUB_BITS) - 1)).leading_zeros()) - SUB_BITS;
    ((shift as usize) << (SUB_BITS - 1)) + (value >> shift) as usize
}

/// The largest value that `bucket` counts, as HdrHistogram reports it.
#[inline]
pub const fn highest(bucket: usize) -> u64 {
    let row = bucket >> (SUB_BITS - 1);
    let shift = if row == 0 { 0 } else { row as u32 - 1 };
    let sub = (bucket - ((shift as usize) << (SUB_BITS - 1))) as u64;
    ((sub + 1) << shift) - 1
}

/// The smallest value that `bucket` counts.
#[inline]
pub const fn lowest(bucket: usize) -> u64 {
    if bucket == 0 {
        0
    } else {
        highest(bucket - 1) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_range_needs_exactly_the_rows_there_are() {
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(2047), 2047);
        assert_eq!(bucket(LARGEST) / ROW, ROWS - 1);
        assert_eq!(bucket(u64::MAX), bucket(LARGEST));
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_values_within_three_digits(value in 0..=LARGEST) {
            let bucket = bucket(value);
            prop_assert!(bucket < BUCKETS);
            prop_assert!(lowest(bucket) <= value && value <= highest(bucket));
            prop_assert!((highest(bucket) - lowest(bucket)) * 1000 <= value.max(1000));
        }

        #[test]
        fn buckets_go_by_size(a in 0..=LARGEST, b in 0..=LARGEST) {
            prop_assert_eq!(bucket(a) < bucket(b), highest(bucket(a)) < lowest(bucket(b)));
        }

        #[test]
        fn edges_are_those_of_hdrhistogram(value in 1..=LARGEST) {
            let oracle = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LARGEST, 3).unwrap();
            prop_assert_eq!(highest(bucket(value)), oracle.highest_equivalent(value));
            prop_assert_eq!(lowest(bucket(value)), oracle.lowest_equivalent(value));
            prop_assert_eq!(oracle.distinct_values(), BUCKETS);
        }
    }
}
