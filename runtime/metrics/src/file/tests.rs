//! The format as a whole: written, read, cut at each byte, merged.

use super::*;
use crate::address::Quantity;
use crate::buckets::{bucket, highest, lowest};
use crate::condition::{Address, Condition, OnFail, Statistic, Subject, Term};
use crate::interval::{Histogram, Interval, LastValue, Scalar, SlotFigures};
use crate::layout::{
    CheckLayout, CustomLayout, IterationLayout, MetricKind, MetricLayout, ResourceLayout,
    StepLayout, Unit,
};
use crate::outcome::Outcome;
use crate::search::{SearchEnd, SearchStep, Searched, StepCame};
use crate::verdict::Reading;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Cursor;

/// Slots of the layout below.
const SLOTS: u32 = 28;

fn layout() -> Layout {
    let metric = |name: &'static str, kind| MetricLayout {
        name: Text::Static(name),
        unit: Unit::Time,
        kind,
        scale: 1,
        description: None,
        label: None,
        warning: None,
    };
    let tags = || vec![(Text::Static("team"), Text::Static("a, b"))];
    let iterations = |first| IterationLayout {
        scenario: Text::Static("main"),
        tags: tags(),
        first,
    };
    let custom = |name, kind, slot| CustomLayout {
        scenario: Text::Static("main"),
        tags: tags(),
        metric: metric(name, kind),
        slot,
    };
    Layout {
        steps: vec![StepLayout {
            scenario: Text::Static("main"),
            path: vec![Text::Static("log in")],
            name: Text::Static("http_request.home"),
            tags: tags(),
            metrics: vec![
                metric("time_to_first_byte", MetricKind::Trend),
                metric("answers", MetricKind::Counter),
            ],
            checks: ["is 200", "has a \"name\""]
                .map(|name| CheckLayout {
                    name: Text::Static(name),
                    required: false,
                })
                .to_vec(),
            first: 0,
        }],
        resources: vec![ResourceLayout {
            name: Text::Static("http_client.default"),
            metrics: vec![metric("connections", MetricKind::Gauge)],
            first: 8,
        }],
        iterations: vec![iterations(9)],
        warm_up_iterations: vec![iterations(16)],
        custom: vec![
            custom("basket", MetricKind::Trend, 23),
            custom("stock", MetricKind::Gauge, 24),
            custom("hits", MetricKind::Rate, 25),
            custom("sold", MetricKind::Counter, 26),
        ],
        warm_up_custom: vec![custom("stock", MetricKind::Gauge, 27)],
        ..Layout::default()
    }
}

fn part(share: &str) -> Part {
    Part {
        share: Share::parse(share).unwrap(),
        run: Text::from(format!("run of {share}")),
        begun: Duration::from_millis(1_764_340_000_123),
        threads: 2,
        loads: vec![DescribedLoad {
            scenario: Text::Static("main"),
            profile: Text::Static("constant_arrival_rate"),
            words: Text::Static("500/s for 30s"),
            is_open: true,
            users: 1,
            most_users: 10,
            iterations: Some(15_000),
            expected: None,
            start_after: Duration::from_millis(1_500),
            length: Some(Duration::from_secs(30)),
            warm_up: Duration::from_secs(2),
        }],
    }
}

fn threshold() -> Threshold {
    let address = |subject, statistic| Address {
        subject,
        metric: Text::Static("response_time"),
        key: Some(Text::Static("a \"key\"")),
        tags: vec![(Text::Static("team"), Text::Static("a"))],
        statistic,
    };
    let step = Subject::Step {
        scenario: None,
        runner: Text::Static("http_request"),
        name: Text::Static("home"),
    };
    let of_flow = |step| Subject::Flow {
        flow: Text::Static("visit"),
        step,
    };
    let inside = ["http_request", "home"].map(Text::Static);
    Threshold {
        name: Text::Static("home is fast"),
        condition: Condition {
            addresses: vec![
                address(step, Statistic::Percentile(999_000)),
                address(Subject::Run, Statistic::Ratio),
                address(Subject::Scenario(Text::Static("main")), Statistic::Last),
                address(Subject::Custom(Text::Static("basket")), Statistic::Mean),
                address(of_flow(None), Statistic::Maximum),
                address(of_flow(Some(inside)), Statistic::Count),
            ],
            terms: vec![
                Term::Figure(3),
                Term::Bound(0.1 + 0.2),
                Term::LessOrEqual,
                Term::Figure(0),
                Term::Bound(1e-300),
                Term::NotEqual,
                Term::Not,
                Term::And,
            ],
            text: Text::Static("whatever is written"),
        },
        over: Some(30),
        hold: 10,
        after: 20,
        on_fail: OnFail::Warn,
    }
}

fn head_of(share: &str) -> Head {
    Head {
        version: Text::Static("0.1.0"),
        build: Text::Static("0123456789abcdef"),
        grid: Text::Static("shop, \"the\" grid"),
        seed: u64::MAX,
        parts: vec![part(share)],
        loads: vec![Load {
            scenario: Text::Static("main"),
            exact: Text::Static("constant_vus 5"),
            course: Course {
                from: Duration::from_secs(1),
                until: Some(Duration::from_secs(10)),
                has_due_times: true,
                searches: false,
            },
        }],
        thresholds: vec![threshold()],
        layout: layout(),
    }
}

fn ended() -> PartEnd {
    let mut examples = Examples::default();
    examples.keep("http_request.home", Text::Static("status"), "got \"503\"");
    PartEnd {
        exit: 99,
        begins_for: Duration::new(10, 1),
        left: true,
        fell_behind: Some(Text::Static("iterations began up to 840 ms late\n")),
        searches: vec![Searched {
            scenario: Text::Static("main"),
            until: Text::Static("fast"),
            asked: Text::Static("p95 < 300ms"),
            end: SearchEnd::LimitOfGenerator,
            steps: vec![SearchStep {
                rate: 100.0 / 3.0,
                from: Duration::from_secs(2),
                to: Duration::from_secs(12),
                came: StepCame::NotPutOn,
                readings: vec![Reading {
                    figure: Text::Static("run.response_time.p95"),
                    quantity: Quantity::Time,
                    value: Some(0.1),
                    worst: None,
                }],
            }],
        }],
        examples,
    }
}

fn text_of(head: &Head, seconds: &[Second], ends: Option<&[Option<PartEnd>]>) -> String {
    let tags = SlotTags::of(&head.layout);
    let mut text = super::head(head);
    for one in seconds {
        text.push_str(&second(&tags, one.number, &one.interval));
    }
    if let Some(ends) = ends {
        text.push_str(&end(ends));
    }
    text
}

fn read(text: &[u8]) -> Result<(Head, Vec<Second>, Ending, u64), Unreadable> {
    let mut recording = Recording::open(text)?;
    let mut seconds = Vec::new();
    while let Some(second) = recording.second()? {
        seconds.push(second);
    }
    let ending = recording.ending().unwrap().clone();
    Ok((
        recording.head().clone(),
        seconds,
        ending,
        recording.sound_bytes(),
    ))
}

fn merged(files: &[&str]) -> String {
    let files = files
        .iter()
        .map(|text| Recording::open(Cursor::new((*text).to_owned())).unwrap());
    let mut merge = Merge::new(files.collect()).unwrap();
    let (head, mut seconds) = (merge.head().clone(), Vec::new());
    while let Some(second) = merge.second().unwrap() {
        seconds.push(second);
    }
    text_of(&head, &seconds, Some(&merge.ends()))
}

fn counts() -> impl Strategy<Value = BTreeMap<Text, u64>> {
    let name = proptest::sample::select(vec!["timeout", "a \"b\"", "503"]).prop_map(Text::Static);
    proptest::collection::btree_map(name, 1..1_000_000u64, 0..3)
}

fn histogram() -> impl Strategy<Value = Histogram> {
    let values =
        proptest::collection::vec(prop_oneof![0..5_000u64, 0..=crate::buckets::LARGEST], 0..40);
    values.prop_map(|values| {
        let mut buckets = BTreeMap::new();
        for value in &values {
            *buckets.entry(bucket(*value) as u32).or_default() += 1;
        }
        let extremes = values.iter().min().zip(values.iter().max());
        Histogram {
            buckets: buckets.into_iter().collect(),
            sum: values
                .iter()
                .map(|value| u128::from(*value) * 1_000 + 7)
                .sum(),
            extremes: extremes.map(|(min, max)| (min * 1_000, max * 1_000 + 999)),
        }
    })
}

fn scalar() -> impl Strategy<Value = Scalar> {
    (
        1..1_000u64,
        any::<u64>(),
        any::<(u64, u64)>(),
        any::<(u64, u32, u64)>(),
    )
        .prop_map(|(count, sum, extremes, (at, worker, value))| Scalar {
            count,
            sum: sum.into(),
            extremes: Some(extremes),
            last: Some(LastValue { at, worker, value }),
        })
}

fn figures() -> impl Strategy<Value = SlotFigures> {
    let outcomes = proptest::collection::vec(0..5u64, Outcome::ALL.len());
    let scalar = prop_oneof![3 => Just(Scalar::default()), 1 => scalar()];
    (outcomes, counts(), histogram(), scalar, counts()).prop_map(
        |(outcomes, kinds, histogram, scalar, labels)| {
            let mut figures = SlotFigures::default();
            figures.kinds = kinds;
            figures.histogram = histogram;
            figures.scalar = scalar;
            figures.labels = labels;
            for (outcome, count) in Outcome::ALL.into_iter().zip(outcomes) {
                figures.add(outcome, count);
            }
            figures
        },
    )
}

fn interval() -> impl Strategy<Value = Interval> {
    let slots = proptest::collection::btree_map(0..SLOTS, figures(), 0..6);
    (slots, 0..9u64, 0..9u64, any::<u32>()).prop_map(|(slots, begun, ended, nanos)| Interval {
        span: Some((
            Duration::from_nanos(nanos.into()),
            Duration::from_nanos(u64::from(nanos) + 1_000_000_123),
        )),
        users_begun: begun,
        users_ended: ended,
        slots: slots
            .into_iter()
            .filter(|(_, figures)| *figures != SlotFigures::default())
            .collect(),
    })
}

/// Seconds of a run, some of which it slept through.
fn seconds() -> impl Strategy<Value = Vec<Second>> {
    let seconds = proptest::collection::vec((1..3u32, interval()), 0..4);
    seconds.prop_map(|seconds| {
        let mut number = 0;
        let seconds = seconds.into_iter().map(|(step, interval)| {
            number += step;
            Second { number, interval }
        });
        seconds.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_comes_back(seconds in seconds()) {
        let (head, ends) = (head_of("2-3/5"), [Some(ended())]);
        let text = text_of(&head, &seconds, Some(&ends));
        let (read_head, read_seconds, ending, sound) = read(text.as_bytes()).unwrap();
        prop_assert_eq!(read_head, head);
        prop_assert_eq!(read_seconds, seconds);
        prop_assert_eq!(ending, Ending::Whole(ends.to_vec()));
        prop_assert_eq!(sound, text.len() as u64);
    }

    #[test]
    fn a_merge_is_the_same_bytes_in_any_order_and_in_steps(
        a in seconds(), b in seconds(), c in seconds(),
    ) {
        let a = text_of(&head_of("1/3"), &a, Some(&[Some(ended())]));
        let b = text_of(&head_of("3/3"), &b, Some(&[Some(ended())]));
        // This one was cut.
        let c = text_of(&head_of("2/3"), &c, None);
        let whole = merged(&[&a, &b, &c]);
        prop_assert_eq!(&merged(&[&c, &a, &b]), &whole);
        prop_assert_eq!(&merged(&[&merged(&[&a, &b]), &c]), &whole);
        prop_assert_eq!(&merged(&[&a, &merged(&[&c, &b])]), &whole);
        prop_assert_eq!(&merged(&[&whole]), &whole);
    }

    #[test]
    fn a_merge_holds_what_its_files_hold(a in seconds(), b in seconds()) {
        let files = [("1/2", &a), ("2/2", &b)].map(|(share, seconds)| text_of(&head_of(share), seconds, None));
        let (_, merged, ..) = read(merged(&[&files[0], &files[1]]).as_bytes()).unwrap();
        for slot in 0..SLOTS {
            let of = |seconds: &[Second]| -> Vec<SlotFigures> {
                seconds.iter().filter_map(|second| second.interval.slot(slot).cloned()).collect()
            };
            let (files, merged) = (of(&[&a[..], &b[..]].concat()), of(&merged));
            prop_assert_eq!(held(&merged), held(&files), "slot {}", slot);
        }
    }

    #[test]
    fn a_percentile_of_a_merge_is_that_of_the_joined_samples_within_a_bucket(
        samples in proptest::collection::vec(
            proptest::collection::vec(0..10_000_000u64, 1..300), 2..4),
        at in 1..=crate::WHOLE,
    ) {
        let count = samples.len();
        let files: Vec<String> = samples.iter().enumerate().map(|(host, values)| {
            let mut buckets = BTreeMap::new();
            for value in values {
                *buckets.entry(bucket(*value) as u32).or_default() += 1;
            }
            let mut interval = Interval::default();
            interval.slots.entry(0).or_default().histogram.buckets = buckets.into_iter().collect();
            let seconds = [Second { number: 1, interval }];
            text_of(&head_of(&format!("{}/{count}", host + 1)), &seconds, None)
        }).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let (_, seconds, ..) = read(merged(&files).as_bytes()).unwrap();
        let percentile = seconds[0].interval.slots[&0].histogram.quantile(at).unwrap();
        let mut joined: Vec<u64> = samples.concat();
        joined.sort_unstable();
        let rank = (joined.len() as u64 * u64::from(at)).div_ceil(crate::WHOLE.into()).max(1);
        let exact = joined[rank as usize - 1];
        prop_assert_eq!(bucket(percentile), bucket(exact));
    }
}

/// What a slot held in all.
#[derive(Debug, PartialEq)]
struct Held {
    outcomes: Vec<u64>,
    /// Kinds of failures, labels, and values by bucket.
    named: BTreeMap<String, u64>,
    /// Of a counter, a rate or a gauge.
    count: u64,
    sum: u128,
    smallest: Option<u64>,
    largest: Option<u64>,
    last: Option<u64>,
}

fn held(all: &[SlotFigures]) -> Held {
    let outcomes = Outcome::ALL.into_iter().map(|outcome| {
        let counts = all.iter().map(|figures| figures.count(outcome));
        counts.sum()
    });
    let mut named = BTreeMap::new();
    for figures in all {
        let kinds = figures.kinds.iter();
        let kinds = kinds.map(|(name, count)| (format!("kind {name}"), count));
        let labels = figures.labels.iter();
        let labels = labels.map(|(name, count)| (format!("label {name}"), count));
        let buckets = figures.histogram.buckets.iter();
        let buckets = buckets.map(|(bucket, count)| (format!("bucket {bucket}"), count));
        for (name, count) in kinds.chain(labels).chain(buckets) {
            *named.entry(name).or_default() += count;
        }
    }
    let scalars = || all.iter().map(|figures| &figures.scalar);
    let extremes = || scalars().filter_map(|one| one.extremes);
    let last = scalars().filter_map(|one| one.last);
    Held {
        outcomes: outcomes.collect(),
        named,
        count: scalars().map(|one| one.count).sum(),
        sum: scalars().map(|one| one.sum).sum(),
        smallest: extremes().map(|one| one.0).min(),
        largest: extremes().map(|one| one.1).max(),
        last: last
            .max_by_key(|last| (last.at, last.worker))
            .map(|last| last.value),
    }
}

fn some_seconds() -> Vec<Second> {
    let mut interval = Interval {
        span: Some((Duration::ZERO, Duration::from_secs(1))),
        ..Interval::default()
    };
    let slot = interval.slots.entry(0).or_default();
    slot.histogram.buckets = vec![(7, 3), (2_900, 1)];
    slot.kinds.insert(Text::Static("tïmeout"), 4);
    let second = |number| Second {
        number,
        interval: interval.clone(),
    };
    vec![second(1), second(2)]
}

#[test]
fn a_file_that_is_cut_at_any_byte_is_read_up_to_its_last_whole_second() {
    let (head, seconds, ends) = (head_of("1/1"), some_seconds(), [Some(ended())]);
    let text = text_of(&head, &seconds, Some(&ends));
    let wholes: Vec<usize> = (0..=2)
        .map(|count| text_of(&head, &seconds[..count], None).len())
        .collect();
    for end in 0..text.len() {
        let cut = &text.as_bytes()[..end];
        let Some(whole) = wholes.iter().rposition(|whole| *whole <= end) else {
            let error = read(cut).unwrap_err();
            assert!(
                matches!(error, Unreadable::CutInHead),
                "{end} bytes: {error}"
            );
            continue;
        };
        let (_, read, ending, sound) = read(cut).unwrap();
        assert_eq!(read, seconds[..whole], "{end} bytes");
        assert_eq!(sound, wholes[whole] as u64);
        assert_eq!(ending, Ending::Cut((end - wholes[whole]) as u64));
    }
}

#[test]
fn a_file_of_something_else_and_one_of_another_version_say_what_to_do() {
    let error = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    for other in [
        "hello\n",
        "#[Histogram log format version 1.3]\n",
        "\u{0}\n",
    ] {
        assert!(error(other).contains("it is no result file"), "{other:?}");
    }
    let newer = line::closed(String::new(), line::Object::new().put("format", 2));
    assert!(error(&newer).contains("version 2, and this bggo reads version 1"));
    let nothing = line::closed(String::new(), line::Object::new().put("format", 1));
    assert!(error(&nothing).contains("damaged at line 1"));
}

#[test]
fn a_byte_that_changed_within_a_file_is_said_with_its_line() {
    let text = text_of(&head_of("1/1"), &some_seconds(), Some(&[None]));
    for (place, _) in text.match_indices(|letter: char| letter.is_ascii_digit()) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'9' { b'1' } else { b'9' };
        let line = text[..place].matches('\n').count() + 1;
        match read(&bytes) {
            // What HdrHistogram's readers want is not ours.
            Ok(_) => assert!((2..=5).contains(&line), "line {line}"),
            Err(Unreadable::Damaged { line: said, .. }) => {
                assert!(
                    said as usize >= line && said as usize <= line + 1,
                    "{said} {line}"
                );
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn seconds_that_come_twice_and_lines_behind_the_end_are_damage() {
    let (head, mut seconds) = (head_of("1/1"), some_seconds());
    seconds[1].number = 1;
    let error = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
    let twice = text_of(&head, &seconds, None);
    assert!(error(&twice).contains("does not come after the one before"));
    let more = text_of(&head, &[], Some(&[None])) + "more\n";
    assert!(error(&more).contains("stands behind the end"));
    assert!(error(&more).contains("bggo repair"));
    // The end itself is sound.
    let whole = text_of(&head, &some_seconds(), Some(&[Some(ended())]));
    let mut file = Recording::open(Cursor::new(format!("{whole}more\n"))).unwrap();
    while let Ok(Some(_)) = file.second() {}
    assert_eq!(file.sound_bytes(), whole.len() as u64);
}

#[test]
fn only_parts_of_one_run_are_merged() {
    let refused = |change: fn(&mut Head)| {
        let mut other = head_of("2/2");
        change(&mut other);
        let (one, other) = (
            text_of(&head_of("1/2"), &[], None),
            text_of(&other, &[], None),
        );
        let files = [one, other].map(|text| Recording::open(Cursor::new(text)).unwrap());
        let files = Vec::from(files);
        Merge::new(files).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        refused(|head| head.build = Text::Static("fedcba")),
        "file 1 and file 2 are of different runs: the builds are 0123456789abcdef (of shop, \"the\" grid) and fedcba (of shop, \"the\" grid)"
    );
    assert!(refused(|head| head.seed = 1).contains("the seeds are 18446744073709551615 and 1"));
    assert!(refused(|head| head.loads.clear()).contains("the loads are main: constant_vus 5 and"));
    assert!(refused(|head| head.thresholds.clear()).contains("the thresholds are"));
    assert_eq!(
        refused(|head| head.parts = vec![part("1-2/2")]),
        "file 1 and file 2 hold the same iterations: segments 1/2 and 1-2/2 overlap"
    );
    assert!(matches!(
        Merge::new(Vec::<Recording<&[u8]>>::new()),
        Err(Unmergeable::Nothing)
    ));
}

#[test]
fn lines_are_those_that_viewers_of_hdrhistogram_know() {
    let mut seconds = some_seconds();
    let slot = seconds[0].interval.slots.get_mut(&0).unwrap();
    slot.histogram.extremes = Some((7_000, highest(2_900) * 1_000 + 999));
    let text = text_of(&head_of("1/1"), &seconds[..1], Some(&[None]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with(
            "#bggo {\"format\":1,\"version\":\"0.1.0\",\"build\":\"0123456789abcdef\","
        )
    );
    assert_eq!(
        lines[1..5],
        [
            "#[Histogram log format version 1.3]",
            "#[StartTime: 1764340000.123 (seconds since epoch)]",
            "#[BaseTime: 1764340000.123 (seconds since epoch)]",
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"",
        ]
    );
    let (line, payload) = lines[5].rsplit_once(',').unwrap();
    // The largest value is in milliseconds, as their writers have it.
    assert!((lowest(2_900)..=highest(2_900)).contains(&3_753));
    assert_eq!(
        line,
        "Tag=scenario.main.log%20in.step.http_request.home.response_time,0.000,1.000,3.753"
    );
    assert!(payload.starts_with("HISTFAAAA"));
    assert!(lines[6].starts_with("#bggo {\"second\":1,\"from\":0,\"to\":1000000000,\"slots\":{"));
    assert!(lines[7].starts_with("#bggo {\"ends\":[null],\"crc\":\""));
    assert_eq!(lines.len(), 8);
}
