//! Nothing is lost between a thread's cells and what is reported; the `hdrhistogram` crate is the oracle of percentiles.

use super::buckets::LARGEST;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

struct Bench {
    recorder: Recorder,
    reader: SlabReader,
    kinds: KnownKinds,
}

fn bench(slots: usize) -> Bench {
    let kinds = Arc::new(Kinds::default());
    let slab = Slab::new(slots).unwrap();
    Bench {
        recorder: Recorder::new(Arc::clone(&slab)),
        reader: SlabReader::new(slab, Arc::clone(&kinds)),
        kinds: KnownKinds::new(kinds),
    }
}

fn taken(bench: &mut Bench) -> Interval {
    let mut interval = Interval::default();
    bench.reader.take(&mut interval);
    interval
}

#[test]
fn a_reading_takes_only_what_is_new() {
    let mut bench = bench(2);
    bench.recorder.time(1, Duration::from_micros(5));
    bench.recorder.count(1, Counter::Passed);
    bench.recorder.user_begins();
    let first = taken(&mut bench);
    assert_eq!(first.users_begun, 1);
    assert!(first.slot(0).is_none());
    assert_eq!(first.slot(1).unwrap().histogram.buckets, [(5, 1)]);
    assert_eq!(taken(&mut bench), Interval::default());
    bench.recorder.time(1, Duration::from_micros(3));
    bench.recorder.time(1, Duration::from_micros(5));
    assert_eq!(
        taken(&mut bench).slot(1).unwrap().histogram.buckets,
        [(3, 1), (5, 1)]
    );
}

#[test]
fn cells_that_wrap_lose_nothing() {
    let mut bench = bench(1);
    let slab = Arc::clone(bench.reader_slab());
    slab.counters[Counter::Passed as usize].store(u32::MAX, std::sync::atomic::Ordering::Relaxed);
    let _ = taken(&mut bench);
    for _ in 0..3 {
        bench.recorder.count(0, Counter::Passed);
    }
    assert_eq!(taken(&mut bench).slot(0).unwrap().count(Counter::Passed), 3);
}

#[test]
fn failures_are_told_apart_by_kind() {
    let mut bench = bench(1);
    for kind in ["connect", "timeout", "connect"] {
        bench.recorder.count(0, Counter::Failed);
        bench.recorder.kind(0, bench.kinds.number(kind));
    }
    let kinds = taken(&mut bench).slot(0).unwrap().kinds.clone();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [("connect", 2), ("timeout", 1)]
    );
}

#[test]
fn the_sum_is_exact_and_the_mean_with_it() {
    let mut bench = bench(1);
    bench.recorder.time(0, Duration::from_nanos(1_234_567_891));
    bench.recorder.time(0, Duration::from_nanos(1));
    assert_eq!(
        taken(&mut bench).slot(0).unwrap().histogram.mean_time(),
        Some(Duration::from_nanos(617_283_946))
    );
}

#[test]
fn a_slot_that_was_not_announced_is_left_out() {
    let mut bench = bench(1);
    bench.recorder.time(7, Duration::from_micros(1));
    bench.recorder.count(7, Counter::Passed);
    assert_eq!(taken(&mut bench), Interval::default());
}

impl Bench {
    fn reader_slab(&self) -> &Arc<Slab> {
        self.reader.slab()
    }
}

fn histogram(values: &[u64]) -> Histogram {
    let mut bench = bench(1);
    for value in values {
        bench.recorder.value(0, *value);
    }
    taken(&mut bench)
        .slot(0)
        .map(|slot| slot.histogram.clone())
        .unwrap_or_default()
}

fn interval() -> impl Strategy<Value = Interval> {
    let slot = (0u32..4, vec(0..=LARGEST, 0..6), 0u64..9, 0usize..3);
    (vec(slot, 0..4), any::<u32>(), any::<u32>(), 0u64..9).prop_map(
        |(slots, from, length, users)| {
            let from = Duration::from_millis(from.into());
            let mut interval = Interval {
                span: Some((from, from + Duration::from_millis(length.into()))),
                users_begun: users,
                ..Interval::default()
            };
            for (slot, values, failed, kind) in slots {
                let mut one = Slot::default();
                one.histogram = histogram(&values);
                one.add(Counter::Passed, values.len() as u64);
                one.add(Counter::Failed, failed);
                one.kinds
                    .insert(["connect", "timeout", "value"][kind], failed);
                interval.slots.entry(slot).or_default().merge(&one);
            }
            interval
        },
    )
}

fn merged(one: &Interval, other: &Interval) -> Interval {
    let mut sum = one.clone();
    sum.merge(other);
    sum
}

proptest! {
    #[test]
    fn merging_does_not_care_about_order(a in interval(), b in interval(), c in interval()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(merged(&a, &Interval::default()), a);
    }

    #[test]
    fn a_merge_is_what_one_histogram_of_all_values_would_be(a in vec(0..=LARGEST, 0..200), b in vec(0..=LARGEST, 0..200)) {
        let mut sum = histogram(&a);
        sum.merge(&histogram(&b));
        prop_assert_eq!(sum, histogram(&[a, b].concat()));
    }

    #[test]
    fn percentiles_are_those_of_hdrhistogram(values in vec(0..=LARGEST, 1..300), rank in 1u64..300) {
        let mut oracle = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LARGEST, 3).unwrap();
        for value in &values {
            oracle.record(*value).unwrap();
        }
        let ours = histogram(&values);
        prop_assert_eq!(ours.count(), oracle.len());
        prop_assert_eq!(ours.quantile(10_000), Some(oracle.max()));
        prop_assert_eq!(ours.quantile(0), Some(oracle.highest_equivalent(oracle.min())));
        // The oracle takes a quantile as a float and may round a rank up; half a rank below keeps both on the same value.
        let total = values.len() as u64;
        let rank = rank.min(total);
        let per_10_000 = ((rank * 10_000 - 5_000) / total) as u32;
        prop_assert_eq!(ours.quantile(per_10_000), Some(oracle.value_at_quantile(f64::from(per_10_000) / 10_000.0)));
    }

    #[test]
    fn readings_in_between_change_nothing(values in vec((0..=LARGEST, any::<bool>()), 0..200)) {
        let mut bench = bench(1);
        let mut sum = Interval::default();
        for (value, read) in &values {
            bench.recorder.value(0, *value);
            if *read {
                sum.merge(&taken(&mut bench));
            }
        }
        sum.merge(&taken(&mut bench));
        let all: Vec<u64> = values.iter().map(|(value, _)| *value).collect();
        prop_assert_eq!(sum.slot(0).map(|slot| slot.histogram.clone()).unwrap_or_default(), histogram(&all));
    }
}
