//! Values that are known from elsewhere: published tables, and counting all cases.

use super::simulation::Random;
use crate::compare::correlation::{correlation_time, seconds_needed, without_outliers};
use crate::compare::evidence::Evidence;
use crate::compare::student::{
    MeanDifference, chance_above as student_above, quantile_975, standard_deviation,
};
use crate::compare::{BLOCKS, Shift, holm, signed_rank};

/// Fifteen differences of the sizes 1 to 15, of which those of the given sizes are negative.
fn differences(negative: &[usize]) -> [f64; BLOCKS] {
    std::array::from_fn(|at| {
        let size = (at + 1) as f64;
        if negative.contains(&(at + 1)) {
            -size
        } else {
            size
        }
    })
}

#[test]
fn the_chance_of_ranks_is_that_of_the_published_table() {
    // How many subsets of 1 to 15 have a sum of at most so much; Wilcoxon's critical values of fifteen pairs are 30, 25, 19 and 15
    // for one-sided 5, 2.5, 1 and 0.5 %.
    for (negative, subsets) in [
        (&[][..], 1),
        (&[1], 2),
        (&[3], 5),
        (&[5], 10),
        (&[8], 25),
        (&[1, 8], 33),
        (&[10], 43),
        (&[1, 10], 55),
        (&[15], 137),
        (&[1, 15], 168),
        (&[4, 15], 296),
        (&[5, 15], 353),
        (&[10, 15], 785),
        (&[11, 15], 907),
        (&[1, 14, 15], 1550),
        (&[2, 14, 15], 1753),
    ] {
        let chance = signed_rank::chance_above(&differences(negative), 0.0);
        assert_eq!(chance, f64::from(subsets) / 32_768.0, "{negative:?}");
    }
}

#[test]
fn the_chance_of_ranks_is_that_of_all_signs_counted() {
    let mut random = Random::new(1);
    for case in 0..50 {
        // Small whole numbers: many share a rank, and some are 0.
        let differences: [f64; BLOCKS] = std::array::from_fn(|_| (random.next() % 9) as f64 - 4.0);
        let size_rank = |size: f64| -> f64 {
            let sizes = differences.iter().map(|one| one.abs());
            let (below, same) = sizes.fold((0.0, 0.0), |(below, same), other| {
                (
                    below + f64::from(u8::from(other < size)),
                    same + f64::from(u8::from(other == size)),
                )
            });
            below + (same + 1.0) / 2.0
        };
        let signed: Vec<f64> = differences
            .iter()
            .copied()
            .filter(|one| *one != 0.0)
            .collect();
        let ranks: Vec<f64> = signed.iter().map(|one| size_rank(one.abs())).collect();
        let seen: f64 = signed
            .iter()
            .zip(&ranks)
            .filter(|(one, _)| **one > 0.0)
            .map(|(_, rank)| rank)
            .sum();
        let all = 1u32 << signed.len();
        let as_far = (0..all).filter(|signs| {
            let positive = ranks
                .iter()
                .enumerate()
                .filter(|(at, _)| signs >> at & 1 == 1);
            positive.map(|(_, rank)| rank).sum::<f64>() >= seen
        });
        let expected = as_far.count() as f64 / f64::from(all);
        assert_eq!(
            signed_rank::chance_above(&differences, 0.0),
            expected,
            "case {case}: {differences:?}"
        );
    }
}

#[test]
fn the_interval_goes_from_the_26th_smallest_average_to_the_26th_largest() {
    // Of the averages of 1 to 15, s / 2 pairs have the sum s: 25 are 5 or less, and five are 5.5.
    let Shift {
        estimate,
        low,
        high,
    } = signed_rank::shift(&differences(&[]));
    assert_eq!((low, estimate, high), (5.5, 8.0, 10.5));
    // Whatever the order of the blocks.
    let mut reversed = differences(&[]);
    reversed.reverse();
    assert_eq!(signed_rank::shift(&reversed).low, 5.5);
}

#[test]
fn the_interval_ends_where_the_chance_does() {
    let mut random = Random::new(2);
    for _ in 0..100 {
        let differences: [f64; BLOCKS] = std::array::from_fn(|_| random.normal());
        let Shift { low, high, .. } = signed_rank::shift(&differences);
        let mirrored = differences.map(|one| -one);
        // Just inside of the interval more than 2.5 % are left, just outside of it less.
        assert!(signed_rank::chance_above(&differences, low - 1e-9) <= 0.025);
        assert!(signed_rank::chance_above(&differences, low + 1e-9) > 0.025);
        assert!(signed_rank::chance_above(&mirrored, -high - 1e-9) <= 0.025);
        assert!(signed_rank::chance_above(&mirrored, -high + 1e-9) > 0.025);
    }
}

#[test]
fn the_clearer_one_of_all_values_and_typical_seconds_counts_unless_they_contradict() {
    let blocks = |all: [f64; BLOCKS], typical: Option<[f64; BLOCKS]>| Evidence::Blocks {
        differences: all,
        typical: typical.map(Box::new),
        between_runs: None,
    };
    let clear = differences(&[]);
    let unclear = differences(&[2, 3, 5, 7, 10, 11, 13]);
    let least = 1.0 / 32_768.0;
    assert_eq!(blocks(unclear, Some(clear)).chance_above(0.0), least);
    assert_eq!(blocks(clear, Some(unclear)).chance_above(0.0), least);
    assert!(blocks(unclear, None).chance_above(0.0) > 0.025);
    // Of two chances, and two sides.
    assert_eq!(
        blocks(unclear, Some(clear)).chance_of_nothing(),
        4.0 * least
    );
    assert_eq!(blocks(clear, None).chance_of_nothing(), 2.0 * least);
    let opposite = clear.map(|one| -one);
    let contradicted = blocks(opposite, Some(clear));
    assert_eq!(contradicted.chance_above(0.0), 1.0);
    assert_eq!(contradicted.chance_below(0.0), least);
}

#[test]
fn outliers_do_not_hide_how_slowly_a_level_wanders() {
    let mut random = Random::new(5);
    let mut level = 0.0;
    let levels = (0..20_000).map(|_| {
        level = 0.8 * level + random.normal();
        let outlier = if random.next().is_multiple_of(10) {
            50.0
        } else {
            0.0
        };
        Some(level + outlier)
    });
    let levels: Vec<Option<f64>> = levels.collect();
    let as_they_are: Vec<f64> = levels.iter().flatten().copied().collect();
    assert!(correlation_time(&as_they_are) < 1.5);
    assert!(correlation_time(&without_outliers(&levels)) > 3.0);
    // Seconds without a level lie in the middle.
    let some = without_outliers(&[Some(1.0), None, Some(2.0), Some(3.0)]);
    assert_eq!(some, [1.0, 2.0, 2.0, 3.0]);
    assert_eq!(without_outliers(&[]), [0.0; 0]);
}

#[test]
fn quantiles_of_student_are_those_of_the_published_table() {
    for (degrees, quantile) in [
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (4, 2.776),
        (5, 2.571),
        (8, 2.306),
        (10, 2.228),
        (15, 2.131),
        (30, 2.042),
        (120, 1.980),
    ] {
        assert!(
            (quantile_975(degrees) - quantile).abs() < 0.0005,
            "{degrees}"
        );
    }
    assert!((student_above(1.0, 1) - 0.25).abs() < 1e-12);
    assert!((student_above(-1.0, 1) - 0.75).abs() < 1e-12);
    // One-sided 0.5 % of 4 and of 7 degrees.
    assert!((student_above(4.6041, 4) - 0.005).abs() < 1e-6);
    assert!((student_above(3.4995, 7) - 0.005).abs() < 1e-6);
}

#[test]
fn means_of_runs_differ_as_in_a_worked_example() {
    // Means 2 and 5, squares 2 + 2 over 4 degrees: s = 1, standard error = sqrt(2/3), t = 3.674.
    let found = MeanDifference::new(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]).unwrap();
    assert_eq!((found.difference, found.degrees), (3.0, 4));
    assert!((found.standard_error - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
    assert!((found.chance_above(0.0) - 0.010_656).abs() < 1e-5);
    let half = 2.776_445 * found.standard_error;
    assert!((found.shift().low - (3.0 - half)).abs() < 1e-4);
    assert_eq!(MeanDifference::new(&[], &[1.0, 2.0, 3.0]), None);
    assert_eq!(MeanDifference::new(&[1.0], &[1.0]), None);
}

#[test]
fn runs_that_agree_to_the_last_bit_have_no_noise() {
    let same = MeanDifference::new(&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0]).unwrap();
    assert_eq!(same.chance_above(0.0), 0.5);
    let more = MeanDifference::new(&[1.0, 1.0, 1.0], &[2.0, 2.0, 2.0]).unwrap();
    assert_eq!((more.chance_above(0.0), more.chance_above(2.0)), (0.0, 1.0));
}

#[test]
fn the_deviation_is_that_of_a_sample() {
    assert_eq!(standard_deviation(&[2.0, 4.0, 6.0]), Some(2.0));
    assert_eq!(standard_deviation(&[2.0]), None);
    assert_eq!(standard_deviation(&[]), None);
}

#[test]
fn chances_of_several_questions_are_those_of_holms_paper() {
    let adjusted = holm::adjust(&[0.01, 0.04, 0.03, 0.005]);
    for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
        assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
    }
    assert_eq!(holm::adjust(&[0.6, 0.5]), [1.0, 1.0]);
    assert_eq!(holm::adjust(&[]), [0.0; 0]);
}

#[test]
fn the_correlation_time_is_that_of_the_series() {
    // A series whose values have a correlation of 0.8 with the one before: (1 + 0.8) / (1 - 0.8) = 9.
    let mut random = Random::new(3);
    let mut level = 0.0;
    let wandering: Vec<f64> = (0..20_000)
        .map(|_| {
            level = 0.8 * level + random.normal();
            level
        })
        .collect();
    let found = correlation_time(&wandering);
    assert!((7.5..10.5).contains(&found), "{found}");
    let independent: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
    assert!(correlation_time(&independent) < 1.2);
    assert_eq!(correlation_time(&[1.0; 100]), 1.0);
    assert_eq!(correlation_time(&[]), 1.0);
}

#[test]
fn what_grows_over_the_whole_run_is_as_long_as_the_run() {
    let growing: Vec<f64> = (0..400).map(f64::from).collect();
    assert!(correlation_time(&growing) > 400.0 / 12.0);
    let mut random = Random::new(4);
    let independent: Vec<f64> = (0..400).map(|_| random.normal()).collect();
    assert!(seconds_needed(&growing, &independent).is_some());
    // Both grow alike: what they differ in is independent.
    let both: Vec<f64> = growing
        .iter()
        .zip(&independent)
        .map(|(one, other)| one + other)
        .collect();
    assert_eq!(seconds_needed(&growing, &both), None);
}

#[test]
fn five_minutes_are_needed_at_least() {
    assert_eq!(seconds_needed(&[1.0; 299], &[1.0; 299]), Some(300));
    assert_eq!(seconds_needed(&[1.0; 300], &[1.0; 300]), None);
    assert_eq!(seconds_needed(&[1.0; 400], &[1.0; 299]), Some(300));
}
