//! A histogram to the text that the log format of HdrHistogram has for one, and back (feature `tools`).
//!
//! ```text
//! base64 of: cookie, length, and a zlib stream of: cookie, length, header, counts
//!   counts   each a whole number in zigzag LEB128, from the bucket of the smallest value on; -n stands for n empty buckets
//! ```
//!
//! [`buckets`](crate::buckets) are numbered as HdrHistogram numbers them, so a count goes where it is. Sum and extremes have
//! no place there and stand beside it in the file.

use super::deflate::zlib;
#[cfg(feature = "tools")]
use crate::buckets::BUCKETS;
use crate::buckets::LARGEST;
use crate::interval::Histogram;
#[cfg(feature = "tools")]
use bggo_values::base64::from_base64;
use bggo_values::base64::to_base64;

/// What the payload begins with: V2, counts in LEB128.
const COOKIE: u32 = 0x1c84_9313;
/// What the whole begins with.
const COMPRESSED_COOKIE: u32 = 0x1c84_9314;
/// Significant digits.
const DIGITS: u32 = 3;
const HEADER: usize = 40;

/// The text.
pub fn encode(histogram: &Histogram) -> String {
    let counts = counts(histogram);
    let mut payload = Vec::with_capacity(HEADER + counts.len());
    payload.extend(COOKIE.to_be_bytes());
    payload.extend((counts.len() as u32).to_be_bytes());
    // No normalizing offset.
    payload.extend(0u32.to_be_bytes());
    payload.extend(DIGITS.to_be_bytes());
    payload.extend(1u64.to_be_bytes());
    payload.extend(LARGEST.to_be_bytes());
    // A whole number stands for itself.
    payload.extend(1f64.to_be_bytes());
    payload.extend(counts);
    let stream = zlib(&payload);
    let mut bytes = Vec::with_capacity(8 + stream.len());
    bytes.extend(COMPRESSED_COOKIE.to_be_bytes());
    bytes.extend((stream.len() as u32).to_be_bytes());
    bytes.extend(stream);
    to_base64(&bytes)
}

fn counts(histogram: &Histogram) -> Vec<u8> {
    let (mut out, mut next) = (Vec::new(), 0);
    for (bucket, count) in &histogram.buckets {
        match bucket - next {
            0 => {}
            // One empty bucket is the count 0: a run of one is not written by the others either.
            1 => zigzag(&mut out, 0),
            empty => zigzag(&mut out, -i64::from(empty)),
        }
        // No count is near this: so many nanoseconds are centuries.
        zigzag(&mut out, i64::try_from(*count).unwrap_or(i64::MAX));
        next = bucket + 1;
    }
    out
}

/// A number in zigzag LEB128 as HdrHistogram has it: of 9 bytes at most, the last of which has 8 bits.
fn zigzag(out: &mut Vec<u8>, number: i64) {
    let mut rest = (number << 1 ^ number >> 63) as u64;
    for _ in 0..8 {
        if rest < 0x80 {
            break;
        }
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// The most bytes that counts can take: more is no histogram of ours.
#[cfg(feature = "tools")]
const MOST_BYTES: usize = HEADER + 9 * BUCKETS;
/// What is counted in a bucket is never more: 1,000 hosts of such a count still add up.
#[cfg(feature = "tools")]
const LARGEST_COUNT: u64 = 1 << 53;

/// The buckets of a histogram whose text this is; `None` where it is none of ours.
#[cfg(feature = "tools")]
pub fn decode(text: &str) -> Option<Vec<(u32, u64)>> {
    let bytes = from_base64(text)?;
    let (cookie, rest) = number(&bytes)?;
    let (length, stream) = number(rest)?;
    if cookie != COMPRESSED_COOKIE || length as usize != stream.len() {
        return None;
    }
    let payload =
        miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(stream, MOST_BYTES).ok()?;
    let (cookie, rest) = number(&payload)?;
    let (length, rest) = number(rest)?;
    let (offset, rest) = number(rest)?;
    let (digits, _) = number(rest)?;
    let counts = payload.get(HEADER..)?;
    if (cookie, offset, digits) != (COOKIE, 0, DIGITS) || length as usize != counts.len() {
        return None;
    }
    read_counts(counts)
}

/// The number at the beginning, and what follows.
#[cfg(feature = "tools")]
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

#[cfg(feature = "tools")]
fn read_counts(mut bytes: &[u8]) -> Option<Vec<(u32, u64)>> {
    let (mut buckets, mut next, mut all) = (Vec::new(), 0u64, 0u64);
    while !bytes.is_empty() {
        let (number, rest) = read_zigzag(bytes)?;
        bytes = rest;
        if number > 0 {
            let bucket = u32::try_from(next).ok()?;
            all = all.checked_add(number.unsigned_abs())?;
            buckets.push((bucket, number.unsigned_abs()));
        }
        next += if number < 0 { number.unsigned_abs() } else { 1 };
        if next > BUCKETS as u64 || all > LARGEST_COUNT {
            return None;
        }
    }
    Some(buckets)
}

#[cfg(feature = "tools")]
fn read_zigzag(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        let is_last = place == 8;
        let part = if is_last { *byte } else { byte & 0x7f };
        number |= u64::from(part) << (7 * place);
        if is_last || byte & 0x80 == 0 {
            let signed = (number >> 1) as i64 ^ -((number & 1) as i64);
            return Some((signed, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
#[cfg(feature = "tools")]
mod tests {
    use super::*;
    use crate::buckets::{LAST, bucket, lowest};
    use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn histogram(values: &[u64]) -> Histogram {
        let mut buckets = BTreeMap::new();
        for value in values {
            *buckets.entry(bucket(*value) as u32).or_default() += 1;
        }
        Histogram {
            buckets: buckets.into_iter().collect(),
            ..Histogram::default()
        }
    }

    fn oracle(text: &str) -> hdrhistogram::Histogram<u64> {
        let bytes = from_base64(text).unwrap();
        Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .unwrap()
    }

    #[test]
    fn the_largest_bucket_and_the_largest_count_come_back() {
        let all = Histogram {
            buckets: vec![
                (0, 1),
                (2, 1 << 40),
                (LAST as u32, LARGEST_COUNT - (1 << 41)),
            ],
            ..Histogram::default()
        };
        let text = encode(&all);
        assert_eq!(decode(&text), Some(all.buckets));
        assert_eq!(oracle(&text).count_at(LARGEST), LARGEST_COUNT - (1 << 41));
    }

    #[test]
    fn nothing_that_is_no_histogram_of_ours_is_read() {
        let text = encode(&histogram(&[1, 20_000]));
        for end in 0..text.len() {
            assert_eq!(decode(&text[..end]), None, "{end} letters");
        }
        assert_eq!(decode("HISTFAAAAA=="), None);
        let far = Histogram {
            buckets: vec![(BUCKETS as u32, 1)],
            ..Histogram::default()
        };
        assert_eq!(decode(&encode(&far)), None);
        let many = Histogram {
            buckets: vec![(0, LARGEST_COUNT), (1, 1)],
            ..Histogram::default()
        };
        assert_eq!(decode(&encode(&many)), None);
    }

    proptest! {
        #[test]
        fn a_histogram_comes_back_and_hdrhistogram_reads_the_same(
            values in proptest::collection::vec(
                prop_oneof![0..100u64, 0..50_000u64, 0..=LARGEST], 0..2_000)
        ) {
            let histogram = histogram(&values);
            let text = encode(&histogram);
            prop_assert_eq!(decode(&text), Some(histogram.buckets.clone()));
            let oracle = oracle(&text);
            prop_assert_eq!(oracle.len(), values.len() as u64);
            for (bucket, count) in histogram.buckets {
                prop_assert_eq!(oracle.count_at(lowest(bucket as usize)), count);
            }
        }

        #[test]
        fn what_hdrhistogram_writes_is_read(values in proptest::collection::vec(0..=LARGEST, 1..500)) {
            let mut theirs = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LARGEST, 3).unwrap();
            for value in &values {
                theirs.record(*value).unwrap();
            }
            let mut bytes = Vec::new();
            let mut serializer = V2DeflateSerializer::new();
            hdrhistogram::serialization::Serializer::serialize(&mut serializer, &theirs, &mut bytes).unwrap();
            prop_assert_eq!(decode(&to_base64(&bytes)), Some(histogram(&values).buckets));
        }

        #[test]
        fn no_bytes_end_the_reader_badly(bytes in proptest::collection::vec(0..=255u8, 0..300)) {
            // Whatever the answer is, it is one.
            let _ = read_counts(&bytes);
            prop_assert!(decode(&to_base64(&bytes)).is_none());
        }
    }
}
