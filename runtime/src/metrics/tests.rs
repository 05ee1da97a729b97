//! Nothing is lost between a thread's cells and what is reported; the `hdrhistogram` crate is the oracle of percentiles.

use super::*;
use bggo_metrics::buckets::LARGEST;
use bggo_metrics::{
    CheckLayout, CustomLayout, IterationLayout, LabelWarning, Measured, MetricKind, ResourceLayout,
    Scalar, StepLayout,
};
use bggo_values::Text;
use proptest::collection::vec;
use proptest::option;
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

/// Whether the page of a cell has memory, as the system tells of this process.
fn has_memory<T>(cell: &T) -> bool {
    use std::os::unix::fs::FileExt;
    let page = std::ptr::from_ref(cell).addr() / rustix::param::page_size();
    let mut entry = [0; 8];
    let map = std::fs::File::open("/proc/self/pagemap").unwrap();
    map.read_exact_at(&mut entry, page as u64 * 8).unwrap();
    u64::from_ne_bytes(entry) >> 63 == 1
}

#[test]
fn of_few_slots_a_used_one_takes_its_memory_at_its_first_value() {
    for (slots, is_whole) in [(64, true), (65, false)] {
        let mut bench = bench(slots);
        bench.recorder.time(3, Duration::from_micros(5));
        let slab = Arc::clone(bench.reader_slab());
        let with_memory = |slot: usize| {
            let halves = (0..26).map(|half| slab.half(slot, half));
            halves.filter(|half| has_memory(&half[0])).count()
        };
        let expected = if is_whole { 26 } else { 1 };
        assert_eq!((with_memory(3), with_memory(4)), (expected, 0));
        let first = taken(&mut bench);
        assert_eq!(first.slots[&3].histogram.buckets, [(5, 1)]);
        let room = bench.reader.room(3);
        assert_eq!(room >= 8_192, is_whole, "{room}");
    }
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
        bench.recorder.failed(0, bench.kinds.kind(kind));
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
fn in_each_reading_failures_are_as_many_as_their_kinds_while_a_thread_meets_new_ones() {
    const FAILURES: u64 = 400_000;
    /// So many failures are of a kind before a new one comes.
    const OF_A_KIND: u64 = 1_000;
    let Bench {
        recorder,
        mut reader,
        kinds,
    } = bench(4);
    let names: Vec<&'static str> = (0..FAILURES / OF_A_KIND)
        .map(|n| &*Box::leak(format!("kind_{n}").into_boxed_str()))
        .collect();
    let writer = std::thread::spawn(move || {
        for n in 0..FAILURES {
            let kind = kinds.kind(names[(n / OF_A_KIND) as usize]);
            recorder.failed((n % 4) as u32, kind);
        }
        names
    });
    let mut run = Interval::default();
    let mut read = |reader: &mut SlabReader| {
        let mut interval = Interval::default();
        reader.take(&mut interval);
        for (slot, figures) in &interval.slots {
            let kinds: u64 = figures.kinds.values().sum();
            assert_eq!(figures.count(Outcome::Failed), kinds, "slot {slot}");
        }
        run.merge(&interval);
    };
    while !writer.is_finished() {
        read(&mut reader);
    }
    let names = writer.join().unwrap();
    read(&mut reader);
    let slots = run.slots.values();
    let failed: u64 = slots.clone().map(|slot| slot.count(Outcome::Failed)).sum();
    assert_eq!(failed, FAILURES);
    for name in names {
        let of_kind = slots
            .clone()
            .filter_map(|slot| slot.kinds.get(&Text::Static(name)));
        assert_eq!(of_kind.sum::<u64>(), OF_A_KIND, "{name}");
    }
}

#[test]
fn more_kinds_than_a_page_of_them_are_told_apart() {
    let mut bench = bench(2);
    for n in 0..100 {
        let kind: &'static str = Box::leak(format!("kind_{n}").into_boxed_str());
        bench.recorder.failed(1, bench.kinds.kind(kind));
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

/// A moment, in nanoseconds.
fn at(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

#[test]
fn a_counter_is_an_exact_sum_of_64_bits_and_takes_no_page_of_a_histogram() {
    let mut bench = bench(2);
    bench.recorder.add(1, u64::from(u32::MAX));
    let mut run = taken(&mut bench);
    for n in [3, 5] {
        bench.recorder.add(1, n);
    }
    let second = taken(&mut bench);
    assert_eq!(second.slot(1).unwrap().scalar.sum(), 8);
    run.merge(&second);
    assert_eq!(run.slot(1).unwrap().scalar.sum(), (1 << 32) + 7);
    assert_eq!(taken(&mut bench), Interval::default());
    for number in 0..2 {
        bench.recorder.hit(number);
        bench.recorder.set(number, 7, at(1));
    }
    let touched = &bench.reader_slab().exact[1].touched;
    assert_eq!(touched.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn a_rate_is_hits_of_all() {
    let mut bench = bench(1);
    bench.recorder.hit(0);
    bench.recorder.miss(0);
    bench.recorder.miss(0);
    let rate = taken(&mut bench).slot(0).unwrap().scalar.clone();
    assert_eq!((rate.sum(), rate.count()), (1, 3));
    assert_eq!((rate.extremes(), rate.last()), (None, None));
}

#[test]
fn a_gauge_has_the_extremes_of_each_window_and_of_the_run_its_mean_and_its_last_value() {
    let mut bench = bench(1);
    let mut run = Interval::default();
    let windows: [&[u64]; 4] = [&[5, 9, 7], &[6], &[8, 2], &[0]];
    for (second, values) in (0..).zip(windows) {
        for (nth, value) in (0..).zip(values) {
            bench.recorder.set(0, *value, at(second * 10 + nth));
        }
        let window = taken(&mut bench);
        let gauge = &window.slot(0).unwrap().scalar;
        let extremes = (*values.iter().min().unwrap(), *values.iter().max().unwrap());
        assert_eq!(gauge.extremes(), Some(extremes));
        assert_eq!(gauge.last(), values.last().copied());
        run.merge(&window);
        // Nothing is set, and nothing is new.
        assert_eq!(taken(&mut bench), Interval::default());
    }
    let gauge = &run.slot(0).unwrap().scalar;
    assert_eq!((gauge.extremes(), gauge.last()), (Some((0, 9)), Some(0)));
    assert_eq!((gauge.count(), gauge.mean()), (7, Some(37.0 / 7.0)));
}

#[test]
fn of_several_workers_the_last_value_is_the_one_of_the_greatest_time_and_then_worker() {
    let mut benches = [0, 1].map(|worker| {
        let mut bench = bench(1);
        bench.reader = bench.reader.of_worker(worker);
        bench
    });
    let mut last = |sets: [(u64, u64); 2]| {
        let mut sum = Interval::default();
        for (bench, (time, value)) in benches.iter_mut().zip(sets) {
            bench.recorder.set(0, value, at(time));
            sum.merge(&taken(bench));
        }
        sum.slot(0).unwrap().scalar.last().unwrap()
    };
    assert_eq!(last([(10, 1), (9, 2)]), 1);
    assert_eq!(last([(11, 3), (12, 4)]), 4);
    assert_eq!(last([(13, 6), (13, 5)]), 5);
}

#[test]
fn a_label_has_a_sum_of_its_own_and_those_beyond_the_bound_are_counted_together() {
    let mut bench = bench(1);
    let add = |bench: &Bench, label: &str, n: u64| {
        let number = bench.kinds.label(0, label);
        bench.recorder.add_labelled(0, number, n);
    };
    add(&bench, "200", 3);
    add(&bench, "503", 1);
    add(&bench, "200", 4);
    let labels = taken(&mut bench).slot(0).unwrap().labels.clone();
    assert_eq!(labels, [("200".into(), 7), ("503".into(), 1)].into());
    for n in 0..100 {
        add(&bench, &format!("label {n}"), 1);
    }
    let labels = taken(&mut bench).slot(0).unwrap().labels.clone();
    assert_eq!((labels.len(), labels[&Text::Static("other")]), (63, 38));
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

/// What a gauge measured on one of three workers.
fn scalar() -> impl Strategy<Value = Scalar> {
    (vec(any::<u64>(), 0..4), any::<u64>(), 0u32..3).prop_map(|(values, time, worker)| {
        let mut bench = bench(1);
        bench.reader = bench.reader.of_worker(worker);
        for value in values {
            bench.recorder.set(0, value, at(time));
        }
        let slot = taken(&mut bench).slot(0).cloned();
        slot.map(|slot| slot.scalar).unwrap_or_default()
    })
}

fn interval() -> impl Strategy<Value = Interval> {
    let slot = (
        (0u32..4, vec(0..=LARGEST, 0..6)),
        (0u64..9, 0usize..3),
        (scalar(), any::<u64>()),
    );
    (vec(slot, 0..4), any::<u32>(), any::<u32>(), 0u64..9).prop_map(
        |(slots, from, length, users)| {
            let from = Duration::from_millis(from.into());
            let mut interval = Interval {
                span: Some((from, from + Duration::from_millis(length.into()))),
                users_begun: users,
                ..Interval::default()
            };
            for ((slot, values), (failed, kind), (scalar, labelled)) in slots {
                let mut one = SlotFigures::default();
                one.scalar = scalar;
                one.labels
                    .insert(["200", "503", "other"][kind].into(), labelled);
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

fn text() -> impl Strategy<Value = Text> {
    "\\PC{0,12}".prop_map(Text::from)
}

fn tags() -> impl Strategy<Value = Vec<(Text, Text)>> {
    vec((text(), text()), 0..3)
}

fn metrics() -> impl Strategy<Value = Vec<MetricLayout>> {
    let kind = prop_oneof![
        Just(MetricKind::Trend),
        Just(MetricKind::Counter),
        Just(MetricKind::Gauge),
        Just(MetricKind::Rate),
    ];
    let unit = prop_oneof![Just(Text::Static("time")), text()];
    let warning = (text(), any::<u32>(), text());
    let warning = warning.prop_map(|(prefix, over_millionths, text)| LabelWarning {
        prefix,
        over_millionths,
        text,
    });
    let label = (option::of(text()), option::of(warning));
    let about = (1..=u32::MAX, option::of(text()));
    let metric = (text(), unit, kind, label, about);
    let metric = metric.prop_map(|(name, unit, kind, label, about)| MetricLayout {
        name,
        unit: Unit::of(unit),
        kind,
        label: label.0,
        warning: label.1,
        scale: about.0,
        description: about.1,
    });
    vec(metric, 0..4)
}

fn layout() -> impl Strategy<Value = Layout> {
    let checks = (text(), any::<bool>());
    let checks = checks.prop_map(|(name, required)| CheckLayout { name, required });
    let step = (
        text(),
        vec(text(), 0..3),
        text(),
        tags(),
        metrics(),
        vec(checks, 0..3),
        0u32..99,
    );
    let step = step.prop_map(
        |(scenario, path, name, tags, metrics, checks, first)| StepLayout {
            scenario,
            path,
            name,
            tags,
            metrics,
            checks,
            first,
        },
    );
    let custom = (text(), tags(), metrics(), 0u32..99);
    let custom = custom.prop_map(|(scenario, tags, metrics, first)| {
        let metrics = metrics.into_iter().zip(first..);
        let custom = metrics.map(|(metric, slot)| CustomLayout {
            scenario: scenario.clone(),
            tags: tags.clone(),
            metric,
            slot,
        });
        custom.collect::<Vec<_>>()
    });
    let resource =
        (text(), metrics(), 0u32..99).prop_map(|(name, metrics, first)| ResourceLayout {
            name,
            metrics,
            first,
        });
    let iterations =
        (text(), tags(), 0u32..99).prop_map(|(scenario, tags, first)| IterationLayout {
            scenario,
            tags,
            first,
        });
    let iterations = (vec(iterations, 0..3), custom);
    (vec(step, 0..4), vec(resource, 0..3), iterations).prop_map(
        |(steps, resources, (iterations, custom))| Layout {
            warm_up_steps: steps.iter().take(1).cloned().collect(),
            warm_up_iterations: iterations.iter().take(1).cloned().collect(),
            warm_up_custom: custom.iter().take(1).cloned().collect(),
            steps,
            resources,
            iterations,
            custom,
        },
    )
}

/// Does with an interval and a layout, wherever they come from, all that an output does.
fn shown(layout: &Layout, interval: &Interval) {
    let mut sum = interval.clone();
    sum.merge(interval);
    for step in &layout.steps {
        let counts = step.counts(&sum).map_or(0, SlotFigures::ended);
        let passed = step.times(&sum).passed;
        let middle = passed.and_then(|times| times.time(WHOLE / 2));
        let times = passed.map(|times| (times.time_extremes(), times.mean_time()));
        let measured = step.measured(&sum).count();
        let judged = step.judged(&sum).count();
        std::hint::black_box((
            layout.full_name(step),
            counts,
            middle,
            times,
            measured,
            judged,
        ));
    }
    std::hint::black_box(layout.custom_figures(&sum));
    for resource in &layout.resources {
        for (_, measured) in resource.measured(&sum) {
            if let Measured::Gauge(gauge) = measured {
                std::hint::black_box((gauge.mean(), gauge.extremes()));
            }
        }
    }
    std::hint::black_box((sum.length(), sum.end()));
}

#[test]
fn what_another_version_wrote_or_what_is_cut_off_is_refused_with_its_place() {
    let bytes = Interval::default().to_bytes();
    assert_eq!(Interval::from_bytes(&bytes), Ok(Interval::default()));
    let refused = |bytes: &[u8]| Interval::from_bytes(bytes).unwrap_err().to_string();
    let mut newer = bytes.clone();
    newer[4] += 1;
    assert_eq!(
        refused(&newer),
        "these are no figures of this version of bggo: another beginning at byte 5"
    );
    assert!(refused(&bytes[..bytes.len() - 1]).contains("the end at byte"));
    assert!(refused(&[bytes.as_slice(), &[0]].concat()).contains("more than there should be"));
    assert!(refused(&Layout::default().to_bytes()).contains("another beginning"));
    // A length that no memory could hold is met by the end of the bytes.
    let mut long = bytes.clone();
    long.pop();
    long.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert!(refused(&long).contains("the end"));
}

proptest! {
    #[test]
    fn what_is_written_and_read_is_what_it_was_also_merged(a in interval(), b in interval()) {
        let read = |interval: &Interval| Interval::from_bytes(&interval.to_bytes()).unwrap();
        prop_assert_eq!(&read(&a), &a);
        prop_assert_eq!(merged(&read(&a), &read(&b)), merged(&a, &b));
        prop_assert_eq!(read(&merged(&a, &b)), merged(&a, &b));
    }

    #[test]
    fn a_layout_that_is_written_and_read_is_what_it_was(layout in layout()) {
        prop_assert_eq!(Layout::from_bytes(&layout.to_bytes()).unwrap(), layout);
    }

    #[test]
    fn bytes_that_were_changed_are_an_error_or_a_value_that_can_be_shown(
        (interval, layout) in (interval(), layout()),
        (place, byte) in (any::<prop::sample::Index>(), any::<u8>()),
    ) {
        let change = |mut bytes: Vec<u8>| {
            let place = place.index(bytes.len());
            bytes[place] = byte;
            bytes
        };
        let changed = Interval::from_bytes(&change(interval.to_bytes()));
        shown(&layout, changed.as_ref().unwrap_or(&interval));
        let changed = Layout::from_bytes(&change(layout.to_bytes()));
        shown(changed.as_ref().unwrap_or(&layout), &interval);
    }

    #[test]
    fn any_bytes_are_an_error_or_a_value_that_can_be_shown(
        bytes in vec(any::<u8>(), 0..200),
        layout in layout(),
    ) {
        let beginning = |what: u8| [b"bggo\x01".as_slice(), &[what], &bytes].concat();
        if let Ok(interval) = Interval::from_bytes(&beginning(b'I')) {
            shown(&layout, &interval);
        }
        if let Ok(layout) = Layout::from_bytes(&beginning(b'L')) {
            shown(&layout, &Interval::default());
        }
    }

    #[test]
    fn the_windows_of_a_gauge_merge_to_all_of_its_values(
        values in vec((any::<u64>(), any::<bool>()), 1..60),
    ) {
        let mut bench = bench(1);
        let mut sum = Interval::default();
        for (nth, (value, read)) in (0..).zip(&values) {
            bench.recorder.set(0, *value, at(nth));
            if *read {
                sum.merge(&taken(&mut bench));
            }
        }
        sum.merge(&taken(&mut bench));
        let gauge = &sum.slot(0).unwrap().scalar;
        let mut all = values.iter().map(|(value, _)| *value);
        let extremes = (all.clone().min().unwrap(), all.clone().max().unwrap());
        prop_assert_eq!(gauge.extremes(), Some(extremes));
        prop_assert_eq!((gauge.count(), gauge.last()), (values.len() as u64, all.next_back()));
    }

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
