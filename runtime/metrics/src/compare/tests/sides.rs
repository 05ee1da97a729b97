//! What is compared with what, and what is refused.

use super::simulation::Random;
use crate::buckets::bucket;
use crate::compare::{
    Answer, ArrivalCounts, Comparison, FailOn, Measure, Method, Noise, NotComparable, RUN,
    RecordedLoad, RunFigures, RunFiguresBuilder, TooShort, compare, row_names,
};
use crate::interval::{Interval, SlotFigures};
use crate::layout::{IterationLayout, Layout, StepLayout};
use crate::outcome::Outcome;
use crate::slots::{iteration_slot, time_slot};
use bggo_values::Text;
use std::slice::from_ref;

const P95: Measure = Measure::Percentile(950_000);

/// A run of `seconds`, in each of which `requests` take about `micros`, and so many fail or are dropped.
#[derive(Clone)]
struct Made {
    name: &'static str,
    seconds: u32,
    recorded_seconds: u32,
    requests: u64,
    micros: f64,
    failed: u64,
    dropped: u64,
    is_open: bool,
    schedule: &'static str,
    seed: u64,
}

const MADE: Made = Made {
    name: "a.log",
    seconds: 300,
    recorded_seconds: 300,
    requests: 100,
    micros: 10_000.0,
    failed: 0,
    dropped: 0,
    is_open: true,
    schedule: "constant_arrival_rate rate=300000000000:100000000-100000000/1000000000",
    seed: 1,
};

fn iteration_layout(scenario: &'static str, first: u32) -> IterationLayout {
    IterationLayout {
        scenario: Text::Static(scenario),
        tags: Vec::new(),
        first,
    }
}

fn step_layout(scenario: &'static str, name: &'static str, first: u32) -> StepLayout {
    StepLayout {
        scenario: Text::Static(scenario),
        path: Vec::new(),
        name: Text::Static(name),
        tags: Vec::new(),
        metrics: Vec::new(),
        checks: Vec::new(),
        first,
    }
}

fn layout() -> Layout {
    Layout {
        steps: vec![step_layout("main", "http_request.home", 0)],
        iterations: vec![iteration_layout("main", 10)],
        ..Layout::default()
    }
}

impl Made {
    fn load(&self) -> RecordedLoad {
        RecordedLoad {
            scenario: Text::Static("main"),
            exact: Text::Static(self.schedule),
            is_open: self.is_open,
            judged: 0..self.seconds,
        }
    }

    fn run(&self) -> RunFigures {
        self.collect(&[])
    }

    fn collect(&self, asked: &[FailOn]) -> RunFigures {
        let mut random = Random::new(self.seed);
        let mut builder = RunFiguresBuilder::new(self.name, &layout(), &[self.load()], asked);
        for second in 0..self.recorded_seconds {
            let mut interval = Interval::default();
            for first in [0, 10] {
                let mut counts = SlotFigures::default();
                counts.add(Outcome::Passed, self.requests - self.failed);
                counts.add(Outcome::Failed, self.failed);
                if first == 10 {
                    counts.add(Outcome::Dropped, self.dropped);
                }
                interval.slots.insert(first, counts);
            }
            let mut buckets: Vec<u32> = (0..self.requests)
                .map(|_| bucket((self.micros * (0.1 * random.normal()).exp()) as u64) as u32)
                .collect();
            buckets.sort_unstable();
            let mut times = SlotFigures::default();
            times.histogram.buckets = buckets
                .chunk_by(|one, other| one == other)
                .map(|same| (same[0], same.len() as u64))
                .collect();
            for first in [0, 10] {
                for slot in [time_slot::RESPONSE, time_slot::SERVICE] {
                    // The first of the slots holds the counters too.
                    let slot = interval.slots.entry(first + slot).or_default();
                    slot.histogram = times.histogram.clone();
                }
            }
            let begun = interval
                .slots
                .entry(10 + iteration_slot::START_ERROR)
                .or_default();
            begun.histogram.buckets = vec![(1, self.requests)];
            builder.add(second, &interval);
        }
        builder.end()
    }
}

fn one_a_side(old: &Made, new: &Made) -> Comparison {
    compare(&[old.run()], &[new.run()], &[], None).unwrap()
}

fn fail_on(text: &str) -> FailOn {
    FailOn::parse(text).unwrap()
}

fn answer(old: &Made, new: &Made, text: &str) -> Answer {
    let asked = [fail_on(text)];
    let comparison = compare(&[old.collect(&asked)], &[new.collect(&asked)], &asked, None).unwrap();
    comparison.answers[0].1
}

fn figure(comparison: &Comparison, row: &str, measure: Measure) -> crate::compare::ComparedFigure {
    let row = comparison
        .rows
        .iter()
        .find(|found| found.name == row)
        .unwrap();
    row.figures
        .iter()
        .find(|figure| figure.measure == measure)
        .unwrap()
        .clone()
}

#[test]
fn a_slower_run_is_slower_by_as_much_as_it_is() {
    let new = Made {
        name: "b.log",
        micros: 10_800.0,
        seed: 2,
        ..MADE
    };
    let comparison = one_a_side(&MADE, &new);
    for row in [RUN, "http_request.home"] {
        let found = figure(&comparison, row, P95);
        let difference = found.outcome.unwrap();
        let change = found.measure.change_of(difference.shift.estimate);
        assert!((change - 0.08).abs() < 0.01, "{change}");
        assert!(difference.is_shown());
        assert!(
            (found.old.unwrap() - 11_788.0).abs() < 120.0,
            "{:?}",
            found.old
        );
    }
    assert_eq!(
        comparison.method,
        Method::Blocks {
            noise_is_known: false
        }
    );
    assert!(!comparison.is_too_much(), "nothing was asked");
    let judged: Vec<_> = comparison
        .judged()
        .map(|(row, figure)| (row, figure.measure.to_string()))
        .collect();
    let run = |name: &str| (RUN, name.to_owned());
    assert_eq!(judged, [run("p50"), run("p95"), run("p99"), run("failed")]);
}

#[test]
fn a_condition_asks_whether_the_whole_interval_is_beyond_it() {
    let new = Made {
        micros: 11_200.0,
        seed: 2,
        ..MADE
    };
    assert_eq!(answer(&MADE, &new, "p95 > 10%"), Answer::TooMuch);
    assert_eq!(
        answer(&MADE, &new, "http_request.home.p95 > 10%"),
        Answer::TooMuch
    );
    assert_eq!(answer(&MADE, &new, "p95 > 13%"), Answer::NotShown);
    // 12 % more, but not surely more than 11.9 %.
    assert_eq!(answer(&MADE, &new, "p99 > 11.9%"), Answer::NotShown);
    assert_eq!(answer(&new, &MADE, "p95 < -5%"), Answer::TooMuch);
    assert_eq!(answer(&new, &MADE, "p95 < -15%"), Answer::NotShown);
    assert_eq!(answer(&MADE, &MADE, "p95 > 0%"), Answer::NotShown);
}

#[test]
fn a_verdict_depends_on_what_was_asked_alone() {
    let new = Made {
        micros: 11_200.0,
        seed: 2,
        ..MADE
    };
    let asked = [
        fail_on("p50 > 50%"),
        fail_on("http_request.home.p99_9 > 50%"),
    ];
    let longer = |made: &Made| {
        Made {
            requests: 400,
            ..made.clone()
        }
        .collect(&asked)
    };
    let comparison = compare(&[longer(&MADE)], &[longer(&new)], &asked, None).unwrap();
    let judged: Vec<_> = comparison
        .judged()
        .map(|(row, figure)| format!("{row}.{}", figure.measure))
        .collect();
    assert_eq!(judged, ["run.p50", "http_request.home.p99_9"]);
    assert!(!comparison.is_too_much() && !comparison.is_too_short());
}

#[test]
fn more_failures_are_a_difference_of_shares() {
    let new = Made {
        failed: 2,
        seed: 2,
        ..MADE
    };
    let found = figure(&one_a_side(&MADE, &new), RUN, Measure::Failed);
    assert_eq!((found.old, found.new), (Some(0.0), Some(0.02)));
    let difference = found.outcome.unwrap();
    assert_eq!(
        (difference.shift.estimate, difference.is_shown()),
        (0.02, true)
    );
    assert_eq!(answer(&MADE, &new, "failed > 1%"), Answer::TooMuch);
    assert_eq!(answer(&MADE, &new, "failed > 3%"), Answer::NotShown);
    assert_eq!(answer(&MADE, &MADE, "failed > 0%"), Answer::NotShown);
    // What never began counts as failed.
    let new = Made {
        dropped: 5,
        seed: 2,
        ..MADE
    };
    assert_eq!(answer(&MADE, &new, "failed > 1%"), Answer::TooMuch);
    assert_eq!(
        answer(&MADE, &new, "http_request.home.failed > 0%"),
        Answer::NotShown
    );
}

#[test]
fn rates_are_compared_where_the_target_decides_them() {
    let closed = Made {
        is_open: false,
        schedule: "constant_vus users=4",
        ..MADE
    };
    let slower = Made {
        requests: 90,
        seed: 2,
        ..closed.clone()
    };
    let found = figure(&one_a_side(&closed, &slower), RUN, Measure::Rate);
    assert_eq!(
        (found.old.unwrap().round(), found.new.unwrap().round()),
        (100.0, 90.0)
    );
    assert_eq!(answer(&closed, &slower, "rate < -5%"), Answer::TooMuch);
    assert_eq!(answer(&closed, &slower, "rate < -15%"), Answer::NotShown);
    let comparison = one_a_side(&MADE, &MADE);
    let row = &comparison.rows[0];
    assert!(
        row.figures
            .iter()
            .all(|figure| figure.measure != Measure::Rate)
    );
}

#[test]
fn arrivals_are_compared_exactly() {
    assert_eq!(
        one_a_side(&MADE, &Made { seed: 2, ..MADE }).unequal_arrivals,
        []
    );
    let new = Made {
        name: "b.log",
        dropped: 1,
        ..MADE
    };
    let counts = |due, dropped| {
        vec![ArrivalCounts {
            scenario: Text::Static("main"),
            due,
            dropped,
            not_started: 0,
        }]
    };
    let expected = [
        ("a.log".to_owned(), counts(30_000, 0)),
        ("b.log".to_owned(), counts(30_300, 300)),
    ];
    assert_eq!(one_a_side(&MADE, &new).unequal_arrivals, expected);
}

#[test]
fn a_short_run_says_how_long_it_should_be() {
    let short = Made {
        seconds: 60,
        recorded_seconds: 60,
        ..MADE
    };
    let comparison = one_a_side(
        &short,
        &Made {
            seed: 2,
            ..short.clone()
        },
    );
    assert_eq!(
        figure(&comparison, RUN, P95).outcome,
        Err(TooShort::Seconds(300))
    );
    assert!(comparison.is_too_short());
    assert_eq!(
        answer(&short, &short, "p95 > 10%"),
        Answer::TooShort(TooShort::Seconds(300))
    );
    // Some of the parts have no second at all.
    let shorter = Made {
        seconds: 3,
        recorded_seconds: 3,
        ..MADE
    };
    let comparison = one_a_side(&shorter, &shorter);
    for measure in Measure::OF_A_RUN {
        assert_eq!(
            figure(&comparison, RUN, measure).outcome,
            Err(TooShort::Seconds(300))
        );
    }
}

#[test]
fn a_percentile_needs_values_on_its_thin_side() {
    // 20 seconds a block: 40 values of which 2 are above p95; seven need 140.
    let rare = Made {
        requests: 2,
        ..MADE
    };
    let comparison = one_a_side(
        &rare,
        &Made {
            seed: 2,
            ..rare.clone()
        },
    );
    assert_eq!(
        figure(&comparison, RUN, P95).outcome,
        Err(TooShort::Values(1_050))
    );
    assert!(
        figure(&comparison, RUN, Measure::Percentile(500_000))
            .outcome
            .is_ok()
    );
    let silent = Made {
        requests: 0,
        ..MADE
    };
    let comparison = one_a_side(&silent, &silent);
    for measure in Measure::OF_A_RUN {
        assert_eq!(
            figure(&comparison, RUN, measure).outcome,
            Err(TooShort::Nothing)
        );
    }
}

#[test]
fn what_ends_in_the_drain_counts_in_the_last_block_and_in_no_rate() {
    let closed = Made {
        is_open: false,
        schedule: "constant_vus users=4",
        ..MADE
    };
    let drained = Made {
        recorded_seconds: 302,
        ..closed.clone()
    }
    .run();
    let usual = closed.run();
    let whole = |run: &RunFigures, measure: Measure| {
        let row = run.row(RUN).unwrap();
        row.figures
            .iter()
            .find(|figure| figure.measure == measure)
            .unwrap()
            .clone()
    };
    assert_eq!(whole(&drained, Measure::Rate), whole(&usual, Measure::Rate));
    let (with, without) = (whole(&drained, P95), whole(&usual, P95));
    assert_eq!(with.blocks[..14], without.blocks[..14]);
    assert_ne!(with.blocks[14], without.blocks[14]);
    assert_eq!(drained.missing_seconds, 0);
}

#[test]
fn what_is_due_in_the_warm_up_is_left_out() {
    let mut load = MADE.load();
    load.judged = 100..400;
    let mut builder = RunFiguresBuilder::new("a.log", &layout(), &[load], &[]);
    for second in 0..400 {
        let mut interval = Interval::default();
        let times = interval.slots.entry(10 + time_slot::RESPONSE).or_default();
        let micros = if second < 100 { 1_000_000 } else { 1_000 };
        times.histogram.buckets = vec![(bucket(micros) as u32, 100)];
        builder.add(second, &interval);
    }
    let run = builder.end();
    assert_eq!((run.seconds(), run.missing_seconds), (300, 0));
    let figure = &run.rows[0].figures[0];
    assert!(
        figure
            .blocks
            .iter()
            .all(|block| block.is_some_and(|value| value < 1_100.0))
    );
}

#[test]
fn several_runs_a_side_know_their_noise() {
    let runs = |micros: [f64; 3]| {
        let runs = micros.map(|micros| {
            Made {
                micros,
                seconds: 60,
                recorded_seconds: 60,
                seed: micros as u64,
                ..MADE
            }
            .run()
        });
        runs.to_vec()
    };
    // Runs of one side differ by 2 %, sides by 1 %: nothing is shown, though blocks would show it.
    let comparison = compare(
        &runs([10_000.0, 10_200.0, 9_800.0]),
        &runs([10_100.0, 10_300.0, 9_900.0]),
        &[],
        None,
    )
    .unwrap();
    assert_eq!(comparison.method, Method::Runs);
    assert!(!figure(&comparison, RUN, P95).outcome.unwrap().is_shown());
    let comparison = compare(
        &runs([10_000.0, 10_200.0, 9_800.0]),
        &runs([11_100.0, 11_300.0, 10_900.0]),
        &[],
        None,
    )
    .unwrap();
    assert!(figure(&comparison, RUN, P95).outcome.unwrap().is_shown());
    // Shares that all runs have in common have no noise at all.
    let failed = figure(&comparison, RUN, Measure::Failed).outcome.unwrap();
    assert_eq!((failed.shift.estimate, failed.is_shown()), (0.0, false));
}

#[test]
fn noise_between_runs_widens_what_one_run_a_side_tells() {
    let runs = [10_000.0, 10_300.0, 9_700.0, 10_200.0, 9_800.0, 10_100.0];
    let runs = runs.map(|micros| {
        Made {
            micros,
            seed: micros as u64,
            ..MADE
        }
        .run()
    });
    let noise = Noise::of(&runs).unwrap();
    assert_eq!(noise.runs, 6);
    let of_p95 = noise
        .figures
        .iter()
        .find(|one| one.row == RUN && one.measure == P95)
        .unwrap();
    // The sample deviation of the six levels is 2.3 %.
    assert!(
        (of_p95.deviation - 0.023).abs() < 0.004,
        "{}",
        of_p95.deviation
    );
    let (old, new) = (
        MADE.run(),
        Made {
            micros: 10_500.0,
            seed: 2,
            ..MADE
        }
        .run(),
    );
    let alone = compare(from_ref(&old), from_ref(&new), &[], None).unwrap();
    assert!(figure(&alone, RUN, P95).outcome.unwrap().is_shown());
    let widened = compare(&[old], &[new], &[], Some(&noise)).unwrap();
    assert_eq!(
        widened.method,
        Method::Blocks {
            noise_is_known: true
        }
    );
    let difference = figure(&widened, RUN, P95).outcome.unwrap();
    // t of 5 degrees is 2.571: 2.571 * 0.023 * sqrt(2) = 8.4 % either way.
    assert!(!difference.is_shown());
    assert!(
        (difference.shift.smallest_seen() - 0.084).abs() < 0.015,
        "{difference:?}"
    );
}

#[test]
fn unlike_runs_are_refused_in_words() {
    let refusal = |old: &[RunFigures], new: &[RunFigures]| {
        compare(old, new, &[], None).unwrap_err().to_string()
    };
    let (old, same) = (
        MADE.run(),
        Made {
            name: "b.log",
            seed: 2,
            ..MADE
        }
        .run(),
    );
    let faster = Made {
        name: "b.log",
        schedule: "constant_arrival_rate rate=300000000000:200000000-200000000/1000000000",
        ..MADE
    }
    .run();
    assert_eq!(
        refusal(from_ref(&old), &[faster]),
        "the loads of main differ: rate is 5m0s at 100/s in a.log and 5m0s at 200/s in b.log"
    );
    let mut other = same.clone();
    other.loads[0].scenario = Text::Static("browse");
    assert_eq!(
        refusal(from_ref(&old), &[other]),
        "the loads differ: a.log has the scenario `main`, b.log has not"
    );
    let mut more = same.clone();
    more.loads.push(RecordedLoad {
        scenario: Text::Static("order"),
        ..MADE.load()
    });
    assert_eq!(
        refusal(from_ref(&old), &[more]),
        "the loads differ: b.log has the scenario `order`, a.log has not"
    );
    let cut = Made {
        name: "b.log",
        recorded_seconds: 200,
        ..MADE
    }
    .run();
    assert_eq!(
        refusal(from_ref(&old), &[cut]),
        "b.log ended before its load: 100 of 300 seconds are missing"
    );
    let three = [old.clone(), old.clone(), old.clone()];
    for (old, new, counts) in [
        (&three[..1], &three[..], "1 old and 3 new"),
        (&three[..2], &three[..2], "2 old and 2 new"),
    ] {
        assert!(
            refusal(old, new).starts_with(counts),
            "{}",
            refusal(old, new)
        );
    }
    assert_eq!(Noise::of(&three[..1]), Err(NotComparable::OneRun));
}

#[test]
fn a_condition_on_what_there_is_not_names_what_there_is() {
    let asked = [fail_on("http_request.hone.p95 > 10%")];
    let wrong = compare(&[MADE.run()], &[MADE.run()], &asked, None).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "`http_request.hone.p95 > 10%`: the runs have no figures of `http_request.hone`; they have those of run, http_request.home"
    );
}

#[test]
fn steps_that_some_runs_do_not_have_are_left_out_and_named() {
    let mut new = MADE.run();
    new.rows[1].name = "http_request.start".to_owned();
    let comparison = compare(&[MADE.run()], &[new], &[], None).unwrap();
    assert_eq!(comparison.rows.len(), 1);
    assert_eq!(
        comparison.not_in_all,
        ["http_request.home", "http_request.start"]
    );
}

#[test]
fn scenarios_have_rows_where_there_are_several() {
    let mut layout = layout();
    assert_eq!(row_names(&layout), [RUN, "http_request.home"]);
    layout.iterations.push(iteration_layout("browse", 20));
    layout
        .steps
        .push(step_layout("browse", "http_request.home", 30));
    assert_eq!(
        row_names(&layout),
        [
            RUN,
            "scenario.main",
            "scenario.browse",
            "main.http_request.home",
            "browse.http_request.home"
        ]
    );
    // The run is open where all loads are, and lasts from the first beginning to the last end.
    let loads = [
        MADE.load(),
        RecordedLoad {
            scenario: Text::Static("browse"),
            is_open: false,
            judged: 50..500,
            ..MADE.load()
        },
    ];
    let mut builder = RunFiguresBuilder::new("a.log", &layout, &loads, &[]);
    for second in 0..500 {
        let mut interval = Interval::default();
        for first in [10, 20] {
            let times = interval
                .slots
                .entry(first + time_slot::SERVICE)
                .or_default();
            times.histogram.buckets = vec![(1_000, 10)];
            let mut counts = SlotFigures::default();
            counts.add(Outcome::Passed, 10);
            interval.slots.entry(first).or_default().merge(&counts);
        }
        builder.add(second, &interval);
    }
    let run = builder.end();
    assert_eq!(run.seconds(), 500);
    let open: Vec<bool> = run.rows.iter().map(|row| row.is_open).collect();
    assert_eq!(open, [false, true, false, true, false]);
    assert_eq!(run.row(RUN).unwrap().ended[60], 20.0);
    assert_eq!(run.row("scenario.browse").unwrap().ended.len(), 450);
}
