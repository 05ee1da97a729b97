//! How often a comparison is wrong: 400 pairs of runs of one law, for each of several servers, from fixed seeds.
//!
//! 400 pairs tell a share of 6 % within 1.2 points, so about one seed in twenty would be above 8 % although the truth is below.
//! The seeds are fixed: a test that fails has found a change of the method.

use super::simulation::{Random, Server, Simulation, law};
use crate::compare::{Answer, Comparison, FailOn, Measure, Noise, compare};
use std::num::NonZero;

const PAIRS: u64 = 400;
/// The bound on false alarms, in percent.
const MOST: f64 = 8.0;

/// Compares pairs on all processors; each pair has a seed of its own, so the order does not matter.
fn of_pairs<T: Send>(pairs: u64, compare_pair: impl Fn(&mut Random) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
    std::thread::scope(|scope| {
        let compare_pair = &compare_pair;
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let pairs = (worker..pairs).step_by(threads as usize);
                    pairs
                        .map(|pair| compare_pair(&mut Random::new(pair)))
                        .collect::<Vec<T>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    })
}

/// The share of those for which `is_so`, in percent.
fn percent<T>(all: &[T], is_so: impl Fn(&T) -> bool) -> f64 {
    100.0 * all.iter().filter(|one| is_so(one)).count() as f64 / all.len() as f64
}

fn pair(old: Server, new: Server, simulation: &Simulation<'_>, random: &mut Random) -> Comparison {
    let old = simulation.run(old, random);
    let new = simulation.run(new, random);
    compare(&[old], &[new], simulation.asked, None).unwrap()
}

/// Whether the figure is shown to differ.
fn is_shown(comparison: &Comparison, measure: Measure) -> bool {
    let figures = &comparison.rows[0].figures;
    let figure = figures
        .iter()
        .find(|figure| figure.measure == measure)
        .unwrap();
    figure.outcome.is_ok_and(|difference| difference.is_shown())
}

fn is_refused(comparison: &Comparison) -> bool {
    comparison.rows[0].figures[1].outcome.is_err()
}

/// Whether some figure on which the verdict depends is shown to differ.
fn is_alarm(comparison: &Comparison) -> bool {
    let mut judged = comparison.judged();
    judged.any(|(_, figure)| figure.outcome.is_ok_and(|difference| difference.is_shown()))
}

fn asked(text: &str) -> Vec<FailOn> {
    vec![FailOn::parse(text).unwrap()]
}

#[test]
fn two_runs_of_one_law_differ_in_less_than_eight_of_a_hundred_cases() {
    let law = law();
    let mut table = String::new();
    let mut worst: f64 = 0.0;
    for (correlation, pauses) in [(0.0, true), (0.5, true), (0.8, true), (0.8, false)] {
        let server = Server {
            correlation,
            pauses,
            ..Server::STEADY
        };
        let simulation = Simulation {
            law: &law,
            seconds: 300,
            asked: &[],
        };
        let all = of_pairs(PAIRS, |random| pair(server, server, &simulation, random));
        // What one question alone would have said: before Holm.
        let alone = Measure::OF_A_RUN.map(|measure| {
            percent(&all, |comparison| {
                let figures = &comparison.rows[0].figures;
                let figure = figures
                    .iter()
                    .find(|figure| figure.measure == measure)
                    .unwrap();
                figure.outcome.is_ok_and(|difference| {
                    difference.shift.low > 0.0 || difference.shift.high < 0.0
                })
            })
        });
        let any = percent(&all, is_alarm);
        let refused = percent(&all, is_refused);
        table += &format!(
            "correlation {correlation} pauses {pauses}: alone {alone:?}, any {any}, refused {refused}\n"
        );
        worst = alone.into_iter().fold(worst.max(any), f64::max);
    }
    println!("{table}");
    assert!(worst <= MOST, "{table}");
}

/// Servers whose seconds have much in common.
const WANDERING: Server = Server {
    correlation: 0.8,
    ..Server::STEADY
};
const PAUSING: Server = Server {
    pauses: true,
    ..WANDERING
};

/// In how many of a hundred cases `p95 > 0%` is told of two servers.
fn told(old: Server, new: Server, law: &[f64]) -> f64 {
    let asked = asked("p95 > 0%");
    let simulation = Simulation {
        law,
        seconds: 300,
        asked: &asked,
    };
    let all = of_pairs(PAIRS, |random| pair(old, new, &simulation, random));
    percent(&all, |comparison| {
        comparison.answers[0].1 == Answer::TooMuch
    })
}

#[test]
fn ten_percent_more_of_p95_are_found_in_nine_of_ten_cases() {
    let law = law();
    let mut table = String::new();
    let (mut least, mut most): (f64, f64) = (100.0, 0.0);
    for old in [WANDERING, PAUSING] {
        let new = Server {
            shift: 1.1f64.ln(),
            ..old
        };
        let (found, false_alarms) = (told(old, new, &law), told(old, old, &law));
        table += &format!(
            "pauses {}: found {found}, false {false_alarms}\n",
            old.pauses
        );
        (least, most) = (least.min(found), most.max(false_alarms));
    }
    println!("{table}");
    assert!(least >= 90.0 && most <= MOST, "{table}");
}

#[test]
fn more_pauses_are_found_though_most_seconds_are_as_before() {
    // Every eighth second a pause begins, and a fifth of all seconds is in one.
    let law = law();
    let old = Server {
        correlation: 0.5,
        ..PAUSING
    };
    let new = Server {
        pauses_every: 8.0,
        ..old
    };
    let found = told(old, new, &law);
    println!("more pauses: {found}");
    assert!(found >= 80.0, "{found}");
}

#[test]
fn failures_that_come_in_bursts_are_no_difference() {
    let mut table = String::new();
    let mut worst: f64 = 0.0;
    for burst in [1.0, 5.0, 15.0] {
        let server = Server {
            burst,
            ..Server::STEADY
        };
        let asked = asked("failed > 0%");
        let simulation = Simulation {
            law: &[],
            seconds: 300,
            asked: &asked,
        };
        let all = of_pairs(PAIRS, |random| pair(server, server, &simulation, random));
        let shown = percent(&all, |comparison| is_shown(comparison, Measure::Failed));
        let refused = percent(&all, |comparison| comparison.is_too_short());
        table += &format!("bursts of {burst} s: {shown}, refused {refused}\n");
        worst = worst.max(shown);
    }
    println!("{table}");
    assert!(worst <= MOST, "{table}");
}

#[test]
fn what_both_runs_have_in_common_hides_no_difference() {
    // Times grow to the 1.65-fold over the run, as where the load grows: blocks that are not paired would find nothing.
    let law = law();
    let old = Server {
        correlation: 0.5,
        drift: 0.5,
        ..Server::STEADY
    };
    let new = Server {
        shift: 1.1f64.ln(),
        ..old
    };
    let asked = asked("p95 > 0%");
    let simulation = Simulation {
        law: &law,
        seconds: 300,
        asked: &asked,
    };
    let all = of_pairs(PAIRS, |random| {
        (
            pair(old, old, &simulation, random),
            pair(old, new, &simulation, random),
        )
    });
    let false_alarms = percent(&all, |(same, _)| {
        is_shown(same, Measure::Percentile(950_000))
    });
    let found = percent(&all, |(_, other)| other.answers[0].1 == Answer::TooMuch);
    println!("drift: false {false_alarms}, found {found}");
    assert!(false_alarms <= MOST, "{false_alarms}");
    assert!(found >= 90.0, "{found}");
}

#[test]
fn known_noise_between_runs_ends_the_alarms_that_it_causes() {
    // Whole runs differ by 2 %: placement, caches, neighbours.
    let law = law();
    let server = |random: &mut Random| Server {
        shift: 0.02 * random.normal(),
        correlation: 0.5,
        ..Server::STEADY
    };
    let asked = asked("p95 > 0%");
    let simulation = Simulation {
        law: &law,
        seconds: 300,
        asked: &asked,
    };
    let all = of_pairs(PAIRS / 4, |random| {
        let mut run = || {
            let server = server(random);
            simulation.run(server, random)
        };
        let noise = Noise::of(&std::array::from_fn::<_, 6, _>(|_| run())).unwrap();
        let (old, new) = ([run()], [run()]);
        [None, Some(&noise)].map(|noise| compare(&old, &new, &asked, noise).unwrap())
    });
    let shown = [0, 1].map(|known| {
        percent(&all, |both| {
            is_shown(&both[known], Measure::Percentile(950_000))
        })
    });
    println!("noise unknown, known: {shown:?}");
    assert!(shown[0] > 10.0 && shown[1] <= MOST, "{shown:?}");
}

#[test]
fn three_runs_a_side_are_right_about_as_often_as_they_say() {
    // Whole runs differ by 2 %.
    let law = law();
    let simulation = Simulation {
        law: &law,
        seconds: 100,
        asked: &[],
    };
    let side = |shift: f64, random: &mut Random| -> [_; 3] {
        std::array::from_fn(|_| {
            let shift = shift + 0.02 * random.normal();
            simulation.run(
                Server {
                    shift,
                    ..Server::STEADY
                },
                random,
            )
        })
    };
    let sides = |shift: f64, random: &mut Random| {
        let (old, new) = (side(0.0, random), side(shift, random));
        compare(&old, &new, &[], None).unwrap()
    };
    let all = of_pairs(PAIRS, |random| {
        (sides(0.0, random), sides(1.1f64.ln(), random))
    });
    let p95 = |comparison: &Comparison| {
        let figure = &comparison.rows[0].figures[1];
        figure
            .outcome
            .is_ok_and(|difference| difference.shift.low > 0.0 || difference.shift.high < 0.0)
    };
    let alone = percent(&all, |(same, _)| p95(same));
    let any = percent(&all, |(same, _)| is_alarm(same));
    let found = percent(&all, |(_, other)| p95(other));
    println!("three runs a side: alone {alone}, any {any}, found {found}");
    assert!(
        alone <= MOST && any <= MOST && found >= 90.0,
        "{alone} {any} {found}"
    );
}
