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
    kinds: KnownNames,
}

fn bench(slots: usize) -> Bench {
    let kinds = Arc::new(RunNames::default());
    let slab = Slab::new(slots).unwrap();
    Bench {
        recorder: Recorder::new(Arc::clone(&slab)),
        reader: SlabReader::new(slab, Arc::clone(&kinds)),
        kinds: KnownNames::new(kinds),
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
    bench.recorder.count(1, Outcome::Passed);
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
    slab.outcomes[Outcome::Passed as usize].store(u32::MAX, std::sync::atomic::Ordering::Relaxed);
    let _ = taken(&mut bench);
    for _ in 0..3 {
        bench.recorder.count(0, Outcome::Passed);
    }
    assert_eq!(taken(&mut bench).slot(0).unwrap().count(Outcome::Passed), 3);
}

#[test]
fn failures_are_told_apart_by_kind() {
    let mut bench = bench(1);
    for kind in ["connect", "timeout", "connect"] {
        bench.recorder.count(0, Outcome::Failed);
        bench.recorder.kind(0, bench.kinds.kind(kind));
    }
    let kinds = taken(&mut bench).slot(0).unwrap().kinds.clone();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [("connect".into(), 2), ("timeout".into(), 1)]
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
fn minimum_and_maximum_of_the_run_are_exact_however_it_is_read() {
    let mut bench = bench(1);
    let mut run = Interval::default();
    // Values of one bucket each, whose edges are 1,234,944 and 1,235,455 us for the first three.
    for micros in [1_235_000, 1_235_300, 1_235_100, 5_000_001] {
        bench.recorder.time(0, Duration::from_micros(micros));
        let part = taken(&mut bench);
        let (_, largest) = part.slot(0).unwrap().histogram.time_extremes().unwrap();
        assert!(largest <= Duration::from_micros(micros.max(1_235_300)));
        run.merge(&part);
    }
    let histogram = &run.slot(0).unwrap().histogram;
    let exact = (
        Duration::from_micros(1_235_000),
        Duration::from_micros(5_000_001),
    );
    assert_eq!(histogram.time_extremes(), Some(exact));
    assert_eq!(histogram.time(WHOLE), Some(exact.1));
}

#[test]
fn a_percentile_may_have_as_many_nines_as_values_are_there() {
    let mut bench = bench(1);
    for _ in 0..99_999 {
        bench.recorder.value(0, 10);
    }
    bench.recorder.value(0, 2_000);
    let histogram = taken(&mut bench).slot(0).unwrap().histogram.clone();
    assert_eq!(histogram.quantile(999_990), Some(10));
    assert_eq!(histogram.quantile(999_991), Some(2_000));
}

#[test]
fn the_mean_of_a_metric_is_of_its_own_unit_also_where_that_is_a_time() {
    let mut bench = bench(1);
    for micros in [1_000, 3_000] {
        bench.recorder.value(0, micros);
    }
    let histogram = taken(&mut bench).slot(0).unwrap().histogram.clone();
    assert_eq!(histogram.mean(), Some(2_000.0));
    assert_eq!(histogram.mean_time(), Some(Duration::from_millis(2)));
}

#[test]
fn a_kind_that_is_counted_after_its_failure_was_read_is_not_lost() {
    let mut bench = bench(1);
    bench.recorder.count(0, Outcome::Failed);
    let mut run = taken(&mut bench);
    assert!(run.slot(0).unwrap().kinds.is_empty());
    bench.recorder.kind(0, bench.kinds.kind("timeout"));
    run.merge(&taken(&mut bench));
    let slot = run.slot(0).unwrap();
    assert_eq!(slot.count(Outcome::Failed), 1);
    assert_eq!(slot.kinds, [("timeout".into(), 1)].into());
}

#[test]
fn more_kinds_than_a_page_of_them_are_told_apart() {
    let mut bench = bench(2);
    for n in 0..100 {
        let kind: &'static str = Box::leak(format!("kind_{n}").into_boxed_str());
        bench.recorder.kind(1, bench.kinds.kind(kind));
    }
    let kinds = taken(&mut bench).slot(1).unwrap().kinds.clone();
    assert_eq!(kinds.len(), 100);
    assert_eq!(kinds.values().sum::<u64>(), 100);
}

#[test]
fn addresses_without_memory_are_no_promise_of_the_system() {
    // 30,000 metrics are 2.8 GB of addresses; sixteen threads of them are more than most machines have of memory.
    let slabs: Vec<_> = (0..16).map(|_| Slab::new(30_000).unwrap()).collect();
    for slab in &slabs {
        Recorder::new(Arc::clone(slab)).time(29_999, Duration::from_micros(1));
    }
    let refused = Slab::new(usize::MAX / 8).unwrap_err().to_string();
    assert!(refused.contains("--threads"), "{refused}");
}

#[test]
fn a_slot_that_was_not_announced_is_left_out() {
    let mut bench = bench(1);
    bench.recorder.time(7, Duration::from_micros(1));
    bench.recorder.count(7, Outcome::Passed);
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
                one.add(Outcome::Passed, values.len() as u64);
                one.add(Outcome::Failed, failed);
                one.kinds
                    .insert(["connect", "timeout", "value"][kind].into(), failed);
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
        let (smallest, largest) = (*values.iter().min().unwrap(), *values.iter().max().unwrap());
        let ours = histogram(&values);
        prop_assert_eq!(ours.count(), oracle.len());
        // The oracle knows edges of buckets, we know the maximum.
        prop_assert_eq!(ours.quantile(WHOLE), Some(largest));
        prop_assert_eq!(ours.quantile(0), Some(oracle.highest_equivalent(smallest).min(largest)));
        prop_assert_eq!(ours.extremes(), Some((smallest, largest)));
        // The oracle takes a quantile as a float and may round a rank up; half a rank below keeps both on the same value.
        let total = values.len() as u64;
        let rank = rank.min(total);
        let millionths = ((rank * u64::from(WHOLE) - u64::from(WHOLE) / 2) / total) as u32;
        let theirs = oracle.value_at_quantile(f64::from(millionths) / f64::from(WHOLE));
        prop_assert_eq!(ours.quantile(millionths), Some(theirs.min(largest)));
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
