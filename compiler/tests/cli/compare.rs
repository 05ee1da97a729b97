//! `bggo compare` on result files, and `bggo calibrate` on a program: what they say, and how they end.

use super::{Said, folder_with, run};
use bggo_metrics::buckets::bucket;
use bggo_metrics::file::{self, Head, Load, Part, PartEnd, Share, SlotTags};
use bggo_metrics::report::Examples;
use bggo_metrics::{
    Course, Interval, IterationLayout, Layout, Outcome, SlotFigures, StepLayout, iteration_slot,
    time_slot,
};
use bggo_values::Text;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tempfile::TempDir;

/// A recorded run.
#[derive(Clone)]
pub struct Recorded {
    seconds: u64,
    load: &'static str,
    requests: u64,
    micros: f64,
    failed: u64,
    dropped: u64,
    exit: u8,
    stripes: u64,
    is_cut: bool,
    /// Every so many seconds, by chance, all takes 1.65 times as long; 0 for never.
    pauses_every: u64,
    seed: u64,
}

const OPEN: &str = "constant_arrival_rate rate=300000000000:100000000-100000000/1000000000 arrivals=even users=0-100 when_full=wait length=300000000000 start_after=0 graceful_stop=30000000000 warm_up=0";
const SHORT: &str = "constant_vus users=4 length=60000000000 start_after=0 warm_up=0";
const CLOSED: &str =
    "constant_vus users=4 length=300000000000 start_after=0 graceful_stop=30000000000 warm_up=0";

/// A run of 100 requests a second that take about 10 ms.
pub const RUN: Recorded = Recorded {
    seconds: 300,
    load: OPEN,
    requests: 100,
    micros: 10_000.0,
    failed: 0,
    dropped: 0,
    exit: 0,
    stripes: 1,
    is_cut: false,
    pauses_every: 0,
    seed: 1,
};

/// Where the iterations stand, behind one step.
const ITERATIONS: u32 = time_slot::COUNT;

fn layout() -> Layout {
    let main = Text::Static("main");
    Layout {
        steps: vec![StepLayout {
            scenario: main.clone(),
            path: Vec::new(),
            name: Text::Static("http_request.home"),
            tags: Vec::new(),
            metrics: Vec::new(),
            checks: Vec::new(),
            first: 0,
        }],
        iterations: vec![IterationLayout {
            scenario: main,
            tags: Vec::new(),
            first: ITERATIONS,
        }],
        ..Layout::default()
    }
}

impl Recorded {
    fn head(&self) -> Head {
        Head {
            version: Text::Static("0.1.0"),
            build: Text::Static("a"),
            grid: Text::Static("shop"),
            seed: 1,
            parts: vec![Part {
                share: Share {
                    stripes: self.stripes,
                    first: 0,
                    own: 1,
                },
                run: Text::Static("1"),
                begun: Duration::from_secs(1_800_000_000),
                threads: 2,
                loads: Vec::new(),
            }],
            loads: vec![Load {
                scenario: Text::Static("main"),
                exact: Text::Static(self.load),
                course: Course {
                    from: Duration::ZERO,
                    until: Some(Duration::from_secs(if self.load == SHORT {
                        60
                    } else {
                        300
                    })),
                    has_due_times: self.load.contains(" rate="),
                    searches: false,
                },
            }],
            thresholds: Vec::new(),
            layout: layout(),
        }
    }

    fn interval(&self, second: u64, random: &mut u64) -> Interval {
        let mut interval = Interval {
            span: Some((Duration::from_secs(second), Duration::from_secs(second + 1))),
            ..Interval::default()
        };
        let is_paused = self.pauses_every > 0 && {
            *random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (*random >> 33).is_multiple_of(self.pauses_every)
        };
        let micros = self.micros * if is_paused { 1.65 } else { 1.0 };
        // The sum of four random numbers is bell-shaped enough.
        let mut values: Vec<u32> = (0..self.requests)
            .map(|_| {
                let sum: f64 = (0..4)
                    .map(|_| {
                        *random = random
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407);
                        (*random >> 11) as f64 / (1u64 << 53) as f64
                    })
                    .sum();
                bucket((micros * (0.8 + 0.1 * sum)) as u64) as u32
            })
            .collect();
        values.sort_unstable();
        let buckets = values.chunk_by(|one, other| one == other);
        let buckets: Vec<(u32, u64)> = buckets.map(|same| (same[0], same.len() as u64)).collect();
        for first in [0, ITERATIONS] {
            for slot in [time_slot::RESPONSE, time_slot::SERVICE] {
                let slot = interval.slots.entry(first + slot).or_default();
                slot.histogram.buckets = buckets.clone();
                slot.histogram.extremes = Some((1, 1));
            }
            let mut counts = SlotFigures::default();
            counts.add(Outcome::Passed, self.requests - self.failed);
            counts.add(Outcome::Failed, self.failed);
            if first == ITERATIONS {
                counts.add(Outcome::Dropped, self.dropped);
            }
            interval.slots.entry(first).or_default().merge(&counts);
        }
        if self.load == OPEN {
            let begun = interval
                .slots
                .entry(ITERATIONS + iteration_slot::START_ERROR)
                .or_default();
            begun.histogram.buckets = vec![(1, self.requests)];
            begun.histogram.extremes = Some((1, 1));
        }
        interval
    }

    pub fn text(&self) -> String {
        let mut text = file::head(&self.head());
        let tags = SlotTags::of(&layout());
        let mut random = self.seed;
        for second in 0..self.seconds {
            let interval = self.interval(second, &mut random);
            text += &file::second(&tags, second as u32 + 1, &interval);
        }
        if !self.is_cut {
            text += &file::end(&[Some(PartEnd {
                exit: self.exit,
                begins_for: Duration::from_secs(self.seconds),
                left: false,
                fell_behind: None,
                searches: Vec::new(),
                examples: Examples::default(),
            })]);
        }
        text
    }
}

fn folder(runs: &[(&str, Recorded)]) -> TempDir {
    let texts: Vec<(&str, String)> = runs.iter().map(|(name, run)| (*name, run.text())).collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    folder_with(&files)
}

/// An old run, and a new one.
fn pair(old: &Recorded, new: &Recorded) -> TempDir {
    folder(&[
        ("old.log", old.clone()),
        (
            "new.log",
            Recorded {
                seed: 2,
                ..new.clone()
            },
        ),
    ])
}

fn compare(folder: &TempDir, words: &[&str]) -> Said {
    let given = ["compare", "--old", "old.log", "--new", "new.log"];
    run(folder, &[&given[..], words].concat())
}

fn slower() -> Recorded {
    Recorded {
        micros: 10_800.0,
        ..RUN
    }
}

fn is_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_slower_target_is_told_with_its_interval_and_what_is_unknown() {
    let folder = pair(&RUN, &slower());
    let said = compare(&folder, &[]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
}

#[test]
fn runs_of_one_program_show_no_difference_and_what_they_could_have_shown() {
    let said = compare(&pair(&RUN, &RUN), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
}

#[test]
fn pauses_of_the_target_do_not_hide_that_typical_seconds_are_slower() {
    let pauses_every = 20;
    let folder = pair(
        &Recorded {
            pauses_every,
            ..RUN
        },
        &Recorded {
            pauses_every,
            ..slower()
        },
    );
    let said = compare(&folder, &["--fail-on", "p95 > 5%"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
}

#[test]
fn a_condition_decides_the_exit_code() {
    let folder = pair(
        &RUN,
        &Recorded {
            failed: 2,
            ..slower()
        },
    );
    let said = compare(
        &folder,
        &[
            "--fail-on",
            "p95 > 5%",
            "--fail-on",
            "http_request.home.p99 > 20%",
            "--fail-on",
            "failed > 1%",
        ],
    );
    assert_eq!(said.code, Some(1), "{}", said.err);
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
    assert_eq!(compare(&folder, &["--fail-on", "p95 > 20%"]).code, Some(0));
}

#[test]
fn a_short_run_is_judged_only_if_that_is_asked() {
    let short = Recorded {
        seconds: 60,
        load: SHORT,
        ..RUN
    };
    let folder = pair(&short, &short);
    let said = compare(&folder, &["--fail-on", "p95 > 10%"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
    assert_eq!(compare(&folder, &["--strict"]).code, Some(1));
    assert_eq!(compare(&pair(&RUN, &RUN), &["--strict"]).code, Some(0));
}

#[test]
fn several_runs_a_side_are_compared_as_whole_runs() {
    let run_of = |micros: f64| Recorded {
        micros,
        seed: micros as u64,
        load: CLOSED,
        ..RUN
    };
    let folder = folder(&[
        ("a.log", run_of(10_000.0)),
        ("b.log", run_of(10_050.0)),
        ("c.log", run_of(9_950.0)),
        ("d.log", run_of(11_500.0)),
        ("e.log", run_of(11_550.0)),
        ("f.log", run_of(11_450.0)),
    ]);
    let words = [
        "compare",
        "--old",
        "a.log",
        "b.log",
        "c.log",
        "--new",
        "d.log",
        "e.log",
        "f.log",
        "--fail-on",
        "p95 > 10%",
    ];
    let said = run(&folder, &words);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
    let said = run(
        &folder,
        &[
            "compare", "--old", "a.log", "b.log", "--new", "d.log", "e.log",
        ],
    );
    assert_eq!(said.code, Some(2));
    assert!(
        said.err
            .contains("give one on each side, or three or more on each"),
        "{}",
        said.err
    );
}

#[test]
fn the_same_as_json() {
    let folder = pair(
        &RUN,
        &Recorded {
            dropped: 1,
            ..slower()
        },
    );
    let said = compare(
        &folder,
        &[
            "--json",
            "--fail-on",
            "p95 > 5%",
            "--fail-on",
            "p99_9 < -1%",
        ],
    );
    assert_eq!(said.code, Some(1), "{}", said.err);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    insta::assert_snapshot!(said.out);
    // The page names each field.
    let page = include_str!("../../../docs/compare.md");
    let mut names = Vec::new();
    fields(&json, &mut names);
    assert!(names.len() > 20, "{names:?}");
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn fields(json: &serde_json::Value, names: &mut Vec<String>) {
    match json {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                names.push(name.clone());
                fields(value, names);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, names)),
        _ => {}
    }
}

#[test]
fn what_cannot_be_compared_is_refused_in_one_message() {
    let other = "constant_arrival_rate rate=300000000000:200000000-200000000/1000000000 arrivals=even users=0-100 when_full=wait length=300000000000 start_after=0 graceful_stop=30000000000 warm_up=0";
    for (new, code, message) in [
        (
            Recorded { load: other, ..RUN },
            4,
            "the loads of main differ: rate is 5m0s at 100/s in old.log and 5m0s at 200/s in new.log",
        ),
        (
            Recorded { stripes: 2, ..RUN },
            4,
            "the loads of main differ: segment is not set in old.log and 1/2 in new.log",
        ),
        (
            Recorded {
                seconds: 250,
                ..RUN
            },
            4,
            "new.log ended before its load: 50 of 300 seconds are missing",
        ),
        (
            Recorded {
                seconds: 250,
                is_cut: true,
                ..RUN
            },
            4,
            "new.log ended before its load: 50 of 300 seconds are missing",
        ),
    ] {
        let said = compare(&pair(&RUN, &new), &[]);
        assert_eq!(said.code, Some(code), "{}", said.err);
        assert!(said.err.contains(message), "{}", said.err);
        assert_eq!(said.out, "");
    }
    let folder = pair(&RUN, &RUN);
    fs::write(folder.path().join("other.log"), "something else\n").unwrap();
    for (words, code, message) in [
        (
            &["compare", "--old", "old.log", "--new", "nowhere.log"][..],
            4,
            "cannot read `nowhere.log`: No such file",
        ),
        (
            &["compare", "--old", "old.log", "--new", "other.log"],
            4,
            "cannot read `other.log`: it is no result file",
        ),
        (
            &["compare", "--old", "old.log", "--new", "./old.log"],
            2,
            "`./old.log` is given twice",
        ),
        (&["compare", "--old", "old.log"], 2, "--new"),
        (
            &[
                "compare",
                "--old",
                "old.log",
                "--new",
                "new.log",
                "--fail-on",
                "p95",
            ],
            2,
            "`p95` has no `>` or `<`",
        ),
        (
            &[
                "compare",
                "--old",
                "old.log",
                "--new",
                "new.log",
                "--fail-on",
                "http_request.hone.p95 > 1%",
            ],
            2,
            "they have those of run, http_request.home",
        ),
        (
            &[
                "compare",
                "--old",
                "old.log",
                "--new",
                "new.log",
                "--baseline",
                "other.log",
            ],
            4,
            "cannot read `other.log`: it holds no noise of a host",
        ),
    ] {
        let said = run(&folder, words);
        assert_eq!(said.code, Some(code), "{words:?}: {}", said.err);
        assert!(said.err.contains(message), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_run_that_could_not_hold_its_load_is_warned_of() {
    let said = compare(&pair(&RUN, &Recorded { exit: 111, ..RUN }), &[]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.err
            .contains("`new.log` is not valid: its host could not put on the load"),
        "{}",
        said.err
    );
}

/// A program that copies result files which are there already, one after the other, to where `--out` says.
fn program(folder: &TempDir, exit: u8) {
    let script = format!(
        "#!/bin/sh\nn=$(cat count 2>/dev/null || echo 0)\nn=$((n + 1))\necho $n > count\necho \"$@\" >> words\nwhile [ $# -gt 1 ]; do [ \"$1\" = --out ] && cp run$n.log \"$2\"; shift; done\necho run $n >&2\nexit {exit}\n"
    );
    let path = folder.path().join("loadtest");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn runs_of_one_program_tell_the_noise_of_the_host() {
    let run_of = |micros: f64| Recorded {
        micros,
        seed: micros as u64,
        ..RUN
    };
    let folder = folder(&[
        ("run1.log", run_of(10_000.0)),
        ("run2.log", run_of(10_600.0)),
        ("run3.log", run_of(9_400.0)),
        ("run4.log", run_of(10_300.0)),
        ("old.log", RUN),
        ("new.log", slower()),
    ]);
    program(&folder, 99);
    let said = run(
        &folder,
        &[
            "calibrate",
            "loadtest",
            "--runs",
            "4",
            "--baseline",
            "noise.json",
            "--",
            "--rate",
            "100/s",
        ],
    );
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(0), "run 1 of 4\nrun 2 of 4\nrun 3 of 4\nrun 4 of 4\n")
    );
    is_narrow(&said.out);
    insta::assert_snapshot!(said.out);
    let words = fs::read_to_string(folder.path().join("words")).unwrap();
    assert!(
        words
            .lines()
            .all(|line| line.starts_with("--rate 100/s --out /"))
            && words.lines().count() == 4,
        "{words}"
    );
    // What looked like a difference is noise.
    assert_eq!(compare(&folder, &["--fail-on", "p95 > 5%"]).code, Some(1));
    let said = compare(
        &folder,
        &["--fail-on", "p95 > 5%", "--baseline", "noise.json"],
    );
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    is_narrow(&said.out);
    insta::assert_snapshot!("what_looked_like_a_difference_is_noise", said.out);
    // The noise of another load is told.
    for name in ["old.log", "new.log"] {
        let closed = Recorded {
            load: CLOSED,
            seed: name.len() as u64,
            ..RUN
        };
        fs::write(
            folder.path().join(name),
            Recorded {
                micros: if name == "old.log" {
                    10_000.0
                } else {
                    10_100.0
                },
                ..closed
            }
            .text(),
        )
        .unwrap();
    }
    let said = compare(&folder, &["--baseline", "noise.json"]);
    assert!(
        said.err.contains("measured with another load"),
        "{}",
        said.err
    );
}

#[test]
fn a_program_that_fails_is_told_with_its_last_words() {
    let folder = folder(&[("run1.log", RUN)]);
    program(&folder, 104);
    let said = run(&folder, &["calibrate", "./loadtest"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("`./loadtest` ended with exit code 104") && said.err.contains("run 1"),
        "{}",
        said.err
    );
    // What can be known before the runs is said before them.
    for file in ["nowhere/noise.json", "."] {
        let said = run(&folder, &["calibrate", "./loadtest", "--baseline", file]);
        assert_eq!(said.code, Some(2));
        let expected = format!("error: cannot write `{file}`\n  help: its folder must be there");
        assert!(said.err.starts_with(&expected), "{}", said.err);
    }
    let said = run(&folder, &["calibrate", "nowhere"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("cannot run `nowhere`: No such file"),
        "{}",
        said.err
    );
    assert_eq!(
        run(&folder, &["calibrate", "./loadtest", "--runs", "1"]).code,
        Some(2)
    );
}
